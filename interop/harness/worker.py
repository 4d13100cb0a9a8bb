"""One cell in a process of its own: the laws one after the other, in the caller's loop; a message for each as it ends.

Messages: ("begin", law id), ("finding", a dict), ("end", ""), or ("cannot", why) where no law can be checked. A law that hangs is
found out by the parent, which asks for the stacks and ends this process.
"""

from __future__ import annotations

import faulthandler
import gc
import itertools
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeAlias

from interop.harness import drivers, importing, leftovers, stacks
from interop.harness.cell import Cell
from interop.harness.reports import Reports
from interop.laws.law import Law, catalogue
from interop.laws.needs import missing
from interop.laws.world import Broken, NotApplicable, World, variable

KIT = "the kit itself failed"
ORDER = ("kept", "not-applicable", "blocked", "broken", "kit-error")  # From good to bad: a law is as good as its worst flavour.

Case: TypeAlias = tuple[Law, str]  # A law, and the flavour of the callee's functions.
MakeWorld: TypeAlias = Callable[[str, bool], World]  # By the flavour, and whether it opens a session.


def main(cell: Cell, channel: Any, output: str) -> None:
    """Check a cell's laws.

    Args:
        channel: a multiprocessing Connection for messages.
        output: a file for all that is printed here; its folder is for what the laws write, and the parent removes it.
    """
    os.setsid()  # A Ctrl-C in the terminal is the parent's to answer.
    descriptor = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for number in (1, 2):
        os.dup2(descriptor, number)
    os.close(descriptor)
    faulthandler.enable()
    stacks.answer_requests()  # First of all threads: they inherit that its signal is blocked.
    threading.Thread(target=_end_with_the_parent, args=(channel,), name="interop parent", daemon=True).start()
    reports = Reports()
    reports.install()
    gc.collect()
    gc.freeze()
    worker = Worker(cell, channel, reports, Path(output).parent)
    try:
        worker.run()
    except BaseException as error:
        if worker.law:
            raise
        traceback.print_exc()
        channel.send(("cannot", _short(importing.in_words(error))))
    else:
        channel.send(("end", ""))


def _end_with_the_parent(channel: Any) -> None:
    """Nobody says anything in this direction: what is heard is the end, of the parent or of its interest."""
    try:
        channel.recv()
    except (EOFError, OSError):
        os.killpg(0, signal.SIGKILL)


class Worker:
    """The state of a cell's check."""

    def __init__(self, cell: Cell, channel: Any, reports: Reports, folder: Path) -> None:
        self.cell, self.channel, self.reports, self.folder = cell, channel, reports, folder
        self.laws = catalogue()
        self.reported, self.lasts, self.first = list(cell.reported), True, list[str]()
        self.law = ""  # the last that has begun

    def run(self) -> None:
        """Drive all laws in the caller's loop."""
        self.caller, self.callee = drivers.find(self.cell.crossing.caller), drivers.find(self.cell.crossing.callee)
        for side in (self.caller, self.callee):
            side.listen(self.reports.heard)
        self.bridge = self.cell.kind(self.cell.crossing)
        self.scenario: Any = None
        if any(self.laws[id].chapter == "F" for id in self.cell.laws):
            from interop.harness.scenario import Scenario  # Its modules are many, and only chapter F needs them.

            self.scenario = Scenario(self.cell.crossing, dict(self.cell.urls), self.folder)
        self.bridge.run(self.check_all)

    def world(self, flavour: str = "", opens: bool = True) -> World:
        """A world for one law."""
        world = World(self.caller, self.callee, self.bridge, flavour, opens, self.scenario, reports=self.reports.heard)
        world.seeds, world.program, world.says = self.cell.seeds, self.cell.program, self.says
        world.beside, world.lasts, world.first = self.reported, self.lasts, self.first
        return world

    async def check_all(self) -> None:
        """Each law, in order, after one call that opens what is opened at the first use."""
        before, busy = leftovers.now(self.caller), self.caller.busy()
        async with self.world() as world:
            await world.call(self.callee.turn)
            if self.callee.has_loop:
                loops: list[object] = []
                for _ in range(2):
                    await world.call(self.look, loops)
                self.lasts = all(loop is loops[0] for loop in loops)
                del loops
            await self.caller.turn()
        del world
        if "R15" in self.cell.laws and not self.callee.keeps:
            self.first = await leftovers.settled(self.caller, before, gc.collect)
            if (now := self.caller.busy()) != busy:
                self.first.append(f"something that the caller's loop waits for, {busy} before and {now} after")
        for laws in batches([self.laws[id] for id in self.cell.laws], alone=self.cell.alone):
            for finding in await check(laws, self.world, self.reports, self.begin):
                self.reported += reported(finding)
                self.channel.send(("finding", finding))

    async def look(self, loops: list[object]) -> None:
        """In the callee: which loop it is. It is kept, so that a later one cannot have its id."""
        loops.append(self.callee.loop())

    def begin(self, id: str) -> None:
        """Say which law is checked from now on."""
        self.law, stacks.doing = id, ""
        self.channel.send(("begin", id))

    def says(self, text: str) -> None:
        """A law of many programs goes on: what it runs now."""
        stacks.doing = text
        self.channel.send(("begin", self.law))


