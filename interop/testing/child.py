"""The process of one test under one framework: pytest with this one item, whose body runs in the framework's loop.

It is pytest again, so that assertions are rewritten, output is captured and tracebacks look as in any other test.
"""

from __future__ import annotations

import contextlib
import inspect
import io
import json
import os
import pickle
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from interop.harness import drivers, stacks
from interop.laws.world import running_asyncio_loop
from interop.portal import find
from interop.testing import measuring

# What adapters call the loop that runs, where that is not the framework's name before the bracket.
RUNTIMES = {"anyio[asyncio]": "anyio[asyncio]", "anyio[trio]": "trio", "twisted[asyncio]": "twisted[asyncio]"}


class WrongFramework(AssertionError):
    """The test did not run on what it is named after."""


def main(job: Mapping[str, Any]) -> None:
    """Run the one test; write result.json beside the job, and end this process."""
    import pytest

    folder = Path(sys.argv[1]).parent
    measured = measuring.start(job["coverage"], folder)
    stacks.answer_requests()
    child = Child(job, folder)
    arguments = [job["file"], f"--rootdir={job['root']}", *(["-c", job["ini"]] if job["ini"] else []), "-o", "addopts="]
    arguments += ["-p", "no:cacheprovider", "--capture=sys", f"--tb={job['tb']}", *["-v"] * job["verbose"]]
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        pytest.main(arguments, plugins=[child])
    if child.result is None:
        sys.stderr.write(f"pytest found no such test in the child process\n{said.getvalue()}")
    else:
        (folder / "result.json").write_text(json.dumps(child.result), encoding="utf-8")
    measuring.save(measured)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)  # Whatever the test has left behind is no reason to stay.


class Child:
    """The plugin: collects the test, runs it, and keeps its report."""

    def __init__(self, job: Mapping[str, Any], folder: Path) -> None:
        self.job, self.folder = job, folder
        self.result: dict[str, Any] | None = None
        self.types: list[list[str]] = []  # of what was raised: its class, and those that it is derived from

    def pytest_pycollect_makeitem(self, collector: Any, name: str, obj: Any) -> Any:
        """The one test, without its parameters and marks: the parent has them. Classes are looked into."""
        import pytest

        if inspect.isclass(obj):
            return None if (self.job["class"] or "").split(".")[0] == name or isinstance(collector, pytest.Class) else []
        there = collector.obj.__qualname__ if isinstance(collector, pytest.Class) else None
        fn = getattr(obj, "__interop__", None)
        if fn is None or name != self.job["test"] or there != self.job["class"]:
            return []
        return pytest.Function.from_parent(collector, name=name, callobj=self.body(fn, collector if there else None))

    def body(self, fn: Callable[..., Any], collector: Any) -> Callable[[], None]:
        """What pytest calls in this process."""

        def test() -> None:
            __tracebackhide__ = True
            values = {
                key: pickle.loads(value) for key, value in pickle.loads((self.folder / "values.pickle").read_bytes()).items()
            }
            run(fn if collector is None else fn.__get__(collector.obj()), values, self.job["framework"])

        test.__name__ = fn.__name__
        return test

    def pytest_runtest_makereport(self, item: Any, call: Any) -> None:
        """Keep what was raised; the report, which pytest makes, has its text only."""
        if call.excinfo is not None and not self.types:
            self.types = [[kind.__module__, kind.__qualname__] for kind in call.excinfo.type.__mro__]

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Keep the call's report, or that of whatever kept it from being called."""
        if report.when == "call" or report.outcome != "passed":
            if self.result is not None and self.result["outcome"] != "passed":
                return
            text = report.longreprtext
            if report.outcome == "skipped" and isinstance(report.longrepr, tuple):
                text = report.longrepr[2].removeprefix("Skipped: ")
            self.result = {"outcome": report.outcome, "text": text, "xfail": getattr(report, "wasxfail", None)}
            self.result |= {"types": self.types, "out": report.capstdout, "err": report.capstderr}

    def pytest_collectreport(self, report: Any) -> None:
        """The file could not be imported here."""
        if report.outcome != "passed":
            self.result = {
                "outcome": report.outcome,
                "text": report.longreprtext,
                "xfail": None,
                "types": [],
                "out": "",
                "err": "",
            }


def run(fn: Callable[..., Any], values: Mapping[str, Any], name: str) -> None:
    """The test's body, natively under a framework, whose presence is looked at before and after."""
    __tracebackhide__ = True
    driver = drivers.find(name)  # Before the adapter: it hushes what a framework says of itself when it is imported.
    adapter, flavour = find(name)
    errors: list[BaseException] = []

    async def asynchronous() -> None:
        try:
            await driver.turn()  # A reactor calls its first function before it runs.
            here(name)
            await fn(**values)
            here(name)
        except BaseException as error:
            errors.append(error)

    def blocking() -> None:
        try:
            here(name)
            fn(**values)
            here(name)
        except BaseException as error:
            errors.append(error)

    adapter.run(asynchronous if inspect.iscoroutinefunction(fn) else blocking, flavour)  # type: ignore[arg-type]
    if not errors:
        return
    error, frames = errors[0], errors[0].__traceback__
    while frames is not None and frames.tb_frame.f_code is not inspect.unwrap(fn).__code__:
        frames = frames.tb_next
    raise error.with_traceback(frames or error.__traceback__)


def here(name: str) -> None:
    """Look what runs here.

    Raises:
        WrongFramework: not what is named, or something beside it.
    """
    driver, (adapter, flavour) = drivers.find(name), find(name)
    runtime = adapter.current()
    loop = running_asyncio_loop()
    trio = "trio" in sys.modules and sys.modules["trio"].lowlevel.in_trio_task()
    faults = []
    if runtime.name != RUNTIMES.get(name, name.partition("[")[0]):
        faults.append(f"{runtime.name} runs here")
    if loop is not driver.asyncio_loop():
        faults.append(f"the running asyncio loop is {loop!r}")
    if trio != (driver.library == "trio"):
        faults.append("a Trio task runs here" if trio else "no Trio task runs here")
    if loop is not None and type(loop).__module__.startswith("uvloop") != (flavour == "uvloop"):
        faults.append(f"the loop is {type(loop).__module__}'s")
    if faults:
        raise WrongFramework(f"the test is to run under {name}, but {', and '.join(faults)}")
