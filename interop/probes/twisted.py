"""Twisted: what a Deferred, an inlineCallbacks function, a Failure and a reactor do with cancels, contexts, errors and each other.

Source: Twisted's NEWS, 20.3 to 26.10.
"""

from interop.probes.observe import child, children, logged, name, outcome, parameters, plain, state, turns, unhandled, warned
from interop.probes.probe import probe


def _fired(deferred):
    """What a Deferred has come to: "waiting", its result, or how its failure is spelled; the failure counts as seen."""
    found = []
    deferred.addCallbacks(
        lambda result: found.append(plain(result)), lambda failure: found.append(f"fails {name(failure.value)}")
    )
    return found[0] if found else "waiting"


async def _raises(error):
    raise error


async def _returns(value="value"):
    return value


@probe("P90", "twisted", "exceptions", source="Twisted 24.10, #12234, #12230: the traceback of a Failure survives")
def which_frames_an_exception_shows_after_a_deferred():
    import asyncio
    import traceback

    from twisted.internet.defer import Deferred, ensureDeferred, inlineCallbacks

    def boom(_=None):
        raise ValueError

    async def native(gate):
        await gate
        boom()

    @inlineCallbacks
    def inline(gate):
        yield gate
        boom()

    def callback(gate):
        return gate.addCallback(boom)

    def errback(gate):
        gate.addCallback(lambda _: 1 / 0)
        return gate.addErrback(lambda failure: boom())

    def passed_on(gate):
        return gate.addCallback(boom).addErrback(lambda failure: failure)

    def chained(gate):
        return (
            Deferred().addCallback(lambda _: gate.addCallback(boom)) if False else gate.addCallback(lambda _: callback(_done()))
        )

    def _done():
        done = Deferred()
        done.callback(None)
        return done

    ours = {"boom", "native", "inline", "errback", "callback"}

    def frames(error):
        return [frame.name for frame in traceback.extract_tb(error.__traceback__) if frame.name in ours]

    async def as_future(start):
        gate = Deferred()
        deferred = start(gate)
        gate.callback(None)
        try:
            await deferred.asFuture(asyncio.get_running_loop())
        except ValueError as error:
            return frames(error)

    def failure(start):
        gate, found = Deferred(), []
        deferred = start(gate)
        gate.callback(None)
        deferred.addErrback(lambda failure: found.append([frames(failure.value), [f[0] for f in failure.frames if f[0] in ours]]))
        return found[0]

    def awaited(start):
        gate, found = Deferred(), []

        async def caller():
            try:
                await start(gate)
            except ValueError as error:
                found.append(frames(error))

        ensureDeferred(caller())
        gate.callback(None)
        return found[0]

    starts = {
        "callback": callback,
        "errback": errback,
        "passed on": passed_on,
        "chained": chained,
        "coroutine": lambda gate: ensureDeferred(native(gate)),
        "inlineCallbacks": inline,
    }
    return {
        what: {
            "asFuture": outcome(asyncio.run, as_future(start)),
            "Failure": outcome(failure, start),
            "await": outcome(awaited, start),
        }
        for what, start in starts.items()
    }


@probe("P91", "twisted", "exceptions", source="Twisted 24.7, #12122: Deferred no longer checks what it is given")
def what_a_deferred_refuses_to_take():
    from twisted.internet.defer import Deferred

    def first_result(value):
        outer, found = Deferred(), []
        outer.addBoth(lambda result: found.append(type(result).__name__))
        outer.callback(value)
        return found[0]

    def errback(value):
        deferred, found = Deferred(), []
        deferred.addErrback(lambda failure: found.append(name(failure.value)))
        deferred.errback(value)
        return found[0]

    def twice(settle):
        deferred = Deferred()
        deferred.addErrback(lambda _: None)
        settle(deferred)
        return outcome(deferred.callback, 2)

    def chained_twice():
        first, second = Deferred(), Deferred()
        second.callback(1)
        first.chainDeferred(second)
        first.callback(2)
        return _fired(first)

    def returns_itself():
        deferred = Deferred()
        deferred.addCallback(lambda _: deferred)
        return warned(deferred.callback, 1)

    def fired_in_callback():
        deferred = Deferred()
        deferred.addCallback(lambda _: deferred.callback(2))
        deferred.callback(1)
        return _fired(deferred)

    def errback_outside():
        return outcome(Deferred().errback)

    return {
        "callback() with a Deferred": outcome(first_result, Deferred()),
        "callback() with an exception": outcome(first_result, KeyError()),
        "callback() with a coroutine": outcome(lambda: [first_result(made := _returns()), made.close()][0]),
        "errback() with an exception": outcome(errback, KeyError()),
        "errback() with a string": outcome(errback, "x"),
        "errback() with nothing": errback_outside(),
        "addCallback() with a number": outcome(lambda: type(Deferred().addCallback(1)).__name__),
        "addCallbacks() with None": outcome(lambda: type(Deferred().addCallbacks(None)).__name__),
        "fired twice": twice(lambda deferred: deferred.callback(1)),
        "fired after errback()": twice(lambda deferred: deferred.errback(KeyError())),
        "fired after cancel()": [
            twice(lambda deferred: deferred.cancel()),
            twice(lambda deferred: [deferred.cancel(), deferred.cancel()]),
        ],
        "fired, cancelled, fired twice": twice(lambda deferred: [deferred.cancel(), outcome(deferred.callback, 1)]),
        "chained to one that has fired": chained_twice(),
        "a callback returns its own Deferred": returns_itself(),
        "fired in its own callback": fired_in_callback(),
    }


@probe(
    "P92",
    "twisted",
    "converters",
    source="Twisted 24.7, #9972: inlineCallbacks awaits a coroutine that it is given, and drives a generator",
)
def what_an_inline_callbacks_function_can_yield_and_gets_back():
    import asyncio
    import types
    import warnings

    from twisted.internet.defer import Deferred, ensureDeferred, inlineCallbacks, succeed

    warnings.simplefilter("ignore")

    @inlineCallbacks
    def yields(make):
        thing = make()
        got = yield thing
        if hasattr(got, "close"):
            got.close()
            return f"un-run {type(got).__name__}"
        return plain(got)

    @inlineCallbacks
    def inner():
        yield succeed(1)
        return "inner"

    @types.coroutine
    def old():
        yield succeed(1)
        return "types.coroutine"

    class Awaitable:
        def __await__(self):
            return succeed("awaitable").__await__()

    def gen():
        yield succeed(1)
        return "generator"

    async def agen():
        yield 1

    async def waits():
        return await succeed("awaited")

    loop = asyncio.new_event_loop()
    makes = {
        "Deferred": lambda: succeed("Deferred"),
        "coroutine": _returns,
        "a coroutine that waits": waits,
        "a coroutine that fails": lambda: _raises(KeyError()),
        "types.coroutine": old,
        "generator": gen,
        "generator expression": lambda: (number for number in range(2)),
        "async generator": agen,
        "inlineCallbacks": inner,
        "ensureDeferred()": lambda: ensureDeferred(_returns()),
        "awaitable": Awaitable,
        "asyncio future": loop.create_future,
        "None": lambda: None,
        "a number": int,
        "a list of Deferreds": lambda: [succeed(1)],
        "Failure": lambda: __import__("twisted.python.failure").python.failure.Failure(KeyError()),
        "a Deferred that waits": Deferred,
        "an exception": KeyError,
    }
    return {what: outcome(lambda make=make: _fired(yields(make))) for what, make in makes.items()}


