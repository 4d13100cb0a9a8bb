"""python -m tests.mutants: make mutants, try them, keep what came of each, and say which part of them the laws kill."""

from __future__ import annotations

import argparse
import hashlib
import os
import queue
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from interop.laws import departures
from interop.laws.law import catalogue
from tests.mutants import results, written
from tests.mutants.crossings import FILES, NOT_IN_PATCHED, PATCHED
from tests.mutants.making import every
from tests.mutants.mutant import Mutant
from tests.mutants.reached import is_reached
from tests.mutants.tested import seen_by_a_test
from tests.mutants.trial import Judge, Outcome, Trials

LAWS = tuple(id for id in catalogue() if id[0] in "VCXLRSHM")
EXAMPLES = """examples (with tox: tox -e mutants -- OPTIONS):
  python -m tests.mutants --sample 150 --seed 2             a random sample; the same again with the same seed
  python -m tests.mutants --file interop/call.py --sample 20
  python -m tests.mutants --all                             every mutant: hours
  python -m tests.mutants --id 0e4a581fcabc --fresh         one, once more
"""


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.mutants", epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--file", action="append", choices=FILES, metavar="FILE", help="only mutants of this file")
    parser.add_argument("--id", action="append", metavar="ID", help="only this mutant")
    parser.add_argument("--written", action="store_true", help="those that a person has written, instead of the operators'")
    parser.add_argument("--sample", type=int, default=150, metavar="N", help="so many, by chance (150)")
    parser.add_argument("--all", action="store_true", help="all of them")
    parser.add_argument("--seed", default="1", help="of the sample (1)")
    parser.add_argument("--fresh", action="store_true", help="try also those whose results are known")
    parser.add_argument("--tests", action="store_true", help="see which survivors a test of ours sees: half a minute each")
    parser.add_argument("--list", action="store_true", help="print the mutants, and try none")
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="at a time (2)")
    parser.add_argument("--bar", type=float, default=0.0, metavar="PERCENT", help="exit 1 if the laws kill a smaller part")
    parser.add_argument("--write", action="store_true", help="write the score for docs/laws.md")
    return parser


def main(arguments: Sequence[str]) -> int:
    """0 if the part that the laws kill reaches the bar, else 1; 2 if the unchanged tree does not keep the laws."""
    asked = parser().parse_args(arguments)
    there = list(written.every() if asked.written else every())
    chosen = choose(there, asked)
    if asked.list:
        print(*chosen, sep="\n")
        return 0
    known = results.Results()
    outcomes = {it: known.good(it) for it in chosen}
    todo = [it for it in chosen if asked.fresh or outcomes[it] is None]
    print(f"{len(chosen)} of {len(there)} mutants, {len(todo)} of them to try", flush=True)
    with judges(asked.jobs) as them:
        try:
            for mutant, outcome in tried(todo, them):
                outcome = outcomes[mutant] = known.put(mutant, outcome)
                known.write()  # It may take hours.
                word = results.kind(mutant, outcome)
                print(f"{word:12} {outcome.by:6} {outcome.crossing} {mutant}", flush=True)
            if asked.tests:
                for mutant, outcome in seen_by_tests(outcomes, them):
                    outcomes[mutant] = outcome
                    known.put(mutant, outcome)
                    print(f"tested       {outcome.by} {mutant}", flush=True)
        finally:
            known.write()
    files = results.score({it: outcome for it, outcome in outcomes.items() if outcome is not None})
    whole = table(files)
    if asked.write:
        results.write_written(whole) if asked.written else results.write_power(files, asked.seed, len(there))
    return 0 if results.share(whole) * 100 >= asked.bar else 1


def choose(there: Iterable[Mutant], asked: Any) -> list[Mutant]:
    """The mutants that are asked for. A sample changes little when a few mutants come or go: the seed gives each its place."""
    wanted = [it for it in there if (not asked.file or it.file in asked.file) and (not asked.id or it.id in asked.id)]
    wanted.sort(key=lambda it: hashlib.sha256(f"{asked.seed} {it.id}".encode()).digest())
    return wanted if asked.all or asked.id or asked.written else wanted[: asked.sample]


@contextmanager
def judges(number: int) -> Iterator[list[Judge]]:
    """So many, each with a tree; they are ended with all that they have started."""
    with tempfile.TemporaryDirectory(prefix="interop-mutants-") as folder:
        them = [Judge(Path(folder), n) for n in range(number)]
        try:
            yield them
        finally:
            for judge in them:
                judge.close()


