"""`interop reproduce` of a law of chapter M: the program that differs, as small as it gets, also if it hangs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from interop.bridges.crossing import Crossing
from interop.errors import InteropError
from interop.harness import planner, programs, reproducing
from interop.harness.cell import Cell
from interop.laws.model.program import Do, Program, Step
from tests.faulty.fault import Fault, Session
from tests.harness.test_reproducing import shown

LOOP = Crossing("asyncio", "asyncio", "loop")


class NeverAnswersAfterAManager(Fault):
    """A bridge that hangs in a sequence only: the first call after a manager has no answer."""

    def enters(self, session: Session, manager: Any) -> Any:
        session.kept = "entered"
        return session.portal.enter(manager)

    async def calls(self, session: Session, fn: Any) -> Any:
        if session.kept:
            import asyncio

            await asyncio.get_running_loop().create_future()
        return await session.portal.call(fn)


def test_a_program_that_differs_is_the_one_that_the_law_has_shrunk() -> None:
    cell = Cell("tests.faulty.sequences:GoesOnWhileItEnters", LOOP, ("M4",))
    program, lines = programs.differing(cell)
    assert program is not None
    assert {do.what for _, do in program.statements()} == {"manager"}
    assert lines[-1].strip().startswith("# HERE: manager")
    again, _ = programs.differing(Cell(cell.bridge, LOOP, ("M4",), program=program.text()))
    assert again == program


def test_a_program_that_hangs_is_shrunk_with_a_process_for_each_try(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "TRIES", 3)
    hangs = Program(
        (("a", (Do("manager", 1), Do("value", 2))), ("b", (Do("pause", 3),))),
        (Step("start", "b"), Step("start", "a"), Step("settle")),
    )
    cell = Cell("tests.harness.test_programs:NeverAnswersAfterAManager", LOOP, ("M6",), program=hangs.text())
    program, lines = programs.differing(cell)
    assert program is not None
    assert [name for name, _ in program.tasks] == ["a"]
    assert lines[-1] == "# HERE: hung: it waits for something that does not come"


def test_a_law_whose_programs_do_not_differ_is_said() -> None:
    with pytest.raises(InteropError, match="no program of M1 differs on asyncio->asyncio/loop"):
        reproducing.law("M1", LOOP, "portal", range(2))


def test_a_program_is_run_from_one_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, site: str) -> None:
    one = Program((("a", (Do("value", 1),)),), (Step("start", "a"), Step("settle")))
    monkeypatch.setattr(programs, "differing", lambda cell: (one, ["def a():", "    portal.call(answer, 1)"]))
    text = reproducing.law("M1", Crossing("threads", "asyncio", "thread"), "portal")
    assert "#     portal.call(answer, 1)" in text
    done = shown(text, tmp_path, site)
    assert done.returncode == 0, done.stderr
    assert "M1 kept" in done.stdout


@pytest.mark.parametrize(("text", "seeds"), [("3", range(3)), ("67:68", range(67, 68)), ("0:2", range(2))])
def test_seeds_are_a_number_or_from_and_to(text: str, seeds: range) -> None:
    assert planner.seeds(text) == seeds


@pytest.mark.parametrize("text", ["", "0", "-1", "x", "5:5", "7:3", "1:2:3"])
def test_what_says_no_seeds_is_refused(text: str) -> None:
    with pytest.raises(InteropError, match="no seeds"):
        planner.seeds(text)