@probe(
    "P93",
    "twisted",
    "converters",
    source="Twisted 22.8, #10327: maybeDeferred() drives a coroutine; 21.2: Deferred.fromCoroutine()",
)
def what_can_be_made_a_deferred():
    import asyncio
    import types
    import warnings

    from twisted.internet.defer import Deferred, ensureDeferred, inlineCallbacks, maybeDeferred, succeed
    from twisted.python.failure import Failure

    warnings.simplefilter("ignore")

    def spelled(make):
        got = make()
        if not isinstance(got, Deferred):
            return f"no Deferred: {type(got).__name__}"
        found = []
        got.addBoth(found.append)
        if not found:
            return "waiting"
        result = found[0]
        if isinstance(result, Failure):
            return f"fails {name(result.value)}"
        if hasattr(result, "close"):
            result.close()
            return f"un-run {type(result).__name__}"
        return plain(result)

    @inlineCallbacks
    def inline():
        yield succeed(1)
        return "inline"

    @types.coroutine
    def old():
        yield succeed(1)
        return "types.coroutine"

    def gen():
        yield succeed(1)
        return "generator"

    async def agen():
        yield 1

    class Awaitable:
        def __await__(self):
            return succeed("awaitable").__await__()

    fails = lambda: _raises(KeyError())  # noqa: E731
    loop = asyncio.new_event_loop()
    fns = {
        "coroutine": _returns,
        "failing coroutine": fails,
        "types.coroutine": old,
        "generator": gen,
        "async generator": agen,
        "awaitable": Awaitable,
        "inlineCallbacks": inline,
        "Deferred": lambda: succeed("Deferred"),
        "Failure": lambda: Failure(KeyError()),
        "raises": lambda: {}[1],
        "value": lambda: "value",
        "asyncio future": loop.create_future,
    }
    found = {}
    for what, fn in fns.items():
        found[what] = {
            "maybeDeferred": outcome(spelled, lambda fn=fn: maybeDeferred(fn)),
            "ensureDeferred": outcome(spelled, lambda fn=fn: ensureDeferred(fn())),
            "fromCoroutine": outcome(spelled, lambda fn=fn: Deferred.fromCoroutine(fn())),
            "succeed": outcome(spelled, lambda fn=fn: succeed(fn())) if what != "raises" else "",
        }
    same = succeed(1)
    found["ensureDeferred() keeps a Deferred"] = outcome(lambda: ensureDeferred(same) is same)
    return found


@probe("P94", "twisted", "cancellation", source="Deferred.cancel() documentation")
def what_cancelling_a_deferred_reaches():
    from twisted.internet.defer import CancelledError, Deferred, DeferredList, gatherResults

    def cancelled(canceller=None, chain=0, act=None):
        log = []

        def note(deferred):
            log.append("canceller")
            if canceller == "fires":
                deferred.callback("value")
            elif canceller == "fails":
                deferred.errback(KeyError())
            elif canceller == "raises":
                raise KeyError

        inner = Deferred(note if canceller else None)
        outer = inner
        for _ in range(chain):
            wrapping = Deferred()
            wrapping.addCallback(lambda _, inner=outer: inner)
            wrapping.callback(None)
            outer = wrapping
        if act:
            act(outer, log)
        log.append(outcome(outer.cancel))
        log.append(outcome(outer.cancel))
        log.append(_fired(outer))
        if outer is not inner:
            log.append(_fired(inner))
        return log

    def paused(deferred, log):
        deferred.pause()

    def handled(deferred, log):
        deferred.addErrback(lambda failure: log.append(f"errback {name(failure.value)}") or "handled")

    def waits_in_errback(deferred, log):
        deferred.addErrback(lambda failure: Deferred(lambda _: log.append("second canceller")))

    def listed(make):
        log = []
        members = [Deferred(lambda _, number=number: log.append(f"{number} cancelled")) for number in range(2)]
        both = make(members)
        both.cancel()
        return [_fired(both), *log, *[_fired(member) for member in members]]

    found = {f"canceller {how}": cancelled(how) for how in ("", "returns", "fires", "fails", "raises")}
    found |= {f"chain of {chain}": cancelled("returns", chain) for chain in (1, 2)}
    found["paused"] = cancelled("returns", 0, paused)
    found["handled"] = cancelled("returns", 0, handled)
    found["an errback waits"] = cancelled("returns", 0, waits_in_errback)
    found["DeferredList"] = listed(_consuming(DeferredList))
    found["gatherResults()"] = listed(_consuming(gatherResults))
    found["CancelledError"] = [base.__name__ for base in CancelledError.__mro__]
    return found


def _consuming(make):
    return lambda members: make(members, consumeErrors=True).addCallback(
        lambda result: (
            [[ok, name(value.value) if not ok else plain(value)] for ok, value in result]
            if result and isinstance(result[0], tuple)
            else result
        )
    )


@probe(
    "P95",
    "twisted",
    "cancellation",
    source="Twisted 20.3 and later: a cancelled inlineCallbacks function cancels what it waits for",
)
def what_cancelling_a_coroutine_s_deferred_does_inside_it():
    from twisted.internet.defer import Deferred, ensureDeferred, inlineCallbacks

    def inline(body):
        @inlineCallbacks
        def run(log, inner):
            try:
                got = yield inner
                log.append(f"got {plain(got)}")
                return "value"
            except BaseException as error:
                log.append(name(error))
                if body == "swallows":
                    return "swallowed"
                if body == "waits again":
                    yield Deferred(lambda _: log.append("second cancelled"))
                    log.append("went on")
                raise
            finally:
                log.append("cleaned")

        return run

    def native(body):
        async def run(log, inner):
            try:
                log.append(f"got {plain(await inner)}")
                return "value"
            except BaseException as error:
                log.append(name(error))
                if body == "swallows":
                    return "swallowed"
                if body == "waits again":
                    await Deferred(lambda _: log.append("second cancelled"))
                    log.append("went on")
                raise
            finally:
                log.append("cleaned")

        return lambda log, inner: ensureDeferred(run(log, inner))

    def cancelled(start, canceller, nested=False):
        log = []
        inner = Deferred(
            {"none": None, "fires": lambda deferred: deferred.callback("fired"), "refuses": lambda _: None}[canceller]
        )
        if canceller == "refuses":
            inner.cancel = lambda: log.append("refused")
        outer = start(log, inner)
        if nested:
            outer = start(log, outer)
        log.append(outcome(outer.cancel))
        log.append(_fired(outer))
        if log[-1] == "waiting":
            outer.cancel()
            log.append("again")
            log.append("fired" if outer.called else "waiting")
        return list(log)  # what it is told when it is collected comes too late

    found = {}
    for kind, make in {"inlineCallbacks": inline, "coroutine": native}.items():
        for body in ("raises", "swallows", "waits again"):
            for canceller in ("none", "fires", "refuses"):
                found[f"{kind}, {body}, canceller {canceller}"] = cancelled(make(body), canceller)
        found[f"{kind}, nested"] = cancelled(make("raises"), "none", True)
    return found


@probe(
    "P96",
    "twisted",
    "contextvars",
    source="Twisted 21.2, #9719, #9826: a context for each coroutine; 22.8, #10301: reset() works",
)
def which_context_deferreds_coroutines_and_reactor_calls_run_in():
    import contextvars

    from twisted.internet import reactor
    from twisted.internet.defer import Deferred, ensureDeferred, inlineCallbacks
    from twisted.internet.threads import deferToThread

    var = contextvars.ContextVar("var", default="empty")
    found = {}

    @inlineCallbacks
    def inline(gate, log):
        token = var.set("inline's")
        yield gate
        log.append(var.get())
        log.append(outcome(var.reset, token))
        log.append(var.get())
        var.set("inline's end")

    async def native(gate, log):
        token = var.set("native's")
        await gate
        log.append(var.get())
        log.append(outcome(var.reset, token))
        log.append(var.get())
        var.set("native's end")

    @inlineCallbacks
    def at_once():
        var.set("at once")
        yield

    def drive(start):
        log, gate = [], Deferred()
        var.set("caller's")
        start(gate, log)
        log.append(["the caller's", var.get()])
        var.set("firer's")
        gate.callback(None)
        log.append(["the firer's", var.get()])
        return log

    found["inlineCallbacks"] = drive(inline)
    found["coroutine"] = drive(lambda gate, log: ensureDeferred(native(gate, log)))
    found["callback"] = drive(lambda gate, log: gate.addCallback(lambda _: (log.append(var.get()), var.set("callback's"))))
    var.set("caller's")
    at_once()
    found["one that never waits"] = var.get()
    gates = [Deferred() for _ in range(2)]
    log = []

    @inlineCallbacks
    def own(value, gate):
        var.set(value)
        yield gate
        log.append(var.get() == value)

    for value, gate in zip("ab", gates, strict=True):
        own(value, gate)
    for gate in gates:
        gate.callback(None)
    found["two at once"] = log
    calls = []

    def note(what, *_):
        found[what] = var.get()
        calls.append(what)
        if len(calls) == 6:
            reactor.stop()

    def start():
        var.set("starter's")
        reactor.callLater(0, note, "callLater()")
        reactor.callFromThread(note, "callFromThread()")
        reactor.callInThread(lambda: found.update({"callInThread()": var.get()}))
        deferToThread(var.get).addCallback(lambda seen: (found.update({"deferToThread()": seen}), note("its callback")))
        reactor.callWhenRunning(note, "callWhenRunning()")
        reactor.addSystemEventTrigger("before", "shutdown", lambda: found.update({"at shutdown": var.get()}))
        reactor.callLater(0.02, lambda: (note("a later callLater()"), var.set("written")))
        reactor.callLater(0.04, note, "callLater() after a write")
        var.set("later")

    var.set("outside")
    reactor.callWhenRunning(start)
    reactor.run()
    return found


