"""Tornado: what its coroutines, futures, locks, streams and loops do with cancels, contexts, timeouts and each other.

Source: Tornado's release notes, 6.0 to 6.6.
"""

from interop.probes.observe import (
    aoutcome,
    child,
    children,
    logged,
    name,
    outcome,
    parameters,
    plain,
    settled,
    state,
    turns,
    unhandled,
)
from interop.probes.probe import probe


@probe("P60", "tornado", "cancellation", source="Tornado 6.6: chain_future() hands a cancel on")
def what_chain_future_hands_on():
    import asyncio
    import concurrent.futures

    from tornado.concurrent import chain_future

    async def main(kind, settle, target_first):
        loop = asyncio.get_running_loop()
        errors = unhandled(loop)
        source = loop.create_future() if kind == "asyncio" else concurrent.futures.Future()
        target = loop.create_future()
        chain_future(source, target)
        if target_first:
            target.cancel()
            await turns()
            before = state(source)
        outcome(settle, source)
        await turns(50)
        return [state(target), *([before, state(source)] if target_first else []), *errors]

    settles = {
        "result": lambda source: source.set_result("value"),
        "failure": lambda source: source.set_exception(KeyError()),
        "cancel": lambda source: source.cancel(),
    }
    return {
        f"{kind} {what}{', target cancelled first' if first else ''}": asyncio.run(main(kind, settle, first))
        for kind in ("asyncio", "concurrent")
        for what, settle in settles.items()
        for first in (False, True)
    }


@probe("P61", "tornado", "cancellation", source="Tornado 6.6, #3537, #3539: a cancelled child ends a decorated coroutine")
def what_a_cancel_does_to_a_decorated_coroutine():
    import asyncio

    from tornado import gen

    @gen.coroutine
    def waits(inner, log):
        try:
            yield inner
        except BaseException as error:
            log.append(name(error))
            raise
        finally:
            log.append("cleaned")

    @gen.coroutine
    def swallows(inner, log):
        try:
            yield inner
        except BaseException as error:
            log.append(name(error))
        return "value"

    @gen.coroutine
    def nested(inner, log):
        yield waits(inner, log)

    @gen.coroutine
    def raises(inner, log):
        yield gen.moment
        raise asyncio.CancelledError

    @gen.coroutine
    def at_once(inner, log):
        raise asyncio.CancelledError

    async def native(inner, log):
        await waits(inner, log)

    async def main(start, whom, when="waiting"):
        errors = unhandled(asyncio.get_running_loop())
        inner, log = asyncio.get_running_loop().create_future(), []
        if when == "before":
            inner.cancel()
        try:
            outer = start(inner, log)
        except BaseException as error:
            return [f"raises {name(error)}"]
        outer = asyncio.ensure_future(outer)
        await turns()
        if whom == "inner":
            inner.cancel()
        elif whom == "outer":
            outer.cancel()
        await turns(50)
        found = [state(outer), state(inner), *log, *errors]
        if whom == "outer" and not inner.done():
            inner.set_result(1)
            await turns(50)
            found.append(["then", *log, *errors])
        return found

    starts = waits, swallows, nested, raises, at_once, native
    found = {
        f"{start.__name__}, {whom} cancelled": asyncio.run(main(start, whom)) for start in starts for whom in ("inner", "outer")
    }
    found["cancelled before"] = asyncio.run(main(waits, "nobody", "before"))
    return found


@probe("P62", "tornado", "cancellation", source="Tornado 6.6: gen.multi() raises CancelledError, as gather() does")
def what_multi_does_with_cancelled_and_failing_children():
    import asyncio

    from tornado import gen

    @gen.coroutine
    def yields(children):
        return (yield children)

    async def main(combine, settle):
        loop = asyncio.get_running_loop()
        errors = unhandled(loop)
        first, second = loop.create_future(), loop.create_future()
        with logged() as records:
            combined = combine(first, second)
            await turns()
            settle(first, second)
            await turns(50)
        return [state(combined), state(second), *errors, *records]

    combines = {
        "list": lambda *both: gen.multi(list(both)),
        "dict": lambda *both: gen.multi(dict(enumerate(both))),
        "quiet": lambda *both: gen.multi(list(both), quiet_exceptions=ValueError),
        "multi_future": lambda *both: gen.multi_future(list(both)),
        "yielded": lambda *both: yields(list(both)),
    }

    def cancelled(first, second):
        first.cancel()
        second.set_result("ok")

    def all_cancelled(first, second):
        first.cancel()
        second.cancel()

    def second_cancelled(first, second):
        first.set_result("ok")
        second.cancel()

    def failed(first, second):
        first.set_exception(KeyError())
        second.set_exception(ValueError())

    def one_failed(first, second):
        first.set_exception(KeyError())

    settles = cancelled, all_cancelled, second_cancelled, failed, one_failed
    found = {
        f"{what}, {settle.__name__}": asyncio.run(main(combine, settle))
        for what, combine in combines.items()
        for settle in settles
    }

    async def outer():
        children = [asyncio.get_running_loop().create_future() for _ in range(2)]
        combined = gen.multi(children)
        combined.cancel()
        await turns()
        return [state(each) for each in (combined, *children)]

    async def empty():
        return [await gen.multi([]), await gen.multi({})]

    return {**found, "itself cancelled": asyncio.run(outer()), "empty": asyncio.run(empty())}


@probe("P63", "tornado", "lifecycle", source="Tornado 6.2, #2924: PeriodicCallback awaits a coroutine before it calls again")
def what_a_periodic_callback_does_with_slow_and_failing_callbacks():
    import asyncio
    import datetime

    from tornado import gen
    from tornado.ioloop import PeriodicCallback

    async def main(kind, release_at=None):
        running, peak, calls, gate = 0, 0, 0, asyncio.Event()

        def begin():
            nonlocal running, peak, calls
            running, calls = running + 1, calls + 1
            peak = max(peak, running)

        async def native():
            begin()
            await gate.wait()

        @gen.coroutine
        def decorated():
            begin()
            yield gate.wait()

        def returns_future():
            begin()
            return asyncio.ensure_future(gate.wait())

        def fails():
            begin()
            raise KeyError

        async def fails_later():
            begin()
            await asyncio.sleep(0)
            raise KeyError

        ticks = asyncio.Semaphore(0)
        with logged() as records:
            observed = PeriodicCallback(locals()[kind], 2)
            clock = PeriodicCallback(ticks.release, 2)
            observed.start()
            clock.start()
            for _ in range(6):
                await ticks.acquire()
            found = ["again" if calls > 1 else "once", "overlaps" if peak > 1 and not kind.startswith("fails") else "alone"]
            found.append(observed.is_running())
            observed.stop()
            clock.stop()
            gate.set()
            await turns()
        return [*found, sorted(set(records))]

    kinds = "native", "decorated", "returns_future", "fails", "fails_later"
    found = {kind: asyncio.run(main(kind)) for kind in kinds}
    found["a timedelta"] = outcome(lambda: PeriodicCallback(int, datetime.timedelta(seconds=1)).callback_time)
    found["zero"] = outcome(PeriodicCallback, int, 0)
    return found


