"""Bombs: what is small on the wire and large when decoded, and what never ends.

The contract: decoded bytes and wire bytes are counted against one limit; what passes it is TooLarge, whatever comes after.
"""

from __future__ import annotations

import zlib
from functools import cache, partial

from scenarios.origin.behavior import Rows
from scenarios.origin.messages import CHUNKED, CLOSING, MIB, OK, answer, chunks, gzipped, in_chunks, pattern, sized, until_close
from scenarios.origin.steps import FIN, Endless

GZIP = b"Content-Encoding: gzip"
DEFLATE = b"Content-Encoding: deflate"
GZIP_HEAD = b"\x1f\x8b\x08\0\0\0\0\0\x02\xff"
CAP = {"max_body": MIB}
bomb = Rows("bombs", expects="TooLarge", limits=CAP)
fair = Rows("bombs")


@cache
def raw_zeros(size: int) -> bytes:
    """A raw deflate stream of zeros; one MiB is packed once and repeated, for the origin must not stop to think."""
    press = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = press.compress(bytes(size % MIB)) + press.flush(zlib.Z_FULL_FLUSH)
    return packed + block() * (size // MIB) + press.flush()


@cache
def block() -> bytes:
    """One MiB of zeros in raw deflate, which does not end the stream."""
    press = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return press.compress(bytes(MIB)) + press.flush(zlib.Z_FULL_FLUSH)


def zeros(size: int, times: int = 1, crc: int | None = None) -> bytes:
    """`times` gzip members, each of which is `size` bytes of zeros."""
    if crc is None:
        crc = zlib.crc32(bytes(size))
    return (GZIP_HEAD + raw_zeros(size) + crc.to_bytes(4, "little") + size.to_bytes(4, "little")) * times


def zlib_zeros(size: int) -> bytes:
    """A zlib stream of zeros."""
    return b"\x78\xda" + raw_zeros(size) + zlib.adler32(bytes(size)).to_bytes(4, "big")


def _packed_twice(size: int) -> bytes:
    return gzipped(partial(zeros, size))


def _bomb_with(status: bytes, field: bytes) -> bytes:
    return answer(TEN_MIB(), GZIP, field, status=status)


TEN_MIB = partial(zeros, 10 * MIB)

TABLE = (
    bomb("bomb-gzip", "10 MiB of zeros in 10 KB of gzip, where 1 MiB is allowed.", sized(TEN_MIB, GZIP)),
    bomb("bomb-deflate", "10 MiB of zeros in deflate.", sized(partial(zlib_zeros, 10 * MIB), DEFLATE)),
    bomb("bomb-deflate-raw", "10 MiB of zeros in raw deflate.", sized(partial(raw_zeros, 10 * MIB), DEFLATE)),
    bomb("bomb-chunked", "10 MiB of zeros in gzip, in chunks of 100 bytes.", in_chunks(TEN_MIB, 100, GZIP)),
    bomb("bomb-until-close", "10 MiB of zeros in gzip, ended by FIN.", until_close(TEN_MIB, GZIP), FIN),
    bomb("bomb-members", "500 gzip members of 64 KiB of zeros each.", sized(partial(zeros, 64 << 10, 500), GZIP)),
    bomb("bomb-then-bad-crc", "10 MiB of zeros in gzip with a wrong CRC at its end.",
         sized(partial(zeros, 10 * MIB, crc=0), GZIP)),
    bomb("bomb-over-by-one", "1 MiB and one byte of zeros.", sized(partial(zeros, MIB + 1), GZIP)),
    bomb("bomb-64m", "65 MiB of zeros in gzip, where the default of 64 MiB is allowed.", sized(partial(zeros, 65 * MIB), GZIP),
         limits={}),
    bomb("bomb-endless", "Zeros in gzip without end.", until_close(GZIP_HEAD, GZIP), Endless(block)),
    bomb("bomb-empty-members", "Empty gzip members without end: nothing decoded, and more and more on the wire.",
         until_close(b"", GZIP), Endless(gzipped(b"") * 200)),
    bomb("bomb-wire", "1 MiB of noise, in gzip a little more than 1 MiB on the wire.",
         until_close(partial(gzipped, partial(pattern, MIB), 0), GZIP), FIN),
    bomb("endless-length", "Content-Length: 10**18, and bytes without end.", OK + b"Content-Length: 1%s\r\n\r\n" % (b"0" * 18),
         Endless(pattern(16 << 10)), limits={}),
    bomb("endless-until-close", "A body without framing and without end.", CLOSING, Endless(pattern(16 << 10))),
    bomb("endless-chunks", "Chunks without end.", CHUNKED, Endless(chunks(pattern(16 << 10))[:-5])),
    bomb("endless-tiny-chunks", "Chunks of one byte without end.", CHUNKED, Endless(b"1\r\nx\r\n" * 1000),
         limits={"max_body": 20_000}),
    bomb("endless-chunk", "One chunk of 2**60 bytes.", CHUNKED + b"1000000000000000\r\n",
         Endless(pattern(16 << 10))),
    fair("bomb-within", "1 MiB of zeros in 1 KB of gzip, where 1 MiB is allowed.", sized(partial(zeros, MIB), GZIP),
         body=partial(bytes, MIB), limits=CAP),
    fair("bomb-inside", "gzip of a gzip bomb, announced once: the bomb stays packed.",
         sized(partial(_packed_twice, 10 * MIB), GZIP),
         body=TEN_MIB, limits=CAP),
    fair("bomb-in-redirect", "A redirect whose body is a bomb.",
         partial(_bomb_with, b"302 Found", b"Location: /bomb-in-redirect/done"),
         pages={"/done": (answer(b"done"),)}, body=b"done", requests=2, final="/{name}/done", limits=CAP),
    fair("bomb-in-error", "A 404 whose body is a bomb.", partial(_bomb_with, b"404 Not Found", b"X: y"), expects="StatusError",
         limits=CAP),
)
