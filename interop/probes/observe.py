"""What several probes need to say what they saw: spelled exceptions, warnings, signatures, and programs in a child process.

A spelling never has an address, an id, a time or a message in it.
"""

import inspect
import json
import os
import re
import signal
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

_COUNTS = re.compile(r"(\d+) (passed|failed|error|skipped|xfailed|xpassed|warning)s?\b")
_PRINTED = re.compile(
    r"^(?:[ |+-]*)((?:\w+\.)*[A-Z]\w*(?:Error|Exception|Exit|Interrupt|Group|Cancelled|Warning|Iteration)\w*)\b", re.M
)
SECONDS = 30.0  # Far more than a child needs: the machine that runs the probe gives up before.


def name(thing: Any) -> str:
    """An exception, or its class, by package and name; a group with its members: "trio.Cancelled", "ExceptionGroup[KeyError]"."""
    cls = thing if isinstance(thing, type) else type(thing)
    package = cls.__module__.partition(".")[0]
    ours = package in ("builtins", "exceptiongroup", "__main__", "interop")
    spelled: str = cls.__qualname__ if ours else f"{package}.{cls.__qualname__}"
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
        except Exception as error:
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
        capture_output=True, text=True, timeout=SECONDS, env={**os.environ, **environment}, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    code: Any = done.returncode if done.returncode >= 0 else signal.Signals(-done.returncode).name
    return {"exit": code, "out": [_value(line) for line in done.stdout.splitlines()], "printed": printed(done.stderr)}


def printed(text: str) -> list[str]:
    """The exceptions that a text names at the starts of lines, in order, each run of the same once."""
    found: list[str] = []
    for spelled in _PRINTED.findall(text):
        last = spelled.rpartition(".")[2]
        if not found or found[-1] != last:
            found.append(last)
    return found


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
            cwd=folder, capture_output=True, text=True, timeout=SECONDS, stdin=subprocess.DEVNULL,
            env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        )  # fmt: skip
    for line in reversed(done.stdout.splitlines()):
        counts = {word: int(number) for number, word in _COUNTS.findall(line) if word != "warning"}
        if counts:
            return counts
    return {"exit": done.returncode}
