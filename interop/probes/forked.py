"""Many short programs that share an expensive import: one interpreter imports, a child of it runs each program to its end.

A program is the rest of a main module: it ends as an interpreter does, with its exit handlers, and its exit code counts.
"""

import json
import sys
from collections.abc import Mapping
from typing import Any

from interop.probes.observe import printed, spelled

# What it imports before the prelude is little, and for forked() the same as ever: some probes are about what an import loads.
_MAIN = """
import os, sys, json, tempfile
_programs, _found = json.loads(sys.argv[1]), {}
exec(_programs.pop(0))
exec(_programs.pop(0))
for _what, _program in _programs:
    with tempfile.TemporaryFile() as _out, tempfile.TemporaryFile() as _err:
        _pid = os.fork()
        if _pid == 0:
            os.dup2(_out.fileno(), 1)
            os.dup2(_err.fileno(), 2)
            break
        _code = _wait(_pid)
        _texts = []
        for _file in (_out, _err):
            _file.seek(0)
            _texts.append(_file.read().decode(errors="replace"))
        _found[_what] = [_code, *_texts]
else:
    print(json.dumps(_found))
    sys.exit()
del sys.argv[1:]
exec(compile(_program, "<probe>", "exec"))
"""
_WAITING = """
def _wait(pid):
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
"""
_WATCHING = """
import signal, time
from interop.harness.stuck import Watch, members
def _wait(pid, sleep=time.sleep, waitpid=os.waitpid):  # as they are before the prelude may patch them
    watch = Watch(pid, asleep=50)
    while True:
        for _ in range(10):
            ended, status = waitpid(pid, os.WNOHANG)
            if ended:
                return os.waitstatus_to_exitcode(status)
            sleep(0.01)
        if watch.hung():
            for each in members(pid):
                os.kill(each, signal.SIGKILL)
            waitpid(pid, 0)
            return "hang"
"""


def _ended(wait: str, prelude: str, programs: Mapping[str, str], *options: str) -> dict[str, list[Any]]:
    """For each program its exit code (or "hang", if that is watched for), and what it wrote to standard output and standard error."""
    import subprocess  # not at the top: it imports threading, and some probes are about who comes first

    done = subprocess.run(
        [sys.executable, *options, "-c", _MAIN, json.dumps([wait, prelude, *programs.items()])],
        stdout=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    ended: dict[str, list[Any]] = json.loads(done.stdout.splitlines()[-1])
    return ended


def forked(prelude: str, programs: Mapping[str, str]) -> dict[str, list[Any]]:
    """Run each program in a child of an interpreter that has run the prelude, one after the other; nothing warns.

    Returns:
        For each its exit code (negative: the signal), its lines, and the exceptions that its standard error names.
    """
    ended = _ended(_WAITING, prelude, programs, "-W", "ignore")
    return {what: [code, *out.splitlines(), *printed(err)] for what, (code, out, err) in ended.items()}


def children(prelude: str, programs: Mapping[str, str]) -> dict[str, list[Any]]:
    """The same with warnings, and spelled as child() does: a signal by its name, lines as JSON where they are.

    The exit of a program that hangs is "hang", and the next goes on.
    """
    seen = {what: spelled(*each) for what, each in _ended(_WATCHING, prelude, programs).items()}
    return {what: [each["exit"], *each["out"], *each["printed"]] for what, each in seen.items()}


_PYTEST = """
import pathlib, tempfile
os.chdir(tempfile.mkdtemp(dir=os.environ["HOME"]))
pathlib.Path("test_it.py").write_text({source!r})
pathlib.Path("pytest.ini").write_text("[pytest]\\n" + {ini!r})
class Note:
    def __init__(self): self.found = {{}}
    def pytest_runtest_logreport(self, report):
        name = report.nodeid.rpartition("::")[2]
        if hasattr(report, "wasxfail"): ended = "xfailed"
        elif report.when == "call": ended = report.outcome
        elif report.failed: ended = "error in " + report.when
        elif report.skipped: ended = "skipped"
        else: return
        self.found[name] = ended if self.found.get(name, "passed") == "passed" else self.found[name]
note = Note()
sys.path.insert(0, os.getcwd())
said = os.dup(1)
os.dup2(2, 1)
code = int(pytest.main(["-q", "-p", "no:cacheprovider", *{options!r}], plugins=[note]))
os.write(said, json.dumps(note.found or {{"exit": code}}).encode())
os._exit(0)
"""


def tested(prelude: str, cases: Mapping[str, "tuple[str, tuple[str, ...], str]"]) -> dict[str, Any]:
    """Run pytest on one throw-away file a case; how each test ended, or pytest's exit code where none was run.

    Args:
        cases: for each its source, pytest's options (the plugins: no other is loaded), and the lines of its pytest.ini.
    """
    programs = {case: _PYTEST.format(source=source, options=options, ini=ini) for case, (source, options, ini) in cases.items()}
    found = forked(f"import pytest\n{prelude}", programs)
    return {case: json.loads(seen[1]) if len(seen) > 1 and seen[1].startswith("{") else seen for case, seen in found.items()}
