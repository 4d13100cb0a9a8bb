"""anyio's locks, limiters, conditions and futures, on both backends: who gets what, and what is refused.

A module of many small functions: a catalogue.
"""

from typing import Any

from interop.probes.backends import on_both, tried
from interop.probes.observe import aoutcome, name, outcome, turns
from interop.probes.probe import probe


@probe(
    "P325",
    "anyio",
    "streams",
    "asyncio",
    source="anyio 3.5, issue 398; 4.14, PR 1145: a waiter that is cancelled natively; 3.4, issue 387",
)
def who_gets_a_lock_when_a_waiter_is_cancelled() -> Any:
    import asyncio

    import anyio

    async def run(make: Any, how: str) -> Any:
        lock = make()
        await lock.acquire()
        log: list[Any] = []
        scopes: dict[int, Any] = {}

        async def waiter(i: int) -> None:
            with anyio.CancelScope() as scopes[i]:
                await lock.acquire()
                log.append(i)
                lock.release()

        tasks = []
        for i in range(3):
            tasks.append(asyncio.ensure_future(waiter(i)))
            await anyio.wait_all_tasks_blocked()
        end = tasks[0].cancel if how.startswith("native") else scopes[0].cancel
        if how.endswith("first"):
            end()
        lock.release()
        if how.endswith("after"):
            end()
        await turns()
        found = [*log, outcome(lock.acquire_nowait)]
        for each in tasks:
            each.cancel()
        return found

    locks = {"Lock": anyio.Lock, "Semaphore": lambda: anyio.Semaphore(1), "CapacityLimiter": lambda: anyio.CapacityLimiter(1)}
    ways = ("native first", "native after", "scope first", "scope after")
    return {key: {how: outcome(anyio.run, run, make, how) for how in ways} for key, make in locks.items()}


@probe("P326", "anyio", "streams", source="anyio 4.5.1, issue 798: acquired twice; 3.0: only by the owner; 4.5: fast_acquire")
def how_locks_refuse() -> Any:
    import anyio

    async def lock() -> Any:
        made = anyio.Lock()
        found: list[Any] = [outcome(made.release), outcome(made.acquire_nowait), outcome(made.acquire_nowait)]
        found += await tried(made.acquire)

        async def other() -> None:
            found.append(outcome(made.release))
            found.append(outcome(made.acquire_nowait))

        async with anyio.create_task_group() as group:
            group.start_soon(other)
        return [*found, made.locked(), outcome(made.release)]

    async def others() -> Any:
        semaphore = anyio.Semaphore(1, max_value=1)
        return [
            outcome(semaphore.release),
            outcome(semaphore.acquire_nowait),
            outcome(semaphore.acquire_nowait),
            outcome(lambda: anyio.Semaphore(-1)),
            outcome(lambda: anyio.Semaphore(1.5)),
            outcome(lambda: anyio.Semaphore(2, max_value=1)),
            outcome(anyio.Event().is_set),
        ]

    async def yields() -> Any:
        async def counted(make: Any) -> Any:
            log: list[str] = []

            async def other() -> None:
                log.append("other")

            async with anyio.create_task_group() as group:
                group.start_soon(other)
                async with make():
                    log.append("acquired")
            return log[0]

        return [
            await aoutcome(counted, make)
            for make in (
                anyio.Lock,
                lambda: anyio.Lock(fast_acquire=True),
                lambda: anyio.Semaphore(1),
                lambda: anyio.Semaphore(1, fast_acquire=True),
                lambda: anyio.CapacityLimiter(1),
            )
        ]

    async def owner_gone() -> Any:
        made = anyio.Lock()

        async def takes() -> None:
            await made.acquire()

        async with anyio.create_task_group() as group:
            group.start_soon(takes)
        return (await tried(made.acquire))[0]

    return on_both(lock=lock, others=others, owner_gone=owner_gone) | {"yields": outcome(anyio.run, yields)}


