"""eventlet by itself: green threads, timeouts, hubs, queues, its thread pool.

What it patches is in eventlet_patched.py, its asyncio hub in eventlet_asyncio.py. A module of many small functions: a catalogue.
"""

from collections.abc import Callable
from typing import Any

from interop.probes.forked import forked
from interop.probes.observe import child, name, outcome, parameters
from interop.probes.probe import probe

PATCH = "import eventlet; eventlet.monkey_patch()\n"


def told(program: str, *options: str, **environment: str) -> list[Any]:
    """How the program ended, its lines, and the exceptions that it named on standard error."""
    seen = child(program, *(options or ("-W", "ignore")), **environment)
    return [seen["exit"], *seen["out"], *seen["printed"]]


@probe(
    "P150", "eventlet", "cancellation", source="eventlet docs, GreenThread.kill and cancel: GreenletExit, and what wait() raises"
)
def what_kill_and_cancel_leave_in_each_state() -> Any:
    import eventlet
    import greenlet

    def left(started: bool, end: Any) -> list[Any]:
        log: list[str] = []

        def body() -> str:
            try:
                eventlet.sleep(0.05)
            except BaseException as error:
                log.append(name(error))
                raise
            return "end"

        thread = eventlet.spawn(body)
        if started:
            eventlet.sleep(0)
        ended = outcome(end, thread)
        return [ended, *log, thread.dead, _patiently(thread.wait)]

    return {
        "kill, not started": left(False, lambda it: it.kill()),
        "kill, started": left(True, lambda it: it.kill()),
        "kill, error": left(True, lambda it: it.kill(ValueError)),
        "kill, error, not started": left(False, lambda it: it.kill(ValueError)),
        "cancel, not started": left(False, lambda it: it.cancel()),
        "cancel, started": left(True, lambda it: it.cancel()),
        "kill, twice": left(True, lambda it: [it.kill(), it.kill()]),
        "kill after the end": left(True, lambda it: [it.wait(), it.kill()]),
        "exit is": eventlet.greenthread.greenlet.GreenletExit is greenlet.GreenletExit,
    }


def _patiently(wait: Callable[[], Any], otherwise: str = "never ends") -> Any:
    """What waiting gives in 0.4 seconds of many parts: a stall of the machine costs one of them, and the hub sees what came."""
    import eventlet

    for _ in range(40):
        got = outcome(eventlet.with_timeout, 0.01, wait, timeout_value=otherwise)
        if got != otherwise:
            return got
    return otherwise


@probe("P151", "eventlet", "timeouts", source="eventlet docs, Timeout: a BaseException; None, zero, True")
def what_each_kind_of_timeout_raises() -> Any:
    import eventlet

    def within(*args: Any) -> Any:
        def run() -> str:
            with eventlet.Timeout(*args):
                eventlet.sleep(0.04)
                return "in time"
            return "passed over"

        return outcome(run)

    def nested(outer: float, inner: float) -> Any:
        with eventlet.Timeout(outer, False):
            try:
                with eventlet.Timeout(inner) as timeout:
                    eventlet.sleep(0.2)
            except eventlet.Timeout as error:
                return error is timeout
        return "outer"

    return {
        "is": [each.__name__ for each in eventlet.Timeout.__mro__],
        "short": within(0.005),
        "zero": within(0),
        "past": within(-1),
        "none": within(None),
        "silent": within(0.005, False),
        "true": within(0.005, True),
        "class": within(0.005, ValueError),
        "instance": within(0.005, ValueError()),
        "with_timeout": outcome(eventlet.with_timeout, 0.005, eventlet.sleep, 0.04),
        "with_timeout, value": outcome(eventlet.with_timeout, 0.005, eventlet.sleep, 0.04, timeout_value="value"),
        "nested, inner first": nested(0.1, 0.005),
        "nested, outer first": nested(0.005, 0.1),
        "is_timeout": [
            outcome(eventlet.timeout.is_timeout, eventlet.Timeout),
            outcome(eventlet.timeout.is_timeout, TimeoutError()),
        ],
    }


