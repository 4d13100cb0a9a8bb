"""greenback: awaiting from synchronous code through a portal, on asyncio and Trio."""

from typing import Any

from interop.probes.observe import aoutcome, jumping, name, outcome, parameters, turns
from interop.probes.probe import probe


def _runs() -> dict[str, Any]:
    """How an async function is run on each backend that is installed."""
    import asyncio
    from importlib.util import find_spec

    runs: dict[str, Any] = {"asyncio": lambda main: outcome(lambda: asyncio.run(main("asyncio")))}
    if find_spec("trio"):
        import trio

        runs["trio"] = lambda main: outcome(trio.run, main, "trio")
    return runs


async def _sleep(library: str) -> None:
    """One checkpoint of the library."""
    if library == "trio":
        import trio

        await trio.sleep(0)
    else:
        import asyncio

        await asyncio.sleep(0)


@probe(
    "P278", "greenback", "contextvars", "asyncio", source="greenback 1.1.1, issue 17: a bestowed task ran in the giver's context"
)
def whose_context_a_bestowed_task_runs_in() -> Any:
    import asyncio
    import contextvars

    import greenback

    var = contextvars.ContextVar("var", default="unset")

    async def run(giver_has_a_portal: bool) -> Any:
        go = asyncio.Event()
        saw = []

        async def given() -> None:
            var.set("before")
            await go.wait()
            saw.append(var.get())
            greenback.await_(asyncio.sleep(0))
            var.set("given")
            await asyncio.sleep(0)
            saw.append(var.get())

        if giver_has_a_portal:
            await greenback.ensure_portal()
        task = asyncio.ensure_future(given())
        await asyncio.sleep(0)
        var.set("giver")
        greenback.bestow_portal(task)
        go.set()
        ended = await aoutcome(_wait, task)
        return [ended, *saw, var.get()]

    return {"with a portal": asyncio.run(run(True)), "without": asyncio.run(run(False))}


async def _wait(thing: Any) -> Any:
    return await thing


@probe(
    "P279",
    "greenback",
    "detection",
    "asyncio",
    source="greenback 1.1, 1.1.1, 1.2, issues 12, 13, 16, 26: has_portal() outside, in callbacks, of other tasks",
)
def when_a_task_is_said_to_have_a_portal() -> Any:
    import asyncio

    import greenback

    found: dict[str, Any] = {"outside": outcome(greenback.has_portal)}

    async def main() -> None:
        loop = asyncio.get_running_loop()
        callback = loop.create_future()
        found["at first"] = outcome(greenback.has_portal)
        loop.call_soon(lambda: callback.set_result(outcome(greenback.has_portal)))
        found["callback"] = await callback
        other = asyncio.ensure_future(asyncio.sleep(0.01))
        await asyncio.sleep(0)
        await greenback.ensure_portal()
        again = loop.create_future()
        loop.call_soon(lambda: again.set_result(outcome(greenback.has_portal)))
        found["ensured"] = [outcome(greenback.has_portal), outcome(greenback.has_portal, other), await again]
        greenback.bestow_portal(other)
        found["bestowed"] = outcome(greenback.has_portal, other)
        await other

    async def on_itself() -> None:
        task = asyncio.current_task()
        greenback.bestow_portal(task)
        found["on itself, at once"] = [outcome(greenback.has_portal), outcome(_await_now)]
        await asyncio.sleep(0)
        found["on itself, later"] = [outcome(greenback.has_portal), outcome(_await_now)]

    found["ended"] = [outcome(lambda: asyncio.run(main())), outcome(lambda: asyncio.run(on_itself()))]
    return found


def _await_now() -> Any:
    """Await a sleep of asyncio from synchronous code; the coroutine is closed where that fails."""
    import asyncio

    import greenback

    coroutine = asyncio.sleep(0, "awaited")
    try:
        return greenback.await_(coroutine)
    finally:
        coroutine.close()


@probe("P280", "greenback", "exceptions", source="greenback docs: what await_() gives and raises")
def what_awaiting_from_synchronous_code_gives() -> Any:
    import greenback

    async def fails() -> None:
        raise ValueError

    async def stops() -> None:
        raise StopAsyncIteration

    def sync(fn: Any, *args: Any) -> Any:
        coroutine = fn(*args)
        try:
            return outcome(greenback.await_, coroutine)
        finally:
            if hasattr(coroutine, "close"):
                coroutine.close()

    class Awaitable:
        def __await__(self) -> Any:
            return "value"
            yield

    async def main(library: str) -> Any:
        found: dict[str, Any] = {"no portal": sync(_sleep, library)}
        await greenback.ensure_portal()
        await greenback.ensure_portal()
        found["portal"] = [
            sync(_sleep, library),
            sync(fails),
            sync(stops),
            outcome(greenback.await_, Awaitable()),
            outcome(greenback.await_, 1),
        ]
        found["nested"] = outcome(greenback.await_, _nested(library))
        found["generator"] = list(greenback.async_iter(_numbers(library)))
        with greenback.async_context(_Manager(library)) as value:
            found["manager"] = value
        found["in a sort"] = outcome(lambda: sorted([2, 1], key=lambda it: greenback.await_(_doubled(it, library))))
        return found

    return {library: run(main) for library, run in _runs().items()} | {"outside": sync(fails)}


async def _nested(library: str) -> Any:
    import greenback

    await _sleep(library)
    return greenback.await_(_doubled(2, library))


async def _doubled(number: int, library: str) -> int:
    await _sleep(library)
    return 2 * number


