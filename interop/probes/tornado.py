"""Tornado: what its coroutines, futures, locks, streams and loops do with cancels, contexts, timeouts and each other.

Source: Tornado's release notes, 6.0 to 6.6.
"""

from interop.probes.forked import children
from interop.probes.observe import aoutcome, logged, name, outcome, plain, settled, state, turns, unhandled
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
