"""A visit: of the same bytes it makes the same page or failure, however they came and whatever the client makes of them."""

import gzip
import http.client
import itertools
import os
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interop import __version__
from scenarios.fetch_and_save.errors import KINDS, BadResponse, FetchAndSaveError, RedirectError, StatusError, TooLarge
from scenarios.fetch_and_save.visit import MAX_REDIRECTS, REDIRECTS, Page, Visit
from tests.scenarios.responses import Response, anything, coded, cuts, good, single, whole
from tests.scenarios.test_wire import FakeSocket

Split = Callable[[bytes], Iterator[bytes]]
SECRET = "Hunter2"
MiB = 1024 * 1024


@dataclass
class Trip:
    """What became of a visit, and what was asked on the way."""

    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    end: Any = None

    @property
    def outcome(self) -> Any:
        """Comparable: the page, or the kind with its message."""
        if isinstance(self.end, FetchAndSaveError):
            return type(self.end), str(self.end), self.asked
        return self.end, self.asked


def travel(url: str, answers: list[bytes], split: Split = whole, **limits: Any) -> Trip:
    """Give each hop its bytes, as a client would that reads with http.client."""
    trip = Trip()
    try:
        visit = Visit(url, **limits)
        for answer in answers:
            trip.asked.append((str(visit.url), dict(visit.headers)))
            if page := hop(visit, answer, split):
                trip.end = page
                return trip
        trip.asked.append((str(visit.url), dict(visit.headers)))
    except FetchAndSaveError as error:
        trip.end = error
    assert type(trip.end) in (*KINDS, Page, type(None))
    return trip


def hop(visit: Visit, answer: bytes, split: Split) -> Page | None:
    with visit.kinds():
        visit.connected()
        seen = b"".join(visit.received(piece) for piece in [*split(answer), b""])
        reader = http.client.HTTPResponse(FakeSocket(seen), method="GET")  # type: ignore[arg-type]
        reader.begin()
        if not visit.answered(reader.status):
            return None
        visit.delivered(reader.read())
        return visit.page()


URL = f"http://user:{SECRET}@h/first"
LOCATIONS = st.sampled_from(
    [
        "/second",
        "second?x",
        "?y",
        "#z",
        "//h/",
        "http://h/",
        "http://h:80/",
        "https://h/",
        "http://h:81/",
        "http://i/",
        "//j/%e2",
        "../..",
    ]
)


@st.composite
def chains(draw: st.DrawFn) -> tuple[list[Response], Response]:
    """Redirects, and the page at the end of them."""
    hops = []
    for location in draw(st.lists(LOCATIONS, max_size=4)):
        hops.append(draw(good(draw(st.sampled_from(sorted(REDIRECTS))), (("Location", location),))))
    return hops, draw(coded())


@given(chains(), cuts())
def test_the_page_at_the_end_of_good_redirects_is_fetched_in_any_split(
    chain: tuple[list[Response], Response], split: Split
) -> None:
    hops, last = chain
    trip = travel(URL, [*(response.wire for response in hops), last.wire], split)
    assert isinstance(trip.end, Page), trip.end
    assert (trip.end.status, trip.end.body) == (last.status, last.body)
    assert trip.end.url == "http://h/first"
    assert trip.end.final_url == trip.asked[-1][0]
    assert trip.end.sha256 == sha256(last.body).hexdigest()
    assert len(trip.asked) == len(hops) + 1


@given(chains())
def test_credentials_stay_with_their_origin_and_are_dropped_for_good(chain: tuple[list[Response], Response]) -> None:
    trip = travel(URL, [*(response.wire for response in chain[0]), chain[1].wire])
    away = False
    for url, headers in trip.asked:
        away = away or not url.startswith("http://h/")
        assert ("Authorization" in headers) == (not away)
        assert SECRET not in url
        assert list(headers)[:4] == ["Host", "User-Agent", "Accept", "Accept-Encoding"]
        assert headers["User-Agent"] == f"interop/{__version__}"
        assert headers["Host"] == url.split("/")[2]


MIXED = st.lists(
    st.one_of(
        anything(),
        LOCATIONS.flatmap(lambda location: good(302, (("Location", location),))).map(lambda response: response.wire),
        st.text(max_size=20).flatmap(lambda text: good(301, (("Location", ascii(text)),))).map(lambda response: response.wire),
    ),
    min_size=1,
    max_size=4,
)


@given(MIXED, cuts(), st.sampled_from([0, 1, 30, 100, 5000, MiB]), st.integers(0, 3))
def test_any_bytes_come_to_the_same_end_in_any_split(
    answers: list[bytes], split: Split, max_body: int, max_redirects: int
) -> None:
    limits: Any = {"max_body": max_body, "max_redirects": max_redirects}
    expected = travel(URL, answers, **limits).outcome
    assert travel(URL, answers, split, **limits).outcome == expected
    if sum(map(len, answers)) < 2000:
        assert travel(URL, answers, single, **limits).outcome == expected


@given(MIXED)
def test_no_message_and_no_page_shows_the_password(answers: list[bytes]) -> None:
    end = travel(URL, answers).end
    shown = str(end) if isinstance(end, FetchAndSaveError) else repr(end)
    assert SECRET not in shown
    assert "\n" not in shown


def found(location: str) -> bytes:
    return b"HTTP/1.1 302 Found\r\nLocation: " + location.encode() + b"\r\nContent-Length: 0\r\n\r\n"


