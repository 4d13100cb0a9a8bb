"""anyio's cancel scopes and timeouts, on both backends: nested, shielded, late, and beside asyncio's own cancellation.

A module of many small functions: a catalogue.
"""

import sys
from typing import Any

from interop.probes.backends import both, on_both
from interop.probes.observe import aoutcome, jumping, name, outcome, turns
from interop.probes.probe import probe


@probe(
    "P201",
    "anyio",
    "cancellation",
    source="anyio 4.4, issues 685, 710: a timeout around start() cancelled the group; 4.15, issue 1197",
)
def what_a_timeout_around_start_cancels() -> Any:
    import anyio

    async def main() -> Any:
        async with anyio.create_task_group() as group:
            with anyio.CancelScope() as scope:
                group.start_soon(_cancel_when_blocked, scope)
                await group.start(_never_started)
            return [scope.cancel_called, group.cancel_scope.cancel_called]

    return both(main)


@probe(
    "P303",
    "anyio",
    "cancellation",
    source="anyio 4.4, 4.15, issue 1197: start() is cancelled, and started() is called all the same",
)
def what_a_cancelled_start_does_when_started_comes_late() -> Any:
    import anyio
    import anyio.lowlevel

    async def main() -> Any:
        log: list[Any] = []

        async def body(task_status: Any) -> None:
            with anyio.CancelScope(shield=True):
                await anyio.wait_all_tasks_blocked()
                await anyio.lowlevel.checkpoint()
                await anyio.lowlevel.checkpoint()
            task_status.started("value")
            log.append(await aoutcome(anyio.sleep, 0))

        async with anyio.create_task_group() as group:
            with anyio.CancelScope() as scope:
                group.start_soon(_cancel_when_blocked, scope)
                log.append(["start gave", await group.start(body)])
            log.append([scope.cancel_called, group.cancel_scope.cancel_called])
            log.append(await aoutcome(anyio.sleep, 0))
        return log

    return both(main)


async def _cancel_when_blocked(scope: Any) -> None:
    import anyio

    await anyio.wait_all_tasks_blocked()
    scope.cancel()


async def _never_started(task_status: Any) -> None:
    import anyio

    await anyio.sleep_forever()


@probe("P202", "anyio", "cancellation", source="anyio docs: cancellation is level triggered; shielding, 3.3.2")
def how_often_a_cancelled_task_is_told() -> Any:
    import anyio
    import anyio.lowlevel

    async def main() -> Any:
        log: list[Any] = []
        with anyio.CancelScope() as scope:
            scope.cancel()
            log.append("no checkpoint yet")
            log.append(await aoutcome(anyio.sleep, 0))
            log.append(await aoutcome(anyio.lowlevel.checkpoint))
            with anyio.CancelScope(shield=True) as shield:
                log.append(await aoutcome(anyio.sleep, 0))
                shield.shield = False
                log.append(await aoutcome(anyio.sleep, 0))
            log.append(await aoutcome(anyio.lowlevel.checkpoint_if_cancelled))
            log.append(await aoutcome(anyio.lowlevel.cancel_shielded_checkpoint))
            log.append(await aoutcome(anyio.Event().wait))
        return [*log, scope.cancel_called, outcome(lambda: scope.cancelled_caught)]

    return both(main)


@probe(
    "P203",
    "anyio",
    "cancellation",
    source="anyio docs, cancel scopes; 4.6, 4.7: which scope catches, and what it does to the task's count",
)
def which_of_several_nested_scopes_catches() -> Any:
    import anyio

    async def run(cancelled: tuple[int, ...], shielded: int) -> Any:
        scopes = [anyio.CancelScope(shield=i == shielded) for i in range(3)]
        ended = []
        with scopes[0]:
            with scopes[1]:
                with scopes[2]:
                    for i in cancelled:
                        scopes[i].cancel()
                    await anyio.sleep(0)
                    ended.append("innermost went on")
                await anyio.sleep(0)
                ended.append("middle went on")
            await anyio.sleep(0)
            ended.append("outer went on")
        return [*ended, *(outcome(lambda each=each: each.cancelled_caught) for each in scopes)]

    async def main() -> Any:
        cases = {
            "outer": ((0,), -1),
            "middle": ((1,), -1),
            "inner": ((2,), -1),
            "outer, inner": ((0, 2), -1),
            "inner, outer": ((2, 0), -1),
            "outer, middle shields": ((0,), 1),
            "all, inner shields": ((0, 1, 2), 2),
        }
        return {case: await aoutcome(run, *how) for case, how in cases.items()}

    return both(main)


