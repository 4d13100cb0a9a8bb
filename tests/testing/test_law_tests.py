"""A bridge's author writes one class and one line, and gets an item for each law, with evidence where it does not hold."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from interop.errors import InteropError
from interop.testing import Bridge, Crossing, law_tests
from tests.testing.sample import Run, run

BRIDGE = """
import asyncio
import os
from functools import partial

from interop.testing import Bridge, Crossing, law_tests


class Executor(Bridge):
    name = "run-in-executor"
    crossings = (Crossing("asyncio", "threads", "thread"),)

    def run(self, main):
        asyncio.run(main())

    async def call(self, fn, /, *args, **kwargs):
        with open("calls", "a") as file:
            file.write(f"{os.getpid()} {fn.__qualname__}\\n")
        if "several" in fn.__qualname__ or "returns_at_once" in fn.__qualname__:
            await asyncio.Event().wait()
        return await asyncio.get_running_loop().run_in_executor(None, partial(fn, *args, **kwargs))


class Elsewhere(Executor):
    name = "elsewhere"
    package = "no-such-distribution"


test_law = law_tests(Executor, laws=["V1", "V11", "V15", "X1", "X3", "X5", "S1"], departures="departures.toml")
test_missing = law_tests(Elsewhere, laws=["V1"])
"""
DEPARTURES = """
[[departure]]
law = ["V15", "X1"]
bridge = "run-in-executor"
crossing = "asyncio->threads/*"
reason = "run_in_executor() copies no context"
link = "https://docs.python.org/3/library/asyncio-eventloop.html"

[[departure]]
law = "X5"
bridge = "run-in-executor"
crossing = "asyncio->threads/*"
race = true
reason = "now and then"
link = "https://docs.python.org/3/library/asyncio-eventloop.html"
"""
CELL = "asyncio->threads/thread"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bridge")
    (folder / "test_my_bridge.py").write_text(BRIDGE)
    (folder / "departures.toml").write_text(DEPARTURES)
    (folder / "pytest.ini").write_text("[pytest]\naddopts = --strict-markers -W error\nxfail_strict = true\n")
    return folder


@pytest.fixture(scope="module")
def whole(project: Path) -> Run:
    return run(project)


def test_each_law_is_an_item_that_says_what_was_found(whole: Run) -> None:
    assert whole.outcomes == {
        f"test_law[V1[{CELL}]]": "passed",
        f"test_law[V11[{CELL}]]": "failed",
        f"test_law[V15[{CELL}]]": "failed",
        f"test_law[X1[{CELL}]]": "xfailed",
        f"test_law[X3[{CELL}]]": "failed",
        f"test_law[X5[{CELL}]]": "passed",
        f"test_law[S1[{CELL}]]": "skipped",
        f"test_missing[V1[{CELL}]]": "skipped",
    }


def test_a_broken_law_fails_with_its_sentence_evidence_and_how_to_run_it_again(whole: Run) -> None:
    text = whole.texts[f"test_law[X3[{CELL}]]"]
    assert f"X3 broken on {CELL} (run-in-executor): saw " in text
    assert "each of many calls keeps its own context" in text
    assert "context.py" in text
    assert f"again: pytest 'test_my_bridge.py::test_law[X3[{CELL}]]'" in text


def test_a_hung_law_fails_with_the_stacks(whole: Run) -> None:
    text = whole.texts[f"test_law[V11[{CELL}]]"]
    assert "V11 hung" in text
    assert "await asyncio.Event().wait()" in text


def test_a_law_that_does_not_apply_is_skipped_with_the_reason(whole: Run) -> None:
    assert "run-in-executor has no streams" in whole.texts[f"test_law[S1[{CELL}]]"]
    assert "no-such-distribution is not installed" in whole.texts[f"test_missing[V1[{CELL}]]"]


def test_a_departure_is_an_expected_failure_and_a_failure_once_it_is_not_needed(whole: Run) -> None:
    assert "copies no context. See https://docs.python.org" in whole.texts[f"test_law[X1[{CELL}]]"]
    assert "its departure is not needed any more" in whole.texts[f"test_law[V15[{CELL}]]"]
    assert whole.outcomes[f"test_law[X5[{CELL}]]"] == "passed", "what breaks only now and then may be kept"


def test_only_selected_laws_are_checked_all_in_one_process(project: Path, whole: Run) -> None:
    (project / "calls").unlink()
    some = run(project, "-k", "V1[ or V15[", "-p", "no:cacheprovider")
    assert set(some.outcomes) == {f"test_law[V1[{CELL}]]", f"test_law[V15[{CELL}]]", f"test_missing[V1[{CELL}]]"}
    calls = (project / "calls").read_text()
    assert len({line.split()[0] for line in calls.splitlines()}) == 1
    assert "the_result_is_the_callees_object" in calls
    assert "context" not in calls


def test_what_failed_last_runs_again_and_xdist_runs_it_elsewhere(project: Path, whole: Run) -> None:
    pytest.importorskip("xdist")
    again = run(project, "--lf", "-p", "xdist.plugin", "-p", "interop.pytest_plugin", "-n", "1", "--dist", "loadgroup")
    assert set(again.outcomes.values()) == {"failed"}
    assert len(again.outcomes) == 3


class Unnamed(Bridge):
    crossings = (Crossing("asyncio", "trio", "thread"),)


class Misnamed(Bridge):
    name = "misnamed"
    crossings = (Crossing("asyncio", "curio", "thread"),)


class Good(Bridge):
    name = "good"
    crossings = (Crossing("asyncio", "trio", "thread"),)


@pytest.mark.parametrize(
    ("kind", "options", "words"),
    [
        (Unnamed, {}, "Unnamed needs a name"),
        (Misnamed, {}, "no framework is called 'curio'"),
        (Good, {"laws": ["V999"]}, "no law or chapter is called 'V999'"),
        (Good, {"crossings": ["trio->asyncio/guest"]}, "no law to check"),
    ],
)
def test_what_cannot_be_checked_is_refused_when_the_file_is_read(kind: Any, options: Any, words: str) -> None:
    with pytest.raises(InteropError, match=words):
        law_tests(kind, **options)


def test_a_class_that_no_worker_could_import_is_refused() -> None:
    class Inside(Good):
        name = "inside"

    with pytest.raises(InteropError, match="where a worker process cannot import it"):
        law_tests(Inside)