@probe("P97", "twisted", "converters", source="Deferred.__await__(); raw awaits between Twisted and asyncio have no common loop")
def what_awaiting_a_deferred_natively_does():
    import asyncio

    from twisted.internet.defer import Deferred, ensureDeferred, fail, succeed

    async def awaits(thing):
        return await thing

    async def twice(thing):
        return [await thing, plain(await thing)]

    async def in_task(make):
        task = asyncio.ensure_future(awaits(make()))
        await turns()
        found = state(task)
        task.cancel()
        return found

    async def catches(thing):
        try:
            await thing
        except KeyError as error:
            return error

    error = KeyError()
    waiting = Deferred()
    both = [ensureDeferred(awaits(waiting)) for _ in range(2)]
    waiting.callback("shared")
    loop = asyncio.new_event_loop()
    sleeping = asyncio.sleep(1)
    found = {
        "one that has fired": _fired(ensureDeferred(awaits(succeed(1)))),
        "one that has failed": _fired(ensureDeferred(awaits(fail(KeyError())))),
        "the same exception": outcome(lambda: _same(ensureDeferred(catches(fail(error))), error)),
        "twice": _fired(ensureDeferred(twice(succeed(1)))),
        "by two": [_fired(deferred) for deferred in both],
        "asyncio's future": outcome(lambda: _fired(ensureDeferred(awaits(loop.create_future())))),
        "asyncio.sleep()": outcome(lambda: _fired(ensureDeferred(awaits(sleeping)))),
        "in an asyncio task, fired": asyncio.run(in_task(lambda: succeed(1))),
        "in an asyncio task, failed": asyncio.run(in_task(lambda: fail(KeyError()))),
        "in an asyncio task, waiting": asyncio.run(in_task(Deferred)),
        "in an asyncio task, ensure_future()": outcome(asyncio.run, _ensured()),
    }
    return found


def _same(deferred, error):
    found = []
    deferred.addBoth(found.append)
    return found[0] is error


async def _ensured():
    import asyncio

    from twisted.internet.defer import succeed

    return await asyncio.ensure_future(succeed("ensured"))


@probe("P98", "twisted", "converters", source="Deferred.asFuture() and fromFuture(); #12470, #9748: cancels across them")
def what_crosses_between_a_deferred_and_an_asyncio_future():
    import asyncio

    from twisted.internet.defer import Deferred, fail, succeed

    async def forth(settle):
        loop, log = asyncio.get_running_loop(), []
        errors = unhandled(loop)
        deferred = Deferred(lambda _: log.append("canceller"))
        future = deferred.asFuture(loop)
        outcome(settle, deferred, future)
        await turns()
        found = [state(future), *log]
        if not deferred.called:
            found.append("waiting")
        else:
            found.append(_fired(deferred))
        return [*found, *errors]

    async def back(settle):
        loop = asyncio.get_running_loop()
        errors = unhandled(loop)
        future = loop.create_future()
        deferred = Deferred.fromFuture(future)
        outcome(settle, future, deferred)
        await turns()
        return [_fired(deferred), state(future), *errors]

    async def task(started, whom):
        log = []

        async def waits():
            try:
                await asyncio.Event().wait()
            except BaseException as error:
                log.append(name(error))
                raise

        made = asyncio.ensure_future(waits())
        deferred = Deferred.fromFuture(made)
        if started:
            await turns()
        (made if whom == "task" else deferred).cancel()
        at_once = "fired" if deferred.called else "waiting"
        await turns()
        return [at_once, _fired(deferred), state(made), *log]

    async def there_and_back():
        loop = asyncio.get_running_loop()
        inner = Deferred()
        outer = Deferred.fromFuture(inner.asFuture(loop))
        inner.callback("round")
        await turns()
        return _fired(outer)

    class Special(Exception):
        pass

    special = Special()

    async def same():
        try:
            await fail(special).asFuture(asyncio.get_running_loop())
        except Special as error:
            return error is special

    forths = {
        "result": lambda deferred, future: deferred.callback("value"),
        "failure": lambda deferred, future: deferred.errback(KeyError()),
        "StopIteration": lambda deferred, future: deferred.errback(StopIteration()),
        "asyncio.CancelledError": lambda deferred, future: deferred.errback(asyncio.CancelledError()),
        "the Deferred is cancelled": lambda deferred, future: deferred.cancel(),
        "the future is cancelled": lambda deferred, future: future.cancel(),
        "the future is settled": lambda deferred, future: future.set_result(1),
    }
    backs = {
        "result": lambda future, deferred: future.set_result("value"),
        "failure": lambda future, deferred: future.set_exception(KeyError()),
        "the future is cancelled": lambda future, deferred: future.cancel(),
        "the Deferred is cancelled": lambda future, deferred: deferred.cancel(),
        "the Deferred is fired": lambda future, deferred: deferred.callback(1),
    }
    return {
        "asFuture()": {what: outcome(asyncio.run, forth(settle)) for what, settle in forths.items()},
        "fromFuture()": {what: outcome(asyncio.run, back(settle)) for what, settle in backs.items()},
        "a task": {
            f"{whom}, {when}": asyncio.run(task(when == "started", whom))
            for whom in ("task", "Deferred")
            for when in ("started", "new")
        },
        "there and back": asyncio.run(there_and_back()),
        "the same exception": asyncio.run(same()),
        "no loop": outcome(lambda: type(succeed(1).asFuture(None)).__name__),
    }


@probe("P99", "twisted", "exceptions", source="Unhandled error in Deferred: logged when the Deferred is collected")
def what_a_lost_failure_prints():
    before = "import gc, sys\nfrom twisted.internet import defer, task\nfrom twisted.python import log"
    program = """
STARTLOG
def lose():
    BODY
lose()
gc.collect()
"""
    bodies = {
        "fail()": "defer.fail(KeyError())",
        "callback": "defer.succeed(1).addCallback(lambda _: {}[1])",
        "inlineCallbacks": "@defer.inlineCallbacks\n    def f():\n        yield\n        raise KeyError\n    f()",
        "coroutine": "async def f(): raise KeyError\n    defer.ensureDeferred(f())",
        "cancelled": "defer.Deferred().cancel()",
        "DeferredList": "defer.DeferredList([defer.fail(KeyError())])",
        "gatherResults()": "defer.gatherResults([defer.fail(KeyError())], consumeErrors=True)",
        "LoopingCall": "l = task.LoopingCall(lambda: {}[1]); l.clock = task.Clock(); l.start(1)",
        "Clock": "c = task.Clock(); c.callLater(0, lambda: {}[1])\n    try: c.advance(1)\n    except KeyError: print('raises')",
    }
    return children(
        before,
        {
            f"{what}{', logging' if start else ''}": program.replace("BODY", body).replace("STARTLOG", start)
            for what, body in bodies.items()
            for start in ("", "log.startLogging(sys.stderr)")
        },
    )


@probe(
    "P100",
    "twisted",
    "lifecycle",
    source="Twisted 23.10, #11885; 24.10, #12234; 26.4, #12120: cycles of inlineCallbacks and of Failures",
)
def what_is_freed_without_the_garbage_collector():
    import gc
    import weakref

    from twisted.internet.defer import Deferred, ensureDeferred, inlineCallbacks, succeed

    class Local:
        pass

    @inlineCallbacks
    def inline(local, gate):
        yield gate
        return None

    @inlineCallbacks
    def inline_fails(local, gate):
        yield gate
        raise KeyError

    @inlineCallbacks
    def around(local, gate):
        yield inline_fails(local, gate)

    async def native(local, gate):
        await gate

    async def native_fails(local, gate):
        await gate
        raise KeyError

    def callback(local, gate):
        return gate.addCallback(lambda _: local and None)

    def failing(local, gate):
        def boom(_):
            kept = local  # noqa: F841
            raise KeyError

        return gate.addCallback(boom)

    def run(start, how):
        gc.collect()
        gc.disable()
        local = Local()
        gone = weakref.ref(local)
        gate = Deferred() if how != "at once" else succeed(None)
        deferred = start(local, gate)
        deferred.addErrback(lambda _: None)
        if how == "waits":
            gate.callback(None)
        elif how == "cancelled":
            deferred.cancel()
        del local, deferred, gate
        return gone() is None

    starts = {
        "inlineCallbacks": inline, "inlineCallbacks fails": inline_fails, "inlineCallbacks in another": around,
        "coroutine": lambda local, gate: ensureDeferred(native(local, gate)),
        "coroutine fails": lambda local, gate: ensureDeferred(native_fails(local, gate)),
        "callback": callback, "failing callback": failing,
    }  # fmt: skip
    return {what: {how: run(start, how) for how in ("at once", "waits", "cancelled")} for what, start in starts.items()}