@probe(
    "P204",
    "anyio",
    "cancellation",
    source="anyio 3.7: cancelled before it is entered; 3.0: left before it is entered; 4.14.2: misnested",
)
def what_a_scope_does_that_is_used_wrongly() -> Any:
    import anyio

    async def early() -> Any:
        scope = anyio.CancelScope()
        scope.cancel()
        with scope:
            await anyio.sleep(0)
            return "went on"
        return "cancelled"

    async def twice() -> Any:
        scope = anyio.CancelScope()
        with scope:
            pass
        with scope:
            return "entered twice"

    async def not_entered() -> Any:
        anyio.CancelScope().__exit__(None, None, None)

    async def misnested() -> Any:
        outer, inner = anyio.CancelScope(), anyio.CancelScope()
        outer.__enter__()
        inner.__enter__()
        outer.__exit__(None, None, None)

    async def other_task() -> Any:
        scope = anyio.CancelScope()

        async def enters() -> None:
            scope.__enter__()

        async with anyio.create_task_group() as group:
            group.start_soon(enters)
        scope.__exit__(None, None, None)

    async def swallowed() -> Any:
        with anyio.CancelScope() as scope:
            scope.cancel()
            try:
                await anyio.sleep(0)
            except anyio.get_cancelled_exc_class():
                pass
        return [outcome(lambda: scope.cancelled_caught), await aoutcome(anyio.sleep, 0)]

    return on_both(
        early=early, twice=twice, not_entered=not_entered, misnested=misnested, other_task=other_task, swallowed=swallowed
    )


@probe(
    "P205",
    "anyio",
    "cancellation",
    "asyncio",
    source="anyio 3.7, 4.4, 4.6, 4.7: cancelling() and uncancel(); 4.16, issue 1214: native cancellation",
)
def how_native_cancellation_meets_scopes() -> Any:
    import asyncio

    import anyio

    def count() -> Any:
        return outcome(lambda: asyncio.current_task().cancelling())  # type: ignore[union-attr]

    async def left_over() -> Any:
        counts = []
        with anyio.CancelScope() as scope:
            scope.cancel()
            await aoutcome(anyio.sleep, 0)
            counts.append(count())
            await anyio.sleep(0)
        counts.append(count())
        with anyio.CancelScope() as outer:
            with anyio.CancelScope() as inner:
                inner.cancel()
                outer.cancel()
                await anyio.sleep(0)
            counts.append("inner left")
        counts.append(count())
        async with anyio.create_task_group() as group:
            group.start_soon(anyio.sleep, 1)
            group.cancel_scope.cancel()
        return [*counts, count()]

    async def native(swallow: bool) -> Any:
        log: list[Any] = []

        async def body() -> Any:
            with anyio.CancelScope() as scope:
                try:
                    await anyio.sleep_forever()
                except BaseException as error:
                    log.append(name(error))
                    if not swallow:
                        raise
                log.append(await aoutcome(anyio.sleep, 0))
            log.append(outcome(lambda: scope.cancelled_caught))

        task = asyncio.ensure_future(body())
        await anyio.wait_all_tasks_blocked()
        task.cancel()
        return [await aoutcome(lambda: task), *log]

    async def same_turn() -> Any:
        async def body() -> Any:
            with anyio.CancelScope() as scope:
                scopes.append(scope)
                await anyio.sleep_forever()
            return ["scope left", outcome(lambda: scope.cancelled_caught), count(), await aoutcome(anyio.sleep, 0)]

        found = []
        for native_first in (True, False):
            scopes: list[Any] = []
            task = asyncio.ensure_future(body())
            await anyio.wait_all_tasks_blocked()
            if native_first:
                task.cancel()
                scopes[0].cancel()
            else:
                scopes[0].cancel()
                task.cancel()
            found.append(await aoutcome(lambda task=task: task))
        return found

    async def group_child() -> Any:
        async def cancels_itself() -> None:
            asyncio.current_task().cancel()  # type: ignore[union-attr]
            await anyio.sleep(0)

        async with anyio.create_task_group() as group:
            group.start_soon(cancels_itself)
            await turns()
            return [group.cancel_scope.cancel_called, "group went on"]

    cases = {
        "left over": left_over,
        "native": lambda: native(False),
        "native, swallowed": lambda: native(True),
        "same turn": same_turn,
        "child": group_child,
    }
    return {case: outcome(anyio.run, main) for case, main in cases.items()}


