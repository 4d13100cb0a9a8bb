"""anyio's threads, portals, worker processes, child processes and signals, on both backends.

A module of many small functions: a catalogue.
"""

from collections.abc import Callable
from typing import Any

from interop.probes.backends import both, on_both
from interop.probes.observe import aoutcome, child, name, outcome
from interop.probes.probe import probe


@probe("P305", "anyio", "threads", source="anyio 3.7: StopIteration hung; 3.2, 3.4, 4.1: reuse, marks, abandon_on_cancel")
def what_to_thread_gives_back_and_takes() -> Any:
    import threading

    import anyio
    import anyio.to_thread

    def raises(kind: Any) -> None:
        raise kind

    async def fine() -> None:
        pass

    async def main() -> Any:
        run = anyio.to_thread.run_sync
        limiter = anyio.CapacityLimiter(1)
        one = await run(threading.current_thread)
        ran: list[int] = []
        with anyio.CancelScope() as scope:
            scope.cancel()
            await aoutcome(run, ran.append, 1)
        coroutine = await aoutcome(run, fine)
        if hasattr(coroutine, "close"):
            coroutine.close()
        return {
            "errors": [await aoutcome(run, raises, kind) for kind in (ValueError, KeyError)],
            "exit": await aoutcome(run, raises, SystemExit),
            "async function": coroutine if isinstance(coroutine, str) else name(coroutine),
            "reused": await run(threading.current_thread) is one,
            "daemon": one.daemon,
            "limiter": [await run(lambda: limiter.borrowed_tokens, limiter=limiter), limiter.borrowed_tokens],
            "default": anyio.to_thread.current_default_thread_limiter().total_tokens,
            "in a cancelled scope": ran,
        }

    return both(main)


@probe("P306", "anyio", "threads", source="anyio 3.7: a StopIteration in a thread hung on asyncio")
def what_a_stop_iteration_in_a_thread_becomes() -> Any:
    import anyio
    import anyio.to_thread

    def stops() -> None:
        raise StopIteration

    async def main() -> Any:
        return await anyio.to_thread.run_sync(stops)

    return both(main)


@probe(
    "P307",
    "anyio",
    "cancellation",
    source="anyio docs: threads are not cancelled unless abandoned; 4.1: check_cancelled(); 4.14, issue 1113",
)
def whether_a_cancellation_reaches_a_thread_and_what_it_runs_in_the_loop() -> Any:
    import anyio
    import anyio.from_thread
    import anyio.to_thread

    async def run(what: str) -> Any:
        log: list[Any] = []

        async def inner() -> None:
            scope.cancel()
            log.append(await aoutcome(anyio.sleep, 0.03))

        def in_thread() -> None:
            if what == "async":
                log.append(outcome(anyio.from_thread.run, inner))
                return
            anyio.from_thread.run_sync(scope.cancel)
            if what == "check":
                log.append(outcome(anyio.from_thread.check_cancelled))
            if what == "check, raised":
                anyio.from_thread.check_cancelled()
            log.append("thread ends")

        with anyio.CancelScope() as scope:
            await anyio.to_thread.run_sync(in_thread)
            log.append("call went on")
        log.append(["scope left", outcome(lambda: scope.cancelled_caught)])
        return [*log, await aoutcome(anyio.sleep, 0)]

    return {what: both(run, what) for what in ("async", "sync", "check", "check, raised")}


@probe("P308", "anyio", "threads", source="anyio docs, from_thread; 4.11, issue 256: tokens; 4.0: other loops' threads")
def from_where_the_loop_can_be_entered() -> Any:
    import threading

    import anyio
    import anyio.from_thread
    import anyio.lowlevel
    import anyio.to_thread

    async def fine() -> str:
        return "fine"

    async def main() -> Any:
        run = anyio.from_thread.run

        async def foreign(*args: Any, **more: Any) -> Any:
            got: list[Any] = []
            thread = threading.Thread(target=lambda: got.append(outcome(run, *args, **more)))
            thread.start()
            await anyio.to_thread.run_sync(thread.join)
            return got[0]

        token = outcome(lambda: anyio.lowlevel.current_token())
        return {
            "worker": await anyio.to_thread.run_sync(run, fine),
            "no token": await foreign(fine),
            "token": await foreign(fine, token=token),
            "from the loop": outcome(run, fine),
            "sync function": await aoutcome(anyio.to_thread.run_sync, run, len, ""),
            "check_cancelled": outcome(lambda: anyio.from_thread.check_cancelled()),
            "error": await aoutcome(anyio.to_thread.run_sync, anyio.from_thread.run_sync, int, "x"),
        }

    return both(main)