@probe("P64", "tornado", "lifecycle", source="Tornado 6.4: gen keeps a strong reference to the tasks that it makes")
def what_keeps_a_started_coroutine_alive():
    import asyncio
    import gc

    from tornado import gen
    from tornado.ioloop import IOLoop

    async def main(start):
        log = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: log.append("task" in context))

        async def native():
            # Nobody but this frame holds the future.
            future = asyncio.get_running_loop().create_future()
            try:
                await future
            except BaseException as error:
                log.append(name(error))
                raise

        @gen.coroutine
        def decorated():
            future = asyncio.get_running_loop().create_future()
            try:
                yield future
            except BaseException as error:
                log.append(name(error))
                raise

        start(native, decorated)
        await turns()
        gc.collect()
        await turns()
        return log or "alive"

    @gen.coroutine
    def around(fn):
        yield fn()

    starts = {
        "convert_yielded()": lambda native, decorated: gen.convert_yielded(native()) and None,
        "a decorated coroutine": lambda native, decorated: decorated() and None,
        "native in decorated": lambda native, decorated: around(native) and None,
        "multi()": lambda native, decorated: gen.multi([native()]) and None,
        "with_timeout()": lambda native, decorated: gen.with_timeout(1e12, native()) and None,
        "spawn_callback()": lambda native, decorated: IOLoop.current().spawn_callback(native),
        "add_callback()": lambda native, decorated: IOLoop.current().add_callback(native),
        "add_future()": lambda native, decorated: IOLoop.current().add_future(asyncio.ensure_future(native()), int),
    }
    return {what: outcome(asyncio.run, main(start)) for what, start in starts.items()}


@probe(
    "P65",
    "tornado",
    "exceptions",
    source="Tornado 6.0: raise_error=False suppresses status codes only; 6.1: zero disables a timeout; 6.6: streaming_callback",
)
def what_a_fetch_raises_and_returns():
    import asyncio
    import socket

    from tornado.httpclient import AsyncHTTPClient, HTTPRequest

    async def answer(reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        path = head.split()[1]
        if path == b"/slow":
            await reader.read()
        elif path == b"/cut":
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc")
        elif path == b"/garbage":
            writer.write(b"garbage\r\n\r\n")
        elif path == b"/303":
            writer.write(b"HTTP/1.1 303 See Other\r\nLocation: /method\r\nContent-Length: 0\r\n\r\n")
        elif path == b"/loop":
            writer.write(b"HTTP/1.1 302 Found\r\nLocation: /loop\r\nContent-Length: 0\r\n\r\n")
        elif path == b"/agent":
            body = head.lower().partition(b"user-agent: ")[2].partition(b"\r\n")[0].partition(b"/")[0]
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
        elif path == b"/method":
            body = head.split()[0]
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
        else:
            writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 1\r\n\r\nx")
        writer.close()

    async def main():
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))
            nobody = closed.getsockname()[1]
        client, found = AsyncHTTPClient(), {}

        async def fetch(what, url, **options):
            try:
                fetching = asyncio.ensure_future(
                    client.fetch(url if "://" in url else f"http://127.0.0.1:{port}{url}", **options)
                )
                await asyncio.wait([fetching], timeout=0.4)
                if not fetching.done():
                    found[what] = "pending"
                    return
                response = fetching.result()
                found[what] = [response.code, response.body.decode() if response.code == 200 else name(response.error)]
            except Exception as error:
                found[what] = f"raises {name(error)} {getattr(error, 'code', '')}"

        for quiet in (True, False):
            mark = "" if quiet else ", raise_error=False"
            await fetch(f"404{mark}", "/", raise_error=quiet)
            await fetch(f"nobody listens{mark}", f"http://127.0.0.1:{nobody}/", raise_error=quiet)
            await fetch(f"slow{mark}", "/slow", raise_error=quiet, request_timeout=0.05)
            await fetch(f"cut{mark}", "/cut", raise_error=quiet)
            await fetch(f"garbage{mark}", "/garbage", raise_error=quiet)
            await fetch(f"scheme{mark}", "gopher://x/", raise_error=quiet)
            await fetch(f"redirect loop{mark}", "/loop", raise_error=quiet, max_redirects=2)
        await fetch("303 after PUT", "/303", method="PUT", body=b"x")
        await fetch("timeouts of zero", "/method", request_timeout=0, connect_timeout=0)
        await fetch("user agent", "/agent")
        chunks = []

        async def chunk(data):
            await asyncio.sleep(0)
            chunks.append(len(data))

        await fetch("streaming", "/method", streaming_callback=chunk)
        found["streaming to a coroutine"] = chunks
        waiting = asyncio.ensure_future(client.fetch(HTTPRequest(f"http://127.0.0.1:{port}/slow")))
        await turns()
        waiting.cancel()
        found["cancelled"] = await settled(waiting)
        return found

    with logged():
        return asyncio.run(main())


async def _zero(make, **options):
    """What waiting with a timeout of nothing comes to: {seconds: state}."""
    import asyncio
    import datetime

    found = {}
    for what, timeout in {
        "0": 0,
        "timedelta(0)": datetime.timedelta(0),
        "the past": 1,
        "soon": datetime.timedelta(milliseconds=1),
    }.items():
        try:
            waiting = asyncio.ensure_future(make(timeout))
        except BaseException as error:
            found[what] = f"raises {name(error)} at once"
            continue
        at_once = waiting.done()
        await asyncio.sleep(0.005)
        await turns()
        found[what] = [str(state(waiting)) if not hasattr(state(waiting), "__enter__") else "acquired", at_once]
        waiting.cancel()
        await turns()
    return found


@probe("P66", "tornado", "timeouts", source="Tornado 6.6: a timeout of zero is no longer None for locks")
def what_locks_do_with_a_timeout_of_zero():
    import asyncio

    from tornado import locks

    async def main():
        event, condition, semaphore, lock = locks.Event(), locks.Condition(), locks.Semaphore(0), locks.Lock()
        await lock.acquire()
        free, was_set = locks.Semaphore(100), locks.Event()
        was_set.set()
        return {
            "Event.wait": await _zero(event.wait),
            "Event.wait of one that is set": await _zero(was_set.wait),
            "Condition.wait": await _zero(condition.wait),
            "Semaphore.acquire": await _zero(semaphore.acquire),
            "Semaphore.acquire of one that is free": await _zero(free.acquire),
            "Lock.acquire": await _zero(lock.acquire),
        }

    return asyncio.run(main())