@probe("P206", "anyio", "cancellation", source="anyio 4.1, 4.13, issue 1091: cancellations inside exception groups")
def what_a_scope_does_with_cancellations_inside_groups() -> Any:
    import anyio

    if sys.version_info < (3, 11):
        from exceptiongroup import BaseExceptionGroup  # type: ignore[import-not-found]
    else:
        from builtins import BaseExceptionGroup

    async def grouped(*, more: bool) -> Any:
        with anyio.CancelScope() as scope:
            scope.cancel()
            try:
                await anyio.sleep(0)
            except anyio.get_cancelled_exc_class() as error:
                raise BaseExceptionGroup("", [error, *([ValueError()] if more else [])]) from None
        return ["scope left", outcome(lambda: scope.cancelled_caught)]

    async def in_task_group() -> Any:
        with anyio.CancelScope() as scope:
            async with anyio.create_task_group() as group:
                group.start_soon(anyio.sleep_forever)
                scope.cancel()
                try:
                    await anyio.sleep(0)
                finally:
                    raise KeyError
        return "left"

    return {
        "alone": both(lambda: grouped(more=False)),
        "with another": both(lambda: grouped(more=True)),
        "in a task group": both(in_task_group),
    }


@probe("P207", "anyio", "cancellation", source="anyio 4.0, 4.1, 4.6: whether a task group's end is a checkpoint")
def whether_the_end_of_a_task_group_yields_and_is_interrupted() -> Any:
    import anyio
    import anyio.lowlevel

    async def yields(children: int) -> Any:
        log: list[str] = []

        async def other() -> None:
            log.append("other ran")

        async with anyio.create_task_group() as outer:
            outer.start_soon(other)
            async with anyio.create_task_group() as group:
                for _ in range(children):
                    group.start_soon(anyio.lowlevel.checkpoint)
            log.append("group left")
        return sorted(log) if children else log[0]

    async def cancelled() -> Any:
        with anyio.CancelScope() as scope:
            scope.cancel()
            async with anyio.create_task_group():
                pass
            return "not interrupted"
        return "interrupted"

    async def cancelled_group() -> Any:
        with anyio.CancelScope() as outer:
            async with anyio.create_task_group() as group:
                group.cancel_scope.cancel()
            return ["group left", outcome(lambda: group.cancel_scope.cancelled_caught)]
        return ["outer left", outer.cancel_called]

    async def shielded_child() -> Any:
        log: list[Any] = []

        async def body() -> None:
            with anyio.CancelScope(shield=True):
                await gate.wait()
            log.append("child ends")

        gate = anyio.Event()
        with anyio.CancelScope() as outer:
            async with anyio.create_task_group() as group:
                group.start_soon(body)
                await anyio.wait_all_tasks_blocked()
                outer.cancel()
                gate.set()
            log.append("after the group")
        return [*log, outcome(lambda: outer.cancelled_caught)]

    return {
        "yields": outcome(anyio.run, yields, 0),
        "cancelled": both(cancelled),
        "cancelled group": both(cancelled_group),
        "shielded child": both(shielded_child),
    }


