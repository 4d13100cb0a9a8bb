"""Trio's runs: guests and their hosts, system tasks, Ctrl-C, signals, child processes, fork and exit.

A module of many small functions: a catalogue.
"""

from typing import Any

from interop.probes.forked import forked
from interop.probes.observe import child, name, outcome
from interop.probes.probe import probe


@probe("P199", "trio", "lifecycle", source="Trio 0.23, issue 2696: more is set up when start_guest_run returns")
def what_a_guest_run_can_do_at_once_and_how_it_ends() -> Any:
    import trio

    def run(body: Any, *, early: Any = None) -> Any:
        import queue

        todo: queue.Queue[Any] = queue.Queue()
        done: list[Any] = []
        found: dict[str, Any] = {}

        trio.lowlevel.start_guest_run(body, run_sync_soon_threadsafe=todo.put, done_callback=done.append)
        if early:
            found["at once"] = early()
        ticks = 0
        while not done:
            todo.get(timeout=2)()
            ticks += 1
        result = done[0]
        return [found.get("at once"), outcome(result.unwrap), name(result), ticks > 0, outcome(trio.lowlevel.current_task)]

    async def value() -> str:
        await trio.sleep(0)
        return "value"

    async def fails() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(value)
            raise ValueError

    async def exits() -> None:
        raise SystemExit

    async def system() -> None:
        await trio.sleep_forever()

    def early() -> Any:
        return [
            outcome(lambda: trio.current_time() > 0),
            outcome(lambda: name(trio.lowlevel.current_trio_token())),
            outcome(lambda: name(trio.lowlevel.spawn_system_task(system))),
            outcome(trio.run, value),
            outcome(lambda: trio.lowlevel.current_root_task() is not None),
        ]

    return {"value": run(value, early=early), "fails": run(fails), "exits": run(exits), "again": run(value)}


@probe("P420", "trio", "detection", "sniffio", source="sniffio and guest runs: the host's callbacks are not in Trio")
def what_the_host_of_a_guest_run_can_tell() -> Any:
    import asyncio

    import sniffio
    import trio

    async def host() -> Any:
        loop = asyncio.get_running_loop()
        done = loop.create_future()
        saw: dict[str, Any] = {}

        def look(where: str) -> None:
            saw[where] = [
                outcome(sniffio.current_async_library),
                outcome(lambda: name(trio.lowlevel.current_task())),
                outcome(lambda: asyncio.current_task() is None),
                outcome(lambda: asyncio.get_running_loop() is loop),
            ]

        async def guest() -> str:
            look("guest")
            loop.call_soon(look, "host's callback")
            await trio.sleep(0.001)
            look("guest again")
            return "value"

        trio.lowlevel.start_guest_run(guest, run_sync_soon_threadsafe=loop.call_soon_threadsafe, done_callback=done.set_result)
        look("host, after the start")
        result = await done
        look("host, after the end")
        return saw | {"result": result.unwrap()}

    return asyncio.run(host())


