"""URLs: one text, one request, in every framework; no password anywhere."""

import base64
import re
import time
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenarios.fetch_and_save import urls
from scenarios.fetch_and_save.errors import InvalidURL
from scenarios.fetch_and_save.urls import MAX_URL, URL, parse, without_credentials

SECRET = "Hunter2"
BASE = parse("http://a/b/c/d;p?q")

# RFC 3986, section 5.4.
RESOLVED = {
    "g": "/b/c/g",
    "./g": "/b/c/g",
    "g/": "/b/c/g/",
    "/g": "/g",
    "?y": "/b/c/d;p?y",
    "g?y": "/b/c/g?y",
    "#s": "/b/c/d;p?q",
    "g#s": "/b/c/g",
    "g?y#s": "/b/c/g?y",
    ";x": "/b/c/;x",
    "g;x": "/b/c/g;x",
    "g;x?y#s": "/b/c/g;x?y",
    ".": "/b/c/",
    "./": "/b/c/",
    "..": "/b/",
    "../": "/b/",
    "../g": "/b/g",
    "../..": "/",
    "../../": "/",
    "../../g": "/g",
    "../../../g": "/g",
    "../../../../g": "/g",
    "/./g": "/g",
    "/../g": "/g",
    "g.": "/b/c/g.",
    ".g": "/b/c/.g",
    "g..": "/b/c/g..",
    "..g": "/b/c/..g",
    "./../g": "/b/g",
    "./g/.": "/b/c/g/",
    "g/./h": "/b/c/g/h",
    "g/../h": "/b/c/h",
    "g;x=1/./y": "/b/c/g;x=1/y",
    "g;x=1/../y": "/b/c/y",
    "g?y/./x": "/b/c/g?y/./x",
    "g?y/../x": "/b/c/g?y/../x",
    "g#s/./x": "/b/c/g",
    "g#s/../x": "/b/c/g",
    # And what urljoin() makes something else of.
    "g?": "/b/c/g?",
    "?": "/b/c/d;p?",
    "g//h": "/b/c/g//h",
    "..//h": "/b//h",
    "%2e%2e/g": "/b/c/%2e%2e/g",
    "\u00e9?\u00e9": "/b/c/%C3%A9?%C3%A9",
}


@pytest.mark.parametrize(("reference", "target"), RESOLVED.items())
def test_a_location_is_resolved_as_rfc_3986_has_it(reference: str, target: str) -> None:
    assert BASE.join(reference) == URL("http", "a", 80, target)


def test_empty_segments_of_the_base_stay() -> None:
    assert parse("http://a/b//c").join("../x").target == "/b/x"
    assert parse("http://a//b").join("x").target == "//x"
    assert parse("http://a").join("x").target == "/x"


def test_a_location_may_name_another_origin() -> None:
    assert BASE.join("//g") == URL("http", "g", 80, "/")
    assert BASE.join("https://g:8443/x?y#z") == URL("https", "g", 8443, "/x?y")


@pytest.mark.parametrize(
    "location",
    ["", "g:h", "http:g", "ftp://a/", "javascript:x", "//", "///x", "http://", "/a b", "g\r\n", "\\g", "x\ty", "#\ud800"],
)
def test_a_location_that_names_nothing_to_fetch_is_refused(location: str) -> None:
    with pytest.raises(InvalidURL):
        BASE.join(location)


