"""Twisted's HTTP client, with the visit told of every byte that comes in; the same for all three writings of the scenario.

Agent and not treq: treq always adds its own decoding and cookies, and is Agent underneath. Of the agents it is ProxyAgent, with
no proxy behind it, because that one takes the endpoint to connect to and sends the target as it is written, where Agent reads
it as a URL and loses an empty query. TLS trusts what the platform trusts; SSL_CERT_FILE and SSL_CERT_DIR are honored.
Source: Twisted Web client how-to; "Getting Connected with Endpoints"; twisted.protocols.policies.
"""

# mypy: disable-error-code="no-untyped-call"
# ruff: noqa: D102 (what is public without a docstring is a method of Twisted's interfaces)
import contextlib
from typing import Any

from twisted.internet.defer import CancelledError, Deferred, gatherResults, maybeDeferred, succeed
from twisted.internet.defer import TimeoutError as DeferredTimeout
from twisted.internet.endpoints import HostnameEndpoint, wrapClientTLS
from twisted.internet.error import ConnectionDone, DNSLookupError, TCPTimedOutError
from twisted.internet.interfaces import IHandshakeListener
from twisted.internet.protocol import Protocol, connectionDone
from twisted.protocols.policies import ProtocolWrapper, WrappingFactory
from twisted.python.failure import Failure
from twisted.web.client import (
    BrowserLikePolicyForHTTPS,
    HostnameCachingHTTPSPolicy,
    HTTPConnectionPool,
    ProxyAgent,
    Response,
    ResponseDone,
)
from twisted.web.http import PotentialDataLoss
from twisted.web.http_headers import Headers
from zope.interface import implementer

from scenarios.fetch_and_save.contract import FetchAndSaveError, ResolveError, TLSError, Visit
from scenarios.fetch_and_save.twisted_reactor import outlasting, the_reactor

ATTEMPT_DELAY = 0.1  # seconds to the next address, also after a refusal: the least that RFC 8305 recommends
HTTPS_POLICY: Any = HostnameCachingHTTPSPolicy(BrowserLikePolicyForHTTPS())  # type: ignore[arg-type]


def kinds(visit: Visit) -> "contextlib.AbstractContextManager[None]":
    """Within it, Twisted's errors become kinds of the contract; a cancellation stays what it is."""
    return visit.kinds(timeouts=(DeferredTimeout, TCPTimedOutError), unchanged=(CancelledError,), contexts=False)


class Hop:
    """One request on one connection: `get()`, read the body, and `close()` in any case."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        # Persistent, or the request would say `Connection: close`; but used once.
        self._pool = HTTPConnectionPool(the_reactor(), persistent=True)
        self._endpoint = WatchedEndpoint(visit)
        self._requested: Deferred[Any] = succeed(None)

    def get(self) -> Deferred[Response]:
        """Connect and ask; fires with the response's head."""
        headers = Headers()
        for name, value in self._visit.headers:
            headers.addRawHeader(name, value)
        agent = ProxyAgent(self._endpoint, the_reactor(), self._pool)
        self._requested = agent.request(b"GET", self._visit.url.target.encode("ascii"), headers)
        # A Deferred of its own: a cancelled request fails with ResponseNeverReceived, or even DNSLookupError; this one with
        # CancelledError, and close() cancels the request.
        answered: Deferred[Response] = Deferred()
        self._requested.chainDeferred(answered)
        return answered

    def read(self, response: Response) -> Deferred[None]:
        """Read the body into the visit."""
        body = Body(self._visit)
        finished = body.finished  # taken first: an empty body finishes inside deliverBody
        response.deliverBody(body)
        return finished

    def close(self) -> Deferred[Any]:
        """Close the connection, made or in the making; fires when the socket is closed."""
        self._requested.cancel()
        self._pool.closeCachedConnections()
        return outlasting(self._endpoint.close())


