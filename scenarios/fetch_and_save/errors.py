"""The kinds of failure: one class each, the same whatever client and driver stand behind it.

The native error is the `__cause__`; the message is one line and shows no password.
"""

import re

from interop.errors import InteropError

_USERINFO = re.compile(r"//[^/?#\s]*@")


def one_line(text: object, most: int = 300) -> str:
    """What is fit to be shown: printable, on one line, credentials in URLs as `***@`, `most` characters at most."""
    printable = "".join(c if c.isprintable() else " " for c in str(text).encode("utf-8", "replace").decode())
    line = " ".join(_USERINFO.sub("//***@", printable).split())
    return line if len(line) <= most else line[: most - 3] + "..."


class FetchAndSaveError(InteropError):
    """A page was not fetched or not saved; its subclasses are the kinds that the contract knows."""

    kind: str = "FetchAndSaveError"

    def __init__(self, what: object) -> None:
        super().__init__(one_line(what))

    def __init_subclass__(cls, kind: str | None = None) -> None:
        cls.kind = kind or cls.__name__


class InvalidURL(FetchAndSaveError):
    """The URL is not one that the contract fetches; known before any I/O."""


class ConnectError(FetchAndSaveError):
    """No connection could be made."""


class ResolveError(ConnectError):
    """The host has no address."""


class TLSError(FetchAndSaveError):
    """The TLS handshake failed, or the certificate is not trusted."""


class Timeout(FetchAndSaveError, TimeoutError):
    """The deadline passed; `phase` tells what it interrupted."""

    def __init__(self, what: object, phase: str = "") -> None:
        super().__init__(what)
        self.phase = phase


class BadResponse(FetchAndSaveError):
    """No complete, well-formed response came: it was cut, reset or malformed."""


class DecodeError(FetchAndSaveError):
    """The content coding is unknown, corrupt or cut."""


class TooLarge(FetchAndSaveError):
    """The body has more bytes, decoded or on the wire, than were allowed."""


class StatusError(FetchAndSaveError):
    """The answer came, and its status is not 2xx."""

    def __init__(self, status: int, retry_after: str | None = None) -> None:
        super().__init__(f"status {status}" + (f", retry after {retry_after}" if retry_after else ""))
        self.status = status
        self.retry_after = retry_after


class RedirectError(FetchAndSaveError):
    """Too many redirects, or one to a place that must not be followed."""


class StoreError(FetchAndSaveError):
    """The store could not take the page; what it holds is as it was."""


class StoreBusy(StoreError, kind="StoreError"):
    """Somebody else held the store's lock until the deadline."""


class StoreFull(StoreError, kind="StoreError"):
    """There is no room left."""


class StoreReadOnly(StoreError, kind="StoreError"):
    """The store may not be written."""


class StoreCorrupt(StoreError, kind="StoreError"):
    """The file is not a sound database."""


class StoreSchema(StoreError, kind="StoreError"):
    """A database, but not one of ours."""


KINDS: tuple[type[FetchAndSaveError], ...] = (
    InvalidURL,
    ResolveError,
    ConnectError,
    TLSError,
    Timeout,
    BadResponse,
    DecodeError,
    TooLarge,
    StatusError,
    RedirectError,
    StoreError,
)