@probe("P67", "tornado", "timeouts", source="Tornado 6.6: a timeout of zero is no longer None for queues")
def what_queues_do_with_a_timeout_of_zero():
    import asyncio

    from tornado import queues

    async def main():
        empty, full, unfinished = queues.Queue(), queues.Queue(1), queues.Queue()
        full.put_nowait(1)
        unfinished.put_nowait(1)
        many = queues.Queue()
        for number in range(4):
            many.put_nowait(number)
        return {
            "get": await _zero(empty.get),
            "get of one with items": await _zero(many.get),
            "put": await _zero(lambda timeout: full.put(2, timeout)),
            "put to one with room": await _zero(lambda timeout: queues.Queue().put(2, timeout)),
            "join": await _zero(unfinished.join),
            "join of one that is finished": await _zero(queues.Queue().join),
        }

    return asyncio.run(main())


@probe("P68", "tornado", "exceptions", source="Tornado 6.2: gen.TimeoutError is asyncio.TimeoutError")
def which_of_tornado_s_errors_are_others_too():
    import asyncio
    import concurrent.futures

    from tornado import gen, httpclient, ioloop, iostream, locks, queues, simple_httpclient, util, websocket

    errors = {
        "gen.TimeoutError": gen.TimeoutError,
        "util.TimeoutError": getattr(util, "TimeoutError", None),
        "ioloop.TimeoutError": getattr(ioloop, "TimeoutError", None),
        "HTTPClientError": httpclient.HTTPClientError,
        "HTTPTimeoutError": simple_httpclient.HTTPTimeoutError,
        "HTTPStreamClosedError": simple_httpclient.HTTPStreamClosedError,
        "StreamClosedError": iostream.StreamClosedError,
        "UnsatisfiableReadError": iostream.UnsatisfiableReadError,
        "QueueEmpty": queues.QueueEmpty,
        "BadYieldError": gen.BadYieldError,
        "ReturnValueIgnoredError": gen.ReturnValueIgnoredError,
        "WebSocketClosedError": websocket.WebSocketClosedError,
    }
    found = {what: [name(base) for base in error.__mro__[:-2]] if error else "missing" for what, error in errors.items()}
    return {
        **found,
        "gen.TimeoutError is asyncio.TimeoutError": gen.TimeoutError is asyncio.TimeoutError,
        "tornado's Future is asyncio's": gen.Future is asyncio.Future,
        "is_future()": [gen.is_future(make) for make in (concurrent.futures.Future(), int)],
        "locks": locks.Lock.__module__,
    }


@probe(
    "P69",
    "tornado",
    "timeouts",
    source="gen.with_timeout() documentation: the future is not cancelled, its late failure is logged",
)
def what_with_timeout_does_to_what_it_waited_for():
    import asyncio
    import datetime

    from tornado import gen

    async def main(timeout, settle, **options):
        errors = unhandled(asyncio.get_running_loop())
        inner = asyncio.get_running_loop().create_future()
        with logged() as records:
            outer = gen.with_timeout(timeout, inner, **options)
            found = [await settled(outer) if settle is None or options else state(outer), state(inner)]
            if settle is not None:
                settle(inner)
            await turns()
        return [*found, state(outer), *errors, *records]

    async def native(timeout):
        log = []

        async def waits():
            try:
                await asyncio.Event().wait()
            except BaseException as error:
                log.append(name(error))
                raise

        found = await settled(gen.with_timeout(timeout, waits()))
        return [found, *log]

    async def outer_cancelled():
        inner = asyncio.get_running_loop().create_future()
        outer = gen.with_timeout(1e12, inner)
        outer.cancel()
        await turns()
        return [state(outer), state(inner)]

    soon, late = datetime.timedelta(milliseconds=1), datetime.timedelta(seconds=100)
    return {
        "late": asyncio.run(main(soon, None)),
        "zero": asyncio.run(main(datetime.timedelta(0), None)),
        "past": asyncio.run(main(1, None)),
        "negative": asyncio.run(main(datetime.timedelta(-1), None)),
        "late, then it fails": asyncio.run(main(soon, lambda inner: inner.set_exception(KeyError()), quiet_exceptions=())),
        "late, then it fails quietly": asyncio.run(
            main(soon, lambda inner: inner.set_exception(KeyError()), quiet_exceptions=KeyError)
        ),
        "late, then it is cancelled": asyncio.run(main(soon, lambda inner: inner.cancel(), quiet_exceptions=())),
        "in time": asyncio.run(main(late, lambda inner: inner.set_result(1))),
        "cancelled in time": asyncio.run(main(late, lambda inner: inner.cancel())),
        "a native coroutine": asyncio.run(native(soon)),
        "itself cancelled": asyncio.run(outer_cancelled()),
    }


@probe(
    "P70",
    "tornado",
    "contextvars",
    source="Tornado 6.1: reset() in decorated coroutines; 6.3: a native coroutine called by one sees its context",
)
def which_context_decorated_coroutines_and_callbacks_run_in():
    import asyncio
    import contextvars

    from tornado import gen
    from tornado.ioloop import IOLoop, PeriodicCallback

    var = contextvars.ContextVar("var", default="empty")

    async def native():
        seen = var.get()
        await asyncio.sleep(0)
        var.set("native's")
        return [seen, var.get()]

    @gen.coroutine
    def decorated():
        seen = [var.get()]
        token = var.set("decorated's")
        seen.append((yield native()))
        seen.append(var.get())
        yield gen.moment
        seen.append(var.get())
        seen.append(outcome(var.reset, token))
        seen.append(var.get())
        return seen

    @gen.coroutine
    def leaks(at_once):
        if not at_once:
            yield gen.moment
        var.set("leaked")
        yield gen.moment

    @gen.coroutine
    def own(value, log):
        var.set(value)
        yield gen.moment
        log.append(var.get() == value)

    @gen.coroutine
    def around():
        var.set("around's")
        yield leaks(True)
        first = var.get()
        yield leaks(False)
        return [first, var.get()]

    async def main():
        log, found = [], {}
        var.set("caller's")
        found["decorated"] = await decorated()
        found["its caller after it"] = var.get()
        var.set("caller's")
        found["decorated in decorated"] = await around()
        var.set("caller's")
        await leaks(True)
        found["written before its first yield"] = var.get()
        var.set("caller's")
        await gen.multi([own(value, log) for value in "abc"])
        found["three at once"] = log
        var.set("caller's")
        loop, done = IOLoop.current(), asyncio.Semaphore(0)

        def note(what):
            found[what] = var.get()
            done.release()

        loop.add_callback(note, "add_callback()")
        loop.call_later(0, note, "call_later()")
        loop.spawn_callback(note, "spawn_callback()")
        loop.add_future(asyncio.ensure_future(asyncio.sleep(0)), lambda _: note("add_future()"))
        periodic = PeriodicCallback(lambda: (note("PeriodicCallback"), periodic.stop()), 1)
        periodic.start()
        found["run_in_executor()"] = await loop.run_in_executor(None, var.get)
        loop.add_callback_from_signal(note, "add_callback_from_signal()")
        var.set("later")
        for _ in range(6):
            await done.acquire()
        return found

    return asyncio.run(main())


