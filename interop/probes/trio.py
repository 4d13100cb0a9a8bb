"""Trio by itself: nurseries, the shapes of groups, contexts, detection, what it refuses and what it keeps alive.

Cancel scopes and timeouts are in trio_scopes.py, threads in trio_threads.py, channels and locks in trio_streams.py, guests,
processes, signals and exit in trio_runs.py. A module of many small functions: a catalogue.
"""

from typing import Any

from interop.probes.observe import aoutcome, child, name, outcome, parameters, warned
from interop.probes.probe import probe


@probe("P175", "trio", "exceptions", source="Trio 0.22 to 0.25: MultiError, ExceptionGroup, strict_exception_groups by default")
def the_shapes_of_the_groups_in_which_failures_arrive() -> Any:
    import trio

    async def fails(kind: Any = ValueError) -> None:
        raise kind

    async def one() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(fails)
            await trio.sleep_forever()

    async def two() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(fails)
            nursery.start_soon(fails, ValueError)

    async def body() -> None:
        async with trio.open_nursery():
            raise KeyError

    async def nested() -> None:
        async with trio.open_nursery() as outer:
            outer.start_soon(one)
            await trio.sleep_forever()

    async def exits() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(fails, SystemExit)

    async def interrupted() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(fails, KeyboardInterrupt)
            await trio.sleep_forever()

    async def cancelled_and_fails() -> None:
        with trio.CancelScope() as scope:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(trio.sleep_forever)
                nursery.start_soon(fails)
                scope.cancel()

    async def loose() -> None:
        async with trio.open_nursery(strict_exception_groups=False) as nursery:
            nursery.start_soon(fails)

    async def while_cancelled() -> None:
        async with trio.open_nursery() as nursery:
            try:
                nursery.cancel_scope.cancel()
                await trio.sleep(0)
            finally:
                raise KeyError

    cases = (one, two, body, nested, exits, interrupted, cancelled_and_fails, loose, while_cancelled)
    return {each.__name__: outcome(trio.run, each) for each in cases}


@probe("P176", "trio", "exceptions", source="Trio 0.23, issue 2611: start() does not wrap; 0.34, issue 3261: __cause__ is kept")
def how_a_failure_before_started_comes_out_of_start() -> Any:
    import trio

    async def fails(task_status: Any) -> None:
        try:
            raise KeyError
        except KeyError as error:
            raise ValueError from error

    async def returns(task_status: Any) -> str:
        return "value"

    async def twice(task_status: Any) -> None:
        task_status.started(1)
        task_status.started(2)

    async def fails_later(task_status: Any) -> None:
        task_status.started("value")
        raise ValueError

    async def run(body: Any) -> Any:
        async with trio.open_nursery() as nursery:
            try:
                value = await nursery.start(body)
            except Exception as error:
                return [name(error), name(error.__cause__), name(error.__context__)]
            return [value, nursery.cancel_scope.cancel_called]

    found = {each.__name__: outcome(trio.run, run, each) for each in (fails, returns, twice, fails_later)}
    return found | {"strict": outcome(lambda: trio.run(run, fails, strict_exception_groups=True))}


@probe("P178", "trio", "exceptions", source="Trio 0.31, issue 3307: misnested nurseries and scopes")
def what_misnesting_raises() -> Any:
    import trio

    async def nurseries() -> None:
        outer, inner = trio.open_nursery(), trio.open_nursery()
        await outer.__aenter__()
        await inner.__aenter__()
        await outer.__aexit__(None, None, None)

    async def scopes() -> None:
        outer, inner = trio.CancelScope(), trio.CancelScope()
        outer.__enter__()
        inner.__enter__()
        outer.__exit__(None, None, None)

    async def abandoned_scope() -> None:
        trio.CancelScope().__enter__()

    async def exit_first() -> None:
        trio.CancelScope().__exit__(None, None, None)

    async def other_task() -> None:
        scope = trio.CancelScope()

        async def enters() -> None:
            scope.__enter__()

        async with trio.open_nursery() as nursery:
            nursery.start_soon(enters)
        scope.__exit__(None, None, None)

    cases = (nurseries, scopes, abandoned_scope, exit_first, other_task)
    return {each.__name__: outcome(trio.run, each) for each in cases}


