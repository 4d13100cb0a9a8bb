"""One fetch, from the URL that was asked for to the page: every decision, and no I/O.

The framework's own client connects, sends and reads. A watch on its connection passes what was received through
`received()`; the client's own reading of the answer is then held against it, so that no parser can slip in a wrong value.
"""

import contextlib
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256

from interop import __version__
from scenarios.fetch_and_save import urls
from scenarios.fetch_and_save.coding import Body
from scenarios.fetch_and_save.deadline import CONNECT_TIMEOUT, TIMEOUT, Deadline
from scenarios.fetch_and_save.errors import (
    BadResponse,
    FetchAndSaveError,
    InvalidURL,
    RedirectError,
    StatusError,
    Timeout,
    TLSError,
    TooLarge,
)
from scenarios.fetch_and_save.native import chain, kind_of, said
from scenarios.fetch_and_save.wire import Head, Wire, plain

MAX_BODY = 64 * 1024 * 1024  # bytes, decoded and on the wire
MAX_REDIRECTS = 10
REDIRECTS = frozenset({301, 302, 303, 307, 308})
PARTS = frozenset({206, 226})  # the body is not the page but answers a Range or an A-IM, which we never send


@dataclass(frozen=True)
class Page:
    """What was fetched. `url` is as it was asked for, less credentials; `body` is decoded."""

    url: str
    final_url: str
    status: int
    headers: tuple[tuple[str, str], ...] = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def sha256(self) -> str:
        """Of the body, in hexadecimal."""
        return sha256(self.body).hexdigest()


