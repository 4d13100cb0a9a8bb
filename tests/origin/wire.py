"""Readers for the tests of the origin: raw sockets for what was sent, h11 and zlib for what it means."""

from __future__ import annotations

import contextlib
import gzip
import re
import socket
import ssl
import zlib
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import quote, unquote, urljoin, urlsplit

import h11

from scenarios.origin import Behavior, Origin
from scenarios.origin.listeners import addresses
from scenarios.origin.steps import Bits, Drip, Endless, Fin, Hold, Raw, Reset, Script, Together

PATIENCE = 60.0  # seconds, for what comes at once on a machine that is not busy
# More digits than h11 takes.
ASTRONOMIC = b"1" + b"0" * 30, b"1" + b"0" * 18


@dataclass
class Expected:
    """What a script puts on the wire: these bytes, then this end."""

    sent: bytes = b""
    end: str = "open"
    alive: bool = field(default=True)


def expected(origin: Origin, behavior: Behavior, script: Script) -> Expected:
    """Read a script without playing it; steps that look at the request are taken to be content."""
    result = Expected()
    for move in script:
        if isinstance(move, bytes):
            result.sent += move
        elif isinstance(move, (Bits, Drip)):
            result.sent += move.data[:1] if isinstance(move, Drip) else move.data
            result.end = "silence" if isinstance(move, Drip) else result.end
        elif isinstance(move, Endless):
            result.sent += (move.block if isinstance(move.block, bytes) else move.block()) * 2
            result.end = "more"
        elif isinstance(move, Fin):
            result.end = "close" if move.notify else "cut"
        elif isinstance(move, (Hold, Reset)):
            result.end = "silence" if isinstance(move, Hold) else "reset"
        elif isinstance(move, (Raw, Together)):
            result.sent += move.data if isinstance(move, Together) else b""
            result.end = "garbage"
            break
        elif callable(move):
            result.sent += move()
    for key, value in {**addresses(origin.ports), "name": behavior.name}.items():
        if len(result.sent) < 100_000:
            result.sent = result.sent.replace(b"{%s}" % key.encode(), value.encode())
    return result


@contextlib.contextmanager
def connect(origin: Origin, url: str) -> Iterator[socket.socket]:
    """Connect to where a URL points, over TLS if it says so; ends without close_notify are errors."""
    parts = urlsplit(url)
    address = (parts.hostname or "", parts.port or 0)
    with socket.create_connection(address, timeout=PATIENCE) as sock:
        if parts.scheme == "http":
            yield sock
            return
        context = ssl.create_default_context(cafile=origin.ca_file)
        context.hostname_checks_common_name = False
        with context.wrap_socket(sock, server_hostname=parts.hostname, suppress_ragged_eofs=False) as tls:
            yield tls


def head_for(origin: Origin, behavior: Behavior, url: str) -> bytes:
    """The request that the contract would send."""
    parts = urlsplit(url)
    target = url.partition("#")[0][len(f"{parts.scheme}://{parts.netloc}") :]
    if behavior.wire and origin.url(behavior) == url:
        target = behavior.wire
    target = target if target.startswith("/") else "/" + target
    host = parts.netloc.rpartition("@")[2]
    lines = [f"GET {target} HTTP/1.1", f"Host: {host}", "User-Agent: interop/0", "Accept: */*", "Accept-Encoding: gzip, deflate"]
    head = "\r\n".join(lines).encode()
    if "@" in parts.netloc:
        head += b"\r\nAuthorization: Basic " + basic(parts.netloc.rpartition("@")[0])
    return head + b"\r\n\r\n"


def basic(userinfo: str) -> bytes:
    """The value of Basic for what stands before @."""
    user, _, password = userinfo.partition(":")
    return b64encode(f"{unquote(user)}:{unquote(password)}".encode())


