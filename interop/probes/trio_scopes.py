"""Trio's cancel scopes and timeouts: nested, shielded, early, late, around start().

A module of many small functions: a catalogue.
"""

from typing import Any

from interop.probes.observe import aoutcome, name, outcome
from interop.probes.probe import probe


@probe("P170", "trio", "cancellation", source="Trio docs: cancellation is level triggered: every checkpoint raises again")
def how_often_a_cancelled_task_is_told() -> Any:
    import trio

    log: list[str] = []

    async def main() -> Any:
        with trio.CancelScope() as scope:
            scope.cancel()
            log.append("no checkpoint yet")
            for _ in range(2):
                log.append(await aoutcome(trio.sleep, 0))
            with trio.CancelScope(shield=True):
                log.append(str(await aoutcome(trio.sleep, 0)))
            log.append(await aoutcome(trio.lowlevel.checkpoint_if_cancelled))
            log.append(str(await aoutcome(trio.lowlevel.cancel_shielded_checkpoint)))
            log.append("end")
        return [scope.cancel_called, scope.cancelled_caught, trio.current_effective_deadline() > 0]

    return [trio.run(main), *log]


@probe("P171", "trio", "cancellation", source="Trio docs, cancel scopes: the outermost cancelled scope catches")
def which_of_several_nested_scopes_catches() -> Any:
    import trio

    async def run(cancelled: tuple[int, ...], shielded: int = -1) -> Any:
        scopes = [trio.CancelScope(shield=i == shielded) for i in range(3)]
        ended = "scopes left"
        with trio.CancelScope() as guard, scopes[0]:
            with scopes[1]:
                with scopes[2]:
                    for i in cancelled:
                        scopes[i].cancel()
                    await trio.sleep(0)
                    ended = "not interrupted"
                await trio.sleep(0)
        return [ended, *(each.cancelled_caught for each in (guard, *scopes))]

    async def main() -> Any:
        cases = {
            "outer": ((0,),),
            "inner": ((2,),),
            "outer then inner": ((0, 2),),
            "inner then outer": ((2, 0),),
            "outer, middle shields": ((0,), 1),
        }
        return {case: await run(*how) for case, how in cases.items()}

    return trio.run(main)


@probe("P172", "trio", "cancellation", source="Trio docs: a scope that is cancelled before it is entered; unshielding delivers")
def what_a_scope_does_that_is_cancelled_early_reused_or_unshielded() -> Any:
    import trio

    async def early() -> Any:
        scope = trio.CancelScope()
        scope.cancel()
        log = []
        with scope:
            log.append("entered")
            await trio.sleep(0)
            log.append("went on")
        return [*log, scope.cancelled_caught]

    async def reused() -> Any:
        scope = trio.CancelScope()
        with scope:
            pass
        with scope:
            return "entered twice"

    async def unshielded() -> Any:
        log: list[Any] = []
        with trio.CancelScope() as outer, trio.CancelScope(shield=True) as inner:
            outer.cancel()
            log.append(await aoutcome(trio.sleep, 0))
            inner.shield = False
            log.append(await aoutcome(trio.sleep, 0))
        return [*log, outer.cancelled_caught, inner.cancelled_caught]

    async def swallowed() -> Any:
        with trio.CancelScope() as scope:
            scope.cancel()
            try:
                await trio.sleep(0)
            except trio.Cancelled:
                pass
        return scope.cancelled_caught

    async def replaced() -> Any:
        with trio.CancelScope() as scope:
            scope.cancel()
            try:
                await trio.sleep(0)
            except trio.Cancelled:
                raise ValueError from None
        return scope.cancelled_caught

    return {each.__name__: outcome(trio.run, each) for each in (early, reused, unshielded, swallowed, replaced)}


@probe("P173", "trio", "cancellation", source="Trio 0.23, issue 1457: the wait at a nursery's end is not cancelled any more")
def whether_the_wait_at_the_end_of_a_nursery_is_interrupted() -> Any:
    import functools

    import trio
    import trio.testing

    async def shielded(log: list[Any]) -> None:
        with trio.CancelScope(shield=True):
            await trio.sleep(0.001)
        log.append("child ends")

    async def run(cancel_where: str) -> Any:
        log: list[Any] = []
        with trio.CancelScope() as outer:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(shielded, log)
                await trio.testing.wait_all_tasks_blocked()
                (nursery.cancel_scope if cancel_where == "nursery" else outer).cancel()
            log.append("after the nursery")
        return [*log, outer.cancelled_caught, nursery.cancel_scope.cancelled_caught]

    # Everything else waits before the child's sleep ends.
    jumping = functools.partial(trio.testing.MockClock, autojump_threshold=0)
    return {where: trio.run(run, where, clock=jumping()) for where in ("outer", "nursery")}