class Visit:
    """One fetch in the making; `url` is the place to ask next.

    Args:
        timeout: seconds from now, or a deadline.
        max_body: bytes, for the decoded body and for the body on the wire.
        max_redirects: how many are followed.

    Raises:
        InvalidURL: before any I/O.
    """

    def __init__(
        self, url: str, *, timeout: float | Deadline = TIMEOUT, max_body: int = MAX_BODY, max_redirects: int = MAX_REDIRECTS
    ) -> None:
        self.deadline = Deadline.of(timeout)
        self.url = urls.parse(url)
        self._asked = urls.without_credentials(url)
        self._max_body = max_body
        self._redirects_left = max_redirects
        self._verdict: FetchAndSaveError | None = None
        self._begin_hop()

    def _begin_hop(self) -> None:
        self._wire = Wire()
        self._body: Body | None = None
        self._next: urls.URL | None = None
        self._delivered = self._expected = 0
        self._connected = False

    @property
    def headers(self) -> list[tuple[str, str]]:
        """The header fields of the request, all of them, in order."""
        fields = [
            ("Host", self.url.netloc),
            ("User-Agent", f"interop/{__version__}"),
            ("Accept", "*/*"),
            ("Accept-Encoding", "gzip, deflate"),
        ]
        return fields + ([("Authorization", self.url.authorization)] if self.url.authorization else [])

    @property
    def connect_timeout(self) -> float:
        """Seconds that this hop's connection may take."""
        return min(CONNECT_TIMEOUT, self.deadline.left)

    @property
    def phase(self) -> str:
        """What is being waited for: "connection", "answer" or "body"."""
        return "body" if self._wire.head else "answer" if self._connected else "connection"

    # What the watch on the connection says.

    def connected(self) -> None:
        """The connection is up, TLS included: from now on, what breaks is the answer."""
        self._connected = True

    def received(self, data: bytes) -> bytes:
        """Take what the socket received (b"" when the peer closed) and give what the client is to see.

        Once the hop is decided it gives no more: nothing of a redirect's body, nothing beyond the end.

        Raises:
            FetchAndSaveError: there can be no page; `failure()` will say so too, whatever the client makes of it.
        """
        if self._verdict is not None or self._next is not None or self._wire.complete:
            return b""
        try:
            if self.url.scheme == "https" and not self._connected:
                raise TLSError("bytes came before TLS was up, from anybody")  # no client is to take them for the answer
            self._connected = True
            return b"".join(self._read(data))
        except FetchAndSaveError as error:
            self._give_up(error)
            raise

    def _read(self, data: bytes) -> Iterable[bytes]:
        pieces = []
        for event in self._wire.read(data):
            if isinstance(event, Head):
                yield plain(event)
                self._decide(event)
                if self._body is None:
                    return
            else:
                assert self._body is not None
                self._body.feed(event)
                pieces.append(event)
        if piece := b"".join(pieces):  # one chunk, however many came: each costs a client more than us
            self._expected += len(piece)
            yield b"%x\r\n%s\r\n" % (len(piece), piece) if self._chunked else piece
        if self._wire.complete and self._chunked:
            yield b"0\r\n\r\n"

    @property
    def _chunked(self) -> bool:
        return self._wire.head is not None and self._wire.head.chunked

    def lost(self, error: BaseException) -> None:
        """The connection broke: unless a redirect leads away from it, and where nothing worse is known, that is the outcome."""
        if self._verdict is None and self._next is None and self._connected and not self._wire.complete:
            verdict = BadResponse(f"the connection broke: {said(list(chain(error, None, False)))}")
            verdict.__cause__ = error
            self._give_up(verdict)

    def _give_up(self, verdict: FetchAndSaveError) -> None:
        self._verdict = verdict
        self._body = None  # the verdict's traceback has us in it until the garbage collector comes; not so the body

    # What the client says.

    def answered(self, status: int) -> bool:
        """The client has read a head: True if the body is to be read, False if `url` is to be asked next.

        Raises:
            FetchAndSaveError: there will be no page.
        """
        if self._verdict is not None:
            raise self._verdict
        if self._wire.head is None or self._wire.head.status != status:
            raise BadResponse(f"the client reads status {status}, which is not what the wire says")
        if self._next is not None:
            self.url = self._next
            self._begin_hop()
            return False
        return True

    def delivered(self, data: bytes | bytearray | memoryview) -> None:
        """The client has read these bytes of the body, not decoded."""
        self._delivered += len(data)

    def page(self) -> Page:
        """The page, when the client says that it has all of the body. Raises what stands in its way."""
        if self._verdict is not None:
            raise self._verdict
        head, body = self._wire.head, self._body
        if head is None or body is None or not self._wire.complete or self._delivered != self._expected:
            raise BadResponse(f"the client reads a body of {self._delivered} bytes, which is not what the wire says")
        return Page(self._asked, str(self.url), head.status, head.headers, body.finish())

    def failure(self, error: BaseException, *, before: BaseException | None = None, contexts: bool = True) -> FetchAndSaveError:
        """The kind of a native error; what the wire said is the outcome, whatever the client makes of it.

        Args:
            before: an error that was being handled already; Python chains it behind this one, but it is no reason of it.
            contexts: whether an error's __context__ may be its reason, as it is unless callbacks run within others' handlers.
        """
        if self._verdict is not None:
            return self._verdict
        reasons = list(chain(error, before, contexts))
        for reason in reasons:
            if isinstance(reason, FetchAndSaveError):
                return reason
        if not self.deadline.left or any(isinstance(reason, TimeoutError) for reason in reasons):
            return self.timeout()
        return kind_of(reasons, self.url.host, tls=self.url.scheme == "https", connected=self._connected)

    @contextlib.contextmanager
    def kinds(
        self,
        timeouts: tuple[type[BaseException], ...] = (),
        *,
        unchanged: tuple[type[BaseException], ...] = (),
        contexts: bool = True,
    ) -> Iterator[None]:
        """Within it, a native error leaves as one of the contract's kinds, with the native error as its cause.

        Args:
            timeouts: the native classes that mean the deadline has passed.
            unchanged: native classes that pass as they are, beside those that are no Exception: a cancellation.
            contexts: see failure().
        """
        before = sys.exc_info()[1]
        try:
            yield
        except unchanged:
            raise
        except timeouts as error:
            raise (self._verdict or self.timeout()) from error
        except FetchAndSaveError:
            raise
        except Exception as error:
            failure = self.failure(error, before=before, contexts=contexts)
            if failure.__cause__ is None and failure is not error:
                failure.__cause__ = error
            raise failure  # noqa: B904 (the cause is set: a verdict keeps the one that it has)

    def timeout(self) -> Timeout:
        """What to raise when the native deadline fires."""
        return Timeout(f"no {self.phase} in time", self.phase)

    # The policy.

    def _decide(self, head: Head) -> None:
        if head.status in REDIRECTS:
            self._next = self._redirect(head)
        elif not 200 <= head.status <= 299:
            raise StatusError(head.status, next(iter(head.all("retry-after")), None))
        elif head.status in PARTS:
            raise BadResponse(f"status {head.status}, a part or a difference that nobody asked for")
        else:
            codings = [coding.strip().lower() for line in head.all("content-encoding") for coding in line.split(",")]
            self._body = Body(",".join(coding for coding in codings if coding not in ("", "identity")), self._max_body)
            if head.length is not None and head.length > self._max_body:
                raise TooLarge(f"its length is {head.length} bytes; {self._max_body} are allowed")

    def _redirect(self, head: Head) -> urls.URL:
        locations = head.all("location")
        if len(locations) != 1:
            raise RedirectError(f"a redirect with {len(locations)} locations")
        if self._redirects_left == 0:
            raise RedirectError("too many redirects")
        self._redirects_left -= 1
        try:
            target = self.url.join(locations[0].encode("latin-1").decode("utf-8"))
        except (InvalidURL, UnicodeError) as error:
            raise RedirectError(f"a redirect to where it must not go: {error}") from error
        if target.authorization:
            raise RedirectError("a redirect with credentials inside")
        return target.with_credentials_of(self.url)
