"""Fetch and save with Trio."""

from collections.abc import Callable, Coroutine
from typing import Any

import pytest

pytest.importorskip("trio", reason="Trio is not installed")

import trio

from tests.scenarios.structured import Structured, World


class TrioWorld:
    """Trio itself."""

    framework = "trio"

    def run(self, main: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
        return trio.run(main)

    def scope(self) -> Any:
        return trio.CancelScope()

    def soon(self, callback: Callable[[], object]) -> None:
        trio.lowlevel.current_trio_token().run_sync_soon(callback)

    def nursery(self) -> Any:
        return trio.open_nursery()

    async def in_thread(self, wait: Callable[[], Any]) -> Any:
        return await trio.to_thread.run_sync(wait)


class TestTrio(Structured):
    @pytest.fixture
    def world(self) -> World:
        return TrioWorld()
