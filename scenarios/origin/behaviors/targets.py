"""Location: everything that it can hold, usable or not.

The contract: exactly one Location, read by RFC 3986 against the URL that was asked for; http(s) only; no credentials inside;
and whatever makes a URL invalid makes a redirect unusable.
"""

from __future__ import annotations

from scenarios.origin.behavior import Behavior, Rows
from scenarios.origin.messages import answer, moved
from scenarios.origin.steps import refuse

DONE = answer(b"done")
ELSEWHERE = answer(b"nobody was to come here")
followed = Rows("redirects", body=b"done", requests=2, template="{http}/{name}/a/b?c=d")
wrong = Rows("redirects", expects="RedirectError", pages={"/done": (ELSEWHERE,)})


def to(name: str, says: str, location: bytes, final: str) -> Behavior:
    """A Location that is followed to /NAME + `final`, asked for from /NAME/a/b?c=d."""
    return followed(f"location-{name}", says, moved(location), pages={final: (DONE,)}, final="/{name}" + final)


def not_to(name: str, says: str, location: bytes) -> Behavior:
    """A Location that is not followed."""
    return wrong(f"location-{name}", says, moved(location))


TABLE = (
    to("absolute", "An absolute URL.", b"{http}/{name}/done", "/done"),
    to("path", "An absolute path.", b"/{name}/done", "/done"),
    to("sibling", "A relative path.", b"e", "/a/e"),
    to("dot", "A relative path that starts with a dot.", b"./e", "/a/e"),
    to("up", "A relative path that goes up.", b"../e", "/e"),
    to("down", "A relative path that goes down.", b"e/f", "/a/e/f"),
    to("query", "A query alone.", b"?e=f", "/a/b?e=f"),
    to("path-and-query", "A relative path with a query.", b"e?f=g", "/a/e?f=g"),
    to("slash", "A relative path that ends with a slash.", b"e/", "/a/e/"),
    to("network", "A URL without its scheme.", b"//127.0.0.1:{http.port}/{name}/done", "/done"),
    to("fragment", "A path with a fragment, which is not sent.", b"/{name}/done#part", "/done"),
    to("blanks-around", "Blanks and tabs around the value.", b" \t /{name}/done \t ", "/done"),
    to("upper-case", "The scheme in capitals.", b"HTTP://127.0.0.1:{http.port}/{name}/done", "/done"),
    to("escapes", "Escapes, left as they are.", b"/{name}/%7e%e2%2F%41", "/%7e%e2%2F%41"),
    to("colon", "A colon in a later segment.", b"e/f:g", "/a/e/f:g"),
    to("path-dots", "Dots in an absolute path, which are resolved.", b"/{name}/x/.././y/../done", "/done"),
    to("path-up-and-up", "An absolute path that goes up beyond its root.", b"/../../{name}/./done", "/done"),
    to("path-dots-last", "An absolute path that ends with dots.", b"/{name}/x/y/..", "/x/"),
    to("absolute-dots", "Dots in an absolute URL.", b"{http}/x/../{name}/done?a=/../b", "/done?a=/../b"),
    to("network-dots", "Dots in a URL without its scheme.", b"//127.0.0.1:{http.port}/x/../{name}/done", "/done"),
    to("escaped-dots", "Escaped dots, which are left as they are.", b"/{name}/%2e%2e/done", "/%2e%2e/done"),
    to("query-url", "A URL in the query.", b"/{name}/done?to=http://elsewhere.invalid/?x",
       "/done?to=http://elsewhere.invalid/?x"),
    to("bracket", "A bracket in the path, which becomes an escape.", b"/{name}/do[ne", "/do%5Bne"),
    to("bare-percent", "A percent sign that is no escape, which becomes one.", b"/{name}/100%", "/100%25"),
    to("utf8", "UTF-8 in the path, which becomes escapes.", "/{name}/caf\u00e9".encode(), "/caf%C3%A9"),
    followed("location-lower-case", "The field is called location.", moved(b"/{name}/done").replace(b"Loc", b"loc"),
             pages={"/done": (DONE,)}, final="/{name}/done"),
    followed("location-no-cookies", "A relative Location; nothing but the fixed fields is sent.", moved(b"e"),
             pages={"/a/e": (refuse(b"\r\ncookie"), refuse(b"\r\nreferer"), DONE)}, final="/{name}/a/e"),
    wrong("location-missing", "302 without Location.", answer(b"", status=b"302 Found")),
    wrong("location-missing-301", "301 without Location, with a link in its body.",
          answer(b'<a href="/hello">moved</a>', status=b"301 Moved Permanently")),
    wrong("location-twice", "Two different Locations.", moved(b"/{name}/done", b"Location: /{name}/elsewhere")),
    wrong("location-twice-equal", "Two equal Locations.", moved(b"/{name}/done", b"Location: /{name}/done")),
    wrong("location-content", "Content-Location, which is not Location.",
          answer(b"", b"Content-Location: /{name}/done", status=b"302 Found")),
    not_to("empty", "An empty Location.", b""),
    not_to("ftp", "ftp:.", b"ftp://127.0.0.1/{name}/done"),
    not_to("file", "file:.", b"file:///etc/hosts"),
    not_to("file-host", "file: with a host.", b"file://localhost/etc/hosts"),
    not_to("javascript", "javascript:.", b"javascript:alert(1)"),
    not_to("data", "data:.", b"data:text/plain,hello"),
    not_to("mailto", "mailto:.", b"mailto:somebody@example.invalid"),
    not_to("ws", "ws:.", b"ws://127.0.0.1:{http.port}/{name}/done"),
    not_to("gopher", "gopher:.", b"gopher://127.0.0.1:{http.port}/_hello"),
    not_to("unknown-scheme", "A scheme that does not exist.", b"httpx://127.0.0.1:{http.port}/{name}/done"),
    not_to("credentials", "Credentials in Location.", b"http://user:pw@127.0.0.1:{http.port}/{name}/done"),
    not_to("user", "A user in Location.", b"http://user@127.0.0.1:{http.port}/{name}/done"),
    not_to("user-network", "A user in a Location without a scheme.", b"//user@127.0.0.1:{http.port}/{name}/done"),
    not_to("space", "A blank within the path.", b"/{name}/do ne"),
    not_to("space-host", "A blank within the host.", b"http://127.0.0.1 .invalid/{name}/done"),
    not_to("tab", "A tab within the path.", b"/{name}/do\tne"),
    not_to("backslash", "A backslash in the path.", b"/{name}\\done"),
    not_to("backslash-network", "Backslashes for slashes before the host.", b"\\\\127.0.0.1:{http.port}/{name}/done"),
    not_to("backslash-at", "A backslash before @, which hides the host from some.",
           b"http://elsewhere.invalid\\@127.0.0.1:{http.port}/{name}/done"),
    not_to("port-word", "A port that is a word.", b"http://127.0.0.1:port/{name}/done"),
    not_to("port-99999", "Port 99999.", b"http://127.0.0.1:99999/{name}/done"),
    not_to("port-0", "Port 0.", b"http://127.0.0.1:0/{name}/done"),
    not_to("port-minus", "Port -1.", b"http://127.0.0.1:-1/{name}/done"),
    not_to("no-host", "http: without a host.", b"http:///{name}/done"),
    not_to("no-slashes", "http: without slashes.", b"http:/{name}/done"),
    not_to("numeric-host", "127.0.0.1 as one number.", b"http://2130706433:{http.port}/{name}/done"),
    not_to("open-bracket", "An IPv6 address that is not closed.", b"http://[::1/{name}/done"),
    not_to("too-long", "A URL of more than 8,000 characters, in a line of less than 8 KiB.", b"/{name}/" + b"x" * 8000),
)
