"""Status lines and fields: what the contract takes, and what it does not although many clients do.

Source: RFC 9112, sections 4 and 5; limits of the contract: 100 fields, 8 KiB a line, 64 KiB in all.
"""

from __future__ import annotations

from scenarios.origin.behavior import Rows
from scenarios.origin.messages import HELLO, OK, answer, moved
from scenarios.origin.steps import FIN, Endless

good = Rows("heads", body=b"hello")
bad = Rows("heads", expects="BadResponse")
REST = b"Content-Length: 5\r\n\r\nhello"


def fields(count: int, size: int) -> tuple[bytes, ...]:
    """`count` fields, `size` bytes each without CRLF."""
    return tuple((b"X-%d: " % number).ljust(size, b"v") for number in range(count))


def line(status_line: bytes) -> bytes:
    """An answer with this status line."""
    return status_line + b"\r\n" + REST


def field(text: bytes) -> bytes:
    """A good answer with this line in its head."""
    return OK + text + b"\r\n" + REST


TABLE = (
    good("reason-missing", "No reason and no blank before it.", line(b"HTTP/1.1 200")),
    good("reason-empty", "A blank, and no reason.", line(b"HTTP/1.1 200 ")),
    good("reason-long", "A reason of 4,000 bytes.", line(b"HTTP/1.1 200 " + b"x" * 4000)),
    good("reason-latin1", "A reason in Latin-1.", line(b"HTTP/1.1 200 pas mal \xe9l\xe8ve")),
    good("reason-odd", "A reason that says Not Found.", line(b"HTTP/1.1 200 Not Found")),
    good("value-empty", "A field without a value.", field(b"X-Empty:")),
    good("value-blanks", "A field with blanks and tabs around its value.", field(b"X-Blank: \t value \t ")),
    good("value-no-blank", "A field without a blank after the colon.", field(b"X-Tight:value")),
    good("value-tab", "A tab within a value.", field(b"X-Tab: one\ttwo")),
    good("value-latin1", "A value in Latin-1.", field(b"X-Latin: caf\xe9")),
    good("value-utf8", "A value in UTF-8.", field("X-Utf: caf\u00e9 \u2603".encode())),
    good("value-colons", "Colons within a value.", field(b"X-Colons: a:b::c")),
    good("name-odd", "A name of every odd character that a token may have.", field(b"!#$%&'*+-.^_`|~09aZ: 1")),
    good("names-repeated", "Two fields of one name.", field(b"X-Twice: 1\r\nX-Twice: 2")),
    good("set-cookie", "A cookie, which nobody is to keep.", answer(b"hello", b"Set-Cookie: a=b; Path=/")),
    good("location-on-200", "A Location that means nothing with 200.", answer(b"hello", b"Location: /elsewhere")),
    good("head-100-fields", "100 fields in all.", answer(b"hello", *fields(99, 20))),
    good("head-line-8000", "A line of 8,000 bytes.", answer(b"hello", *fields(1, 8000))),
    good("head-48k", "48 KiB of fields.", answer(b"hello", *fields(8, 6000))),
    bad("head-101-fields", "101 fields in all.", answer(b"hello", *fields(100, 20))),
    bad("head-line-9000", "A line of 9,000 bytes.", answer(b"hello", *fields(1, 9000))),
    bad("head-70k", "70 KiB of fields, none of them long.", answer(b"hello", *fields(10, 7000))),
    bad("status-line-9000", "A status line of 9,000 bytes.", line(b"HTTP/1.1 200 " + b"x" * 9000)),
    bad("head-endless", "Fields without end.", OK, Endless(b"X-More: and more\r\n" * 100)),
    bad("head-line-endless", "One field without end.", OK + b"X-More: ", Endless(b"x" * 4096)),
    bad("status-line-endless", "A status line without end.", b"HTTP/1.1 200 ", Endless(b"x" * 4096)),
    bad("http09", "HTTP/0.9: a body and no head.", b"hello\r\n", FIN),
    bad("html-without-head", "HTML and no head.", b"<html><body>hello</body></html>", FIN),
    bad("version-09", "HTTP/0.9 in the status line.", line(b"HTTP/0.9 200 OK"), FIN),
    bad("version-12", "HTTP/1.2.", line(b"HTTP/1.2 200 OK"), FIN),
    bad("version-20", "HTTP/2.0.", line(b"HTTP/2.0 200 OK"), FIN),
    bad("version-2", "HTTP/2.", line(b"HTTP/2 200 OK"), FIN),
    bad("version-1", "HTTP/1.", line(b"HTTP/1 200 OK"), FIN),
    bad("version-010", "HTTP/01.1.", line(b"HTTP/01.1 200 OK"), FIN),
    bad("version-lower-case", "http/1.1.", line(b"http/1.1 200 OK"), FIN),
    bad("version-icy", "ICY 200 OK, as old radio servers say.", line(b"ICY 200 OK"), FIN),
    bad("version-ssh", "Another protocol's greeting.", b"SSH-2.0-OpenSSH_9.6\r\n", FIN),
    bad("status-two-digits", "Status 20.", line(b"HTTP/1.1 20 OK"), FIN),
    bad("status-four-digits", "Status 2000.", line(b"HTTP/1.1 2000 OK"), FIN),
    bad("status-word", "Status OK.", line(b"HTTP/1.1 OK"), FIN),
    bad("status-plus", "Status +20.", line(b"HTTP/1.1 +20 OK"), FIN),
    bad("status-minus", "Status -20.", line(b"HTTP/1.1 -20 OK"), FIN),
    bad("status-000", "Status 000.", line(b"HTTP/1.1 000 OK"), FIN),
    bad("status-099", "Status 099.", line(b"HTTP/1.1 099 OK"), FIN),
    bad("status-wide-digits", "Status in full-width digits.", line("HTTP/1.1 \uff12\uff10\uff10 OK".encode()), FIN),
    bad("status-missing", "No status.", line(b"HTTP/1.1"), FIN),
    bad("status-two-blanks", "Two blanks before the status.", line(b"HTTP/1.1  200 OK"), FIN),
    bad("status-tab", "A tab before the status.", line(b"HTTP/1.1\t200 OK"), FIN),
    bad("status-glued", "No blank after the status.", line(b"HTTP/1.1 200OK"), FIN),
    bad("reason-nul", "A NUL in the reason.", line(b"HTTP/1.1 200 O\0K"), FIN),
    bad("reason-cr", "A CR in the reason.", line(b"HTTP/1.1 200 O\rK"), FIN),
    bad("line-before-status", "CRLF before the status line.", b"\r\n" + HELLO, FIN),
    bad("blank-before-status", "A blank before the status line.", b" " + HELLO, FIN),
    bad("lf-status", "A status line ended by LF alone.", b"HTTP/1.1 200 OK\n" + REST, FIN),
    bad("lf-field", "A field ended by LF alone.", OK + b"X-Lf: 1\n" + REST, FIN),
    bad("lf-throughout", "LF for CRLF throughout.", HELLO.replace(b"\r\n", b"\n"), FIN),
    bad("lf-end", "A head ended by LF alone.", OK + b"Content-Length: 5\r\n\nhello", FIN),
    bad("cr-field", "A field ended by CR alone.", OK + b"X-Cr: 1\r" + REST, FIN),
    bad("field-folded", "A field folded onto a second line.", field(b"X-Fold: one\r\n two"), FIN),
    bad("field-folded-tab", "A field folded with a tab.", field(b"X-Fold: one\r\n\ttwo"), FIN),
    bad("field-folded-first", "The first field starts with a blank.", field(b" X-First: 1"), FIN),
    bad("field-no-colon", "A field without a colon.", field(b"nonsense"), FIN),
    bad("field-no-name", "A field without a name.", field(b": value"), FIN),
    bad("field-blank-before-colon", "A blank before the colon.", field(b"X-Blank : 1"), FIN),
    bad("length-blank-before-colon", "A blank before the colon of Content-Length.",
        OK + b"Content-Length : 5\r\n\r\nhello", FIN),
    bad("name-blank", "A blank within a name.", field(b"X Blank: 1"), FIN),
    bad("name-latin1", "A name in Latin-1.", field(b"X-\xe9: 1"), FIN),
    bad("name-parenthesis", "A parenthesis in a name.", field(b"X-(y): 1"), FIN),
    bad("name-slash", "A slash in a name.", field(b"X/y: 1"), FIN),
    bad("name-nul", "A NUL in a name.", field(b"X-\0: 1"), FIN),
    bad("value-nul", "A NUL in a value.", field(b"X-Nul: a\0b"), FIN),
    bad("value-cr", "A CR within a value.", field(b"X-Cr: a\rb"), FIN),
    bad("value-escape", "An escape character in a value.", field(b"X-Esc: a\x1b[31mb"), FIN),
    bad("value-del", "A DEL in a value.", field(b"X-Del: a\x7fb"), FIN),
    bad("location-nul", "A NUL in Location.", moved(b"/{name}/do\0ne"), FIN),
)