SENT = {
    "http://h": "/",
    "http://h?": "/?",
    "http://h#f": "/",
    "http://h/?": "/?",
    "http://h/?#": "/?",
    "http://h/%e2%7E%41": "/%e2%7E%41",
    "http://h/%": "/%25",
    "http://h/%4": "/%254",
    "http://h/%zz%41": "/%25zz%41",
    "http://h/x/../y/./z": "/x/../y/./z",
    "http://h/x/%2e%2e/y": "/x/%2e%2e/y",
    "http://h//": "//",
    'http://h/[1]{2}|3^4`5"6<7>': "/%5B1%5D%7B2%7D%7C3%5E4%605%226%3C7%3E",
    "http://h/-._~!$&'()*+,;=:@/?-._~!$&'()*+,;=:@/?": "/-._~!$&'()*+,;=:@/?-._~!$&'()*+,;=:@/?",
    "http://h/\u00e9?\u20ac=\U0001f600": "/%C3%A9?%E2%82%AC=%F0%9F%98%80",
    "http://h/\x85\xa0\u2028": "/%C2%85%C2%A0%E2%80%A8",
    "http://h/http://other/": "/http://other/",
}


@pytest.mark.parametrize(("text", "target"), SENT.items())
def test_what_is_sent_is_what_was_asked_for(text: str, target: str) -> None:
    assert parse(text).target == target


PLACES = {
    "HTTP://EXAMPLE.COM/": ("http", "example.com", 80, "example.com"),
    "https://example.com:443/": ("https", "example.com", 443, "example.com"),
    "http://example.com:443/": ("http", "example.com", 443, "example.com:443"),
    "http://example.com:/": ("http", "example.com", 80, "example.com"),
    "http://example.com:00080/": ("http", "example.com", 80, "example.com"),
    "http://example.com./": ("http", "example.com.", 80, "example.com."),
    "http://under_score/": ("http", "under_score", 80, "under_score"),
    "http://127.0.0.1:8080/": ("http", "127.0.0.1", 8080, "127.0.0.1:8080"),
    "http://[::1]:8080/": ("http", "::1", 8080, "[::1]:8080"),
    "http://[0:0:0:0:0:0:0:1]/": ("http", "::1", 80, "[::1]"),
    "http://[::FFFF:127.0.0.1]/": ("http", "::ffff:7f00:1", 80, "[::ffff:7f00:1]"),
    "http://b\u00fccher.example/": ("http", "xn--bcher-kva.example", 80, "xn--bcher-kva.example"),
    "http://B\u00dcCHER.example/": ("http", "xn--bcher-kva.example", 80, "xn--bcher-kva.example"),
    "http://\uff11\uff12\uff17.0.0.1/": ("http", "127.0.0.1", 80, "127.0.0.1"),
}


@pytest.mark.parametrize(("text", "place"), PLACES.items())
def test_a_place_has_one_name(text: str, place: tuple[str, str, int, str]) -> None:
    url = parse(text)
    assert (url.scheme, url.host, url.port, url.netloc) == place


# fetch-contract.md, section 4: where clients make different requests of one text, nobody makes any.
REFUSED = (
    "",
    "h",
    "//h/",
    "/x",
    "ftp://h/",
    "file:///etc/passwd",
    "data:,x",
    "javascript:alert(1)",
    "http:",
    "http:h",
    "http:/h/",
    "http:///x",
    "http://",
    "http://:80/",
    "http://?x",
    "http\u017f://h/",  # a long s, which is an s where case is ignored
    "http://h:0/",
    "http://h:65536/",
    "http://h:99999/",
    "http://h:-1/",
    "http://h:+80/",
    "http://h:8_0/",
    "http://h:\u0668\u0660/",
    "http://h:80:80/",
    "http://h:x/",
    "http://evil.invalid\\@127.0.0.1/",
    "http:\\\\h\\",
    "http://h /",
    " http://h/",
    "http://h/ ",
    "http://h/a b",
    "http://h/\r\nX: y",
    "http://h/?\n",
    "http://h/#\n",
    "http://h\t/",
    "http://h/\0",
    "http://h/\x7f",
    "http://h\r\n/",
    "http://%31%32%37.0.0.1/",
    "http://h%00/",
    "http://-h/",
    "http://h-/",
    "http://a..b/",
    "http://.h/",
    "http://h../",
    "http://2130706433/",
    "http://0x7f.1/",
    "http://0x7f000001/",
    "http://127.1/",
    "http://127.0.0.01/",
    "http://0177.0.0.1/",
    "http://127.0.0.1./",
    "http://256.0.0.1/",
    "http://1.2.3.4.5/",
    "http://example.1/",
    "http://[::1/",
    "http://::1/",
    "http://[::1]x/",
    "http://x[::1]/",
    "http://[fe80::1%25eth0]/",
    "http://[fe80::1%eth0]/",
    "http://[v1.x]/",
    "http://[127.0.0.1]/",
    "http://[]/",
    "http://h,i/",
    "http://h;i/",
    "http://h|i/",
    "http://h<i/",
    "http://\u2100/",
    "http://h\u3002\u3002i/",
    "http://a\u200d/",
    "http://u@v@h/",
    "http://h/\ud800",
    "http://h/#\udfff",
    "http://\udcffh/",
    "http://" + "h" * 64 + "/",
    "http://" + "h." * 127 + "h/",
    "http://h/" + "x" * MAX_URL,
    "http://" + "\u00e9" * 7000 + "/",
)