@probe(
    "P71",
    "tornado",
    "threads",
    source="Tornado 6.2 and 6.3: IOLoop(), current() and make_current() and their deprecations; 6.2: asyncio_loop=",
)
def which_ioloop_a_thread_gets_and_what_getting_it_says():
    before = """
import asyncio, json, threading, warnings
from tornado.ioloop import IOLoop
def get(fn):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            got = fn()
            got = type(got).__name__ if not isinstance(got, bool) else got
        except BaseException as error:
            got = "raises " + type(error).__name__
    print(json.dumps([got, [warning.category.__name__ for warning in caught]]))
async def same():
    get(lambda: IOLoop.current() is IOLoop.current())
    get(lambda: IOLoop.current().asyncio_loop is asyncio.get_running_loop())
    get(lambda: IOLoop())
"""
    bodies = {
        "main thread": "get(IOLoop.current); get(lambda: IOLoop.current() is IOLoop.current())",
        "no instance": "get(lambda: IOLoop.current(instance=False))",
        "IOLoop()": "get(IOLoop); get(lambda: IOLoop(make_current=False)); get(lambda: IOLoop(make_current=True))",
        "IOLoop() becomes current": "loop = IOLoop(); get(lambda: IOLoop.current(instance=False) is loop)",
        "a second IOLoop()": "IOLoop(); second = IOLoop(); get(lambda: IOLoop.current(instance=False) is second)",
        "asyncio_loop=": "l = asyncio.new_event_loop(); get(lambda: IOLoop(asyncio_loop=l, make_current=False).asyncio_loop is l)",
        "make_current()": "loop = IOLoop(make_current=False); get(loop.make_current); get(IOLoop.clear_current)",
        "another thread": "t = threading.Thread(target=get, args=(IOLoop.current,)); t.start(); t.join()",
        "a loop of its own in another thread": "t = threading.Thread(target=get, args=(IOLoop,)); t.start(); t.join()",
        "asyncio.run()": "asyncio.run(same())",
        "after asyncio.run()": "asyncio.run(asyncio.sleep(0)); get(IOLoop.current)",
        "instance()": "get(IOLoop.instance); get(lambda: IOLoop.initialized())",
        "set_event_loop()": "l = asyncio.new_event_loop(); asyncio.set_event_loop(l); get(lambda: IOLoop.current().asyncio_loop is l)",
        "started in another thread": "loop = IOLoop(make_current=False); loop.add_callback(loop.stop)\n"
        "t = threading.Thread(target=get, args=(loop.start,)); t.start(); t.join()",
    }
    return children(before, bodies)


@probe("P72", "tornado", "lifecycle", source="IOLoop.run_sync() documentation")
def what_run_sync_returns_raises_and_leaves():
    import asyncio
    import warnings

    from tornado import gen
    from tornado.ioloop import IOLoop

    log = []

    async def waits():
        try:
            await asyncio.Event().wait()
        except BaseException as error:
            log.append(name(error))
            raise

    @gen.coroutine
    def decorated_waits():
        yield asyncio.get_running_loop().create_future()

    async def fails():
        raise KeyError

    async def stops():
        IOLoop.current().stop()
        await asyncio.Event().wait()

    async def inside():
        return outcome(IOLoop.current().run_sync, fails)

    async def cancelled():
        raise asyncio.CancelledError

    warnings.simplefilter("ignore")
    loop = IOLoop()
    run = lambda *args, **options: outcome(loop.run_sync, *args, **options)  # noqa: E731
    return {
        "value": run(lambda: asyncio.sleep(0, "value")),
        "a plain value": run(lambda: 1),
        "failure": run(fails),
        "late": [run(waits, timeout=0.01), list(log)],
        "a late decorated one": run(decorated_waits, timeout=0.01),
        "zero": run(lambda: asyncio.sleep(0, "value"), timeout=0),
        "stopped": run(stops),
        "from inside": run(inside),
        "cancelled": run(cancelled),
        "raises at once": run(lambda: 1 / 0),
        "again": run(lambda: asyncio.sleep(0, "value")),
        "closed": [outcome(loop.close), run(lambda: 1)],
    }


@probe(
    "P73", "tornado", "threads", source="IOLoop.add_callback() documentation; Tornado 6.2: no 'Event loop is closed' at shutdown"
)
def what_reaches_an_ioloop_from_another_thread_or_after_its_end():
    import asyncio
    import concurrent.futures
    import threading
    import warnings

    from tornado.ioloop import IOLoop

    warnings.simplefilter("ignore")
    started, found, box, log = threading.Event(), {}, [], []

    def serve():
        async def main():
            box.append(IOLoop.current())
            stop = asyncio.Event()
            box.append(stop)
            started.set()
            await stop.wait()

        asyncio.run(main())

    thread = threading.Thread(target=serve)
    thread.start()
    started.wait()
    loop, stop = box
    done = concurrent.futures.Future()
    loop.add_callback(lambda: done.set_result(threading.current_thread() is thread))
    found["add_callback() runs in the loop's thread"] = done.result()
    other = concurrent.futures.Future()
    found["add_timeout() from another thread"] = type(outcome(loop.call_later, 0, int)).__name__
    loop.add_callback(other.set_result, 1)
    other.result()
    loop.add_callback(stop.set)
    thread.join()
    found["add_callback() once closed"] = outcome(loop.add_callback, log.append, 1)
    found["spawn_callback() once closed"] = outcome(loop.spawn_callback, log.append, 1)
    found["call_later() once closed"] = outcome(lambda: loop.call_later(0, log.append, 1) and "taken")
    found["add_future() once closed"] = outcome(loop.add_future, concurrent.futures.Future(), log.append)
    found["run_in_executor() once closed"] = outcome(lambda: type(loop.run_in_executor(None, int)).__name__)
    found["start() once closed"] = outcome(loop.start)
    found["close() once closed"] = outcome(loop.close)
    found["ran"] = log
    return found