@probe(
    "P174", "trio", "cancellation", source="Trio docs: tasks of a cancelled nursery start and are told at their first checkpoint"
)
def what_tasks_do_that_are_started_in_a_cancelled_nursery() -> Any:
    import trio

    async def main() -> Any:
        log: list[Any] = []

        async def body(task_status: Any = trio.TASK_STATUS_IGNORED) -> None:
            log.append("starts")
            log.append(await aoutcome(trio.sleep, 0))
            task_status.started("value")

        async with trio.open_nursery() as nursery:
            nursery.cancel_scope.cancel()
            nursery.start_soon(body)
            log.append(await aoutcome(nursery.start, body))
        log.append(outcome(nursery.start_soon, body))
        return log

    return trio.run(main)


@probe("P177", "trio", "cancellation", source="Trio docs, Nursery.start: the start is cancelled, the nursery is not")
def what_a_timeout_around_start_cancels() -> Any:
    import trio
    import trio.testing

    async def main() -> Any:
        log: list[Any] = []

        async def never(task_status: Any) -> None:
            log.append(await aoutcome(trio.sleep_forever))
            task_status.started()
            log.append("started after all")

        async def later(task_status: Any) -> None:
            with trio.CancelScope(shield=True):
                await trio.sleep(0.01)
            task_status.started("value")
            log.append(await aoutcome(trio.sleep, 0))

        async with trio.open_nursery() as nursery:
            for body in (never, later):
                with trio.move_on_after(0.005) as scope:
                    log.append(await nursery.start(body))
                log.append([scope.cancelled_caught, nursery.cancel_scope.cancel_called])
        return log

    return trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0))


@probe("P180", "trio", "timeouts", source="Trio 0.22.1, issue 2493: NaN; 0.27, issue 2512: counted from entry, not from creation")
def what_each_kind_of_timeout_does() -> Any:
    import math

    import trio
    import trio.testing

    async def move_on(seconds: float) -> Any:
        with trio.move_on_after(seconds) as scope:
            await trio.sleep(1)
        return scope.cancelled_caught

    async def fail(seconds: float) -> Any:
        with trio.fail_after(seconds):
            await trio.sleep(0)
        return "in time"

    async def created_early() -> Any:
        scope = trio.move_on_after(1)
        await trio.sleep(2)
        with scope as entered:
            await trio.sleep(0)
            return [entered.cancel_called, "not cancelled"]
        return [scope.cancelled_caught]

    async def cancelled_by_hand() -> Any:
        with trio.fail_after(10) as scope:
            scope.cancel()
            await trio.sleep(0)

    async def swallowed() -> Any:
        with trio.fail_after(0):
            try:
                await trio.sleep(1)
            except trio.Cancelled:
                pass
        return "no error"

    def run(fn: Any, *args: Any) -> Any:
        return outcome(lambda: trio.run(fn, *args, clock=trio.testing.MockClock(autojump_threshold=0)))

    values = {"zero": 0, "past": -1, "nan": math.nan, "long": 5000}
    return {
        "is": [each.__name__ for each in trio.TooSlowError.__mro__],
        "move_on_after": {key: run(move_on, value) for key, value in values.items()},
        "fail_after": {key: run(fail, value) for key, value in values.items()},
        "sleep": {key: run(trio.sleep, value) for key, value in values.items()},
        "sleep_until, past": run(trio.sleep_until, -5),
        **{each.__name__: run(each) for each in (created_early, cancelled_by_hand, swallowed)},
    }


@probe("P181", "trio", "timeouts", source="Trio 0.27, issues 2512, 3052: relative deadlines, shield=; 0.34, issue 3403")
def what_a_scope_says_of_its_deadline() -> Any:
    import trio

    async def main() -> Any:
        found: dict[str, Any] = {}
        for key, make in {
            "move_on_after": lambda: trio.move_on_after(5),
            "CancelScope": trio.CancelScope,
            "at": lambda: trio.move_on_at(5),
        }.items():
            made = outcome(make)
            found[key] = [
                outcome(lambda it=made: it.relative_deadline < 6),
                outcome(lambda it=made: it.is_relative),
                outcome(lambda it=made: it.deadline > 0),
                outcome(setattr, made, "deadline", 7.0),
            ]
        found["shield="] = [outcome(lambda: name(trio.move_on_after(1, shield=True)))]
        with trio.CancelScope(deadline=trio.current_time() - 1) as past:
            found["past, before a checkpoint"] = past.cancel_called
            await aoutcome(trio.sleep, 0)
        found["effective"] = [trio.current_effective_deadline() == float("inf")]
        with trio.move_on_after(5) as outer, trio.move_on_after(9):
            found["effective"].append(trio.current_effective_deadline() == outer.deadline)
            outer.cancel()
            found["effective"].append(trio.current_effective_deadline() == float("-inf"))
        return found

    return trio.run(main)
