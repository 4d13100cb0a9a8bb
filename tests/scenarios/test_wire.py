"""The wire: what a response means depends on its bytes alone, and everybody who reads on reads the same."""

import http.client
import io
import itertools
import time
import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given

from scenarios.fetch_and_save.errors import BadResponse
from scenarios.fetch_and_save.wire import MAX_HEAD, MAX_HEADERS, MAX_INFORMATIONAL, MAX_LINE, Head, Wire, plain
from tests.scenarios.responses import Response, anything, cuts, good, single, whole

Split = Callable[[bytes], Iterator[bytes]]
OK = b"HTTP/1.1 200 OK\r\n"


def outcome(data: bytes, split: Split = whole, *, ends: bool = True) -> tuple[Any, ...]:
    """The head, the body so far, and whether it is complete, still open, or what is wrong with it."""
    wire, body = Wire(), b""
    head: Head | None = None
    how = "open"
    try:
        for piece in [*split(data), *([b""] if ends else [])]:
            for event in wire.read(piece):
                if isinstance(event, Head):
                    assert head is None
                    head = event
                else:
                    assert event
                    body += event
            if wire.complete:
                break
        how = "complete" if wire.complete else "open"
    except BadResponse as error:
        how = str(error)
    assert wire.head == head
    assert how != "open" or not ends
    return head, body, how


@given(good(), cuts())
def test_a_good_response_means_what_it_says_in_any_split(response: Response, split: Split) -> None:
    head, body, how = outcome(response.wire, split, ends=response.ends)
    assert (head.status, body, how) == (response.status, response.body, "complete")


@given(anything(), cuts())
def test_no_bytes_mean_something_else_in_another_split(data: bytes, split: Split) -> None:
    for ends in (True, False):
        expected = outcome(data, ends=ends)
        assert outcome(data, split, ends=ends) == expected
        assert outcome(data, single, ends=ends) == expected


@given(good(), good(), cuts())
def test_bytes_beyond_the_end_are_no_part_of_the_body(response: Response, next_response: Response, split: Split) -> None:
    if not response.ends:
        assert outcome(response.wire + next_response.wire, split) == outcome(response.wire)


@given(good())
def test_a_response_that_is_cut_anywhere_is_bad(response: Response) -> None:
    whole_body = outcome(response.wire, ends=response.ends)[1]
    for size in range(len(response.wire)):
        _, body, how = outcome(response.wire[:size])
        if how == "complete":
            assert response.ends
        assert whole_body.startswith(body)


