"""anyio by itself, on both backends: cancel scopes, task groups, timeouts, runs, detection, imports.

Threads and processes are in anyio_threads.py, streams and locks in anyio_streams.py, its pytest plugin in anyio_pytest.py. A
module of many small functions: a catalogue.
"""

import sys
from typing import Any

from interop.probes.backends import both, on_both, plain
from interop.probes.forked import forked
from interop.probes.observe import aoutcome, child, jumping, name, outcome, parameters, turns, warned
from interop.probes.probe import probe


class Own(BaseException):
    """A base exception that is nobody's."""


@probe("P200", "anyio", "exceptions", source="anyio 4.0: every failure is in a group; 3.1: only cancellations are no group")
def the_shapes_of_the_groups_in_which_failures_arrive() -> Any:
    import anyio

    async def fails(kind: Any = ValueError) -> None:
        raise kind

    async def one() -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(fails)
            await anyio.sleep_forever()

    async def two() -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(fails)
            group.start_soon(fails)

    async def body() -> None:
        async with anyio.create_task_group():
            raise KeyError

    async def nested() -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(one)
            await anyio.sleep_forever()

    async def cancelled_and_fails() -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(anyio.sleep_forever)
            group.start_soon(fails)
            group.cancel_scope.cancel()

    async def fails_when_cancelled() -> None:
        async with anyio.create_task_group() as group:
            group.cancel_scope.cancel()
            try:
                await anyio.sleep(0)
            finally:
                raise KeyError

    async def base() -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(fails, Own)

    return on_both(
        one=one,
        two=two,
        body=body,
        nested=nested,
        cancelled_and_fails=cancelled_and_fails,
        fails_when_cancelled=fails_when_cancelled,
        base=base,
    )


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
    "P212",
    "anyio",
    "signatures",
    source="anyio 4.14: start_soon() returns a handle, cancel(), entered twice; 4.15, 4.16: handles",
)
def how_a_task_group_is_used_and_misused() -> Any:
    import anyio

    async def fine() -> str:
        return "fine"

    async def misuse() -> Any:
        group = anyio.create_task_group()
        coroutine = fine()
        async with group:
            again = await aoutcome(group.__aenter__)
            found: dict[str, Any] = {"entered twice": again if isinstance(again, str) else name(again)}
        found["after its end"] = outcome(group.start_soon, fine)
        found["left twice"] = await aoutcome(group.__aexit__, None, None, None)
        async with anyio.create_task_group() as inner:
            found["coroutine"] = outcome(inner.start_soon, coroutine)
            found["returns"] = name(inner.start_soon(fine))
            found["has"] = [
                each for each in ("cancel", "create_task", "cancel_scope", "start", "start_soon") if hasattr(inner, each)
            ]
        coroutine.close()
        return found

    async def sync() -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(len, "")

    async def handle() -> Any:
        async with anyio.create_task_group() as group:
            task = group.start_soon(fine)
            waiting = group.start_soon(anyio.sleep_forever)
            value = await task.wait() if hasattr(task, "wait") else await task
            waiting.cancel()
        return [
            value,
            [
                each
                for each in ("cancel", "wait", "name", "start_value", "return_value", "exception", "status")
                if hasattr(task, each)
            ],
        ]

    async def start() -> Any:
        async def twice(task_status: Any) -> None:
            task_status.started(1)
            task_status.started(2)

        async def returns(task_status: Any) -> None:
            pass

        async def fails(task_status: Any) -> None:
            raise ValueError

        async def run(body: Any) -> Any:
            async with anyio.create_task_group() as group:
                found = await aoutcome(group.start, body)
            return [found, group.cancel_scope.cancel_called]

        return {each.__name__: await aoutcome(run, each) for each in (twice, returns, fails)}

    return on_both(misuse=misuse, sync=sync, handle=handle, start=start)


