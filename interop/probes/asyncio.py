"""asyncio: what a cancel, a timeout, a group, a context, a thread and an end of the loop do in each Python.

Source: "What's New in Python" 3.10 to 3.14 and the changelog's entries on asyncio, with the issues named at each probe.
"""

from interop.probes.observe import aoutcome, name, outcome, parameters, state, turns, unhandled, warned
from interop.probes.probe import probe


@probe("P15", "asyncio", "signatures", source="asyncio documentation, versionchanged of each")
def the_parameters_of_what_glue_calls():
    import asyncio
    import inspect

    paths = (
        "run Runner Runner.run create_task ensure_future wrap_future gather wait wait_for shield timeout timeout_at to_thread as_completed "
        "run_coroutine_threadsafe TaskGroup TaskGroup.create_task Task Future Task.cancel Future.cancel Future.add_done_callback "
        "Queue Lock Event Semaphore start_server open_connection StreamReader.readuntil StreamWriter.start_tls Server.close_clients "
        "iscoroutinefunction eager_task_factory create_eager_task_factory current_task all_tasks "
        "AbstractEventLoop.call_soon AbstractEventLoop.call_later AbstractEventLoop.call_soon_threadsafe AbstractEventLoop.create_task "
        "AbstractEventLoop.run_in_executor AbstractEventLoop.create_server AbstractEventLoop.create_connection "
        "AbstractEventLoop.create_datagram_endpoint AbstractEventLoop.shutdown_default_executor BaseEventLoop.create_task "
        "BaseEventLoop.call_soon BaseEventLoop.shutdown_default_executor get_child_watcher get_event_loop_policy"
    )
    found = {}
    for path in paths.split():
        thing = asyncio
        for part in path.split("."):
            thing = getattr(thing, part, None)
        try:
            found[path] = "missing" if thing is None else parameters(thing)
        except ValueError:
            found[path] = "unknown" if not inspect.isclass(thing) else "class"
    return found


@probe(
    "P16", "asyncio", "cancellation", source="cpython bpo-31033, gh-90985: the message of cancel() reaches who awaits since 3.11"
)
def where_the_message_of_a_cancel_arrives():
    import asyncio

    async def inside(seen):
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError as error:
            seen.append(list(error.args))
            raise

    async def arrives(wrap, direct):
        seen = []
        task = asyncio.ensure_future(wrap(inside(seen)))
        await turns()
        if direct:
            task.cancel("why")
        else:
            waiter = asyncio.ensure_future(asyncio.wait([task]))
            task.cancel("why")
            await waiter
        try:
            await task
        except asyncio.CancelledError as error:
            seen.append(list(error.args))
        return seen

    async def through(coroutine):
        return await coroutine

    async def main():
        future = asyncio.get_running_loop().create_future()
        future.cancel("why")
        return {
            "a task": await arrives(through, True),
            "a task, seen late": await arrives(through, False),
            "wait_for()": await arrives(lambda coroutine: asyncio.wait_for(coroutine, 10), True),
            "shield()": await arrives(lambda coroutine: asyncio.shield(coroutine), True),
            "gather()": await arrives(lambda coroutine: asyncio.gather(coroutine), True),
            "a future": await _args(future),
            "a future's exception()": outcome(future.exception),
        }

    return asyncio.run(main())


async def _args(awaitable):
    try:
        await awaitable
    except BaseException as error:
        return list(error.args)


@probe(
    "P17",
    "asyncio",
    "cancellation",
    source="cpython gh-116720, PR 117407: 3.13 delivers the outer group's request after the inner's end",
)
def what_remains_of_an_outer_group_s_cancel_after_an_inner_group_failed():
    import asyncio

    async def fail(event, error):
        await event.wait()
        raise error

    async def main(catch, outer_first):
        log, event = [], asyncio.Event()
        try:
            async with asyncio.TaskGroup() as outer:
                if outer_first:
                    outer.create_task(fail(event, ValueError()))
                try:
                    async with asyncio.TaskGroup() as inner:
                        inner.create_task(fail(event, KeyError()))
                        if not outer_first:
                            outer.create_task(fail(event, ValueError()))
                        event.set()
                        await asyncio.Event().wait()
                except BaseException as error:
                    log.append(name(error))
                    if not catch:
                        raise
                log.append(f"cancelling: {asyncio.current_task().cancelling()}")
                await turns()
                log.append("went on")
        except BaseException as error:
            log.append(name(error))
        log.append(f"cancelling: {asyncio.current_task().cancelling()}")
        log.append(await aoutcome(asyncio.sleep, 0))
        return log

    return {f"caught: {c}, outer first: {o}": asyncio.run(main(c, o)) for c in (True, False) for o in (True, False)}


