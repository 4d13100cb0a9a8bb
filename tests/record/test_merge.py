"""Shards become one record; what cannot have been one run does not."""

from dataclasses import replace

import pytest

from interop.record import Finding, Record, RecordError, new
from interop.record.merge import merge

C2 = Finding("C2", "C", "trio->twisted/thread", "kept", bridge="portal", seconds=0.1)
V1 = Finding("V1", "V", "trio->twisted/thread", "broken", "another object", bridge="portal")
P3 = Finding("P3", "P", "trio", "observed", evidence={"value": 3}, strength="PROBE")


def shard(*findings: Finding, expected: int | None = None, **more: object) -> Record:
    return new(findings, expected=len(findings) if expected is None else expected, **more)  # type: ignore[arg-type]


def test_shards_are_merged_in_their_order_and_the_header_says_how_each_was_run() -> None:
    whole = merge([shard(C2, figures={"latest": "1 s"}), shard(V1, figures={"latest": "2 s"}), shard(P3)])
    assert list(whole.findings) == [C2, V1, P3]
    assert whole.complete
    assert whole.header["figures"] == {"latest": "1 s; 2 s"}
    assert [run["figures"] for run in whole.header["merged"]] == [{"latest": "1 s"}, {"latest": "2 s"}, {}]


def test_merging_merged_records_is_merging_all() -> None:
    shards = [shard(C2), shard(V1), shard(P3)]
    assert merge([merge(shards[:2]), shards[2]]) == merge(shards)


def test_what_two_shards_found_alike_counts_once() -> None:
    whole = merge([shard(C2, V1), shard(replace(C2, seconds=9.0), P3)])
    assert list(whole.findings) == [C2, V1, P3]
    assert whole.complete


def test_a_shard_that_was_interrupted_leaves_the_whole_unfinished() -> None:
    whole = merge([shard(C2, expected=2), shard(P3)])
    assert (len(whole.findings), whole.expected) == (2, 3)


def test_two_verdicts_on_one_finding_are_a_contradiction() -> None:
    with pytest.raises(RecordError, match=r"C2 on trio->twisted/thread \(portal\) is kept in one record and hung in another"):
        merge([shard(C2), shard(replace(C2, verdict="hung"))])
    with pytest.raises(RecordError, match="P3 on trio was observed to be 3 in one record and 4 in another"):
        merge([shard(P3), shard(replace(P3, evidence={"value": 4}))])


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"python": "3.9.1"}, "python is '.*' in one and '3.9.1' in the other"),
        ({"kit": "9.9"}, "kit is"),
        ({"laws": "abc"}, "laws is 'def' in one and 'abc' in the other"),
        ({"packages": {"trio": "0.1"}}, "packages: .* is '.*' in one and None in the other"),
    ],
)
def test_records_of_two_environments_do_not_become_one(change: dict[str, object], says: str) -> None:
    other = shard(V1)
    with pytest.raises(RecordError, match=f"records 1 and 2 are not of the same environment: {says}"):
        merge([shard(C2, laws="def"), replace(other, header={**other.header, **change})])


def test_a_part_that_checked_no_laws_says_nothing_about_their_revision() -> None:
    assert merge([shard(P3), shard(C2, laws="def")]).header["laws"] == "def"
    whole = merge([shard(P3, checks={"P3": "1"}), shard(C2, checks={"C2": "2"}), shard(V1)])
    assert whole.header["checks"] == {"P3": "1", "C2": "2"}
    with pytest.raises(RecordError, match="checks: P3 is '1' in one and '2' in the other"):
        merge([shard(P3, checks={"P3": "1"}), shard(C2, checks={"P3": "2", "C2": "1"})])
    with pytest.raises(RecordError, match="records 2 and 3 are not of the same environment: laws is"):
        merge([shard(P3), shard(C2, laws="def"), shard(V1, laws="abc")])


def test_one_record_is_itself_and_none_is_an_error() -> None:
    alone = shard(C2)
    assert merge([alone]) is alone
    with pytest.raises(RecordError, match="no record"):
        merge([])
