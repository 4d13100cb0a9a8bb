"""An anyio probe runs on both of anyio's backends, in one value: the backends differ, and that is where releases change."""

import importlib.util
from collections.abc import Callable
from typing import Any

from interop.probes.observe import aoutcome, name, outcome


def both(main: Callable[..., Any], *args: Any) -> dict[str, Any]:
    """What the async function returns or raises on asyncio and on Trio; "absent" where Trio is not installed."""
    import anyio

    found = {"asyncio": plain(outcome(anyio.run, main, *args, backend="asyncio"))}
    there = importlib.util.find_spec("trio") is not None
    return found | {"trio": plain(outcome(anyio.run, main, *args, backend="trio")) if there else "absent"}


def plain(value: Any) -> Any:
    """The value with whatever is not JSON spelled by its class: old releases return awaitables where new ones return None."""
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    return value if value is None or isinstance(value, (str, int, float)) else name(value)


def on_both(**mains: Callable[..., Any]) -> dict[str, Any]:
    """The same for several async functions, by name."""
    return {case: both(main) for case, main in mains.items()}


async def tried(fn: Callable[..., Any], *args: Any) -> list[Any]:
    """What awaiting it in this task comes to, and whether it had to be cancelled since everything waited."""
    import anyio

    async with anyio.create_task_group() as group:
        with anyio.CancelScope() as scope:

            async def ends() -> None:
                await anyio.wait_all_tasks_blocked()
                scope.cancel()

            group.start_soon(ends)
            found = await aoutcome(fn, *args)
        called = scope.cancel_called
        group.cancel_scope.cancel()
    return [found, called]