@probe(
    "P327", "anyio", "streams", source="anyio 4.14.2, PR 1218, issue 1170; 4.12, issue 1019; 4.10, 4.15, issue 1223; 3.7: FIFO"
)
def how_capacity_limiters_count() -> Any:
    import math

    import anyio

    async def refuses() -> Any:
        limiter = anyio.CapacityLimiter(1)
        limiter.acquire_on_behalf_of_nowait("borrower")
        return [
            outcome(limiter.acquire_nowait),
            outcome(limiter.acquire_on_behalf_of_nowait, "other"),
            outcome(limiter.acquire_on_behalf_of_nowait, "borrower"),
            outcome(limiter.release),
            outcome(limiter.release_on_behalf_of, "borrower"),
            outcome(limiter.release_on_behalf_of, "borrower"),
            limiter.borrowed_tokens,
        ]

    async def totals() -> Any:
        values = (0, 1, math.inf, float("inf"), -1, 1.5)
        found = [outcome(lambda each=each: anyio.CapacityLimiter(each).total_tokens > 0) for each in values]
        limiter = anyio.CapacityLimiter(1)
        return [
            found,
            [outcome(setattr, limiter, "total_tokens", each) for each in values],
            outcome(lambda: anyio.CapacityLimiter(total_tokens=2).total_tokens),
        ]

    async def order() -> Any:
        limiter, got = anyio.CapacityLimiter(1), []
        limiter.acquire_on_behalf_of_nowait("first")

        async def waiter(i: int) -> None:
            await limiter.acquire_on_behalf_of(i)
            got.append(i)

        async with anyio.create_task_group() as group:
            for i in range(3):
                group.start_soon(waiter, i)
                await anyio.wait_all_tasks_blocked()
            for borrower in ("first", 0, 1):
                limiter.release_on_behalf_of(borrower)
                await anyio.wait_all_tasks_blocked()
        return got

    async def raised() -> Any:
        limiter, got = anyio.CapacityLimiter(1), []
        limiter.acquire_on_behalf_of_nowait("a")

        async def waiter(i: int) -> None:
            await limiter.acquire_on_behalf_of(i)
            got.append(i)

        async with anyio.create_task_group() as group:
            for i in range(3):
                group.start_soon(waiter, i)
                await anyio.wait_all_tasks_blocked()
            limiter.total_tokens = 3
            await anyio.wait_all_tasks_blocked()
            found = [len(got), limiter.borrowed_tokens, limiter.available_tokens]
            limiter.total_tokens = 1
            limiter.total_tokens = 2
            await anyio.wait_all_tasks_blocked()
            group.cancel_scope.cancel()
        return [*found, limiter.borrowed_tokens]

    async def overtaken() -> Any:
        limiter, got = anyio.CapacityLimiter(1), []
        limiter.acquire_on_behalf_of_nowait("a")

        async def waiter() -> None:
            await limiter.acquire_on_behalf_of("waiter")
            got.append("waiter")

        async with anyio.create_task_group() as group:
            group.start_soon(waiter)
            await anyio.wait_all_tasks_blocked()
            limiter.release_on_behalf_of("a")
            got.append(outcome(limiter.acquire_on_behalf_of_nowait, "b"))
            await anyio.wait_all_tasks_blocked()
            got.append(limiter.available_tokens)
            group.cancel_scope.cancel()
        return got

    async def cancelled_with_a_token() -> Any:
        limiter, got = anyio.CapacityLimiter(1), []
        limiter.acquire_on_behalf_of_nowait("a")
        scope = anyio.CancelScope()

        async def waiter(i: int, own: Any) -> None:
            with own:
                await limiter.acquire_on_behalf_of(i)
                got.append(i)
                limiter.release_on_behalf_of(i)

        async with anyio.create_task_group() as group:
            for i, own in enumerate((scope, anyio.CancelScope())):
                group.start_soon(waiter, i, own)
                await anyio.wait_all_tasks_blocked()
            limiter.release_on_behalf_of("a")
            scope.cancel()
            await anyio.wait_all_tasks_blocked()
            group.cancel_scope.cancel()
        return [*got, limiter.borrowed_tokens]

    return on_both(
        refuses=refuses,
        totals=totals,
        order=order,
        raised=raised,
        overtaken=overtaken,
        cancelled_with_a_token=cancelled_with_a_token,
    )


