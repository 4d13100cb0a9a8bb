"""Fetch and save with AnyIO, on both its backends."""

from collections.abc import Callable, Coroutine
from typing import Any

import pytest

pytest.importorskip("anyio", reason="AnyIO is not installed")

import anyio
import anyio.to_thread

from scenarios.fetch_and_save import FRAMEWORKS
from tests.scenarios.structured import Structured, World


class AnyIOWorld:
    """AnyIO, and the loop below it."""

    def __init__(self, framework: str) -> None:
        self.framework = framework
        self._on_trio = framework == "anyio[trio]"

    def run(self, main: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
        return anyio.run(main, backend="trio" if self._on_trio else "asyncio")

    def scope(self) -> Any:
        return anyio.CancelScope()

    def soon(self, callback: Callable[[], object]) -> None:
        if self._on_trio:
            import trio

            trio.lowlevel.current_trio_token().run_sync_soon(callback)
        else:
            import asyncio

            asyncio.get_running_loop().call_soon(callback)

    def nursery(self) -> Any:
        return anyio.create_task_group()

    async def in_thread(self, wait: Callable[[], Any]) -> Any:
        return await anyio.to_thread.run_sync(wait)


class TestAnyIO(Structured):
    @pytest.fixture(params=["anyio[asyncio]", "anyio[trio]"])
    def world(self, request: pytest.FixtureRequest) -> World:
        if missing := FRAMEWORKS[request.param].missing():
            pytest.skip(missing)
        return AnyIOWorld(request.param)
