"""anyio by itself, on both backends: task groups, runs, detection, contexts, imports.

Cancel scopes and timeouts are in anyio_scopes.py, threads and processes in anyio_threads.py, streams in anyio_streams.py, locks in
anyio_locks.py, its pytest plugin in anyio_pytest.py. A module of many small functions: a catalogue.
"""

import sys
from typing import Any

from interop.probes.backends import both, on_both, plain
from interop.probes.forked import forked
from interop.probes.observe import aoutcome, child, name, outcome, parameters, warned
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