@probe(
    "P179", "trio", "exceptions", source="Trio 0.20, issue 2063; 0.19, issue 1864: no cyclic garbage of errors and cancellations"
)
def what_ended_tasks_and_errors_keep_alive() -> Any:
    import gc
    import weakref

    import trio
    import trio.testing

    class Held:
        pass

    async def run(body: Any) -> Any:
        held = Held()
        ref = weakref.ref(held)
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(body, held)
                del held
                await trio.testing.wait_all_tasks_blocked()
                nursery.cancel_scope.cancel()
        except BaseException:
            pass
        return ref

    async def returns(it: Any) -> None:
        pass

    async def fails(it: Any) -> None:
        raise ValueError

    async def sleeps(it: Any) -> None:
        await trio.sleep_forever()

    async def times_out(it: Any) -> None:
        with trio.move_on_after(0):
            await trio.sleep_forever()

    async def main() -> Any:
        gc.disable()
        found = {}
        for each in (returns, fails, sleeps, times_out):
            ref = await run(each)
            await trio.sleep(0)
            found[each.__name__] = "freed" if ref() is None else "alive"
        return found

    return trio.run(main)


@probe("P182", "trio", "exceptions", source="Trio 0.31, issues 3232, 3248: reasons, pickling; no public constructor")
def what_a_cancelled_is() -> Any:
    import pickle

    import trio

    async def caught() -> Any:
        with trio.CancelScope() as scope:
            scope.cancel()
            try:
                await trio.sleep(0)
            except trio.Cancelled as error:
                return error
        return None

    async def with_reason() -> Any:
        with trio.CancelScope() as scope:
            scope.cancel(reason="why")
            try:
                await trio.sleep(0)
            except trio.Cancelled as error:
                return [error.reason, error.source, error.source_task is None]

    async def deadline() -> Any:
        with trio.move_on_after(0):
            try:
                await trio.sleep(1)
            except trio.Cancelled as error:
                return [error.source, error.reason is None]

    error = trio.run(caught)
    return {
        "is": [each.__name__ for each in trio.Cancelled.__mro__],
        "made by hand": outcome(trio.Cancelled),
        "pickled": name(outcome(lambda: pickle.loads(pickle.dumps(error)))),
        "reason": outcome(trio.run, with_reason),
        "deadline": outcome(trio.run, deadline),
    }


@probe("P183", "trio", "contextvars", source="Trio docs: a task inherits a copy of its spawner's context; system tasks do not")
def which_context_each_way_of_running_code_gets() -> Any:
    import contextvars

    import trio
    import trio.testing

    var = contextvars.ContextVar("var", default="default")
    saw: dict[str, str] = {}

    def sync(where: str) -> None:
        saw[where] = var.get()
        var.set(where)

    async def body(where: str, task_status: Any = trio.TASK_STATUS_IGNORED) -> None:
        sync(where)
        task_status.started()

    async def main() -> Any:
        var.set("main")
        async with trio.open_nursery() as nursery:
            var.set("in the nursery")
            nursery.start_soon(body, "start_soon")
            await nursery.start(body, "start")
            var.set("after start_soon")
            nursery.start_soon(body, "start_soon again")
        trio.lowlevel.spawn_system_task(body, "system task")
        trio.lowlevel.current_trio_token().run_sync_soon(sync, "run_sync_soon")
        await trio.testing.wait_all_tasks_blocked()
        outcome(lambda: trio.lowlevel.spawn_system_task(body, "system task, context", context=contextvars.copy_context()))
        await trio.testing.wait_all_tasks_blocked()
        saw["main at the end"] = var.get()

    var.set("outside")
    trio.run(main)
    return saw | {"outside at the end": var.get()}


@probe("P184", "trio", "contextvars", source="async generators and contexts: a value set in a generator, read by its user")
def how_contexts_and_async_generators_meet() -> Any:
    import contextvars

    import trio
    import trio.testing

    var = contextvars.ContextVar("var", default="default")
    log: list[Any] = []

    async def generator() -> Any:
        try:
            var.set("generator")
            yield 1
            log.append(["resumed by", var.get()])
            yield 2
        finally:
            log.append(["finalized in", var.get(), await aoutcome(trio.sleep, 0)])

    async def main() -> Any:
        async for _ in generator():
            log.append(["user sees", var.get()])
            var.set("user")
            break
        import gc

        gc.collect()
        await trio.testing.wait_all_tasks_blocked()
        log.append("main ends")

    trio.run(main)
    return log


