"""What several probes need to say what they saw: spelled exceptions, warnings, signatures, and programs in a child process.

A spelling never has an address, an id, a time or a message in it.
"""

import contextlib
import inspect
import json
import os
import re
import signal
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

_COUNTS = re.compile(r"(\d+) (passed|failed|error|skipped|xfailed|xpassed|warning)s?\b")
_PRINTED = re.compile(
    r"^(?:[ |+-]*)((?:\w+\.)*[A-Z]\w*(?:Error|Exception|Exit|Interrupt|Group|Cancelled|Warning|Iteration)\w*)\b", re.M
)


def name(thing: Any) -> str:
    """An exception, or its class, by package and name; a group with its members: "trio.Cancelled", "ExceptionGroup[KeyError]"."""
    cls = thing if isinstance(thing, type) else type(thing)
    package = cls.__module__.partition(".")[0]
    ours = package in ("builtins", "exceptiongroup", "__main__", "interop")
    own = cls.__qualname__.rpartition("<locals>.")[2]
    spelled = own if ours else f"{package}.{own}"
    members = getattr(thing, "exceptions", None)
    if isinstance(thing, BaseException) and isinstance(members, (tuple, list)):
        spelled += f"[{', '.join(name(member) for member in members)}]"
    return spelled


def outcome(fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """What the call returns, or how its exception is spelled."""
    try:
        return fn(*args, **kwargs)
    except BaseException as error:
        return f"raises {name(error)}"


async def aoutcome(fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """What awaiting the call returns, or how its exception is spelled."""
    try:
        return await fn(*args, **kwargs)
    except BaseException as error:
        return f"raises {name(error)}"


def parameters(fn: Callable[..., Any]) -> list[str]:
    """The parameters of a function: "name", "*name" by keyword only, "/name" by position only, "name=" optional."""
    marks: dict[Any, str] = {inspect.Parameter.KEYWORD_ONLY: "*", inspect.Parameter.POSITIONAL_ONLY: "/"}
    marks |= {inspect.Parameter.VAR_POSITIONAL: "*args:", inspect.Parameter.VAR_KEYWORD: "**kwargs:"}
    return [
        f"{marks.get(each.kind, '')}{each.name}{'' if each.default is each.empty else '='}"
        for each in inspect.signature(fn).parameters.values()
    ]


def warned(fn: Callable[..., Any], *args: Any) -> list[str]:
    """The classes of the warnings that a call causes, sorted, each once."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            fn(*args)
        except BaseException as error:
            return [*sorted({name(each.category) for each in caught}), f"raises {name(error)}"]
    return sorted({name(each.category) for each in caught})


def child(source: str, *options: str, **environment: str) -> dict[str, Any]:
    """Run a program in a fresh interpreter.

    Returns:
        exit: the code, or the signal's name; out: its lines, as JSON where they are; printed: the exceptions that its standard
        error names, in order, each run of the same once.
    """
    import subprocess  # not at the top: it imports threading, and some probes are about who comes first

    done = subprocess.run(
        [sys.executable, *options, "-c", source],
        capture_output=True, text=True, env={**os.environ, **environment}, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    return spelled(done.returncode, done.stdout, done.stderr)


def printed(text: str) -> list[str]:
    """The exceptions that a text names at the starts of lines, in order, each run of the same once."""
    found: list[str] = []
    for spelled in _PRINTED.findall(text):
        last = spelled.rpartition(".")[2]
        if not found or found[-1] != last:
            found.append(last)
    return found


def spelled(code: Any, out: str, err: str) -> dict[str, Any]:
    """What a program came to, as child() returns it: its exit code (or why there is none) and what it wrote."""
    ended: Any = signal.Signals(-code).name if isinstance(code, int) and code < 0 else code
    return {"exit": ended, "out": [_value(line) for line in out.splitlines()], "printed": printed(err)}


def _value(line: str) -> Any:
    try:
        return json.loads(line)
    except ValueError:
        return line


def pytested(source: str, *options: str, ini: str = "") -> dict[str, int]:
    """Run pytest on one throw-away file, with the plugins that `options` name and no other; how many passed, failed and so on."""
    import subprocess
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "test_it.py").write_text(source, encoding="utf-8")
        Path(folder, "pytest.ini").write_text(f"[pytest]\n{ini}", encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options],
            cwd=folder, capture_output=True, text=True, stdin=subprocess.DEVNULL,
            env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        )  # fmt: skip
    for line in reversed(done.stdout.splitlines()):
        counts = {word: int(number) for number, word in _COUNTS.findall(line) if word != "warning"}
        if counts:
            return counts
    return {"exit": done.returncode}


_RECORDER = """
import json
found, warned = {}, set()
def pytest_runtest_logreport(report):
    if report.when == "call" or report.outcome != "passed":
        kind = "" if report.when == "call" else " in " + report.when
        crash = getattr(report.longrepr, "reprcrash", None)
        said = crash.message.split(chr(10))[0].partition(":")[0] if crash and report.outcome == "failed" else ""
        error = said.rpartition(".")[2] if said.replace(".", "").isidentifier() else ""
        if said.startswith("assert"):
            error = "AssertionError"
        how = "xfailed" if hasattr(report, "wasxfail") else (report.outcome + kind + " " + error).strip()
        found.setdefault(report.nodeid.rpartition("::")[2], []).append(how)
def pytest_collectreport(report):
    if report.outcome == "failed":
        found.setdefault("collection", []).append("failed")
def pytest_warning_recorded(warning_message):
    warned.add(warning_message.category.__name__)
def pytest_sessionfinish(session, exitstatus):
    with open("recorded.json", "w") as file:
        tests = {name: how[0] if len(how) == 1 else how for name, how in found.items()}
        json.dump({"exit": int(exitstatus), "tests": tests, "warnings": sorted(warned)}, file)
"""


def run_tests(source: str, *options: str, ini: str = "") -> dict[str, Any]:
    """Run pytest on one throw-away file, as pytested() does.

    Returns:
        exit: the code; tests: by name, how each went, with the error's class; warnings: the classes of all warnings.
    """
    import subprocess
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        for file, text in {"test_it.py": source, "pytest.ini": f"[pytest]\n{ini}", "interop_recorder.py": _RECORDER}.items():
            Path(folder, file).write_text(text, encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "interop_recorder", *options],
            cwd=folder, capture_output=True, text=True, stdin=subprocess.DEVNULL,
            env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        )  # fmt: skip
        sys.stderr.write(done.stdout + done.stderr)
        recorded = Path(folder, "recorded.json")
        return json.loads(recorded.read_text(encoding="utf-8")) if recorded.exists() else {"exit": done.returncode}


@contextlib.contextmanager
def logged() -> Iterator[list[str]]:
    """What is logged meanwhile: logger, level and the exception, if there is one, of each record; never its text."""
    import logging

    found: list[str] = []

    class Noting(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            error = record.exc_info[1] if record.exc_info else None
            found.append(f"{record.name} {record.levelname}" + (f" {name(error)}" if error else ""))

    root, noting = logging.getLogger(), Noting()
    before = root.handlers[:], root.level
    root.handlers, root.level = [noting], logging.DEBUG
    try:
        yield found
    finally:
        root.handlers, root.level = before


def plain(value: Any) -> Any:
    """A value that JSON has, or the name of its type."""
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value if isinstance(value, (str, int, float, bool, dict, type(None))) else type(value).__name__


async def turns(count: int = 20) -> None:
    """Let an asyncio loop go round: whatever is ready, and whatever that makes ready, has run."""
    import asyncio

    for _ in range(count):
        await asyncio.sleep(0)


def state(future: Any) -> Any:
    """Of an asyncio or concurrent future: "pending", "cancelled", its result, or how its exception is spelled."""
    if not future.done():
        return "pending"
    if future.cancelled():
        return "cancelled"
    error = future.exception()
    return f"raises {name(error)}" if error is not None else future.result()


def unhandled(loop: Any) -> list[Any]:
    """What the loop's exception handler will get: the keys of each context, and the exception."""
    found: list[Any] = []

    def note(_: Any, context: dict[str, Any]) -> None:
        error = context.get("exception")
        found.append([*sorted(set(context) - {"message"}), *([name(error)] if error is not None else [])])

    loop.set_exception_handler(note)
    return found


def ahead(loop: Any) -> Callable[[float], None]:
    """Sets an asyncio loop's clock that many seconds ahead: what is timed comes when the probe says so, however busy the machine is."""
    real, seconds = loop.time, [0.0]
    loop.time = lambda: real() + seconds[0]

    def set_ahead(by: float) -> None:
        seconds[0] += by

    return set_ahead


def jumping(loop: Any) -> None:
    """From now on an asyncio loop's clock stands still while anything can run, and jumps to the next timer when nothing can."""
    select, now = loop._selector.select, [loop.time()]

    def jump(timeout: Any = None) -> Any:
        events = select(0 if timeout else timeout)
        if timeout and not events:
            now[0] += timeout
        return events

    loop.time = lambda: now[0]
    loop._selector.select = jump


async def patience(future: Any) -> None:
    """Wait for a future for 0.4 seconds, in many parts: a stall of the machine costs one of them, and the loop sees what came."""
    import asyncio

    waiting = asyncio.ensure_future(future)
    for _ in range(40):
        if not waiting.done():
            await asyncio.wait([waiting], timeout=0.01)


async def settled(future: Any) -> Any:
    """The state() of a future after some patience with what it waits for: in one loop, timers fire in order under any load."""
    await patience(future)
    await turns()
    return state(future)
