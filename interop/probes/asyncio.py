"""asyncio: what a cancel, a timeout, a group, a context, a thread and an end of the loop do in each Python.

Source: "What's New in Python" 3.10 to 3.14 and the changelog's entries on asyncio, with the issues named at each probe.
"""

from interop.probes.observe import aoutcome, child, children, logged, name, outcome, parameters, state, turns, unhandled, warned
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


@probe("P25", "asyncio", "threads", source="asyncio.to_thread(), run_in_executor(): a thread cannot be cancelled")
def what_cancelling_a_call_in_a_thread_does():
    import asyncio
    import concurrent.futures
    import threading

    async def main(start):
        started, release, log = threading.Event(), threading.Event(), []

        def job():
            started.set()
            release.wait()
            log.append("function ended")
            return "value"

        task = asyncio.ensure_future(start(job))
        await turns()
        started.wait()
        task.cancel()
        await asyncio.wait([task])
        log.append(state(task))
        release.set()
        await asyncio.get_running_loop().shutdown_default_executor()
        return log

    async def in_pool(job):
        return await asyncio.get_running_loop().run_in_executor(None, job)

    async def queued():
        release = threading.Event()
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            pool.submit(release.wait)
            waiting = pool.submit(int)
            future = asyncio.wrap_future(waiting)
            future.cancel()
            await turns()
            release.set()
            return [state(future), waiting.cancelled()]

    async def raises(error):
        def job():
            raise error

        return await aoutcome(asyncio.to_thread, job)

    return {
        "to_thread()": asyncio.run(main(asyncio.to_thread)),
        "run_in_executor()": asyncio.run(main(in_pool)),
        "one that is queued": asyncio.run(queued()),
        "it raises StopIteration": asyncio.run(raises(StopIteration(1))) if _stops() else "pending",
        "it raises CancelledError": asyncio.run(raises(asyncio.CancelledError())),
        "it raises the executor's CancelledError": asyncio.run(raises(concurrent.futures.CancelledError())),
        "it raises the executor's TimeoutError": asyncio.run(raises(concurrent.futures.TimeoutError())),
        "it raises SystemExit": asyncio.run(raises(SystemExit())),
    }


def _stops():
    """Whether a future takes StopIteration at all: up to 3.11 the await of one that a thread raised never returns."""
    import asyncio

    loop = asyncio.new_event_loop()
    try:
        future = loop.create_future()
        future.set_exception(StopIteration())
        return future.exception() is not None
    except TypeError:
        return False
    finally:
        loop.close()


@probe(
    "P26",
    "asyncio",
    "exceptions",
    source="Future.set_exception(): StopIteration is refused up to 3.11, RuntimeError since (gh-112182)",
)
def what_special_exceptions_do_to_futures_and_tasks():
    import asyncio

    async def raises(error):
        raise error

    async def main(error):
        errors = unhandled(asyncio.get_running_loop())
        future = asyncio.get_running_loop().create_future()
        given = outcome(future.set_exception, error)
        task = asyncio.ensure_future(raises(error))
        try:
            await turns()
        except BaseException as escaped:
            return ["escapes", name(escaped)]
        return [given, state(future), state(task), *errors]

    kinds = StopIteration(1), StopAsyncIteration(), GeneratorExit(), asyncio.CancelledError(), KeyboardInterrupt(), SystemExit(3)
    kinds = *kinds, BaseException(), asyncio.InvalidStateError(), KeyError, int
    return {
        error.__name__ if isinstance(error, type) else f"{name(error)}()": outcome(asyncio.run, main(error)) for error in kinds
    }


@probe("P27", "asyncio", "exceptions", source="asyncio documentation, Error Handling API")
def what_a_lost_failure_tells_the_exception_handler():
    import asyncio
    import gc

    async def fails():
        raise KeyError

    def boom(*_):
        raise KeyError

    async def waits():
        await asyncio.get_running_loop().create_future()

    async def main(act):
        loop = asyncio.get_running_loop()
        errors = unhandled(loop)
        act(loop)
        await turns()
        gc.collect()
        await turns()
        return errors

    def done_callback(loop):
        future = loop.create_future()
        future.add_done_callback(boom)
        future.set_result(1)

    def failed_future(loop):
        loop.create_future().set_exception(KeyError())

    def gathered(loop):
        asyncio.gather(fails(), fails())

    acts = {
        "a task": lambda loop: loop.create_task(fails()) and None,
        "a future": failed_future,
        "a callback": lambda loop: loop.call_soon(boom),
        "a timer": lambda loop: loop.call_later(0, boom),
        "a done callback": done_callback,
        "gather()": gathered,
        "a pending task": lambda loop: loop.create_task(waits()) and None,
        "run_coroutine_threadsafe()": lambda loop: asyncio.run_coroutine_threadsafe(fails(), loop) and None,
    }
    return {what: asyncio.run(main(act)) for what, act in acts.items()}


@probe(
    "P28",
    "asyncio",
    "exceptions",
    source="asyncio.Future.__await__(): the exception itself is raised at each await (gh-127529, bpo-45924)",
)
def what_awaiting_a_failure_twice_does_to_it():
    import asyncio
    import traceback

    async def callee():
        raise KeyError

    async def awaits(task):
        try:
            await task
        except KeyError as error:
            return error

    async def main():
        task = asyncio.ensure_future(callee())
        found = []
        for _ in range(3):
            error = await awaits(task)
            found.append([frame.name for frame in traceback.extract_tb(error.__traceback__)])
        try:
            raise ValueError
        except ValueError:
            within = await awaits(task)
        return {"frames": found, "same": within is error is task.exception(), "context": within.__context__ is None}

    return asyncio.run(main())


