"""Trio with what is around it: threads, channels and locks, guests, processes, signals, fork and exit.

A module of many small functions: a catalogue.
"""

from typing import Any

from interop.probes.forked import forked
from interop.probes.observe import aoutcome, child, name, outcome
from interop.probes.probe import probe


@probe("P192", "trio", "threads", source="Trio 0.23, issue 2392: from_thread reuses the host task and its cancellation")
def whether_a_cancellation_reaches_what_a_thread_runs_in_trio() -> Any:
    import threading

    import trio

    async def run(*, abandon: bool, sync: bool) -> Any:
        log: list[Any] = []
        ended = threading.Event()

        async def inner() -> None:
            scope.cancel()
            log.append(await aoutcome(trio.sleep, 0.03))

        def in_thread() -> None:
            if sync:
                log.append(outcome(trio.from_thread.run_sync, scope.cancel))
                log.append(outcome(trio.from_thread.run_sync, len, ""))
            else:
                log.append(outcome(trio.from_thread.run, inner))
            ended.set()

        options = {"abandon_on_cancel": True} if abandon else {}
        with trio.CancelScope() as scope:
            await trio.to_thread.run_sync(in_thread, **options)
        log.append(scope.cancelled_caught)
        found = list(log)
        while not ended.is_set():
            await trio.sleep(0.001)
        return [found, log[len(found) :]]

    cases = {"async": (False, False), "sync": (False, True), "async, abandoned": (True, False)}
    return {case: outcome(trio.run, lambda how=how: run(abandon=how[0], sync=how[1])) for case, how in cases.items()}


@probe(
    "P193",
    "trio",
    "threads",
    source="Trio 0.20, issue 2160: contexts are copied into threads and back; 0.23: the host task is reused",
)
def which_context_and_task_threads_and_their_calls_get() -> Any:
    import contextvars

    import trio

    var = contextvars.ContextVar("var", default="default")
    saw: dict[str, Any] = {}

    async def main() -> Any:
        host = trio.lowlevel.current_task()
        var.set("host")

        def sync(where: str) -> None:
            saw[where] = [var.get(), trio.lowlevel.current_task() is host]
            var.set(where)

        async def inner(where: str) -> None:
            sync(where)

        def in_thread() -> None:
            saw["thread"] = var.get()
            var.set("thread")
            trio.from_thread.run(inner, "from_thread.run")
            trio.from_thread.run_sync(sync, "from_thread.run_sync")
            saw["thread, afterwards"] = var.get()

        await trio.to_thread.run_sync(in_thread)
        await trio.to_thread.run_sync(lambda: saw.update({"next thread": var.get()}))
        saw["host, afterwards"] = var.get()

    trio.run(main)
    return saw


@probe(
    "P194", "trio", "threads", source="Trio docs, from_thread: with a token, without one, after the run; check_cancelled, 0.23"
)
def from_where_trio_can_be_entered() -> Any:
    import threading

    import trio

    async def fine() -> str:
        return "fine"

    def foreign(fn: Any, *args: Any, **more: Any) -> Any:
        got: list[Any] = []
        thread = threading.Thread(target=lambda: got.append(outcome(fn, *args, **more)))
        thread.start()
        return thread, got

    async def main() -> Any:
        token = trio.lowlevel.current_trio_token()
        run = trio.from_thread.run
        cases = {
            "token": foreign(run, fine, trio_token=token),
            "no token": foreign(run, fine),
            "sync function": foreign(run, len, "", trio_token=token),
        }
        found = {}
        for case, (thread, got) in cases.items():
            await trio.to_thread.run_sync(thread.join)
            found[case] = got[0]
        found["from trio"] = [
            await aoutcome(trio.to_thread.run_sync, run, fine),
            outcome(run, fine),
            outcome(run, fine, trio_token=token),
        ]
        found["check_cancelled"] = [
            outcome(lambda: trio.from_thread.check_cancelled()),
            await aoutcome(lambda: trio.to_thread.run_sync(trio.from_thread.check_cancelled)),
        ]
        found["async in from_thread.run_sync"] = await aoutcome(trio.to_thread.run_sync, trio.from_thread.run_sync, fine)
        return token, found

    token, found = trio.run(main)
    thread, got = foreign(trio.from_thread.run, fine, trio_token=token)
    thread.join()
    return found | {"after the run": [got[0], outcome(token.run_sync_soon, len, "")]}


