"""frameworks(): one test function, run under each framework in a process of its own.

Pytest gets an ordinary function: a plugin that looks for coroutine functions has nothing to take. The fixtures' values and the
parameters travel by value; the body runs in a fresh interpreter (child.py), which looks what it is really running on.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import json
import os
import pickle
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from interop.bridges.crossing import Crossing
from interop.errors import InteropError
from interop.harness import stuck
from interop.portal import FRAMEWORKS
from interop.testing import measuring

PARAMETER = "interop_framework"
BLOCKING = ("gevent", "eventlet", "threads")
NAMES = tuple(name for name in FRAMEWORKS if name != "twisted[private]")
SLOW = 20  # times `timeout`, after which also a child that does something is ended
PATIENCE = 5.0  # seconds for stacks to be written
NOT_PARAMETRIZED = (
    "@frameworks on {test}() gives it a parameter, and a method of unittest.TestCase gets none from pytest: "
    "write a function, or a method of a plain class"
)
START = """
import json, sys
job = json.load(open(sys.argv[1], encoding="utf-8"))
sys.path[:] = job["path"]
from interop.testing.child import main
main(job)
"""


def frameworks(*names: str, timeout: float = 10.0) -> Callable[[Callable[..., Any]], Callable[..., None]]:
    """Run a test under each of these frameworks: an `async def` in asynchronous ones, a plain one in gevent, eventlet, threads.

    Parameters and fixtures are passed by value, so each has to be picklable; a fixture of the test's own framework cannot be.
    Autouse fixtures and conftest.py files are at work in the child as well. `interop_framework` is a parameter that the test may
    have. A framework that is not installed is a skip.

    Args:
        names: "asyncio", "asyncio[uvloop]", "tornado", "twisted", "twisted[asyncio]", "trio", "anyio[asyncio]", "anyio[trio]";
            or "gevent", "eventlet", "threads".
        timeout: seconds; if the test's process does nothing at all for so long, it hangs, and fails with the stacks of its tasks,
            greenlets and threads. A process that does something may take twenty times as long.

    Raises:
        InteropError: no framework is called like that, or it cannot run this kind of function.

    Example:
        @frameworks("asyncio", "trio")
        async def test_it(): ...
    """

    def decorate(fn: Callable[..., Any]) -> Callable[..., None]:
        _check_names(fn, names)
        if "_pytest" not in sys.modules:
            return fn
        import pytest

        signature = inspect.signature(fn)

        @functools.wraps(fn)
        def test(*args: Any, **kwargs: Any) -> None:
            if PARAMETER not in kwargs:
                pytest.fail(NOT_PARAMETRIZED.format(test=fn.__qualname__), pytrace=False)
            request = kwargs["request"] if "request" in signature.parameters else kwargs.pop("request")
            name = kwargs[PARAMETER] if PARAMETER in signature.parameters else kwargs.pop(PARAMETER)
            _run(request, name, kwargs, timeout)

        del test.__dict__["__wrapped__"]  # Whoever unwraps it would find a coroutine function again.
        own = [p.replace(kind=p.KEYWORD_ONLY) if p.name != "self" else p for p in signature.parameters.values()]
        more = [
            inspect.Parameter(p, inspect.Parameter.KEYWORD_ONLY) for p in (PARAMETER, "request") if p not in signature.parameters
        ]
        test.__signature__ = inspect.Signature(own + more)  # type: ignore[attr-defined]
        test.__interop__ = fn  # type: ignore[attr-defined]
        return pytest.mark.parametrize(PARAMETER, names)(test)  # type: ignore[no-any-return]

    return decorate


def _check_names(fn: Callable[..., Any], names: tuple[str, ...]) -> None:
    if not names:
        raise InteropError(f"frameworks() needs at least one name; there are {', '.join(NAMES)}")
    for name in names:
        if name not in NAMES:
            raise InteropError(f"no framework is called {name!r}; there are {', '.join(NAMES)}")
        if inspect.iscoroutinefunction(fn) == (name in BLOCKING):
            kind = "a plain function that blocks" if name in BLOCKING else "a coroutine function"
            raise InteropError(f"{fn.__qualname__}() cannot run in {name}: a test for {name} is {kind}")


def _run(request: Any, name: str, values: Mapping[str, Any], timeout: float) -> None:
    import pytest

    missing = Crossing(name, name, "thread").missing
    if missing is not None:
        pytest.skip(missing)
    with tempfile.TemporaryDirectory(prefix="interop-") as folder:
        _write_job(Path(folder), request, name, values)
        end = _start(Path(folder), timeout)
        result = Path(folder, "result.json")
        measuring.add(Path(folder))
        printed = Path(folder, "output").read_text(encoding="utf-8", errors="replace")
        report = json.loads(result.read_text(encoding="utf-8")) if result.exists() else None
    if report is None:
        pytest.fail(f"under {name}: {end}\n\n{printed}".rstrip(), pytrace=False)
    sys.stdout.write(report["out"] + printed)
    sys.stderr.write(report["err"])
    if report["xfail"] is not None:
        pytest.xfail(report["xfail"])
    if report["outcome"] == "skipped":
        pytest.skip(report["text"])
    if report["outcome"] != "passed":
        raise _failure(f"under {name}:\n{report['text']}", report["types"], request.node)


def _failure(text: str, types: Sequence[Sequence[str]], node: Any) -> BaseException:
    """pytest's failure; one that is what xfail(raises=...) waits for, where the test raised that."""
    import pytest

    expected: list[Any] = []
    for mark in node.iter_markers("xfail"):
        raises = mark.kwargs.get("raises", ())
        expected += raises if isinstance(raises, tuple) else [raises]
    kind: Any = pytest.fail.Exception
    for wanted in expected:
        if isinstance(wanted, type) and [wanted.__module__, wanted.__qualname__] in types:
            with contextlib.suppress(TypeError):  # Two C layouts do not go together: then it fails, and says what was raised.
                kind = type(wanted.__name__, (pytest.fail.Exception, wanted), {"__init__": _nothing})
                break
    failure: BaseException = kind(text)
    failure.msg, failure.pytrace = text, False  # type: ignore[attr-defined]
    return failure