def reported(finding: Mapping[str, Any]) -> list[str]:
    """What was reported while a law was kept, with the law's id: for the law that is about reports."""
    return [f"{finding['check']}: {line}" for line in finding["evidence"].get("reports", ())]


def batches(laws: Sequence[Law], *, alone: bool) -> Iterator[list[Law]]:
    """A chapter's laws that can share a session: none cancels, which may spoil it for the next, opens its own, or fetches.

    The law that hears what was reported in the others comes after them, and last the one that ends the callee's loop.
    """

    def place(law: Law) -> str:
        own = (
            law.needs & {"cancel", "opens", "fetch"} or law.ends or law.chapter == "M" or bool(law.hears)
        )  # Each of its programs opens one.
        return law.id if alone or own else law.chapter

    return (list(group) for _, group in itertools.groupby(sorted(laws, key=lambda law: law.turn), place))


async def check(laws: Sequence[Law], world: MakeWorld, reports: Reports, begin: Callable[[str], object]) -> list[dict[str, Any]]:
    """A batch of laws, each once for each flavour of the callee's functions; a finding is that of its worst flavour."""
    found: dict[Case, Verdict] = {}
    for law in laws:
        for flavour in list(world("", False).callee.flavours)[: 1 if law.once else None]:
            found[law, flavour] = Verdict("not-applicable", missing(world(flavour, False), law.needs) or "")
    cases = [case for case, verdict in found.items() if not verdict.reason]
    for group in [[case] for case in cases] if "cancel" in laws[0].needs else [cases] if cases else []:
        together = await check_together(group, world, reports, begin)
        found |= together
        if len(group) > 1 and not _well(together):  # Whose doing it is shows when each has a session of its own.
            alone: dict[Case, Verdict] = {}
            for case in group:
                alone |= await check_together([case], world, reports, begin)
            found |= alone
            if _well(alone):  # It takes what came before it in the session.
                found |= {case: _after(group[: group.index(case)], one) for case, one in together.items() if not _good(one)}
    return [_finding(law, {flavour: verdict for (of, flavour), verdict in found.items() if of is law}) for law in laws]


def _good(one: Verdict) -> bool:
    return one.verdict in ("kept", "not-applicable") and not one.reports


def _well(found: Mapping[Case, Verdict]) -> bool:
    return all(map(_good, found.values()))


def _after(before: Sequence[Case], one: Verdict) -> Verdict:
    laws = ", ".join(dict.fromkeys(law.id for law, _ in before))
    if not laws:
        return one
    where = f"after {laws} in the same session: "
    reason = where + one.reason if one.reason else ""
    return replace(one, reason=reason, reports=[where + line for line in one.reports])


def _finding(law: Law, found: Mapping[str, Verdict]) -> dict[str, Any]:
    # A flavour to which the law does not apply says nothing about the others.
    applied = [flavour for flavour in found if found[flavour].verdict != "not-applicable"] or list(found)[:1]
    flavour = max(applied, key=lambda flavour: ORDER.index(found[flavour].verdict))
    worst = found[flavour]
    evidence: dict[str, Any] = {"flavours": {flavour: one.verdict for flavour, one in found.items()}}
    if worst.traceback:
        evidence |= {"flavour": flavour, "traceback": worst.traceback}
    reports = list(dict.fromkeys(line for one in found.values() for line in one.reports))
    if reports:
        evidence["reports"] = reports[:3]
    return {
        "check": law.id,
        "verdict": worst.verdict,
        "reason": worst.reason,
        "trace": worst.trace,
        "evidence": evidence,
        "seconds": round(sum(one.seconds for one in found.values()), 4),
        "spoils": any(one.spoils for one in found.values()),
    }


