"""Which cells a run has."""

from __future__ import annotations

import pytest

from interop.errors import InteropError
from interop.harness import planner
from interop.laws.law import catalogue


def test_without_a_filter_there_is_every_crossing_of_our_portals() -> None:
    found = planner.cells(laws=("V1",))
    assert len(found) == len({str(cell.crossing) for cell in found}) > 200
    assert {cell.kind.name for cell in found} == {"portal"}


def test_filters_are_taken_together() -> None:
    found = planner.cells(callers=["trio", "tornado"], callees=["asyncio"], topologies=["thread", "hosted"], laws=("V1",))
    assert {str(cell.crossing) for cell in found} == {
        "trio->asyncio/thread",
        "tornado->asyncio/thread",
        "trio->asyncio/hosted",
    }


def test_a_chapter_and_an_id_can_be_asked_for() -> None:
    found = planner.laws(["H", "C2"])
    assert found == ("C2", *(id for id in catalogue() if id[0] == "H"))


def test_a_name_that_nothing_has_is_refused_by_name() -> None:
    with pytest.raises(InteropError, match="no caller is called 'curio'"):
        planner.cells(callers=["curio"], laws=("V1",))
    with pytest.raises(InteropError, match="no bridge is called 'london'"):
        planner.cells(bridges=["london"], laws=("V1",))
    with pytest.raises(InteropError, match="no law or chapter is called 'Z9'"):
        planner.laws(["Z9"])


def test_a_seed_shuffles_and_the_same_seed_shuffles_alike() -> None:
    one, again, other = (planner.cells(laws=tuple(catalogue()), seed=seed) for seed in (1, 1, 2))
    assert one == again != other
    assert {cell.crossing for cell in one} == {cell.crossing for cell in other}
    assert set(one[0].laws) == set(catalogue())


def test_shards_are_a_partition() -> None:
    items = list(range(10))
    assert sorted(planner.shard(items, "1/3") + planner.shard(items, "2/3") + planner.shard(items, "3/3")) == items
    with pytest.raises(InteropError, match="no part: '4/3'"):
        planner.shard(items, "4/3")
