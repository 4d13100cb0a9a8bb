"""gevent by itself, unpatched: greenlets and what ends them, timeouts, contexts, errors, fork and exit.

Threads and hubs are in gevent_threads.py, queues, locks and child processes in gevent_streams.py; what monkey patching does is in
gevent_patched.py. A module of many small functions: a catalogue.
"""

from typing import Any

from interop.probes.forked import forked
from interop.probes.observe import child, name, outcome, parameters
from interop.probes.probe import probe


@probe(
    "P130",
    "gevent",
    "cancellation",
    source="gevent docs, Greenlet.kill: by default GreenletExit is raised, and becomes the value",
)
def what_kill_raises_and_leaves_in_each_state() -> Any:
    import gevent

    def waits() -> str:
        gevent.sleep(1)
        return "end"

    def left(greenlet: Any, started: bool, *how: Any, **more: Any) -> list[Any]:
        if started:
            gevent.sleep(0)
        result = outcome(greenlet.kill, *how, **more)
        value = greenlet.value
        value = name(value) if isinstance(value, BaseException) else value
        return [
            result,
            value,
            name(greenlet.exception),
            greenlet.dead,
            greenlet.ready(),
            greenlet.successful(),
            outcome(greenlet.get) if value is None and greenlet.ready() else "",
        ]

    finished = gevent.spawn(lambda: "value")
    finished.join()
    return {
        "not scheduled": left(gevent.Greenlet(waits), False),
        "before its start": left(gevent.spawn(waits), False),
        "before its start, error": left(gevent.spawn(waits), False, ValueError),
        "started": left(gevent.spawn(waits), True),
        "started, class": left(gevent.spawn(waits), True, ValueError),
        "started, instance": left(gevent.spawn(waits), True, ValueError()),
        "started, not waited for": left(gevent.spawn(waits), True, block=False),
        "started, timeout 0": left(gevent.spawn(waits), True, timeout=0),
        "finished": left(finished, False),
        "not an exception": left(gevent.spawn(waits), True, "text"),
    }


@probe(
    "P131",
    "gevent",
    "cancellation",
    source="gevent docs, Greenlet.kill: blocks until the greenlet is dead, unless a timeout says otherwise",
)
def a_kill_waits_for_cleanup_and_a_greenlet_may_refuse_it() -> Any:
    import gevent

    def run(refuses: bool, kills: int) -> list[Any]:
        log: list[Any] = []

        def body() -> Any:
            for _ in range(2):
                try:
                    gevent.sleep(0.2)
                except gevent.GreenletExit:
                    log.append("exit")
                    gevent.sleep(0)
                    log.append("cleaned")
                    if not refuses:
                        raise
            return "own end"

        greenlet = gevent.spawn(body)
        gevent.sleep(0)
        for _ in range(kills):
            greenlet.kill(block=kills == 1)
        log.append("resumed")
        greenlet.join()
        return [*log, name(greenlet.value) if isinstance(greenlet.value, BaseException) else greenlet.value]

    return {"once": run(False, 1), "twice at once": run(False, 2), "refused": run(True, 1), "refused, twice": run(True, 2)}


@probe(
    "P132",
    "gevent",
    "cancellation",
    source="gevent docs: killall, joinall(raise_error), Group.kill, Pool; Greenlet as context manager, 20.12.1",
)
def how_several_greenlets_are_joined_and_killed() -> Any:
    import gevent
    import gevent.pool

    def fails() -> None:
        raise ValueError

    def group(*bodies: Any) -> Any:
        made = gevent.pool.Group()
        for body in bodies:
            made.spawn(body)
        return made

    def ends(greenlets: list[Any]) -> list[Any]:
        return [name(each.value) if isinstance(each.value, BaseException) else each.value for each in greenlets]

    def with_greenlet(inside: Any) -> Any:
        with gevent.spawn(gevent.sleep, 0.05) as inner:
            gevent.sleep(0)
            inside()
        return inner.dead, ends([inner])

    sleepers = [gevent.spawn(gevent.sleep, 1), gevent.spawn(gevent.sleep, 1)]
    gevent.killall([*sleepers, gevent.spawn(lambda: 1)], timeout=0.2)
    members = group(fails, lambda: gevent.sleep(0.01))
    killed = group(lambda: gevent.sleep(1))
    killed.kill()
    return {
        "killall": ends(sleepers),
        "joinall": len(gevent.joinall([gevent.spawn(len, ""), gevent.spawn(gevent.sleep, 0.3)], timeout=0.05)),
        "joinall, an error": outcome(
            gevent.joinall,
            [gevent.spawn(gevent.sleep, 0.3), gevent.spawn(gevent.sleep, 0), gevent.spawn(fails)],
            raise_error=True,
        ),
        "group, an error": [outcome(members.join, raise_error=True), len(members)],
        "group, killed": [len(killed), outcome(killed.spawn, len, "") is not None],
        "map, an error": outcome(gevent.pool.Pool(2).map, lambda _: fails(), [1, 2]),
        "imap_unordered": sorted(gevent.pool.Pool(2).imap_unordered(abs, [-1, -2, -3])),
        "as a context": outcome(lambda: with_greenlet(lambda: None)),
        "as a context that fails": outcome(lambda: with_greenlet(fails)),
    }