@probe("P213", "anyio", "contextvars", source="anyio 4.7, 4.8, issue 764: start_soon under asyncio's eager task factory")
def when_a_child_begins_to_run() -> Any:
    import asyncio

    import anyio

    async def order() -> Any:
        log: list[str] = []

        async def body(task_status: Any = None) -> None:
            log.append("child")
            if task_status:
                task_status.started()
            await anyio.sleep(0)
            log.append("child ends")

        async with anyio.create_task_group() as group:
            group.start_soon(body)
            log.append("after start_soon")
            await group.start(body)
            log.append("after start")
        return log

    async def eagerly() -> Any:
        asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)  # type: ignore[attr-defined,unused-ignore]
        return await order()

    async def fails_eagerly() -> Any:
        asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)  # type: ignore[attr-defined,unused-ignore]

        async def fails() -> None:
            raise ValueError

        async with anyio.create_task_group() as group:
            group.start_soon(fails)
            await anyio.sleep_forever()

    return {
        "plain": outcome(anyio.run, order),
        "eager": outcome(asyncio.run, eagerly()),
        "eager, fails": outcome(asyncio.run, fails_eagerly()),
    }


@probe(
    "P214",
    "anyio",
    "lifecycle",
    source="anyio 4.0: policy= became loop_factory=; 4.2, issue 643; 4.14, PR 1161: backend_options on Trio; 4.4: debug",
)
def which_options_of_a_run_reach_the_backend() -> Any:
    import asyncio
    import os

    import anyio

    async def loop() -> Any:
        running = asyncio.get_running_loop()
        return [type(running).__name__, running.get_debug()]

    async def clock() -> Any:
        import trio

        return type(trio.lowlevel.current_clock()).__name__

    class Own(asyncio.SelectorEventLoop):
        pass

    def run(main: Any, backend: str, **options: Any) -> Any:
        return outcome(lambda: anyio.run(main, backend=backend, backend_options=options))

    found = {
        "debug": run(loop, "asyncio", debug=True),
        "loop_factory": run(loop, "asyncio", loop_factory=Own),
        "policy": run(loop, "asyncio", policy=None),
        "use_uvloop": run(loop, "asyncio", use_uvloop=False),
        "unknown": run(loop, "asyncio", nothing=1),
        "no such backend": run(loop, "nothing"),
    }
    os.environ["PYTHONASYNCIODEBUG"] = "1"
    found["environment"] = run(loop, "asyncio")
    try:
        import trio.testing
    except ImportError:
        return found
    found["clock"] = run(clock, "trio", clock=trio.testing.MockClock(autojump_threshold=0))
    found["unknown, trio"] = run(clock, "trio", nothing=1)
    return found | {"strict, trio": run(clock, "trio", restrict_keyboard_interrupt_to_checkpoints=True)}


@probe(
    "P215", "anyio", "lifecycle", source="anyio 4.14, PR 1171: run() of any awaitable; 4.15, issue 1203: what a run keeps alive"
)
def what_can_be_run_and_what_a_run_leaves() -> Any:
    import asyncio
    import gc
    import weakref

    import anyio

    async def fine() -> str:
        return "fine"

    class Awaitable:
        def __await__(self) -> Any:
            return fine().__await__()

    async def nested() -> Any:
        return anyio.run(fine)

    async def exits() -> None:
        raise SystemExit

    async def stops() -> None:
        raise StopIteration

    async def left_behind() -> Any:
        asyncio.ensure_future(asyncio.sleep(10))
        return weakref.ref(asyncio.get_running_loop())

    async def token() -> Any:
        return weakref.ref(asyncio.current_task())  # type: ignore[arg-type]

    def coroutine() -> Any:
        made = fine()
        try:
            return outcome(anyio.run, made)
        finally:
            made.close()

    gc.collect()
    loop = anyio.run(left_behind)
    gc.collect()
    found = {"loop": loop() is None, "root task": outcome(lambda: anyio.run(token)() is None)}
    return (
        found
        | on_both(value=fine, nested=nested, exits=exits, stops=stops)
        | {"awaitable": both(Awaitable), "coroutine": coroutine(), "sync function": both(len, "")}
    )


