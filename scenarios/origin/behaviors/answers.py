"""Good answers: every framing and size that RFC 9112 allows, and what is odd but well-formed."""

from __future__ import annotations

from functools import partial

from scenarios.origin.behavior import Rows
from scenarios.origin.messages import CHUNKED, CLOSING, HELLO, MIB, OK, answer, chunks, in_chunks, pattern, sized, until_close
from scenarios.origin.steps import FIN, Bits

row = Rows("answers")
KIB_64 = partial(pattern, 64 << 10)
MIB_1 = partial(pattern, MIB)
MIB_8 = partial(pattern, 8 * MIB)
PAGE = pattern(1024)

TABLE = (
    row("hello", "Five bytes with Content-Length; the connection stays open.", HELLO, body=b"hello"),
    row("empty", "Content-Length: 0.", answer(b"")),
    row("one-byte", "A body of one byte.", answer(b"x"), body=b"x"),
    row("page-1k", "1 KiB with Content-Length; what the benchmarks ask for.", answer(PAGE), body=PAGE),
    row("page-64k", "64 KiB with Content-Length.", sized(KIB_64), body=KIB_64),
    row("page-1m", "1 MiB with Content-Length.", sized(MIB_1), body=MIB_1),
    row("page-8m", "8 MiB with Content-Length.", sized(MIB_8), body=MIB_8),
    row("all-bytes", "Every byte value once.", answer(bytes(range(256))), body=bytes(range(256))),
    row(
        "looks-like-a-head",
        "A body that reads like a response.",
        answer(HELLO + b"\r\n\r\n0\r\n\r\n"),
        body=HELLO + b"\r\n\r\n0\r\n\r\n",
    ),
    row("chunked", "Three chunks.", CHUNKED + chunks(b"one ", b"two ", b"three"), body=b"one two three"),
    row("chunked-empty", "No chunk but the last.", CHUNKED + chunks()),
    row("chunked-64k", "64 KiB in chunks of 1,000 bytes.", in_chunks(KIB_64, 1000), body=KIB_64),
    row("chunked-1m", "1 MiB in chunks of 16 KiB.", in_chunks(MIB_1, 16 << 10), body=MIB_1),
    row("chunked-8m", "8 MiB in chunks of 100,000 bytes.", in_chunks(MIB_8, 100_000), body=MIB_8),
    row("chunked-one-by-one", "2,000 chunks of one byte.", in_chunks(pattern(2000), 1), body=pattern(2000)),
    row("until-close", "No framing: the body ends with FIN.", CLOSING + b"hello", FIN, body=b"hello"),
    row("until-close-empty", "No framing and no body: FIN after the head.", CLOSING, FIN),
    row("until-close-unannounced", "No framing, and no Connection: close either.", OK + b"\r\nhello", FIN, body=b"hello"),
    row("until-close-64k", "64 KiB ended by FIN.", until_close(KIB_64), FIN, body=KIB_64),
    row("until-close-1m", "1 MiB ended by FIN.", until_close(MIB_1), FIN, body=MIB_1),
    row("until-close-8m", "8 MiB ended by FIN.", until_close(MIB_8), FIN, body=MIB_8),
    row("http10", "HTTP/1.0 with Content-Length, then FIN.", answer(b"hello", version=b"HTTP/1.0"), FIN, body=b"hello"),
    row("http10-until-close", "HTTP/1.0 ended by FIN.", b"HTTP/1.0 200 OK\r\n\r\nhello", FIN, body=b"hello"),
    row(
        "http10-keep-alive",
        "HTTP/1.0 with Content-Length and Connection: keep-alive; stays open.",
        answer(b"hello", b"Connection: keep-alive", version=b"HTTP/1.0"),
        body=b"hello",
    ),
    row("bits", "A whole answer, one byte at a time.", Bits(HELLO), body=b"hello"),
    row("bits-chunked", "Chunks, one byte at a time.", Bits(CHUNKED + chunks(b"hel", b"lo")), body=b"hello"),
    row("bits-until-close", "One byte at a time, then FIN.", Bits(CLOSING + b"hello"), FIN, body=b"hello"),
    row("head-then-body", "Head and body in two segments.", OK + b"Content-Length: 5\r\n\r\n", Bits(b"hello"), body=b"hello"),
)
