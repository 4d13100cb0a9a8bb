"""The catalogue is what a stranger can rely on: ids, sentences, sources, needs."""

from __future__ import annotations

import re

import pytest

from interop.laws.law import CHAPTERS, LAWS, MUST, SHOULD, catalogue, law
from interop.laws.needs import NEEDS

EVERY = catalogue()


@pytest.mark.parametrize("id", EVERY)
def test_a_law_says_what_it_promises_on_what_it_rests_and_where_to_look(id: str) -> None:
    law = EVERY[id]
    assert re.fullmatch(r"[VCXLRSHMF][1-9][0-9]*", id)
    assert law.strength in (MUST, SHOULD)
    assert len(law.sentence.split()) >= 2, "a sentence"
    assert law.source
    assert len(law.look) > 20
    assert law.needs <= set(NEEDS), "a need that nobody knows would never be met"


def test_there_are_at_least_eighty_laws_and_one_in_each_chapter() -> None:
    assert len(EVERY) >= 80
    assert {law.chapter for law in EVERY.values()} == set(CHAPTERS) - {"P"}


def test_every_need_is_needed() -> None:
    assert set(NEEDS) == set().union(*(law.needs for law in EVERY.values()))


def test_an_id_is_never_given_twice() -> None:
    async def another(world: object) -> None: ...

    with pytest.raises(ValueError, match="law id C2 is already taken by the_caller_resumes_after_the_callees_cleanup"):
        law("C2")(another)
    assert LAWS["C2"].check is not another


def test_a_law_that_changes_has_another_revision() -> None:
    assert len({law.revision for law in EVERY.values()}) == len(EVERY)