@probe("P216", "anyio", "exceptions", source="anyio 4.6.1, PR 806: cycles through tracebacks; 4.9, issue 863: chains; 3.x")
def what_an_error_from_a_group_carries_and_keeps_alive() -> Any:
    import gc
    import traceback
    import weakref

    import anyio

    class Held:
        pass

    async def carries() -> Any:
        async def fails() -> None:
            raise ValueError

        try:
            async with anyio.create_task_group() as outer:
                async with anyio.create_task_group() as group:
                    group.start_soon(fails)
                    await anyio.sleep_forever()
                outer.cancel_scope.cancel()
        except BaseException as error:
            chain: list[Any] = []
            each: Any = error
            while each is not None and len(chain) < 8:
                chain.append([name(each), name(each.__context__), name(each.__cause__)])
                each = getattr(each, "exceptions", [None])[0]
            inmost = error
            while hasattr(inmost, "exceptions"):
                inmost = inmost.exceptions[0]
            return [chain, "fails" in [frame.name for frame in traceback.extract_tb(inmost.__traceback__)]]

    async def keeps() -> Any:
        found = {}
        gc.disable()
        for case in ("fails", "sleeps", "returns"):

            async def body(held: Any, case: str = case) -> None:
                if case == "fails":
                    raise ValueError
                if case == "sleeps":
                    await anyio.sleep_forever()

            async def run(body: Any = body) -> Any:
                held = Held()
                ref = weakref.ref(held)
                try:
                    async with anyio.create_task_group() as group:
                        group.start_soon(body, held)
                        del held
                        await anyio.wait_all_tasks_blocked()
                        group.cancel_scope.cancel()
                except BaseException:
                    pass
                return ref

            ref = await run()
            await anyio.sleep(0)
            found[case] = "freed" if ref() is None else "alive"
        gc.enable()
        return found

    return on_both(carries=carries, keeps=keeps)


@probe(
    "P217",
    "anyio",
    "detection",
    "asyncio",
    source="anyio 4.12, 4.12.1, issues 1021, 1048: sniffio left, NoEventLoopError; 4.16, issue 773",
)
def what_code_can_tell_about_where_it_is() -> Any:
    import asyncio

    import anyio
    import anyio.lowlevel

    def look() -> dict[str, Any]:
        from importlib.util import find_spec

        def sniff() -> Any:
            import sniffio

            return sniffio.current_async_library()

        return {
            "task": outcome(lambda: name(anyio.get_current_task())),
            "time": outcome(lambda: anyio.current_time() > 0),
            "cancelled": outcome(lambda: name(anyio.get_cancelled_exc_class())),
            "sniffio": outcome(sniff) if find_spec("sniffio") else "absent",
            "deadline": outcome(lambda: anyio.current_effective_deadline() > 0),
        }

    async def main() -> Any:
        saw = {"task": look(), "thread": await anyio.to_thread.run_sync(look)}
        saw["from_thread"] = await anyio.to_thread.run_sync(lambda: anyio.from_thread.run_sync(look))
        return saw

    async def callback() -> Any:
        loop = asyncio.get_running_loop()
        done = loop.create_future()
        loop.call_soon(lambda: done.set_result(look()))
        return await done

    import anyio.from_thread
    import anyio.to_thread

    return both(main) | {
        "outside": look(),
        "asyncio callback": outcome(anyio.run, callback),
        "plain asyncio": outcome(lambda: asyncio.run(callback())),
    }


@probe(
    "P218", "anyio", "detection", source="anyio 4.2, 4.7, 4.12, 4.14 to 4.16: what can be made and used outside a running loop"
)
def what_can_be_made_outside_a_run_and_used_inside() -> Any:
    import math

    import anyio
    import anyio.lowlevel

    def made(make: Any) -> Any:
        thing = outcome(make)
        return thing if isinstance(thing, str) else name(thing)

    def outside() -> Any:
        return {
            "Event": made(anyio.Event),
            "Event, set": outcome(lambda: [anyio.Event().is_set(), anyio.Event().set()]),
            "Lock": made(anyio.Lock),
            "Lock, locked": outcome(lambda: anyio.Lock().locked()),
            "Semaphore": made(lambda: anyio.Semaphore(1)),
            "Semaphore, value": outcome(lambda: anyio.Semaphore(1).value),
            "Condition": made(anyio.Condition),
            "CapacityLimiter": made(lambda: anyio.CapacityLimiter(1)),
            "CapacityLimiter, keyword": made(lambda: anyio.CapacityLimiter(total_tokens=1)),
            "CapacityLimiter, tokens": [
                outcome(lambda each=each: setattr(anyio.CapacityLimiter(1), "total_tokens", each))
                for each in (0, 2, math.inf, float("inf"), -1)
            ],
            "CancelScope": made(anyio.CancelScope),
            "task group": made(anyio.create_task_group),
            "memory stream": made(lambda: anyio.create_memory_object_stream(1)),
            "sleep": outcome(lambda: anyio.sleep(0).send(None)),
            "move_on_after": made(lambda: anyio.move_on_after(1)),
            "RunVar": outcome(lambda: anyio.lowlevel.RunVar("var").get(None)),
            "get_all_backends": outcome(lambda: list(anyio.get_all_backends())),
            "get_available_backends": outcome(lambda: "asyncio" in anyio.get_available_backends()),
        }

    async def used() -> Any:
        event, limiter, lock, semaphore = things
        if event is not None:
            event.set()
            await event.wait()
        found = [outcome(lambda: event.is_set())]
        async with limiter, lock, semaphore:
            return [*found, limiter.borrowed_tokens]

    things: Any = [outcome(anyio.Event), outcome(anyio.CapacityLimiter, 1), outcome(anyio.Lock), outcome(anyio.Semaphore, 1)]
    return {"outside": outside(), "used": outcome(anyio.run, used)}


