"""Our plugin beside those of pytest-asyncio, pytest-trio, pytest-twisted and anyio: nobody takes a test of anybody else's."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from tests.testing.sample import run

OTHERS = ("pytest_asyncio", "pytest_trio", "pytest_twisted", "anyio")
missing = [name for name in OTHERS if importlib.util.find_spec(name) is None]
pytestmark = [
    pytest.mark.campaign,
    pytest.mark.skipif(bool(missing), reason=f"not installed: {', '.join(missing)}; `tox -e campaign` has them"),
]

THEIRS = """
import asyncio
import sys

import pytest
import pytest_twisted

from interop.testing import frameworks


def asynchronous_library():
    import sniffio

    return sniffio.current_async_library()


@pytest.mark.asyncio
async def test_of_pytest_asyncio():
    assert asyncio.current_task() is not None


@pytest.mark.trio
async def test_of_pytest_trio(nursery):
    assert asynchronous_library() == "trio"


@pytest_twisted.ensureDeferred
async def test_of_pytest_twisted():
    from twisted.internet import reactor, task

    await task.deferLater(reactor, 0)
    assert reactor.running


@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["asyncio", "trio"])
async def test_of_anyio(anyio_backend):
    assert asynchronous_library() == anyio_backend


@frameworks("asyncio", "trio", "twisted", "anyio[trio]")
async def test_of_ours(interop_framework):
    running = asyncio._get_running_loop() is not None
    assert running == (interop_framework == "asyncio")


@frameworks("gevent", "threads")
def test_of_ours_that_blocks():
    assert asyncio._get_running_loop() is None
"""
OURS = {f"test_of_ours[{name}]" for name in ("asyncio", "trio", "twisted", "anyio[trio]")} | {
    f"test_of_ours_that_blocks[{name}]" for name in ("gevent", "threads")
}
ALL = {
    "test_of_pytest_asyncio",
    "test_of_pytest_trio",
    "test_of_pytest_twisted",
    "test_of_anyio[asyncio]",
    "test_of_anyio[trio]",
} | OURS


def project(folder: Path, options: str) -> Path:
    (folder / "test_all.py").write_text(THEIRS)
    (folder / "pytest.ini").write_text(f"[pytest]\n{options}\n")
    return folder


def given() -> tuple[str, ...]:
    """How pytest gets our plugin: by its entry point where the kit is installed."""
    names = {entry.value for entry in importlib.metadata.entry_points(group="pytest11")}
    return () if "interop.pytest_plugin" in names else ("-p", "interop.pytest_plugin")


@pytest.mark.parametrize("mode", ["strict", "auto"])
def test_every_plugin_runs_its_own_tests_and_ours_run_where_they_say(tmp_path: Path, mode: str) -> None:
    done = run(project(tmp_path, f"asyncio_mode = {mode}"), *given(), autoload=True)
    if mode == "auto":  # pytest-asyncio says of itself that it takes every coroutine function then, anyio's and Trio's too.
        assert {name for name, outcome in done.outcomes.items() if outcome == "passed"} >= OURS, done.output
        return
    assert done.outcomes == dict.fromkeys(ALL, "passed"), done.output


def test_trio_mode_does_not_take_our_tests(tmp_path: Path) -> None:
    done = run(project(tmp_path, "trio_mode = true"), *given(), "-k", "ours", autoload=True)
    assert done.outcomes == dict.fromkeys(OURS, "passed"), done.output


def test_tests_under_other_frameworks_are_left_out_and_ours_can_be_selected(tmp_path: Path) -> None:
    folder = project(tmp_path, "addopts = --strict-markers")
    some = run(folder, *given(), "-m", "interop", "--interop-frameworks", "trio,threads", autoload=True)
    assert set(some.outcomes) == {"test_of_ours[trio]", "test_of_ours_that_blocks[threads]"}, some.output
    assert "interop: asyncio, tornado " in some.output


def test_a_mark_on_a_coroutine_function_is_refused_with_the_decorators_name(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text("import pytest\n\n@pytest.mark.interop\nasync def test_it(): ...\n")
    done = run(tmp_path, *given(), autoload=True)
    assert done.code == 4
    assert "write @interop.testing.frameworks(...) above it" in done.output


def test_the_plugin_costs_less_than_ten_milliseconds_and_imports_no_framework() -> None:
    code = """if True:
        import importlib.metadata, importlib.util, pytest, sys, time
        before = set(sys.modules)
        began = time.process_time()
        import interop.pytest_plugin
        interop.pytest_plugin.pytest_report_collectionfinish([])
        print(time.process_time() - began, *sorted({name.split(".")[0] for name in set(sys.modules) - before}))
    """
    seconds, *new = min(
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split() for _ in range(5)
    )
    assert not set(new) & {"asyncio", "trio", "twisted", "tornado", "gevent", "eventlet", "anyio", "uvloop"}, new
    assert float(seconds) < 0.010, seconds