@probe(
    "P133", "gevent", "timeouts", source="gevent docs, gevent.Timeout: a BaseException; zero, None, False, a class of one's own"
)
def what_each_kind_of_timeout_raises() -> Any:
    import gevent

    def within(*args: Any, **more: Any) -> Any:
        def run() -> str:
            with gevent.Timeout(*args, **more):
                gevent.sleep(0.01 if args == (None,) else 1)  # far from the timeout, or a stall makes both due at once
                return "in time"
            return "passed over"

        return outcome(run)

    def exhausted() -> Any:
        timeout = gevent.Timeout.start_new(0.01)
        try:
            gevent.sleep(1)
        except gevent.Timeout as error:
            return [error is timeout, timeout.pending]
        return None

    return {
        "is": [each.__name__ for each in gevent.Timeout.__mro__],
        "short": within(0.01),
        "zero": within(0),
        "past": within(-1),
        "none": within(None),
        "silent": within(0.01, False),
        "class": within(0.01, ValueError),
        "instance": within(0.01, ValueError()),
        "text": within(0.01, "text"),
        "identity": exhausted(),
        "with_timeout": outcome(gevent.with_timeout, 0.01, gevent.sleep, 1),
        "with_timeout, value": outcome(gevent.with_timeout, 0.01, gevent.sleep, 1, timeout_value="value"),
    }


@probe("P134", "gevent", "timeouts", source="gevent docs: waiting operations have a timeout each, and end differently")
def how_each_waiting_operation_ends_at_its_timeout() -> Any:
    import gevent
    import gevent.event
    import gevent.lock
    import gevent.pool
    import gevent.queue

    sleeper = gevent.spawn(gevent.sleep, 30)
    full = gevent.queue.Queue(1)
    full.put(1)
    taken = gevent.lock.BoundedSemaphore(1)
    taken.acquire()

    def each(timeout: Any) -> dict[str, Any]:
        return {
            "Greenlet.get": outcome(sleeper.get, timeout=timeout),
            "Greenlet.join": outcome(sleeper.join, timeout=timeout),
            "AsyncResult.get": outcome(gevent.event.AsyncResult().get, timeout=timeout),
            "AsyncResult.wait": outcome(gevent.event.AsyncResult().wait, timeout=timeout),
            "Event.wait": outcome(gevent.event.Event().wait, timeout=timeout),
            "Queue.get": outcome(gevent.queue.Queue().get, timeout=timeout),
            "Queue.put": outcome(full.put, 2, timeout=timeout),
            "Semaphore.acquire": outcome(taken.acquire, timeout=timeout),
            "gevent.wait": outcome(gevent.wait, [sleeper], timeout=timeout),
            "gevent.iwait": outcome(lambda: list(gevent.iwait([sleeper], timeout=timeout))),
            "Pool.join": outcome(gevent.pool.Pool(1).join, timeout=timeout),
        }

    return {"short": each(0.005), "zero": each(0), "past": each(-1)}


@probe("P135", "gevent", "timeouts", source="gevent docs: a timeout belongs to the code that started it; nested timeouts")
def of_two_nested_timeouts_the_right_one_is_seen() -> Any:
    import gevent

    def run(outer_seconds: float, inner_seconds: float) -> list[Any]:
        log: list[Any] = []
        with gevent.Timeout(outer_seconds, False) as outer:
            try:
                with gevent.Timeout(inner_seconds) as inner:
                    gevent.sleep(1)
            except gevent.Timeout as error:
                log.append("inner" if error is inner else "outer" if error is outer else "other")
                gevent.sleep(1 if error is inner else 0)  # the outer one comes during it
            log.append("went on")
        return log

    closed = gevent.Timeout(0.01)
    closed.start()
    closed.close()
    return {
        "inner first": run(0.05, 0.01),
        "outer first": run(0.01, 0.05),
        "closed": outcome(gevent.sleep, 0.03),
        "twice": outcome(lambda: [closed.start(), closed.start()]),
    }


