"""The caller's tasks of a program: each does its statements in order, goes on after an error, and ends with a cancel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from interop.laws.model.alphabet import KINDS
from interop.laws.model.program import Do

if TYPE_CHECKING:
    from interop.laws.model.running import Run

TURNS = 20  # of the caller's loop, within which a cancel that is due has to surface
SECONDS = 0.002  # of a timeout around a call that does not end by itself


class Caller:
    """What the tasks of one run do."""

    def __init__(self, run: Run) -> None:
        self.run, self.caller, self.world = run, run.world.caller, run.world
        self.cancels = (self.caller.cancel_type, self.world.callee.cancel_type)  # Which of the two, C27 asks.

    async def live(self, name: str) -> None:
        """A whole task. It ends only when the program says so, so that no cancel can come too late."""
        log = self.run.log
        log("starts", name)
        try:
            for do in dict(self.run.program.tasks)[name]:
                await self.do(do)
            log("waiting", name)
            await self.run.done.wait()
            await self.world.turns(TURNS)
        except BaseException as error:
            log("ends", name, "cancelled" if isinstance(error, self.cancels) else repr(error))
            raise
        log("ends", name, "value")

    async def do(self, do: Do) -> None:
        """One statement."""
        log = self.run.log
        log("asks", do.number)
        try:
            how = await self._done(do)
        except self.cancels:
            log("gets", do.number, "cancelled")
            raise
        except (KeyboardInterrupt, SystemExit, GeneratorExit):
            raise
        except BaseException as error:
            how = self.saw(do, error)
        log("gets", do.number, how)

    def saw(self, do: Do, error: BaseException) -> str:
        """An error, as the model calls it."""
        if isinstance(error, self.cancels):
            return "cancelled"
        return "error" if error is self.run.errors[do.number] else repr(error)

    async def _done(self, do: Do) -> str:
        if KINDS[do.what].crosses and do.what not in ("stream", "manager", "within"):
            return self.run.said(do.number, await self.world.call(self.run.there.function(do)))
        how: str = await getattr(self, "_" + do.what)(do)
        return how

    async def _pause(self, do: Do) -> str:
        await self.caller.turn()
        return "done"

    async def _rest(self, do: Do) -> str:
        await self.run.gates[do.number].wait()
        return "done"

    async def _within(self, do: Do) -> str:
        async def call() -> Any:
            return await self.world.call(self.run.there.function(do))

        assert self.caller.timeout_type is not None
        try:
            return self.run.said(do.number, await self.caller.within(SECONDS, call))
        except self.caller.timeout_type:
            return "timeout"
        except self.caller.cancel_type:
            raise
        except self.world.callee.cancel_type:
            self.run.check()
            task = self.run.model.spans[do.number].task
            if task.due or task.may:
                raise
            return "timeout"  # Its type is for C10 to ask.

    async def _stream(self, do: Do) -> str:
        items = self.caller.stream(self.world.session, self.run.there.source(do))
        made, taken = self.run.items[do.number], 0
        try:
            while taken < do.take or do.take == do.count:
                try:
                    item = await items.__anext__()
                except StopAsyncIteration:
                    return "end"
                right = taken < do.count and item is made[taken]
                self.run.log("takes", do.number, f"item {taken}" if right else repr(item))
                taken += 1
                if not right:
                    break
                if taken == 1:
                    for each in do.body:
                        await self.do(each)
            return "left"
        finally:
            await items.aclose()

    async def _manager(self, do: Do) -> str:
        log, number = self.run.log, do.number
        async with self.caller.enter(self.world.session, self.run.there.manager(do)) as value:
            log("inside", number, self.run.said(number, value))
            try:
                for each in do.body:
                    await self.do(each)
                if do.has("raise"):
                    raise self.run.errors[number]
            except BaseException as error:
                log("leaving", number, self.saw(do, error))
                raise
            log("leaving", number, "value")
        return "value"