@probe("P219", "anyio", "warnings", source="anyio 4.15, PR 1169: imports are lazy; deprecated names and arguments")
def what_importing_and_using_old_names_loads_and_warns_of() -> Any:
    import anyio
    import anyio.to_thread

    async def cancellable() -> None:
        await anyio.to_thread.run_sync(len, "", cancellable=True)

    async def item_type() -> None:
        for each in anyio.create_memory_object_stream(1, item_type=int):
            each.close()

    async def sync_awaited() -> None:
        with anyio.CancelScope() as scope:
            await scope.cancel()  # type: ignore[misc]

    async def unclosed() -> None:
        import gc

        anyio.create_memory_object_stream(1)
        gc.collect()

    told = {each.__name__: warned(anyio.run, each) for each in (cancellable, item_type, sync_awaited, unclosed)}
    names = (
        "BrokenWorkerIntepreter",
        "BrokenWorkerInterpreter",
        "wait_socket_readable",
        "wait_readable",
        "create_lock",
        "ExceptionGroup",
        "NoEventLoopError",
        "gather",
        "Future",
    )
    loads = forked(
        "import sys",
        {
            "import": "import anyio; print(sorted({'asyncio', 'trio', 'sniffio', 'ssl', 'socket', 'exceptiongroup', "
            "'anyio.abc', 'anyio.to_thread', 'pathlib'} & set(sys.modules)))",
            "submodules": "import anyio\nfor n in ('to_thread', 'from_thread', 'abc', 'lowlevel', 'streams', 'to_process', "
            "'pytest_plugin'): print(n, hasattr(anyio, n))",
            "dir": "import anyio; print('run' in dir(anyio), 'Lock' in dir(anyio), all(hasattr(anyio, n) for n in "
            "getattr(anyio, '__all__', [])))",
        },
    )
    return (
        told
        | {each: warned(lambda it=each: getattr(anyio, it)) for each in names}
        | {"loads": loads, "strictly": child("import anyio", "-W", "error")["exit"]}
    )


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


@probe("P301", "anyio", "contextvars", source="anyio docs, context variables; 3.4, issue 363: they pass through threads and back")
def which_context_each_way_of_running_code_gets() -> Any:
    import contextvars

    import anyio
    import anyio.from_thread
    import anyio.to_thread

    var = contextvars.ContextVar("var", default="default")

    async def main() -> Any:
        saw: dict[str, str] = {}

        def sync(where: str) -> None:
            saw[where] = var.get()
            var.set(where)

        async def body(where: str, task_status: Any = None) -> None:
            sync(where)
            if task_status:
                task_status.started()

        def in_thread() -> None:
            sync("thread")
            anyio.from_thread.run(body, "from_thread.run")
            anyio.from_thread.run_sync(sync, "from_thread.run_sync")
            saw["thread, afterwards"] = var.get()

        var.set("main")
        async with anyio.create_task_group() as group:
            var.set("in the group")
            group.start_soon(body, "start_soon")
            await group.start(body, "start")
        await anyio.to_thread.run_sync(in_thread)
        async with anyio.from_thread.BlockingPortal() as portal:
            await anyio.to_thread.run_sync(portal.call, body, "portal.call")
            future = await anyio.to_thread.run_sync(portal.start_task_soon, body, "portal.start_task_soon")
            await anyio.to_thread.run_sync(future.result)
            await portal.stop()
        return saw | {"main, afterwards": var.get()}

    var.set("outside")
    return both(main)


