"""The sans-I/O contract against very many cases, made as fast as can be: 1,000,000 of them with HYPOTHESIS_PROFILE=soak.

The properties of test_wire.py, test_coding.py, test_visit.py and test_urls.py are finer; these cases are more. A failure names
its seed: INTEROP_FUZZ_SEED=... makes the same cases again.
"""

import gzip
import itertools
import os
import random
import zlib
from collections.abc import Iterator
from typing import Any

from scenarios.fetch_and_save.errors import InvalidURL
from scenarios.fetch_and_save.urls import parse
from tests.scenarios.responses import PIECES, deflated
from tests.scenarios.test_urls import RESOLVED, SECRET, SENT, SIGNS, WORDS
from tests.scenarios.test_visit import travel

SOAK = os.environ.get("HYPOTHESIS_PROFILE") == "soak"
CASES = int(os.environ.get("INTEROP_FUZZ_CASES", "500000" if SOAK else "1500"))  # of each of the two
SEED = int(os.environ.get("INTEROP_FUZZ_SEED", "1" if "CI" in os.environ else random.randrange(2**32)))
TEXT = b"the quick brown fox " * 20

CORPUS = [
    b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
    b"HTTP/1.0 200\r\n\r\nhello",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\nTrailer: x\r\n\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
    b"HTTP/1.1 302 Found\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 307 x\r\nLocation: https://other/?x#y\r\n\r\n",
    b"HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\nRetry-After: 5\r\n\r\nabc",
    *(
        b"HTTP/1.1 200 OK\r\nContent-Encoding: %s\r\nContent-Length: %d\r\n\r\n%s" % (coding, len(body), body)
        for coding, body in (
            (b"gzip", gzip.compress(TEXT, mtime=0)),
            (b"gzip", gzip.compress(b"x", mtime=0) + gzip.compress(b"", mtime=0)),
            (b"deflate", zlib.compress(TEXT)),
            (b"deflate", deflated(TEXT, -15)),
        )
    ),
]
TARGETS = [
    *SENT,
    *(f"http://u:{SECRET}@h:81/{reference}" for reference in RESOLVED),
    "http://[::1]:8080/",
    "https://b\u00fccher.example/",
]


def mutated(source: random.Random, data: bytes) -> bytes:
    for _ in range(source.choice((0, 1, 1, 2, 4))):
        at = source.randrange(len(data) + 1)
        end = min(len(data), at + source.choice((0, 0, 1, 1, 2, 30)))
        choice = source.randrange(4)
        new = (b"", source.choice(PIECES), bytes([source.randrange(256)]), data[at : at + 8])[choice]
        data = data[:at] + new + data[end:]
    return data[: source.randrange(len(data) + 1)] if source.random() < 0.1 else data


def pieces(source: random.Random, data: bytes) -> Iterator[bytes]:
    size = source.choice((1, 1, 3, 10, 50))
    for at in itertools.accumulate(itertools.repeat(size), initial=0):
        if at >= len(data):
            return
        yield data[at : at + size]


def test_any_responses_come_to_the_same_end_in_any_split() -> None:
    source = random.Random(SEED)
    kinds: set[object] = set()
    for number in range(CASES):
        answers = [mutated(source, source.choice(CORPUS)) for _ in range(source.choice((1, 1, 2, 3)))]
        limits: Any = {"max_body": source.choice((3, 100, 1000)), "max_redirects": source.choice((0, 2))}
        trip = travel("http://u:Hunter2@h/", answers, **limits)
        split = travel("http://u:Hunter2@h/", answers, lambda data: pieces(source, data), **limits)
        assert trip.outcome == split.outcome, f"seed {SEED}, case {number}: {answers}, {limits}"
        assert SECRET not in str(trip.end), f"seed {SEED}, case {number}: {answers}"
        kinds.add(type(trip.end))
    assert len(kinds) >= 7, kinds


def test_any_text_is_a_place_or_is_refused() -> None:
    source = random.Random(SEED)
    parts = [*WORDS.split(" "), *SIGNS]
    read = 0
    for number in range(CASES):
        text = source.choice(TARGETS)
        for _ in range(source.choice((0, 1, 1, 2, 4))):
            at = source.randrange(len(text) + 1)
            text = (
                text[:at] + source.choice((source.choice(parts), chr(source.randrange(0x300)))) + text[at + source.randrange(3) :]
            )
        try:
            url = parse(text)
            read += 1
            again = parse(str(url))
            assert (again.origin, again.target) == (url.origin, url.target), f"seed {SEED}, case {number}: {text!r}"
            url.join(source.choice(TARGETS)[8:])
            said = ""
        except InvalidURL as error:
            said = str(error)
        assert SECRET not in said or SECRET in text.rpartition("@")[2], f"seed {SEED}, case {number}: {text!r}"
    assert 0 < read < CASES
