"""The model of a crossing, the programs over it, and how one is shrunk and printed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from interop.bridges.control import Control
from interop.bridges.crossing import Crossing
from interop.harness import drivers
from interop.laws import sequences
from interop.laws.model.alphabet import KINDS
from interop.laws.model.expected import Model
from interop.laws.model.generate import LARGEST, SMALLEST, generate
from interop.laws.model.printing import Printer
from interop.laws.model.program import Do, Program, Step
from interop.laws.model.shrinking import shrunk
from interop.laws.model.spans import Differs
from interop.laws.needs import NEEDS
from interop.laws.world import World
from interop.runtime import drive

EVERYTHING = frozenset(NEEDS)
ALL = (*sequences.CALLS, *sequences.CANCELS, "stream", "manager")


def program(*script: Do) -> Program:
    return Program((("a", script),), (Step("start", "a"), Step("cancel", "a")))


def fed(events: Sequence[tuple[Any, ...]], *script: Do, can: frozenset[str] = EVERYTHING) -> Model:
    model = Model(program(*script), can)
    for event in (("starts", "a"), *events):
        model.feed(event)
    return model


def random_program(seed: int, can: frozenset[str] = EVERYTHING) -> Program:
    return generate(f"test {seed}", ALL, ("close", "kill"), can, True)


@pytest.mark.parametrize("seed", range(200))
def test_a_program_has_five_to_forty_statements_and_steps_and_is_the_same_each_time(seed: int) -> None:
    made = random_program(seed)
    assert SMALLEST <= made.size <= LARGEST
    assert made == random_program(seed)
    numbers = [do.number for _, do in made.statements()]
    assert len(set(numbers)) == len(numbers)


@pytest.mark.parametrize("seed", range(50))
def test_a_program_is_the_same_after_it_was_text(seed: int) -> None:
    made = random_program(seed)
    assert Program.parse(made.text()) == made


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"tasks":[["a",[{"that":1}]]],"steps":[]}', '{"tasks":[],"steps":[{"x":1}]}'])
def test_a_text_that_is_no_program_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - json's own or ours
        Program.parse(text)


def test_a_program_has_only_what_the_crossing_can_do() -> None:
    poor = EVERYTHING - {"thread", "cancel", "back", "stream", "enter", "many"}
    for seed in range(100):
        made = random_program(seed, poor)
        assert len(made.tasks) == 1
        assert all(KINDS[do.what].needs <= poor and not do.has("blocks") for _, do in made.statements())
        assert not any(step.what == "cancel" for step in made.steps)


def test_one_outcome_of_a_call_is_allowed_and_it_is_what_the_callee_gave() -> None:
    call = Do("value", 1)
    fed(
        [("asks", 1), ("begins", 1), ("ends", 1, "value"), ("gets", 1, "value"), ("waiting", "a"), ("ends", "a", "value")], call
    ).finish()
    for wrong in (
        [("asks", 1), ("begins", 1), ("begins", 1)],
        [("asks", 1), ("gets", 1, "value")],
        [("asks", 1), ("begins", 1), ("gets", 1, "value")],
        [("asks", 1), ("begins", 1), ("ends", 1, "value"), ("gets", 1, "error")],
        [("asks", 1), ("begins", 1), ("ends", 1, "value"), ("gets", 1, "value"), ("gets", 1, "value")],
        [("asks", 1), ("gets", 1, "cancelled")],
        [("asks", 1), ("begins", 1), ("ends", 1, "cancelled")],
        [("cancels", "a"), ("asks", 1), ("gets", 1, "cancelled"), ("begins", 1)],
        [("cancels", "a"), ("asks", 1), ("begins", 1), ("ends", 1, "value"), ("gets", 1, "cancelled")],
        [("asks", 1), ("begins", 1), ("ends", 1, "CalleeCancelled()")],
    ):
        with pytest.raises(Differs):
            fed(wrong, call)


def test_a_cancel_that_came_too_late_for_a_call_has_to_end_the_task() -> None:
    late = [("asks", 1), ("begins", 1), ("cancels", "a"), ("ends", 1, "value"), ("gets", 1, "value"), ("waiting", "a")]
    fed([*late, ("ends", "a", "cancelled")], Do("value", 1)).finish()
    with pytest.raises(Differs, match="its cancel had no effect"):
        fed([*late, ("ends", "a", "value")], Do("value", 1))
    # In Twisted a Deferred that has a value is done.
    fed([*late, ("ends", "a", "value")], Do("value", 1), can=EVERYTHING - {"rearm"}).finish()


def test_a_source_is_closed_and_a_manager_left_before_the_caller_goes_on() -> None:
    for kind, begun in (("stream", [("begins", 1)]), ("manager", [("begins", 1), ("enters", 1, "value")])):
        do = Do(kind, 1, count=2, take=2)
        with pytest.raises(Differs, match="while"):
            fed([("asks", 1), *begun, ("cancels", "a"), ("gets", 1, "cancelled")], do)
        with pytest.raises(Differs, match="after its caller had gone on"):
            fed([("asks", 1), ("cancels", "a"), ("gets", 1, "cancelled"), *begun], do)


def test_items_come_in_order_and_an_end_is_no_error() -> None:
    begun = [("asks", 1), ("begins", 1), ("makes", 1, 0), ("takes", 1, "item 0")]
    do = Do("stream", 1, count=2, take=2)
    fed([*begun, ("makes", 1, 1), ("takes", 1, "item 1"), ("ends", 1, "closed"), ("gets", 1, "end")], do)
    with pytest.raises(Differs, match="ended with end after 1 of 2"):
        fed([*begun, ("ends", 1, "closed"), ("gets", 1, "end")], do)
    with pytest.raises(Differs, match="gave item 0"):
        fed([*begun, ("takes", 1, "item 0")], do)


def test_after_the_close_nothing_goes_on() -> None:
    with pytest.raises(Differs, match="still goes on"):
        fed([("asks", 1), ("begins", 1), ("closing", ""), ("closed", "")], Do("slow", 1))
    with pytest.raises(Differs, match="nobody had asked"):
        fed([("asks", 1), ("begins", 1), ("closing", ""), ("ends", 1, "cancelled"), ("gets", 1, "cancelled")], Do("slow", 1))
    fed(
        [("asks", 1), ("begins", 1), ("closing", ""), ("ends", 1, "cancelled"), ("gets", 1, "PortalClosed()"), ("closed", "")],
        Do("slow", 1),
    )


def test_a_shrunk_program_has_what_differs_and_no_more() -> None:
    async def differs(made: Program) -> bool:  # A cancel, and a manager that fails.
        return any(step.what == "cancel" for step in made.steps) and any(
            do.what == "manager" and do.has("raise") for _, do in made.statements()
        )

    found = [made for made in map(random_program, range(300)) if drive(differs(made))]
    assert found
    for made in found:
        small = drive(shrunk(made, differs, 10_000))
        assert [do.how for _, do in small.statements()] == ["raise"]
        assert [step.what for step in small.steps] == ["cancel"]


def test_shrinking_is_bounded() -> None:
    runs = []

    async def differs(made: Program) -> bool:
        runs.append(made)
        return False

    assert drive(shrunk(random_program(1), differs, 7)) == random_program(1)
    assert len(runs) == 7


def test_a_printed_program_is_in_the_callers_own_words() -> None:
    crossing = Crossing("gevent", "gevent", "alone")
    world = World(drivers.find("gevent"), drivers.find("gevent"), Control(crossing))
    made = Program(
        (("a", (Do("blocks", 1), Do("manager", 2, "raise", body=(Do("pause", 3),)))),), (Step("start", "a"), Step("cancel", "a"))
    )
    lines = list(Printer(world, made).lines(made.steps[1], "it differs"))
    assert "def a():" in lines
    assert "    portal.call(block_until, gate_1)" in lines
    assert "        gevent.sleep(0)" in lines
    assert "    task_a.kill(block=False)" in lines
    assert lines[-1] == "    # HERE: it differs"


@pytest.mark.parametrize("seed", range(100))
def test_every_program_can_be_printed(seed: int) -> None:
    world = World(drivers.find("asyncio"), drivers.find("asyncio"), Control(Crossing("asyncio", "asyncio", "alone")))
    assert list(Printer(world, random_program(seed)).lines(None, "it differs"))[-1] == "# HERE: it differs"