@probe(
    "P74",
    "tornado",
    "exceptions",
    source="IOLoop._run_callback(), IOLoop.add_future(): failures are logged by tornado.application",
)
def where_a_lost_failure_is_logged():
    import asyncio

    from tornado import gen
    from tornado.ioloop import IOLoop

    async def native():
        raise KeyError

    @gen.coroutine
    def decorated():
        yield gen.moment
        raise KeyError

    def plain(*_):
        raise KeyError

    async def cancelled():
        raise asyncio.CancelledError

    def bad():
        raise asyncio.CancelledError

    async def main(start):
        import gc

        errors = unhandled(asyncio.get_running_loop())
        with logged() as records:
            found = outcome(start, IOLoop.current())
            found = found if isinstance(found, str) else "quiet"
            await turns(50)
            gc.collect()
            await turns()
        return [found, *errors, *records]

    starts = {}
    for fn in (native, decorated, plain, cancelled, bad):
        starts[f"add_callback({fn.__name__})"] = lambda loop, fn=fn: loop.add_callback(fn)
        starts[f"spawn_callback({fn.__name__})"] = lambda loop, fn=fn: loop.spawn_callback(fn)
        starts[f"call_later({fn.__name__})"] = lambda loop, fn=fn: loop.call_later(0, fn) and None
    starts["add_future(), its callback fails"] = lambda loop: loop.add_future(asyncio.ensure_future(asyncio.sleep(0)), plain)
    starts["add_future(), the future fails"] = lambda loop: loop.add_future(asyncio.ensure_future(native()), int.__class__)
    starts["a decorated one, forgotten"] = lambda loop: decorated() and None
    starts["convert_yielded(), forgotten"] = lambda loop: gen.convert_yielded(native()) and None
    return {what: asyncio.run(main(start)) for what, start in starts.items()}


@probe("P75", "tornado", "converters", source="gen.coroutine and gen.convert_yielded() documentation")
def what_a_decorated_coroutine_can_yield_and_gets_back():
    import asyncio
    import concurrent.futures
    import types

    from tornado import gen

    async def native():
        return "native"

    @types.coroutine
    def old():
        yield
        return "types.coroutine"

    @gen.coroutine
    def decorated():
        raise gen.Return("decorated")

    class Awaitable:
        def __await__(self):
            yield
            return "awaitable"

    def future(kind):
        made = kind()
        made.set_result(kind.__module__)
        return made

    @gen.coroutine
    def yields(make):
        got = yield make()
        return got

    makes = {
        "coroutine": native,
        "types.coroutine": old,
        "decorated": decorated,
        "awaitable": Awaitable,
        "asyncio future": lambda: future(asyncio.get_running_loop().create_future),
        "concurrent future": lambda: future(concurrent.futures.Future),
        "task": lambda: asyncio.ensure_future(native()),
        "list": lambda: [native(), decorated()],
        "tuple": lambda: (native(), decorated()),
        "dict": lambda: {"a": native()},
        "empty list": list,
        "None": lambda: None,
        "moment": lambda: gen.moment,
        "sleep": lambda: gen.sleep(0),
        "a generator": lambda: (number for number in range(2)),
        "an async generator": lambda: _agen(),
        "a number": int,
        "a string": str,
    }

    async def main():
        found = {}
        for what, make in makes.items():
            converted = "" if what in ("None",) else type(outcome(lambda make=make: gen.convert_yielded(make()))).__name__
            found[what] = [await aoutcome(lambda make=make: yields(make)), converted.lstrip("_")]
        return found

    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return asyncio.run(main())


async def _agen():
    yield 1


@probe("P76", "tornado", "exceptions", source="gen.coroutine documentation: Return, StopIteration, generators that are not")
def how_a_decorated_coroutine_ends():
    import asyncio
    import traceback

    from tornado import gen

    def decorate(fn):
        return gen.coroutine(fn)

    @decorate
    def returns():
        yield gen.moment
        return "value"

    @decorate
    def old_return():
        yield gen.moment
        raise gen.Return("value")

    @decorate
    def no_generator():
        return "value"

    @decorate
    def fails_at_once():
        raise KeyError

    @decorate
    def fails_later():
        yield gen.moment
        raise KeyError

    @decorate
    def stops():
        raise StopIteration("value")

    @decorate
    def stops_later():
        yield gen.moment
        raise StopIteration("value")

    @decorate
    def interrupts():
        raise KeyboardInterrupt

    @decorate
    async def native():
        return "value"

    @decorate
    def refuses_to_end():
        try:
            yield gen.moment
        finally:
            yield gen.moment

    async def at_once(fn):
        got = outcome(fn)
        found = plain(state(got)) if asyncio.isfuture(got) else plain(got)
        if asyncio.isfuture(got) or hasattr(got, "send"):
            return [found, plain(await aoutcome(lambda: got))]
        return [found]

    async def frames():
        try:
            await fails_later()
        except KeyError as error:
            return [frame.name for frame in traceback.extract_tb(error.__traceback__)]

    fns = returns, old_return, no_generator, fails_at_once, fails_later, stops, stops_later, interrupts, native, refuses_to_end
    found = {fn.__name__: outcome(asyncio.run, at_once(fn)) for fn in fns}
    return {**found, "frames": asyncio.run(frames()), "is_coroutine_function": gen.is_coroutine_function(returns)}


@probe("P77", "tornado", "streams", source="Tornado 6.2: WaitIterator.current_index; 6.6: one future twice")
def what_a_wait_iterator_gives():
    import asyncio

    from tornado import gen

    async def main(make, settle):
        loop = asyncio.get_running_loop()
        futures = make(loop)
        iterator = gen.WaitIterator(*futures)
        settle(futures)
        found = []
        for _ in range(4):
            if iterator.done():
                found.append("done")
                break
            waiting = asyncio.ensure_future(iterator.next())
            await turns(50)
            found.append([state(waiting), iterator.current_index])
            if not waiting.done():
                waiting.cancel()
                break
        return found

    def distinct(loop):
        return [loop.create_future(), loop.create_future()]

    def same(loop):
        return [loop.create_future()] * 2

    def backwards(futures):
        for number, future in reversed(list(enumerate(futures))):
            if not future.done():
                future.set_result(number)

    def fail_one(futures):
        futures[0].set_exception(KeyError())
        futures[1].set_result(1)

    def cancel_one(futures):
        futures[0].cancel()
        futures[1].set_result(1)

    return {
        "backwards": outcome(asyncio.run, main(distinct, backwards)),
        "one fails": outcome(asyncio.run, main(distinct, fail_one)),
        "one is cancelled": outcome(asyncio.run, main(distinct, cancel_one)),
        "one twice": outcome(asyncio.run, main(same, backwards)),
        "none": outcome(lambda: type(gen.WaitIterator()).__name__),
    }