@contextmanager
def pool_of(number: int) -> Iterator[ThreadPoolExecutor]:
    """Threads that nobody waits for when this is interrupted: their judges end then."""
    pool = ThreadPoolExecutor(number)
    try:
        yield pool
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def tried(todo: Sequence[Mutant], them: Sequence[Judge]) -> Iterator[tuple[Mutant, Outcome]]:
    """Each with its outcome, after the unchanged tree has been tried on the same crossings."""
    crossings = list(dict.fromkeys(it for mutant in todo for it in FILES[mutant.file]))
    with pool_of(len(them)) as pool:
        known: dict[str, dict[str, Any]] = {}
        for n in range(0, len(crossings), len(them)):
            some = crossings[n : n + len(them)]
            known |= zip(some, pool.map(unchanged, some, them), strict=False)
        for crossing, it in known.items():
            print(f"without a mutant {crossing}: {len(it['laws'])} laws are kept", flush=True)
        reached = {it: one["lines"] for it, one in known.items()}
        trials = Trials(them, {it: one["laws"] for it, one in known.items()})
        waiting = {}
        for mutant in todo:
            where = [it for it in FILES[mutant.file] if is_reached(mutant, reached[it])]
            if where:
                waiting[pool.submit(trials.of, mutant.file, mutant.source, where)] = mutant
            else:
                yield mutant, Outcome("unreached")
        for done in as_completed(waiting):
            yield waiting[done], done.result()


def seen_by_tests(outcomes: Mapping[Mutant, Outcome | None], them: Sequence[Judge]) -> Iterator[tuple[Mutant, Outcome]]:
    """Of the survivors that are not equivalent, those that make a test fail."""
    left = [it for it, one in outcomes.items() if one is not None and results.kind(it, one) in ("survived", "unreached")]
    free: queue.SimpleQueue[Judge] = queue.SimpleQueue()
    for judge in them:
        free.put(judge)

    def try_one(mutant: Mutant) -> Outcome | None:
        judge = free.get()
        try:
            return seen_by_a_test(judge, mutant.file, mutant.source)
        finally:
            free.put(judge)

    with pool_of(len(them)) as pool:
        for mutant, outcome in zip(left, pool.map(try_one, left), strict=True):
            if outcome is not None:
                yield mutant, outcome


def unchanged(crossing: str, judge: Judge) -> dict[str, Any]:
    """The laws that the tree keeps as it is, and which lines they run. Known departures are no laws here."""
    entries = departures.read()
    plain, _, process = crossing.partition(" in ")
    laws = [it for it in LAWS if departures.find(entries, it, plain, "portal") is None]
    if process in PATCHED:
        laws = [it for it in laws if it not in NOT_IN_PATCHED]
    lines = judge.tree.folder / "lines"
    found = judge.ask([{"crossing": crossing, "laws": laws}], stop=False, lines=str(lines)) or []
    kept = [it["law"] for it in found if it["verdict"] == "kept"]
    wrong = [it for it in found if it["verdict"] not in ("kept", "not-applicable")]
    if wrong or not kept:
        raise SystemExit(f"the unchanged tree does not keep the laws on {crossing}: {wrong}")
    ran = frozenset(lines.read_text().split())
    lines.unlink()
    return {"laws": [it for it in laws if it in kept], "lines": ran}


def table(files: Mapping[str, Counter[str]]) -> Counter[str]:
    """Print the score of each file and of all; return that."""
    whole = sum(files.values(), Counter[str]())
    print(f"\n{'':42}{'laws kill':>10}" + "".join(f"{name:>13}" for name in results.KINDS))
    for file, counts in {**files, "all": whole}.items():
        print(f"{file:42}{results.share(counts):>10.0%}" + "".join(f"{counts[name]:>13}" for name in results.KINDS))
    return whole


if __name__ == "__main__":
    for number in (signal.SIGINT, signal.SIGTERM):  # Also in the background, where SIGINT is ignored.
        signal.signal(number, signal.default_int_handler)
    try:
        code = main(sys.argv[1:])
    except KeyboardInterrupt:
        print("interrupted: what was found is kept")
        sys.stdout.flush()
        os._exit(130)  # A thread may still wait for a judge that has been ended.
    sys.exit(code)
