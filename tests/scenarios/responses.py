"""Strategies: responses that keep RFC 9112, responses that nearly do, and the ways in which bytes can be split."""

import gzip
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from hypothesis import strategies as st

TOKENS = "!#$%&'*+-.^_`|~0123456789ABCXYZabcxyz"
VALUES = st.text([chr(code) for code in (*range(0x21, 0x7F), *range(0xA1, 0x100))], max_size=20)
OWS = st.sampled_from(["", " ", "\t", "  \t"])
FIELDS = st.tuples(st.text(TOKENS, min_size=1, max_size=8), VALUES)  # too short for a name that means something


@dataclass(frozen=True)
class Response:
    """Bytes, and what they mean; `ends` where only the end of the connection ends it."""

    wire: bytes
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    ends: bool = False


def deflated(body: bytes, bits: int) -> bytes:
    """zlib's format by its window bits."""
    compressor = zlib.compressobj(6, zlib.DEFLATED, bits)
    return compressor.compress(body) + compressor.flush()


CODINGS: dict[str, list[Callable[[bytes], bytes]]] = {
    "": [lambda body: body],
    "gzip": [gzip.compress, lambda body: gzip.compress(body[:5]) + gzip.compress(b"") + gzip.compress(body[5:])],
    "x-gzip": [gzip.compress],
    "deflate": [lambda body: deflated(body, 15), lambda body: deflated(body, -15), lambda body: deflated(body, 9)],
}


@st.composite
def heads(draw: st.DrawFn, statuses: st.SearchStrategy[int], fields: list[tuple[str, str]], minor: int | None = None) -> bytes:
    """A status line and fields, in any order and with any white space that is allowed."""
    minor = draw(st.integers(0, 1)) if minor is None else minor
    reason = draw(st.sampled_from(["", " ", " OK", " \xe9t\xe9 \t!"]))
    lines = [f"HTTP/1.{minor} {draw(statuses)}{reason}"]
    others = draw(st.lists(FIELDS, max_size=4))
    for name, value in draw(st.permutations(fields + others)):
        lines.append(f"{name}:{draw(OWS)}{value}{draw(OWS)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


@st.composite
def chunks(draw: st.DrawFn, body: bytes) -> bytes:
    """The body in chunks, with extensions and trailers."""
    wire, rest = b"", body
    while rest:
        size = draw(st.integers(1, len(rest)))
        wire += draw(st.sampled_from([b"%x", b"%X", b"000%x"])) % size
        wire += draw(st.sampled_from([b"", b";a=b", b' ; x="y"'])) + b"\r\n" + rest[:size] + b"\r\n"
        rest = rest[size:]
    return wire + draw(st.sampled_from([b"0\r\n\r\n", b"00;last\r\n\r\n", b"0\r\nTrailer: x\r\nContent-Length: 7\r\n\r\n"]))


@st.composite
def good(
    draw: st.DrawFn, status: int | None = None, fields: tuple[tuple[str, str], ...] = (), body: bytes | None = None
) -> Response:
    """A response that every reader should read alike."""
    status = draw(st.integers(200, 599)) if status is None else status
    body = draw(st.binary(max_size=60)) if body is None else body
    if status in (204, 304):
        body = b""
    framing = draw(st.sampled_from(["length", "chunked", "end"]))
    more = {
        "length": [("Content-Length", draw(st.sampled_from(["{}", "00{}", "{0}, {0}"])).format(len(body)))],
        "chunked": [("Transfer-Encoding", draw(st.sampled_from(["chunked", "Chunked"])))],
        "end": [],
    }[framing]
    if framing == "end" and status in (204, 304):
        framing = "length"
    informational = draw(st.lists(heads(st.sampled_from([100, 102, 103, 199]), []), max_size=2))
    head = draw(heads(st.just(status), [*fields, *more], 1 if framing == "chunked" else None))
    rest = draw(chunks(body)) if framing == "chunked" and status not in (204, 304) else body
    return Response(b"".join(informational) + head + rest, status, fields, body, framing == "end")


@st.composite
def coded(draw: st.DrawFn) -> Response:
    """A page, perhaps compressed; `body` is decoded."""
    body = draw(st.one_of(st.binary(max_size=60), st.sampled_from([b"", b"a" * 5000, b"ab" * 9000])))
    coding = draw(st.sampled_from(sorted(CODINGS)))
    wire = draw(st.sampled_from(CODINGS[coding]))(body)
    fields = (("Content-Encoding", coding),) if coding else ()
    response = draw(good(draw(st.integers(200, 299).filter(lambda status: status not in (204, 206, 226))), fields, wire))
    return Response(response.wire, response.status, response.headers, body, response.ends)


PIECES = (
    b"HTTP/1.1 200 OK\r\n|HTTP/1.0 404\r\n|HTTP/1.1 100\r\n\r\n|HTTP/1.1 101\r\n\r\n|HTTP/2 200\r\n|HTTP/1.1 302 Found\r\n|\n"
    b"|\r\n|Content-Length: 3\r\n|Content-Length: -1\r\n|Content-Length: 3,3\r\n|Content-Length:\r\n|content-length: 3\t\r\n|\r"
    b"|\0|Transfer-Encoding: chunked\r\n|Transfer-Encoding: gzip, chunked\r\n|Content-Encoding: gzip\r\n|Content-Encoding: br\r\n"
    b"|Content-Encoding: deflate\r\n|Location: /x\r\n|Location: http://user:secret@h/\r\n|a:b\r\n|x: \xff\r\n|:\r\n|x:y\n"
    b"|3\r\nabc\r\n|0\r\n\r\n|1;\r\nx\r\n|FFFFFFFFFFFFFFFF\r\n|abc"
).split(b"|")


@st.composite
def mutated(draw: st.DrawFn, responses: st.SearchStrategy[Response]) -> bytes:
    """A good response with a few changes, such as somebody makes who wants two readers to differ."""
    wire = draw(responses).wire
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(wire)))
        until = draw(st.integers(at, min(len(wire), at + draw(st.sampled_from([0, 0, 1, 2, 40])))))
        wire = wire[:at] + draw(st.one_of(st.sampled_from(PIECES), st.binary(max_size=2), st.just(b""))) + wire[until:]
    return wire[: draw(st.integers(0, len(wire)))] if draw(st.booleans()) and draw(st.booleans()) else wire


def anything() -> st.SearchStrategy[bytes]:
    """Good, nearly good, put together from pieces, and noise."""
    return st.one_of(
        good().map(lambda response: response.wire),
        coded().map(lambda response: response.wire),
        mutated(good()),
        mutated(coded()),
        st.lists(st.sampled_from(PIECES), max_size=12).map(b"".join),
        st.lists(st.sampled_from(PIECES), max_size=12).map(lambda pieces: b"HTTP/1.1 200 OK\r\n" + b"".join(pieces)),
        st.binary(max_size=80),
    )


@st.composite
def cuts(draw: st.DrawFn) -> Callable[[bytes], Iterator[bytes]]:
    """A way to split bytes: a few sizes, over and over."""
    sizes = draw(st.lists(st.sampled_from([1, 1, 2, 3, 7, 64, 1000]), min_size=1, max_size=5))

    def split(data: bytes) -> Iterator[bytes]:
        at = turn = 0
        while at < len(data):
            size = sizes[turn % len(sizes)]
            yield data[at : at + size]
            at, turn = at + size, turn + 1

    return split


def whole(data: bytes) -> Iterator[bytes]:
    """All of it at once."""
    if data:
        yield data


def single(data: bytes) -> Iterator[bytes]:
    """Byte by byte."""
    for byte in data:
        yield bytes([byte])