@probe("P152", "eventlet", "threads", source="eventlet 0.39, PR 1015: sleep(0) in the hub no longer raises")
def what_blocking_in_the_hub_does() -> Any:
    import eventlet
    import eventlet.event
    import eventlet.hubs
    import eventlet.queue
    import eventlet.semaphore

    saw: dict[str, Any] = {}

    def inside() -> None:
        saw["sleep 0"] = outcome(eventlet.sleep, 0)
        saw["sleep"] = outcome(eventlet.sleep, 0.01)
        saw["sleep, negative"] = outcome(eventlet.sleep, -1)
        saw["event"] = outcome(eventlet.event.Event().wait)
        saw["queue, empty"] = outcome(eventlet.queue.Queue().get, False)
        saw["semaphore, free"] = outcome(eventlet.semaphore.Semaphore(1).acquire)
        saw["spawn"] = name(outcome(eventlet.spawn, len, ""))
        saw["current is the hub"] = eventlet.getcurrent() is eventlet.hubs.get_hub().greenlet

    eventlet.hubs.get_hub().schedule_call_global(0, inside)
    eventlet.sleep(0.02)
    return saw


@probe(
    "P156", "eventlet", "contextvars", source="greenlet: a green thread starts in an empty context unless somebody gives it one"
)
def which_context_each_way_of_running_code_gets() -> Any:
    import contextvars

    import eventlet
    import eventlet.hubs
    import eventlet.tpool

    var = contextvars.ContextVar("var", default="default")
    saw: dict[str, str] = {}

    def body(where: str) -> None:
        saw[where] = var.get()
        var.set(where)

    var.set("spawner")
    threads = [eventlet.spawn(body, "spawn"), eventlet.spawn_after(0.001, body, "spawn_after")]
    eventlet.spawn_n(body, "spawn_n")
    threads[0].link(lambda _: body("link"))
    eventlet.hubs.get_hub().schedule_call_global(0, body, "timer")
    for each in threads:
        each.wait()
    eventlet.GreenPool(1).spawn(body, "GreenPool").wait()
    outcome(eventlet.tpool.execute, body, "tpool")
    eventlet.sleep(0.01)
    return saw | {"spawner": var.get()}


@probe("P157", "eventlet", "converters", source="eventlet docs, event.Event: sent once, and got by all")
def what_an_event_does_when_it_is_sent_twice_failed_or_waited_for_too_long() -> Any:
    import eventlet
    import eventlet.event

    event = eventlet.event.Event()
    got: list[Any] = []
    waiters = [eventlet.spawn(lambda: got.append(event.wait())) for _ in range(2)]
    eventlet.sleep(0)
    before = [event.ready(), outcome(event.wait, 0.001)]
    event.send("value")
    for each in waiters:
        each.wait()
    failed = eventlet.event.Event()
    failed.send_exception(ValueError())
    typed = eventlet.event.Event()
    typed.send(exc=(KeyError, KeyError(), None))
    return {
        "before": before,
        "got": got,
        "again": [outcome(event.send, 2), event.wait(), outcome(event.send_exception, ValueError)],
        "error": [outcome(failed.wait), outcome(failed.wait), failed.has_exception()],
        "typed": outcome(typed.wait),
        "reset": [outcome(event.reset), event.ready()],
    }


@probe("P158", "eventlet", "streams", source="eventlet docs, queue; 0.39.1: LightQueue can be subscripted")
def what_queues_do_at_their_limits_and_with_a_killed_getter() -> Any:
    import eventlet
    import eventlet.queue

    def killed(wait: bool) -> list[Any]:
        queue: Any = eventlet.queue.Queue()
        getter = eventlet.spawn(queue.get)
        eventlet.sleep(0)
        queue.put("item")
        if wait:
            eventlet.sleep(0)
        getter.kill()
        return [outcome(getter.wait), queue.qsize()]

    full = eventlet.queue.Queue(1)
    full.put(1)
    zero = eventlet.queue.Queue(0)
    giver = eventlet.spawn(zero.put, "through")
    eventlet.sleep(0)
    return {
        "full": [outcome(full.put, 2, timeout=0.001), outcome(full.put_nowait, 2), outcome(full.put, 2, timeout=-1)],
        "empty": [
            outcome(eventlet.queue.Queue().get, timeout=0.001),
            outcome(eventlet.queue.Queue().get_nowait),
            outcome(eventlet.queue.Queue().get, timeout=-1),
        ],
        "killed": [killed(False), killed(True)],
        "zero": [outcome(zero.put_nowait, 1), zero.get(timeout=1), outcome(giver.wait)],
        "done too often": [outcome(full.task_done), outcome(full.task_done)],
        "generic": [
            outcome(lambda it=each: bool(it[int]))
            for each in (eventlet.queue.LightQueue, eventlet.queue.Queue, eventlet.queue.LifoQueue)
        ],
        "errors": [eventlet.queue.Empty.__module__, eventlet.queue.Full.__module__],
        "has": [each for each in ("join", "shutdown", "resize", "getting", "putting") if hasattr(full, each)],
    }


