"""Programs that share an import: each ends as an interpreter does, and is told apart from the others."""

import asyncio

import pytest

from interop.probes import forked as programs_of
from interop.probes.backends import plain
from interop.probes.probe import PROBES, catalogue


def test_each_program_has_its_own_exit_code_lines_and_errors() -> None:
    programs = {
        "returns": "print('one'); print('two')",
        "exits": "sys.exit(3)",
        "fails": "raise KeyError",
        "killed": "import signal; os.kill(os.getpid(), signal.SIGKILL)",
        "at exit": "import atexit; atexit.register(print, 'last')",
        "shared": "print(shared)",
    }
    assert programs_of.forked("shared = 'from the prelude'", programs) == {
        "returns": [0, "one", "two"],
        "exits": [3],
        "fails": [1, "KeyError"],
        "killed": [-9],
        "at exit": [0, "last"],
        "shared": [0, "from the prelude"],
    }


def test_one_that_hangs_is_ended_and_the_next_goes_on() -> None:
    programs = {"hangs": "import threading; print('waits', flush=True); threading.Event().wait()", "next": "print('goes on')"}
    assert programs_of.children("", programs) == {"hangs": ["hang", "waits"], "next": [0, "goes on"]}


def test_children_are_told_as_values() -> None:
    programs = {"value": "print('[1, null]'); print('text')", "killed": "import signal; os.kill(os.getpid(), signal.SIGKILL)"}
    assert programs_of.children("import os", programs) == {"value": [0, [1, None], "text"], "killed": ["SIGKILL"]}


def test_programs_do_not_see_each_other() -> None:
    assert programs_of.forked("count = 0", dict.fromkeys("ab", "count += 1; print(count)")) == {"a": [0, "1"], "b": [0, "1"]}


def test_how_each_test_of_a_throw_away_file_ended_is_told(tmp_path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    source = """
import pytest
@pytest.fixture
def broken(): raise ValueError
@pytest.fixture
def ends_badly():
    yield
    raise ValueError
def test_passes(): pass
def test_fails(): assert False
def test_skips(): pytest.skip()
def test_xfails(): pytest.xfail()
def test_error(broken): pass
def test_end(ends_badly): pass
"""
    assert programs_of.tested("", {"all": (source, (), ""), "no such option": (source, ("--nothing",), "")}) == {
        "all": {
            "test_passes": "passed",
            "test_fails": "failed",
            "test_skips": "skipped",
            "test_xfails": "xfailed",
            "test_error": "error in setup",
            "test_end": "error in teardown",
        },
        "no such option": {"exit": 4},
    }


def test_what_is_no_json_is_spelled_by_its_class() -> None:
    assert plain({"a": [1, (None, object()), asyncio.Event]}) == {"a": [1, [None, "object"], "asyncio.Event"]}


@pytest.mark.parametrize(
    "subject", ["anyio", "eventlet", "gevent", "greenlet", "trio", "trio_asyncio", "greenback", "outcome", "sniffio"]
)
def test_the_areas_that_glue_depends_on_are_observed(subject: str) -> None:
    catalogue()
    mine = [probe for probe in PROBES.values() if probe.subject == subject]
    assert all(probe.source for probe in mine)
    assert len({probe.area for probe in mine}) >= 3