@probe(
    "P136", "gevent", "contextvars", source="gevent 20.9, issue 1656: contexts are greenlet local; Greenlet copies its spawner's"
)
def which_context_each_way_of_running_code_gets() -> Any:
    import contextvars

    import gevent
    import gevent.pool
    import gevent.threadpool

    var = contextvars.ContextVar("var", default="default")
    saw: dict[str, str] = {}

    def body(where: str) -> str:
        saw[where] = var.get()
        var.set(where)
        return saw[where]

    var.set("spawner")
    later = gevent.spawn_later(0.01, body, "spawn_later")
    made = gevent.Greenlet(body, "Greenlet, started after a change")
    first = gevent.spawn(body, "spawn")
    first.link(lambda _: body("link"))
    gevent.spawn_raw(body, "spawn_raw")
    gevent.get_hub().loop.run_callback(body, "run_callback")
    var.set("changed")
    made.start()
    gevent.joinall([later, made, first])
    gevent.sleep(0)
    pool = gevent.threadpool.ThreadPool(1)
    pool.apply(body, ("ThreadPool.apply",))
    pool.apply(body, ("ThreadPool.apply again",))
    gevent.pool.Pool(1).apply(body, ("Pool.apply",))
    return saw | {"spawner": var.get()}


@probe("P137", "gevent", "contextvars", source="greenlet and gevent: callbacks of the hub, timers and watchers")
def which_context_the_callbacks_of_the_hub_get() -> Any:
    import contextvars

    import gevent
    import gevent.event

    var = contextvars.ContextVar("var", default="default")
    saw: dict[str, str] = {}
    hub = gevent.get_hub()

    def body(where: str) -> None:
        saw[where] = var.get()
        var.set(where)

    var.set("main")
    timer = hub.loop.timer(0.001)
    timer.start(body, "timer")
    event = gevent.event.Event()
    event.rawlink(lambda _: body("rawlink"))
    event.set()
    async_watcher = hub.loop.async_()
    async_watcher.start(body, "async watcher")
    gevent.sleep(0)
    async_watcher.send()
    gevent.sleep(0.02)
    async_watcher.close()
    return saw | {"main": var.get()}


@probe("P138", "gevent", "exceptions", source="gevent docs, AsyncResult; 26.9, issue 1946: its traceback grew with each get")
def an_error_that_is_got_twice_is_the_same_and_its_traceback_does_not_grow() -> Any:
    import traceback

    import gevent
    import gevent.event

    def fails() -> None:
        raise ValueError

    def frames(get: Any) -> list[Any]:
        errors, depths = [], []
        for _ in range(3):
            try:
                get()
            except ValueError as error:
                errors.append(error)
                depths.append(len(traceback.extract_tb(error.__traceback__)))
        return [errors[0] is errors[1], depths[1] - depths[0], depths[2] - depths[1]]

    result = gevent.event.AsyncResult()
    result.set_exception(ValueError())
    greenlet = gevent.spawn(fails)
    greenlet.join()
    linked = gevent.event.AsyncResult()
    gevent.spawn(fails).link(linked)
    linked.wait()
    return {"AsyncResult": frames(result.get), "Greenlet": frames(greenlet.get), "linked AsyncResult": frames(linked.get)}


@probe(
    "P139",
    "gevent",
    "exceptions",
    source="gevent docs, Hub.handle_error: what nobody catches is printed, system errors go to the main greenlet",
)
def what_a_lost_error_of_each_kind_prints_and_where_it_goes() -> Any:
    program = (
        "def body(): raise {error}\n"
        "greenlet = gevent.spawn(body)\n"
        "try:\n"
        "    {wait}\n"
        "    print('main went on')\n"
        "except BaseException as error: print('main saw', type(error).__name__)\n"
        "print(type(greenlet.exception).__name__, greenlet.dead)\n"
    )
    errors = ("ValueError", "SystemExit(3)", "KeyboardInterrupt", "gevent.GreenletExit", "gevent.Timeout", "StopIteration")
    return forked("import gevent", {error: program.format(error=error, wait="gevent.sleep(0.05)") for error in errors})


