"""Content codings: what decodes, and what does not.

The contract: at most one of gzip, x-gzip, deflate; all members; CRC and length checked.
Source: RFC 1950, 1951 and 1952 for the layout of the streams.
"""

from __future__ import annotations

import struct
import zlib
from functools import partial

from scenarios.origin.behavior import Behavior, Rows
from scenarios.origin.messages import (
    MIB,
    OK,
    answer,
    deflated,
    gzipped,
    in_chunks,
    pattern,
    prose,
    sized,
    until_close,
)
from scenarios.origin.steps import FIN, Bits

TEXT = prose(5000)
GZIP = b"Content-Encoding: gzip"
DEFLATE = b"Content-Encoding: deflate"
ONE = gzipped(TEXT)
ZLIB = deflated(TEXT)
BARE = deflated(TEXT, -zlib.MAX_WBITS)

good = Rows("codings", body=TEXT)
bad = Rows("codings", expects="DecodeError")


def member(flags: int, extra: bytes) -> bytes:
    """TEXT as a gzip member with optional parts in its head."""
    return ONE[:3] + bytes([flags]) + ONE[4:10] + extra + ONE[10:]


def coded(name: str, says: str, body: bytes, coding: bytes = GZIP) -> Behavior:
    """A good coded body with Content-Length."""
    return good(name, says, answer(body, coding))


def broken(name: str, says: str, body: bytes, coding: bytes = GZIP) -> Behavior:
    """A bad coded body, whole on the wire."""
    return bad(name, says, answer(body, coding))


HEAD_CRC = struct.pack("<H", zlib.crc32(ONE[:3] + b"\x02" + ONE[4:10]) & 0xFFFF)

