"""URLs: what is refused before any I/O, and what reaches the wire of the others.

The contract: one rule for all frameworks, checked before a name is looked up; existing escapes and dots stay as they are.
"""

from __future__ import annotations

from scenarios.origin.behavior import Behavior, Rows
from scenarios.origin.listeners import has_ipv6
from scenarios.origin.messages import HELLO
from scenarios.origin.steps import Demand, refuse

row = Rows("urls", body=b"hello")
invalid = Rows("urls", expects="InvalidURL", requests=0)
HERE = "http://127.0.0.1:{http.port}"


def sent(name: str, says: str, after: str, wire: str | None = None) -> Behavior:
    """What follows /NAME in the URL, and what of it reaches the wire; the same if not told."""
    name = f"url-{name}"
    return row(name, says, HELLO, template="{http}/{name}" + after, wire="/{name}" + (after if wire is None else wire))


def never(name: str, says: str, template: str) -> Behavior:
    """A URL that is refused."""
    return invalid(f"url-{name}", says, HELLO, template=template)


def login(name: str, says: str, userinfo: str, basic: bytes) -> Behavior:
    """A URL with credentials, and the Basic value that has to come."""
    return row(f"url-{name}", says, Demand(b"\r\nauthorization: basic " + basic), HELLO,
               template="http://" + userinfo + "@127.0.0.1:{http.port}/{name}")  # fmt: skip


