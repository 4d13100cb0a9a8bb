"""Statuses: what counts as success, what is an error whose body is never read, and interim responses.

The contract: 2xx succeeds; 1xx is skipped, ten at most; 101 is a bad response; everything else is StatusError.
"""

from __future__ import annotations

from functools import partial

from scenarios.origin.behavior import Behavior, Rows
from scenarios.origin.messages import CLOSING, HELLO, MIB, answer, in_chunks, pattern
from scenarios.origin.steps import CUT, FIN, Endless

good = Rows("statuses", body=b"hello")
wrong = Rows("statuses", expects="StatusError")
bad = Rows("statuses", expects="BadResponse")
link = Rows("connections")

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
HINTS = b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n"
NO_LENGTH = b"HTTP/1.1 404 Not Found\r\n\r\n"


def success(status: bytes, body: bytes = b"hello") -> Behavior:
    """A 2xx with a body."""
    code = int(status[:3])
    return good(f"status-{code}", f"{status.decode()}, with a body.", answer(body, status=status), status=code, body=body)


def error(status: bytes, *fields: bytes) -> Behavior:
    """A status that is an error, with a short body."""
    code = int(status[:3])
    return wrong(f"status-{code}", f"{status.decode()}.", answer(b"<p>no</p>", *fields, status=status))


