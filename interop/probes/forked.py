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