@probe("P309", "anyio", "lifecycle", "asyncio", source="anyio 3.2, 3.3: a second call; 4.9: what an idle worker holds")
def what_worker_threads_do_between_calls() -> Any:
    import asyncio
    import gc
    import threading
    import weakref

    import anyio
    import anyio.to_thread

    class Held:
        pass

    async def call() -> Any:
        return await anyio.to_thread.run_sync(threading.get_ident)

    async def held() -> Any:
        thing = Held()
        ref = weakref.ref(thing)
        await anyio.to_thread.run_sync(lambda it: None, thing)
        del thing
        for _ in range(30):
            if ref() is None:
                break
            await anyio.sleep(0.01)
        return "freed" if ref() is None else "alive"

    gc.disable()
    loop = asyncio.new_event_loop()
    found = {"several runs of a loop": [outcome(lambda: loop.run_until_complete(call()) > 0) for _ in range(2)]}
    loop.close()
    found["held"] = outcome(anyio.run, held)
    anyio.run(call)
    for each in threading.enumerate():
        if each is not threading.main_thread():
            each.join(1)
    return found | {"left after a run": len([each for each in threading.enumerate() if "AnyIO" in each.name])}


@probe(
    "P310",
    "anyio",
    "converters",
    source="anyio 3.3.1, 4.0, 4.12, issue 1011, 4.14, issue 1013: a portal's futures and their cancellation",
)
def how_a_portal_s_futures_end() -> Any:
    import concurrent.futures

    import anyio
    import anyio.from_thread

    def run(backend: str) -> Any:
        log: list[Any] = []

        async def value() -> str:
            return "value"

        async def fails() -> None:
            raise ValueError

        async def waits() -> None:
            log.append(await aoutcome(anyio.sleep, 5))
            await anyio.sleep(0)

        async def cancels() -> None:
            raise anyio.get_cancelled_exc_class()

        async def blocked() -> None:
            await anyio.wait_all_tasks_blocked()

        found: dict[str, Any] = {}
        with anyio.from_thread.start_blocking_portal(backend) as portal:
            found["call"] = [outcome(portal.call, each) for each in (value, fails)] + [
                outcome(portal.call, len, ""),
                outcome(portal.call, int, "x"),
            ]
            found["value"] = outcome(portal.start_task_soon(value).result, 10)
            found["error"] = outcome(portal.start_task_soon(fails).result, 10)
            future = portal.start_task_soon(waits)
            portal.call(blocked)
            found["cancel"] = [future.cancel(), future.cancelled(), outcome(future.result, 10)]
            portal.call(blocked)
            found["waited for"] = len(concurrent.futures.wait([future], 0).done)
            found["task was told"] = list(log)
            found["type"] = name(future)
            if backend == "asyncio":
                future = portal.start_task_soon(cancels)
                portal.call(blocked)
                found["raises a cancellation"] = outcome(future.result, 0)
        found["after its end"] = [outcome(portal.call, len, ""), outcome(portal.start_task_soon, value)]
        return found

    return {each: outcome(run, each) for each in _backends()}


def _backends() -> tuple[str, ...]:
    """The names of the backends that are installed."""
    from importlib.util import find_spec

    return ("asyncio", "trio") if find_spec("trio") else ("asyncio",)


@probe(
    "P311",
    "anyio",
    "cancellation",
    source="anyio 4.12, issue 1011; 4.14, issue 1013; 4.16, issue 1410: a future cancelled at once, late, or when it ends",
)
def what_cancelling_a_portal_s_future_early_or_late_does() -> Any:
    import threading

    import anyio
    import anyio.from_thread

    def run(backend: str) -> Any:
        log: list[Any] = []

        async def waits() -> None:
            log.append("starts")
            log.append(await aoutcome(anyio.sleep, 1))

        async def blocked() -> None:
            await anyio.wait_all_tasks_blocked()

        begun, gate = threading.Event(), threading.Event()

        def hold() -> None:
            begun.set()
            gate.wait(0.3)  # cancel() waits for the loop on some releases

        with anyio.from_thread.start_blocking_portal(backend) as portal:
            holding = portal.start_task_soon(hold)
            begun.wait()
            future = portal.start_task_soon(waits)
            early = [future.cancel(), outcome(future.result, 10)]
            gate.set()
            holding.result()
            portal.call(blocked)
            early.append(list(log))
        log.clear()
        with anyio.from_thread.start_blocking_portal(backend) as portal:
            future = portal.start_task_soon(waits)
            portal.call(blocked)
            portal.call(portal.stop)
            late = [future.cancel(), outcome(future.result, 10)]
        return {"at once": early, "after stop": [late, list(log)]}

    return {each: outcome(run, each) for each in _backends()}