@probe(
    "P29",
    "asyncio",
    "contextvars",
    source="PEP 567; context= of create_task() and Runner.run() since 3.11; wait_for() since 3.12; gh-111129",
)
def whose_context_each_kind_of_code_runs_in_and_writes_to():
    import asyncio
    import contextvars
    import os
    import signal

    var = contextvars.ContextVar("var", default="empty")

    async def writes(value="written"):
        seen = var.get()
        var.set(value)
        return seen

    async def through(start):
        var.set("caller's")
        seen = await start(writes())
        return [seen, var.get()]

    async def callbacks():
        loop = asyncio.get_running_loop()
        found, future, (reads, sends) = {}, loop.create_future(), os.pipe()

        def note(what):
            found[what] = var.get()
            var.set(f"written by {what}")

        var.set("caller's")
        loop.call_soon(note, "call_soon()")
        loop.call_later(0, note, "call_later()")
        loop.call_soon_threadsafe(note, "call_soon_threadsafe()")
        future.add_done_callback(lambda _: note("done callback"))
        loop.add_reader(reads, lambda: (note("add_reader()"), loop.remove_reader(reads)))
        loop.add_signal_handler(signal.SIGUSR1, note, "add_signal_handler()")
        var.set("later")
        loop.call_soon(future.set_result, 1)
        os.write(sends, b"x")
        os.kill(os.getpid(), signal.SIGUSR1)
        while len(found) < 6:
            await asyncio.sleep(0)
        other = contextvars.copy_context()
        other.run(var.set, "given")
        loop.call_soon(note, "context=")
        await turns()
        return {**found, "the caller's after all": var.get()}

    async def server():
        met = asyncio.get_running_loop().create_future()
        var.set("server's")
        handle = lambda reader, writer: (met.set_result(var.get()), writer.close())  # noqa: E731
        listening = await asyncio.start_server(handle, "127.0.0.1", 0)
        var.set("later")
        _, writer = await asyncio.open_connection(*listening.sockets[0].getsockname())
        seen = await met
        writer.close()
        listening.close()
        return seen

    def runner():
        with asyncio.Runner() as running:
            return [running.run(writes("first")), running.run(writes("second")), var.get()]

    async def group(coroutine):
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(coroutine)
        return task.result()

    async def timed(coroutine):
        async with asyncio.timeout(10):
            return await coroutine

    async def gathered(coroutine):
        return (await asyncio.gather(coroutine))[0]

    async def completed(coroutine):
        for each in asyncio.as_completed([coroutine]):
            got = await each
        return got

    starts = {
        "await": lambda coroutine: coroutine,
        "create_task()": lambda coroutine: asyncio.ensure_future(coroutine),
        "wait_for()": lambda coroutine: asyncio.wait_for(coroutine, 10),
        "wait_for() without a timeout": lambda coroutine: asyncio.wait_for(coroutine, None),
        "timeout()": timed,
        "shield()": lambda coroutine: asyncio.shield(coroutine),
        "gather()": gathered,
        "as_completed()": completed,
        "TaskGroup": group,
    }
    found = {what: outcome(asyncio.run, through(start)) for what, start in starts.items()}
    return {**found, "callbacks": asyncio.run(callbacks()), "server's handler": asyncio.run(server()), "Runner": outcome(runner)}


@probe("P30", "asyncio", "contextvars", source="PEP 525, PEP 567: async generators have no context of their own")
def whose_context_and_task_an_async_generator_runs_and_ends_in():
    import asyncio
    import contextvars
    import gc

    var = contextvars.ContextVar("var", default="empty")

    async def items(log):
        try:
            log.append(var.get())
            var.set("generator's")
            yield 1
            log.append(var.get())
            yield 2
        finally:
            log.append(["ends in", var.get(), asyncio.current_task().get_name()])

    async def step(iterator):
        return await iterator.__anext__()

    async def main():
        log = []
        asyncio.current_task().set_name("main")
        var.set("caller's")
        iterator = items(log)
        await asyncio.create_task(step(iterator), name="first")
        await asyncio.create_task(step(iterator), name="second")
        log.append(var.get())
        await asyncio.create_task(iterator.aclose(), name="closer") if False else await iterator.aclose()
        dropped = items(log)
        await step(dropped)
        del iterator, dropped
        gc.collect()
        await turns()
        left = items(log)
        await step(left)
        main.left = left
        return log

    async def cancelled():
        log = []

        async def consumes():
            async for _ in items(log):
                await asyncio.Event().wait()

        task = asyncio.create_task(consumes(), name="consumer")
        await turns()
        task.cancel()
        await asyncio.wait([task])
        log.append("task ended")
        del task
        gc.collect()
        await turns()
        return [entry if not str(entry[-1]).startswith("Task-") else [*entry[:-1], "a new task"] for entry in log]

    first = asyncio.run(main())
    spell = lambda entry: [*entry[:-1], "a new task"] if isinstance(entry, list) and entry[-1].startswith("Task-") else entry  # noqa: E731
    return {"closed, dropped, left": [spell(entry) for entry in first], "cancelled": asyncio.run(cancelled())}