TABLE = (
    success(b"201 Created"),
    success(b"202 Accepted"),
    success(b"203 Non-Authoritative Information"),
    wrong("status-206", "206, a part of a page that was asked for as a whole.",
          answer(b"hel", b"Content-Range: bytes 0-2/5", status=b"206 Partial Content"), expects="BadResponse"),
    wrong("status-226", "226, a difference to a page that we do not have.",
          answer(b"hel", b"IM: vcdiff", status=b"226 IM Used"), expects="BadResponse"),
    success(b"299 Whatever"),
    good("status-204", "204 without a body.", b"HTTP/1.1 204 No Content\r\n\r\n", status=204, body=b""),
    good("status-204-close", "204, then FIN.", b"HTTP/1.1 204 No Content\r\n\r\n", FIN, status=204, body=b""),
    good("status-204-gzip", "204 with a coding.", b"HTTP/1.1 204 No Content\r\nContent-Encoding: gzip\r\n\r\n", status=204,
         body=b""),
    good("status-205", "205 with Content-Length: 0.", answer(b"", status=b"205 Reset Content"), status=205, body=b""),
    error(b"300 Multiple Choices", b"Location: /hello"),
    wrong("status-304", "304, which nobody asked for.", b"HTTP/1.1 304 Not Modified\r\n\r\n"),
    error(b"305 Use Proxy", b"Location: http://127.0.0.1:1/"),
    error(b"306 Switch Proxy"),
    error(b"399 Whatever", b"Location: /hello"),
    error(b"400 Bad Request"),
    error(b"401 Unauthorized", b'WWW-Authenticate: Basic realm="here"'),
    error(b"402 Payment Required"),
    error(b"403 Forbidden"),
    error(b"404 Not Found"),
    error(b"405 Method Not Allowed", b"Allow: POST"),
    error(b"406 Not Acceptable"),
    error(b"407 Proxy Authentication Required", b'Proxy-Authenticate: Basic realm="here"'),
    error(b"408 Request Timeout", b"Connection: close"),
    error(b"410 Gone"),
    error(b"413 Content Too Large"),
    error(b"416 Range Not Satisfiable"),
    error(b"418 I'm a teapot"),
    error(b"421 Misdirected Request"),
    error(b"425 Too Early"),
    error(b"426 Upgrade Required", b"Upgrade: HTTP/2.0"),
    error(b"429 Too Many Requests", b"Retry-After: 120"),
    error(b"451 Unavailable For Legal Reasons"),
    error(b"500 Internal Server Error"),
    error(b"501 Not Implemented"),
    error(b"502 Bad Gateway"),
    error(b"503 Service Unavailable", b"Retry-After: Wed, 21 Oct 2037 07:28:00 GMT"),
    error(b"504 Gateway Timeout"),
    error(b"505 HTTP Version Not Supported"),
    error(b"511 Network Authentication Required"),
    error(b"599 Whatever"),
    error(b"600 Beyond"),
    error(b"999 Request denied"),
    wrong("error-empty", "404 with Content-Length: 0.", answer(b"", status=b"404 Not Found")),
    wrong("error-location", "404 with a Location.", answer(b"no", b"Location: /hello", status=b"404 Not Found")),
    wrong("error-chunked", "500 in chunks.", in_chunks(b"no", 1)().replace(b"200 OK", b"500 Oh")),
    wrong("error-until-close", "404 without framing.", NO_LENGTH + b"no", FIN),
    wrong("error-big", "404 with 1 MiB.", partial(answer, pattern(MIB), status=b"404 Not Found"), limits={"max_body": 1000}),
    wrong("error-endless", "404 without end.", NO_LENGTH, Endless(b"no " * 1000)),
    wrong("error-astronomic", "404 with Content-Length: 10**30.", NO_LENGTH[:-2] + b"Content-Length: 1%s\r\n\r\n" % (b"0" * 30)),
    wrong("error-cut", "404 whose body is cut.", answer(b"no", status=b"404 Not Found")[:-1], FIN),
    wrong("error-bad-gzip", "404 whose gzip is not gzip.", answer(b"no", b"Content-Encoding: gzip", status=b"404 Not Found")),
    wrong("error-bad-chunks", "404 whose chunks are none.", NO_LENGTH[:-2] + b"Transfer-Encoding: chunked\r\n\r\nno", FIN),
    bad("error-bad-length", "404 with Content-Length: no.", NO_LENGTH[:-2] + b"Content-Length: no\r\n\r\n", FIN),
    bad("status-101", "101, an upgrade that nobody asked for.", b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", FIN),
    good("interim-100", "100, then the answer.", CONTINUE + HELLO),
    good("interim-102", "102, then the answer.", b"HTTP/1.1 102 Processing\r\n\r\n" + HELLO),
    good("interim-103", "103 with a field, then the answer.", HINTS + HELLO),
    good("interim-199", "199, then the answer.", b"HTTP/1.1 199 Whatever\r\n\r\n" + HELLO),
    good("interim-mixed", "100, 102 and 103, then the answer.", CONTINUE + b"HTTP/1.1 102 Processing\r\n\r\n" + HINTS + HELLO),
    good("interim-10", "Ten interim responses, then the answer.", HINTS * 10 + HELLO),
    good("interim-until-close", "100, then a body ended by FIN.", CONTINUE + CLOSING + b"hello", FIN),
    wrong("interim-then-404", "100, then 404.", CONTINUE + answer(b"no", status=b"404 Not Found")),
    bad("interim-11", "Eleven interim responses, then the answer.", HINTS * 11 + HELLO),
    bad("interim-endless", "Interim responses without end.", Endless(HINTS * 10)),
    bad("interim-bad", "An interim response with a field that has no colon.", b"HTTP/1.1 103 Hm\r\nnonsense\r\n\r\n" + HELLO,
        FIN),
    bad("interim-then-101", "100, then 101.", CONTINUE + b"HTTP/1.1 101 Switching Protocols\r\n\r\n", FIN),
    link("refused", "Nobody listens on the port.", template="{refused}/{name}", expects="ConnectError", requests=0),
    link("no-such-host", "A name that does not exist.", template="http://nosuch.invalid/{name}", expects="ResolveError",
         requests=0),
    link("connection-close", "Connection: close, and FIN.", answer(b"hello", b"Connection: close"), FIN, body=b"hello"),
    link("connection-close-stays", "Connection: close, and no FIN.", answer(b"hello", b"Connection: close"), body=b"hello"),
    link("keep-alive-lie", "Keep-Alive announced, then FIN at once.", answer(b"hello", b"Keep-Alive: timeout=60"), CUT,
         body=b"hello"),
    link("upgrade-offered", "200 with an offer of h2c.", answer(b"hello", b"Upgrade: h2c", b"Connection: Upgrade"),
         body=b"hello"),
    link("proxy-connection", "200 with Proxy-Connection.", answer(b"hello", b"Proxy-Connection: close"), body=b"hello"),
    link("accept-reset", "RST as soon as the connection is accepted.", template="{reset}/{name}", expects="BadResponse",
         requests=0),
    link("alt-svc", "200 with Alt-Svc to a refused port.", answer(b"hello", b'Alt-Svc: h2=":1"; ma=60'), body=b"hello"),
    link("refresh", "200 with Refresh, which is not a redirect.", answer(b"hello", b"Refresh: 0; url=/elsewhere"), body=b"hello"),
    link("redirect-to-refused", "A redirect to a port where nobody listens.",
         b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: {refused}/{name}/done\r\n\r\n", expects="ConnectError"),
    link("redirect-to-no-host", "A redirect to a name that does not exist.",
         b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: http://nosuch.invalid/\r\n\r\n", expects="ResolveError"),
)