@probe("P208", "anyio", "cancellation", source="anyio 4.2: a group's host inside a shield; 3.3.2: leaving a shield")
def which_children_a_shield_protects() -> Any:
    import anyio

    async def run(where: str) -> Any:
        log: list[Any] = []

        async def body() -> None:
            log.append(await aoutcome(gate.wait))

        gate = anyio.Event()
        with anyio.CancelScope() as outer:
            with anyio.CancelScope(shield=where != "nowhere"):
                async with anyio.create_task_group() as group:
                    group.start_soon(body)
                    if where == "host inside":
                        with anyio.CancelScope(shield=True):
                            await anyio.wait_all_tasks_blocked()
                            group.cancel_scope.cancel()
                            gate.set()  # only who is not cancelled gets as far as that
                            await anyio.sleep(0.01)
                    else:
                        await anyio.wait_all_tasks_blocked()
                        outer.cancel()
                        gate.set()
            log.append(await aoutcome(anyio.sleep, 0))
        return log

    return {where: both(run, where) for where in ("nowhere", "around the group", "host inside")}


@probe(
    "P209",
    "anyio",
    "timeouts",
    source="anyio 4.0: unwarranted TimeoutError; 4.15: reason=; 4.16, issues 1306, 1317: negative delays, NaN",
)
def what_each_kind_of_timeout_does() -> Any:
    import math

    import anyio

    values = {"zero": 0, "past": -1, "none": None, "inf": math.inf, "nan": math.nan}

    async def move_on() -> Any:
        async def one(seconds: Any) -> Any:
            with anyio.move_on_after(seconds) as scope:
                await anyio.sleep(0.001)
            return scope.cancel_called

        return {key: await aoutcome(one, value) for key, value in values.items()}

    async def fail() -> Any:
        async def one(seconds: Any) -> Any:
            with anyio.fail_after(seconds):
                await anyio.sleep(0.001)
            return "in time"

        return {key: await aoutcome(one, value) for key, value in values.items()}

    async def sleeps() -> Any:
        return {
            key: await aoutcome(anyio.sleep, value)
            for key, value in (("zero", 0), ("past", -1), ("nan", math.nan), ("minus inf", -math.inf))
        } | {"until the past": await aoutcome(anyio.sleep_until, -5)}

    async def by_hand() -> Any:
        with anyio.fail_after(10) as scope:
            scope.cancel()
            await anyio.sleep(0)
        return "no error"

    async def swallowed() -> Any:
        with anyio.fail_after(0):
            try:
                await anyio.sleep(1)
            except anyio.get_cancelled_exc_class():
                pass
        return "no error"

    async def changed() -> Any:
        with anyio.move_on_after(10) as scope:
            scope.deadline = anyio.current_time() - 1
            await anyio.sleep(0.05)
            return "not cancelled"
        return "cancelled"

    async def cause() -> Any:
        try:
            with anyio.fail_after(0):
                await anyio.sleep(1)
        except TimeoutError as error:
            return [name(error.__cause__), name(error.__context__), error.__suppress_context__]

    async def error_inside() -> Any:
        with anyio.fail_after(0):
            try:
                await anyio.sleep(1)
            finally:
                raise KeyError

    return on_both(
        move_on=move_on,
        fail=fail,
        sleep=sleeps,
        by_hand=by_hand,
        swallowed=swallowed,
        changed=changed,
        cause=cause,
        error_inside=error_inside,
    )


@probe("P210", "anyio", "timeouts", source="anyio 3.7: the effective deadline in a cancelled scope; 4.0: cancelled_caught")
def what_a_scope_and_the_task_say_of_deadlines() -> Any:
    import math

    import anyio

    async def main() -> Any:
        deadline = anyio.current_effective_deadline
        found = [deadline() == math.inf]
        with anyio.move_on_after(5) as outer, anyio.move_on_after(9):
            found.append(deadline() == outer.deadline)
            with anyio.CancelScope(shield=True):
                found.append(deadline() == math.inf)
            outer.cancel()
            found.append(deadline() == -math.inf)
            with anyio.CancelScope(shield=True):
                found.append(deadline() == math.inf)
        with anyio.CancelScope(deadline=-1) as past:
            found.append(past.cancel_called)
            await aoutcome(anyio.sleep, 0)
            found.append(past.cancel_called)
        return found

    return both(main)


