"""Bridges that misbehave as whole processes, at the law that asks for an object of its own and waits once: V1."""

from __future__ import annotations

import ctypes
import os
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from interop.bridges.portals import Portals


class Rogue(Portals):
    """Does something terrible when V1's callee is called."""

    name = "rogue"

    def open(self) -> Any:
        return Spoiled(super().open(), self.spoil)

    def spoil(self) -> Any:
        raise NotImplementedError


class Spoiled:
    def __init__(self, portal: Any, spoil: Callable[[], Any]) -> None:
        self.portal, self.spoil = portal, spoil

    async def __aenter__(self) -> Spoiled:
        await self.portal.__aenter__()
        return self

    async def __aexit__(self, *exc: Any) -> None:
        await self.portal.__aexit__(*exc)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.portal, name)

    async def call(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        if "the_result_is_the_callees_object" in fn.__qualname__:
            waited = self.spoil()
            if waited is not None:
                await waited
        return await self.portal.call(fn, *args, **kwargs)


class Hangs(Rogue):
    async def spoil(self) -> None:
        import asyncio

        await asyncio.Event().wait()


class WearsOut(Rogue):
    """Fails at V1's callee when the session has done anything for another law."""

    def open(self) -> Any:
        return Worn(Portals.open(self), lambda: None)


class Worn(Spoiled):
    others = 0

    async def call(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        if "the_result_is_the_callees_object" not in fn.__qualname__:
            self.others += 1
        elif self.others > 1:  # The first was the world's own.
            raise RuntimeError("worn out")
        return await super().call(fn, *args, **kwargs)


class Exits(Rogue):
    def spoil(self) -> None:
        os._exit(7)


class Faults(Rogue):
    def spoil(self) -> None:
        ctypes.string_at(0)


class HangsInC(Rogue):
    def spoil(self) -> None:
        threading.Lock().acquire()
        lock = threading.Lock()
        lock.acquire()
        lock.acquire()


class RaisesSystemExit(Rogue):
    def spoil(self) -> None:
        raise SystemExit(3)


class Floods(Rogue):
    def spoil(self) -> None:
        while True:
            sys.stdout.write("x" * 65536)


class LeavesAThread(Rogue):
    def spoil(self) -> None:
        threading.Thread(target=time.sleep, args=(3600,), daemon=True, name="forgotten").start()


class Forks(Rogue):
    def spoil(self) -> None:
        if os.fork() == 0:
            time.sleep(3600)
            os._exit(0)


class CannotStart(Portals):
    name = "rogue"

    def run(self, main: Any) -> None:
        raise RuntimeError("no way to start")


class NeedsWhatIsNotThere(Portals):
    name = "rogue"
    package = "no-such-distribution"


class NeverEnds(Portals):
    name = "rogue"

    def run(self, main: Any) -> None:
        super().run(main)
        threading.Thread(target=time.sleep, args=(3600,)).start()


class ReportsWhatItTells(Rogue):
    """Leaves a future with an error that nobody retrieves, beside a call that is answered as it should be."""

    def spoil(self) -> None:
        import asyncio

        asyncio.get_running_loop().create_future().set_exception(ValueError("told"))


class ReportsAndHangs(ReportsWhatItTells):
    """The same; then V11 hangs, so that the laws after it are checked in another process."""

    def open(self) -> Any:
        return HangsAtV11(Portals.open(self), self.spoil)


class HangsAtV11(Spoiled):
    async def call(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        if "a_call_that_returns_at_once" in fn.__qualname__:
            import asyncio

            await asyncio.Event().wait()
        return await super().call(fn, *args, **kwargs)