def _nothing(self: object, *args: object) -> None:
    """Instead of the user's __init__(), which may want other arguments."""


def _write_job(folder: Path, request: Any, name: str, values: Mapping[str, Any]) -> None:
    node, config = request.node, request.config
    job = {
        "framework": name,
        "file": str(node.path),
        "class": node.cls.__qualname__ if node.cls else None,
        "test": node.originalname,
        "path": sys.path,
        "root": str(config.rootpath),
        "ini": str(config.inipath) if config.inipath else None,
        "tb": config.option.tbstyle,
        "verbose": config.option.verbose,
        "coverage": measuring.options(name),
    }
    (folder / "job.json").write_text(json.dumps(job), encoding="utf-8")
    pickled = {key: _pickled(key, value) for key, value in values.items()}
    (folder / "values.pickle").write_bytes(pickle.dumps(pickled))


def _pickled(key: str, value: Any) -> bytes:
    import pytest

    why = "it works on this process"
    if not type(value).__module__.startswith("_pytest."):
        try:
            return pickle.dumps(value)
        except Exception as error:
            why = f"it cannot be pickled ({type(error).__name__}: {error})"
    return pytest.fail(
        f"{key!r}, of type {type(value).__qualname__}, cannot be passed to the test's own process: {why}. "
        "Make it inside the test, or in an autouse fixture",
        pytrace=False,
    )


def _start(folder: Path, timeout: float) -> str:
    """Run the child to its end; how it ended, in words."""
    output = folder / "output"
    # Plugins that happen to be installed import frameworks, and Twisted's installs a reactor.
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    with output.open("wb") as file:
        child = subprocess.Popen(
            [sys.executable, "-c", START, str(folder / "job.json")],
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            env=environment,
            start_new_session=True,
        )
    try:
        return _wait(child, output, timeout)
    finally:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()


def _wait(child: subprocess.Popen[bytes], output: Path, timeout: float) -> str:
    begun = since = time.monotonic()
    before: object = None
    while True:
        try:
            code = child.wait(0.05 if time.monotonic() - begun < 1 else 0.25)
            return f"its process ended with exit code {code} and no report"
        except subprocess.TimeoutExpired:
            now, counters = time.monotonic(), stuck.activity(child.pid)
        if counters is None or counters != before:
            before, since = counters, now
        if now - since > timeout or now - begun > SLOW * timeout:
            _ask_for_stacks(child.pid, output)
            return f"it did nothing for {timeout:g} seconds" if now - since > timeout else f"it took {SLOW * timeout:g} seconds"


def _ask_for_stacks(pid: int, output: Path) -> None:
    if not hasattr(signal, "SIGUSR1"):
        return
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGUSR1)
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and "end of stacks" not in output.read_text(encoding="utf-8", errors="replace"):
        time.sleep(0.05)
