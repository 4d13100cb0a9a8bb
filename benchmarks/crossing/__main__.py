"""The command: measure crossings, show what was found.

python -m benchmarks.crossing --caller trio --callee asyncio,threads --topology thread
python -m benchmarks.crossing --json all.json --markdown table.md
python -m benchmarks.crossing --load all.json --markdown table.md
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

from benchmarks.crossing import table
from benchmarks.crossing.crossings import ORDER, TOPOLOGIES, absent, every
from benchmarks.crossing.measure import QUICK, Plan, machine, measure


def names(known: list[str]) -> object:
    """An option's type: some of the known names, separated by commas."""

    def parse(text: str) -> list[str]:
        wanted = text.split(",")
        for name in wanted:
            if name not in known:
                raise argparse.ArgumentTypeError(f"{name!r} is none of {', '.join(known)}")
        return wanted

    return parse


def parser() -> argparse.ArgumentParser:
    """The options."""
    found = argparse.ArgumentParser(
        prog="python -m benchmarks.crossing",
        description="Measure what a call between frameworks costs: CPU time, in turns with other bridges, as ratios to them.",
    )
    found.add_argument("--caller", type=names(ORDER), default=ORDER, metavar="A,B", help="who waits; default: all")  # type: ignore[arg-type]
    found.add_argument("--callee", type=names(ORDER), default=ORDER, metavar="A,B", help="whose function runs; default: all")  # type: ignore[arg-type]
    found.add_argument("--topology", type=names(TOPOLOGIES), default=TOPOLOGIES, metavar="A,B", help=", ".join(TOPOLOGIES))  # type: ignore[arg-type]
    found.add_argument("--quick", action="store_true", help="few calls and 3 rounds: to see that it works, not what it costs")
    found.add_argument("--rounds", type=int, metavar="N", help=f"turns of each contender; default {Plan().rounds}")
    found.add_argument("--cpu", type=int, metavar="N", help="pin every contender to this processor; default: the last one")
    found.add_argument("--no-pin", action="store_true", help="leave it to the scheduler")
    found.add_argument("--json", type=Path, metavar="FILE", help="write every figure")
    found.add_argument("--markdown", type=Path, metavar="FILE", help="write the table of README.md")
    found.add_argument("--load", type=Path, metavar="FILE", nargs="+", help="show what --json wrote; measure nothing")
    return found


def keep(path: Path | None, where: dict[str, Any], results: table.Results) -> None:
    """Write every figure, whole or not at all."""
    if path is not None:
        data = {"machine": where, "crossings": [table.as_data(*result) for result in results]}
        draft = path.with_name(f"{path.name}.draft")
        draft.write_text(json.dumps(data, separators=(",", ":")))
        draft.replace(path)


def main(arguments: list[str] | None = None) -> int:
    """Run it; 3 if nothing was measured."""
    options = parser().parse_args(arguments)
    results: table.Results = []
    where = machine()
    if options.load:
        for path in options.load:
            data = json.loads(path.read_text())
            where = data["machine"]
            results += [table.from_data(one) for one in data["crossings"]]
        for result in results:
            print(*table.terminal(*result), sep="\n")
    else:
        plan = QUICK if options.quick else Plan()
        plan = Plan(options.rounds or plan.rounds, plan.times)
        pinned = hasattr(os, "sched_setaffinity") and not options.no_pin
        cpu = (max(os.sched_getaffinity(0)) if options.cpu is None else options.cpu) if pinned else None
        for crossing in every(options.caller, options.callee, options.topology):
            package = absent(crossing.caller) or absent(crossing.callee)
            if package:
                print(f"{crossing}: {package} is not installed\n", flush=True)
                continue
            results.append((crossing, measure(crossing, plan, cpu)))
            print(*table.terminal(*results[-1]), sep="\n", flush=True)
            keep(options.json, where, results)  # After each crossing: a long run that is ended keeps what it has.
    keep(options.json, where, results)
    if options.markdown:
        options.markdown.write_text("\n".join(table.markdown(results)) + "\n")
    return 0 if results else 3


if __name__ == "__main__":
    sys.exit(main())
