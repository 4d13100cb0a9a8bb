"""Many short programs that share an expensive import: one interpreter imports, a child of it runs each program to its end.

A program is the rest of a main module: it ends as an interpreter does, with its exit handlers, and its exit code counts.
"""

import json
from collections.abc import Mapping
from typing import Any

from interop.probes.observe import child, printed

_MAIN = """
import os, sys, json, tempfile
{prelude}
found = {{}}
for case, program in json.loads({cases!r}).items():
    out, err = tempfile.TemporaryFile(), tempfile.TemporaryFile()
    pid = os.fork()
    if pid == 0:
        os.dup2(out.fileno(), 1); os.dup2(err.fileno(), 2)
        exec(compile(program, "<probe>", "exec"))
        sys.exit(0)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    out.seek(0); err.seek(0)
    found[case] = [code, out.read().decode().splitlines(), err.read().decode()]
print(json.dumps(found))
"""


def forked(prelude: str, cases: Mapping[str, str]) -> dict[str, list[Any]]:
    """Run each program in a child of an interpreter that has run the prelude, one after the other.

    Returns:
        For each case its exit code (negative: the signal), its lines, and the exceptions that its standard error names.
    """
    seen = child(_MAIN.format(prelude=prelude, cases=json.dumps(cases)), "-W", "ignore")
    return {case: [code, *lines, *printed(said)] for case, (code, lines, said) in seen["out"][-1].items()}


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