@probe(
    "P185",
    "trio",
    "detection",
    "sniffio",
    source="Trio 0.23, issue 2700; 0.22.1, issue 2462: sniffio.thread_local; 0.29, issue 2757",
)
def what_code_in_trio_can_tell_about_where_it_is() -> Any:
    import sniffio
    import trio
    import trio.testing

    saw: dict[str, Any] = {}

    def look(where: str) -> None:
        saw[where] = [
            outcome(sniffio.current_async_library),
            outcome(lambda: name(trio.lowlevel.current_task())),
            outcome(lambda: trio.lowlevel.in_trio_run()),
            outcome(lambda: trio.lowlevel.in_trio_task()),
            outcome(lambda: trio.current_time() > 0),
        ]

    async def body(where: str) -> None:
        look(where)

    async def main() -> Any:
        look("main")
        async with trio.open_nursery() as nursery:
            nursery.start_soon(body, "task")
        trio.lowlevel.spawn_system_task(body, "system task")
        trio.lowlevel.current_trio_token().run_sync_soon(look, "run_sync_soon")
        await trio.to_thread.run_sync(look, "worker thread")
        await trio.testing.wait_all_tasks_blocked()

    look("before")
    trio.run(main)
    look("after")
    return saw


@probe(
    "P186", "trio", "warnings", source="Trio: deprecated names; 0.31, issue 3322: bool(Event); 0.33, issue 3326; 0.23, issue 2841"
)
def what_importing_and_using_old_names_warns_of() -> Any:
    import trio
    import trio.testing

    async def cancellable() -> None:
        await trio.to_thread.run_sync(len, "", cancellable=True)

    async def backlog() -> None:
        for each in await trio.open_tcp_listeners(0, host="127.0.0.1", backlog=float("inf")):
            await each.aclose()

    found = {
        each: warned(lambda it=each: getattr(trio, it)) for each in ("MultiError", "NonBaseMultiError", "open_process", "Event")
    }
    found |= {each: warned(lambda it=each: getattr(trio.testing, it)) for each in ("RaisesGroup", "Matcher")}
    found["Event as truth"] = warned(lambda: bool(trio.Event()))
    found["cancellable"] = warned(trio.run, cancellable)
    found["backlog"] = warned(trio.run, backlog)
    seen = child(
        "import sys; hook = sys.excepthook; import trio; print(sys.excepthook is hook, 'asyncio' in sys.modules)", "-W", "error"
    )
    return found | {"import": [seen["exit"], *seen["out"], *seen["printed"]]}


@probe(
    "P187", "trio", "exceptions", source="Trio docs: what is not an async function, or not Trio's, is refused with a TypeError"
)
def how_wrong_and_foreign_awaitables_are_refused() -> Any:
    import asyncio

    import trio

    async def fine() -> str:
        return "fine"

    def coroutine() -> Any:
        made = fine()
        found = outcome(trio.run, made)
        made.close()
        return found

    async def started() -> None:
        async with trio.open_nursery() as nursery:
            made = fine()
            try:
                nursery.start_soon(made)
            finally:
                made.close()

    async def awaits(thing: Any) -> Any:
        return await thing()

    async def future() -> Any:
        loop = asyncio.new_event_loop()
        try:
            return await loop.create_future()
        finally:
            loop.close()

    async def bare() -> Any:
        class Yields:
            def __await__(self) -> Any:
                yield None

        return await Yields()

    async def stops() -> None:
        raise StopIteration

    async def agen() -> Any:
        yield 1

    return {
        "coroutine": coroutine(),
        "sync function": outcome(trio.run, len, ""),
        "async generator": outcome(trio.run, agen),
        "start_soon, coroutine": outcome(trio.run, started),
        "asyncio.sleep(0)": outcome(trio.run, awaits, lambda: asyncio.sleep(0)),
        "asyncio.sleep": outcome(trio.run, awaits, lambda: asyncio.sleep(1)),
        "asyncio future": outcome(trio.run, future),
        "bare yield": outcome(trio.run, bare),
        "StopIteration": outcome(trio.run, stops),
        "run in a run": outcome(trio.run, awaits, lambda: trio.run(fine)),
    }


@probe(
    "P188",
    "trio",
    "exceptions",
    source="Trio 0.25, issue 2786: StopIteration and StopAsyncIteration arrive wrapped; 0.29, issue 405",
)
def what_collapsing_and_wrapping_do_to_iteration_and_tracebacks() -> Any:
    import traceback

    import trio

    class Numbers:
        def __aiter__(self) -> Any:
            return self

        async def __anext__(self) -> Any:
            async with trio.open_nursery():
                raise StopAsyncIteration

    async def iterates() -> Any:
        async for _ in Numbers():
            pass
        return "ended"

    async def fails() -> None:
        raise ValueError

    async def one() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(fails)

    def frames(**options: Any) -> Any:
        try:
            trio.run(one, **options)
        except BaseException as error:
            inner = getattr(error, "exceptions", [error])[0]
            return [
                name(error),
                "fails" in [each.name for each in traceback.extract_tb(inner.__traceback__)],
                name(error.__context__),
                name(error.__cause__),
            ]

    return {"iteration": outcome(trio.run, iterates), "default": frames(), "loose": frames(strict_exception_groups=False)}