@probe(
    "P140",
    "gevent",
    "exceptions",
    source="gevent: an error in a callback of the hub is reported and does not stop the hub; 23.7: sys.unraisablehook",
)
def an_error_in_a_callback_of_the_hub_is_printed_and_the_hub_goes_on() -> Any:
    seen = child(
        "import gevent, gevent.event\n"
        "def fails(*_): raise ValueError\n"
        "gevent.get_hub().loop.run_callback(fails)\n"
        "gevent.sleep(0.01); print('after run_callback')\n"
        "e = gevent.event.Event(); e.rawlink(fails); e.set(); gevent.sleep(0.01); print('after rawlink')\n"
        "g = gevent.spawn(len, ''); g.link(fails); gevent.sleep(0.01); print('after link')\n"
        "t = gevent.get_hub().loop.timer(0.001); t.start(fails); gevent.sleep(0.05); print('after timer')\n"
    )
    return [seen["exit"], *seen["out"], *seen["printed"]]


@probe("P148", "gevent", "lifecycle", source="gevent docs: the main greenlet's end ends the program; hub.join(); gevent.wait()")
def what_runs_on_when_the_main_greenlet_ends() -> Any:
    program = (
        "def body():\n"
        "    try: gevent.sleep(0.05); print('own end', flush=True)\n"
        "    finally: print('finally', flush=True)\n"
        "g = gevent.spawn(body); gevent.sleep(0)\n"
        "{}\n"
        "print('main ends', flush=True)\n"
    )
    endings = {
        "nothing": "pass",
        "gevent.wait": "print(gevent.wait() is not None)",
        "hub.join": "print(gevent.get_hub().join())",
        "hub.destroy": "gevent.get_hub().destroy()",
        "kill": "g.kill()",
        "system exit in a greenlet": "gevent.spawn(exit, 3); gevent.sleep(1)",
    }
    return forked("import gevent", {ending: program.format(line) for ending, line in endings.items()})


@probe("P360", "gevent", "lifecycle", source="gevent 26.4, issue 2166: dead was true while the greenlet started")
def what_a_greenlet_says_of_itself_in_each_state() -> Any:
    import gevent

    def state(greenlet: Any) -> dict[str, Any]:
        return {
            each: outcome(getattr(greenlet, each)) if callable(getattr(greenlet, each)) else bool(getattr(greenlet, each))
            for each in ("started", "dead", "ready", "successful")
        } | {
            "truth": bool(greenlet),
            "pending": outcome(lambda: bool(greenlet.loop)),
            "value": greenlet.value is not None,
        }

    found = {}

    def body() -> str:
        found["running"] = state(gevent.getcurrent())
        gevent.sleep(0)
        return "value"

    greenlet = gevent.Greenlet(body)
    found["made"] = state(greenlet)
    greenlet.start()
    found["started"] = state(greenlet)
    found["start again"] = outcome(greenlet.start)
    gevent.sleep(0)
    found["suspended"] = state(greenlet)
    greenlet.join()
    found["finished"] = state(greenlet)
    failed = gevent.spawn(int, "x")
    failed.join()
    return found | {"failed": state(failed), "start of a finished one": outcome(greenlet.start)}


@probe("P361", "gevent", "converters", source="gevent docs: link, link_value, link_exception, rawlink; AsyncResult as a link")
def which_links_of_a_greenlet_are_called_in_which_order() -> Any:
    import gevent
    import gevent.event

    def run(body: Any, wait_first: bool) -> list[Any]:
        log: list[str] = []
        greenlet = gevent.spawn(body)
        if wait_first:
            greenlet.join()
        result = gevent.event.AsyncResult()
        greenlet.link(result)
        greenlet.link(lambda g: log.append(f"link {g is greenlet}"))
        greenlet.link_value(lambda _: log.append("value"))
        greenlet.link_exception(lambda _: log.append("exception"))
        greenlet.rawlink(lambda _: log.append("raw"))
        gevent.sleep(0.02)
        got = outcome(result.get, block=False)
        return [*log, name(got) if isinstance(got, BaseException) else got]

    def exits() -> None:
        raise gevent.GreenletExit

    found = {}
    for case, body in (("value", lambda: "value"), ("error", lambda: int("x")), ("exit", exits)):
        found[case] = [run(body, False), run(body, True)]
    return found


@probe(
    "P362", "gevent", "converters", source="gevent docs, AsyncResult and Event: set twice, callbacks, wait() of several things"
)
def what_results_and_events_do_when_they_are_set_again() -> Any:
    import gevent
    import gevent.event

    result = gevent.event.AsyncResult()
    before = [result.ready(), result.successful(), outcome(result.get_nowait), outcome(result.get, block=False)]
    result.set(1)
    first = result.get()
    result.set(2)
    second = result.get()
    result.set_exception(ValueError())
    event = gevent.event.Event()
    order: list[int] = []
    waiters = [gevent.spawn(lambda i=i: (event.wait(), order.append(i))) for i in range(3)]
    gevent.sleep(0)
    event.set()
    event.clear()
    gevent.joinall(waiters, timeout=0.1)
    done = gevent.spawn(len, "")
    return {
        "before": before,
        "again": [first, second, outcome(result.get), name(result.exception), outcome(lambda: name(result.exc_info[0]))],
        "woken though cleared": order,
        "wait for several": [
            len(gevent.wait([done, gevent.spawn(gevent.sleep, 0.3)], count=1)),
            [each is done for each in gevent.iwait([done])],
        ],
        "cancelled": [hasattr(result, "cancel"), outcome(result.cancel), outcome(result.cancelled), outcome(result.done)],
    }