@pytest.mark.parametrize("text", REFUSED, ids=lambda text: repr(text[:40]))
def test_what_readers_disagree_about_is_refused(text: str) -> None:
    with pytest.raises(InvalidURL):
        parse(text)


@pytest.mark.parametrize("thing", [None, b"http://h/", 1, ["http://h/"]])
def test_what_is_not_text_is_refused(thing: object) -> None:
    with pytest.raises(InvalidURL):
        parse(thing)  # type: ignore[arg-type]


def test_the_longest_url_is_read() -> None:
    text = "http://h/" + "x" * (MAX_URL - 9)
    assert parse(text).target == text[8:]


WORDS = (
    "http HTTPS ftp : / // \\ @ ? # % %41 %2 [ ] ::1 h example.com 127.0.0.1 1 0x7f 80 :80 :99999 user :pw . .. /../ & = + ; - _"
)
SIGNS = "\u017f\u212a\u00e9\u3002\u00ad\uff0e\uff0f\u2044\ud800\U0001f600\u200d\u0130 \t\r\n\0\x7f\x85"
PARTS = st.sampled_from([*WORDS.split(" "), *SIGNS, "xn--", "xn--a", "\r\n"])
TEXTS = st.one_of(
    st.text(max_size=60),
    st.lists(PARTS, max_size=12).map("".join),
    st.lists(PARTS, max_size=12).map(lambda parts: "http://" + "".join(parts)),
    st.lists(PARTS, max_size=8).map(lambda parts: "https://user:pw@h" + "".join(parts)),
    st.text(max_size=30).map(lambda text: f"http://{text}/"),
    st.text(max_size=60).map(lambda text: f"http://h/{text}"),
)


@given(TEXTS)
def test_any_text_is_a_place_or_is_refused(text: str) -> None:
    try:
        url = parse(text)
    except InvalidURL:
        return
    assert re.fullmatch(r"[a-z0-9_.-]+|[0-9a-f:.]+", url.host)
    assert re.fullmatch(r"/[!-~]*", url.target)
    assert "#" not in url.target
    assert not re.search("%(?![0-9A-Fa-f]{2})", url.target)
    assert 1 <= url.port <= 65535
    assert url.authorization is None or re.fullmatch("Basic [A-Za-z0-9+/=]+", url.authorization)
    # Read again, it is the same place.
    assert parse(str(url)) == URL(url.scheme, url.host, url.port, url.target)


@given(TEXTS)
def test_other_readers_read_the_same_place_from_what_the_clients_are_given(text: str) -> None:
    try:
        url = parse(text)
    except InvalidURL:
        return
    here = (url.scheme, url.host, url.port)

    standard = urlsplit(str(url))
    assert (standard.scheme, standard.hostname, standard.port or {"http": 80, "https": 443}[standard.scheme]) == here

    urllib3 = pytest.importorskip("urllib3.util")
    other = urllib3.parse_url(str(url))
    assert (other.scheme, (other.host or "").strip("[]"), other.port or urls._PORTS[other.scheme]) == here

    yarl = pytest.importorskip("yarl")
    third = yarl.URL(str(url), encoded=True)
    assert (third.scheme, third.raw_host, third.port) == here


