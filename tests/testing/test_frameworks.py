"""One test function runs under each framework, in a process of its own, and looks and fails like any other test."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from interop.errors import InteropError
from interop.harness import drivers
from interop.testing import child, frameworks
from tests.testing.sample import Run, run

APP = """
import os
import sys

import pytest

from interop.testing import frameworks


@frameworks("asyncio", "asyncio[uvloop]", "tornado", "twisted", "twisted[asyncio]", "trio", "anyio[asyncio]", "anyio[trio]")
async def test_asynchronous(interop_framework, tmp_path):
    print("hello from", interop_framework, os.getpid() != int(os.environ["PARENT"]))
    assert tmp_path.exists()


@frameworks("gevent", "eventlet", "threads")
def test_blocking(): ...


@pytest.fixture
def number():
    return 3


class TestClass:
    @pytest.mark.parametrize("other", [3, 4])
    @frameworks("trio")
    async def test_fails(self, number, other):
        print("on output")
        print("on error", file=sys.stderr)
        assert {"a": [1, number]} == {"a": [1, other]}, "the two differ"


@frameworks("trio")
async def test_skips():
    pytest.skip("for a reason")


@frameworks("trio")
async def test_expects_to_fail():
    pytest.xfail("as is known")


@pytest.mark.xfail(reason="marked")
@frameworks("trio")
async def test_is_marked():
    raise ValueError


@frameworks("trio", timeout=1)
async def test_hangs():
    import trio

    await trio.sleep_forever()


@frameworks("threads")
def test_dies():
    os._exit(7)


@frameworks("threads")
def test_gets_a_fixture_of_this_process(monkeypatch): ...


@pytest.fixture
def lock():
    import threading

    return threading.Lock()


@frameworks("threads")
def test_gets_what_cannot_be_pickled(lock): ...


@frameworks("asyncio")
async def test_is_fooled():
    sys.modules["interop.adapters.asyncio"].current = lambda: type("Runtime", (), {"name": "trio"})


"""


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("app")
    (folder / "test_app.py").write_text(APP)
    (folder / "pytest.ini").write_text("[pytest]\naddopts = --strict-markers\n")
    import os

    return run(folder, PARENT=str(os.getpid()))


ASYNCHRONOUS = ("asyncio", "asyncio[uvloop]", "tornado", "twisted", "twisted[asyncio]", "trio", "anyio[asyncio]", "anyio[trio]")


@pytest.mark.parametrize("name", ASYNCHRONOUS)
def test_a_coroutine_function_runs_under_each_framework_with_its_output_shown(whole: Run, name: str) -> None:
    test = f"test_asynchronous[{name}]"
    assert whole.outcomes[test] in ("passed", "skipped"), whole.texts[test]
    assert f"hello from {name} True" in whole.texts[test] or "not installed" in whole.texts[test]


@pytest.mark.parametrize("name", ["gevent", "eventlet", "threads"])
def test_a_plain_function_runs_where_waiting_blocks(whole: Run, name: str) -> None:
    test = f"test_blocking[{name}]"
    assert whole.outcomes[test] == "passed" or "not installed" in whole.texts[test]


def test_parameters_fixtures_and_methods_work_and_the_failure_is_shown_as_pytest_does(whole: Run) -> None:
    assert whole.outcomes["test_fails[trio-3]"] == "passed"
    text = whole.texts["test_fails[trio-4]"]
    assert '>       assert {"a": [1, number]} == {"a": [1, other]}, "the two differ"' in text
    assert "AssertionError: the two differ" in text
    assert "Differing items" in text
    assert "child.py" not in text, "the kit's own frames are no part of the story"
    assert "on output" in text
    assert "on error" in text


def test_skip_and_xfail_inside_the_test_are_its_outcome(whole: Run) -> None:
    assert whole.outcomes["test_skips[trio]"] == "skipped"
    assert "for a reason" in whole.texts["test_skips[trio]"]
    assert whole.outcomes["test_expects_to_fail[trio]"] == "xfailed"
    assert "as is known" in whole.texts["test_expects_to_fail[trio]"]
    assert whole.outcomes["test_is_marked[trio]"] == "xfailed"


def test_a_hang_fails_with_the_stacks_of_its_tasks(whole: Run) -> None:
    text = whole.texts["test_hangs[trio]"]
    assert "it did nothing for 1 seconds" in text
    assert "await trio.sleep_forever()" in text


def test_a_process_that_ends_itself_fails(whole: Run) -> None:
    assert "under threads: its process ended with exit code 7 and no report" in whole.texts["test_dies[threads]"]


def test_a_value_that_cannot_be_passed_is_named(whole: Run) -> None:
    for name, words in (
        ("test_gets_a_fixture_of_this_process[threads]", "'monkeypatch', of type MonkeyPatch, cannot be passed"),
        ("test_gets_what_cannot_be_pickled[threads]", "'lock', of type lock, cannot be passed"),
    ):
        assert whole.outcomes[name] == "failed"
        assert words in whole.texts[name]


def test_a_test_that_does_not_run_on_what_it_is_named_after_fails(whole: Run) -> None:
    assert "the test is to run under asyncio, but trio runs here" in whole.texts["test_is_fooled[asyncio]"]


@pytest.mark.parametrize("name", ["trio", "twisted", "asyncio[uvloop]", "threads"])
def test_asyncio_is_not_taken_for_another_framework(name: str) -> None:
    async def look() -> None:
        child.here(name)

    drivers.find("asyncio")
    with pytest.raises(Exception, match=r"the test is to run under|no .* loop runs in this thread"):
        asyncio.run(look())


async def coroutine_function() -> None: ...
def plain_function() -> None: ...


@pytest.mark.parametrize(
    ("fn", "names", "words"),
    [
        (coroutine_function, ["curio"], "no framework is called 'curio'"),
        (coroutine_function, [], "at least one name"),
        (coroutine_function, ["gevent"], "cannot run in gevent: a test for gevent is a plain function"),
        (plain_function, ["trio"], "cannot run in trio: a test for trio is a coroutine function"),
    ],
)
def test_what_cannot_run_is_refused_when_the_file_is_read(fn: Any, names: list[str], words: str) -> None:
    with pytest.raises(InteropError, match=words):
        frameworks(*names)(fn)


def test_a_missing_framework_is_a_skip_with_its_reason(tmp_path: Path) -> None:
    # A module that cannot be found by the name of a framework's stands for one that is not installed.
    hides = "u.find_spec = lambda name, *more: None if name == 'trio' else find(name, *more)"
    (tmp_path / "conftest.py").write_text(f"import importlib.util as u\nfind = u.find_spec\n{hides}\n")
    (tmp_path / "test_it.py").write_text(
        "from interop.testing import frameworks\n\n@frameworks('trio')\nasync def test_it(): ...\n"
    )
    done = run(tmp_path)
    assert done.outcomes == {"test_it[trio]": "skipped"}
    assert "Trio is not installed" in done.texts["test_it[trio]"]
