"""Where a body ends: Content-Length in all spellings, and what must not stand beside it.

Source: RFC 9112, section 6.3; the contract is stricter, since two readings of one response are how responses get smuggled.
"""

from __future__ import annotations

from scenarios.origin.behavior import Rows
from scenarios.origin.messages import HELLO, OK, answer, chunks, pattern, sized, until_close
from scenarios.origin.steps import FIN, Endless

row = Rows("framing")
good = Rows("framing", body=b"hello")
bad = Rows("framing", expects="BadResponse")
large = Rows("framing", expects="TooLarge", limits={"max_body": 1000})
BIG = pattern(1001)


def length(*values: bytes) -> bytes:
    """An answer of five bytes with these Content-Length lines."""
    return OK + b"".join(b"Content-Length: %s\r\n" % value for value in values) + b"\r\nhello"


TABLE = (
    good("length-leading-zeros", "Content-Length: 005.", length(b"005")),
    good("length-blanks-around", "Content-Length with blanks and tabs around it.", length(b" \t 5 \t ")),
    good("length-lower-case", "The field is called content-length.", HELLO.replace(b"Content-L", b"content-l")),
    good("length-twice-equal", "Two equal Content-Length lines.", length(b"5", b"5")),
    good("length-list-equal", "Content-Length: 5, 5.", length(b"5, 5")),
    good("length-with-close", "Content-Length, Connection: close, FIN.", answer(b"hello", b"Connection: close"), FIN),
    good("length-then-fin", "Content-Length, then an unannounced FIN.", HELLO, FIN),
    good("extra-after-length", "Bytes beyond Content-Length.", HELLO + b"EXTRA"),
    good("extra-response", "A second response that nobody asked for.", HELLO + answer(b"second")),
    good("extra-then-fin", "Bytes beyond Content-Length, then FIN.", HELLO + b"EXTRA", FIN),
    good("extra-endless", "Bytes beyond Content-Length without end.", HELLO, Endless(b"EXTRA" * 1000)),
    good("te-upper-case", "Transfer-Encoding: CHUNKED.", OK + b"Transfer-Encoding: CHUNKED\r\n\r\n" + chunks(b"hello")),
    bad("length-twice-different", "Content-Length 5 and 6.", length(b"5", b"6"), FIN),
    bad("length-list-different", "Content-Length: 5, 6.", length(b"5, 6"), FIN),
    bad("length-plus", "Content-Length: +5.", length(b"+5"), FIN),
    bad("length-minus", "Content-Length: -5.", length(b"-5"), FIN),
    bad("length-decimal", "Content-Length: 5.0.", length(b"5.0"), FIN),
    bad("length-hex", "Content-Length: 0x5.", length(b"0x5"), FIN),
    bad("length-empty", "Content-Length without a value.", length(b""), FIN),
    bad("length-two-words", "Content-Length: 5 5.", length(b"5 5"), FIN),
    bad("length-word", "Content-Length: five.", length(b"five"), FIN),
    bad("length-underscore", "Content-Length: 0_5, which int() takes.", length(b"0_5"), FIN),
    bad("length-wide-digit", "Content-Length in a full-width digit, which int() takes.", length(b"\xef\xbc\x95"), FIN),
    bad("length-superscript", "Content-Length in a Latin-1 superscript digit, which isdigit() takes.", length(b"\xb2"), FIN),
    bad("length-semicolon", "Content-Length: 5;x.", length(b"5;x"), FIN),
    bad("length-short", "FIN one byte before Content-Length is reached.", OK + b"Content-Length: 6\r\n\r\nhello", FIN),
    bad("length-and-chunked", "Content-Length with Transfer-Encoding.", OK + b"Content-Length: 15\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n" + chunks(b"hello")),
    bad("chunked-and-length", "Transfer-Encoding with Content-Length.", OK + b"Transfer-Encoding: chunked\r\n"
        b"Content-Length: 5\r\n\r\n" + chunks(b"hello")),
    bad("te-identity", "Transfer-Encoding: identity.", OK + b"Transfer-Encoding: identity\r\n\r\nhello", FIN),
    bad("te-gzip", "Transfer-Encoding: gzip.", OK + b"Transfer-Encoding: gzip\r\n\r\nhello", FIN),
    bad("te-gzip-chunked", "Transfer-Encoding: gzip, chunked.", OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n" + chunks(b"x")),
    bad("te-list-twice", "Transfer-Encoding: chunked, chunked.",
        OK + b"Transfer-Encoding: chunked, chunked\r\n\r\n" + chunks(b"x")),
    bad("te-twice", "Two Transfer-Encoding lines.", OK + b"Transfer-Encoding: chunked\r\n" * 2 + b"\r\n" + chunks(b"x")),
    bad("te-empty", "Transfer-Encoding without a value.", OK + b"Transfer-Encoding:\r\n\r\n" + chunks(b"x"), FIN),
    bad("te-quoted", 'Transfer-Encoding: "chunked".', OK + b'Transfer-Encoding: "chunked"\r\n\r\n' + chunks(b"x"), FIN),
    bad("te-parameter", "Transfer-Encoding: chunked;q=1.", OK + b"Transfer-Encoding: chunked;q=1\r\n\r\n" + chunks(b"x"), FIN),
    bad("te-misspelled", "Transfer-Encoding: xchunked.", OK + b"Transfer-Encoding: xchunked\r\n\r\n" + chunks(b"x"), FIN),
    bad("te-http10", "Transfer-Encoding in HTTP/1.0.", b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks(b"x"),
        FIN),
    row("limit-exact", "1,000 bytes where 1,000 are allowed.", answer(BIG[:1000]), body=BIG[:1000], limits={"max_body": 1000}),
    row("limit-exact-until-close", "1,000 bytes ended by FIN where 1,000 are allowed.", until_close(BIG[:1000]), FIN,
        body=BIG[:1000], limits={"max_body": 1000}),
    large("limit-over-by-one", "1,001 bytes where 1,000 are allowed.", sized(BIG)),
    large("limit-over-until-close", "1,001 bytes ended by FIN where 1,000 are allowed.", until_close(BIG), FIN),
    large("limit-over-chunked", "1,001 bytes in chunks where 1,000 are allowed.", OK + b"Transfer-Encoding: chunked\r\n\r\n"
          + chunks(*(BIG[at : at + 100] for at in range(0, 1001, 100)))),
    large("limit-over-announced", "Content-Length over the limit, and then no body: refused by the number alone.",
          OK + b"Content-Length: 1001\r\n\r\n"),
    large("length-astronomic", "Content-Length: 10**30.", OK + b"Content-Length: 1%s\r\n\r\nhello" % (b"0" * 30), limits={}),
    large("length-5000-digits", "Content-Length with 5,000 digits, more than int() takes.",
          OK + b"Content-Length: %s\r\n\r\nhello" % (b"9" * 5000), limits={}),
    large("length-64-bits", "Content-Length: 2**64 + 5, which is 5 to whom it wraps around.",
          OK + b"Content-Length: %d\r\n\r\nhello" % (2**64 + 5), limits={}),
)