@probe(
    "P18",
    "asyncio",
    "cancellation",
    source="asyncio.Task.uncancel() since 3.11; 3.13: to zero takes the request back (gh-117407)",
)
def what_cancelling_counts_and_uncancel_takes_back():
    import asyncio

    async def taken_back(times):
        task = asyncio.current_task()
        counts = [task.cancel() for _ in range(times)] + [task.cancelling(), task.uncancel(), task.cancelling()]
        return [*counts, await aoutcome(asyncio.sleep, 0), await aoutcome(asyncio.sleep, 0), task.cancelling()]

    async def swallowed():
        task = asyncio.current_task()
        task.cancel()
        await aoutcome(asyncio.sleep, 0)
        return [task.cancelling(), await aoutcome(asyncio.sleep, 0), task.uncancel(), task.uncancel()]

    async def returns_after_cancel():
        asyncio.current_task().cancel()
        return "value"

    async def main(coroutine):
        task = asyncio.ensure_future(coroutine)
        await asyncio.wait([task])
        return state(task)

    return {
        "once": asyncio.run(main(taken_back(1))),
        "twice": asyncio.run(main(taken_back(2))),
        "swallowed": asyncio.run(main(swallowed())),
        "a task that returns with a request pending": asyncio.run(main(returns_after_cancel())),
    }


@probe(
    "P19",
    "asyncio",
    "cancellation",
    source="cpython gh-86296, gh-96764: wait_for() is a timeout() in the caller's own task since 3.12",
)
def what_wait_for_does_when_it_is_cancelled():
    import asyncio

    async def refuses(log):
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            log.append("refused")
            return "value"

    async def fails_in_cleanup(log):
        try:
            await asyncio.Event().wait()
        finally:
            log.append("cleaned")
            raise KeyError

    async def cancelled(make):
        log = []
        task = asyncio.ensure_future(asyncio.wait_for(make(log), 10))
        await turns()
        task.cancel()
        await asyncio.wait([task])
        return [*log, state(task)]

    async def just_done(settle):
        inner = asyncio.get_running_loop().create_future()
        task = asyncio.ensure_future(asyncio.wait_for(inner, 10))
        await turns()
        settle(inner)
        task.cancel()
        await asyncio.wait([task])
        return state(task)

    async def same_task():
        return await asyncio.wait_for(_task(), 10) is asyncio.current_task()

    async def _task():
        return asyncio.current_task()

    async def before_it_starts():
        log = []
        task = asyncio.ensure_future(asyncio.wait_for(refuses(log), 10))
        task.cancel()
        await asyncio.wait([task])
        return [*log, state(task)]

    async def inner_cancelled():
        inner = asyncio.get_running_loop().create_future()
        task = asyncio.ensure_future(asyncio.wait_for(inner, 10))
        await turns()
        inner.cancel()
        await asyncio.wait([task])
        return state(task)

    return {
        "the inner one refuses": asyncio.run(cancelled(refuses)),
        "the inner one fails": asyncio.run(cancelled(fails_in_cleanup)),
        "the inner one has just returned": asyncio.run(just_done(lambda inner: inner.set_result("value"))),
        "the inner one has just failed": asyncio.run(just_done(lambda inner: inner.set_exception(KeyError()))),
        "before it starts": asyncio.run(before_it_starts()),
        "the inner one was cancelled": asyncio.run(inner_cancelled()),
        "the inner one runs in the same task": asyncio.run(same_task()),
    }