@probe("P302", "anyio", "signatures", source="what glue calls")
def the_parameters_of_what_glue_calls() -> Any:
    import anyio
    import anyio.abc
    import anyio.from_thread
    import anyio.lowlevel
    import anyio.to_thread

    calls: dict[str, Any] = {
        "run": anyio.run,
        "CancelScope": anyio.CancelScope,
        "cancel": anyio.CancelScope.cancel,
        "move_on_after": anyio.move_on_after,
        "fail_after": anyio.fail_after,
        "to_thread.run_sync": anyio.to_thread.run_sync,
        "from_thread.run": anyio.from_thread.run,
        "from_thread.run_sync": anyio.from_thread.run_sync,
        "start_blocking_portal": anyio.from_thread.start_blocking_portal,
        "portal.call": anyio.from_thread.BlockingPortal.call,
        "portal.stop": anyio.from_thread.BlockingPortal.stop,
        "portal.start_task_soon": anyio.from_thread.BlockingPortal.start_task_soon,
        "portal.start_task": anyio.from_thread.BlockingPortal.start_task,
        "start_soon": anyio.abc.TaskGroup.start_soon,
        "start": anyio.abc.TaskGroup.start,
        "Lock": anyio.Lock,
        "Semaphore": anyio.Semaphore,
        "CapacityLimiter": anyio.CapacityLimiter,
        "run_process": anyio.run_process,
        "open_process": anyio.open_process,
        "connect_tcp": anyio.connect_tcp,
        "create_memory_object_stream": anyio.create_memory_object_stream,
        "RunVar": anyio.lowlevel.RunVar,
    }
    slots = {
        each.__name__: outcome(lambda it=each: setattr(it(), "extra", 1)) for each in (anyio.Event, anyio.Lock, anyio.CancelScope)
    }
    return {each: outcome(parameters, fn) for each, fn in calls.items()} | {"extra attributes": slots}


@probe(
    "P335",
    "anyio",
    "lifecycle",
    "trio",
    source="pairs that pip installs and that do not work: anyio 4.0 on Trio 0.26 and later, anyio 3.7 on 0.25",
)
def what_works_on_this_release_of_trio() -> Any:
    import anyio
    import anyio.from_thread
    import anyio.lowlevel
    import anyio.to_thread

    async def fine() -> str:
        return "fine"

    async def started(task_status: Any) -> None:
        task_status.started("started")

    async def group() -> Any:
        async with anyio.create_task_group() as made:
            made.start_soon(fine)
            return await made.start(started)

    async def fails() -> Any:
        async with anyio.create_task_group() as made:
            made.start_soon(int, "x")

    async def limits() -> Any:
        async with anyio.CapacityLimiter(1) as limiter, anyio.Lock(), anyio.Semaphore(1), anyio.Condition():
            return limiter is None

    async def times_out() -> Any:
        with anyio.fail_after(0):
            await anyio.sleep(1)

    async def thread() -> Any:
        return await anyio.to_thread.run_sync(lambda: anyio.from_thread.run(fine))

    async def abandoned() -> Any:
        with anyio.move_on_after(0.01):
            await anyio.to_thread.run_sync(__import__("time").sleep, 0.1, abandon_on_cancel=True)
        return "left"

    async def process() -> Any:
        return (await anyio.run_process([sys.executable, "-S", "-c", "print(1)"])).returncode

    async def resolves() -> Any:
        return len(await anyio.getaddrinfo("127.0.0.1", 9)) > 0

    async def listens() -> Any:
        listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
        await listener.aclose()
        return "listened"

    async def tells() -> Any:
        await anyio.wait_all_tasks_blocked()
        return [
            name(anyio.get_current_task()),
            anyio.current_effective_deadline() > 0,
            anyio.current_time() > 0,
            name(anyio.get_cancelled_exc_class()),
        ]

    async def signals() -> Any:
        import signal

        with anyio.open_signal_receiver(signal.SIGUSR1):
            return "opened"

    def portal() -> Any:
        with anyio.from_thread.start_blocking_portal("trio") as made:
            return made.call(fine)

    cases = (fine, group, fails, limits, times_out, thread, abandoned, process, resolves, listens, tells, signals)
    return {each.__name__: plain(outcome(anyio.run, each, backend="trio")) for each in cases} | {"portal": outcome(portal)}