@probe("P189", "trio", "signatures", source="what glue calls")
def the_parameters_of_what_glue_calls() -> Any:
    import trio

    lowlevel = trio.lowlevel
    calls: dict[str, Any] = {
        "run": trio.run,
        "open_nursery": trio.open_nursery,
        "CancelScope": trio.CancelScope,
        "cancel": trio.CancelScope.cancel,
        "move_on_after": trio.move_on_after,
        "fail_after": trio.fail_after,
        "to_thread.run_sync": trio.to_thread.run_sync,
        "from_thread.run": trio.from_thread.run,
        "from_thread.run_sync": trio.from_thread.run_sync,
        "start_guest_run": lowlevel.start_guest_run,
        "spawn_system_task": lowlevel.spawn_system_task,
        "run_sync_soon": lowlevel.TrioToken.run_sync_soon,
        "wait_task_rescheduled": lowlevel.wait_task_rescheduled,
        "reschedule": lowlevel.reschedule,
        "start": trio.Nursery.start,
        "start_soon": trio.Nursery.start_soon,
        "run_process": trio.run_process,
        "open_memory_channel": trio.open_memory_channel,
        "open_process": lowlevel.open_process,
    }
    return {each: outcome(parameters, fn) for each, fn in calls.items()}


@probe("P190", "trio", "signatures", source="Trio's low level: how glue parks a task and wakes it")
def how_a_parked_task_is_woken_and_cancelled() -> Any:
    import outcome as outcomes
    import trio
    import trio.testing

    lowlevel = trio.lowlevel

    async def run(abort: Any, *, cancel: bool, wake: Any) -> Any:
        log: list[Any] = []

        async def parked(task_status: Any) -> None:
            task_status.started(lowlevel.current_task())

            def aborting(raise_cancel: Any) -> Any:
                log.append("abort asked")
                return abort

            with trio.CancelScope() as inner:
                log.append(await aoutcome(lowlevel.wait_task_rescheduled, aborting))
            log.append(inner.cancelled_caught)
            log.append(await aoutcome(trio.sleep, 0))

        with trio.CancelScope():
            async with trio.open_nursery() as nursery:
                task = await nursery.start(parked)
                await trio.sleep(0)
                if cancel:
                    nursery.cancel_scope.cancel()
                    await aoutcome(trio.sleep, 0)
                with trio.CancelScope(shield=True):
                    await trio.testing.wait_all_tasks_blocked()
                if wake:
                    log.append(outcome(lowlevel.reschedule, task, wake))
        return log

    value, error = outcomes.Value("value"), outcomes.Error(ValueError())
    return {
        "woken": trio.run(lambda: run(lowlevel.Abort.FAILED, cancel=False, wake=value)),
        "failed": trio.run(lambda: run(lowlevel.Abort.FAILED, cancel=False, wake=error)),
        "cancelled, abort": trio.run(lambda: run(lowlevel.Abort.SUCCEEDED, cancel=True, wake=None)),
        "cancelled, refused": trio.run(lambda: run(lowlevel.Abort.FAILED, cancel=True, wake=value)),
    }


@probe(
    "P191",
    "trio",
    "exceptions",
    source="Trio 0.32, issue 3337: iter_await_frames of a finished task; 0.28, issue 2670: coroutine functions",
)
def what_can_be_seen_of_a_task_from_outside() -> Any:
    import inspect

    import trio

    async def main() -> Any:
        async def inner() -> None:
            await trio.sleep_forever()

        async def sleeper(task_status: Any) -> None:
            task_status.started(trio.lowlevel.current_task())
            await inner()

        @trio.lowlevel.enable_ki_protection
        async def protected() -> None:
            pass

        @trio.lowlevel.disable_ki_protection
        def unprotected() -> bool:
            return trio.lowlevel.currently_ki_protected()

        async with trio.open_nursery() as nursery:
            task = await nursery.start(sleeper)
            await trio.sleep(0)
            seen = outcome(lambda: [frame.f_code.co_name for frame, _ in task.iter_await_frames()][:2])
            names = [task.name.rpartition(".")[2], task.parent_nursery is nursery, len(nursery.child_tasks), name(task.context)]
            nursery.cancel_scope.cancel()
        finished = outcome(lambda: len(list(task.iter_await_frames())))
        return [
            seen,
            names,
            finished,
            inspect.iscoroutinefunction(protected),
            unprotected(),
            trio.lowlevel.currently_ki_protected(),
        ]

    return trio.run(main)
