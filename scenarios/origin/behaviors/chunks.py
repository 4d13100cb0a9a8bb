"""Transfer-Encoding: chunked, well-formed in odd ways and broken in every way.

Source: RFC 9112, section 7.1; hex digits only, CRLF only, extensions tolerated up to 8 KiB.
"""

from __future__ import annotations

from scenarios.origin.behavior import Rows
from scenarios.origin.messages import CHUNKED, chunks
from scenarios.origin.steps import FIN, Endless

good = Rows("chunks", body=b"hello")
bad = Rows("chunks", expects="BadResponse")
LAST = b"0\r\n\r\n"

TABLE = (
    good("chunk-upper-case", "A size in upper-case hex.", CHUNKED + b"A\r\nhellohello\r\n" + LAST, body=b"hellohello"),
    good("chunk-lower-case", "A size in lower-case hex.", CHUNKED + b"a\r\nhellohello\r\n" + LAST, body=b"hellohello"),
    good("chunk-leading-zeros", "A size with leading zeros.", CHUNKED + b"0005\r\nhello\r\n" + LAST),
    good("chunk-last-zeros", "The last chunk's size is 000.", CHUNKED + b"5\r\nhello\r\n000\r\n\r\n"),
    good("chunk-extension", "An extension with a value.", CHUNKED + chunks(b"hello", extension=b";name=value")),
    good("chunk-extension-bare", "An extension without a value.", CHUNKED + chunks(b"hel", b"lo", extension=b";x")),
    good("chunk-extension-quoted", "An extension with a quoted value.", CHUNKED + chunks(b"hello", extension=b';x="a b"')),
    good("chunk-extension-last", "An extension on the last chunk.", CHUNKED + b"5\r\nhello\r\n0;end=yes\r\n\r\n"),
    good("chunk-extension-4k", "An extension of 4 KiB.", CHUNKED + chunks(b"hello", extension=b";" + b"x" * 4096)),
    good("trailer", "A trailer.", CHUNKED + chunks(b"hello", trailers=b"X-Sum: 1\r\n")),
    good("trailers", "Three trailers.", CHUNKED + chunks(b"hello", trailers=b"A: 1\r\nB: 2\r\nC:\r\n")),
    good("trailer-length", "A trailer called Content-Length, which means nothing there.",
         CHUNKED + chunks(b"hello", trailers=b"Content-Length: 3\r\n")),
    good("trailer-location", "A trailer called Location.", CHUNKED + chunks(b"hello", trailers=b"Location: /elsewhere\r\n")),
    good("chunk-extra", "Bytes beyond the last chunk.", CHUNKED + chunks(b"hello") + b"EXTRA"),
    good("chunk-extra-fin", "Bytes beyond the last chunk, then FIN.", CHUNKED + chunks(b"hello") + b"EXTRA", FIN),
    good("chunk-holds-crlf", "A chunk whose data looks like chunks.", CHUNKED + chunks(b"5\r\nhello\r\n" + LAST),
         body=b"5\r\nhello\r\n" + LAST),
    bad("chunk-size-not-hex", "A size of G.", CHUNKED + b"G\r\nhello\r\n" + LAST, FIN),
    bad("chunk-size-empty", "An empty size line.", CHUNKED + b"\r\nhello\r\n" + LAST, FIN),
    bad("chunk-size-0x", "A size of 0x5.", CHUNKED + b"0x5\r\nhello\r\n" + LAST, FIN),
    bad("chunk-size-plus", "A size of +5.", CHUNKED + b"+5\r\nhello\r\n" + LAST, FIN),
    bad("chunk-size-minus", "A size of -5.", CHUNKED + b"-5\r\nhello\r\n" + LAST, FIN),
    bad("chunk-size-underscore", "A size of 0_5, which int() takes.", CHUNKED + b"0_5\r\nhello\r\n" + LAST, FIN),
    bad("chunk-size-blank-before", "A blank before the size.", CHUNKED + b" 5\r\nhello\r\n" + LAST, FIN),
    bad("chunk-size-blank-after", "A blank after the size.", CHUNKED + b"5 \r\nhello\r\n" + LAST, FIN),
    bad("chunk-size-wide-digit", "A size in a full-width digit.", CHUNKED + b"\xef\xbc\x95\r\nhello\r\n" + LAST, FIN),
    bad("chunk-size-two-words", "A size of 5 5.", CHUNKED + b"5 5\r\nhello\r\n" + LAST, FIN),
    bad("chunk-extension-only", "An extension without a size.", CHUNKED + b";x=5\r\nhello\r\n" + LAST, FIN),
    bad("chunk-size-lf", "A size line ended by LF alone.", CHUNKED + b"5\nhello\r\n" + LAST, FIN),
    bad("chunk-size-cr", "A size line ended by CR alone.", CHUNKED + b"5\rhello\r\n" + LAST, FIN),
    bad("chunk-data-lf", "Data ended by LF alone.", CHUNKED + b"5\r\nhello\n" + LAST, FIN),
    bad("chunk-data-no-crlf", "Data not ended at all.", CHUNKED + b"5\r\nhello" + LAST, FIN),
    bad("chunk-data-long", "Data longer than its size.", CHUNKED + b"3\r\nhello\r\n" + LAST, FIN),
    bad("chunk-data-short", "Data shorter than its size.", CHUNKED + b"7\r\nhello\r\n" + LAST, FIN),
    bad("chunk-end-lf", "Chunks ended by LF alone.", CHUNKED + b"5\r\nhello\r\n0\r\n\n", FIN),
    bad("chunk-all-lf", "Chunks in LF throughout.", CHUNKED + b"5\nhello\n0\n\n", FIN),
    bad("chunk-raw-body", "A body that is not chunked at all.", CHUNKED + b"hello, world\r\n", FIN),
    bad("chunk-extension-9k", "An extension of 9,000 bytes.", CHUNKED + chunks(b"hello", extension=b";" + b"x" * 9000)),
    bad("chunk-extension-endless", "An extension without end.", CHUNKED + b"5;", Endless(b"x" * 4096)),
    bad("chunk-size-endless", "A size of zeros without end.", CHUNKED, Endless(b"0" * 4096)),
    bad("trailer-no-colon", "A trailer without a colon.", CHUNKED + chunks(b"hello", trailers=b"nonsense\r\n"), FIN),
    bad("trailer-folded", "A folded trailer.", CHUNKED + chunks(b"hello", trailers=b"A: 1\r\n 2\r\n"), FIN),
    bad("trailer-blank-before-colon", "A blank before a trailer's colon.", CHUNKED + chunks(b"hello", trailers=b"A : 1\r\n"),
        FIN),
    bad("trailer-nul", "A NUL in a trailer.", CHUNKED + chunks(b"hello", trailers=b"A: 1\x002\r\n"), FIN),
    bad("trailer-9k", "A trailer of 9,000 bytes.", CHUNKED + chunks(b"hello", trailers=b"A: %s\r\n" % (b"x" * 9000))),
    bad("trailers-101", "101 trailers.", CHUNKED + chunks(b"hello", trailers=b"".join(b"A%d: 1\r\n" % n for n in range(101)))),
    bad("trailers-endless", "Trailers without end.", CHUNKED + b"5\r\nhello\r\n0\r\n", Endless(b"X-More: and more\r\n" * 100)),
)