@probe("P421", "trio", "lifecycle", source="Trio: system errors, Ctrl-C, errors in run_sync_soon, tasks at the end of a run")
def what_ends_a_run_and_what_comes_out() -> Any:
    program = (
        "{body}\n"
        "try: print(trio.run(main), flush=True)\n"
        "except BaseException as e:\n"
        "    def spell(e): return type(e).__name__ + (str([spell(x) for x in e.exceptions]) if hasattr(e, 'exceptions') else "
        "'')\n"
        "    print(spell(e), spell(e.__cause__) if e.__cause__ else '', flush=True)\n"
        "sys.stdout.flush(); os._exit(0)\n"
    )
    cases = {
        "ctrl-c in a task": "async def main():\n    signal.raise_signal(signal.SIGINT); await trio.sleep(1)",
        "ctrl-c while it waits": "async def main():\n    import threading\n    threading.Timer(0.02, os.kill, (os.getpid(), "
        "signal.SIGINT)).start(); await trio.sleep_forever()",
        "ctrl-c with children": "async def main():\n    async with trio.open_nursery() as n:\n        "
        "n.start_soon(trio.sleep_forever); signal.raise_signal(signal.SIGINT); await trio.sleep(1)",
        "ctrl-c in a protected place": "@trio.lowlevel.enable_ki_protection\nasync def main():\n    "
        "signal.raise_signal(signal.SIGINT); print('went on'); await trio.sleep(1)",
        "run_sync_soon fails": "async def main():\n    trio.lowlevel.current_trio_token().run_sync_soon(lambda: 1 / 0); "
        "await trio.sleep(1)",
        "system task fails": "async def f(): raise ValueError\nasync def main():\n    trio.lowlevel.spawn_system_task(f); "
        "await trio.sleep(1)",
        "system task is left": "async def f():\n    try: begun.set(); await trio.sleep_forever()\n    finally: print('system task "
        "ends')\nasync def main():\n    global begun; begun = trio.Event(); trio.lowlevel.spawn_system_task(f); "
        "await begun.wait(); return 'value'",
        "abort fails": "async def main():\n    with trio.move_on_after(0): await trio.lowlevel.wait_task_rescheduled(lambda "
        "_: 1 / 0)",
        "generator is left": "async def g():\n    try: yield 1\n    finally: print('generator ends')\nasync def main():\n    "
        "global it; it = g(); await it.__anext__(); return 'value'",
        "run_sync_soon after the end": "async def main():\n    t = trio.lowlevel.current_trio_token(); "
        "t.run_sync_soon(lambda: print('still runs', flush=True)); return 'value'",
    }
    prelude = "import os, signal, sys, trio; signal.signal(signal.SIGINT, signal.default_int_handler)"
    return forked(prelude, {case: program.format(body=body) for case, body in cases.items()})


@probe("P422", "trio", "lifecycle", source="Trio docs: runs at exit, in threads, in forked children")
def what_works_in_a_forked_child_and_at_exit() -> Any:
    cases = {
        "fork in a run": (
            "async def main():\n"
            "    pid = os.fork()\n"
            "    if pid == 0:\n"
            "        try: await trio.sleep(0.001); print('slept', flush=True)\n"
            "        except BaseException as e: print(type(e).__name__, flush=True)\n"
            "        os._exit(0)\n"
            "    print(os.waitpid(pid, 0)[1])\n"
            "trio.run(main)\n"
        ),
        "run at exit": "import atexit\natexit.register(lambda: print(trio.run(trio.sleep, 0), flush=True))\n",
        "threads at exit": "import atexit\natexit.register(lambda: print(trio.run(trio.to_thread.run_sync, len, ''), "
        "flush=True))\n",
        "abandoned thread": (
            "import time\n"
            "async def main():\n"
            "    with trio.move_on_after(0.01): await trio.to_thread.run_sync(time.sleep, 60, abandon_on_cancel=True)\n"
            "    return 'left'\n"
            "print(trio.run(main), flush=True)\n"
        ),
        "thread in a thread": "import threading\nt = threading.Thread(target=lambda: print(trio.run(trio.sleep, 0), "
        "flush=True)); t.start(); t.join()\n",
        "run in a thread, signals": (
            "import signal, threading\n"
            "async def main():\n"
            "    with trio.open_signal_receiver(signal.SIGUSR1): return 'received'\n"
            "def run():\n"
            "    try: print(trio.run(main), flush=True)\n"
            "    except BaseException as e: print(type(e).__name__, flush=True)\n"
            "t = threading.Thread(target=run); t.start(); t.join()\n"
        ),
    }
    return forked("import os, trio", cases)


@probe("P430", "trio", "lifecycle", source="Trio 0.29, issue 2764: the cache of worker threads is cleared by a fork")
def whether_a_forked_child_gets_a_thread() -> Any:
    seen = child(
        "import os, trio\n"
        "trio.run(trio.to_thread.run_sync, len, '')\n"
        "pid = os.fork()\n"
        "if pid == 0: print(trio.run(trio.to_thread.run_sync, len, ''), flush=True); os._exit(0)\n"
        "print(os.waitpid(pid, 0)[1])\n",
        "-W",
        "ignore",
    )
    return [seen["exit"], *seen["out"]]