@probe("P159", "eventlet", "threads", source="eventlet docs, tpool: real threads, results and errors come back")
def what_the_thread_pool_gives_back() -> Any:
    import threading

    import eventlet
    import eventlet.hubs
    import eventlet.tpool

    here, hub = threading.get_ident(), eventlet.hubs.get_hub()

    def fails() -> None:
        raise ValueError

    def killed() -> Any:
        gate = threading.Event()
        thread = eventlet.spawn(eventlet.tpool.execute, gate.wait)
        eventlet.sleep(0.01)
        thread.kill()
        gate.set()
        return outcome(thread.wait)

    return {
        "value": eventlet.tpool.execute(abs, -1),
        "error": outcome(eventlet.tpool.execute, fails),
        "other thread": eventlet.tpool.execute(threading.get_ident) != here,
        "same hub": eventlet.tpool.execute(eventlet.hubs.get_hub) is hub,
        "killed": killed(),
        "proxy": name(outcome(lambda: eventlet.tpool.Proxy([2, 1]).index(1) and eventlet.tpool.Proxy([]))),
    }


@probe("P160", "eventlet", "threads", source="eventlet: a hub a thread; 0.38.1, PR 995: the asyncio hub in several threads")
def which_hub_a_thread_gets_and_whether_it_can_wake_another() -> Any:
    import threading
    import time

    import eventlet
    import eventlet.event
    import eventlet.hubs

    main = eventlet.hubs.get_hub()
    found: dict[str, Any] = {}

    def native() -> None:
        found["own hub"] = eventlet.hubs.get_hub() is not main
        found["sleeps"] = outcome(eventlet.sleep, 0.001)
        found["spawns"] = outcome(eventlet.spawn(len, "").wait)

    thread = threading.Thread(target=native)
    thread.start()
    thread.join()
    event = eventlet.event.Event()
    waiter = eventlet.spawn(event.wait)
    eventlet.sleep(0)
    stranger = threading.Thread(target=lambda: (time.sleep(0.01), event.send("from a thread")))
    stranger.start()
    while stranger.is_alive():
        eventlet.sleep(0.001)
    eventlet.sleep(0.01)
    several = told(
        "import eventlet, eventlet.hubs, threading\n"
        "def run():\n"
        "    hub = eventlet.hubs.get_hub(); eventlet.sleep(0.001); loops.append(hub.loop); print(eventlet.spawn(len, "
        "'').wait(), flush=True)\n"
        "loops = []; run()\n"
        "t = threading.Thread(target=run); t.start(); t.join(); print(loops[0] is not loops[1])\n",
        EVENTLET_HUB="asyncio",
    )
    return found | {"sent from a thread": [event.ready(), waiter.dead], "asyncio hub": several}


@probe(
    "P161",
    "eventlet",
    "exceptions",
    source="eventlet docs, debug.hub_exceptions: what is printed of an error that nobody waits for",
)
def what_a_lost_error_prints_and_whether_the_hub_goes_on() -> Any:
    program = (
        "def body(*_): raise {error}\n"
        "{run}\n"
        "try: eventlet.sleep(0.02); print('main went on')\n"
        "except BaseException as error: print('main saw', type(error).__name__)\n"
    )
    runs = {
        "spawn": "eventlet.spawn(body)",
        "spawn_n": "eventlet.spawn_n(body)",
        "pool": "eventlet.GreenPool().spawn_n(body)",
        "timer": "eventlet.hubs.get_hub().schedule_call_global(0, body)",
        "link": "eventlet.spawn(len, '').link(body)",
    }
    cases = {run: program.format(error="ValueError", run=line) for run, line in runs.items()}
    for error in ("SystemExit(3)", "KeyboardInterrupt", "eventlet.greenlet.GreenletExit", "eventlet.Timeout"):
        cases[error] = program.format(error=error, run=runs["spawn"])
    cases["hub_exceptions"] = "import eventlet.debug; eventlet.debug.hub_exceptions(True)\n" + cases["spawn"]
    return forked("import eventlet, eventlet.hubs", cases)


