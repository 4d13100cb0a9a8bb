"""Well-formed parts for the catalogue to put together, or to break: heads, bodies, chunks and codings."""

from __future__ import annotations

import gzip
import random
import zlib
from functools import cache, partial

from scenarios.origin.steps import Maker

OK = b"HTTP/1.1 200 OK\r\n"
HELLO = OK + b"Content-Length: 5\r\n\r\nhello"
CLOSING = OK + b"Connection: close\r\n\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
MIB = 1 << 20


@cache
def pattern(size: int) -> bytes:
    """`size` bytes that do not repeat and do not shrink; the same in every process."""
    return random.Random(size).randbytes(size)


@cache
def prose(size: int) -> bytes:
    """`size` bytes of numbered lines, which shrink well."""
    return b"".join(b"line %08d of the page\n" % number for number in range(size // 26 + 1))[:size]


def of(body: Maker | bytes) -> bytes:
    """The bytes themselves, made now if they have to be."""
    return body if isinstance(body, bytes) else body()


def answer(body: bytes, *fields: bytes, status: bytes = b"200 OK", version: bytes = b"HTTP/1.1") -> bytes:
    """A whole response with Content-Length."""
    head = [version + b" " + status, *fields, b"Content-Length: %d" % len(body)]
    return b"\r\n".join(head) + b"\r\n\r\n" + body


def chunks(*pieces: bytes, extension: bytes = b"", trailers: bytes = b"") -> bytes:
    """A whole chunked body."""
    sent = [b"%x%s\r\n%s\r\n" % (len(piece), extension, piece) for piece in pieces if piece]
    return b"".join(sent) + b"0\r\n" + trailers + b"\r\n"


def _sized(body: Maker | bytes, fields: tuple[bytes, ...]) -> bytes:
    return answer(of(body), *fields)


def _in_chunks(body: Maker | bytes, size: int, fields: tuple[bytes, ...]) -> bytes:
    data = of(body)
    head = b"\r\n".join((b"HTTP/1.1 200 OK", *fields, b"Transfer-Encoding: chunked", b"", b""))
    return head + chunks(*(data[at : at + size] for at in range(0, len(data), size)))


def _until_close(body: Maker | bytes, fields: tuple[bytes, ...]) -> bytes:
    return b"\r\n".join((b"HTTP/1.1 200 OK", *fields, b"Connection: close", b"", b"")) + of(body)


def sized(body: Maker | bytes, *fields: bytes) -> Maker:
    """A response with Content-Length, made when it is first asked for."""
    return partial(_sized, body, fields)


def in_chunks(body: Maker | bytes, size: int, *fields: bytes) -> Maker:
    """A chunked response, `size` bytes a chunk, made when it is first asked for."""
    return partial(_in_chunks, body, size, fields)


def until_close(body: Maker | bytes, *fields: bytes) -> Maker:
    """A response without framing, made when it is first asked for; FIN has to follow."""
    return partial(_until_close, body, fields)


def moved(location: bytes, *fields: bytes, status: bytes = b"302 Found") -> bytes:
    """A redirect with an empty body."""
    return answer(b"", b"Location: " + location, *fields, status=status)


def gzipped(body: Maker | bytes, level: int = 9) -> bytes:
    """One gzip member, the same bytes every time."""
    return gzip.compress(of(body), level, mtime=0)


def deflated(body: Maker | bytes, wbits: int = zlib.MAX_WBITS) -> bytes:
    """A zlib stream, or a raw one with negative `wbits`."""
    press = zlib.compressobj(9, zlib.DEFLATED, wbits)
    return press.compress(of(body)) + press.flush()