@dataclass
class Verdict:
    """What was found of one law with one flavour of functions."""

    verdict: str
    reason: str = ""
    trace: list[str] = field(default_factory=list)
    traceback: str = ""
    reports: list[str] = field(default_factory=list)  # Heard while it was kept.
    seconds: float = 0.0  # Without what opens and closes the session.
    spoils: bool = False  # Something of it still goes on here: the next law has to be checked elsewhere.

    @classmethod
    def of(cls, error: BaseException, trace: list[Any]) -> Verdict:
        """What an error says."""
        if isinstance(error, NotApplicable):
            return cls("not-applicable", str(error), trace)
        text = str(error) if isinstance(error, Broken) else f"{type(error).__name__}: {error}"
        return cls("broken", _short(text), trace, _traceback(error))


async def check_together(
    cases: Sequence[Case], make: MakeWorld, reports: Reports, begin: Callable[[str], object]
) -> dict[Case, Verdict]:
    """Cases in one session, for as long as all is well; what is left behind is charged to the last of them.

    What is reported breaks the law that is about reports, and no other that was kept.
    """
    law, flavour = cases[0]
    world, found, last = make(flavour, "opens" not in law.needs), dict[Case, Verdict](), Verdict("kept")
    caller = world.caller
    begin(law.id)
    if "fetch" in law.needs and not world.scenario.prepared:
        try:
            async with world:
                await world.scenario.prepare(world)
        except BaseException as error:
            reason = _short(f"not even a first page could be fetched and saved: {error!r}")
            return {cases[0]: Verdict("blocked", reason, traceback=_traceback(error))}
        world.session = None
    reports.heard.clear()
    before = leftovers.now(caller)
    try:
        async with world:
            for case in cases:
                begin(case[0].id)
                found[case] = last = await _check(*case, world)
                if last.verdict == "broken":
                    break
    except BaseException as error:  # It could not be opened, or not be closed.
        if last.verdict != "broken":
            last.verdict, last.reason, last.traceback = "broken", _short(f"{type(error).__name__}: {error}"), _traceback(error)
        found = found or {cases[0]: last}
    del world
    gc.collect()
    try:
        if last.verdict == "broken":
            for _ in range(3):  # What it left unfinished is reported a turn late, and is nothing of the next law's.
                await caller.turn()
                gc.collect()
        left = await leftovers.settled(caller, before, gc.collect)
    except BaseException as error:  # The next turn of this very task raises what somebody has sent it.
        left = [f"a pending {type(error).__name__}"]
    if variable.get() != before.context:  # Or the same leak, when a case is tried again alone, would be none.
        variable.set(before.context)
    last.spoils = bool(left) or law.ends
    if last.verdict == "kept":
        if left:
            last.verdict, last.reason = "broken", "left behind: " + ", ".join(left)
        elif reports.heard and cases[-1][0].hears:
            last.verdict, last.reason = "broken", "reported as lost: " + "; ".join(reports.heard[:3])
        else:
            last.reports = reports.heard[:3]
    reports.heard.clear()
    return found


async def _check(law: Law, flavour: str, world: World) -> Verdict:
    world.flavour, world.trace = flavour, []
    begun = time.monotonic()
    try:
        await law.check(world)
    except BaseException as error:
        verdict = Verdict.of(error, [str(step) for step in world.trace])
    else:
        verdict = Verdict("kept", trace=[str(step) for step in world.trace])
    verdict.seconds = time.monotonic() - begun
    return verdict


def _short(text: str) -> str:
    return text if len(text) <= 600 else text[:600] + " ..."


def _traceback(error: BaseException) -> str:
    text = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    return text.replace(os.getcwd() + os.sep, "").replace(sys.prefix + os.sep, "")[-4000:]
