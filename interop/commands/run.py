"""`interop run`: every framework against every behavior of the local origin."""

import argparse
import contextlib
import os
import re
import signal
import sys
from typing import TYPE_CHECKING

from interop.record import Finding, RecordError, new, write
from scenarios.fetch_and_save import FRAMEWORKS

if TYPE_CHECKING:
    pass

EXAMPLES = """examples:
  interop run                                      every installed framework, every behavior of the local origin
  interop run --framework trio,tornado --group chunks,cuts
  interop run --framework 'twisted[asyncio]' --behavior bomb-gzip
"""


def declare(parser: argparse.ArgumentParser) -> None:
    """Say what `interop run` takes."""
    parser.epilog = EXAMPLES
    parser.add_argument(
        "--framework", type=_names, default=list(FRAMEWORKS), metavar="A,B", help="default: all that are installed"
    )
    parser.add_argument("--group", type=_names, default=[], metavar="A,B", help="only behaviors of these groups")
    parser.add_argument("--behavior", type=_names, default=[], metavar="A,B", help="only these behaviors")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, metavar="N", help="frameworks at a time")
    parser.add_argument("--record", default="interop-record.json", metavar="FILE", help="where the findings go (%(default)s)")


def main(options: argparse.Namespace) -> int:
    """Run. Returns 0 if every framework kept the contract, 1 if one did not, 3 if nothing ran."""
    try:
        from scenarios.origin import BEHAVIORS, GROUPS
    except ImportError as error:
        return _usage(f"the local origin needs {error.name}; install it with: pip install 'async-interop[run]'")
    from interop.harness import fetching
    from interop.report import terminal

    names = [behavior.name for behavior in BEHAVIORS]
    for what, asked, known in (
        ("framework", options.framework, FRAMEWORKS),
        ("group", options.group or [], GROUPS),
        ("behavior", options.behavior or [], names),
    ):
        if unknown := [name for name in asked if name not in known]:
            return _usage(f"no {what} is called {unknown[0]!r}; there are {', '.join(known)}")
    behaviors = [
        behavior
        for behavior in BEHAVIORS
        if (not options.group or behavior.group in options.group) and (not options.behavior or behavior.name in options.behavior)
    ]
    missing = {name: why for name in options.framework if (why := FRAMEWORKS[name].missing())}
    present = [name for name in options.framework if name not in missing]
    findings = [Finding(b.name, b.group, name, "not-applicable", why) for name, why in missing.items() for b in behaviors]
    visited = []
    signal.signal(signal.SIGINT, signal.default_int_handler)  # what is known by then is still written down
    with terminal.progress(len(present), "frameworks") as advance, contextlib.suppress(KeyboardInterrupt):
        for one in fetching.run(present, behaviors, processes=max(1, options.jobs)):
            visited.append(one)
            advance(one.framework)
    visited.sort(key=lambda one: present.index(one.framework))
    findings += fetching.judge(behaviors, visited)
    record = new(findings, expected=len(options.framework) * len(behaviors), figures=fetching.figures(visited))
    try:
        write(record, options.record)
    except RecordError as error:
        return _usage(str(error))
    sys.stdout.write(terminal.table(record) + "\n")
    sys.stderr.write(f"interop: the record is in {options.record}\n")
    if not record.complete:
        return 130
    if not visited or not behaviors:
        sys.stderr.write("interop: nothing ran\n")
        return 3
    return 0 if all(finding.verdict in ("kept", "not-applicable") for finding in findings) else 1


def _names(text: str) -> list[str]:
    """Split at commas outside brackets: a,twisted[asyncio,callbacks] are two names."""
    return re.findall(r"(?:[^,\[]|\[[^\]]*\])+", text)


def _usage(what: str) -> int:
    sys.stderr.write(f"interop: Usage: {what}\n")
    return 2