@probe(
    "P101",
    "twisted",
    "exceptions",
    source="Twisted 24.10, #12230: a Failure no longer records where it was made; 24.7, #12112: pickling",
)
def what_a_failure_keeps_and_gives_back():
    import pickle
    import traceback
    import warnings

    from twisted.internet.defer import Deferred, fail, inlineCallbacks
    from twisted.python.failure import Failure

    def boom():
        raise KeyError

    def made():
        try:
            boom()
        except KeyError:
            return Failure()

    def names(error):
        return [frame.name for frame in traceback.extract_tb(error.__traceback__)][-2:]

    def raised(failure):
        try:
            failure.raiseException()
        except KeyError as error:
            return names(error)

    def thrown(failure):
        def generator():
            try:
                yield
            except KeyError as error:
                yield names(error)

        running = generator()
        next(running)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            return [outcome(failure.throwExceptionIntoGenerator, running), [warning.category.__name__ for warning in caught]]

    def cleaned():
        failure = made()
        failure.cleanFailure()
        return [failure.value.__traceback__ is None, failure.getTracebackObject() is None, [frame[0] for frame in failure.frames]]

    def handled():
        found = []
        deferred = Deferred()
        deferred.addCallback(lambda _: boom())
        deferred.addErrback(lambda failure: found.append([failure.tb is None, names(failure.value)]) or failure)
        deferred.addErrback(lambda failure: found.append([failure.tb is None, names(failure.value)]))
        deferred.callback(None)
        return found

    @inlineCallbacks
    def context():
        try:
            raise ValueError
        except ValueError:
            yield fail(KeyError())

    def in_context():
        found = []
        context().addErrback(
            lambda failure: found.append(
                [name(failure.value), name(failure.value.__context__) if failure.value.__context__ else None]
            )
        )
        return found

    failure = made()
    again = outcome(lambda: pickle.loads(pickle.dumps(failure)))
    return {
        "frames": [frame[0] for frame in failure.frames],
        "stack is kept": len(failure.stack) > 0,
        "traceback": [names(failure.value), failure.tb is None, failure.getTracebackObject() is None],
        "raised again": raised(failure),
        "thrown": thrown(made()),
        "cleaned": cleaned(),
        "in a Deferred": handled(),
        "context": in_context(),
        "of nothing": outcome(Failure),
        "of a value": outcome(lambda: name(Failure(KeyError()).value)),
        "of a string": outcome(lambda: type(Failure("text").value).__name__),
        "check": [
            failure.check(LookupError) is LookupError,
            failure.check(ValueError),
            outcome(failure.trap, ValueError),
            failure.check("x"),
        ],
        "pickled": again if isinstance(again, str) else [name(again.value), again.pickled, again.tb is None],
        "variables are captured": outcome(lambda: len(Failure(KeyError(), captureVars=True).frames)),
        "is an exception": isinstance(failure, BaseException),
    }


@probe(
    "P102",
    "twisted",
    "warnings",
    source="Twisted 24.7: returnValue() is deprecated; 25.5: Deferred.callbacks, deferredGenerator removed",
)
def which_old_functions_of_defer_are_left_and_what_they_say():
    from twisted.internet import defer

    @defer.inlineCallbacks
    def returns():
        yield
        defer.returnValue(1)

    async def native():
        defer.returnValue(1)

    def not_inside():
        defer.returnValue(1)

    def timeout():
        deferred = defer.Deferred()
        deferred.setTimeout(1)

    calls = {
        "returnValue()": lambda: returns(),
        "returnValue() in a coroutine": lambda: _fired(defer.ensureDeferred(native())),
        "returnValue() outside": not_inside,
        "Deferred.callbacks": lambda: defer.Deferred().callbacks,
        "Deferred.setTimeout": timeout,
        "waitForDeferred": lambda: defer.waitForDeferred,
        "deferredGenerator": lambda: defer.deferredGenerator,
        "passthru": lambda: defer.passthru,
        "timeout": lambda: defer.timeout,
        "inlineCallbacks of no generator": lambda: defer.inlineCallbacks(lambda: 1)(),
        "inlineCallbacks of a coroutine": lambda: defer.inlineCallbacks(_returns)(),
        "Deferred.debug": lambda: defer.setDebugging(True),
    }
    found = {what: warned(call) for what, call in calls.items()}
    return {**found, "result": [_fired(returns()), outcome(lambda: _fired(defer.inlineCallbacks(lambda: 1)()))]}


@probe("P103", "twisted", "exceptions", source="DeferredList, gatherResults() and race() (23.8)")
def what_lists_of_deferreds_do_with_failures_and_leftovers():
    from twisted.internet import defer

    def listed(act, make):
        log = []
        members = [defer.Deferred(lambda _, number=number: log.append(f"{number} cancelled")) for number in range(3)]
        both, found = make(members), []
        both.addBoth(found.append)
        act(members)
        result = found[0] if found else "waiting"
        if isinstance(result, list):
            result = [
                [plain(part) if not hasattr(part, "value") else name(part.value) for part in _tuple(entry)] for entry in result
            ]
        elif hasattr(result, "value"):
            sub = getattr(result.value, "subFailure", None)
            result = [name(result.value), name(sub.value) if sub else None, getattr(result.value, "index", None)]
        else:
            result = plain(result) if not isinstance(result, tuple) else [plain(part) for part in result]
        rest = [_fired(member) for member in members]
        return [result, *log, rest]

    def _tuple(entry):
        return entry if isinstance(entry, tuple) else (entry,)

    def first_fires(members):
        members[1].callback("one")

    def one_fails(members):
        members[1].errback(KeyError())

    def all_fire(members):
        for number, member in enumerate(members):
            member.callback(number)

    def all_fail(members):
        for member in members:
            if not member.called:
                member.errback(KeyError())

    makes = {
        "DeferredList": defer.DeferredList,
        "first callback": lambda members: defer.DeferredList(members, fireOnOneCallback=True),
        "first errback": lambda members: defer.DeferredList(members, fireOnOneErrback=True),
        "consuming": lambda members: defer.DeferredList(members, consumeErrors=True),
        "gatherResults": lambda members: defer.gatherResults(members, consumeErrors=True),
        "race": lambda members: defer.race(members),
    }
    acts = first_fires, one_fails, all_fire, all_fail
    return {f"{what}, {act.__name__}": outcome(listed, act, make) for what, make in makes.items() for act in acts}


@probe("P104", "twisted", "timeouts", source="Deferred.addTimeout() and timeout_call documentation")
def what_a_timeout_on_a_deferred_does():
    from twisted.internet import error
    from twisted.internet.defer import Deferred, ensureDeferred
    from twisted.internet.defer import TimeoutError as Late
    from twisted.internet.task import Clock, deferLater

    def late(seconds, canceller=None, on_timeout=None, start=None, advance=5):
        clock, log = Clock(), []
        deferred = start(log) if start else Deferred(canceller)
        deferred.addTimeout(seconds, clock, onTimeoutCancel=on_timeout)
        clock.advance(advance)
        return [_fired(deferred), *log, len(clock.getDelayedCalls())]

    def waits(log):
        async def run():
            try:
                await Deferred()
            except BaseException as error:
                log.append(name(error))
                raise

        return ensureDeferred(run())

    def swallows(log):
        async def run():
            try:
                await Deferred()
            except BaseException as error:
                log.append(name(error))
                return "swallowed"

        return ensureDeferred(run())

    def fired_before():
        clock, deferred = Clock(), Deferred()
        deferred.addTimeout(1, clock)
        deferred.callback("value")
        return [len(clock.getDelayedCalls()), _fired(deferred)]

    def cancelled_before():
        clock, deferred = Clock(), Deferred()
        deferred.addTimeout(1, clock)
        deferred.cancel()
        return [len(clock.getDelayedCalls()), _fired(deferred)]

    def later():
        clock, log = Clock(), []
        deferred = deferLater(clock, 1, log.append, "called")
        deferred.cancel()
        clock.advance(2)
        without = deferLater(clock, 0)
        clock.advance(0)
        return [_fired(deferred), *log, _fired(without)]

    return {
        "late": late(1),
        "zero": late(0),
        "negative": outcome(late, -1),
        "canceller fires": late(1, lambda deferred: deferred.callback("fired")),
        "canceller fails": late(1, lambda deferred: deferred.errback(KeyError())),
        "onTimeoutCancel": late(1, None, lambda value, seconds: f"late after {seconds}"),
        "a coroutine": late(1, start=waits),
        "a coroutine that swallows": late(1, start=swallows),
        "not late": late(10),
        "fired before": fired_before(),
        "cancelled before": cancelled_before(),
        "deferLater()": later(),
        "classes": [[base.__name__ for base in cls.__mro__[:-2]] for cls in (Late, error.TimeoutError, error.TimeoutError)],
        "one class": [Late is TimeoutError, error.TimeoutError is Late, issubclass(Late, TimeoutError)],
    }