def page(body: bytes, *fields: str) -> bytes:
    head = "\r\n".join(["HTTP/1.1 200 OK", f"Content-Length: {len(body)}", *fields, "", ""])
    return head.encode() + body


def test_ten_redirects_are_followed_and_not_one_more() -> None:
    assert travel(URL, [found("/")] * MAX_REDIRECTS + [page(b"x")]).end.body == b"x"
    end = travel(URL, [found("/")] * (MAX_REDIRECTS + 1) + [page(b"x")])
    assert type(end.end) is RedirectError
    assert len(end.asked) == MAX_REDIRECTS + 1


@pytest.mark.parametrize("size", [0, 1, 1000])
def test_the_body_may_be_as_long_as_the_limit_and_not_one_byte_longer(size: int) -> None:
    def chunked(body: bytes) -> bytes:
        return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)

    def open_ended(body: bytes) -> bytes:
        return b"HTTP/1.1 200 OK\r\n\r\n" + body

    for framing in (page, open_ended, *([chunked] if size else [])):
        assert travel(URL, [framing(b"x" * size)], max_body=size).end.body == b"x" * size
        assert type(travel(URL, [framing(b"x" * (size + 1))], max_body=size).end) is TooLarge


def test_a_length_beyond_the_limit_is_refused_before_the_body() -> None:
    visit = Visit(URL, max_body=10)
    with pytest.raises(TooLarge):
        visit.received(b"HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n")


def test_a_status_beyond_2xx_is_an_error_before_the_body() -> None:
    visit = Visit(URL)
    with pytest.raises(StatusError) as caught:
        visit.received(b"HTTP/1.1 503 x\r\nContent-Length: 11\r\nRetry-After: 120\r\n\r\n")
    assert (caught.value.status, caught.value.retry_after) == (503, "120")


@pytest.mark.parametrize(
    "fields",
    [
        [],
        ["Location: /", "Location: /"],
        ["Location:"],
        ["Location: ftp://h/"],
        ["Location: data:,x"],
        ["Location: //user:pw@h/"],
        ["Location: http://user:pw@i/"],
        ["Location: /a b"],
        ["Location: /\xff"],
        ["Location: http://h:99999/"],
    ],
    ids=str,
)
def test_a_redirect_to_where_it_must_not_go_is_refused(fields: list[str]) -> None:
    answer = "\r\n".join(["HTTP/1.1 302 Found", *fields, "", ""]).encode("latin-1")
    trip = travel(URL, [answer, page(b"x")])
    assert type(trip.end) is RedirectError
    assert len(trip.asked) == 1


@given(coded(), st.integers(100, 599), st.integers(-2, 2))
def test_a_client_that_reads_something_else_is_not_believed(response: Response, status: int, error: int) -> None:
    visit = Visit(URL)
    visit.received(response.wire)
    visit.received(b"")
    if status != response.status:
        with pytest.raises(BadResponse):
            visit.answered(status)
    assert visit.answered(response.status)
    visit.delivered(bytes(max(visit._expected + error, 0)))
    if visit._delivered != visit._expected:
        with pytest.raises(BadResponse):
            visit.page()
    else:
        assert visit.page().body == response.body


@given(coded(), cuts())
def test_nothing_is_complete_before_the_wire_says_so(response: Response, split: Split) -> None:
    visit = Visit(URL)
    for piece in itertools.islice(split(response.wire[:-1]), 500):
        visit.received(piece)
        visit._delivered = visit._expected
        with pytest.raises(BadResponse):
            visit.page()


@given(coded())
def test_what_a_lost_connection_comes_to_is_known_from_the_wire(response: Response) -> None:
    visit = Visit(URL)
    visit.received(response.wire)
    visit.lost(ConnectionResetError("reset"))
    visit._delivered = visit._expected
    if response.ends:
        with pytest.raises(BadResponse) as caught:
            visit.page()
        assert isinstance(caught.value.__cause__, ConnectionResetError)
    else:
        assert visit.page().body == response.body


def test_a_connection_that_breaks_after_a_redirect_is_known_changes_nothing() -> None:
    """libuv tells a reset that came with the last bytes as their end, before the client's task has seen the head."""
    visit = Visit(URL)
    visit.received(b"HTTP/1.1 302 Found\r\nLocation: /done\r\nContent-Length: 5\r\n\r\nhe")
    visit.lost(ConnectionResetError("reset"))
    assert not visit.answered(302)
    assert visit.url.target == "/done"


def flood(visit: Visit, wire: bytes) -> None:
    for _ in range(10_000):
        visit.received(wire)


@pytest.mark.parametrize("coding", ["", "Content-Encoding: gzip\r\n"])
@pytest.mark.parametrize("framing", ["", "Transfer-Encoding: chunked\r\n"])
def test_an_endless_body_costs_no_more_than_two_and_a_half_limits(coding: str, framing: str) -> None:
    limit = 8 * MiB
    piece = gzip.compress(bytes(16 * MiB)) if coding else os.urandom(65536)
    wire = b"%x\r\n%s\r\n" % (len(piece), piece) if framing else piece
    tracemalloc.start()
    try:
        visit = Visit(URL, max_body=limit)
        visit.received(f"HTTP/1.1 200 OK\r\n{coding}{framing}\r\n".encode())
        with pytest.raises(TooLarge):
            flood(visit, wire)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 2.5 * limit
