"""Twisted: Failures, their frames and cycles, lost ones, and what old functions say."""

from interop.probes.forked import children
from interop.probes.observe import name, outcome, warned
from interop.probes.probe import probe
from interop.probes.twisted import come_to, raising, returning


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
        "returnValue() in a coroutine": lambda: come_to(defer.ensureDeferred(native())),
        "returnValue() outside": not_inside,
        "Deferred.callbacks": lambda: defer.Deferred().callbacks,
        "Deferred.setTimeout": timeout,
        "waitForDeferred": lambda: defer.waitForDeferred,
        "deferredGenerator": lambda: defer.deferredGenerator,
        "passthru": lambda: defer.passthru,
        "timeout": lambda: defer.timeout,
        "inlineCallbacks of no generator": lambda: defer.inlineCallbacks(lambda: 1)(),
        "inlineCallbacks of a coroutine": lambda: defer.inlineCallbacks(returning)(),
        "Deferred.debug": lambda: defer.setDebugging(True),
    }
    found = {what: warned(call) for what, call in calls.items()}
    return {**found, "result": [come_to(returns()), outcome(lambda: come_to(defer.inlineCallbacks(lambda: 1)()))]}


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

        found = [outcome(lambda: come_to(inline())), outcome(lambda: come_to(ensureDeferred(raising(error))))]

        def boom(_):
            raise error

        return [*found, outcome(lambda: come_to(succeed(None).addCallback(boom)))]

    kinds = StopIteration(1), StopAsyncIteration(), GeneratorExit(), KeyboardInterrupt(), SystemExit(3), BaseException()
    return {
        "many yields": outcome(lambda: come_to(many(5000))),
        "many awaits": outcome(lambda: come_to(ensureDeferred(many_native(5000)))),
        "a long chain": outcome(lambda: come_to(chain(5000))),
        "deep inlineCallbacks": outcome(lambda: come_to(deep(100))),
        "deep coroutines": outcome(lambda: come_to(deep_native(100))),
        **{name(error): raises(error) for error in kinds},
    }
