"""A storm of calls over one crossing: python -m tests.adapters.stress trio twisted thread SEED CALLS.

Random calls that return, raise or wait for ever, cut by random cancels (some of them twice), timeouts and closings of the portal.
Each call has exactly one outcome, and one that can be: the callee's own value or error, or the cut that was made. When the caller
hears of it, the callee has ended. Nothing is left behind. Some batches run while garbage is collected at each allocation or
while threads are switched every microsecond. Ends with exit code 1 and what is wrong, or prints the outcomes.
"""

from __future__ import annotations

import collections
import faulthandler
import gc
import json
import logging
import os
import random
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from interop.bridges.crossing import Crossing
from interop.bridges.portals import Portals
from interop.errors import PortalClosed
from interop.harness import drivers
from interop.laws.world import Driver, World

DEADLINE = 120.0  # seconds for one portal's calls, on a busy machine
USUAL = (gc.get_threshold(), sys.getswitchinterval())
WEATHERS = {"": USUAL, "collector": ((1, 10, 10), USUAL[1]), "switches": (USUAL[0], 1e-6)}


class Odd(Exception):
    """What a callee raises."""


@dataclass
class Plan:
    """What one call shall do, and what shall be done to it."""

    number: int
    turns: int
    ends: str  # "return", "raise", "never"
    cut: str  # "", "cancel", "twice", "timeout", "close"
    after: int  # turns of the caller, or milliseconds


class Storm:
    """What happened, by the call's number."""

    def __init__(self, caller: Driver, callee: Driver, dice: random.Random) -> None:
        self.caller, self.callee, self.dice = caller, callee, dice
        self.begun: collections.Counter[int] = collections.Counter()
        self.ended: collections.Counter[int] = collections.Counter()
        self.heard: collections.Counter[int] = collections.Counter()
        self.outcomes: collections.Counter[str] = collections.Counter()
        self.wrong: list[str] = []

    def plan(self, number: int, closes: bool) -> Plan:
        ends = self.dice.choice(["return", "return", "raise", "never"])
        cuts = ["cancel", "twice"] + ["timeout"] * (self.caller.timeout_type is not None) + ["close"] * closes
        cut = self.dice.choice(cuts if ends == "never" else [*cuts, "", ""])
        return Plan(number, self.dice.randrange(4), ends, cut, self.dice.randrange(6))

    async def callee_side(self, plan: Plan) -> int:
        self.begun[plan.number] += 1
        try:
            for _ in range(plan.turns):
                await self.callee.turn()
            if plan.ends == "raise":
                raise Odd(plan.number)
            if plan.ends == "never":
                await self.callee.sleep_forever()
            return plan.number
        finally:
            self.ended[plan.number] += 1

    async def caller_side(self, world: World, plan: Plan) -> Any:
        try:
            return await world.call(self.callee_side, plan)
        finally:
            self.heard[plan.number] += 1
            if self.begun[plan.number] != self.ended[plan.number]:
                self.wrong.append(f"{plan}: the caller went on before the callee had ended")

    async def one(self, world: World, plan: Plan) -> Any:
        async def call() -> Any:
            return await self.caller_side(world, plan)

        return await (self.caller.within(plan.after / 1000, call) if plan.cut == "timeout" else call())

    def judge(self, plan: Plan, outcome: tuple[str, Any], closed: bool) -> None:
        kind, what = outcome
        timeout = self.caller.timeout_type
        if kind == "value":
            name, right = "value", plan.ends == "return" and what == plan.number
        elif kind == "cancelled":
            name, right = "cancelled", plan.cut in ("cancel", "twice")
        elif isinstance(what, Odd):
            name, right = "error", plan.ends == "raise" and what.args == (plan.number,)
        elif timeout and isinstance(what, timeout):
            name, right = "timeout", plan.cut == "timeout"
        else:
            name, right = "closed", isinstance(what, PortalClosed) and closed
        self.outcomes[name] += 1
        if not right:
            self.wrong.append(f"{plan}: {kind} {what!r}")

    async def batch(self, world: World, plans: list[Plan], closes: bool) -> None:
        world.session = await world.open()
        runtime = world.session.runtime
        tasks = [(plan, await self.caller.spawn(self.one, world, plan)) for plan in plans]
        cuts = [(plan, task) for plan, task in tasks if plan.cut in ("cancel", "twice")]
        self.dice.shuffle(cuts)
        for plan, task in cuts:
            for _ in range(plan.after):
                await self.caller.turn()
            for _ in range(1 + (plan.cut == "twice")):
                await self.caller.cancel(task)
        if closes:
            await self.caller.close(world.session)
        for plan, task in tasks:
            self.judge(plan, await self.caller.join(task), closes)
        if not closes:
            await self.caller.close(world.session)
        if world.session._calls or (world.topology != "hosted" and runtime.outstanding):
            self.wrong.append(f"left behind: {world.session._calls} {runtime.outstanding}")

    def turn_to(self, weather: str) -> None:
        threshold, interval = WEATHERS[weather]
        gc.set_threshold(*threshold)
        sys.setswitchinterval(interval)

    async def settle(self) -> None:
        """What a closed portal heard with is closed by its loop, in a turn of that."""
        for _ in range(3):
            await self.caller.turn()
        gc.collect()  # a cancel's traceback may hold a bell's holder in a cycle

    async def blow(self, world: World, calls: int) -> None:
        world.tell_caller = self.caller.waker()
        done, files = 0, 0
        while done < calls:
            closes, size = self.dice.random() < 0.3, min(self.dice.randrange(10, 40), calls - done)
            faulthandler.dump_traceback_later(DEADLINE, exit=True)
            self.turn_to(self.dice.choice(["", "", "", "collector", "switches"]))
            await self.batch(world, [self.plan(done + n, closes) for n in range(size)], closes)
            faulthandler.cancel_dump_traceback_later()
            self.turn_to("")
            await self.settle()
            files = files or open_files()  # what the first portal makes and keeps, it makes once
            done += size
        if open_files() > files:
            self.wrong.append(f"{open_files()} files are open, {files} were after the first portal")
        if any(self.heard[number] != 1 for number in range(calls) if self.begun[number]) or max(self.heard.values()) > 1:
            self.wrong.append("a call had more than one outcome, or none")
        if self.begun and max(self.begun.values()) > 1:
            self.wrong.append("a call began twice")


def open_files() -> int:
    """How many; 0 where the system does not tell."""
    return len(os.listdir("/proc/self/fd")) if Path("/proc/self/fd").exists() else 0


def main(caller: str, callee: str, topology: str, seed: str, calls: str) -> int:
    """Blow over one crossing."""
    logging.getLogger("asyncio").setLevel(logging.ERROR)  # debug mode says what was slow; here all is
    sides = drivers.find(caller), drivers.find(callee)  # first: they know how to import what warns of itself
    bridge = Portals(Crossing(caller, callee, topology))
    storm = Storm(*sides, random.Random(seed))
    threads = {thread.name for thread in threading.enumerate()}
    gc.freeze()  # Each batch collects its garbage, and nothing that was imported is any.
    bridge.run(lambda: storm.blow(World(*sides, bridge, opens=False), int(calls)))
    if left := {thread.name for thread in threading.enumerate() if thread.name.startswith("interop")} - threads:
        storm.wrong.append(f"threads are left: {left}")
    sys.stdout.write(json.dumps({"outcomes": storm.outcomes, "wrong": storm.wrong[:10]}) + "\n")
    return 1 if storm.wrong or sum(storm.outcomes.values()) != int(calls) else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