@probe("P312", "anyio", "lifecycle", source="anyio docs, BlockingPortal: start_task, context managers, stop; 3.4, issue 381; 3.7")
def how_tasks_and_context_managers_behave_in_a_portal() -> Any:
    import contextlib

    import anyio
    import anyio.from_thread

    def run(backend: str) -> Any:
        log: list[Any] = []

        async def starts(task_status: Any) -> str:
            task_status.started("started")
            return "value"

        async def fails(task_status: Any) -> None:
            raise ValueError

        async def returns(task_status: Any) -> None:
            pass

        @contextlib.asynccontextmanager
        async def manager(suppress: bool) -> Any:
            try:
                yield "entered"
            except KeyError:
                log.append("saw the error")
                if not suppress:
                    raise
            finally:
                log.append("left")

        def entered(suppress: bool, error: Any) -> Any:
            with portal.wrap_async_context_manager(manager(suppress)) as value:
                if error:
                    raise error
                return value
            return "suppressed"

        with anyio.from_thread.start_blocking_portal(backend) as portal:
            future, value = portal.start_task(starts)
            found = {
                "start_task": [value, future.result(2)],
                "fails": outcome(portal.start_task, fails),
                "returns": outcome(portal.start_task, returns),
            }
            found["manager"] = [
                outcome(entered, False, None),
                outcome(entered, False, KeyError()),
                outcome(entered, True, KeyError()),
            ]
        return [found, log]

    return {each: outcome(run, each) for each in _backends()}


@probe(
    "P313",
    "anyio",
    "lifecycle",
    source="anyio 4.5: daemon threads; 4.10, issue 818: names; 3.7: RuntimeError at its end; 4.0: in a thread of another loop",
)
def how_a_blocking_portal_starts_and_ends() -> Any:
    import threading

    import anyio
    import anyio.from_thread

    def run(backend: str) -> Any:
        start = anyio.from_thread.start_blocking_portal

        def inside() -> Any:
            thread = threading.current_thread()
            return [thread.daemon, thread is not threading.main_thread()]

        def leaves(error: Any, *, running: bool = False) -> Any:
            with start(backend) as portal:
                if running:
                    portal.start_task_soon(anyio.sleep, 5)
                raise error

        def options() -> Any:
            with start(backend, {"nothing": 1}) as portal:
                return portal.call(len, "")

        with start(backend) as portal:
            found: dict[str, Any] = {"thread": portal.call(inside)}
        before = threading.active_count()
        with start(backend) as portal:
            pass
        found["threads left"] = threading.active_count() - before
        found["error inside"] = [outcome(leaves, KeyError()), outcome(leaves, KeyError(), running=True)]
        found["no such backend"] = outcome(lambda: start("nothing").__enter__())
        found["options"] = outcome(options)
        return found

    return {each: outcome(run, each) for each in _backends()}


@probe("P322", "anyio", "lifecycle", source="anyio 3.7: a task whose exception ends the loop: an unwarranted RuntimeError")
def what_becomes_of_a_system_exit_in_a_portal() -> Any:
    import time

    import anyio
    import anyio.from_thread

    async def exits() -> None:
        raise SystemExit

    def run(backend: str) -> Any:
        with anyio.from_thread.start_blocking_portal(backend) as portal:
            over = portal.call(_end_of_this_loop, backend)
            seen = outcome(portal.call, exits)
            while not over():  # what the portal is told after that is told to nobody: before, it might have been lost
                time.sleep(0.001)
            return seen

    return {each: outcome(run, each) for each in _backends()}


def _end_of_this_loop(backend: str) -> Callable[[], bool]:
    """Called in a loop; what it returns says in any thread whether that loop has come to its end."""
    if backend == "asyncio":
        import asyncio

        return asyncio.get_running_loop().is_closed
    import trio

    token = trio.lowlevel.current_trio_token()
    return lambda: outcome(token.run_sync_soon, len, "") == "raises trio.RunFinishedError"