@probe("P162", "eventlet", "lifecycle", source="eventlet docs: the main greenlet's end ends the program; Ctrl-C")
def what_runs_on_when_the_main_green_thread_ends() -> Any:
    program = (
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "def body():\n"
        "    try: eventlet.sleep(0.3); print('own end', flush=True)\n"
        "    except BaseException as e: print(type(e).__name__, flush=True)\n"
        "    finally: print('finally', flush=True)\n"
        "t = eventlet.spawn(body); eventlet.sleep(0)\n"
        "{}\n"
        "print('main ends', flush=True)\n"
    )
    interrupted = (
        "eventlet.spawn_after(0.005, os.kill, os.getpid(), signal.SIGINT)\n"
        "try: eventlet.sleep(0.5)\n"
        "except BaseException as e: print('main', type(e).__name__)"
    )
    endings = {
        "nothing": "pass",
        "waits": "t.wait()",
        "kill": "t.kill()",
        "interrupted": interrupted,
        "abort": "eventlet.hubs.get_hub().abort(True)",
    }
    return forked("import eventlet, os, signal", {ending: program.format(line) for ending, line in endings.items()})


@probe("P165", "eventlet", "cancellation", source="eventlet docs, GreenPool and GreenPile")
def how_a_green_pool_ends_with_errors() -> Any:
    import eventlet

    def fails(*_: Any) -> None:
        raise ValueError

    pool = eventlet.GreenPool(1)
    order: list[str] = []
    pool.spawn(order.append, "first")
    order.append("spawned")
    pool.spawn(order.append, "second")
    order.append("spawned again")
    pool.waitall()
    pile = eventlet.GreenPile(2)
    pile.spawn(abs, -1)
    pile.spawn(fails)
    errors = eventlet.GreenPool(2)
    errors.spawn_n(len, "")
    failed = errors.spawn(fails)
    return {
        "order": order,
        "free": [pool.free(), pool.running(), pool.waiting()],
        "imap": outcome(lambda: list(eventlet.GreenPool(2).imap(fails, [1, 2]))),
        "pile": outcome(lambda: list(pile)),
        "pile, empty": outcome(lambda: list(eventlet.GreenPile(1))),
        "waitall": outcome(errors.waitall),
        "failed": outcome(failed.wait),
        "in itself": outcome(eventlet.GreenPool(1).spawn(lambda: 1).wait),
        "size": outcome(eventlet.GreenPool, -1) if isinstance(outcome(eventlet.GreenPool, -1), str) else "made",
    }


@probe("P166", "eventlet", "warnings", source="eventlet 0.40.4, issue 1065: deprecated; 0.41, issue 1077: more visibly")
def what_importing_and_using_eventlet_warns_of_and_loads() -> Any:
    program = (
        "import warnings, sys, threading; warnings.simplefilter('{filter}')\n"
        "said = []\n"
        "def note(m, c, f, l, *a): said.append(c.__name__)\n"
        "warnings.showwarning = note\n"
        "before = set(sys.modules)\n"
        "import eventlet; print('import', *sorted(set(said))); said.clear()\n"
        "print(*sorted({{'ssl', 'asyncio', 'subprocess', 'socket', 'dns', 'concurrent.futures', 'selectors', 'logging', "
        "'eventlet.hubs.asyncio'}} & (set(sys.modules) - before)))\n"
        "eventlet.sleep(0); print('use', *sorted(set(said))); said.clear()\n"
        "eventlet.monkey_patch(); print('patch', *sorted(set(said))); said.clear()\n"
        "print(threading.active_count())\n"
    )
    plain = child("import eventlet; eventlet.sleep(0)")
    return {each: told(program.format(filter=each)) for each in ("always", "default")} | {
        "no filter": [plain["exit"], *plain["printed"]]
    }


