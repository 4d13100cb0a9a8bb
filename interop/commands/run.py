"""`interop run`: the laws on every crossing, and every framework against every behavior of the local origin."""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import signal
import sys
from collections.abc import Callable, Sequence
from typing import Any

from interop.commands.numbers import positive
from interop.commands.plan import Plan, planned
from interop.errors import InteropError
from interop.record import INCONCLUSIVE, Finding, Record, RecordError, new, write

EXAMPLES = """examples:
  interop run                                      every law on every crossing, every behavior in every framework
  interop run --caller trio --law C,L8             cancellation, and dead peers, called from Trio
  interop run --crossing 'asyncio->trio/guest'     one crossing
  interop run --bridge trio-asyncio                another library's bridge
  interop run --bridge control                     no bridge: each framework by itself
  interop run --framework trio,tornado             fetch and save only, in these frameworks
  interop run --framework 'twisted[asyncio]' --behavior bomb-gzip
  interop run --law M --seeds 2000                 many random programs of calls, streams, managers and cancels
  interop run --law P --record before.json         only observe: see also `interop upgrade`
"""


def declare(parser: argparse.ArgumentParser) -> None:
    """Say what `interop run` takes."""
    parser.epilog = EXAMPLES
    laws = parser.add_argument_group("the laws; with any of these, they alone are checked")
    for name, what in (
        ("caller", "only these callers"),
        ("callee", "only these callees"),
        ("topology", "only these: thread, loop, guest, hosted"),
        ("crossing", "only these: caller->callee/topology"),
        ("bridge", "these instead of our own portals"),
        ("law", "only these laws, probes or chapters; P observes"),
    ):
        laws.add_argument(f"--{name}", type=_names, default=[], metavar="A,B", help=what)
    laws.add_argument("--seeds", metavar="N", help="so many random programs for each law of chapter M, or FROM:TO")
    laws.add_argument("--program", metavar="FILE", help="this one program instead, N times")
    fetching = parser.add_argument_group("fetch and save; with any of these, that alone is checked")
    for name, what in (
        ("framework", "only these; default: all that are installed"),
        ("group", "only behaviors of these groups"),
        ("behavior", "only these behaviors"),
    ):
        fetching.add_argument(f"--{name}", type=_names, default=[], metavar="A,B", help=what)
    parser.add_argument(
        "--jobs", type=positive, default=(os.cpu_count() or 1) + 1, metavar="N", help="processes at a time (%(default)s)"
    )
    parser.add_argument(
        "--repeat", type=positive, default=1, metavar="N", help="check the laws so many times; what changes is flaky"
    )
    parser.add_argument("--shuffle", type=int, metavar="SEED", help="in an order that this number says; 0 for a new one")
    parser.add_argument("--shard", metavar="K/N", help="only the K-th of N parts; `interop report` puts records together")
    parser.add_argument("--record", default="interop-record.json", metavar="FILE", help="where the findings go (%(default)s)")
    parser.add_argument("--html", metavar="FILE", help="write the page, too")


def main(options: argparse.Namespace) -> int:
    """Run. Returns 0 if everything was kept or is a known departure, 1 if not, 2 for usage, 3 if nothing ran, 4 for the kit's own
    error, 5 if nothing is wrong, but something is inconclusive.
    """
    try:
        plan = planned(options)
    except InteropError as error:
        return _usage(str(error))
    if not plan.expected and not plan.part:
        sys.stderr.write("interop: nothing ran: no check fits what was asked for\n")
        return 3
    from interop.report import terminal

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, plan.stop)  # what is known by then is still written down
    jobs = options.jobs
    with terminal.progress(plan.steps, "steps") as advance, contextlib.suppress(KeyboardInterrupt):
        _check_laws(plan, jobs, advance)
        _control(plan, jobs)
        _observe(plan, jobs, advance)
        _fetch(plan, jobs, advance)
    return _close(plan, options)