class Body(Protocol):
    """Counts the body into the visit; `finished` fires at its end, and the visit decides whether that was the end."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self.finished: Deferred[None] = Deferred()

    def dataReceived(self, data: bytes) -> None:
        self._visit.delivered(data)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        if reason.check(ResponseDone, PotentialDataLoss):
            self.finished.callback(None)
        else:
            self.finished.errback(reason)


class CheckedHostname(HostnameEndpoint):
    """HostnameEndpoint, for hosts that urls.py has read."""

    @staticmethod
    def _hostAsBytesAndText(host: Any) -> tuple[bool, bytes, str]:
        return False, host.encode("ascii"), host  # private; else IDNA would refuse names that resolve, as with underscores


class WatchedEndpoint:
    """The way to where the visit asks next; its connections are watched, and are up only once TLS is."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._watches: list[Watch] = []

    def connect(self, protocolFactory: Any) -> Deferred[Any]:
        """Connect within the visit's connect timeout."""
        connected = maybeDeferred(self._connect, WatchingFactory(protocolFactory, self._visit, self._watches))
        connected.addCallback(lambda watch: watch.up)
        connected.addTimeout(self._visit.connect_timeout, the_reactor(), lambda *_: Failure(self._visit.timeout()))
        return connected.addErrback(self._unresolved)

    def _connect(self, factory: "WatchingFactory") -> Deferred[Any]:
        url = self._visit.url
        endpoint: Any = CheckedHostname(the_reactor(), url.host, url.port, attemptDelay=ATTEMPT_DELAY)
        if url.scheme == "https":
            try:
                endpoint = wrapClientTLS(HTTPS_POLICY.creatorForNetloc(url.host.encode("ascii"), url.port), endpoint)
            except UnicodeError as error:
                raise TLSError(f"Twisted checks no certificate of {url.host!r}, which IDNA does not allow") from error
        connected: Deferred[Any] = endpoint.connect(factory)
        return connected

    def _unresolved(self, failure: Failure) -> Failure:
        if not failure.check(DNSLookupError):
            return failure
        error = ResolveError(f"no address for {self._visit.url.host!r}")
        error.__cause__ = failure.value
        return Failure(error)

    def close(self) -> Deferred[Any]:
        """Close what was connected; fires when it is gone."""
        for watch in self._watches:
            watch.loseConnection()
        return gatherResults([watch.down for watch in self._watches])


class WatchingFactory(WrappingFactory):
    """Wraps the client's protocols in watches."""

    noisy = False

    def __init__(self, wrappedFactory: Any, visit: Visit, watches: "list[Watch]") -> None:
        super().__init__(wrappedFactory)
        self._visit, self._watches = visit, watches
        wrappedFactory.noisy = False  # until logging begins, the log's buffer would keep each connection alive

    def buildProtocol(self, addr: Any) -> "Watch":
        watch = Watch(self, self.wrappedFactory.buildProtocol(addr), self._visit)
        self._watches.append(watch)
        return watch


@implementer(IHandshakeListener)
class Watch(ProtocolWrapper):
    """A connection that shows the visit what it receives before the client's parser sees it.

    `up` fires with the client's protocol when a request can be sent, `down` when the socket is closed.
    """

    transport: Any
    wrappedProtocol: Any

    def __init__(self, factory: Any, wrappedProtocol: Any, visit: Visit) -> None:
        super().__init__(factory, wrappedProtocol)
        self._visit = visit
        self.up: Deferred[Any] = Deferred()
        self.down: Deferred[None] = Deferred()

    def connectionMade(self) -> None:
        if self._visit.url.scheme == "http":
            self._is_up()

    def handshakeCompleted(self) -> None:
        if not self.transport.disconnecting:  # else the certificate is for somebody else: old releases look at it last
            self._is_up()

    def _is_up(self) -> None:
        self._visit.connected()
        self.up.callback(self.wrappedProtocol)

    def dataReceived(self, data: bytes) -> None:
        try:
            plain = self._visit.received(data)
        except FetchAndSaveError:
            self.loseConnection()
        else:
            if plain:
                self.wrappedProtocol.dataReceived(plain)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        if not self.disconnecting:
            self._was_lost(reason)
        super().connectionLost(reason)
        self.down.callback(None)

    def _was_lost(self, reason: Failure) -> None:
        self.disconnecting = 1
        error: Any = reason.value
        if not self.up.called:
            failure = TLSError(f"{type(error).__name__}: {error}")
            failure.__cause__ = error
            self.up.errback(failure)
        elif reason.check(ConnectionDone):
            self.dataReceived(b"")
        else:
            self._visit.lost(error)

    def loseConnection(self) -> None:
        """Close at once, whoever asks: a polite end of TLS would wait for the peer's. What comes after is not the visit's."""
        if not self.disconnecting:
            self.disconnecting = 1
            self.transport.abortConnection()

    abortConnection = loseConnection
