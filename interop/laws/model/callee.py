"""The callee's functions that a program calls: each does what its statement says, and logs it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from interop.laws.model.alphabet import gate_of
from interop.laws.model.program import Do
from interop.laws.world import Afn

if TYPE_CHECKING:
    from interop.laws.model.running import Run

CLEANUP = 3  # turns of a cleanup that waits


class Value:
    """What call `number` returns, and nothing else is."""

    def __init__(self, number: int, truth: bool) -> None:
        self.number, self.truth = number, truth

    def __bool__(self) -> bool:
        return self.truth

    def __repr__(self) -> str:
        return f"the value of {self.number}"


class Failed(Exception):
    """What call `number` raises."""


class FalsyFailed(Failed):
    """The same, and `if error` is not the way to ask for it."""

    def __bool__(self) -> bool:
        return False


def drive(coroutine: Any) -> Any:
    """Run a coroutine that never suspends: what a blocking callee's generator waits with."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return stop.value
    raise RuntimeError("a blocking callee was handed a coroutine that suspends")


class Callee:
    """Functions, sources and managers for one run of a program."""

    def __init__(self, run: Run) -> None:
        self.run, self.callee, self.caller = run, run.world.callee, run.world.caller

    def function(self, do: Do) -> Afn:
        """What a call calls."""
        log, body = self.run.log, getattr(self, "_" + do.what.replace("-", "_"))

        async def function() -> Any:
            log("begins", do.number)
            try:
                value = await body(do)
            except BaseException as error:
                log("ends", do.number, self.saw(do, error))
                raise
            log("ends", do.number, self.run.said(do.number, value))
            return value

        return function

    def saw(self, do: Do, error: BaseException | None) -> str:
        """An error, as the model calls it; none is a value."""
        if error is None:
            return "value"
        if isinstance(error, self.callee.cancel_type):
            return "cancelled"
        if do.what == "within" and isinstance(error, self.caller.timeout_type or ()):
            return "cancelled"  # Both sides are one greenlet.
        return "error" if error is self.run.errors[do.number] else repr(error)

    async def _value(self, do: Do) -> Any:
        return self.run.values[do.number]

    async def _error(self, do: Do) -> Any:
        raise self.run.errors[do.number]

    async def _works(self, do: Do) -> Any:
        sum(range(20_000))
        return self.run.values[do.number]

    async def _turns(self, do: Do) -> Any:
        for _ in range(do.count):
            await self.callee.turn()
        return self.run.values[do.number]

    async def at_gate(self, do: Do) -> None:
        """Wait until the program opens the statement's gate."""
        gate, log = self.run.gates.get(do.number), self.run.log
        if gate is None:
            return
        log("gate", do.number, True)
        if gate_of(do) == "thread":
            gate.wait()
        else:
            await gate.wait()
        log("gate", do.number, False)

    async def _slow(self, do: Do) -> Any:
        await self.at_gate(do)
        return self.run.values[do.number]

    _blocks = _within = _slow

    async def _careful(self, do: Do) -> Any:
        try:
            return await self._slow(do)
        except self.callee.cancel_type:
            for _ in range(CLEANUP):
                await self.callee.turn()
            raise

    async def _stubborn(self, do: Do) -> Any:
        try:
            return await self._slow(do)
        except self.callee.cancel_type:
            self.run.log("takes_cancel", do.number)
            return self.run.values[do.number]

    async def _unclean(self, do: Do) -> Any:
        try:
            return await self._slow(do)
        except self.callee.cancel_type:
            self.run.log("takes_cancel", do.number)
            raise self.run.errors[do.number] from None

    async def _nested(self, do: Do) -> Any:
        return await self.run.back.call(self._inner(do))

    _nested_slow = _nested

    def _inner(self, do: Do) -> Afn:
        """What the callee calls in the caller's loop."""

        async def inner() -> Any:
            self.run.log("inner", do.number, True)
            try:
                await self.at_gate(do)
                if do.has("error"):
                    raise self.run.errors[do.number]
                return self.run.values[do.number]
            finally:
                self.run.log("inner", do.number, False)

        return inner

    def source(self, do: Do) -> Callable[[], Any]:
        """What a stream iterates over."""
        log, number = self.run.log, do.number
        failed = self.run.errors[number] if do.has("error") else None

        async def ready(item: int) -> None:
            if item == do.count - 1:
                await self.at_gate(do)
            log("makes", number, item)

        async def asynchronous() -> Any:
            log("begins", number)
            try:
                for item in range(do.count):
                    await ready(item)
                    yield self.run.items[number][item]
                if failed is not None:
                    raise failed
            finally:
                log("ends", number, "closed")

        def plain() -> Any:
            log("begins", number)
            try:
                for item in range(do.count):
                    drive(ready(item))
                    yield self.run.items[number][item]
                if failed is not None:
                    raise failed
            finally:
                log("ends", number, "closed")

        return plain if self.callee.blocking else asynchronous

    def manager(self, do: Do) -> Callable[[], Any]:
        """What is entered and left."""
        log, there, number = self.run.log, self, do.number

        async def entering() -> Any:
            log("begins", number)
            try:
                await there.at_gate(do)
                if do.has("error"):
                    raise there.run.errors[number]
            except BaseException as error:
                log("enters", number, there.saw(do, error))
                raise
            log("enters", number, "value")
            return there.run.values[number]

        class AsyncManager:
            async def __aenter__(self) -> Any:
                return await entering()

            async def __aexit__(self, kind: Any, error: BaseException | None, trace: object) -> None:
                log("leaves", number, there.saw(do, error))

        class Manager:
            def __enter__(self) -> Any:
                return drive(entering())

            def __exit__(self, kind: Any, error: BaseException | None, trace: object) -> None:
                log("leaves", number, there.saw(do, error))

        return Manager if self.callee.blocking else AsyncManager