@probe("P211", "anyio", "cancellation", source="anyio 4.4, 4.5, 4.7: TaskInfo.has_pending_cancellation()")
def when_a_task_says_that_a_cancellation_is_pending() -> Any:
    import anyio

    async def main() -> Any:
        def pending() -> Any:
            return outcome(lambda: anyio.get_current_task().has_pending_cancellation())

        found = {"not cancelled": pending()}
        with anyio.CancelScope() as scope:
            scope.cancel()
            found["cancelled"] = pending()
            with anyio.CancelScope(shield=True):
                found["shielded"] = pending()
            try:
                await anyio.sleep(0)
            except BaseException:
                found["told"] = pending()
        found["left"] = pending()
        with anyio.CancelScope() as outer:
            outer.cancel()
            with anyio.CancelScope():
                found["parent cancelled"] = pending()
        return found

    return both(main)


@probe(
    "P300",
    "anyio",
    "cancellation",
    "asyncio",
    source="anyio on a loop that asyncio runs: wait_for, timeout, gather, asyncio's task groups",
)
def how_asyncio_s_own_timeouts_and_groups_meet_scopes() -> Any:
    import asyncio

    import anyio

    async def wait_for() -> Any:
        async def body() -> Any:
            with anyio.CancelScope() as scope:
                await anyio.sleep_forever()
            return ["scope left", scope.cancel_called]

        return await asyncio.wait_for(body(), 0.01)

    async def timeout() -> Any:
        with anyio.CancelScope() as scope:
            async with asyncio.timeout(0.01):  # type: ignore[attr-defined,unused-ignore]
                await anyio.sleep_forever()
        return ["scope left", scope.cancel_called]

    async def scope_in_timeout() -> Any:
        async with asyncio.timeout(5):  # type: ignore[attr-defined,unused-ignore]
            with anyio.move_on_after(0.01) as scope:
                await asyncio.sleep(5)
        return ["scope left", scope.cancel_called]

    async def gather() -> Any:
        log: list[Any] = []

        async def body() -> None:
            log.append(await aoutcome(asyncio.sleep, 5))

        with anyio.move_on_after(0.01) as scope:
            await asyncio.gather(body(), body())
        return [*log, scope.cancel_called]

    async def task_group() -> Any:
        log: list[Any] = []

        async def body() -> None:
            log.append(await aoutcome(anyio.sleep, 5))

        with anyio.move_on_after(0.01) as scope:
            async with asyncio.TaskGroup() as group:  # type: ignore[attr-defined,unused-ignore]
                group.create_task(body())
        return [*log, scope.cancel_called]

    async def shield() -> Any:
        inner = asyncio.get_running_loop().create_future()
        with anyio.move_on_after(0.005) as scope:
            await asyncio.shield(inner)
        return [scope.cancel_called, inner.done()]

    async def future_ready() -> Any:
        future = asyncio.get_running_loop().create_future()

        async def body() -> Any:
            with anyio.CancelScope() as scope:
                scopes.append(scope)
                return await future, outcome(lambda: scope.cancelled_caught)

        scopes: list[Any] = []
        task = asyncio.ensure_future(body())
        await anyio.wait_all_tasks_blocked()
        future.set_result("value")
        scopes[0].cancel()
        return await task

    cases = (wait_for, timeout, scope_in_timeout, gather, task_group, shield, future_ready)

    async def jumped(case: Any) -> Any:
        jumping(asyncio.get_running_loop())
        return await case()

    return {each.__name__: outcome(lambda it=each: asyncio.run(jumped(it))) for each in cases}
