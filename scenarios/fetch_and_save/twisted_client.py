"""Twisted's HTTP client, with the visit told of every byte that comes in; the same for all three writings of the scenario.

Agent and not treq: treq always adds its own decoding and cookies, and is Agent underneath. Of the agents it is ProxyAgent, with
no proxy behind it, because that one takes the endpoint to connect to and sends the target as it is written, where Agent reads
it as a URL and loses an empty query. TLS trusts what the platform trusts; SSL_CERT_FILE and SSL_CERT_DIR are honored. The name
in the certificate is checked here: Twisted 26.10 goes on when service_identity cannot read a certificate.
Source: Twisted Web client how-to; "Getting Connected with Endpoints"; twisted.protocols.policies.
"""

# mypy: disable-error-code="no-untyped-call"
# ruff: noqa: D102 (what is public without a docstring is a method of Twisted's interfaces)
import contextlib
import functools
from typing import Any

from cryptography import x509
from OpenSSL import SSL
from twisted.internet.abstract import isIPAddress, isIPv6Address
from twisted.internet.defer import CancelledError, Deferred, gatherResults, maybeDeferred, succeed
from twisted.internet.defer import TimeoutError as DeferredTimeout
from twisted.internet.endpoints import HostnameEndpoint, wrapClientTLS
from twisted.internet.error import ConnectionDone, DNSLookupError, TCPTimedOutError
from twisted.internet.interfaces import IHandshakeListener, IOpenSSLClientConnectionCreator
from twisted.internet.protocol import Protocol, connectionDone
from twisted.internet.ssl import CertificateOptions, platformTrust
from twisted.protocols.policies import ProtocolWrapper, WrappingFactory
from twisted.python.failure import Failure
from twisted.web.client import (
    HTTPConnectionPool,
    ProxyAgent,
    Response,
    ResponseDone,
)
from twisted.web.http import PotentialDataLoss
from twisted.web.http_headers import Headers
from zope.interface import implementer

from scenarios.fetch_and_save.certified import covers
from scenarios.fetch_and_save.contract import FetchAndSaveError, ResolveError, TLSError, Visit
from scenarios.fetch_and_save.twisted_reactor import outlasting, the_reactor

ATTEMPT_DELAY = 0.1  # seconds to the next address, also after a refusal: the least that RFC 8305 recommends


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


@functools.cache
def tls_context() -> Any:
    """Twisted's own context with the platform's authorities, built once a process."""
    return CertificateOptions(trustRoot=platformTrust()).getContext()


@implementer(IOpenSSLClientConnectionCreator)
class CheckedName:
    """Twisted's way to begin TLS, where a certificate passes only if it is known to be for the host."""

    def __init__(self, name: str) -> None:
        self._name = name
        self.complaint = ""

    def clientConnectionForTLS(self, tlsProtocol: Any) -> Any:
        connection = SSL.Connection(tls_context(), None)
        if not isIPAddress(self._name) and not isIPv6Address(self._name):
            connection.set_tlsext_host_name(self._name.encode("ascii"))
        connection.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, self._verify)
        return connection

    def _verify(self, connection: Any, certificate: Any, error: int, depth: int, trusted: int) -> bool:
        # OpenSSL asks for each certificate of the chain; that of the peer has depth 0. pyOpenSSL takes an exception for False.
        if trusted and depth == 0:
            self.complaint = f"the certificate is not for {self._name!r}"
            if not is_for(certificate.to_cryptography(), self._name):
                return False
            self.complaint = ""
        return bool(trusted)


def is_for(certificate: x509.Certificate, host: str) -> bool:
    """Whether the certificate has the host's name among its alternative names; the common name is not read."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return False
    return covers(names.get_values_for_type(x509.DNSName), names.get_values_for_type(x509.IPAddress), host)


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
            factory.tls = CheckedName(url.certified)
            endpoint = wrapClientTLS(factory.tls, endpoint)  # type: ignore[arg-type]
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
    tls: CheckedName | None = None

    def __init__(self, wrappedFactory: Any, visit: Visit, watches: "list[Watch]") -> None:
        super().__init__(wrappedFactory)
        self._visit, self._watches = visit, watches
        wrappedFactory.noisy = False  # until logging begins, the log's buffer would keep each connection alive

    def buildProtocol(self, addr: Any) -> "Watch":
        watch = Watch(self, self.wrappedFactory.buildProtocol(addr), self._visit, self.tls)
        self._watches.append(watch)
        return watch


@implementer(IHandshakeListener)
class Watch(ProtocolWrapper):
    """A connection that shows the visit what it receives before the client's parser sees it.

    `up` fires with the client's protocol when a request can be sent, `down` when the socket is closed.
    """

    transport: Any
    wrappedProtocol: Any

    def __init__(self, factory: Any, wrappedProtocol: Any, visit: Visit, tls: CheckedName | None) -> None:
        super().__init__(factory, wrappedProtocol)
        self._visit, self._tls = visit, tls
        self.up: Deferred[Any] = Deferred()
        self.down: Deferred[None] = Deferred()

    def connectionMade(self) -> None:
        if self._visit.url.scheme == "http":
            self._is_up()

    def handshakeCompleted(self) -> None:
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
            failure = TLSError((self._tls and self._tls.complaint) or f"{type(error).__name__}: {error}")
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