def read_exactly(sock: socket.socket, size: int) -> bytes:
    """Read so many bytes, or as many as come before FIN."""
    parts = []
    # A reset may overtake what is still in the kernel's queues, when that is more than the peer's window.
    with contextlib.suppress(ConnectionResetError) if size > 100_000 else contextlib.nullcontext():
        while size and (part := sock.recv(min(size, 1 << 20))):
            parts.append(part)
            size -= len(part)
    return b"".join(parts)


def how_it_ends(sock: socket.socket, patience: float = 0.02) -> str:
    """What comes after the last byte that was wanted.

    So short a patience is for those from whom nothing is to come: where something is, the origin may not have had its turn.
    """
    sock.settimeout(patience)
    try:
        return "more" if sock.recv(1) else "close"
    except TimeoutError:
        return "silence"
    except ConnectionResetError:
        return "reset"
    except ssl.SSLEOFError:
        return "cut"
    except ssl.SSLError:
        return "garbage"


def fetch(origin: Origin, behavior: Behavior) -> tuple[int, bytes, str]:
    """Follow redirects and decode, by means that share nothing with the origin: h11, gzip, zlib."""
    url = origin.url(behavior)
    for _ in range(11):
        with connect(origin, url) as sock:
            sock.sendall(head_for(origin, behavior, url))
            response, body = read_response(sock)
        location = dict(response.headers).get(b"location")
        if location is None or response.status_code not in (301, 302, 303, 307, 308):
            parts = urlsplit(url)
            return response.status_code, decode(response, body), parts.path + (f"?{parts.query}" if parts.query else "")
        credentials, _, host = urlsplit(url).netloc.rpartition("@")
        url = urljoin(url.replace(f"{credentials}@", ""), escaped(location))
        parts = urlsplit(url)
        url = urljoin(url, (parts.path or "/") + url[len(f"{parts.scheme}://{parts.netloc}{parts.path}") :])  # its dots, too
        if credentials and url.startswith(f"{urlsplit(origin.url(behavior)).scheme}://{host}/"):
            url = url.replace("://", f"://{credentials}@", 1)
    raise AssertionError("more than ten redirects")


def escaped(location: bytes) -> str:
    """A Location with escapes for whatever cannot be sent."""
    return re.sub("%(?![0-9a-fA-F]{2})", "%25", quote(location, safe="%/?#:@!$&'()*+,;=~"))


def read_response(sock: socket.socket) -> tuple[h11.Response, bytes]:
    """One final response; the body of a redirect is not read."""
    reader = h11.Connection(h11.CLIENT, max_incomplete_event_size=1 << 20)
    reader.send(h11.Request(method="GET", target="/", headers=[("Host", "x")]))
    reader.send(h11.EndOfMessage())
    response, body = None, []
    while True:
        event = reader.next_event()
        if event is h11.NEED_DATA:
            try:
                reader.receive_data(sock.recv(1 << 20).replace(*ASTRONOMIC))
            except ssl.SSLEOFError:
                reader.receive_data(b"")
        elif isinstance(event, h11.Response):
            response = event
            if 300 <= event.status_code < 400:
                return event, b""
        elif isinstance(event, h11.Data):
            body.append(bytes(event.data))
        elif isinstance(event, h11.EndOfMessage):
            assert response is not None
            return response, b"".join(body)
        else:
            assert isinstance(event, h11.InformationalResponse), event


def decode(response: h11.Response, body: bytes) -> bytes:
    """Undo the content coding."""
    coding = dict(response.headers).get(b"content-encoding", b"").lower().removeprefix(b"identity").lstrip(b", ")
    if not body or not coding:
        return body
    if coding == b"deflate":
        try:
            return zlib.decompress(body)
        except zlib.error:
            return zlib.decompress(body, -zlib.MAX_WBITS)
    assert coding in (b"gzip", b"x-gzip")
    return gzip.decompress(body)


def client_hello() -> bytes:
    """A genuine ClientHello."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).wrap_bio(incoming, outgoing, server_hostname="localhost")
    with contextlib.suppress(ssl.SSLWantReadError):
        client.do_handshake()
    return outgoing.read()
