"""gevent's hubs: from other threads, with the thread pool, in themselves, after a fork and with signals.

A module of many small functions: a catalogue.
"""

from typing import Any

from interop.probes.observe import child, name, outcome
from interop.probes.probe import probe


@probe(
    "P141", "gevent", "threads", source="gevent 21.1, issue 1739, 1735; 26.8, issue 2013: results delivered from another thread"
)
def a_waiter_is_woken_from_another_thread() -> Any:
    import threading
    import time

    import gevent
    import gevent.event
    import gevent.lock
    import gevent.queue

    def trial(wait: Any, wake: Any, hub_there: bool) -> "str | None":
        got: list[Any] = []
        told: list[float] = []
        greenlet = gevent.spawn(lambda: got.append(outcome(wait)))
        gevent.sleep(0)

        def native() -> None:
            time.sleep(0.02)
            if hub_there:
                gevent.get_hub()
            wake()
            told.append(time.monotonic())

        threading.Thread(target=native, daemon=True).start()
        greenlet.join(0.4)  # once only: whatever else the hub does makes it look at what it missed
        if got:
            return "woken"
        greenlet.kill()
        return "not woken" if told and time.monotonic() - told[0] > 0.2 else None  # the thread was late, for the load

    def woken(make: Any, wait: str, wake: str, hub_there: bool, *args: Any) -> str:
        missed = 0
        for _ in range(10):
            thing = make()
            ended = trial(getattr(thing, wait), lambda it=thing: getattr(it, wake)(*args), hub_there)
            missed += ended == "not woken"
            if ended == "woken" or missed == 3:  # a stall of the machine may be taken for it once
                return str(ended)
        return "cannot be told"

    return {
        "thread with a hub" if hub_there else "thread without a hub": {
            "AsyncResult": woken(gevent.event.AsyncResult, "get", "set", hub_there, 1),
            "Event": woken(gevent.event.Event, "wait", "set", hub_there),
            "Queue": woken(gevent.queue.Queue, "get", "put", hub_there, 1),
            "Semaphore": woken(lambda: gevent.lock.Semaphore(0), "acquire", "release", hub_there),
        }
        for hub_there in (False, True)
    }


@probe(
    "P142", "gevent", "threads", source="gevent docs: a hub a thread; run_callback_threadsafe is the entry from another thread"
)
def which_hub_and_loop_a_thread_gets() -> Any:
    import threading

    import gevent
    import gevent.hub

    main = gevent.get_hub()
    found: dict[str, Any] = {}

    def native() -> None:
        hub = gevent.get_hub()
        found["own hub"] = hub is not main
        found["own loop"] = hub.loop is not main.loop
        found["default loop"] = [main.loop.default, hub.loop.default]
        gevent.sleep(0)
        found["kill from here"] = outcome(sleeper.kill, block=False)
        hub.destroy(destroy_loop=True)
        found["after destroy, a new one"] = gevent.get_hub() is not hub
        found["repr of the destroyed one"] = bool(outcome(repr, hub).startswith("<"))

    sleeper = gevent.spawn(gevent.sleep, 0.1)
    gevent.sleep(0)
    thread = threading.Thread(target=native)
    thread.start()
    thread.join()
    sleeper.join(0.05)
    return found | {
        "killed from there": sleeper.dead,
        "has": [hasattr(main.loop, "run_callback_threadsafe"), hasattr(main.loop, "async_")],
    }


@probe("P143", "gevent", "threads", source="gevent docs, ThreadPool: results and errors come back; 26.9, issue 2207")
def what_a_thread_pool_gives_back() -> Any:
    import threading

    import gevent
    import gevent.threadpool

    pool = gevent.get_hub().threadpool
    here = threading.get_ident()

    def fails() -> None:
        raise ValueError

    def exits() -> None:
        raise SystemExit

    def killed() -> Any:
        gate = threading.Event()
        waiter = gevent.spawn(pool.apply, gate.wait)
        gevent.sleep(0.01)
        waiter.kill()
        gate.set()
        return [name(waiter.value), waiter.dead]

    executor = gevent.threadpool.ThreadPoolExecutor(1)
    future = executor.submit(fails)
    return {
        "other thread": pool.apply(threading.get_ident) != here,
        "hub of its own": pool.apply(gevent.get_hub) is not gevent.get_hub(),
        "error": outcome(pool.apply, fails),
        "exit": outcome(pool.apply, exits),
        "spawn gives": name(pool.spawn(len, "")),
        "waiter killed": killed(),
        "map": outcome(lambda: list(pool.map(abs, [-1, -2]))),
        "future": [name(future), outcome(future.result), outcome(lambda: name(future.exception()))],
    }