@probe(
    "P31",
    "asyncio",
    "threads",
    source="cpython gh-83710, gh-93453, gh-100160: get_event_loop() without a loop warns, then raises (3.14)",
)
def which_loop_a_thread_gets_and_what_getting_it_says():
    before = """
import asyncio, json, threading, warnings
def get(fn):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            got = type(fn()).__name__
        except BaseException as error:
            got = type(error).__name__
    print(json.dumps([got, [warning.category.__name__ for warning in caught]]))
"""
    bodies = {
        "main thread": "get(asyncio.get_event_loop); get(asyncio.get_event_loop)",
        "the policy": "get(lambda: asyncio.get_event_loop_policy().get_event_loop())",
        "another thread": "t = threading.Thread(target=get, args=(asyncio.get_event_loop,)); t.start(); t.join()",
        "after run()": "asyncio.run(asyncio.sleep(0)); get(asyncio.get_event_loop)",
        "after set_event_loop(None)": "asyncio.set_event_loop(None); get(asyncio.get_event_loop)",
        "after set_event_loop()": "asyncio.set_event_loop(asyncio.new_event_loop()); get(asyncio.get_event_loop)",
        "not running": "get(asyncio.get_running_loop)",
        "ensure_future() outside": "c = asyncio.sleep(0); get(lambda: asyncio.ensure_future(c)); c.close()",
        "gather() outside": "c = asyncio.sleep(0); get(lambda: asyncio.gather(c)); c.close()",
        "Future() outside": "get(asyncio.Future)",
        "current_task() outside": "get(asyncio.current_task)",
        "primitives outside": "get(asyncio.Lock); get(asyncio.Queue); get(asyncio.Event); get(lambda: asyncio.StreamReader())",
    }
    return children(before, bodies)


@probe("P32", "asyncio", "threads", source="asyncio documentation, Concurrency and Multithreading")
def what_reaches_a_loop_from_another_thread_or_after_its_end():
    import asyncio
    import concurrent.futures
    import threading

    async def value():
        return 1

    async def fails(error):
        raise error

    async def waits(log):
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            log.append("cancelled")
            raise

    def in_thread(fn):
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            return pool.submit(outcome, fn).result()

    loop, log = asyncio.new_event_loop(), []
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    send = lambda coroutine: asyncio.run_coroutine_threadsafe(coroutine, loop)  # noqa: E731
    waiting = send(waits(log))
    send(asyncio.sleep(0)).result()
    found = {
        "value": send(value()).result(),
        "failure": outcome(send(fails(KeyError())).result),
        "cancelled inside": outcome(send(fails(asyncio.CancelledError())).result),
        "no coroutine": outcome(send, 1),
        "late": outcome(send(asyncio.sleep(10)).result, 0),
        "cancel()": [waiting.cancel(), send(asyncio.sleep(0)).result(), log],
    }
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    coroutine = value()
    stopped = asyncio.run_coroutine_threadsafe(coroutine, loop)
    found["stopped"] = [outcome(loop.call_soon_threadsafe, int) is not None, outcome(stopped.result, 0)]
    found["closed while tasks wait"] = outcome(loop.close)
    for what in ("call_soon", "call_soon_threadsafe", "run_in_executor"):
        call = lambda what=what: getattr(loop, what)(*([None] if what == "run_in_executor" else []), int)  # noqa: E731
        found[f"{what}() once closed"] = outcome(lambda call=call: str(call()))
    late = value()
    found["run_coroutine_threadsafe() once closed"] = outcome(asyncio.run_coroutine_threadsafe, late, loop)
    late.close()
    found["stop(), close() once closed"] = [outcome(loop.stop), outcome(loop.close), loop.is_closed()]
    other = asyncio.new_event_loop()
    found["call_soon() from another thread, debug"] = [_debug(other), in_thread(lambda: other.call_soon(int) and "taken")]
    return found


def _debug(loop):
    loop.set_debug(True)
    return loop.get_debug()


@probe("P33", "asyncio", "threads", source="What's New in Python 3.10: primitives bind to the loop in which they first wait")
def what_a_primitive_of_one_loop_does_in_another():
    import asyncio
    import contextlib

    async def waits(wait):
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(wait(), 0.001)

    async def acquires(lock):
        await lock.acquire()
        await waits(lock.acquire)

    found = {}
    for kind, make, wait in (
        ("Event", asyncio.Event, "wait"),
        ("Queue", asyncio.Queue, "get"),
        ("Lock", asyncio.Lock, "acquire"),
        ("Semaphore", lambda: asyncio.Semaphore(1), "acquire"),
    ):
        primitive = make()
        asyncio.run(acquires(primitive) if wait == "acquire" else waits(getattr(primitive, wait)))
        found[kind] = outcome(asyncio.run, waits(getattr(primitive, wait)))

    async def future():
        return asyncio.get_running_loop().create_future()

    async def awaits(thing):
        return await aoutcome(asyncio.wait_for, thing, 0.001)

    async def bare(thing):
        return await thing

    found["a future, awaited"] = outcome(asyncio.run, bare(asyncio.run(future())))
    found["a future, in wait_for()"] = outcome(asyncio.run, awaits(asyncio.run(future())))
    found["loop= is taken"] = outcome(lambda: asyncio.Lock(loop=None) and "yes")
    return found


@probe(
    "P34",
    "asyncio",
    "lifecycle",
    source="os.register_at_fork in asyncio; gh-66285: the running loop and its wakeup are not inherited",
)
def what_a_forked_child_inherits_of_a_running_loop():
    program = """
import asyncio, json, os, signal, sys, warnings
warnings.simplefilter("ignore")
async def main():
    loop = asyncio.get_running_loop()
    pid = os.fork()
    if pid == 0:
        found = []
        run = lambda: asyncio.run(asyncio.sleep(0, 1))
        for fn in (asyncio.get_running_loop, asyncio.get_event_loop, run, asyncio.current_task):
            try:
                got = fn()
                found.append("the parent's" if got is loop else type(got).__name__)
            except BaseException as error:
                found.append(type(error).__name__)
        found.append(signal.set_wakeup_fd(-1) == -1)
        print(json.dumps(found), flush=True)
        os._exit(0)
    os.waitpid(pid, 0)
asyncio.run(main())
"""
    return child(program)["out"]