@probe("P363", "gevent", "detection", source="sniffio, gevent: what an import starts and loads")
def what_importing_gevent_loads_and_starts() -> Any:
    seen = child(
        "import sys, threading, json\n"
        "before = set(sys.modules)\n"
        "import gevent\n"
        "new = set(sys.modules) - before\n"
        "print(json.dumps(sorted({'ssl', 'asyncio', 'subprocess', 'socket', 'concurrent.futures', 'multiprocessing', "
        "'selectors', 'logging'} & new)))\n"
        "from gevent._hub_local import get_hub_if_exists\n"
        "print(threading.active_count(), get_hub_if_exists() is None)\n"
        "print(gevent.config.loop if isinstance(gevent.config.loop, str) else gevent.config.loop.__module__)\n",
        "-W",
        "error",
    )
    return [seen["exit"], *seen["out"], *seen["printed"]]


@probe("P364", "gevent", "signatures", source="what glue calls")
def the_parameters_of_what_glue_calls() -> Any:
    import gevent
    import gevent.event
    import gevent.monkey
    import gevent.pool
    import gevent.queue
    import gevent.threadpool

    calls = {
        "spawn_later": gevent.Greenlet.spawn_later,
        "kill": gevent.Greenlet.kill,
        "get": gevent.Greenlet.get,
        "join": gevent.Greenlet.join,
        "joinall": gevent.joinall,
        "killall": gevent.killall,
        "wait": gevent.wait,
        "sleep": gevent.sleep,
        "Timeout": gevent.Timeout,
        "with_timeout": gevent.with_timeout,
        "AsyncResult.get": gevent.event.AsyncResult.get,
        "AsyncResult.set": gevent.event.AsyncResult.set,
        "Queue": gevent.queue.Queue,
        "Pool": gevent.pool.Pool,
        "ThreadPool": gevent.threadpool.ThreadPool,
        "patch_all": gevent.monkey.patch_all,
        "patch_module": gevent.monkey.patch_module,
        "spawn": gevent.hub.spawn_raw,
    }
    return {each: outcome(parameters, fn) for each, fn in calls.items()}


@probe("P365", "gevent", "lifecycle", source="gevent: greenlets, their frames and results are freed without the cycle collector")
def what_a_finished_greenlet_keeps_alive() -> Any:
    import gc
    import weakref

    import gevent
    import gevent.event

    class Held:
        pass

    def run(end: Any) -> list[str]:
        held = Held()
        greenlet = gevent.spawn(end, held)
        refs = [weakref.ref(held), weakref.ref(greenlet)]
        del held
        greenlet.join()
        outcome(greenlet.get)
        del greenlet
        gevent.sleep(0)
        return ["freed" if ref() is None else "alive" for ref in refs]

    def fails(_: Any) -> None:
        raise ValueError

    def got_through_a_result(_: Any) -> None:
        result = gevent.event.AsyncResult()
        result.set_exception(ValueError())
        outcome(result.get)

    gc.disable()
    return {
        "value": run(lambda it: None),
        "error": outcome(run, fails),
        "sleeps": run(lambda it: gevent.sleep(0)),
        "result": run(got_through_a_result),
    }


@probe("P369", "gevent", "cancellation", source="gevent docs: sleep(0) yields; order of callbacks, spawns and switches")
def in_which_order_a_hub_runs_what_is_ready() -> Any:
    import gevent

    log: list[str] = []
    hub = gevent.get_hub()
    gevent.spawn(log.append, "spawn 1")
    hub.loop.run_callback(log.append, "callback")
    gevent.spawn_later(0, log.append, "spawn_later 0")
    gevent.spawn_raw(log.append, "spawn_raw")
    gevent.spawn(log.append, "spawn 2")
    log.append("spawner goes on")
    gevent.sleep(0)
    log.append("after sleep(0)")
    gevent.sleep(0.01)
    return {"log": log, "sleep, negative": outcome(gevent.sleep, -1), "idle": outcome(gevent.idle)}