@probe("P78", "tornado", "streams", source="IOStream documentation; Tornado 6.1: reads that end while the stream closes")
def what_a_closing_stream_does_to_its_reader_and_writer():
    import asyncio
    import socket

    from tornado.iostream import IOStream

    async def main(act):
        ours, theirs = socket.socketpair()
        stream, log = IOStream(ours), []
        stream.set_close_callback(lambda: log.append("closed"))
        with logged() as records:
            try:
                reading = stream.read_until(b"\n", max_bytes=10)
                await turns()
                act(stream, theirs, reading)
                found = [await settled(reading) if act is not cancels else state(reading)]
                await turns()
                found.append(name(stream.error) if stream.error else None)
                found.append(outcome(lambda: type(stream.write(b"late")).__name__))
                found.append(outcome(lambda: type(stream.read_bytes(1)).__name__))
            except Exception as error:
                found = [f"raises {name(error)}"]
            finally:
                stream.close()
                theirs.close()
                await turns()
        return [str(entry) for entry in found] + log + records

    def cancels(stream, theirs, reading):
        reading.cancel()

    def closes(stream, theirs, reading):
        stream.close()

    def peer_closes(stream, theirs, reading):
        theirs.close()

    def peer_sends_half(stream, theirs, reading):
        theirs.sendall(b"half")
        theirs.close()

    def too_long(stream, theirs, reading):
        theirs.sendall(b"x" * 100)

    def closes_with_error(stream, theirs, reading):
        stream.close(exc_info=(KeyError, KeyError(), None))

    acts = closes, peer_closes, peer_sends_half, too_long, closes_with_error, cancels
    found = {act.__name__: asyncio.run(main(act)) for act in acts}

    async def two_reads():
        ours, theirs = socket.socketpair()
        stream = IOStream(ours)
        stream.read_bytes(1)
        second = outcome(lambda: type(stream.read_bytes(1)).__name__)
        stream.close()
        theirs.close()
        await turns()
        return second

    with logged():
        return {**found, "two reads": asyncio.run(two_reads())}


@probe("P79", "tornado", "streams", source="tornado.queues documentation")
def what_a_queue_does_when_its_users_are_cancelled():
    import asyncio

    from tornado import queues

    async def getters(settle):
        queue = queues.Queue()
        first, second = queue.get(), queue.get()
        await turns()
        errors = [outcome(settle, queue, first)]
        await turns()
        found = [state(asyncio.ensure_future(first)), state(asyncio.ensure_future(second)), queue.qsize(), *errors]
        return found

    async def putters():
        queue = queues.Queue(1)
        queue.put_nowait("a")
        first, second = queue.put("b"), queue.put("c")
        await turns()
        first.cancel()
        found = [outcome(queue.get_nowait)]
        await turns()
        found += [state(first), state(second), outcome(queue.get_nowait), outcome(queue.get_nowait)]
        return [*found, outcome(queue.task_done), [outcome(queue.task_done) for _ in range(3)]]

    async def iterates():
        queue, log = queues.Queue(), []

        async def consumes():
            async for item in queue:
                log.append(item)

        task = asyncio.ensure_future(consumes())
        queue.put_nowait(1)
        await turns()
        task.cancel()
        await turns()
        queue.put_nowait(2)
        return [log, queue.qsize(), state(task)]

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
        "an iterating task is cancelled": asyncio.run(iterates()),
        "shutdown()": hasattr(queues.Queue, "shutdown"),
    }


@probe("P80", "tornado", "cancellation", source="tornado.locks documentation")
def who_is_woken_when_a_waiter_of_a_lock_is_cancelled():
    import asyncio

    from tornado import locks

    async def handed_over(make, when):
        primitive = make()
        await primitive.acquire()
        first, second = primitive.acquire(), primitive.acquire()
        await turns()
        if when == "before":
            first.cancel()
        released = outcome(primitive.release)
        if when == "after":
            first.cancel()
        await turns()
        return [released, "cancelled" if first.cancelled() else first.done(), second.done(), outcome(primitive.release)]

    async def condition(when):
        made = locks.Condition()
        first, second = made.wait(), made.wait()
        if when == "before":
            first.cancel()
        notified = outcome(made.notify)
        await turns()
        return [notified, state(first), state(second)]

    async def event():
        made = locks.Event()
        first, second = made.wait(), made.wait()
        first.cancel()
        made.set()
        await turns()
        return [state(first), state(second)]

    async def with_statement():
        lock = locks.Lock()
        found = [outcome(lambda: lock.__enter__())]
        async with lock:
            found.append("held")
        found.append(outcome(lock.release))
        return found

    makes = {"Lock": locks.Lock, "Semaphore": lambda: locks.Semaphore(1), "BoundedSemaphore": lambda: locks.BoundedSemaphore(1)}
    found = {
        f"{what}, {when}": asyncio.run(handed_over(make, when)) for what, make in makes.items() for when in ("before", "after")
    }
    found |= {f"Condition, {when}": asyncio.run(condition(when)) for when in ("before", "never")}
    return {**found, "Event": asyncio.run(event()), "with": asyncio.run(with_statement())}


@probe(
    "P81", "tornado", "cancellation", source="Tornado 6.6: CancelledError in a handler ends the request; on_connection_close()"
)
def what_becomes_of_a_handler_whose_client_leaves_or_that_is_cancelled():
    import asyncio
    import socket

    from tornado.httpserver import HTTPServer
    from tornado.netutil import bind_sockets
    from tornado.web import Application, RequestHandler

    async def main(behavior):
        log, entered, ended = [], asyncio.Event(), asyncio.Event()

        class Handler(RequestHandler):
            async def get(self):
                entered.set()
                try:
                    if behavior == "cancelled":
                        raise asyncio.CancelledError
                    if behavior == "fails":
                        raise KeyError
                    if behavior == "cancels itself":
                        asyncio.current_task().cancel()
                    if behavior == "client leaves":
                        await self.left.wait()
                        await turns()
                    else:
                        await asyncio.sleep(0)
                    log.append("went on")
                except BaseException as error:
                    log.append(name(error))
                    raise
                finally:
                    ended.set()

            def initialize(self):
                self.left = asyncio.Event()

            def on_connection_close(self):
                log.append("on_connection_close()")
                self.left.set()

            def on_finish(self):
                log.append("on_finish()")

        sockets = bind_sockets(0, "127.0.0.1", family=socket.AF_INET)
        server = HTTPServer(Application([("/", Handler)]))
        server.add_sockets(sockets)
        errors = unhandled(asyncio.get_running_loop())
        with logged() as records:
            reader, writer = await asyncio.open_connection(*sockets[0].getsockname())
            writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            await entered.wait()
            if behavior == "client leaves":
                writer.close()
            await ended.wait()
            await turns(100)
            if behavior != "client leaves":
                reading = asyncio.ensure_future(reader.readline())
                line = await settled(reading)
                log.append(line.split()[1].decode() if line and line != "pending" else str(line or "closed"))
                reading.cancel()
                writer.close()
        server.stop()
        return [*log, *errors, *records]

    return {what: asyncio.run(main(what)) for what in ("client leaves", "cancelled", "cancels itself", "fails", "returns")}


