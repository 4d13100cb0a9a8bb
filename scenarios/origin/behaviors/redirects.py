"""Redirects: which are followed, how far, and what becomes of their bodies and of credentials.

The contract: 301, 302, 303, 307, 308; ten at most; the body of a redirect is never read; credentials never cross an origin.
"""

from __future__ import annotations

from functools import partial

from scenarios.origin.behavior import Behavior, Rows
from scenarios.origin.messages import CHUNKED, MIB, answer, gzipped, moved, pattern
from scenarios.origin.steps import FIN, RESET, Demand, Endless, Move, Script, refuse

DONE = answer(b"done")
followed = Rows("redirects", body=b"done", requests=2, final="/{name}/done", pages={"/done": (DONE,)})
wrong = Rows("redirects", expects="RedirectError")
NO_BASIC = refuse(b"\r\nauthorization")
BASIC = b"authorization: basic dXNlcjpwdw=="
TO_DONE = b"HTTP/1.1 302 Found\r\nLocation: /{name}/done\r\n"


def hops(count: int, status: bytes = b"302 Found") -> dict[str, Script]:
    """Pages that lead from /1 to /done in `count` hops, the first of which starts at no page in particular."""
    there = [f"/{number}" for number in range(1, count)] + ["/done"]
    pages: dict[str, Script] = {"/done": (DONE,)}
    for here, next_ in zip(["", *there], there, strict=False):
        pages[here] = (moved(b"/{name}" + next_.encode(), status=status),)
    return pages


def chain(count: int, **more: object) -> Behavior:
    """A chain of redirects that ends."""
    return followed(f"chain-{count}", f"{count} redirects, then the answer.", pages=hops(count),
                    **{"requests": count + 1, **more})


def status(code: bytes) -> Behavior:
    """One redirect with this status."""
    return followed(f"redirect-{code[:3].decode()}", f"{code.decode()}.", moved(b"/{name}/done", status=code))


def across(name: str, says: str, location: bytes, done: Move = NO_BASIC, **more: object) -> Behavior:
    """A redirect asked for with credentials, which the first request must hold."""
    given = {"template": "http://user:pw@127.0.0.1:{http.port}/{name}", "pages": {"/done": (done, DONE)}, **more}
    return followed(name, says, Demand(BASIC), moved(location), **given)