TABLE = (
    sent("plain", "Nothing odd.", "/page.html"),
    sent("query", "A query.", "?a=b&c=d"),
    sent("query-empty", "A question mark and an empty query, which stays.", "?"),
    sent("query-plus", "A plus sign in the query, which stays.", "?a=b+c"),
    sent("query-slash", "Slashes, colons and question marks in the query.", "?to=http://x/?y"),
    sent("fragment", "A fragment, which is not sent.", "#part", ""),
    sent("query-fragment", "A query, then a fragment.", "?a=b#part", "?a=b"),
    sent("fragment-question", "A question mark within a fragment.", "#part?x", ""),
    sent("dots", "Dots in the path, which stay.", "/x/../y/./z"),
    sent("dots-escaped", "Escaped dots in the path, which stay.", "/x/%2e%2e/y"),
    sent("double-slash", "Two slashes in the path, which stay.", "//x///y"),
    sent("escape-lower", "Escapes in lower case, which stay.", "/%e2%82%ac"),
    sent("escape-tilde", "An escape that nobody needs, which stays.", "/%7E%41"),
    sent("escape-slash", "An escaped slash, which stays.", "/a%2Fb"),
    sent("escape-percent", "An escaped percent sign, which stays.", "/100%25"),
    sent("escape-crlf", "Escaped CR LF, which stays escaped.", "/a%0d%0aX-Injected:%20yes"),
    sent("marks", "Every mark that a path may have.", "/-._~!$&'()*+,;=:@"),
    sent("parameters", "Parameters in the path.", "/a;b=c/d;e"),
    sent("path-utf8", "Letters beyond ASCII in the path, which become escaped UTF-8.", "/caf\u00e9/\u2603",
         "/caf%C3%A9/%E2%98%83"),
    sent("path-astral", "A character beyond 16 bits.", "/\U0001f40d", "/%F0%9F%90%8D"),
    sent("query-utf8", "Letters beyond ASCII in the query.", "?q=\u00fc\u4e2d", "?q=%C3%BC%E4%B8%AD"),
    sent("path-combining", "A combining accent, which is not composed.", "/e\u0301", "/e%CC%81"),
    sent("path-utf8-and-escape", "Letters beyond ASCII beside an escape.", "/\u00e9%e9", "/%C3%A9%e9"),
    sent("bracket-path", "A bracket in the path, which becomes an escape.", "/a[b", "/a%5Bb"),
    sent("brackets-query", "Brackets in the query, which become escapes.", "?a[]=b", "?a%5B%5D=b"),
    sent("quotes", "Quotes, braces and the like, which become escapes.", '/"<>^`{|}', "/%22%3C%3E%5E%60%7B%7C%7D"),
    sent("bare-percent", "A percent sign that is no escape, which becomes one.", "/100%", "/100%25"),
    sent("bad-escape", "A percent sign before what is not hex.", "/%zz", "/%25zz"),
    sent("half-escape", "Half an escape.", "/%4", "/%254"),
    row("url-empty-path", "No path, only a query.", HELLO, template="{http}?{name}", wire="/?{name}"),
    row("url-upper-case", "Scheme and host in capitals.", HELLO, template="HTTP://LOCALHOST:{http.port}/{name}", wire="/{name}"),
    row("url-localhost", "localhost.", HELLO, template="http://localhost:{http.port}/{name}"),
    row("url-8000", "8,000 characters, as many as are allowed.", HELLO, template="{http}/{name}/{pad:8000}"),
    *([row("url-ipv6", "An IPv6 literal.", HELLO, template="http://[::1]:{http.port}/{name}")] if has_ipv6() else []),
    login("credentials", "A user and a password.", "user:pw", b"dXNlcjpwdw=="),
    login("user-only", "A user without a password.", "user", b"dXNlcjo="),
    login("password-only", "A password without a user.", ":pw", b"OnB3"),
    login("password-escaped", "An escaped @ in the password, sent as @.", "user:p%40w", b"dXNlcjpwQHc="),
    login("password-colon", "A colon in the password.", "user:p:w", b"dXNlcjpwOnc="),
    row("url-fixed-fields", "No cookie, no Referer, no credentials.", refuse(b"\r\ncookie"), refuse(b"\r\nreferer"),
        refuse(b"\r\nauthorization"), HELLO),
    row("url-accept", "Accept and Accept-Encoding are the contract's.", Demand(b"\r\naccept: */*\r\n"),
        Demand(b"\r\naccept-encoding: gzip, deflate\r\n"), HELLO),
    row("url-user-agent", "User-Agent is the contract's.", Demand(b"\r\nuser-agent: interop/"), HELLO),
    row("url-host", "Host is the URL's, with its port.", Demand(b"\r\nhost: 127.0.0.1:{http.port}\r\n"), HELLO),
    never("empty", "Nothing.", ""),
    never("blank", "A blank.", " "),
    never("no-scheme", "Host and path without a scheme.", "127.0.0.1:{http.port}/{name}"),
    never("no-scheme-slashes", "Two slashes without a scheme.", "//127.0.0.1:{http.port}/{name}"),
    never("path-only", "A path.", "/{name}"),
    never("scheme-only", "A scheme and nothing else.", "http:"),
    never("scheme-slashes", "A scheme and two slashes.", "http://"),
    never("one-slash", "One slash after the scheme.", "http:/127.0.0.1:{http.port}/{name}"),
    never("three-slashes", "Three slashes after the scheme: no host.", "http:///{name}"),
    never("no-host-port", "A port and no host.", "http://:{http.port}/{name}"),
    never("no-host-user", "Credentials and no host.", "http://user:pw@/{name}"),
    never("no-host-query", "A query and no host.", "http://?{name}"),
    never("ftp", "ftp:.", "ftp://127.0.0.1:{http.port}/{name}"),
    never("file", "file:.", "file:///etc/hosts"),
    never("data", "data:.", "data:text/plain,hello"),
    never("javascript", "javascript:.", "javascript:alert(1)"),
    never("ws", "ws:.", "ws://127.0.0.1:{http.port}/{name}"),
    never("unknown-scheme", "A scheme that does not exist.", "httpx://127.0.0.1:{http.port}/{name}"),
    never("space-path", "A blank in the path.", "{http}/{name}/a b"),
    never("space-query", "A blank in the query.", "{http}/{name}?a b"),
    never("space-before", "A blank before the scheme.", " {http}/{name}"),
    never("space-after", "A blank at the end.", "{http}/{name} "),
    never("space-host", "A blank in the host.", "http://127.0.0.1 :{http.port}/{name}"),
    never("lf-after", "A line feed at the end.", "{http}/{name}\n"),
    never("crlf-path", "CR LF and a field in the path.", "{http}/{name}/a\r\nX-Injected: yes"),
    never("crlf-query", "CR LF and a field in the query.", "{http}/{name}?a\r\nX-Injected:yes"),
    never("crlf-host", "CR LF in the host.", "http://127.0.0.1\r\n:{http.port}/{name}"),
    never("tab", "A tab in the path.", "{http}/{name}/a\tb"),
    never("tab-scheme", "A tab in the scheme, which some drop.", "ht\ttp://127.0.0.1:{http.port}/{name}"),
    never("nul", "A NUL in the path.", "{http}/{name}/a\0b"),
    never("escape", "An escape character in the path.", "{http}/{name}/a\x1bb"),
    never("del", "A DEL in the path.", "{http}/{name}/a\x7fb"),
    never("surrogate", "Half a surrogate pair, which UTF-8 has no bytes for.", "{http}/{name}/\ud83d"),
    never("backslash-path", "A backslash in the path.", "{http}/{name}\\x"),
    never("backslash-slashes", "Backslashes for slashes.", "http:\\\\127.0.0.1:{http.port}\\{name}"),
    never("backslash-at", "A backslash before @, which hides the host from some.",
          "http://elsewhere.invalid\\@127.0.0.1:{http.port}/{name}"),
    never("port-0", "Port 0.", "http://127.0.0.1:0/{name}"),
    never("port-65536", "Port 65536.", "http://127.0.0.1:65536/{name}"),
    never("port-99999", "Port 99999.", "http://127.0.0.1:99999/{name}"),
    never("port-huge", "A port of 5,000 digits.", "http://127.0.0.1:" + "9" * 5000 + "/{name}"),
    never("port-minus", "Port -1.", "http://127.0.0.1:-1/{name}"),
    never("port-plus", "Port +80.", "http://127.0.0.1:+80/{name}"),
    never("port-word", "A port that is a word.", "http://127.0.0.1:http/{name}"),
    never("port-wide-digit", "A port in full-width digits, which int() takes.", "http://127.0.0.1:\uff18\uff10/{name}"),
    never("port-underscore", "Port 8_0, which int() takes.", "http://127.0.0.1:8_0/{name}"),
    never("two-ports", "Two ports.", "http://127.0.0.1:80:{http.port}/{name}"),
    never("bare-ipv6", "An IPv6 address without brackets.", "http://::1/{name}"),
    never("open-bracket", "An IPv6 address that is not closed.", "http://[::1/{name}"),
    never("bracket-name", "A name in brackets.", "http://[localhost]:{http.port}/{name}"),
    never("after-bracket", "Text between bracket and port.", "http://[::1]x:{http.port}/{name}"),
    never("zone", "An IPv6 address with a zone.", "http://[fe80::1%25lo]:{http.port}/{name}"),
    never("host-empty-label", "A host with an empty label.", "http://local..host:{http.port}/{name}"),
    never("host-long-label", "A host with a label of 64 letters.", "http://" + "x" * 64 + ".invalid/{name}"),
    never("numeric-host", "127.0.0.1 as one number.", "http://2130706433:{http.port}/{name}"),
    never("numeric-hex", "127.0.0.1 as one hex number.", "http://0x7f000001:{http.port}/{name}"),
    never("numeric-octal", "127.0.0.1 with an octal part.", "http://0177.0.0.1:{http.port}/{name}"),
    never("numeric-short", "127.0.0.1 in two parts.", "http://127.1:{http.port}/{name}"),
    never("numeric-over", "An address with a part over 255.", "http://127.0.0.256:{http.port}/{name}"),
    never("8001", "8,001 characters, one more than are allowed.", "{http}/{name}/{pad:8001}"),
)