@probe("P144", "gevent", "threads", source="gevent: LoopExit when nothing could ever wake the waiter")
def waiting_for_nothing_ends_in_loop_exit() -> Any:
    import gevent
    import gevent.event
    import gevent.lock
    import gevent.queue

    def in_greenlet() -> Any:
        greenlet = gevent.spawn(gevent.event.Event().wait)
        return [outcome(greenlet.get), greenlet.dead]

    return {
        "is": [each.__name__ for each in gevent.hub.LoopExit.__mro__],
        "Event": outcome(gevent.event.Event().wait),
        "AsyncResult": outcome(gevent.event.AsyncResult().get),
        "Queue": outcome(gevent.queue.Queue().get),
        "Semaphore": outcome(gevent.lock.Semaphore(0).acquire),
        "greenlet": in_greenlet(),
        "gevent.wait": outcome(gevent.wait),
        "with a timeout": outcome(gevent.event.Event().wait, 0.01),
    }


@probe("P145", "gevent", "threads", source="gevent: code in the hub must not block")
def blocking_in_the_hub_is_an_error() -> Any:
    import gevent
    import gevent.event
    import gevent.lock

    hub, saw = gevent.get_hub(), {}

    def inside() -> None:
        saw["sleep"] = outcome(gevent.sleep, 0.01)
        saw["sleep 0"] = outcome(gevent.sleep, 0)
        saw["wait"] = outcome(gevent.event.Event().wait)
        saw["acquire, free"] = outcome(gevent.lock.Semaphore(1).acquire)
        saw["acquire, taken"] = outcome(gevent.lock.Semaphore(0).acquire)
        saw["spawn"] = name(outcome(gevent.spawn, len, ""))
        saw["current is the hub"] = gevent.getcurrent() is hub

    hub.loop.run_callback(inside)
    gevent.sleep(0.01)
    return saw


@probe(
    "P149",
    "gevent",
    "lifecycle",
    source="gevent docs, gevent.os.fork; 24.10.3: the after-fork hook does not switch; 25.8.1: issue 1895",
)
def a_forked_child_can_use_the_hub_the_pool_and_locks() -> Any:
    seen = child(
        "import gevent, gevent.os, gevent.event, os\n"
        "gevent.get_hub().threadpool.apply(len, ('',))\n"
        "log = []\n"
        "g = gevent.spawn(lambda: (gevent.sleep(0.02), log.append('greenlet ran on')))\n"
        "event = gevent.event.Event(); w = gevent.spawn(event.wait)\n"
        "gevent.sleep(0)\n"
        "pid = gevent.os.fork()\n"
        "if pid == 0:\n"
        "    gevent.sleep(0.05)\n"
        "    event.set(); log.append(w.get(timeout=1))\n"
        "    log.append(gevent.get_hub().threadpool.apply(abs, (-1,)))\n"
        "    print('child', *log, flush=True)\n"
        "    os._exit(7)\n"
        "print(os.waitstatus_to_exitcode(gevent.os.waitpid(pid, 0)[1]), flush=True)\n"
    )
    return [seen["exit"], *seen["out"], *seen["printed"]]


@probe(
    "P366",
    "gevent",
    "lifecycle",
    source="gevent docs, signal handlers: gevent.signal_handler runs in a greenlet; Ctrl-C in the main greenlet",
)
def where_a_signal_handler_runs_and_where_ctrl_c_goes() -> Any:
    handler = child(
        "import gevent, os, signal\n"
        "def on(*args): print('handler', args, type(gevent.getcurrent()).__name__, flush=True)\n"
        "w = gevent.signal_handler(signal.SIGUSR1, on, 1)\n"
        "os.kill(os.getpid(), signal.SIGUSR1); gevent.sleep(0.05); w.cancel()\n"
        "signal.signal(signal.SIGUSR2, lambda *a: print('plain', type(gevent.getcurrent()).__name__, flush=True))\n"
        "os.kill(os.getpid(), signal.SIGUSR2); gevent.sleep(0.02)\n"
    )
    interrupt = child(
        "import gevent, os, signal\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "log = []\n"
        "def sleeper():\n"
        "    try: gevent.sleep(1)\n"
        "    except BaseException as e: log.append(type(e).__name__)\n"
        "g = gevent.spawn(sleeper)\n"
        "gevent.spawn_later(0.01, os.kill, os.getpid(), signal.SIGINT)\n"
        "try: gevent.sleep(1)\n"
        "except BaseException as e: print('main', type(e).__name__)\n"
        "print('sleeper', *log)\n"
    )
    return {
        each: [seen["exit"], *seen["out"], *seen["printed"]] for each, seen in (("handler", handler), ("interrupt", interrupt))
    }