@probe("P20", "asyncio", "timeouts", source="asyncio.wait_for() documentation; gh-96764; bpo-37658, bpo-42130")
def what_wait_for_does_when_it_is_late():
    import asyncio

    async def refuses():
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return "value"

    async def fails():
        try:
            await asyncio.Event().wait()
        finally:
            raise KeyError

    async def never_started(log):
        log.append("started")
        await asyncio.sleep(0)
        log.append("went on")
        return "value"

    async def main():
        done = asyncio.get_running_loop().create_future()
        done.set_result("done")
        pending = asyncio.get_running_loop().create_future()
        found, log = {}, []
        for seconds in (0.001, 0, -1):
            found[str(seconds)] = {
                "waits": await aoutcome(asyncio.wait_for, asyncio.Event().wait(), seconds),
                "refuses": await aoutcome(asyncio.wait_for, refuses(), seconds),
                "fails": await aoutcome(asyncio.wait_for, fails(), seconds),
            }
        found["zero with one that is done"] = await aoutcome(asyncio.wait_for, done, 0)
        found["zero with one that is ready"] = [await aoutcome(asyncio.wait_for, never_started(log), 0), log]
        found["the future is cancelled"] = [await aoutcome(asyncio.wait_for, pending, 0.001), state(pending)]
        found["cause"] = await _cause(asyncio.wait_for(asyncio.Event().wait(), 0.001))
        found["None"] = await aoutcome(asyncio.wait_for, never_started([]), None)
        return found

    return asyncio.run(main())


async def _cause(awaitable):
    try:
        await awaitable
    except BaseException as error:
        return [
            name(error),
            name(error.__cause__) if error.__cause__ else None,
            name(error.__context__) if error.__context__ else None,
        ]


@probe("P21", "asyncio", "timeouts", source="asyncio.timeout() since 3.11; gh-95051, gh-102780, gh-113848")
def what_a_timeout_block_does():
    import asyncio

    async def late(seconds, body):
        log = []
        try:
            async with asyncio.timeout(seconds) as scope:
                log.append(await body())
                log.append("went on")
        except BaseException as error:
            log.append([name(error), name(error.__cause__) if error.__cause__ else None])
        return [*log, scope.expired(), asyncio.current_task().cancelling()]

    async def waits():
        await asyncio.Event().wait()

    async def fails():
        try:
            await asyncio.Event().wait()
        finally:
            raise KeyError

    async def swallows():
        return await aoutcome(waits)

    async def group():
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(waits())

    async def failing_group():
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(fails())

    async def nested():
        log = []
        try:
            async with asyncio.timeout(0.001):
                try:
                    async with asyncio.timeout(0.001):
                        await waits()
                except TimeoutError:
                    log.append("inner")
                    await turns()
                    await waits()
        except TimeoutError:
            log.append("outer")
        return [*log, asyncio.current_task().cancelling()]

    async def cancelled():
        task = asyncio.ensure_future(late(0, waits))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        return state(task)

    async def misused():
        scope = asyncio.timeout(10)
        found = [outcome(scope.reschedule, 1)]
        async with scope:
            found.append(await aoutcome(scope.__aenter__))
            scope.reschedule(None)
            found.append(scope.when())
        return [*found, outcome(scope.reschedule, 1)]

    bodies = waits, fails, swallows, group, failing_group
    found = {f"{body.__name__} {seconds}": asyncio.run(late(seconds, body)) for body in bodies for seconds in (0.001, 0, -1)}
    found["no wait"] = asyncio.run(late(0, lambda: asyncio.sleep(0, "value")))
    return {**found, "nested": asyncio.run(nested()), "cancelled": asyncio.run(cancelled()), "misused": asyncio.run(misused())}


@probe("P22", "asyncio", "cancellation", source="asyncio.gather() documentation; bpo-32684, gh-100985")
def what_gather_does_with_cancelled_and_failing_members():
    import asyncio

    async def waits(log, number):
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            log.append(f"{number} cancelled")
            raise

    async def fails():
        await asyncio.sleep(0)
        raise KeyError

    async def main(exceptions, act):
        log, errors = [], unhandled(asyncio.get_running_loop())
        members = [asyncio.ensure_future(waits(log, number)) for number in (1, 2)]
        if act == "fails":
            members[0] = asyncio.ensure_future(fails())
        both = asyncio.gather(*members, return_exceptions=exceptions)
        await asyncio.sleep(0)
        if act == "member":
            members[0].cancel()
        elif act == "all":
            both.cancel()
        await turns()
        result = state(both)
        if isinstance(result, list):
            result = [name(item) if isinstance(item, BaseException) else item for item in result]
        return [result, *log, *errors]

    found = {
        f"{act}, return_exceptions={flag}": asyncio.run(main(flag, act))
        for act in ("member", "all", "fails")
        for flag in (False, True)
    }

    async def empty():
        both = asyncio.gather()
        await turns()
        future = asyncio.get_running_loop().create_future()
        same = asyncio.gather(future, future)
        future.set_result(1)
        return [state(both), await same, outcome(both.cancel)]

    return {**found, "empty, and one twice": asyncio.run(empty())}


