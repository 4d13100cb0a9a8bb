"""One probe in this process: python -m interop.probes.one P12

One JSON line goes to where standard output went at the start; whatever else is printed goes to standard error. Then the process
leaves at once: a thread or a loop that a probe left behind cannot keep it, and what happens at exit is not this probe's (a
probe about that starts a child).

The line: {"value": ...}, {"missing": "why"} where the probe has no subject, or {"fault": "why"} where the probe is wrong.
"""

import contextlib
import faulthandler
import importlib
import importlib.util
import json
import os
import re
import signal
import sys
from pathlib import Path
from typing import Any

import interop.probes
from interop.probes.observe import name
from interop.probes.probe import PROBES, Probe, catalogue


def find(id: str) -> Probe:
    """The probe of that id; only its own module is imported, if it can be told which: there are many."""
    for folder in interop.probes.__path__:
        for path in sorted(Path(folder).glob("*.py")) if id not in PROBES else ():
            if re.search(rf'@probe\(\s*"{id}"', path.read_text(encoding="utf-8")):
                importlib.import_module(f"interop.probes.{path.stem}")
    return PROBES[id] if id in PROBES else catalogue()[id]


def observe(probe: Probe) -> "dict[str, Any]":
    """The probe's value; an import that fails and an exception that escapes are values, too."""
    # "python" is every interpreter's own behavior.
    modules = [probe.subject, *probe.imports] if probe.subject != "python" else probe.imports
    for module in modules:
        package = module.partition(".")[0]
        if importlib.util.find_spec(package) is None:
            return {"missing": f"{package} is not installed"}
    for module in modules:
        try:
            importlib.import_module(module)
        except BaseException as error:
            return {"value": {"import fails": name(error)}}
    try:
        value = probe.fn()
    except BaseException as error:
        return {"value": {"raises": name(error)}}
    try:
        return {"value": json.loads(json.dumps(value))}
    except (TypeError, ValueError) as error:
        return {"fault": f"{probe.id} returns no JSON value: {error}"}


def main(id: str) -> None:
    """Observe and leave. The exit code is 0 wherever there is a line."""
    said = os.dup(1)
    os.dup2(2, 1)
    faulthandler.enable()
    if hasattr(faulthandler, "register"):  # not on Windows
        faulthandler.register(signal.SIGUSR2, all_threads=True)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job inherits it as ignored
    line = json.dumps(observe(find(id))) + "\n"
    with contextlib.suppress(Exception):
        sys.stderr.flush()
    os.write(said, line.encode())
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1])