@probe("P105", "twisted", "streams", source="DeferredLock, DeferredSemaphore, DeferredQueue documentation")
def what_a_queue_or_lock_does_when_its_users_are_cancelled():
    from twisted.internet import defer

    def handed_over(make):
        primitive = make()
        primitive.acquire()
        first, second = primitive.acquire(), primitive.acquire()
        first.cancel()
        primitive.release()
        found = [_fired(first), "acquired" if second.called else "waiting"]
        primitive.release()
        return [*found, outcome(primitive.release)]

    def queue():
        made = defer.DeferredQueue(size=1, backlog=2)
        first, second = made.get(), made.get()
        third = outcome(made.get)
        first.cancel()
        made.put("item")
        found = [_fired(first), _fired(second), third, outcome(made.put, "a"), outcome(made.put, "b"), len(made.pending)]
        return found

    def run(make, fn):
        primitive = make()
        deferred = primitive.run(fn)
        return [_fired(deferred), _free(primitive)]

    def _free(primitive):
        waiting = primitive.acquire()
        return waiting.called

    async def body(primitive, log):
        async with primitive:
            log.append("held")
            raise KeyError

    def with_statement(make):
        primitive, log = make(), []
        return [_fired(defer.ensureDeferred(body(primitive, log))), *log, _free(primitive)]

    makes = {"DeferredLock": defer.DeferredLock, "DeferredSemaphore": lambda: defer.DeferredSemaphore(1)}
    found = {}
    for what, make in makes.items():
        found[what] = {
            "handed over": outcome(handed_over, make),
            "run()": outcome(run, make, lambda: 1),
            "run() of one that fails": outcome(run, make, lambda: {}[1]),
            "run() of a coroutine": outcome(run, make, _returns),
            "with": outcome(with_statement, make),
        }
    return {**found, "DeferredQueue": queue()}


@probe(
    "P106", "twisted", "detection", source="Twisted 21.2, #9774, #9931: importing twisted.web.client does not install a reactor"
)
def which_imports_and_calls_install_a_reactor():
    modules = (
        "internet.defer internet.task internet.threads internet.protocol internet.endpoints internet.utils internet.base "
        "internet.asyncioreactor internet.error web.client web.server web.resource web.xmlrpc web.wsgi logger python.log "
        "trial.unittest application.service application.internet enterprise.adbapi internet.testing protocols.policies"
    )
    imports = """
import importlib, json, sys, warnings
warnings.simplefilter("ignore")
found = []
for name in MODULES:
    try:
        importlib.import_module("twisted." + name)
    except Exception as error:
        found.append(name + " " + type(error).__name__)
    if sys.modules.pop("twisted.internet.reactor", None):
        found.append(name)
print(json.dumps(found))
"""
    before = "import asyncio, json, sys\nfrom twisted.internet import asyncioreactor, selectreactor, epollreactor, defer, task"
    program = """
try:
    BODY
    print(json.dumps(type(sys.modules["twisted.internet.reactor"]).__name__ if "twisted.internet.reactor" in sys.modules else "none"))
except BaseException as error:
    print(json.dumps("raises " + type(error).__name__))
"""
    bodies = {
        "importing it": "from twisted.internet import reactor",
        "asyncioreactor.install()": "asyncioreactor.install()",
        "install twice": "asyncioreactor.install(); asyncioreactor.install()",
        "install after import": "from twisted.internet import reactor; asyncioreactor.install()",
        "install with a loop": "asyncioreactor.install(asyncio.new_event_loop())",
        "install while running": "async def main(): asyncioreactor.install(asyncio.get_running_loop())\n    asyncio.run(main())",
        "selectreactor.install()": "selectreactor.install()",
        "deferLater() without a clock": "task.deferLater(None, 1)",
        "LoopingCall()": "task.LoopingCall(int)",
        "Deferred()": "defer.Deferred().addCallback(int)",
    }
    found = children(before, {what: program.replace("BODY", body) for what, body in bodies.items()})
    return {**found, "imports that install one": child(f"MODULES = {modules.split()!r}" + imports)["out"]}


@probe("P107", "twisted", "lifecycle", source="twisted.internet.asyncioreactor; 21.2: seconds(), reset(); #9780, #9787, #10106")
def what_the_reactor_on_asyncio_does_with_its_loop():
    before = """
import asyncio, json, time
def say(*what): print(json.dumps(what), flush=True)
from twisted.internet import asyncioreactor, error
from twisted.internet.defer import Deferred, ensureDeferred
"""
    program = """
loop = asyncio.new_event_loop()
asyncio.set_event_loop(loop)
reactor = asyncioreactor.AsyncioSelectorReactor(loop)
import sys
from twisted.internet import main
main.installReactor(reactor)
BODY
"""
    bodies = {
        "clock": "say(abs(reactor.seconds() - time.time()) < 10)",
        "reset": "log = []\nc = reactor.callLater(100, reactor.stop)\nreactor.callLater(0, lambda: c.reset(0.01))\nreactor.run()\nsay('ended')",
        "delay": "c = reactor.callLater(0.01, reactor.stop)\nc.delay(0.01)\nreactor.run()\nsay(c.active())",
        "running loop": "def f():\n    say(asyncio.get_running_loop() is loop); reactor.stop()\nreactor.callWhenRunning(f)\nreactor.run()\n"
        "say(loop.is_closed(), loop.is_running())",
        "run twice": "reactor.callWhenRunning(reactor.stop)\nreactor.run()\ntry: reactor.run()\nexcept Exception as e: say(type(e).__name__)",
        "task in it": "async def f():\n    await asyncio.sleep(0.01)\n    return 'slept'\n"
        "d = Deferred.fromFuture(asyncio.ensure_future(f(), loop=loop))\nd.addCallback(lambda r: (say(r), reactor.stop()))\nreactor.run()",
        "stop() in an asyncio task": "async def f():\n    reactor.stop()\n    await asyncio.sleep(0)\n    say('went on')\n"
        "loop.create_task(f())\nreactor.run()\nsay('ended')",
        "stop() before run()": "try: reactor.stop()\nexcept error.ReactorNotRunning as e: say(type(e).__name__)",
        "pending tasks": "async def f():\n    try: await asyncio.sleep(100)\n    finally: say('finally')\n"
        "t = loop.create_task(f())\nreactor.callLater(0.01, reactor.stop)\nreactor.run()\nsay(t.done())",
        "loop.run_until_complete() first": "reactor.callLater(0, say, 'called')\nloop.run_until_complete(asyncio.sleep(0.02))\n"
        "reactor.callLater(0, reactor.stop)\nreactor.run()\nsay('ended')",
        "failing callback": "reactor.callLater(0, lambda: {}[1])\nreactor.callLater(0.01, reactor.stop)\nreactor.run()\nsay('ended')",
        "no loop given": "r = asyncioreactor.AsyncioSelectorReactor()\nsay(r._asyncioEventloop is loop)",
        "a foreign class of loop": "class Odd(asyncio.AbstractEventLoop): pass\n"
        "try: asyncioreactor.AsyncioSelectorReactor(Odd()); say('taken')\nexcept BaseException as e: say(type(e).__name__)",
    }
    return children(before, {what: program.replace("BODY", body) for what, body in bodies.items()})