def _check_laws(plan: Plan, jobs: int, advance: Callable[[str], None]) -> None:
    if not plan.cells:
        return
    from interop.harness import judging, runner

    raw: list[Finding] = []
    try:
        for _ in range(plan.repeat):
            left = {(cell.kind.name, str(cell.crossing)): len(cell.laws) for cell in plan.cells}
            for finding in runner.run(plan.cells, jobs=jobs):
                raw.append(finding)
                cell = finding.bridge, finding.subject
                left[cell] -= 1
                if not left[cell]:
                    advance(finding.subject)
    finally:
        found, stale = judging.judged(judging.together(raw))
        plan.findings += sorted(found, key=_order(plan))
        if stale and len(raw) == sum(len(cell.laws) for cell in plan.cells) * plan.repeat:
            plan.figures["departures that nothing needs any more"] = "; ".join(stale)


def _control(plan: Plan, jobs: int) -> None:
    if plan.cells:
        from interop.harness import controls

        plan.findings = controls.beside(plan.findings, jobs=jobs)


def _order(plan: Plan) -> Callable[[Finding], Any]:
    from interop.laws.law import catalogue

    laws = {id: n for n, id in enumerate(catalogue())}
    cells = {(cell.kind.name, str(cell.crossing)): n for n, cell in enumerate(plan.cells)}
    return lambda finding: (cells[finding.bridge, finding.subject], laws[finding.check])


def _observe(plan: Plan, jobs: int, advance: Callable[[str], None]) -> None:
    if not plan.probes:
        return
    from interop.harness import probing

    for finding in probing.run(plan.probes, jobs=jobs):
        plan.findings.append(finding)
        advance(finding.check)


def _fetch(plan: Plan, jobs: int, advance: Callable[[str], None]) -> None:
    if not plan.frameworks or not plan.behaviors:
        return
    from interop.harness import alone, fetching
    from scenarios.fetch_and_save import FRAMEWORKS

    missing = {name: why for name in plan.frameworks if (why := FRAMEWORKS[name].missing())}
    present = [name for name in plan.frameworks if name not in missing]
    plan.findings += [
        Finding(b.name, b.group, name, "not-applicable", why) for name, why in missing.items() for b in plan.behaviors
    ]
    visited = []
    try:
        for one in fetching.run(present, plan.behaviors, processes=jobs):
            visited.append(one)
            advance(one.framework)
        for number, one in enumerate(alone.again(list(visited), plan.behaviors)):
            visited[number] = one
    finally:
        visited.sort(key=lambda one: present.index(one.framework))
        plan.findings += fetching.judge(plan.behaviors, visited)
        plan.figures |= fetching.figures(visited)


def _close(plan: Plan, options: argparse.Namespace) -> int:
    from interop.report import terminal

    record = new(plan.findings, expected=plan.expected, figures=plan.figures, **_header(plan))
    try:
        write(record, options.record)
        if options.html:
            _page(record, options.html)
    except (RecordError, OSError) as error:
        return _usage(str(error))
    sys.stdout.write(terminal.table(record) + "\n")
    sys.stderr.write(f"interop: the record is in {options.record}\n")
    return _exit_code(record, plan)


def _exit_code(record: Record, plan: Plan) -> int:
    if not record.complete:
        return 128 + plan.stopped_by
    if not plan.part and all(finding.verdict == "not-applicable" for finding in record.findings):
        sys.stderr.write("interop: nothing ran: nothing of it is installed\n")
        return 3
    if any(finding.verdict == "kit-error" for finding in record.findings):
        return 4
    stale = "departures that nothing needs any more" in plan.figures
    if stale or any(finding.against for finding in record.findings):
        return 1
    return INCONCLUSIVE if record.count("inconclusive") else 0


def _header(plan: Plan) -> dict[str, Any]:
    from interop.laws.law import catalogue, revision

    more: dict[str, Any] = {}
    if plan.cells:
        more |= {"laws": revision(), "checks": {id: law.revision for id, law in catalogue().items()}}
    if plan.probes:
        from interop.probes.probe import catalogue as probes

        more["checks"] = {**more.get("checks", {}), **{id: probe.revision for id, probe in probes().items()}}
    if plan.seed is not None:
        more["seed"] = plan.seed
    return more


def _page(record: Record, path: str) -> None:
    from interop.commands.report import text
    from interop.record.files import put

    put(path, text(record, "html"))


def _names(text: str) -> Sequence[str]:
    """Split at commas outside brackets: a,twisted[asyncio,callbacks] are two names."""
    return re.findall(r"(?:[^,\[]|\[[^\]]*\])+", text)


def _usage(what: str) -> int:
    sys.stderr.write(f"interop: Usage: {what}\n")
    return 2