@probe("P82", "tornado", "threads", source="run_on_executor, IOLoop.run_in_executor(), dummy_executor")
def what_calls_in_an_executor_return_and_cancel():
    import asyncio
    import concurrent.futures
    import threading

    from tornado.concurrent import dummy_executor, run_on_executor
    from tornado.ioloop import IOLoop

    class Service:
        executor = concurrent.futures.ThreadPoolExecutor(1)

        @run_on_executor
        def job(self, started, release):
            started.set()
            release.wait()
            return "value"

        @run_on_executor
        def fails(self, error):
            raise error

    async def cancelled(start):
        started, release = threading.Event(), threading.Event()
        future = start(started, release)
        kind = type(future).__module__.lstrip("_")
        await asyncio.get_running_loop().run_in_executor(None, started.wait)
        cancelled = future.cancel()
        await turns()
        found = [kind, cancelled, state(future)]
        release.set()
        await asyncio.get_running_loop().run_in_executor(Service.executor, int)
        await turns()
        return [*found, state(future)]

    async def main():
        service = Service()

        def in_executor(started, release):
            return IOLoop.current().run_in_executor(Service.executor, Service.job.__wrapped__, service, started, release)

        errors = unhandled(asyncio.get_running_loop())
        return {
            "run_on_executor": await cancelled(service.job),
            "run_in_executor()": await cancelled(in_executor),
            "failure": await aoutcome(service.fails, KeyError()),
            "asyncio's CancelledError": await settled(service.fails(asyncio.CancelledError())),
            "the executor's CancelledError": await settled(service.fails(concurrent.futures.CancelledError())),
            "dummy_executor": [state(dummy_executor.submit(int)), state(dummy_executor.submit(int, "x"))],
            "errors": errors,
        }

    return asyncio.run(main())


@probe("P83", "tornado", "signatures", source="Tornado's documentation, versionchanged of each")
def the_parameters_of_what_glue_calls():
    import importlib

    paths = (
        "gen:coroutine gen:multi gen:multi_future gen:with_timeout gen:convert_yielded gen:sleep gen:WaitIterator gen:is_future "
        "gen:maybe_future gen:is_coroutine_function concurrent:chain_future concurrent:run_on_executor concurrent:future_set_exc_info "
        "concurrent:future_add_done_callback concurrent:future_set_result_unless_cancelled "
        "concurrent:future_set_exception_unless_cancelled ioloop:IOLoop ioloop:IOLoop.run_sync ioloop:IOLoop.add_callback "
        "ioloop:IOLoop.add_future ioloop:IOLoop.add_timeout ioloop:IOLoop.call_later ioloop:IOLoop.run_in_executor "
        "ioloop:IOLoop.add_callback_from_signal ioloop:IOLoop.current ioloop:IOLoop.close ioloop:IOLoop.make_current "
        "ioloop:IOLoop.set_default_executor ioloop:PeriodicCallback locks:Event.wait locks:Condition.wait locks:Semaphore.acquire "
        "queues:Queue queues:Queue.get queues:Queue.put queues:Queue.join httpclient:AsyncHTTPClient.fetch httpclient:HTTPRequest "
        "websocket:websocket_connect netutil:bind_sockets tcpserver:TCPServer.listen web:Application.listen wsgi:WSGIContainer "
        "platform.asyncio:AsyncIOLoop platform.asyncio:to_tornado_future platform.asyncio:to_asyncio_future "
        "platform.asyncio:AnyThreadEventLoopPolicy platform.asyncio:AddThreadSelectorEventLoop platform.asyncio:SelectorThread "
        "platform.asyncio:BaseAsyncIOLoop.initialize "
        "testing:gen_test testing:AsyncTestCase.wait testing:bind_unused_port process:Subprocess.wait_for_exit"
    )
    found = {}
    for path in paths.split():
        module, _, attributes = path.partition(":")
        try:
            thing = importlib.import_module(f"tornado.{module}")
            for attribute in attributes.split("."):
                thing = getattr(thing, attribute)
            found[path] = outcome(parameters, thing)
        except (ImportError, AttributeError) as error:
            found[path] = f"missing: {name(error)}"
    return found


@probe("P84", "tornado", "warnings", source="Tornado 6.3: submodules are imported on demand; removed modules of 6.0 and 6.5")
def what_importing_tornado_brings_changes_and_says():
    program = """
import asyncio, json, sys, warnings
policy = type(asyncio.get_event_loop_policy()).__name__
found = {}
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    import tornado
    found["on demand"] = []
    for module in ("web", "gen", "locks", "nonsense"):
        try:
            found["on demand"].append(type(getattr(tornado, module)).__name__)
        except AttributeError:
            found["on demand"].append("AttributeError")
    import importlib
    for module in ("ioloop", "gen", "concurrent", "iostream", "platform.asyncio", "platform.auto", "stack_context",
                   "simple_httpclient", "websocket", "wsgi", "testing", "process", "autoreload"):
        before = len(caught)
        try:
            importlib.import_module("tornado." + module)
            found[module] = sorted({warning.category.__name__ for warning in caught[before:]})
        except Exception as error:
            found[module] = type(error).__name__
found["policy stays"] = type(asyncio.get_event_loop_policy()).__name__ == policy
found["imports"] = [name for name in ("multiprocessing", "unittest", "ssl", "concurrent.futures") if name in sys.modules]
print(json.dumps(found))
"""
    return child(program)["out"][-1]


@probe("P85", "tornado", "exceptions", source="asyncio's handler: what nobody awaited is reported when it is collected")
def what_a_lost_failure_prints():
    before = """
import asyncio
from tornado import gen
from tornado.ioloop import IOLoop
@gen.coroutine
def decorated():
    yield gen.moment
    raise KeyError
@gen.coroutine
def at_once():
    raise KeyError
async def native():
    raise KeyError
"""
    program = """
async def main():
    loop = IOLoop.current()
    BODY
    await asyncio.sleep(0.01)
asyncio.run(main())
"""
    bodies = (
        "decorated() and None",
        "at_once() and None",
        "loop.add_callback(native)",
        "loop.spawn_callback(decorated)",
        "loop.call_later(0, native) and None",
        "gen.multi([native(), native()]) and None",
        "native() and None",
    )
    return children(before, {body: program.replace("BODY", body) for body in bodies})