@probe("P108", "twisted", "threads", source="twisted.internet.threads, IReactorThreads documentation")
def what_calls_between_the_reactor_and_threads_do():
    import threading

    from twisted.internet import reactor
    from twisted.internet.threads import blockingCallFromThread, deferToThread
    from twisted.python.threadable import isInIOThread

    found, main = {"before run()": isInIOThread()}, threading.current_thread()

    def work():
        found["in a worker"] = [isInIOThread(), threading.current_thread() is main]
        found["blocking call"] = blockingCallFromThread(reactor, lambda: [isInIOThread(), threading.current_thread() is main])
        found["blocking call that fails"] = outcome(blockingCallFromThread, reactor, lambda: {}[1])
        found["blocking call of a coroutine"] = plain(outcome(blockingCallFromThread, reactor, _returns))
        order = []
        for number in range(5):
            reactor.callFromThread(order.append, number)
        blockingCallFromThread(reactor, int)
        found["order"] = order
        raise KeyError

    def done(failure):
        found["failure"] = name(failure.value)
        return deferToThread(_stops)

    def stopped(result):
        found["StopIteration"] = name(result.value) if hasattr(result, "value") else plain(result)
        waiting = deferToThread(release.wait)
        waiting.addErrback(lambda failure: found.update({"cancelled": name(failure.value)}))
        waiting.cancel()
        release.set()
        reactor.callLater(0, reactor.stop)

    release = threading.Event()
    reactor.callWhenRunning(lambda: deferToThread(work).addErrback(done).addBoth(stopped))
    reactor.run()
    found["after stop(), callFromThread()"] = outcome(reactor.callFromThread, int)
    found["after stop(), run()"] = outcome(reactor.run)
    found["after stop(), deferToThread()"] = outcome(lambda: type(deferToThread(int)).__name__)
    found["threads left"] = sum(not thread.daemon and thread is not main for thread in threading.enumerate())
    return found


def _stops():
    raise StopIteration(1)


@probe(
    "P109",
    "twisted",
    "lifecycle",
    source="IReactorCore; reactor.run(installSignalHandlers=); SIGINT and SIGTERM; 22.10 and 23.8 moved the handlers",
)
def what_ends_a_reactor_and_its_process():
    before = """
import os, signal, sys, threading, json, warnings
warnings.simplefilter("ignore")
def say(*what): print(json.dumps(what), flush=True)
from twisted.internet import epollreactor, selectreactor
from twisted.internet.defer import Deferred
"""
    program = """
from twisted.internet import reactor
reactor.addSystemEventTrigger("before", "shutdown", say, "before")
reactor.addSystemEventTrigger("during", "shutdown", say, "during")
reactor.addSystemEventTrigger("after", "shutdown", say, "after")
BODY
"""
    default = "say(*[str(signal.getsignal(s)) if isinstance(signal.getsignal(s), int) else getattr(signal.getsignal(s), '__name__', 'other') "
    default += "for s in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD)], signal.set_wakeup_fd(-1) == -1)"
    bodies = {
        "stop()": "reactor.callWhenRunning(reactor.stop); reactor.run(); say('ended')",
        "SIGINT": "reactor.callWhenRunning(os.kill, os.getpid(), signal.SIGINT); reactor.run(); say('ended')",
        "SIGTERM": "reactor.callWhenRunning(os.kill, os.getpid(), signal.SIGTERM); reactor.run(); say('ended')",
        "SIGINT without handlers": "reactor.callWhenRunning(os.kill, os.getpid(), signal.SIGINT)\n"
        "try: reactor.run(installSignalHandlers=False)\nexcept BaseException as e: say(type(e).__name__)",
        "handlers after": "reactor.callWhenRunning(reactor.stop); reactor.run(); " + default,
        "handlers while it runs": f"def f():\n    {default}\n    reactor.stop()\nreactor.callWhenRunning(f); reactor.run()",
        "a handler of ours": "signal.signal(signal.SIGINT, lambda *_: (say('ours'), reactor.stop()))\n"
        "reactor.callWhenRunning(os.kill, os.getpid(), signal.SIGINT); reactor.run(); say('ended')",
        "sys.exit()": "reactor.callLater(0, sys.exit, 3); reactor.callLater(0.01, reactor.stop); reactor.run(); say('ended')",
        "a waiting shutdown": "d = Deferred(); reactor.addSystemEventTrigger('before', 'shutdown', lambda: d)\n"
        "reactor.callWhenRunning(reactor.stop); reactor.callLater(0.05, d.callback, 1); reactor.run(); say('ended')",
        "a failing trigger": "reactor.addSystemEventTrigger('before', 'shutdown', lambda: {}[1])\n"
        "reactor.callWhenRunning(reactor.stop); reactor.run(); say('ended')",
        "a thread at work": "import time; reactor.callInThread(lambda: (time.sleep(0.1), say('thread')))\n"
        "reactor.callLater(0, reactor.stop); reactor.run(); say('ended')",
        "never run": "reactor.callInThread(int); say('ended')",
        "crash()": "reactor.callWhenRunning(reactor.crash); reactor.run(); say('crashed'); reactor.callWhenRunning(reactor.stop)",
        "in another thread": "t = threading.Thread(target=lambda: say(type(_try()).__name__))\n"
        "def _try():\n    try: reactor.run()\n    except BaseException as e: return e\n"
        "reactor.callLater(0.01, reactor.stop); t.start(); t.join(); say('ended')",
    }
    return children(before, {what: program.replace("BODY", body) for what, body in bodies.items()})


@probe(
    "P110", "twisted", "lifecycle", source="Twisted 23.8, #5710: posix_spawnp(); 24.3, #12068: env=None copies the environment"
)
def what_a_child_process_inherits_and_how_its_end_is_told():
    before = """
import os, sys, json, signal
os.environ["FROM_PARENT"] = "yes"
from twisted.internet import protocol, process, epollreactor
"""
    program = """
from twisted.internet import reactor
class Noting(protocol.ProcessProtocol):
    out, log = b"", []
    def connectionMade(self): self.log.append("made"); self.transport.closeStdin()
    def outReceived(self, data): self.out += data
    def errReceived(self, data): self.log.append("error output")
    def processExited(self, reason): self.log.append(["exited", type(reason.value).__name__])
    def processEnded(self, reason):
        self.log.append(["ended", type(reason.value).__name__, reason.value.exitCode, reason.value.signal, self.out.decode().split()])
        reactor.stop()
code = "import os, signal; signal.getsignal(2); print(os.environ.get('FROM_PARENT'), signal.getsignal(signal.SIGPIPE).name, os.getcwd() == '/');BODY"
def start():
    try:
        reactor.spawnProcess(Noting(), sys.executable, [sys.executable, "-c", code], OPTIONS)
    except BaseException as error:
        Noting.log.append(type(error).__name__)
        reactor.stop()
reactor.callWhenRunning(start)
reactor.run()
print(json.dumps(Noting.log))
"""
    cases = {
        "env={}": ("pass", "env={}"),
        "env=None": ("pass", "env=None"),
        "the default": ("pass", ""),
        "in a folder": ("pass", "path='/'"),
        "exits with 3": ("os._exit(3)", "env=None"),
        "is killed": ("os.kill(os.getpid(), 9)", "env=None"),
        "with a terminal": ("pass", "env=None, usePTY=True"),
        "childFDs": ("pass", "env=None, childFDs={0: 'w', 1: 'r', 2: 'r'}"),
        "a bad folder": ("pass", "path='/nowhere/at/all'"),
    }
    programs = {what: program.replace("BODY", body).replace("OPTIONS", options) for what, (body, options) in cases.items()}
    return children(before, programs)


@probe("P111", "twisted", "lifecycle", source="twisted.internet.task: LoopingCall, cooperate(), Clock")
def what_a_looping_call_does_with_slow_and_failing_functions():
    from twisted.internet.defer import Deferred, succeed
    from twisted.internet.task import Clock, LoopingCall, cooperate

    def looped(fn, now=True, steps=3):
        clock, calls = Clock(), []
        loop = LoopingCall(lambda: calls.append(1) or fn())
        loop.clock = clock
        ended = loop.start(1, now=now)
        for _ in range(steps):
            clock.advance(1)
        found = [len(calls), loop.running, "waiting" if not ended.called else _fired(ended)]
        if loop.running:
            loop.stop()
            found.append("stopped" if ended.called else "waiting")
        return found

    def counted():
        clock, counts = Clock(), []
        loop = LoopingCall.withCount(counts.append)
        loop.clock = clock
        loop.start(1)
        clock.advance(1)
        clock.advance(3.5)
        loop.stop()
        return counts

    def cooperative():
        log = []
        task = cooperate(iter([1, succeed(2), Deferred()]))
        log.append(outcome(task.stop))
        log.append(outcome(task.stop))
        return [*log, _fired(task.whenDone())]

    waiting = Deferred()
    import warnings

    warnings.simplefilter("ignore")
    return {
        "plain": looped(lambda: None),
        "not now": looped(lambda: None, now=False),
        "waits": looped(lambda: waiting),
        "fails": looped(lambda: {}[1]),
        "a coroutine function": looped(_returns),
        "a coroutine that fails": outcome(looped, lambda: _raises(KeyError())),
        "zero": outcome(lambda: LoopingCall(int).start(-1)),
        "withCount()": counted(),
        "stop() before start()": outcome(LoopingCall(int).stop),
        "cooperate()": cooperative(),
    }