@probe(
    "P23", "asyncio", "cancellation", source="asyncio.shield() documentation; gh-126956 and the 3.11 log of a lost inner failure"
)
def what_becomes_of_what_a_shield_protects():
    import asyncio

    async def main(settle):
        errors = unhandled(asyncio.get_running_loop())
        inner = asyncio.get_running_loop().create_future()
        outer = asyncio.shield(inner)
        outer.cancel()
        await turns()
        settle(inner)
        await turns()
        found = [state(outer), inner.done(), inner.cancelled()]
        del inner, outer
        return [*found, *errors]

    async def cancelled_inside():
        inner = asyncio.get_running_loop().create_future()
        outer = asyncio.shield(inner)
        inner.cancel()
        await turns()
        return state(outer)

    async def in_wait_for():
        inner = asyncio.get_running_loop().create_future()
        return [await aoutcome(asyncio.wait_for, asyncio.shield(inner), 0.001), state(inner)]

    return {
        "the inner one returns": asyncio.run(main(lambda inner: inner.set_result(1))),
        "the inner one fails": asyncio.run(main(lambda inner: inner.set_exception(KeyError()))),
        "the inner one is cancelled": asyncio.run(cancelled_inside()),
        "late in wait_for()": asyncio.run(in_wait_for()),
    }


@probe(
    "P24",
    "asyncio",
    "exceptions",
    source="asyncio.TaskGroup since 3.11; gh-94398, gh-115957 (3.13 closes refused coroutines), gh-108951",
)
def what_a_task_group_raises_and_refuses():
    import asyncio

    async def waits(log=None):
        try:
            await asyncio.Event().wait()
        finally:
            if log is not None:
                log.append("cleaned")

    async def fails(error):
        await asyncio.sleep(0)
        raise error

    async def group(*coroutines, body=None, log=()):
        async with asyncio.TaskGroup() as tasks:
            for coroutine in coroutines:
                tasks.create_task(coroutine)
            if body is not None:
                raise body
        return "left"

    async def child_cancels_itself():
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(waits()).cancel()
        return "left"

    async def cancelled(failing):
        log = []
        task = asyncio.ensure_future(group(waits(log), *([fails(KeyError())] if failing else [])))
        await asyncio.sleep(0)
        if failing:
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        return [*log, state(task)]

    async def refused():
        log = []
        async with asyncio.TaskGroup() as tasks:
            pass
        never = waits()
        log.append(outcome(tasks.create_task, never))
        log.append("closed" if outcome(never.send, None) == "raises RuntimeError" else "still open")
        never.close()
        log.append(await aoutcome(tasks.__aenter__))
        return log

    found = {
        "one fails": asyncio.run(aoutcome(group, fails(KeyError()), waits())),
        "two fail": asyncio.run(aoutcome(group, fails(KeyError()), fails(ValueError()))),
        "the body fails": asyncio.run(aoutcome(group, waits(), body=KeyError())),
        "the body is cancelled": asyncio.run(aoutcome(group, waits(), body=asyncio.CancelledError())),
        "a child is interrupted": outcome(asyncio.run, group(fails(KeyboardInterrupt()), waits())),
        "a child exits": outcome(asyncio.run, group(fails(SystemExit()), waits())),
        "a child is cancelled": asyncio.run(aoutcome(child_cancels_itself)),
        "cancelled": asyncio.run(cancelled(False)),
        "cancelled while a child fails": asyncio.run(cancelled(True)),
        "after its end": asyncio.run(refused()),
    }
    found["a refused coroutine warns"] = warned(asyncio.run, _refused())
    return found


async def _refused():
    import asyncio
    import gc

    async with asyncio.TaskGroup() as tasks:
        pass
    outcome(tasks.create_task, asyncio.sleep(0))
    gc.collect()