async def _numbers(library: str) -> Any:
    for each in (1, 2):
        await _sleep(library)
        yield each


class _Manager:
    """An async context manager that suspends."""

    def __init__(self, library: str) -> None:
        self.library = library

    async def __aenter__(self) -> str:
        await _sleep(self.library)
        return "entered"

    async def __aexit__(self, *_: Any) -> None:
        await _sleep(self.library)


@probe("P281", "greenback", "cancellation", source="greenback: cancelling a task that waits in await_()")
def how_a_task_that_waits_in_synchronous_code_is_cancelled() -> Any:
    import asyncio

    import greenback

    log: list[Any] = []

    def sync(coroutine: Any) -> None:
        try:
            greenback.await_(coroutine)
        except BaseException as error:
            log.append(name(error))
            raise
        finally:
            log.append("finally")

    async def native() -> Any:
        async def body() -> None:
            await greenback.ensure_portal()
            sync(asyncio.sleep(9))

        task = asyncio.ensure_future(body())
        await turns()
        task.cancel()
        return await aoutcome(_wait, task)

    async def timeout() -> Any:
        async def body() -> None:
            await greenback.ensure_portal()
            sync(asyncio.sleep(9))

        jumping(asyncio.get_running_loop())
        return await aoutcome(asyncio.wait_for, body(), 0.01)

    found = {each.__name__: [asyncio.run(each()), list(log), log.clear()][:2] for each in (native, timeout)}
    if "trio" in _runs():
        import trio

        async def scope() -> Any:
            await greenback.ensure_portal()
            with trio.move_on_after(0.01) as scope:
                sync(trio.sleep(9))
            return scope.cancelled_caught

        found["trio"] = [trio.run(scope), list(log)]
    return found


@probe(
    "P282",
    "greenback",
    "threads",
    "greenlet",
    source="greenback 1.2, issue 22: await_() in a greenlet that greenback does not know; other threads",
)
def where_else_await_works() -> Any:
    import threading

    import greenback
    import greenlet

    async def main(library: str) -> Any:
        await greenback.ensure_portal()

        def awaits() -> Any:
            coroutine = _doubled(2, library)
            try:
                return outcome(greenback.await_, coroutine)
            finally:
                coroutine.close()

        got: list[Any] = []
        thread = threading.Thread(target=lambda: got.append(awaits()))
        thread.start()
        thread.join()
        return {"greenlet": greenlet.greenlet(awaits).switch(), "thread": got[0], "afterwards": awaits()}

    return {library: run(main) for library, run in _runs().items()}


@probe(
    "P283",
    "greenback",
    "converters",
    source="greenback 0.3, 1.0, 1.1, 1.3: with_portal_run, its sync and tree forms, autoawait, decorate_as_sync",
)
def which_ways_to_a_portal_there_are() -> Any:
    import functools

    import greenback

    async def main(library: str) -> Any:
        async def inner() -> Any:
            return greenback.await_(_doubled(2, library)), greenback.has_portal()

        def sync() -> Any:
            return greenback.await_(_doubled(3, library))

        @greenback.autoawait
        async def auto() -> int:
            return await _doubled(4, library)

        @greenback.decorate_as_sync(functools.lru_cache(maxsize=1))
        async def cached() -> int:
            return await _doubled(5, library)

        found: dict[str, Any] = {
            "with_portal_run": await aoutcome(greenback.with_portal_run, inner),
            "sync": await aoutcome(greenback.with_portal_run_sync, sync),
        }
        found["afterwards"] = greenback.has_portal()
        found["tree"] = await aoutcome(lambda: greenback.with_portal_run_tree(inner))
        await greenback.ensure_portal()
        found["auto"] = outcome(auto)
        found["cached"] = [await aoutcome(cached), await aoutcome(cached)]
        return found

    names = (
        "ensure_portal",
        "bestow_portal",
        "has_portal",
        "await_",
        "with_portal_run",
        "with_portal_run_tree",
        "portals_for_children",
        "AutoPortalInstrument",
    )
    return {library: run(main) for library, run in _runs().items()} | {
        "has": {each: outcome(lambda it=each: parameters(getattr(greenback, it))) for each in names}
    }


@probe("P398", "greenback", "lifecycle", "trio", source="greenback beside a Trio that moves: portals, nurseries, cancellation")
def what_works_on_this_release_of_trio() -> Any:
    import greenback
    import trio

    async def main() -> Any:
        await greenback.ensure_portal()
        found = [outcome(greenback.await_, trio.sleep(0)), outcome(greenback.has_portal)]

        async def child() -> None:
            found.append([greenback.has_portal(), outcome(_inside_a_tree)])

        async with trio.open_nursery() as nursery:
            nursery.start_soon(child)
        with trio.CancelScope() as scope:
            scope.cancel()
            greenback.await_(trio.sleep(1))
        return [*found, scope.cancelled_caught]

    async def tree() -> Any:
        found: list[Any] = []

        async def child() -> None:
            found.append(outcome(_inside_a_tree))

        async with trio.open_nursery() as nursery:
            nursery.start_soon(child)
        return found

    return {"portal": outcome(trio.run, main), "tree": outcome(trio.run, greenback.with_portal_run_tree, tree)}


def _inside_a_tree() -> Any:
    """Await a sleep of Trio from synchronous code; the coroutine is closed where that fails."""
    import greenback
    import trio

    coroutine = trio.sleep(0)
    try:
        return greenback.await_(coroutine)
    finally:
        coroutine.close()