@probe("P195", "trio", "threads", source="Trio docs, to_thread.run_sync: errors, limiters, names, daemons; 0.22.1, issue 1148")
def what_to_thread_gives_back_and_takes() -> Any:
    import threading

    import trio

    async def fine() -> None:
        pass

    def raises(kind: Any) -> None:
        raise kind

    async def main() -> Any:
        run = trio.to_thread.run_sync
        limiter = trio.CapacityLimiter(1)
        one = await run(threading.current_thread)
        return {
            "errors": [
                await aoutcome(run, raises, kind)
                for kind in (ValueError, StopIteration, SystemExit, KeyboardInterrupt, StopAsyncIteration)
            ],
            "async function": await aoutcome(run, fine),
            "reused": await run(threading.current_thread) is one,
            "daemon": one.daemon,
            "name": outcome(lambda: one.name.startswith("Trio thread")),
            "limiter": [await run(lambda: limiter.borrowed_tokens, limiter=limiter), limiter.borrowed_tokens],
            "default limiter": trio.to_thread.current_default_thread_limiter().total_tokens,
            "cancelled before": await aoutcome(_cancelled_before, run),
        }

    return trio.run(main)


async def _cancelled_before(run: Any) -> Any:
    """Whether a thread is started at all in a cancelled scope."""
    import trio

    ran: list[int] = []
    with trio.CancelScope() as scope:
        scope.cancel()
        await run(ran.append, 1)
    return [len(ran), scope.cancelled_caught]


@probe("P196", "trio", "streams", source="Trio docs, memory channels; 0.18: close(); 0.34, issue 1723: peak_buffer_used")
def what_closing_and_cancelling_do_to_a_channel() -> Any:
    import trio
    import trio.testing

    async def waiting(end: str) -> Any:
        send, receive = trio.open_memory_channel[Any](0)
        log: list[Any] = []

        async def receiver() -> None:
            log.append(["receiver", await aoutcome(receive.receive)])

        async def sender() -> None:
            log.append(["sender", await aoutcome(send.send, "item")])

        with trio.CancelScope() as scope:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(sender if end.startswith("receive") else receiver)
                await trio.testing.wait_all_tasks_blocked()
                {"send": send.close, "receive": receive.close, "receive, then cancel": receive.close, "cancel": scope.cancel}[
                    end
                ]()
        return log

    async def in_hand() -> Any:
        send, receive = trio.open_memory_channel[Any](0)
        got: list[Any] = []

        async def receiver(scope: Any) -> None:
            with scope:
                got.append(await receive.receive())

        async with trio.open_nursery() as nursery:
            scope = trio.CancelScope()
            nursery.start_soon(receiver, scope)
            await trio.testing.wait_all_tasks_blocked()
            send.send_nowait("item")
            scope.cancel()
        return got

    async def closed() -> Any:
        send, receive = trio.open_memory_channel[Any](1)
        clone = send.clone()
        send.send_nowait(1)
        send.close()
        first = [await aoutcome(receive.receive), outcome(send.send_nowait, 1), outcome(receive.receive_nowait)]
        clone.close()
        second = [await aoutcome(receive.receive), outcome(receive.receive_nowait)]
        receive.close()
        return [*first, *second, await aoutcome(receive.receive), outcome(receive.clone)]

    async def statistics() -> Any:
        send, _receive = trio.open_memory_channel[Any](3)
        send.send_nowait(1)
        return sorted(each for each in dir(send.statistics()) if not each.startswith("_"))

    found = {end: outcome(trio.run, waiting, end) for end in ("send", "receive", "cancel")}
    return found | {each.__name__: outcome(trio.run, each) for each in (in_hand, closed, statistics)}