@probe("P86", "tornado", "warnings", source="Tornado 6.2 deprecated AsyncTestCase, 6.3 took it back; gen_test and its timeout")
def what_tornado_s_test_case_does():
    program = """
import asyncio, contextvars, unittest, warnings, json
from tornado.testing import AsyncTestCase, AsyncHTTPTestCase, ExpectLog, gen_test
var = contextvars.ContextVar("var", default="empty")
class Case(AsyncTestCase):
    def setUp(self):
        super().setUp()
        var.set("set up")
    @gen_test
    async def test_native(self):
        assert var.get() == "set up"
        await asyncio.sleep(0)
    @gen_test
    def test_decorated(self):
        yield asyncio.sleep(0)
    @gen_test(timeout=0.01)
    async def test_late(self):
        await asyncio.Event().wait()
    async def test_undecorated(self):
        assert False
    def test_generator(self):
        yield
    @gen_test
    async def test_leaves_a_task(self):
        asyncio.ensure_future(asyncio.Event().wait())
    @gen_test
    async def test_current_loop(self):
        assert asyncio.get_running_loop() is self.io_loop.asyncio_loop
    def test_wait(self):
        self.io_loop.add_callback(self.stop, 1)
        assert self.wait() == 1
    @gen_test
    async def test_cancelled(self):
        raise asyncio.CancelledError
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    found = {}
    for test in unittest.defaultTestLoader.loadTestsFromTestCase(Case):
        result = unittest.TestResult()
        try:
            test.run(result)
            how = "failure" if result.failures else "error" if result.errors else "passed"
            if result.errors:
                how += " " + result.errors[0][1].strip().splitlines()[-1].partition(":")[0].rpartition(".")[2]
        except BaseException as error:
            how = "escapes " + type(error).__name__
        found[test.id().rpartition(".")[2]] = how
print(json.dumps([found, sorted({warning.category.__name__ for warning in caught if "ornado" in str(warning.message) or "TestCase" in str(warning.message)})]))
"""
    done = child(program)
    return done["out"][-1] if done["out"] else done


@probe("P87", "tornado", "lifecycle", source="IOLoop.close() documentation; platform.asyncio's map of loops")
def what_closing_an_ioloop_closes_and_forgets():
    import asyncio
    import gc
    import socket
    import warnings
    import weakref

    from tornado.ioloop import IOLoop

    warnings.simplefilter("ignore")

    def closed(how):
        loop = IOLoop(make_current=False)
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        loop.add_handler(ours, lambda *_: None, IOLoop.READ)
        inner, gone, log = loop.asyncio_loop, weakref.ref(loop), []
        task = inner.create_task(_waits(log))
        inner.run_until_complete(asyncio.sleep(0))
        errors = unhandled(inner)
        if how == "asyncio's first":
            inner.close()
        found = [outcome(loop.close, how == "all fds"), inner.is_closed(), ours.fileno() == -1, task.done(), *log]
        with warnings.catch_warnings(record=True):
            found.append(outcome(loop.close))
        ours.close()
        theirs.close()
        del loop, task
        gc.collect()
        return [*found, gone() is None, len(errors)]

    async def current_after_close():
        return weakref.ref(IOLoop.current())

    first = asyncio.run(current_after_close())
    gc.collect()
    return {
        **{how: closed(how) for how in ("plainly", "all fds", "asyncio's first")},
        "freed after asyncio.run()": first() is None,
    }


async def _waits(log):
    import asyncio

    try:
        await asyncio.Event().wait()
    except BaseException as error:
        log.append(name(error))
        raise


@probe(
    "P88",
    "tornado",
    "streams",
    source="Tornado 6.2: write_message() to a closed client raises; 6.5: pings; 6.6: a cancel closes the connection",
)
def what_a_websocket_does_when_an_end_leaves_or_is_cancelled():
    import asyncio
    import socket

    from tornado.httpserver import HTTPServer
    from tornado.netutil import bind_sockets
    from tornado.web import Application
    from tornado.websocket import WebSocketHandler, websocket_connect

    async def main(behavior):
        log, closed, messages = [], asyncio.Event(), asyncio.Semaphore(0)

        class Handler(WebSocketHandler):
            async def on_message(self, message):
                messages.release()
                if behavior == "server closes":
                    self.close(4000, "why")
                elif behavior == "handler fails":
                    raise KeyError
                elif behavior == "handler is cancelled":
                    raise asyncio.CancelledError
                else:
                    await self.write_message(message)

            def on_close(self):
                log.append(["on_close()", self.close_code])
                closed.set()

        sockets = bind_sockets(0, "127.0.0.1", family=socket.AF_INET)
        server = HTTPServer(Application([("/", Handler)]))
        server.add_sockets(sockets)
        errors = unhandled(asyncio.get_running_loop())
        with logged() as records:
            client = await websocket_connect(f"ws://127.0.0.1:{sockets[0].getsockname()[1]}/")
            await client.write_message("hello")
            await messages.acquire()
            if behavior == "client closes":
                log.append(await client.read_message())
                client.close(4001)
            reading = asyncio.ensure_future(client.read_message())
            log.append(await settled(reading))
            log.append(["closed" if closed.is_set() else "open", client.close_code])
            log.append(outcome(lambda: type(client.write_message("late")).__name__))
            reading.cancel()
            client.close()
            await turns()
        server.stop()
        return [*log, *errors, *sorted(set(records))]

    behaviors = "echo", "server closes", "client closes", "handler fails", "handler is cancelled"
    return {what: outcome(asyncio.run, main(what)) for what in behaviors}


@probe(
    "P89",
    "tornado",
    "threads",
    source="AnyThreadEventLoopPolicy, deprecated in 6.2; AddThreadSelectorEventLoop; AsyncHTTPClient's instances",
)
def what_belongs_to_one_thread_or_loop():
    import asyncio
    import threading
    import warnings

    from tornado.httpclient import AsyncHTTPClient
    from tornado.ioloop import IOLoop

    def policy():
        from tornado.platform.asyncio import AnyThreadEventLoopPolicy

        asyncio.set_event_loop_policy(AnyThreadEventLoopPolicy())

    def in_thread(fn):
        found = []
        thread = threading.Thread(target=lambda: found.append(outcome(fn)))
        thread.start()
        thread.join()
        return found[0]

    async def clients():
        first, second, own = AsyncHTTPClient(), AsyncHTTPClient(), AsyncHTTPClient(force_instance=True)
        other = await asyncio.to_thread(lambda: asyncio.run(another()))
        first.close()
        return [first is second, first is own, other is first, AsyncHTTPClient() is first, outcome(first.close)]

    async def another():
        return AsyncHTTPClient()

    warnings.simplefilter("ignore")
    found = {"clients": asyncio.run(clients()), "before": in_thread(lambda: type(IOLoop.current()).__name__)}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found["AnyThreadEventLoopPolicy"] = [outcome(policy), sorted({warning.category.__name__ for warning in caught})]
    found["with it"] = in_thread(lambda: type(asyncio.get_event_loop()).__name__)
    found["an IOLoop with it"] = in_thread(lambda: type(IOLoop.current()).__name__)
    return found
