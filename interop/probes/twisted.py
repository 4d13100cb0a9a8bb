"""Twisted: what a Deferred and an inlineCallbacks function take, give and do with cancels, timeouts and contexts.

Source: Twisted's NEWS, 20.3 to 26.10.
"""

from interop.probes.observe import name, outcome, plain, warned
from interop.probes.probe import probe


def come_to(deferred):
    """What a Deferred has come to: "waiting", its result, or how its failure is spelled; the failure counts as seen."""
    found = []
    deferred.addCallbacks(
        lambda result: found.append(plain(result)), lambda failure: found.append(f"fails {name(failure.value)}")
    )
    return found[0] if found else "waiting"


async def raising(error):
    raise error


async def returning(value="value"):
    return value


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
        return come_to(first)

    def returns_itself():
        deferred = Deferred()
        deferred.addCallback(lambda _: deferred)
        return warned(deferred.callback, 1)

    def fired_in_callback():
        deferred = Deferred()
        deferred.addCallback(lambda _: deferred.callback(2))
        deferred.callback(1)
        return come_to(deferred)

    def errback_outside():
        return outcome(Deferred().errback)

    return {
        "callback() with a Deferred": outcome(first_result, Deferred()),
        "callback() with an exception": outcome(first_result, KeyError()),
        "callback() with a coroutine": outcome(lambda: [first_result(made := returning()), made.close()][0]),
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
        "coroutine": returning,
        "a coroutine that waits": waits,
        "a coroutine that fails": lambda: raising(KeyError()),
        "types.coroutine": old,
        "generator": gen,
        "generator expression": lambda: (number for number in range(2)),
        "async generator": agen,
        "inlineCallbacks": inner,
        "ensureDeferred()": lambda: ensureDeferred(returning()),
        "awaitable": Awaitable,
        "asyncio future": loop.create_future,
        "None": lambda: None,
        "a number": int,
        "a list of Deferreds": lambda: [succeed(1)],
        "Failure": lambda: __import__("twisted.python.failure").python.failure.Failure(KeyError()),
        "a Deferred that waits": Deferred,
        "an exception": KeyError,
    }
    return {what: outcome(lambda make=make: come_to(yields(make))) for what, make in makes.items()}


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

    fails = lambda: raising(KeyError())  # noqa: E731
    loop = asyncio.new_event_loop()
    fns = {
        "coroutine": returning,
        "failing coroutine": fails,
        "types.coroutine": old,
        "generator": gen,
        "async generator": agen,
        "awaitable": Awaitable,
        "inlineCallbacks": inline,
        "Deferred": lambda: succeed("Deferred"),
        "Failure": lambda: Failure(KeyError()),
        "raising function": lambda: {}[1],
        "value": lambda: "value",
        "asyncio future": loop.create_future,
    }
    found = {}
    for what, fn in fns.items():
        found[what] = {
            "maybeDeferred": outcome(spelled, lambda fn=fn: maybeDeferred(fn)),
            "ensureDeferred": outcome(spelled, lambda fn=fn: ensureDeferred(fn())),
            "fromCoroutine": outcome(spelled, lambda fn=fn: Deferred.fromCoroutine(fn())),
            "succeed": outcome(spelled, lambda fn=fn: succeed(fn())) if what != "raising function" else "",
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
        log.append(come_to(outer))
        if outer is not inner:
            log.append(come_to(inner))
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
        return [come_to(both), *log, *[come_to(member) for member in members]]

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
        log.append(come_to(outer))
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

    def back(seen):
        found["deferToThread()"] = seen
        note("its callback")
        reactor.callLater(0, writes)

    def writes():
        note("a later callLater()")
        var.set("written")
        reactor.callLater(0, note, "callLater() after a write")

    def start():
        var.set("starter's")
        reactor.callLater(0, note, "callLater()")
        reactor.callFromThread(note, "callFromThread()")
        reactor.callInThread(lambda: found.update({"callInThread()": var.get()}))
        deferToThread(var.get).addCallback(back)
        reactor.callWhenRunning(note, "callWhenRunning()")
        reactor.addSystemEventTrigger("before", "shutdown", lambda: found.update({"at shutdown": var.get()}))
        var.set("later")

    var.set("outside")
    reactor.callWhenRunning(start)
    reactor.run()
    return found


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
        rest = [come_to(member) for member in members]
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
        return [come_to(deferred), *log, len(clock.getDelayedCalls())]

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
        return [len(clock.getDelayedCalls()), come_to(deferred)]

    def cancelled_before():
        clock, deferred = Clock(), Deferred()
        deferred.addTimeout(1, clock)
        deferred.cancel()
        return [len(clock.getDelayedCalls()), come_to(deferred)]

    def later():
        clock, log = Clock(), []
        deferred = deferLater(clock, 1, log.append, "called")
        deferred.cancel()
        clock.advance(2)
        without = deferLater(clock, 0)
        clock.advance(0)
        return [come_to(deferred), *log, come_to(without)]

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
        found = [come_to(first), "acquired" if second.called else "waiting"]
        primitive.release()
        return [*found, outcome(primitive.release)]

    def queue():
        made = defer.DeferredQueue(size=1, backlog=2)
        first, second = made.get(), made.get()
        third = outcome(made.get)
        first.cancel()
        made.put("item")
        found = [come_to(first), come_to(second), third, outcome(made.put, "a"), outcome(made.put, "b"), len(made.pending)]
        return found

    def run(make, fn):
        primitive = make()
        deferred = primitive.run(fn)
        return [come_to(deferred), _free(primitive)]

    def _free(primitive):
        waiting = primitive.acquire()
        return waiting.called

    async def body(primitive, log):
        async with primitive:
            log.append("held")
            raise KeyError

    def with_statement(make):
        primitive, log = make(), []
        return [come_to(defer.ensureDeferred(body(primitive, log))), *log, _free(primitive)]

    makes = {"DeferredLock": defer.DeferredLock, "DeferredSemaphore": lambda: defer.DeferredSemaphore(1)}
    found = {}
    for what, make in makes.items():
        found[what] = {
            "handed over": outcome(handed_over, make),
            "run()": outcome(run, make, lambda: 1),
            "run() of one that fails": outcome(run, make, lambda: {}[1]),
            "run() of a coroutine": outcome(run, make, returning),
            "with": outcome(with_statement, make),
        }
    return {**found, "DeferredQueue": queue()}
