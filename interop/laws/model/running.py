"""Run: one program on a real bridge, compared with the model after each step.

The task that holds the portal takes the steps. After a "settle" it waits until every task of the program does what it does at
rest if all is as it should be: until a gate opens, or for ever. Without one the next step races with what still goes on, and the
model allows each order. Nothing waits for time.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Collection
from typing import Any

from interop.laws.model.alphabet import gate_of
from interop.laws.model.callee import Callee, Failed, FalsyFailed, Value
from interop.laws.model.caller import TURNS, Caller
from interop.laws.model.expected import Model
from interop.laws.model.program import Program, Step
from interop.laws.model.spans import Differs
from interop.laws.threads import Latch
from interop.laws.world import WayBack, World


class Run:
    """One program, once.

    Attributes:
        events: what happened on either side, in order.
        difference: the first that the model does not allow, in words; "" if there is none.
    """

    def __init__(self, world: World, program: Program, can: Collection[str]) -> None:
        self.world, self.program, self.can = copy.copy(world), program, can
        self.world.session, self.world.managers = None, {}
        self.model = Model(program, can)
        self.events: list[tuple[Any, ...]] = []
        self.fed = self.pongs = 0
        self.difference = ""
        self.after: Step | None = None
        self.waiters: list[Any] = []
        self.tasks: dict[str, Any] = {}
        self.done = world.caller.event()
        self.back: Any = None
        self._prepare()
        self.here, self.there = Caller(self), Callee(self)

    def _prepare(self) -> None:
        self.values: dict[int, Value] = {}
        self.errors: dict[int, Failed] = {}
        self.items: dict[int, list[Value]] = {}
        self.gates: dict[int, Any] = {}
        make = {"event": self.world.callee.event, "thread": Latch}
        for _, do in self.program.statements():
            falsy = do.has("falsy")
            self.values[do.number] = Value(do.number, not falsy)
            self.errors[do.number] = (FalsyFailed if falsy else Failed)(f"of {do.number}")
            self.items[do.number] = [Value(item, not falsy) for item in range(do.count)]
            if kind := gate_of(do):
                self.gates[do.number] = make.get(kind, self.world.caller.event)()

    def log(self, *event: Any) -> None:
        """Say what happens; callable on either side."""
        self.events.append(event)
        self._changed()

    def _changed(self) -> None:
        for waiter in list(self.waiters):
            self.world.tell_caller(waiter.set)

    def said(self, number: int, value: object) -> str:
        """A value, as the model calls it."""
        return "value" if value is self.values[number] else repr(value)

    def check(self) -> None:
        """Feed the model with what has happened since the last time."""
        while self.fed < len(self.events) and not self.difference:
            event = self.events[self.fed]
            self.fed += 1
            try:
                self.model.feed(event)
            except Differs as error:
                self.difference = str(error)

    # The steps.

    async def go(self) -> str:
        """Run the program; the difference, or ""."""
        self.world.session = await self.world.open()
        await self.world.learn_the_callee(self.world.session)
        if any(do.what.startswith("nested") for _, do in self.program.statements()):
            self.back = WayBack(self.world)
            await self.back.open()
        for step in self.program.steps:
            self.after = step
            await getattr(self, "_" + step.what)(step)
            self.check()
            if self.difference:
                break
        else:
            self.after = None
        await self._finish()
        return self.difference

    async def _start(self, step: Step) -> None:
        if step.task not in self.tasks:
            self.tasks[step.task] = await self.world.caller.spawn(self.here.live, step.task)
            await self.until(lambda: self.model.tasks[step.task].started)

    async def _cancel(self, step: Step) -> None:
        if step.task in self.tasks:
            self.log("cancels", step.task)
            await self.world.caller.cancel(self.tasks[step.task])

    async def _open(self, step: Step) -> None:
        if step.number in self.gates:
            self.open(step.number)

    def open(self, number: int) -> None:
        """Open a gate."""
        kind = gate_of(self.model.gate(number))
        self.check()
        self.model.opened.add(number)
        if kind != "event":
            self.gates[number].set()
        elif not (self.model.dead or self.model.closed):  # Its loop has ended: the event would be set in this thread.
            self.world.tell_callee(self.gates[number].set)

    def open_all(self, *kinds: str) -> None:
        """Open the gates that are still closed."""
        for number in self.gates:
            if number not in self.model.opened and gate_of(self.model.gate(number)) in kinds:
                self.open(number)

    async def _turns(self, step: Step) -> None:
        await self.world.turns(step.number)

    async def _settle(self, step: Step) -> None:
        tasks = self.model.tasks.values()
        await self.until(lambda: all(task.due or self.model.rests(task) for task in tasks))
        # A cancel that is lost never takes effect: give it some turns on both sides. The task is told its end in any case.
        for _ in range(TURNS):
            self.check()
            if self.difference or all(map(self.model.rests, tasks)):
                return
            await self.round_trip()
            await self.world.caller.turn()

    async def round_trip(self) -> None:
        """To the callee's loop and back, not over the bridge: what was sent before has arrived by then."""
        if "callee-loop" not in self.can or self.model.dead:
            _let_threads_run()
            return
        back = self.pongs
        self.world.tell_callee(self._pong)
        await self.until(lambda: self.pongs > back or self.model.blocked)

    def _pong(self) -> None:
        self.pongs += 1
        self._changed()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait for something that is logged."""
        self.check()
        while not condition() and not self.difference:
            waiter = self.world.caller.event()
            self.waiters.append(waiter)
            self.check()
            if not condition() and not self.difference:
                await waiter.wait()
            self.waiters.remove(waiter)
            self.check()

    async def _close(self, step: Step) -> None:
        async def release() -> None:
            await self.world.turns(3)
            self.open_all("thread")

        helper = await self.world.caller.spawn(release)
        self.log("closing", "")
        await self.world.close(self.world.session)
        self.log("closed", "")
        await self.world.caller.join(helper)

    async def _kill(self, step: Step) -> None:
        async def die() -> None:
            self.world.callee.kill_loop()
            await self.world.callee.sleep_forever()

        self.open_all("thread")
        self.log("dead", "")
        await self.world.spawned(self.world.call, die)

    async def _finish(self) -> None:
        world, model = self.world, self.model
        if self.difference and "cancel" in self.can:  # Whatever keeps them: nothing is compared any more.
            for task in self.tasks.values():
                await world.caller.cancel(task)
        self.open_all("thread")
        self.open_all("event", "inner", "caller")
        self.done.set()
        for name, task in self.tasks.items():
            kind, got = await world.caller.join(task)
            ended = "cancelled" if world.ended_by_a_cancel(kind, got) else kind
            self.log("joined", name, ended if ended != "error" else repr(got))
        if self.back is not None:
            await self.back.close()
        if not model.closed:
            await world.close(world.session)
            self.log("closed", "")
        await world.turns(2)
        self.check()
        if not self.difference:
            try:
                model.finish()
            except Differs as error:
                self.difference = str(error)


def _let_threads_run() -> None:
    """Plain threads cannot be asked whether they have heard of something; this only makes it likelier."""
    time.sleep(0.001)