TABLE = (
    coded("gzip", "gzip with Content-Length.", ONE),
    coded("gzip-upper-case", "Content-Encoding: GZIP.", ONE, b"Content-Encoding: GZIP"),
    coded("x-gzip", "Content-Encoding: x-gzip.", ONE, b"Content-Encoding: x-gzip"),
    coded("deflate", "deflate, as a zlib stream.", ZLIB, DEFLATE),
    coded("deflate-raw", "deflate, as a raw stream, which old servers send.", BARE, DEFLATE),
    coded("gzip-stored", "gzip without compression.", gzipped(TEXT, 0)),
    coded("gzip-name", "gzip with a file name in its head.", member(8, b"page.txt\0")),
    coded("gzip-comment", "gzip with a comment in its head.", member(16, b"as it was\0")),
    coded("gzip-extra", "gzip with an extra field in its head.", member(4, b"\x04\x00ABCD")),
    coded("gzip-head-crc", "gzip with a CRC of its head.", member(2, HEAD_CRC)),
    coded("gzip-members", "gzip in three members.", gzipped(TEXT[:10]) + gzipped(TEXT[10:3000]) + gzipped(TEXT[3000:])),
    coded("gzip-empty-members", "gzip whose first and last members are empty.", gzipped(b"") + ONE + gzipped(b"")),
    good("gzip-one-by-one", "gzip, a member for each of 500 bytes.",
         answer(b"".join(gzipped(TEXT[n : n + 1]) for n in range(500)),
         GZIP), body=TEXT[:500]),
    good("gzip-of-nothing", "gzip of an empty body.", answer(gzipped(b""), GZIP), body=b""),
    good("deflate-of-nothing", "deflate of an empty body.", answer(deflated(b""), DEFLATE), body=b""),
    good("gzip-without-body", "gzip announced, Content-Length: 0.", answer(b"", GZIP), body=b""),
    good("deflate-without-body", "deflate announced, Content-Length: 0.", answer(b"", DEFLATE), body=b""),
    good("gzip-without-chunks", "gzip announced, no chunk but the last.", in_chunks(b"", 1, GZIP), body=b""),
    good("gzip-chunked", "gzip in chunks of 7 bytes.", in_chunks(ONE, 7, GZIP)),
    good("gzip-until-close", "gzip ended by FIN.", until_close(ONE, GZIP), FIN),
    good("gzip-bits", "gzip, one byte at a time.", Bits(answer(gzipped(TEXT[:500]), GZIP)), body=TEXT[:500]),
    good("deflate-chunked", "deflate in chunks of 7 bytes.", in_chunks(ZLIB, 7, DEFLATE)),
    good("deflate-raw-one-by-one", "Raw deflate in chunks of 1 byte.", in_chunks(BARE, 1, DEFLATE)),
    good("gzip-1m", "1 MiB of text in gzip.", sized(partial(gzipped, partial(prose, MIB)), GZIP), body=partial(prose, MIB)),
    good("gzip-8m", "8 MiB of noise in gzip.", sized(partial(gzipped, partial(pattern, 8 * MIB), 0), GZIP),
         body=partial(pattern, 8 * MIB)),
    good("gzip-of-gzip", "gzip within gzip, announced once: one layer is taken off.", answer(gzipped(ONE), GZIP), body=ONE),
    good("gzip-not-announced", "gzip bytes without Content-Encoding stay as they are.", answer(ONE), body=ONE),
    broken("coding-br", "Content-Encoding: br, which was not asked for.", b"\x0b\x02\x80hello\x03", b"Content-Encoding: br"),
    broken("coding-zstd", "Content-Encoding: zstd, which was not asked for.", b"\x28\xb5\x2f\xfd\x04\x58",
           b"Content-Encoding: zstd"),
    broken("coding-compress", "Content-Encoding: compress.", b"\x1f\x9d\x90", b"Content-Encoding: compress"),
    broken("coding-unknown", "Content-Encoding: rot13.", b"uryyb", b"Content-Encoding: rot13"),
    good("coding-identity", "Content-Encoding: identity, which is none.", answer(b"hello", b"Content-Encoding: identity"),
         body=b"hello"),
    good("coding-identity-gzip", "Content-Encoding: identity, gzip.", answer(ONE, b"Content-Encoding: identity, gzip")),
    broken("coding-twice", "Content-Encoding: gzip, gzip.", gzipped(ONE), b"Content-Encoding: gzip, gzip"),
    broken("coding-mixed", "Content-Encoding: deflate, gzip.", gzipped(ZLIB), b"Content-Encoding: deflate, gzip"),
    broken("coding-two-lines", "Two Content-Encoding lines.", gzipped(ONE), GZIP + b"\r\n" + GZIP),
    broken("coding-parameter", "Content-Encoding: gzip;q=1.", ONE, GZIP + b";q=1"),
    broken("gzip-not-gzip", "Plain text announced as gzip.", TEXT),
    broken("gzip-is-zlib", "A zlib stream announced as gzip.", ZLIB),
    broken("gzip-cut-in-head", "gzip that ends inside its head.", ONE[:5]),
    broken("gzip-cut-after-head", "gzip that ends after its head.", ONE[:10]),
    broken("gzip-cut-in-data", "gzip that ends inside its data.", ONE[: len(ONE) // 2]),
    broken("gzip-cut-before-crc", "gzip without its trailer.", ONE[:-8]),
    broken("gzip-cut-in-crc", "gzip that ends inside its trailer.", ONE[:-3]),
    broken("gzip-bad-crc", "gzip with a wrong CRC.", ONE[:-8] + b"\0\0\0\0" + ONE[-4:]),
    broken("gzip-bad-length", "gzip with a wrong length.", ONE[:-4] + b"\1\0\0\0"),
    broken("gzip-bad-block", "gzip whose first block has a type that does not exist.", ONE[:10] + b"\xff" + ONE[11:]),
    broken("gzip-bad-method", "gzip with an unknown method.", ONE[:2] + b"\x07" + ONE[3:]),
    broken("gzip-bad-flags", "gzip with a reserved flag.", ONE[:3] + b"\xe0" + ONE[4:]),
    broken("gzip-garbage-after", "gzip followed by text.", ONE + b"garbage"),
    broken("gzip-magic-after", "gzip followed by one byte of another member.", ONE + b"\x1f"),
    broken("gzip-second-cut", "gzip whose second member is cut.", ONE + ONE[:-5]),
    broken("gzip-second-bad", "gzip whose second member has a wrong CRC.", ONE + ONE[:-8] + b"\0\0\0\0" + ONE[-4:]),
    broken("deflate-cut", "deflate that ends inside its data.", ZLIB[: len(ZLIB) // 2], DEFLATE),
    broken("deflate-cut-checksum", "deflate without its checksum.", ZLIB[:-4], DEFLATE),
    broken("deflate-raw-cut", "Raw deflate that ends inside its data.", BARE[: len(BARE) // 2], DEFLATE),
    broken("deflate-bad-checksum", "deflate with a wrong checksum.", ZLIB[:-4] + b"\0\0\0\0", DEFLATE),
    broken("deflate-garbage-after", "deflate followed by text.", ZLIB + b"garbage", DEFLATE),
    broken("deflate-twice", "Two zlib streams in a row: deflate has no members.", ZLIB + ZLIB, DEFLATE),
    broken("deflate-not-deflate", "Plain text announced as deflate.", TEXT, DEFLATE),
    broken("deflate-is-gzip", "gzip announced as deflate.", ONE, DEFLATE),
    broken("deflate-dictionary", "A zlib stream that wants a dictionary.", b"\x78\xf9\x00\x00\x00\x01" + BARE, DEFLATE),
    bad("gzip-cut-chunked", "gzip that ends inside its data, in whole chunks.", in_chunks(ONE[:-20], 50, GZIP)),
    bad("gzip-cut-until-close", "gzip that ends inside its data, ended by FIN.", until_close(ONE[:-20], GZIP), FIN),
    bad("gzip-cut-on-the-wire", "gzip that is cut short of Content-Length.", answer(ONE, GZIP)[:-20], FIN, expects="BadResponse"),
    bad("gzip-wire-whole-data-cut", "All of gzip came, but Content-Length promised more.",
        OK + GZIP + b"\r\nContent-Length: %d\r\n\r\n" % (len(ONE) + 1) + ONE, FIN, expects="BadResponse"),
)