@probe(
    "P328",
    "anyio",
    "streams",
    source="anyio 4.11: wait_for; 4.13: a notification passed on; 4.16, issue 1319: the lock acquired directly",
)
def how_conditions_notify() -> Any:
    import anyio

    async def direct() -> Any:
        lock = anyio.Lock()
        condition = anyio.Condition(lock)
        async with lock:
            return [outcome(condition.notify), outcome(condition.notify_all)]

    async def misuse() -> Any:
        condition = anyio.Condition()
        return [outcome(condition.notify), await aoutcome(condition.wait), outcome(condition.release)]

    async def passed_on() -> Any:
        condition, got = anyio.Condition(), []
        scopes = [anyio.CancelScope(), anyio.CancelScope()]

        async def waiter(i: int) -> None:
            with scopes[i]:
                async with condition:
                    await condition.wait()
                    got.append(i)

        async with anyio.create_task_group() as group:
            for i in range(2):
                group.start_soon(waiter, i)
                await anyio.wait_all_tasks_blocked()
            async with condition:
                condition.notify(1)
                scopes[0].cancel()
            await anyio.wait_all_tasks_blocked()
            group.cancel_scope.cancel()
        return got

    async def wait_for() -> Any:
        condition, ready = anyio.Condition(), []

        async def sets() -> None:
            async with condition:
                ready.append(1)
                condition.notify_all()

        async with anyio.create_task_group() as group:
            group.start_soon(sets)
            async with condition:
                return await condition.wait_for(lambda: len(ready))

    return on_both(direct=direct, misuse=misuse, passed_on=passed_on, wait_for=wait_for)


@probe("P333", "anyio", "converters", source="anyio 4.15, PR 1146, 1173: Future, gather, as_completed, amap; 4.14: handles")
def how_futures_gathers_and_handles_end() -> Any:
    import anyio

    async def fails() -> None:
        raise ValueError

    async def value() -> str:
        return "value"

    async def future() -> Any:
        made = anyio.Future()
        found = [outcome(lambda: name(made))]
        log: list[Any] = []

        async def waiter() -> None:
            log.append(await aoutcome(_awaited, made))

        async with anyio.create_task_group() as group:
            group.start_soon(waiter)
            group.start_soon(waiter)
            await anyio.wait_all_tasks_blocked()
            found.append(outcome(lambda: made.return_value))
            made.return_value = "value"
        failed = anyio.Future()
        failed.exception = ValueError()
        cancelled = anyio.Future()
        cancelled.cancel()
        found += [
            outcome(setattr, made, "return_value", 1),
            await aoutcome(_awaited, failed),
            await aoutcome(_awaited, cancelled),
        ]
        return [*found, *log, sorted(each for each in dir(made) if not each.startswith("_"))]

    async def gathers() -> Any:
        return [await aoutcome(anyio.gather, value(), value()), await aoutcome(anyio.gather, value(), fails())]

    async def handles() -> Any:
        async with anyio.create_task_group() as group:
            handle = group.start_soon(value)
        with anyio.CancelScope():
            async with anyio.create_task_group() as group:
                cancelled = group.create_task(anyio.sleep_forever())
                await anyio.wait_all_tasks_blocked()
                cancelled.cancel()
        return [
            sorted(each for each in dir(handle) if not each.startswith("_")),
            await aoutcome(_awaited, handle),
            await aoutcome(_awaited, cancelled),
        ]

    return on_both(future=future, gathers=gathers, handles=handles)


async def _awaited(thing: Any) -> Any:
    """What awaiting it gives."""
    return await thing
