"""F: fetch and save. The scenario across a border: the page, the row and the errors are those of one framework alone.

What each framework does by itself is checked by the behaviors of the local origin; here the caller is in another one.
"""

from __future__ import annotations

from typing import Any

from interop.laws.law import law
from interop.laws.world import World, expect

CONTRACT = "docs/fetch-contract.md"
PATIENT = 600.0  # seconds for a fetch that is to end: a busy machine is slow, and one that hangs is seen at once (stuck.py)


async def fetched(world: World, what: str, **limits: Any) -> Any:
    """A page, fetched by the callee's native fetch(), called from the caller."""
    return await world.caller.call(
        world.session, world.scenario.fetch, world.scenario.url(what), **{"timeout": PATIENT, **limits}
    )


async def failed(world: World, what: str, **limits: Any) -> tuple[str, BaseException | None]:
    """The kind of error that fetching ended with, by the contract's name, and its native cause."""
    try:
        page = await fetched(world, what, **limits)
    except Exception as error:
        return type(error).__name__, error.__cause__
    return f"a page, {page!r}", None


@law("F1", needs=("fetch",), source=CONTRACT, once=True)
async def a_page_fetched_across_the_border_is_the_one_that_was_served(world: World) -> None:
    """Look for a body that is read where its connection is not, or a page that is copied."""
    page = await fetched(world, "hello")
    expect((page.status, page.body) == (200, b"hello"), page)


@law("F2", needs=("fetch",), source=CONTRACT, once=True)
async def a_status_that_is_an_error_arrives_as_that_error(world: World) -> None:
    """Look for an error of the contract that is wrapped on its way."""
    kind, _ = await failed(world, "status-404")
    expect(kind == "StatusError", kind)


@law("F3", needs=("fetch",), source=CONTRACT, once=True)
async def a_refused_connection_keeps_its_native_cause(world: World) -> None:
    """Look for an error that is made anew: the client's own exception is what one debugs with."""
    kind, cause = await failed(world, "refused")
    expect(kind == "ConnectError" and cause is not None, (kind, cause))


@law("F4", needs=("fetch", "cancel", "callee-loop"), source=CONTRACT, once=True)
async def a_fetch_that_is_cancelled_leaves_no_connection_open(world: World) -> None:
    """The cancel comes at different moments. Look for a client that is let go instead of ended."""
    for turns in (1, 4, 16, 64):
        task = await world.caller.spawn(fetched, world, "stall-in-body")
        await world.turns(turns)
        await world.caller.cancel(task)
        kind, got = await world.caller.join(task)
        expect(world.ended_by_a_cancel(kind, got), (kind, got, turns))


@law("F5", needs=("fetch",), source=CONTRACT, once=True)
async def the_deadline_of_a_fetch_is_its_own_error_and_not_a_timeout_of_the_callers(world: World) -> None:
    """Look for a timeout that crosses the border as a cancel, or as the caller's framework's timeout."""
    kind, _ = await failed(world, "stall-in-body", timeout=0.05)
    expect(kind == "Timeout", kind)


@law("F6", needs=("fetch",), source=CONTRACT, once=True)
async def a_row_saved_across_the_border_is_whole(world: World) -> None:
    """Look for a save that is told done before it is."""
    page = await fetched(world, "hello")
    store = world.scenario.store()
    await world.caller.call(world.session, world.scenario.save, page, store)
    rows = world.scenario.rows(store)
    expect(rows == [(200, b"hello")], rows)


@law("F7", needs=("fetch",), source=CONTRACT, once=True)
async def a_page_fetched_there_can_be_saved_here(world: World) -> None:
    """Look for a page that holds on to the loop it was made in."""
    page = await fetched(world, "hello")
    store = world.scenario.store()
    await world.scenario.save_here(page, store)
    rows = world.scenario.rows(store)
    expect(rows == [(200, b"hello")], rows)


@law("F8", needs=("fetch",), source=CONTRACT, once=True)
async def what_the_store_refuses_arrives_as_that_error(world: World) -> None:
    """Look for an error that is lost because it was raised in a thread of the callee's."""
    page = await fetched(world, "hello")
    try:
        await world.caller.call(world.session, world.scenario.save, page, world.scenario.bad_store())
    except Exception as error:
        expect("StoreError" in [kind.__name__ for kind in type(error).__mro__], error)
    else:
        expect(False, "it was saved")