@probe(
    "P35",
    "asyncio",
    "streams",
    source="cpython gh-79033, gh-104344, gh-120866: Server.wait_closed() waits since 3.12.1; gh-113538: close_clients()",
)
def what_closing_a_server_does_to_connections_and_waiters():
    import asyncio

    async def main(how):
        accepted, ended = asyncio.Event(), []

        async def handle(reader, writer):
            accepted.set()
            ended.append(await aoutcome(reader.read))
            writer.close()

        server = await asyncio.start_server(handle, "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        await accepted.wait()
        log = []
        if how == "twice":
            server.close()
        server.close()
        waiting = asyncio.ensure_future(server.wait_closed())
        await turns()
        log += [state(waiting), server.is_serving(), len(server.sockets)]
        if how == "clients":
            server.close_clients()
            log.append(name(await _raised(reader.read(1))))
        elif how == "abort":
            server.abort_clients()
            log.append(name(await _raised(reader.read(1))))
        else:
            writer.write(b"x")
            await writer.drain()
        writer.close()
        await waiting
        log += [state(waiting), outcome(server.get_loop) is not None]
        return log

    async def never_open():
        server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
        early = asyncio.ensure_future(server.wait_closed())
        await turns()
        found = [state(early)]
        server.close()
        await turns()
        found += [state(early), await aoutcome(server.serve_forever), await aoutcome(server.start_serving)]
        return found

    async def serving():
        server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
        forever = asyncio.ensure_future(server.serve_forever())
        await turns()
        server.close()
        await turns()
        found = [state(forever)]
        if not forever.done():
            forever.cancel()
            await asyncio.wait([forever])
        return [*found, state(forever)]

    ways = {way: outcome(asyncio.run, main(way)) for way in ("once", "twice", "clients", "abort")}
    return {**ways, "without connections": asyncio.run(never_open()), "serve_forever()": asyncio.run(serving())}


async def _raised(awaitable):
    try:
        await awaitable
    except BaseException as error:
        return error
    return EOFError()


@probe("P36", "asyncio", "streams", source="asyncio.StreamReader documentation; gh-81322: readuntil() takes a tuple since 3.13")
def what_a_stream_reader_does_at_its_edges():
    import asyncio

    def reader(data=b"", limit=8, end=False):
        made = asyncio.StreamReader(limit=limit)
        made.feed_data(data)
        if end:
            made.feed_eof()
        return made

    async def main():
        cut = reader(b"abc", end=True)
        long = reader(b"abcdefghijklmnopq\n", end=True)
        both = reader()
        first = asyncio.ensure_future(both.read(1))
        await asyncio.sleep(0)
        second = await aoutcome(both.read, 1)
        first.cancel()
        await turns()
        both.feed_data(b"x")
        failed = reader(b"abc")
        failed.set_exception(KeyError())
        return {
            "readexactly() cut": [await aoutcome(cut.readexactly, 5), (await cut.read()).decode()],
            "readline() too long": [await aoutcome(long.readline), len(await long.read(100))],
            "readuntil() cut": await aoutcome(reader(b"ab", end=True).readuntil),
            "readuntil() of nothing": await aoutcome(reader(b"ab").readuntil, b""),
            "readuntil() one of two": str(await aoutcome(reader(b"ab;c\n").readuntil, (b"\n", b";"))),
            "two readers": second,
            "a cancelled read takes nothing": (await both.read(1)).decode(),
            "failed": [await aoutcome(failed.read, 1), await aoutcome(failed.readline), await aoutcome(failed.readexactly, 1)],
            "at_eof()": [reader(b"a", end=True).at_eof(), reader(end=True).at_eof()],
            "data after the end": outcome(reader(end=True).feed_data, b"x"),
        }

    return asyncio.run(main())


@probe("P37", "asyncio", "streams", source="asyncio.Queue documentation; shutdown() since 3.13")
def what_a_queue_does_when_its_users_are_cancelled_or_it_is_shut_down():
    import asyncio

    async def getters(settle):
        queue = asyncio.Queue()
        first, second = (asyncio.ensure_future(queue.get()) for _ in range(2))
        await turns()
        settle(queue, first)
        await turns()
        found = [state(first), state(second), queue.qsize()]
        second.cancel()
        return found

    async def putters():
        queue = asyncio.Queue(1)
        queue.put_nowait("a")
        first, second = (asyncio.ensure_future(queue.put(item)) for item in "bc")
        await turns()
        first.cancel()
        queue.get_nowait()
        await turns()
        return [
            state(first),
            state(second),
            queue.get_nowait(),
            outcome(queue.task_done),
            outcome(queue.task_done),
            outcome(queue.task_done),
        ]

    async def shut(immediate):
        queue = asyncio.Queue(1)
        queue.put_nowait("a")
        putting, joining = asyncio.ensure_future(queue.put("b")), asyncio.ensure_future(queue.join())
        await turns()
        queue.shutdown(immediate)
        await turns()
        found = [state(putting), state(joining), await aoutcome(queue.get), await aoutcome(queue.get), outcome(queue.task_done)]
        await turns()
        joining.cancel()
        return [*found, state(joining)]

    def put_then_cancel(queue, first):
        queue.put_nowait("item")
        first.cancel()

    def cancel_then_put(queue, first):
        first.cancel()
        queue.put_nowait("item")

    return {
        "put, then the getter is cancelled": asyncio.run(getters(put_then_cancel)),
        "the getter is cancelled, then put": asyncio.run(getters(cancel_then_put)),
        "a putter is cancelled": asyncio.run(putters()),
        "shut down": outcome(asyncio.run, shut(False)),
        "shut down at once": outcome(asyncio.run, shut(True)),
    }


@probe(
    "P38",
    "asyncio",
    "streams",
    source="gh-90155, gh-97545 (Semaphore), gh-112202 (Condition), gh-111693, gh-127529, bpo-32734 (Lock): cancelled waiters",
)
def who_is_woken_when_a_waiter_of_a_lock_is_cancelled():
    import asyncio

    async def handed_over(primitive):
        await primitive.acquire()
        first, second = (asyncio.ensure_future(primitive.acquire()) for _ in range(2))
        await turns()
        primitive.release()
        first.cancel()
        third = asyncio.ensure_future(primitive.acquire())
        await turns()
        found = [state(first), state(second), state(third), primitive.locked()]
        for task in (second, third):
            task.cancel()
        await turns()
        return found

    async def jumped(primitive):
        await primitive.acquire()
        waiting = asyncio.ensure_future(primitive.acquire())
        await turns()
        primitive.release()
        locked = primitive.locked()
        jumper = asyncio.ensure_future(primitive.acquire())
        await turns()
        found = [locked, state(waiting), state(jumper)]
        jumper.cancel()
        waiting.cancel()
        return found

    async def condition(how):
        made, log = asyncio.Condition(), []

        async def waits(number):
            async with made:
                try:
                    await made.wait()
                    log.append(f"{number} woken")
                except asyncio.CancelledError:
                    log.append(f"{number} cancelled, holds the lock: {made.locked()}")
                    raise

        first, second = (asyncio.ensure_future(waits(number)) for number in (1, 2))
        await turns()
        async with made:
            made.notify(1)
            if how == "while notified":
                first.cancel()
        if how == "after":
            first.cancel()
        await turns()
        second.cancel()
        await turns()
        return [*log, state(first), state(second)]

    async def both(make):
        return [await handed_over(make()), await jumped(make())]

    async def bounded():
        return outcome(asyncio.BoundedSemaphore(1).release)

    return {
        "Lock": asyncio.run(both(asyncio.Lock)),
        "Semaphore": asyncio.run(both(lambda: asyncio.Semaphore(1))),
        "BoundedSemaphore": [*asyncio.run(both(lambda: asyncio.BoundedSemaphore(1))), asyncio.run(bounded())],
        "Condition, cancelled while notified": asyncio.run(condition("while notified")),
        "Condition, cancelled after": asyncio.run(condition("after")),
        "Barrier": hasattr(asyncio, "Barrier"),
        "release() of one that is free": outcome(asyncio.Lock().release),
    }


@probe("P39", "asyncio", "streams", source="gh-79156, gh-90871, gh-110894 (a failing handler), 3.13: StreamWriter.__del__ warns")
def what_a_failing_handler_and_a_forgotten_writer_do():
    import asyncio
    import gc
    import warnings

    async def main(handle, forget):
        errors = unhandled(asyncio.get_running_loop())
        server = await asyncio.start_server(handle, "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        found = []
        if forget:
            del writer
            gc.collect()
            found.append("forgotten")
        else:
            writer.write(b"x")
            end = asyncio.ensure_future(reader.read())
            await turns(200)
            found.append("closed" if end.done() else "open")
            end.cancel()
            writer.close()
        await turns()
        server.close()
        gc.collect()
        await turns()
        return [*found, *errors]

    async def fails(reader, writer):
        await reader.read(1)
        raise KeyError

    async def cancelled(reader, writer):
        await reader.read(1)
        raise asyncio.CancelledError

    def plain(reader, writer):
        raise KeyError

    async def returns(reader, writer):
        await reader.read(1)

    found = {handle.__name__: asyncio.run(main(handle, False)) for handle in (fails, cancelled, returns, plain)}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        asyncio.run(main(returns, True))
        gc.collect()
    return {**found, "a forgotten writer warns": sorted({warning.category.__name__ for warning in caught})}


@probe("P40", "asyncio", "warnings", source="What's New in Python 3.12: child watchers; 3.14: policies")
def what_policies_and_child_watchers_are_and_say():
    import asyncio
    import sys

    def get():
        asyncio.get_child_watcher()

    calls = {
        "get_event_loop_policy()": asyncio.get_event_loop_policy,
        "set_event_loop_policy()": lambda: asyncio.set_event_loop_policy(None),
        "DefaultEventLoopPolicy()": lambda: asyncio.DefaultEventLoopPolicy(),
        "get_child_watcher()": get,
        "ThreadedChildWatcher()": lambda: asyncio.ThreadedChildWatcher(),
        "PidfdChildWatcher()": lambda: asyncio.PidfdChildWatcher(),
        "SafeChildWatcher()": lambda: asyncio.SafeChildWatcher(),
        "iscoroutinefunction()": lambda: asyncio.iscoroutinefunction(int),
        "coroutine": lambda: asyncio.coroutine,
    }
    found = {what: warned(call) for what, call in calls.items()}
    watcher = outcome(lambda: type(asyncio.get_event_loop_policy()._watcher or asyncio.get_child_watcher()).__name__)
    return {**found, "watcher": watcher if sys.platform == "linux" else "another platform"}


@probe("P41", "asyncio", "lifecycle", source="gh-103472, gh-84570 and others: child processes in loops of any thread")
def which_loops_can_wait_for_a_child_process():
    import asyncio
    import threading
    import warnings

    async def run():
        process = await asyncio.create_subprocess_exec("true")
        return await process.wait()

    async def killed():
        process = await asyncio.create_subprocess_exec("sleep", "100", stdout=asyncio.subprocess.PIPE)
        waiting = asyncio.ensure_future(process.wait())
        await turns()
        waiting.cancel()
        await turns()
        process.kill()
        return [state(waiting), await process.wait(), outcome(process.kill), (await process.stdout.read()).decode()]

    async def reaped():
        import os

        process = await asyncio.create_subprocess_exec("true")
        outcome(os.waitpid, process.pid, 0)
        return outcome(lambda: None) or await process.wait() in (0, 255)

    found = {"main thread": asyncio.run(run())}
    with warnings.catch_warnings(), logged() as records:
        warnings.simplefilter("ignore")
        thread = threading.Thread(target=lambda: found.update({"another thread": outcome(asyncio.run, run())}))
        thread.start()
        thread.join()
        found["killed while waited for"] = asyncio.run(killed())
        found["reaped by somebody else"] = [asyncio.run(reaped()), sorted(set(records))[-1:]]
    return found


@probe("P42", "asyncio", "lifecycle", source="asyncio.run() documentation; gh-93896, gh-95166, gh-128308")
def what_run_does_with_what_is_left():
    import asyncio

    log = []

    async def waits(what, then=None):
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            log.append(f"{what} cancelled")
            if then == "refuses":
                await asyncio.sleep(0)
                log.append(f"{what} refused")
                return
            if then == "fails":
                raise KeyError from None
            if then == "spawns":
                asyncio.ensure_future(waits("grandchild"))
            raise
        finally:
            log.append(f"{what} ended")

    async def generator():
        try:
            yield 1
        finally:
            await asyncio.sleep(0)
            log.append("generator closed")

    async def main(ending=None):
        errors = unhandled(asyncio.get_running_loop())
        kept = [asyncio.ensure_future(waits(str(how), how)) for how in (None, "refuses", "fails", "spawns")]
        main.left = generator()
        await main.left.__anext__()
        await asyncio.sleep(0)
        asyncio.get_running_loop().run_in_executor(None, log.append, "job")
        main.kept = kept, errors
        if ending:
            raise ending
        return "value"

    result = outcome(asyncio.run, main())
    states = [state(task) for task in main.kept[0]]
    errors = main.kept[1][:1]

    async def nested():
        coroutine = asyncio.sleep(0)
        try:
            return outcome(asyncio.run, coroutine)
        finally:
            coroutine.close()

    future_like = outcome(asyncio.run, _Awaitable())
    return {
        "value": result,
        "log": sorted(log),
        "tasks": states,
        "errors": errors,
        "fails": outcome(asyncio.run, main(KeyError())),
        "nested": asyncio.run(nested()),
        "an awaitable": future_like,
        "no coroutine": outcome(asyncio.run, 1),
    }


class _Awaitable:
    def __await__(self):
        yield from ()
        return "awaited"


@probe("P43", "asyncio", "cancellation", source="cpython gh-90908: SIGINT cancels run()'s main task since 3.11")
def what_ctrl_c_does_to_run():
    program = """
import asyncio, os, signal
async def inner():
    try:
        await asyncio.sleep(10)
    except BaseException as error:
        print("inner task: " + type(error).__name__)
        raise
async def main():
    task = asyncio.ensure_future(inner())
    await asyncio.sleep(0)
    try:
        asyncio.get_running_loop().call_soon(os.kill, os.getpid(), signal.SIGINT)
        await BODY
    except BaseException as error:
        print("main: " + type(error).__name__)
        ENDING
    finally:
        print("main ended")
try:
    print(asyncio.run(main()))
except BaseException as error:
    print("run: " + type(error).__name__)
print("handler: " + ("default" if signal.getsignal(signal.SIGINT) is signal.default_int_handler else "other"))
"""
    cases = {
        "sleeps": ("asyncio.sleep(10)", "raise"),
        "refuses": ("asyncio.sleep(10)", "return 1"),
        "in a thread": ("asyncio.to_thread(__import__('time').sleep, 0.2)", "raise"),
        "gathers": ("asyncio.gather(task)", "raise"),
        "run_until_complete()": ("asyncio.sleep(10)", "raise"),
    }
    found = {}
    for what, (body, ending) in cases.items():
        text = program.replace("BODY", body).replace("ENDING", ending)
        if what.startswith("run_until"):
            text = text.replace("asyncio.run(main())", "asyncio.new_event_loop().run_until_complete(main())")
        done = child(text)
        # All tasks are cancelled in the order of a set.
        inner = [line for line in done["out"] if str(line).startswith("inner")]
        found[what] = [done["exit"], *(line for line in done["out"] if line not in inner), *inner]
    return found


@probe(
    "P44",
    "asyncio",
    "lifecycle",
    source="asyncio.eager_task_factory since 3.12; gh-104144, gh-105987, gh-128552, gh-124309 (eager staggered race)",
)
def what_an_eager_task_does_before_it_first_waits():
    import asyncio
    import contextvars

    var = contextvars.ContextVar("var", default="empty")

    async def child_task(log, wait):
        log.append(["runs", asyncio.current_task().get_name(), var.get()])
        var.set("child's")
        if wait:
            await asyncio.sleep(0)
        log.append("ends")
        return "value"

    async def fails():
        raise KeyError

    async def main():
        loop, log = asyncio.get_running_loop(), []
        errors = unhandled(loop)
        loop.set_task_factory(asyncio.eager_task_factory)
        asyncio.current_task().set_name("main")
        var.set("main's")
        for wait in (False, True):
            task = loop.create_task(child_task(log, wait), name="child")
            log.append([state(task), asyncio.current_task().get_name(), var.get(), task in asyncio.all_tasks()])
            task.add_done_callback(lambda task: log.append("callback"))
            await turns()
        cancelled = loop.create_task(child_task(log, True), name="cancelled")
        cancelled.cancel()
        await turns()
        failed = loop.create_task(fails())
        log.append([state(failed), state(cancelled)])
        return [*log, errors]

    async def in_a_group():
        async with asyncio.TaskGroup() as tasks:
            done = tasks.create_task(child_task([], False))
            return done.done()

    async def eagerly(fn, *args):
        asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)
        return await aoutcome(fn, *args)

    return {
        "alone": outcome(asyncio.run, main()),
        "in a group": outcome(asyncio.run, eagerly(in_a_group)),
        "failing in a group": outcome(asyncio.run, eagerly(_group_of_failures, fails)),
        "gathered": outcome(asyncio.run, eagerly(lambda: asyncio.gather(child_task([], False), child_task([], True)))),
        "failing in wait_for()": outcome(asyncio.run, eagerly(lambda: asyncio.wait_for(fails(), 1))),
    }


async def _group_of_failures(fails):
    import asyncio

    log = []
    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(fails())
            log.append("body goes on")
            tasks.create_task(fails())
            log.append("and on")
            await asyncio.sleep(0)
    except BaseException as error:
        return [*log, name(error)]
    return log


@probe(
    "P45",
    "asyncio",
    "signatures",
    source="asyncio.wait() refuses coroutines since 3.11; as_completed() can be iterated asynchronously since 3.13 (gh-77714)",
)
def what_wait_and_as_completed_take_and_give():
    import asyncio

    async def value(number):
        for _ in range(number):
            await asyncio.sleep(0)
        return number

    async def asynchronously():
        tasks = [asyncio.ensure_future(value(number)) for number in (3, 1)]
        return [[await task, task in tasks] async for task in asyncio.as_completed(tasks)]

    async def plainly():
        return [await task for task in asyncio.as_completed([value(3), value(1)])]

    async def late():
        found = []
        for task in asyncio.as_completed([asyncio.sleep(0.01), asyncio.Event().wait()], timeout=0.05):
            found.append(await aoutcome(lambda task=task: task))
        return found

    async def waits(things, **options):
        done, pending = await asyncio.wait(things, **options)
        found = [sorted(str(state(task)) for task in done), len(pending)]
        for task in pending:
            task.cancel()
        return found

    async def main():
        future = lambda number: asyncio.ensure_future(value(number))  # noqa: E731
        coroutine = value(1)
        return {
            "wait() for coroutines": await aoutcome(waits, [coroutine]),
            "wait() for nothing": await aoutcome(waits, []),
            "wait() for one of two": await waits([future(1), future(9)], return_when=asyncio.FIRST_COMPLETED),
            "wait() zero": await waits([asyncio.ensure_future(asyncio.Event().wait())], timeout=0),
            "wait() for a generator of tasks": await aoutcome(waits, (future(1) for _ in range(2))),
            "wait() for a coroutine itself": await aoutcome(waits, coroutine),
            "as_completed()": await plainly(),
            "as_completed(), asynchronously": await aoutcome(asynchronously),
            "as_completed(), late": await late(),
            "closed": outcome(coroutine.close),
        }

    return asyncio.run(main())


@probe("P46", "asyncio", "lifecycle", source="asyncio documentation: keep a reference to a task; loop.close()")
def what_becomes_of_tasks_and_loops_that_nobody_holds():
    import asyncio
    import gc
    import warnings

    log = []

    async def waits():
        future = asyncio.get_running_loop().create_future()
        try:
            await future
        except BaseException as error:
            log.append(name(error))
            raise

    async def main():
        errors = unhandled(asyncio.get_running_loop())
        kept = asyncio.ensure_future(waits())
        asyncio.ensure_future(waits())
        await turns()
        before = len(asyncio.all_tasks())
        gc.collect()
        await turns()
        return [before, len(asyncio.all_tasks()), kept.done(), *errors, list(log)]

    def closed_with_tasks():
        loop = asyncio.new_event_loop()
        errors = unhandled(loop)
        loop.create_task(asyncio.sleep(10))
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()
        gc.collect()
        return errors

    def forgotten():
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            asyncio.new_event_loop()
            gc.collect()
        return sorted({warning.category.__name__ for warning in caught})

    async def named():
        tasks = [asyncio.ensure_future(asyncio.sleep(0)) for _ in range(2)]
        numbers = [int(task.get_name().rpartition("-")[2]) for task in tasks]
        tasks[0].set_name(7)
        return [numbers[1] - numbers[0], tasks[0].get_name(), type(tasks[0].get_coro()).__name__]

    return {
        "tasks": asyncio.run(main()),
        "a loop closed with tasks": closed_with_tasks(),
        "a loop forgotten": forgotten(),
        "names": asyncio.run(named()),
    }


@probe(
    "P47",
    "asyncio",
    "converters",
    source="asyncio documentation, Futures; What's New in Python 3.12: generators are no coroutines",
)
def what_can_be_awaited_and_made_a_future():
    import asyncio
    import concurrent.futures
    import types

    async def native():
        return "coroutine"

    @types.coroutine
    def old():
        yield from native().__await__()
        return "types.coroutine"

    def generator():
        yield None
        return "generator"

    @types.coroutine
    def foreign(value):
        yield value

    class DuckFuture:
        _asyncio_future_blocking = False

        def get_loop(self):
            return asyncio.get_running_loop()

    async def main():
        loop = asyncio.get_running_loop()
        things = {
            "coroutine": native,
            "types.coroutine": old,
            "generator": generator,
            "awaitable": _Awaitable,
            "concurrent future": concurrent.futures.Future,
            "async generator": lambda: _agen(),
            "number": int,
            "duck future": DuckFuture,
        }
        found = {}
        for what, make in things.items():
            ways = {}
            for how, way in {
                "isfuture": asyncio.isfuture, "iscoroutine": asyncio.iscoroutine, "ensure_future": asyncio.ensure_future,
                "create_task": loop.create_task, "wrap_future": asyncio.wrap_future, "gather": asyncio.gather,
            }.items():  # fmt: skip
                thing = make()
                got = outcome(way, thing)
                ways[how] = got if isinstance(got, (bool, str)) else type(got).__name__
                if asyncio.isfuture(got) and got is not thing:
                    await turns()
                    ways[how] += f" {state(got)}"
                elif hasattr(thing, "close"):
                    thing.close()
            found[what] = ways
        for what, value in {"a number": 1, "None": None, "itself": "task", "a future, bare": loop.create_future()}.items():
            task = asyncio.ensure_future(_through(foreign, value))
            await turns()
            found[f"yields {what}"] = state(task)
            task.cancel()
        return found

    return asyncio.run(main())


async def _agen():
    yield 1


async def _through(foreign, value):
    import asyncio

    return await (asyncio.current_task() if value == "task" else foreign(value))


@probe("P48", "asyncio", "converters", source="asyncio.wrap_future(), futures._chain_future()")
def what_crosses_between_an_asyncio_future_and_a_concurrent_one():
    import asyncio
    import concurrent.futures

    class Special(Exception):
        pass

    async def main(settle):
        source = concurrent.futures.Future()
        wrapped = asyncio.wrap_future(source)
        given = outcome(settle, source)
        for _ in range(5):
            await turns()
        return [given, state(wrapped), wrapped.done() and not wrapped.cancelled() and wrapped.exception() is source.exception()]

    async def backwards(state_of_source):
        source = concurrent.futures.Future()
        if state_of_source == "running":
            source.set_running_or_notify_cancel()
        wrapped = asyncio.wrap_future(source)
        wrapped.cancel()
        await turns()
        return [state(wrapped), source.cancelled(), source.running(), outcome(source.set_result, 1)]

    async def same():
        future = asyncio.get_running_loop().create_future()
        return asyncio.wrap_future(future) is future

    settles = {
        "result": lambda source: source.set_result("value"),
        "failure": lambda source: source.set_exception(Special()),
        "asyncio's CancelledError": lambda source: source.set_exception(asyncio.CancelledError()),
        "its own CancelledError": lambda source: source.set_exception(concurrent.futures.CancelledError()),
        "its own TimeoutError": lambda source: source.set_exception(concurrent.futures.TimeoutError()),
        "its own InvalidStateError": lambda source: source.set_exception(concurrent.futures.InvalidStateError()),
        "cancel()": lambda source: source.cancel(),
        "cancel(), told": lambda source: [source.cancel(), source.set_running_or_notify_cancel()],
    }
    found = {what: asyncio.run(main(settle)) for what, settle in settles.items()}
    found["cancelled from asyncio's side"] = {what: asyncio.run(backwards(what)) for what in ("pending", "running")}
    return {**found, "an asyncio future": asyncio.run(same())}


@probe("P49", "asyncio", "lifecycle", source="gh-109564, gh-112800, gh-111246 and others: what a transport tells its protocol")
def what_a_protocol_is_told_and_in_which_order():
    import asyncio

    async def main(ending):
        loop, log = asyncio.get_running_loop(), []
        errors, ended = unhandled(loop), loop.create_future()

        class Noting(asyncio.Protocol):
            def connection_made(self, transport):
                log.append("made")
                self.transport = transport

            def data_received(self, data):
                log.append("data")
                if ending == "fails":
                    raise KeyError

            def eof_received(self):
                log.append("eof")

            def connection_lost(self, error):
                log.append(["lost", name(error) if error else None])
                ended.set_result(None)

        server = await loop.create_server(Noting, "127.0.0.1", 0)
        transport, _ = await loop.create_connection(asyncio.Protocol, *server.sockets[0].getsockname())
        transport.write(b"x")
        while "data" not in log:
            await asyncio.sleep(0)
        if ending == "abort":
            import socket
            import struct

            transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            transport.abort()
        elif ending == "closes":
            transport.close()
        if ending != "fails":
            await ended
        await turns()
        transport.close()
        found = [*log, *errors, outcome(transport.write, b"late"), transport.is_closing()]
        server.close()
        return found

    async def datagrams():
        loop, log = asyncio.get_running_loop(), []

        class Noting(asyncio.DatagramProtocol):
            def error_received(self, error):
                log.append(f"error_received {name(error)}")

            def connection_lost(self, error):
                log.append(f"connection_lost {name(error) if error else None}")

            def datagram_received(self, data, address):
                log.append(f"received {len(data)}")

        transport, _ = await loop.create_datagram_endpoint(Noting, local_addr=("127.0.0.1", 0))
        own = transport.get_extra_info("sockname")
        log.append(outcome(transport.sendto, b"x" * 100_000, own))
        await turns()
        log.append(outcome(transport.sendto, b"", own))
        log.append(outcome(transport.sendto, b"x", own))
        for _ in range(1000):
            await asyncio.sleep(0)
        log.append(transport.is_closing())
        transport.close()
        await turns()
        return log

    return {
        **{ending: asyncio.run(main(ending)) for ending in ("closes", "abort", "fails")},
        "datagrams": asyncio.run(datagrams()),
    }
