"""Content codings: undone in any split, to the same end, and never past the limit."""

import gzip
import os
import tracemalloc
import zlib
from collections.abc import Callable, Iterator

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from scenarios.fetch_and_save.coding import Body
from scenarios.fetch_and_save.errors import DecodeError, TooLarge
from tests.scenarios.responses import CODINGS, cuts, deflated, single, whole

Split = Callable[[bytes], Iterator[bytes]]
MiB = 1024 * 1024


def outcome(coding: str, data: bytes, split: Split = whole, limit: int = 10 * MiB) -> "bytes | type[Exception]":
    """The decoded body, or what is wrong with it."""
    try:
        body = Body(coding, limit)
        for piece in split(data):
            body.feed(piece)
        return body.finish()
    except (DecodeError, TooLarge) as error:
        return type(error)


CODING = st.sampled_from(sorted(CODINGS))
BODIES = st.one_of(
    st.binary(max_size=100),
    st.sampled_from([b"", b"a" * 70_000, b"ab" * 200_000, bytes(range(256)) * 600]),
    st.lists(st.sampled_from([b"abcdefgh", b"x", b"0" * 300]), max_size=30).map(b"".join),
)


@st.composite
def coded(draw: st.DrawFn) -> tuple[str, bytes, bytes]:
    """A coding, a body, and the body in it."""
    coding, body = draw(CODING), draw(BODIES)
    return coding, body, draw(st.sampled_from(CODINGS[coding]))(body)


@st.composite
def damaged(draw: st.DrawFn) -> tuple[str, bytes]:
    """A coding, and bytes that are nearly in it."""
    coding, _, data = draw(coded())
    for _ in range(draw(st.integers(1, 2))):
        at = draw(
            st.one_of(
                st.integers(0, min(len(data), 20)), st.integers(max(0, len(data) - 12), len(data)), st.integers(0, len(data))
            )
        )
        until = draw(st.integers(at, min(len(data), at + 3)))
        data = data[:at] + draw(st.binary(max_size=3)) + data[until:]
    return draw(st.sampled_from([coding, coding, "gzip", "deflate"])), data


@given(coded(), cuts())
def test_what_was_coded_is_decoded_in_any_split(case: tuple[str, bytes, bytes], split: Split) -> None:
    coding, body, data = case
    assert outcome(coding, data, split) == body


@given(damaged(), cuts(), st.one_of(st.integers(0, 400), st.just(10 * MiB)))
def test_no_bytes_come_to_another_end_in_another_split(case: tuple[str, bytes], split: Split, limit: int) -> None:
    coding, data = case
    expected = outcome(coding, data, limit=limit)
    assert outcome(coding, data, split, limit) == expected
    if len(data) < 2000:
        assert outcome(coding, data, single, limit) == expected


@given(coded(), cuts(), st.integers(-3, 3))
def test_the_limit_is_exact_in_any_split(case: tuple[str, bytes, bytes], split: Split, beyond: int) -> None:
    coding, body, data = case
    limit = max(len(body), len(data)) - beyond
    if limit >= 0:
        assert outcome(coding, data, split, limit) == (body if beyond <= 0 else TooLarge)


@pytest.mark.parametrize("split", [whole, single])
@pytest.mark.parametrize(("limit", "expected"), [(258, TooLarge), (259, DecodeError)])
def test_too_much_is_said_before_what_is_wrong_behind_it(split: Split, limit: int, expected: type[Exception]) -> None:
    a_letter_258_copies_and_an_invalid_symbol = bytes.fromhex("4b1c05630000000000")
    assert outcome("deflate", a_letter_258_copies_and_an_invalid_symbol, split, limit) is expected


@given(damaged())
@example(("gzip", gzip.compress(b"x") + b"\0"))
@example(("gzip", gzip.compress(b"x") + b"garbage"))
def test_what_is_accepted_is_what_another_decoder_reads(case: tuple[str, bytes]) -> None:
    coding, data = case
    found = outcome(coding, data)
    if coding in ("gzip", "x-gzip") and isinstance(found, bytes) and data:
        assert gzip.decompress(data) == found
    if coding == "deflate" and isinstance(found, bytes) and data:
        assert found in [result for bits in (15, -15) if (result := inflated(data, bits)) is not None]


def inflated(data: bytes, bits: int) -> bytes | None:
    try:
        return zlib.decompress(data, bits)
    except zlib.error:
        return None


@given(coded(), cuts())
def test_a_coding_that_is_cut_anywhere_is_an_error(case: tuple[str, bytes, bytes], split: Split) -> None:
    coding, body, data = case
    if coding and len(data) < 300:
        for size in range(1, len(data)):
            found = outcome(coding, data[:size], split)
            if found is not DecodeError:  # between two members it is whole, and so is all that came
                assert coding == "gzip"
                assert isinstance(found, bytes)
                assert body.startswith(found)


@pytest.mark.parametrize("coding", sorted(CODINGS))
def test_an_empty_body_is_empty_in_any_coding(coding: str) -> None:
    assert outcome(coding, b"") == b""


@pytest.mark.parametrize("coding", ["br", "zstd", "identity", "gzip,deflate", "gzip,gzip", "compress", "\u0130", "GZIP"])
def test_another_coding_is_refused_before_any_byte(coding: str) -> None:
    with pytest.raises(DecodeError):
        Body(coding, 10)


def bomb(coding: str) -> bytes:
    """2 GiB, in pieces of which each is a stream of its own where there may be many."""
    if coding == "deflate":
        compressor = zlib.compressobj(9)
        return b"".join(compressor.compress(bytes(MiB)) for _ in range(64)) + compressor.flush()
    return gzip.compress(bytes(64 * MiB)) * 32


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
@pytest.mark.parametrize("piece", [1000, 65536, 10 * MiB])
def test_a_bomb_costs_no_more_than_the_limit(coding: str, piece: int) -> None:
    data, limit = bomb(coding), 4 * MiB
    tracemalloc.start()
    try:
        assert outcome(coding, data, lambda data: (data[at : at + piece] for at in range(0, len(data), piece)), limit) is TooLarge
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 2.5 * limit


def test_many_empty_members_are_read_in_time_and_memory() -> None:
    data = gzip.compress(b"") * 50_000
    assert outcome("gzip", data) == b""


def test_a_body_is_in_memory_once() -> None:
    data = os.urandom(8 * MiB)
    tracemalloc.start()
    try:
        body = Body("", 8 * MiB)
        for at in range(0, len(data), 65536):
            body.feed(data[at : at + 65536])
        kept = body.finish()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert kept == data
    assert peak < 1.5 * len(data)


@pytest.mark.parametrize("bits", range(9, 16))
def test_deflate_is_zlib_s_format_with_any_window_or_raw(bits: int) -> None:
    body = os.urandom(40_000)
    assert outcome("deflate", deflated(body, bits)) == body
    assert outcome("deflate", deflated(body, -bits)) == body
