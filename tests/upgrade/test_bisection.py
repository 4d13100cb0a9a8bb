"""The first release that differs is found wherever it is, with as few runs as a search needs."""

import math
from typing import Any

import pytest

from interop.upgrade.bisection import first_that_differs
from interop.upgrade.uv import order


@pytest.mark.parametrize("count", [2, 3, 7, 20])
def test_the_first_release_that_differs_is_found_wherever_it_is_in_fewest_runs(count: int) -> None:
    versions = [str(number) for number in range(count)]
    for first in range(1, count):
        ran: set[str] = set()

        def sees(version: str, first: int = first, ran: "set[str]" = ran) -> Any:
            ran.add(version)
            return "new" if int(version) >= first else "old"

        assert first_that_differs(versions, sees) == (str(first - 1), str(first))
        assert len(ran - {"0"}) <= math.ceil(math.log2(count - 1)) if count > 2 else not ran - {"0"}


def test_a_release_that_cannot_be_installed_is_passed_over() -> None:
    gone = {"3", "4", "5"}

    def sees(version: str) -> Any:
        return None if version in gone else "new" if int(version) >= 5 else "old"

    assert first_that_differs([str(number) for number in range(10)], sees) == ("2", "6")


def test_what_differs_is_different_from_the_good_one_whatever_it_is() -> None:
    assert first_that_differs(list("abcdef"), lambda version: "old" if version < "c" else version) == ("b", "c")


def test_releases_are_in_order() -> None:
    versions = ["3.7.1", "4.0rc1", "4.0rc2", "4.0", "4.0.post1", "4.0.1", "4.10.0", "23.9.0.post1", "23.9.1"]
    assert sorted(dict.fromkeys(versions[::-1]), key=order) == versions