@probe("P168", "eventlet", "streams", source="eventlet 0.35, PR 884: a socket that is shut down; only one green thread may read")
def what_a_reader_sees_when_its_socket_is_closed_or_read_twice() -> Any:
    import eventlet
    from eventlet.green import socket

    def reader(read: Any, close: Any) -> Any:
        here, there = socket.socketpair()
        thread = eventlet.spawn(outcome, read, here)
        eventlet.sleep(0)
        close(here)
        ended = _patiently(thread.wait, "still waits")
        there.close()
        return ended

    return {
        "recv, close": reader(lambda it: len(it.recv(1)), lambda it: it.close()),
        "recv, shutdown": reader(lambda it: len(it.recv(1)), lambda it: it.shutdown(socket.SHUT_RDWR)),
        "recv, twice": outcome(_second_reader),
        "recv after close": reader(lambda it: [it.close(), it.recv(1)], lambda it: None),
        "timeout": reader(lambda it: [it.settimeout(0.001), it.recv(1)], lambda it: None),
    }


def _second_reader() -> Any:
    """What the second of two readers of one socket sees."""
    import eventlet
    from eventlet.green import socket

    here, _there = socket.socketpair()
    first = eventlet.spawn(here.recv, 1)
    eventlet.sleep(0)
    second = eventlet.spawn(outcome, here.recv, 1)
    return _patiently(second.wait, "waits, too"), first.dead


@probe("P169", "eventlet", "signatures", source="what glue calls")
def the_parameters_of_what_glue_calls() -> Any:
    import eventlet
    import eventlet.event
    import eventlet.greenthread
    import eventlet.hubs
    import eventlet.hubs.hub
    import eventlet.queue
    import eventlet.tpool

    calls = {
        "spawn": eventlet.spawn,
        "spawn_after": eventlet.spawn_after,
        "sleep": eventlet.sleep,
        "kill": eventlet.greenthread.kill,
        "GreenThread.kill": eventlet.greenthread.GreenThread.kill,
        "link": eventlet.greenthread.GreenThread.link,
        "Timeout": eventlet.Timeout,
        "with_timeout": eventlet.with_timeout,
        "monkey_patch": eventlet.monkey_patch,
        "Event.wait": eventlet.event.Event.wait,
        "Event.send": eventlet.event.Event.send,
        "use_hub": eventlet.hubs.use_hub,
        "trampoline": eventlet.hubs.trampoline,
        "schedule": eventlet.hubs.hub.BaseHub.schedule_call_global,
        "add": eventlet.hubs.hub.BaseHub.add,
        "abort": eventlet.hubs.hub.BaseHub.abort,
        "run": eventlet.hubs.hub.BaseHub.run,
        "Queue": eventlet.queue.Queue,
        "tpool": eventlet.tpool.execute,
    }
    return {each: outcome(parameters, fn) for each, fn in calls.items()}


@probe("P401", "eventlet", "lifecycle", source="eventlet: which hub is the default, EVENTLET_HUB, use_hub")
def which_hub_is_used() -> Any:
    program = (
        "def outcome(fn, *a):\n"
        "    try: return fn(*a)\n"
        "    except BaseException as e: return type(e).__name__\n"
        "{}\n"
        "hub = outcome(eventlet.hubs.get_hub); print(type(hub).__module__, eventlet.sleep(0))\n"
        "print(hub.running, hasattr(hub, 'loop'))\n"
    )
    cases = {
        each: program.format(f"os.environ['EVENTLET_HUB'] = {each!r}")
        for each in ("epolls", "poll", "selects", "asyncio", "nothing")
    }
    cases |= {
        "default": program.format(""),
        "use_hub late": program.format("eventlet.sleep(0); print(outcome(eventlet.hubs.use_hub, 'asyncio'))"),
    }
    return forked("import eventlet, eventlet.hubs", cases)