@probe("P112", "twisted", "lifecycle", source="Twisted 21.2, #9974: react() takes a coroutine function")
def what_react_does_with_the_end_of_its_main_function():
    before = """
import sys, warnings
warnings.simplefilter("ignore")
from twisted.internet import defer, task, epollreactor
"""
    program = """
async def native(reactor):
    BODY
@defer.inlineCallbacks
def inline(reactor):
    yield
    BODY
def plain(reactor):
    BODY
task.react(FN)
"""
    bodies = {
        "returns": "return None",
        "fails": "raise KeyError",
        "exits": "raise SystemExit(5)",
        "sys.exit()": "sys.exit(0)",
        "stops": "reactor.stop()",
        "interrupts": "raise KeyboardInterrupt",
        "cancels": "raise defer.CancelledError()",
    }
    return children(
        before,
        {
            f"{fn} {what}": program.replace("BODY", body).replace("FN", fn)
            for fn in ("native", "inline", "plain")
            for what, body in bodies.items()
        },
    )


@probe("P113", "twisted", "timeouts", source="IReactorTime documentation")
def what_a_delayed_call_does_at_its_edges():
    from twisted.internet import reactor
    from twisted.internet.task import Clock

    log = []
    first, second = reactor.callLater(0, log.append, "first"), reactor.callLater(0, log.append, "second")
    cancelled = reactor.callLater(0, log.append, "cancelled")
    cancelled.cancel()
    moved = reactor.callLater(0.5, log.append, "moved")
    found = {
        "negative": plain(outcome(reactor.callLater, -1, int)),
        "no function": outcome(lambda: type(reactor.callLater(1, None)).__name__),
        "cancelled twice": [outcome(cancelled.cancel), cancelled.active()],
        "reset() once cancelled": outcome(cancelled.reset, 1),
    }
    moved.reset(0)
    failing = reactor.callLater(0, lambda: {}[1])

    def inside():
        log.append("inside")
        reactor.callLater(0, reactor.stop)

    reactor.callLater(0, inside)
    with logged():
        reactor.run()
    found["order"] = log
    found["cancelled once called"] = [outcome(first.cancel), second.active(), failing.active()]
    clock, later = Clock(), []
    for seconds in (2, 1, 1):
        clock.callLater(seconds, later.append, seconds)
    clock.callLater(1, lambda: clock.callLater(0, later.append, "nested"))
    clock.advance(1)
    clock.pump([0.5, 0.5])
    found["Clock"] = [later, clock.seconds(), plain(outcome(clock.callLater, -1, int))]
    return found


@probe("P114", "twisted", "exceptions", source="twisted.internet.endpoints, twisted.internet.error")
def what_a_connection_that_fails_or_is_cancelled_tells():
    import socket

    from twisted.internet import endpoints, error, protocol, reactor
    from twisted.internet.defer import inlineCallbacks

    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        nobody = closed.getsockname()[1]
    found = {}

    class Noting(protocol.Protocol):
        log = None

        def connectionLost(self, reason):
            found.setdefault(self.factory.what, []).append(name(reason.value))
            self.factory.ended and self.factory.ended.pop().callback(None)

    def factory(what):
        from twisted.internet.defer import Deferred

        made = protocol.Factory.forProtocol(Noting)
        made.what, made.ended = what, [Deferred()]
        made.waiting = made.ended[0]
        return made

    async def attempt(what, connecting, cancel=False):
        try:
            if cancel:
                connecting.cancel()
            connected = await connecting
            found[what] = "connected"
            connected.transport.loseConnection()
        except Exception as failure:
            found[what] = name(failure)

    async def main():
        tcp = lambda port, **options: endpoints.TCP4ClientEndpoint(reactor, "127.0.0.1", port, **options)  # noqa: E731
        listening = await endpoints.TCP4ServerEndpoint(reactor, 0, interface="127.0.0.1").listen(factory("server"))
        port = listening.getHost().port
        await attempt("nobody listens", tcp(nobody).connect(factory("x")))
        await attempt("cancelled", tcp(port).connect(factory("x")), cancel=True)
        await attempt("hostname, nobody listens", endpoints.HostnameEndpoint(reactor, "127.0.0.1", nobody).connect(factory("x")))
        await attempt(
            "hostname, cancelled", endpoints.HostnameEndpoint(reactor, "127.0.0.1", port).connect(factory("x")), cancel=True
        )
        await attempt("no such name", endpoints.HostnameEndpoint(reactor, "-.invalid", port).connect(factory("x")))
        await attempt("no such path", endpoints.UNIXClientEndpoint(reactor, "/nowhere/at/all").connect(factory("x")))
        for how in ("loseConnection", "abortConnection"):
            ours = factory(how)
            connected = await tcp(port).connect(ours)
            getattr(connected.transport, how)()
            await ours.waiting
            found.setdefault(how, []).append(connected.transport.connected)
        busy = endpoints.TCP4ServerEndpoint(reactor, port, interface="127.0.0.1")
        try:
            await busy.listen(factory("x"))
        except Exception as failure:
            found["port taken"] = name(failure)
        await listening.stopListening()

    from twisted.internet.defer import ensureDeferred

    inlineCallbacks  # noqa: B018
    reactor.callWhenRunning(
        lambda: ensureDeferred(main()).addBoth(lambda result: (found.update(end=plain(result)), reactor.stop()))
    )
    reactor.run()
    found.pop("server", None)
    errors = ("ConnectionRefusedError ConnectionLost ConnectionDone ConnectionAborted TimeoutError DNSLookupError ConnectingCancelledError "
              "UserError CannotListenError ReactorNotRunning ReactorNotRestartable AlreadyCancelled AlreadyCalled ProcessDone")  # fmt: skip
    found["errors"] = {cls: [base.__name__ for base in getattr(error, cls).__mro__[1:-2]] for cls in errors.split()}
    return found


@probe("P115", "twisted", "exceptions", source="twisted.web.client documentation; Twisted 24.7 and later: errors of responses")
def what_an_agent_raises_when_a_request_fails_or_is_cancelled():
    import socket
    import threading
    import warnings

    warnings.simplefilter("ignore")
    from twisted.internet import reactor
    from twisted.internet.defer import ensureDeferred
    from twisted.web.client import Agent, readBody

    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        nobody = closed.getsockname()[1]
    stop, found = threading.Event(), {}

    def serve():
        while True:
            connection, _ = listener.accept()
            with connection:
                head = connection.recv(65536).split()
                if not head or head[1] == b"/stop":
                    return
                answers = {
                    b"/cut": b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc",
                    b"/garbage": b"garbage\r\n\r\n",
                    b"/empty": b"",
                    b"/unending": b"HTTP/1.0 200 OK\r\n\r\nabc",
                    b"/good": b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc",
                    b"/404": b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
                    b"/slow": b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc",
                }
                connection.sendall(answers[head[1]])
                if head[1] == b"/slow":
                    stop.wait()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()

    def reasons(error):
        inner = [name(failure.value) for failure in getattr(error, "reasons", None) or ()]
        return [name(error), *inner]

    async def main():
        agent = Agent(reactor)
        for path in ("good", "404", "cut", "garbage", "empty", "unending"):
            try:
                response = await agent.request(b"GET", f"http://127.0.0.1:{port}/{path}".encode())
                found[path] = [response.code, (await readBody(response)).decode()]
            except Exception as error:
                found[path] = reasons(error)
        for what, url in {
            "nobody listens": f"http://127.0.0.1:{nobody}/",
            "scheme": "gopher://x/",
            "no host": "http:///",
        }.items():
            try:
                found[what] = (await agent.request(b"GET", url.encode())).code
            except Exception as error:
                found[what] = reasons(error)
        request = agent.request(b"GET", f"http://127.0.0.1:{port}/good".encode())
        request.cancel()
        try:
            await request
        except Exception as error:
            found["cancelled at once"] = reasons(error)
        response = await agent.request(b"GET", f"http://127.0.0.1:{port}/slow".encode())
        body = readBody(response)
        body.cancel()
        try:
            await body
        except Exception as error:
            found["body cancelled"] = reasons(error)
        stop.set()

    with logged():
        reactor.callWhenRunning(
            lambda: ensureDeferred(main()).addBoth(lambda result: (found.update(end=_end(result)), reactor.stop()))
        )
        reactor.run()
    return found