async def _portal_inside() -> Any:
    """What a portal gives that is started in the thread of another loop, which it blocks."""
    import anyio.from_thread

    with anyio.from_thread.start_blocking_portal("asyncio") as portal:
        return [portal.call(len, ""), await aoutcome(anyio.sleep, 0)]


@probe("P320", "anyio", "lifecycle", source="anyio 4.0: start_blocking_portal() in a thread that runs a loop")
def what_a_portal_gives_that_is_started_inside_an_asyncio_loop() -> Any:
    import anyio

    return outcome(anyio.run, _portal_inside)


@probe(
    "P321",
    "anyio",
    "lifecycle",
    "trio",
    source="anyio 4.0: start_blocking_portal(backend='asyncio') in a thread that runs Trio deadlocked",
)
def what_a_portal_gives_that_is_started_inside_trio() -> Any:
    import trio

    return outcome(trio.run, _portal_inside)


@probe(
    "P314",
    "anyio",
    "lifecycle",
    source="anyio 4.4: BlockingPortalProvider; 4.16, issues 1350, 1366: after a failed start, and errors inside",
)
def how_a_portal_provider_shares_and_recovers() -> Any:
    import anyio
    import anyio.from_thread

    provider = anyio.from_thread.BlockingPortalProvider()
    with provider as first, provider as second:
        found: dict[str, Any] = {"shared": first is second}
    with provider as third:
        found["started again"] = [third is first, outcome(third.call, len, "")]

    def leaves() -> None:
        with provider:
            raise KeyError

    found["error inside"] = outcome(leaves)
    broken = anyio.from_thread.BlockingPortalProvider(backend="nothing")
    return found | {"broken": [outcome(broken.__enter__), outcome(broken.__enter__)]}


@probe("P315", "anyio", "lifecycle", source="anyio docs, to_process; 4.14.2: a worker that writes to stderr; 4.14, issue 1027")
def what_a_worker_process_gives_back() -> Any:
    import os

    import anyio
    import anyio.to_process

    async def main() -> Any:
        run = anyio.to_process.run_sync
        first = await run(os.getpid)
        found = {"other process": first != os.getpid(), "reused": await run(os.getpid) == first}
        found["error"] = await aoutcome(run, int, "x")
        found["cannot be sent"] = await aoutcome(run, lambda: None)
        with anyio.move_on_after(0.2) as scope:
            await run(__import__("time").sleep, 30, cancellable=True)
        found["cancelled"] = scope.cancel_called
        return found | {"dies": await aoutcome(run, os._exit, 3)}

    return outcome(anyio.run, main)


@probe("P316", "anyio", "lifecycle", source="anyio 4.3, 4.12, 4.14.1: how a child process is waited for, closed and cancelled")
def how_a_child_process_ends_with_its_caller() -> Any:
    import sys

    import anyio

    python = [sys.executable, "-S", "-c"]
    sleeps = [*python, "import time; time.sleep(30)"]

    async def fails() -> Any:
        await anyio.run_process([*python, "raise SystemExit(3)"])

    async def unchecked() -> Any:
        done = await anyio.run_process([*python, "print(1); raise SystemExit(3)"], check=False)
        return [done.returncode, done.stdout.decode().strip()]

    async def cancelled() -> Any:
        with anyio.move_on_after(0.05) as scope:
            await anyio.run_process(sleeps)
        return scope.cancel_called

    async def close_cancelled() -> Any:
        process = await anyio.open_process(sleeps)
        with anyio.CancelScope() as scope:
            scope.cancel()
            await process.aclose()
        return process.returncode

    async def left() -> Any:
        async with await anyio.open_process([*python, "pass"]) as process:
            pass
        return [process.returncode, await process.wait()]

    async def stdin() -> Any:
        process = await anyio.open_process([*python, "pass"])
        await process.wait()
        found = []
        for _ in range(3):
            found.append(await aoutcome(process.stdin.send, bytes(1 << 17)))  # type: ignore[union-attr]
        await process.stdin.aclose()  # type: ignore[union-attr]
        found.append(await aoutcome(process.stdin.send, b"1"))  # type: ignore[union-attr]
        await process.aclose()
        return [found[-2], found[-1]]

    async def grandchild() -> Any:
        code = "import subprocess, sys; sleep = 'import time; time.sleep(30)'; "
        code += "print(subprocess.Popen([sys.executable, '-c', sleep]).pid, flush=True)"
        process = await anyio.open_process([*python, code])
        pid = int(await process.stdout.receive())  # type: ignore[union-attr]
        ended: list[Any] = []

        async def waits() -> None:
            ended.append(await process.wait())

        async with anyio.create_task_group() as group:
            group.start_soon(waits)
            while process.returncode is None:
                await anyio.sleep(0.002)
            for _ in range(20):  # turns of the loop, which knows now that it has ended
                await anyio.sleep(0.002)
            group.cancel_scope.cancel()
        __import__("os").kill(pid, 9)
        await process.aclose()
        return ended or "waits for the grandchild, too"

    return on_both(
        fails=fails,
        unchecked=unchecked,
        cancelled=cancelled,
        close_cancelled=close_cancelled,
        left=left,
        stdin=stdin,
        grandchild=grandchild,
    )