@probe("P402", "eventlet", "cancellation", source="eventlet docs: in which order ready green threads run; semaphores are fair")
def in_which_order_a_hub_runs_what_is_ready() -> Any:
    import eventlet
    import eventlet.hubs
    import eventlet.semaphore

    log: list[str] = []
    hub = eventlet.hubs.get_hub()
    eventlet.spawn(log.append, "spawn 1")
    hub.schedule_call_global(0, log.append, "timer")
    eventlet.spawn_n(log.append, "spawn_n")
    eventlet.spawn_after(0, log.append, "spawn_after 0")
    eventlet.spawn(log.append, "spawn 2")
    log.append("spawner goes on")
    eventlet.sleep(0)
    log.append("after sleep(0)")
    lock, order = eventlet.semaphore.Semaphore(0), []
    waiters = [eventlet.spawn(lambda i=i: (lock.acquire(), order.append(i), lock.release())) for i in range(3)]
    eventlet.sleep(0)
    waiters[0].kill()
    lock.release()
    for _ in range(10):
        eventlet.sleep(0)
    return {
        "log": log,
        "semaphore": [order, lock.counter],
        "too often": outcome(eventlet.semaphore.BoundedSemaphore(1).release),
        "in time": outcome(eventlet.semaphore.Semaphore(0).acquire, timeout=0.001),
    }


@probe("P403", "eventlet", "lifecycle", source="eventlet: green threads and what they held are freed without the cycle collector")
def what_a_finished_green_thread_keeps_alive() -> Any:
    import gc
    import weakref

    import eventlet

    class Held:
        pass

    def run(end: Any) -> list[str]:
        held = Held()
        thread = eventlet.spawn(end, held)
        refs = [weakref.ref(held), weakref.ref(thread)]
        del held
        outcome(thread.wait)
        del thread
        eventlet.sleep(0)
        return ["freed" if ref() is None else "alive" for ref in refs]

    def fails(_: Any) -> None:
        raise ValueError

    gc.disable()
    return {"value": run(lambda it: None), "error": run(fails), "sleeps": run(lambda it: eventlet.sleep(0))}


@probe("P404", "eventlet", "exceptions", source="eventlet: what wait() gives for each end of a green thread, and its traceback")
def what_waiting_for_a_green_thread_gives() -> Any:
    import traceback

    import eventlet

    def fails() -> None:
        raise ValueError

    def stops() -> None:
        raise StopIteration(1)

    def frames(thread: Any) -> Any:
        found: list[Any] = []
        for _ in range(2):
            try:
                thread.wait()
            except ValueError as error:
                found.append(
                    [
                        error,
                        "fails" in [each.name for each in traceback.extract_tb(error.__traceback__)],
                        len(traceback.extract_tb(error.__traceback__)),
                    ]
                )
        return [found[0][0] is found[1][0], found[0][1], found[1][2] - found[0][2]]

    thread = eventlet.spawn(lambda: "value")
    linked: list[Any] = []
    thread.link(lambda it, *args: linked.append([it is thread, *args]), "extra")
    return {
        "value": [thread.wait(), thread.wait()],
        "error": frames(eventlet.spawn(fails)),
        "stop": outcome(eventlet.spawn(stops).wait),
        "linked": linked,
        "link after the end": [outcome(thread.link, lambda it: linked.append("late")), linked[-1] == "late"],
        "unlink": outcome(thread.unlink, len),
    }


@probe("P406", "eventlet", "streams", source="eventlet 0.37, PR 975: os.read and os.write wait until the descriptor is ready")
def a_green_os_read_lets_others_run() -> Any:
    import eventlet
    from eventlet.green import os

    read, write = os.pipe()
    thread = eventlet.spawn(os.read, read, 1)
    eventlet.sleep(0)
    os.write(write, b"1")
    got = _patiently(thread.wait, "still waits")
    return got.decode() if isinstance(got, bytes) else got


@probe("P407", "eventlet", "threads", source="eventlet docs, tpool: system errors in a worker")
def what_becomes_of_a_system_exit_in_the_thread_pool() -> Any:
    import eventlet
    import eventlet.tpool

    def exits() -> None:
        raise SystemExit

    thread = eventlet.spawn(outcome, eventlet.tpool.execute, exits)
    return _patiently(thread.wait)