@probe("P197", "trio", "streams", source="Trio 0.27, issue 3035: a lock whose owner is gone; 3081: breakers of parking lots")
def what_a_waiter_sees_when_the_owner_of_a_lock_is_gone() -> Any:
    import trio
    import trio.testing

    async def main() -> Any:
        found = {}
        for cls in (trio.Lock, trio.StrictFIFOLock):
            lock = cls()
            async with trio.open_nursery() as nursery:
                nursery.start_soon(lock.acquire)
                await trio.testing.wait_all_tasks_blocked()
            with trio.move_on_after(0.05) as scope:
                found[cls.__name__] = await aoutcome(lock.acquire)
            found[cls.__name__ + ", waited"] = scope.cancelled_caught
            found[cls.__name__ + ", nowait"] = outcome(lock.acquire_nowait)
            found[cls.__name__ + ", release"] = outcome(lock.release)
        lot = trio.lowlevel.ParkingLot()
        found["broken lot"] = [outcome(lambda: lot.break_lot()), await aoutcome(_park, lot)]
        return found

    return trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0))


async def _park(lot: Any) -> Any:
    """What parking in a lot gives, at most for a moment."""
    import trio

    with trio.move_on_after(0.01):
        return await lot.park()
    return "still parked"


@probe("P198", "trio", "streams", source="Trio 0.32, issue 3321: a limiter with no tokens; limits, borrowers, misuse")
def how_limiters_semaphores_and_events_refuse() -> Any:
    import math

    import trio

    async def main() -> Any:
        limiter = trio.CapacityLimiter(1)
        limiter.acquire_nowait()
        lock = trio.Lock()
        lock.acquire_nowait()
        condition = trio.Condition()
        event = trio.Event()
        event.set()
        return {
            "limiter": [outcome(lambda each=each: name(trio.CapacityLimiter(each))) for each in (0, -1, 1.5, math.inf)],
            "total_tokens": [outcome(setattr, limiter, "total_tokens", each) for each in (0, -1, math.inf, 1)],
            "acquired twice": [
                outcome(limiter.acquire_nowait),
                outcome(limiter.acquire_on_behalf_of_nowait, object()),
                await aoutcome(limiter.acquire),
            ],
            "lock": [outcome(lock.acquire_nowait), await aoutcome(lock.acquire), outcome(trio.Lock().release)],
            "semaphore": [
                outcome(trio.Semaphore(0).acquire_nowait),
                outcome(trio.Semaphore(1, max_value=1).release),
                outcome(lambda: trio.Semaphore(-1)),
            ],
            "condition": [outcome(condition.notify), await aoutcome(condition.wait)],
            "event": [event.is_set(), await aoutcome(event.wait), hasattr(event, "clear"), event.statistics().tasks_waiting],
        }

    return trio.run(main)


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


@probe("P425", "trio", "streams", source="Trio docs: closing what another task waits for; notify_closing, 0.35, issue 3502")
def what_a_reader_sees_when_its_stream_is_closed() -> Any:
    import socket

    import trio
    import trio.testing

    async def run(read: Any, close: Any) -> Any:
        here, there = (trio.socket.from_stdlib_socket(each) for each in socket.socketpair())
        stream, other = trio.SocketStream(here), trio.SocketStream(there)
        log: list[Any] = []

        async def reader() -> None:
            log.append(await aoutcome(read, stream))

        with trio.CancelScope() as scope:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(reader)
                await trio.testing.wait_all_tasks_blocked()
                await close(stream, other)
        log.append(scope.cancelled_caught)
        await other.aclose()
        return log

    async def receive(stream: Any) -> Any:
        return len(await stream.receive_some(1))

    async def twice(stream: Any) -> Any:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(stream.receive_some, 1)
            nursery.start_soon(stream.receive_some, 1)

    async def send(stream: Any) -> None:
        await stream.send_all(bytes(1 << 23))

    async def close(stream: Any, _: Any) -> None:
        await stream.aclose()

    async def close_other(_: Any, other: Any) -> None:
        await other.aclose()

    async def notify(stream: Any, _: Any) -> None:
        trio.lowlevel.notify_closing(stream.socket)

    async def nothing(*_: Any) -> None:
        pass

    cases = {
        "receive, close": (receive, close),
        "receive, peer closes": (receive, close_other),
        "receive, notify_closing": (receive, notify),
        "send, close": (send, close),
        "send, peer closes": (send, close_other),
        "two receivers": (twice, nothing),
    }
    return {case: outcome(trio.run, run, *how) for case, how in cases.items()}