@probe("P423", "trio", "lifecycle", "signal", source="Trio docs: signals, the wakeup descriptor, SIGINT's handler")
def what_a_run_does_to_signal_handling() -> Any:
    import signal
    import warnings

    import trio

    signal.signal(signal.SIGINT, signal.default_int_handler)

    async def main() -> Any:
        inside = [signal.getsignal(signal.SIGINT) is signal.default_int_handler]
        with trio.open_signal_receiver(signal.SIGUSR1) as signals:
            signal.raise_signal(signal.SIGUSR1)
            async for each in signals:
                inside.append(name(each))
                break
        return inside

    inside = trio.run(main)
    after = [
        signal.getsignal(signal.SIGINT) is signal.default_int_handler,
        signal.getsignal(signal.SIGUSR1) is signal.SIG_DFL,
        signal.set_wakeup_fd(-1),
    ]
    import socket

    pair = socket.socketpair()
    for each in pair:
        each.setblocking(False)
    signal.set_wakeup_fd(pair[0].fileno(), warn_on_full_buffer=False)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        trio.run(trio.sleep, 0)
    return {
        "inside": inside,
        "after": after,
        "wakeup descriptor taken": sorted({name(each.category) for each in caught}),
        "put back": signal.set_wakeup_fd(-1) == pair[0].fileno(),
    }


@probe("P424", "trio", "lifecycle", source="Trio 0.25: run_process and groups; 0.20, issue 1104; 0.20, issue 2209")
def how_a_child_process_ends_with_its_caller() -> Any:
    import sys

    import trio

    python = [sys.executable, "-S", "-c"]

    async def fails() -> None:
        await trio.run_process([*python, "raise SystemExit(3)"])

    async def not_there() -> None:
        await trio.run_process(["/no/such/program"])

    async def cancelled() -> Any:
        with trio.move_on_after(0.05) as scope:
            await trio.run_process([*python, "import time; time.sleep(30)"])
        return scope.cancelled_caught

    async def unchecked() -> Any:
        done = await trio.run_process([*python, "print(1); raise SystemExit(3)"], check=False, capture_stdout=True)
        return [done.returncode, done.stdout.decode().strip()]

    async def started() -> Any:
        async with trio.open_nursery() as nursery:
            process = await nursery.start(trio.run_process, [*python, "import time; time.sleep(30)"])
            nursery.cancel_scope.cancel()
        return [process.returncode, name(process)]

    async def bad_delivery() -> Any:
        async def deliver(process: Any) -> None:
            process.kill()
            raise ValueError

        class Status:
            def started(self, process: Any) -> None:
                scope.cancel()

        with trio.CancelScope() as scope:
            status: Any = Status()
            await trio.run_process([*python, "import time; time.sleep(30)"], deliver_cancel=deliver, task_status=status)

    async def waited_twice() -> Any:
        process = await trio.lowlevel.open_process([*python, "pass"])
        return [await process.wait(), await process.wait(), process.poll(), outcome(process.kill)]

    cases = (fails, not_there, cancelled, unchecked, started, bad_delivery, waited_twice)
    return {each.__name__: outcome(trio.run, each) for each in cases}


@probe(
    "P428", "trio", "detection", source="Trio 0.25, issue 2959: Path is a PurePath; attributes and classes that glue tests for"
)
def what_trio_s_objects_are_instances_of() -> Any:
    import pathlib

    import trio
    import trio.testing

    def has(thing: Any, *names: str) -> list[str]:
        return [each for each in names if hasattr(thing, each)]

    return {
        "Path": [issubclass(trio.Path, pathlib.PurePath), name(trio.Path("x"))],
        "trio": has(
            trio,
            "MultiError",
            "NonBaseMultiError",
            "as_safe_channel",
            "open_process",
            "Lock",
            "TooSlowError",
            "run",
            "from_thread",
            "ClosedResourceError",
        ),
        "lowlevel": has(
            trio.lowlevel,
            "in_trio_run",
            "in_trio_task",
            "add_parking_lot_breaker",
            "start_thread_soon",
            "RunVar",
            "start_guest_run",
            "spawn_system_task",
        ),
        "testing": has(trio.testing, "MockClock", "RaisesGroup", "wait_all_threads_completed", "Sequencer", "memory_stream_pair"),
        "Cancelled": has(trio.Cancelled, "_create", "source", "reason"),
        "scope": has(
            trio.CancelScope, "relative_deadline", "is_relative", "shield", "deadline", "cancel_called", "cancelled_caught"
        ),
        "weak": [outcome(_weak, trio.run(_token)), outcome(_weak, trio.CancelScope())],
    }


async def _token() -> Any:
    import trio

    return trio.lowlevel.current_trio_token()


def _weak(thing: Any) -> bool:
    """Whether it can be referred to weakly."""
    import weakref

    return weakref.ref(thing)() is thing