def _end(result):
    return name(result.value) if hasattr(result, "value") else plain(result)


@probe(
    "P116",
    "twisted",
    "lifecycle",
    source="twisted.trial: coroutines, lost failures and dirty reactors; 24.3 (Python 3.12.1), 26.4",
)
def what_trial_does_with_coroutines_and_what_tests_leave_behind():
    program = """
import contextvars, json, unittest, warnings
warnings.simplefilter("ignore")
from twisted.internet import defer, reactor
from twisted.trial import unittest as trial
var = contextvars.ContextVar("var", default="empty")
class Case(trial.TestCase):
    def setUp(self): var.set("set up")
    async def test_coroutine(self):
        d = defer.Deferred(); reactor.callLater(0, d.callback, 1)
        self.assertEqual(await d, 1)
    async def test_coroutine_fails(self): self.fail()
    async def test_context(self): self.assertEqual(var.get(), "set up")
    def test_deferred(self): return defer.succeed(1)
    @defer.inlineCallbacks
    def test_inline(self):
        yield defer.succeed(1)
    def test_generator(self):
        yield 1
    def test_lost_failure(self): defer.fail(KeyError())
    def test_dirty_call(self): reactor.callLater(100, int)
    def test_dirty_port(self):
        from twisted.internet import protocol
        reactor.listenTCP(0, protocol.Factory(), interface="127.0.0.1")
    def test_late(self): return defer.Deferred()
    test_late.timeout = 0.05
    def test_skipped(self): raise trial.SkipTest("why")
    def test_todo(self): self.fail()
    test_todo.todo = "why"
    async def test_asyncio(self):
        import asyncio
        await asyncio.sleep(0.01)
    def test_returns_value(self): return 1
found = {}
for name in sorted(n for n in dir(Case) if n.startswith("test_")):
    result = trial.unittest.TestResult() if False else unittest.TestResult()
    try:
        Case(name).run(result)
        kinds = [k for k in ("failures", "errors", "skipped", "expectedFailures", "unexpectedSuccesses") if getattr(result, k)]
        last = [e[1].strip().splitlines()[-1].partition(":")[0].rpartition(".")[2] for e in result.errors]
        found[name] = kinds + [l for l in last if l.isidentifier()] or "passed"
    except BaseException as error:
        found[name] = "escapes " + type(error).__name__
print(json.dumps(found))
"""
    done = child(program)
    return done["out"][-1] if done["out"] else done


@probe("P117", "twisted", "signatures", source="Twisted's API documentation")
def the_parameters_of_what_glue_calls():
    import importlib

    paths = (
        "defer:Deferred defer:Deferred.addCallbacks defer:Deferred.addTimeout defer:Deferred.asFuture defer:Deferred.fromFuture "
        "defer:Deferred.fromCoroutine defer:Deferred.cancel defer:Deferred.errback defer:ensureDeferred defer:maybeDeferred "
        "defer:inlineCallbacks defer:gatherResults defer:DeferredList defer:race defer:timeout_call defer:DeferredQueue "
        "defer:DeferredSemaphore defer:returnValue defer:execute defer:logError task:react task:deferLater task:LoopingCall.start "
        "task:cooperate threads:deferToThread threads:deferToThreadPool threads:blockingCallFromThread threads:callMultipleInThread "
        "base:ReactorBase.callLater base:ReactorBase.callFromThread base:ReactorBase.callWhenRunning base:ReactorBase.run "
        "base:ReactorBase.addSystemEventTrigger base:ReactorBase.startRunning base:ReactorBase.fireSystemEvent base:ReactorBase.stop "
        "base:_SignalReactorMixin.run asyncioreactor:AsyncioSelectorReactor asyncioreactor:install main:installReactor "
        "base:DelayedCall base:DelayedCall.reset endpoints:HostnameEndpoint endpoints:TCP4ClientEndpoint endpoints:serverFromString "
        "process:Process posixbase:PosixReactorBase.spawnProcess epollreactor:EPollReactor.doPoll selectreactor:SelectReactor "
        "protocol:ReconnectingClientFactory utils:getProcessOutput abstract:FileDescriptor.loseConnection"
    )
    found = {}
    for path in paths.split():
        module, _, attributes = path.partition(":")
        try:
            thing = importlib.import_module(f"twisted.internet.{module}")
            for attribute in attributes.split("."):
                thing = getattr(thing, attribute)
            found[path] = outcome(parameters, thing)
        except (ImportError, AttributeError) as error:
            found[path] = f"missing: {name(error)}"
    return found


@probe("P118", "twisted", "warnings", source="Twisted's NEWS: deprecated and removed modules")
def what_importing_twisted_s_modules_says():
    program = """
import importlib, json, sys, warnings
found = {}
for name in MODULES:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            importlib.import_module("twisted." + name)
            found[name] = sorted({warning.category.__name__ for warning in caught})
        except BaseException as error:
            found[name] = type(error).__name__
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    from twisted.internet import reactor
found["the reactor"] = [type(reactor).__name__, sorted({warning.category.__name__ for warning in caught})]
found["brings"] = sorted(name for name in ("asyncio", "ssl", "OpenSSL", "attr", "typing_extensions", "concurrent.futures") if name in sys.modules)
print(json.dumps(found))
"""
    modules = (
        "internet.defer internet.task internet.asyncioreactor internet.epollreactor internet.selectreactor internet.pollreactor "
        "internet.gtk2reactor internet.gireactor internet.cfreactor web.client web.server web.static web.soap web.wsgi "
        "protocols.dict news python.constants python.compat python.failure python.log logger python.threadpool _threads trial.unittest "
        "trial.runner words.protocols.irc mail.smtp enterprise.adbapi internet.testing test.proto_helpers python.win32 spread.pb names.client"
    )
    return child(f"MODULES = {modules.split()!r}" + program)["out"][-1]


@probe(
    "P119",
    "twisted",
    "exceptions",
    source="Twisted: Deferred chains and coroutines run without recursion; 22.8, #10260: StopIteration",
)
def what_long_chains_and_special_exceptions_do_to_coroutines():
    from twisted.internet.defer import Deferred, ensureDeferred, inlineCallbacks, succeed

    @inlineCallbacks
    def many(count):
        for _ in range(count):
            yield succeed(None)
        return "ended"

    async def many_native(count):
        for _ in range(count):
            await succeed(None)
        return "ended"

    def chain(count):
        first = last = Deferred()
        for _ in range(count):
            following = Deferred()
            following.addCallback(lambda _, inner=last: inner)
            following.callback(None)
            last = following
        first.callback("ended")
        return last

    def deep(count):
        @inlineCallbacks
        def level(number, gate):
            yield gate if number == 0 else level(number - 1, gate)
            return number

        gate = Deferred()
        outer = level(count, gate)
        gate.callback(None)
        return outer

    def deep_native(count):
        async def level(number, gate):
            await (gate if number == 0 else ensureDeferred(level(number - 1, gate)))
            return number

        gate = Deferred()
        outer = ensureDeferred(level(count, gate))
        gate.callback(None)
        return outer

    def raises(error):
        @inlineCallbacks
        def inline():
            yield succeed(None)
            raise error

        found = [outcome(lambda: _fired(inline())), outcome(lambda: _fired(ensureDeferred(_raises(error))))]

        def boom(_):
            raise error

        return [*found, outcome(lambda: _fired(succeed(None).addCallback(boom)))]

    kinds = StopIteration(1), StopAsyncIteration(), GeneratorExit(), KeyboardInterrupt(), SystemExit(3), BaseException()
    return {
        "many yields": outcome(lambda: _fired(many(5000))),
        "many awaits": outcome(lambda: _fired(ensureDeferred(many_native(5000)))),
        "a long chain": outcome(lambda: _fired(chain(5000))),
        "deep inlineCallbacks": outcome(lambda: _fired(deep(100))),
        "deep coroutines": outcome(lambda: _fired(deep_native(100))),
        **{name(error): raises(error) for error in kinds},
    }