@given(TEXTS)
def test_where_a_lenient_reader_sees_a_host_we_see_the_same_or_none(text: str) -> None:
    """The parser differential behind server-side request forgery: one program checks the host, and another connects."""
    try:
        url = parse(text)
        host = urlsplit(text).hostname
    except (InvalidURL, ValueError):
        return
    assert host is not None
    if host.isascii() and ":" not in host:
        assert host == url.host


@given(
    st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters="/?#@\\:%[]"), max_size=10),
    st.text("ab:%40", max_size=6),
)
def test_credentials_are_sent_as_they_were_meant(user: str, password: str) -> None:
    url = parse(f"http://{user}:{password}@h/")
    assert url.authorization is not None
    assert base64.b64decode(url.authorization[6:]).partition(b":")[0] == user.encode()
    assert "@" not in str(url)


def test_credentials_are_decoded_and_may_be_anything() -> None:
    assert parse("http://u%40:p%3A%00\u00e9@h/").authorization == "Basic " + base64.b64encode(b"u@:p:\0\xc3\xa9").decode()
    assert parse("http://user@h/").authorization == "Basic " + base64.b64encode(b"user:").decode()
    assert parse("http://@h/").authorization is None


@given(st.lists(st.one_of(PARTS, st.just(SECRET)), max_size=10).map("".join), st.booleans())
def test_no_message_shows_what_may_be_a_password(text: str, absolute: bool) -> None:
    """Where the URL is malformed, nobody can tell what of it is one: nothing before its last @ is shown."""
    text = f"http://u:{SECRET}{text}@h/" if absolute else f"{text}@"
    try:
        url = parse(text)
        if SECRET in url.target + text.partition("#")[2] or SECRET.lower() in url.host:
            return  # it is none
        said = str(url)
    except InvalidURL as error:
        said = str(error)
    assert SECRET not in said + without_credentials(text)


@given(TEXTS, TEXTS)
def test_joining_gives_a_place_or_is_refused_and_never_keeps_credentials(text: str, location: str) -> None:
    try:
        base = parse(text)
        url = base.join(location)
    except InvalidURL:
        return
    assert url.authorization is None or "@" in location
    assert parse(str(url)) == URL(url.scheme, url.host, url.port, url.target)


@given(st.lists(PARTS, max_size=6).map("".join))
def test_what_stays_within_the_origin_keeps_the_credentials_and_nothing_else_does(location: str) -> None:
    base = parse("http://user:pw@h:81/x/y")
    try:
        url = base.join(location)
    except InvalidURL:
        return
    kept = url.with_credentials_of(base)
    assert (kept.authorization == base.authorization) == (url.origin == ("http", "h", 81))


def test_credentials_once_dropped_stay_dropped() -> None:
    here = parse("http://user:pw@h/")
    for away in ("https://h/", "http://h:81/", "http://i/", "http://h./", "http://sub.h/"):
        there = here.join(away).with_credentials_of(here)
        assert there.authorization is None
        back = there.join("http://h/").with_credentials_of(there)
        assert back == URL("http", "h", 80, "/")


@pytest.mark.parametrize("text", ["http://127.0.0.1:9/" + "a" * 60_000, "@" * 60_000, "http://" + "u:" * 30_000 + "@h/"])
def test_to_leave_out_credentials_takes_no_more_than_the_text_is_long(text: str) -> None:
    began = time.process_time()
    assert "u:" not in without_credentials(text)
    assert time.process_time() - began < 0.5  # seconds; the square of the length took 3.4