@probe("P426", "trio", "streams", source="Trio 0.30, issue 3197: as_safe_channel; 0.31, issue 3324; 0.32, issue 3331")
def what_a_safe_channel_passes_on() -> Any:
    import trio

    log: list[Any] = []

    def make(*, fails: bool = False) -> Any:
        @trio.as_safe_channel
        async def numbers() -> Any:
            try:
                yield 1
                if fails:
                    raise ValueError
                yield 2
            finally:
                log.append("generator ends")

        return numbers()

    async def run(*, fails: bool = False, leave: bool = False, closed: bool = False) -> Any:
        got = []
        async with make(fails=fails) as channel:
            async for each in channel:
                got.append(each)
                if leave:
                    break
                if closed:
                    await channel.aclose()
        return got

    cases: dict[str, dict[str, bool]] = {"all": {}, "fails": {"fails": True}, "left": {"leave": True}, "closed": {"closed": True}}
    return {case: outcome(trio.run, lambda how=how: run(**how)) for case, how in cases.items()} | {"log": log}


@probe(
    "P427",
    "trio",
    "threads",
    "trio.testing",
    source="Trio's clocks and idle detection: MockClock, wait_all_tasks_blocked, Sequencer; 0.30, issue 3205",
)
def how_the_clocks_and_idle_detection_of_tests_work() -> Any:
    import trio
    import trio.testing

    async def jumps() -> Any:
        begin = trio.current_time()
        await trio.sleep(1000)
        return trio.current_time() - begin >= 1000

    async def idle() -> Any:
        log: list[str] = []

        async def body() -> None:
            for _ in range(3):
                await trio.lowlevel.checkpoint()
            log.append("idle now")
            await trio.sleep_forever()

        async with trio.open_nursery() as nursery:
            nursery.start_soon(body)
            await trio.testing.wait_all_tasks_blocked()
            log.append("seen")
            nursery.cancel_scope.cancel()
        return log

    async def made_inside() -> Any:
        before = type(trio.lowlevel.current_clock()).__name__
        clock = trio.testing.MockClock()
        return [before, type(trio.lowlevel.current_clock()).__name__, outcome(clock.current_time)]

    def clock() -> Any:
        return trio.testing.MockClock(autojump_threshold=0)

    return {
        "autojump": trio.run(jumps, clock=clock()),
        "idle": trio.run(idle),
        "made inside": outcome(trio.run, made_inside),
        "threads": outcome(trio.run, _threads),
    }


async def _threads() -> Any:
    """Whether the end of all worker threads can be waited for."""
    import trio
    import trio.testing

    ran: list[int] = []
    async with trio.open_nursery() as nursery:
        nursery.start_soon(trio.to_thread.run_sync, ran.append, 1)
        await trio.testing.wait_all_threads_completed()
        return len(ran)


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


@probe(
    "P429",
    "trio",
    "threads",
    source="Trio docs: run_sync_soon keeps its order and drops what is idempotent; instruments; one run a thread",
)
def in_which_order_calls_from_outside_arrive() -> Any:
    import threading

    import trio
    import trio.testing

    async def main() -> Any:
        token = trio.lowlevel.current_trio_token()
        log: list[int] = []

        def calls() -> None:
            for i in range(5):
                token.run_sync_soon(log.append, i)
            for _ in range(3):
                token.run_sync_soon(log.append, 9, idempotent=True)
            for _ in range(2):
                token.run_sync_soon(log.append, 7)

        thread = threading.Thread(target=calls)
        thread.start()
        thread.join()  # Trio does not run meanwhile: all the calls are one batch
        await trio.testing.wait_all_tasks_blocked()
        return log

    async def where() -> int:
        return threading.get_ident()

    both: list[Any] = []
    threads = [threading.Thread(target=lambda: both.append(trio.run(where))) for _ in range(2)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    return [trio.run(main), len(both), threading.get_ident() in both]