TABLE = (
    status(b"301 Moved Permanently"),
    status(b"302 Found"),
    status(b"303 See Other"),
    status(b"307 Temporary Redirect"),
    status(b"308 Permanent Redirect"),
    chain(2),
    chain(5),
    chain(10, requests=11),
    wrong("chain-11", "11 redirects, one more than are followed.", pages=hops(11), requests=11),
    wrong("chain-over-own-limit", "Three redirects where two are allowed.", pages=hops(3), requests=3,
          limits={"max_redirects": 2}),
    followed("chain-at-own-limit", "Two redirects where two are allowed.", pages=hops(2), requests=3,
             limits={"max_redirects": 2}),
    wrong("redirect-none-allowed", "One redirect where none is allowed.", moved(b"/{name}/done"), limits={"max_redirects": 0}),
    wrong("loop-self", "A redirect to itself.", moved(b"/{name}"), requests=11),
    wrong("loop-two", "Two pages that point to each other.", moved(b"/{name}/b"), pages={"/b": (moved(b"/{name}"),)},
          requests=11),
    wrong("loop-two-origins", "Two origins that point to each other.", moved(b"{other}/{name}/b"),
          pages={"/b": (moved(b"{http}/{name}"),)}, requests=11),
    wrong("loop-growing", "A redirect to a longer path every time.", moved(b"more/{name}"), template="{http}/{name}/",
          requests=11),
    wrong("loop-fragment", "A redirect to itself, told apart by a fragment only.", moved(b"/{name}#again"), requests=11),
    followed("redirect-body", "A redirect with a body.", answer(b"elsewhere", b"Location: /{name}/done", status=b"302 Found")),
    followed("redirect-body-1m", "A redirect with 1 MiB, where 1,000 bytes are allowed.",
             partial(answer, pattern(MIB), b"Location: /redirect-body-1m/done", status=b"302 Found"), limits={"max_body": 1000}),
    followed("redirect-body-chunked", "A redirect in chunks.",
             TO_DONE + CHUNKED.split(b"\r\n", 1)[1] + b"4\r\ngone\r\n0\r\n\r\n"),
    followed("redirect-body-until-close", "A redirect without framing, ended by FIN.", TO_DONE + b"\r\nelsewhere", FIN),
    followed("redirect-body-endless", "A redirect with a body without end.", TO_DONE + b"\r\n", Endless(b"elsewhere " * 500)),
    followed("redirect-body-endless-chunks", "A redirect with chunks without end.",
             TO_DONE + b"Transfer-Encoding: chunked\r\n\r\n",
             Endless(b"5\r\nhello\r\n" * 500)),
    followed("redirect-body-astronomic", "A redirect with Content-Length: 10**30 and no body.",
             TO_DONE + b"Content-Length: 1%s\r\n\r\n" % (b"0" * 30)),
    followed("redirect-body-never", "A redirect whose promised body never comes.", TO_DONE + b"Content-Length: 5\r\n\r\n"),
    followed("redirect-body-cut", "A redirect whose body is cut by FIN.", TO_DONE + b"Content-Length: 5\r\n\r\nhe", FIN),
    followed("redirect-body-reset", "A redirect whose body is cut by RST.", TO_DONE + b"Content-Length: 5\r\n\r\nhe", RESET),
    followed("redirect-body-bad-chunks", "A redirect whose chunks are none.", TO_DONE + b"Transfer-Encoding: chunked\r\n\r\nno",
             FIN),
    followed("redirect-bad-gzip", "A redirect whose gzip is not gzip.", TO_DONE + b"Content-Encoding: gzip\r\n\r\nno", FIN),
    followed("redirect-unknown-coding", "A redirect in a coding that is not known.", TO_DONE + b"Content-Encoding: br\r\n\r\nno",
             FIN),
    wrong("redirect-bad-length", "A redirect with Content-Length: no.", TO_DONE + b"Content-Length: no\r\n\r\n", FIN,
          expects="BadResponse"),
    followed("redirect-after-1xx", "100, then a redirect.", b"HTTP/1.1 100 Continue\r\n\r\n", moved(b"/{name}/done")),
    followed("redirect-http10", "A redirect in HTTP/1.0.", TO_DONE.replace(b"1.1", b"1.0") + b"\r\n", FIN),
    followed("redirect-to-gzip", "A redirect to gzip.", moved(b"/{name}/done"),
             pages={"/done": (answer(gzipped(b"done"), b"Content-Encoding: gzip"),)}),
    followed("redirect-cookie", "A redirect that sets a cookie, which must not come back.",
             moved(b"/{name}/done", b"Set-Cookie: a=b; Path=/"),
             pages={"/done": (refuse(b"\r\ncookie"), DONE)}),
    followed("redirect-referer", "A redirect after which no Referer must come.", moved(b"/{name}/done"),
             pages={"/done": (refuse(b"\r\nreferer"), DONE)}),
    followed("redirect-big-answer", "A redirect to 1 MiB.", moved(b"/{name}/done"), body=partial(pattern, MIB),
             pages={"/done": (partial(answer, pattern(MIB)),)}),
    wrong("redirect-to-404", "A redirect to 404.", moved(b"/{name}/done"),
          pages={"/done": (answer(b"", status=b"404 Not Found"),)},
          requests=2, expects="StatusError"),
    wrong("redirect-to-large", "A redirect to more than is allowed.", moved(b"/{name}/done"),
          pages={"/done": (answer(bytes(1001)),)},
          requests=2, expects="TooLarge", limits={"max_body": 1000}),
    wrong("redirect-to-304", "A redirect to 304.", moved(b"/{name}/done"), requests=2, expects="StatusError",
          pages={"/done": (b"HTTP/1.1 304 Not Modified\r\n\r\n",)}),
    across("credentials-same-origin", "Credentials go along to the same origin.", b"/{name}/done", Demand(BASIC)),
    across("credentials-other-port", "Credentials do not go to another port.", b"{other}/{name}/done"),
    across("credentials-other-host", "Credentials do not go to another host.", b"http://localhost:{http.port}/{name}/done"),
    across("credentials-other-scheme", "Credentials do not go to another scheme.", b"{https}/{name}/done"),
    across("credentials-there-and-back", "Credentials do not come back once they were dropped.", b"{other}/{name}/away",
           requests=3,
           pages={"/away": (NO_BASIC, moved(b"{http}/{name}/done")),
                  "/done": (NO_BASIC, DONE)}),
    across("credentials-https-to-http", "Credentials do not go from https to http.", b"http://localhost:{http.port}/{name}/done",
           template="https://user:pw@localhost:{https.port}/{name}"),
    followed("redirect-http-to-https", "From http to https.", moved(b"{https}/{name}/done")),
    followed("redirect-https-to-http", "From https to http.", moved(b"{http}/{name}/done"), template="{https}/{name}"),
    followed("redirect-https", "From https to the same https.", moved(b"/{name}/done"), template="{https}/{name}"),
    followed("redirect-other-port", "To another port.", moved(b"{other}/{name}/done")),
    wrong("redirect-bad-certificate", "To https with an expired certificate.", moved(b"{expired}/{name}/done"),
          expects="TLSError"),
)