class FakeSocket:
    """What http.client.HTTPResponse asks of a socket."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def makefile(self, mode: str) -> io.BytesIO:
        return io.BytesIO(self._data)


@given(good())
def test_what_goes_on_to_the_client_is_read_alike_by_others(response: Response) -> None:
    import h11

    head, body, _ = outcome(response.wire)
    framed = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body) if head.chunked and body else b"0\r\n\r\n" if head.chunked else body
    seen = plain(head) + framed

    standard = http.client.HTTPResponse(FakeSocket(seen), method="GET")  # type: ignore[arg-type]
    standard.begin()
    assert (standard.status, standard.read()) == (response.status, response.body)

    other = h11.Connection(h11.CLIENT)
    other.send(h11.Request(method="GET", target="/", headers=[("Host", "x")]))
    other.receive_data(seen)
    if response.ends:
        other.receive_data(b"")
    events: list[Any] = [other.next_event()]
    while type(events[-1]) not in (h11.EndOfMessage, h11.NEED_DATA):
        events.append(other.next_event())
    assert events[0].status_code == response.status
    assert b"".join(bytes(event.data) for event in events if isinstance(event, h11.Data)) == response.body
    assert type(events[-1]) is h11.EndOfMessage


def field(size: int) -> bytes:
    return b"x: " + b"y" * (size - 3) + b"\r\n"


END = b"Content-Length: 0\r\n\r\n"
MANY = (MAX_HEADERS - 1) * b"a: b\r\n"


@pytest.mark.parametrize("split", [whole, single])
@pytest.mark.parametrize(
    ("within", "beyond"),
    [
        (OK + field(MAX_LINE) + END, OK + field(MAX_LINE + 1) + END),
        (OK + MANY + END, OK + MANY + b"a: b\r\n" + END),
        (
            OK + 7 * field(MAX_LINE) + field(MAX_HEAD - 7 * MAX_LINE - 17) + END,
            OK + 7 * field(MAX_LINE) + field(MAX_HEAD - 7 * MAX_LINE - 16) + END,
        ),
        (OK[:-2] + b" " * (MAX_LINE - 15) + b"\r\n" + END, OK[:-2] + b" " * (MAX_LINE - 14) + b"\r\n" + END),
        (
            MAX_INFORMATIONAL * b"HTTP/1.1 100 Continue\r\n\r\n" + OK + END,
            (MAX_INFORMATIONAL + 1) * b"HTTP/1.1 100 Continue\r\n\r\n" + OK + END,
        ),
        (
            OK + b"Transfer-Encoding: chunked\r\n\r\n0;" + b"x" * (MAX_LINE - 2) + b"\r\n\r\n",
            OK + b"Transfer-Encoding: chunked\r\n\r\n0;" + b"x" * (MAX_LINE - 1) + b"\r\n\r\n",
        ),
        (
            OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n" + MAX_HEADERS * b"a: b\r\n" + b"\r\n",
            OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n" + (MAX_HEADERS + 1) * b"a: b\r\n" + b"\r\n",
        ),
    ],
    ids=["line", "fields", "head", "status line", "informational", "chunk line", "trailers"],
)
def test_a_limit_is_what_it_says(within: bytes, beyond: bytes, split: Split) -> None:
    assert outcome(within, split, ends=False)[2] == "complete"
    assert "than" in outcome(beyond, split, ends=False)[2]


@pytest.mark.parametrize(
    "endless", [b"x", b"x: y\r\n", b"\r\n", b"HTTP/1.1 100 x\r\n\r\n", b"\0", b"x: " + b"y" * 8000 + b"\r\n"]
)
def test_an_endless_head_is_refused_in_bounded_memory(endless: bytes) -> None:
    tracemalloc.start()
    try:
        flood = endless * (65536 // len(endless))
        assert outcome(b"", lambda _: itertools.repeat(flood, 1000))[2] not in ("open", "complete")
        assert tracemalloc.get_traced_memory()[1] < 1024 * 1024
    finally:
        tracemalloc.stop()


BAD = {
    "lines that end in LF alone": b"HTTP/1.1 200 OK\nContent-Length: 0\n\n",
    "a space before the colon": OK + b"Content-Length : 0\r\n\r\n",
    "a folded line": OK + b"x: a\r\n b\r\nContent-Length: 0\r\n\r\n",
    "a null byte": OK + b"x: a\0b\r\nContent-Length: 0\r\n\r\n",
    "a carriage return inside": OK + b"x: a\rb\r\nContent-Length: 0\r\n\r\n",
    "a negative length": OK + b"Content-Length: -1\r\n\r\n",
    "a signed length": OK + b"Content-Length: +1\r\n\r\nx",
    "a length with an underscore": OK + b"Content-Length: 1_0\r\n\r\n0123456789",
    "an empty length": OK + b"Content-Length:\r\n\r\n",
    "two lengths": OK + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
    "two lengths in one line": OK + b"Content-Length: 1, 2\r\n\r\nxx",
    "a length and chunks": OK + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a coding before chunked": OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "chunked twice": OK + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunks in HTTP/1.0": b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "identity": OK + b"Transfer-Encoding: identity\r\nContent-Length: 0\r\n\r\n",
    "a chunk size with a sign": OK + b"Transfer-Encoding: chunked\r\n\r\n+1\r\nx\r\n0\r\n\r\n",
    "a chunk size with 0x": OK + b"Transfer-Encoding: chunked\r\n\r\n0x1\r\nx\r\n0\r\n\r\n",
    "a space before a chunk size": OK + b"Transfer-Encoding: chunked\r\n\r\n 1\r\nx\r\n0\r\n\r\n",
    "a chunk size of 17 digits": OK + b"Transfer-Encoding: chunked\r\n\r\n" + b"0" * 16 + b"1\r\nx\r\n0\r\n\r\n",
    "a chunk that is too long": OK + b"Transfer-Encoding: chunked\r\n\r\n1\r\nxx\r\n0\r\n\r\n",
    "no last chunk": OK + b"Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n",
    "no end after the last chunk": OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n",
    "a malformed trailer": OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\nx\r\n\r\n",
    "other protocols": b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
    "HTTP/0.9": b"<html>hello</html>",
    "HTTP/2": b"HTTP/2 200 OK\r\nContent-Length: 0\r\n\r\n",
    "a status of two digits": b"HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n",
    "a status of four digits": b"HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n",
    "an empty line first": b"\r\n" + OK + b"Content-Length: 0\r\n\r\n",
    "nothing": b"",
}


@pytest.mark.parametrize("data", BAD.values(), ids=BAD)
def test_what_readers_disagree_about_is_refused(data: bytes) -> None:
    assert outcome(data)[2] != "complete"


@pytest.mark.parametrize("length", [b"1" + b"0" * 30, b"9" * 5000, b"0" * 5000 + b"1"])
def test_a_length_of_any_size_is_no_error_of_ours(length: bytes) -> None:
    _, body, how = outcome(OK + b"Content-Length: " + length + b"\r\n\r\nx", ends=False)
    assert (body, how) == (b"x", "complete" if length.startswith(b"0") else "open")


def test_a_malformed_field_of_blanks_takes_no_more_than_it_is_long() -> None:
    began = time.process_time()
    for _ in range(20):
        with pytest.raises(BadResponse):
            list(Wire().read(b"HTTP/1.1 200 OK\r\nX:" + b" " * 8000 + b"\x01\r\n"))
    assert time.process_time() - began < 0.5  # seconds; the square of the length took a second and more