@probe("P317", "anyio", "lifecycle", source="anyio 4.14.1, issue 1166: closing a process that is stuck in a full pipe")
def whether_a_process_with_a_full_pipe_can_be_closed() -> Any:
    import sys

    import anyio

    async def main() -> Any:
        process = await anyio.open_process(
            [sys.executable, "-S", "-c", "import os, sys; sys.stdout.write('x' * (1 << 20)); sys.stdout.flush()"]
        )
        await process.stdout.receive(1)  # type: ignore[union-attr]
        await process.aclose()
        return process.returncode is not None

    return both(main)


@probe("P318", "anyio", "lifecycle", "signal", source="anyio 3.7: signals arrive as signal.Signals; Ctrl-C")
def how_signals_and_ctrl_c_arrive() -> Any:
    import signal

    import anyio

    async def receiver() -> Any:
        with anyio.open_signal_receiver(signal.SIGUSR1) as signals:
            signal.raise_signal(signal.SIGUSR1)
            async for each in signals:
                return [name(each), signal.getsignal(signal.SIGUSR1) is signal.SIG_DFL]
        return "nothing"

    seen = {
        backend: child(
            "import anyio, os, signal, threading\n"
            "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
            "async def body():\n"
            "    try: begun.set(); await anyio.sleep(5)\n"
            "    except BaseException as e: print('body', type(e).__name__); raise\n"
            "async def kills():\n"
            "    await anyio.wait_all_tasks_blocked(); threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGINT)).start()\n"
            "async def main():\n"
            "    global begun; begun = anyio.Event()\n"
            "    async with anyio.create_task_group() as g:\n"
            "        g.start_soon(body); await begun.wait(); g.start_soon(kills); await anyio.sleep(5)\n"
            f"try: anyio.run(main, backend='{backend}')\n"
            "except BaseException as e: print(type(e).__name__, *(type(x).__name__ for x in getattr(e, 'exceptions', ())))\n"
        )
        for backend in _backends()
    }
    return {"receiver": both(receiver), "after": signal.getsignal(signal.SIGUSR1) is signal.SIG_DFL} | {
        each: [told["exit"], *sorted(map(str, told["out"]))] for each, told in seen.items()
    }


@probe(
    "P319",
    "anyio",
    "detection",
    source="anyio 4.10, issue 880: RunVars of one name; 4.12: as a context manager; 4.15: names of tasks",
)
def what_run_variables_and_task_names_are() -> Any:
    import anyio
    import anyio.from_thread
    import anyio.lowlevel
    import anyio.to_thread

    one: Any = anyio.lowlevel.RunVar("name", default="one")
    two: Any = anyio.lowlevel.RunVar("name", default="two")

    async def main() -> Any:
        found = {"before": [one.get(), two.get()]}
        token = one.set("set")
        found["of one name"] = [one.get(), two.get()]
        found["in a thread"] = [
            await aoutcome(anyio.to_thread.run_sync, one.get),
            await aoutcome(anyio.to_thread.run_sync, lambda: anyio.from_thread.run_sync(one.get)),
        ]
        one.reset(token)
        found["reset"] = [one.get(), outcome(anyio.lowlevel.RunVar("empty").get)]
        names: list[Any] = []

        async def body(task_status: Any = None) -> None:
            names.append(str(anyio.get_current_task().name).rpartition(".")[2])
            if task_status:
                task_status.started()

        async with anyio.create_task_group() as group:
            group.start_soon(body)
            await group.start(body)
            group.start_soon(body, name="own")
        running = [each.parent_id is None for each in anyio.get_running_tasks()]
        return found | {"names": sorted(names), "running": len(running)}

    return both(main) | {"outside": outcome(one.get)}
