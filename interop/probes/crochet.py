"""crochet: Twisted's reactor in a thread, called from plain code: results, timeouts, cancels, set-up and exit.

Source: crochet's change log, 1.9 to 2.1.
"""

from interop.probes.forked import children
from interop.probes.observe import name, outcome, parameters, plain
from interop.probes.probe import probe

BEFORE = """
import json, sys, threading, warnings
warnings.simplefilter("ignore")
def say(*what): print(json.dumps(what), flush=True)
def get(fn):
    try: say(fn())
    except BaseException as error: say("raises " + type(error).__name__)
from twisted.internet import defer, epollreactor, asyncioreactor, task
"""


@probe("P255", "crochet", "threads", "twisted", source="crochet documentation: setup(), run_in_reactor(), wait_for()")
def what_calls_into_the_reactor_return_and_raise():
    import crochet
    from twisted.internet import defer
    from twisted.python.threadable import isInIOThread

    crochet.setup()

    @crochet.run_in_reactor
    def returns(value):
        return value

    @crochet.run_in_reactor
    def fails(error):
        raise error

    @crochet.run_in_reactor
    def never():
        return defer.Deferred()

    @crochet.wait_for(timeout=5)
    def waits(value):
        return defer.succeed(value)

    @crochet.wait_for(timeout=5)
    def waits_and_fails(error):
        return defer.fail(error)

    @crochet.wait_for(timeout=0.02)
    def late(log):
        return defer.Deferred(lambda _: log.append("cancelled"))

    @crochet.wait_for(timeout=5)
    async def native():
        await defer.succeed(None)
        return ["native", isInIOThread()]

    @crochet.run_in_reactor
    async def native_result():
        return "native"

    @crochet.wait_for(timeout=5)
    def in_reactor():
        return outcome(waits, 1)

    error, log = KeyError(), []
    found = {
        "run_in_reactor()": [type(returns(1)).__name__, returns(1).wait(5), outcome(fails(KeyError()).wait, 5)],
        "late": [outcome(never().wait, 0.01), outcome(late, log), [waits(1), *log]],
        "wait_for()": [waits(1), outcome(waits_and_fails, error), isInIOThread()],
        "coroutine functions": [plain(outcome(native)), outcome(lambda: plain(native_result().wait(5)))],
        "from the reactor's own thread": outcome(in_reactor),
    }
    try:
        waits_and_fails(error)
    except KeyError as same:
        found["the same exception"] = same is error
    result = never()
    result.cancel()
    found["cancel()"] = outcome(result.wait, 5)
    found["TimeoutError"] = [base.__name__ for base in crochet.TimeoutError.__mro__[:-2]]
    failed = fails(KeyError())
    outcome(failed.wait, 5)
    found["original_failure()"] = name(failed.original_failure().value)
    return found


@probe("P256", "crochet", "lifecycle", "twisted", source="crochet documentation: setup(), no_setup(), exit of the process")
def what_set_up_and_exit_do():
    programs = {
        "exits": "crochet.setup()\nsay('ended')",
        "a job at exit": "crochet.setup()\n@crochet.run_in_reactor\ndef f(): return defer.Deferred()\nf(); say('ended')",
        "shutdown trigger": "crochet.setup()\nfrom twisted.internet import reactor\n"
        "reactor.callFromThread(reactor.addSystemEventTrigger, 'before', 'shutdown', say, 'shutdown')\n"
        "crochet.wait_for(timeout=5)(lambda: defer.succeed(1))(); say('ended')",
        "twice": "crochet.setup(); crochet.setup(); say('ended')",
        "no_setup() after setup()": "crochet.setup(); get(crochet.no_setup)",
        "setup() after no_setup()": "crochet.no_setup(); crochet.setup(); say(threading.active_count())",
        "without setup()": "get(lambda: crochet.run_in_reactor(lambda: 1)().wait(60))",
        "a lost failure": "import gc\ncrochet.setup()\nturn = crochet.wait_for(timeout=5)(lambda: defer.succeed(1))\n"
        # Two turns: in the middle of the first, the reactor's queue may still hold the call.
        "@crochet.run_in_reactor\ndef f(): raise KeyError\nr = f(); turn(); turn(); r = None; gc.collect(); turn(); say('ended')",
        "a failing main": "crochet.setup(); {}[1]",
        "stop() in it": "crochet.setup()\nfrom twisted.internet import reactor\n"
        "get(lambda: crochet.run_in_reactor(reactor.stop)().wait(5)); get(lambda: crochet.run_in_reactor(lambda: "
        "1)().wait(60))",
        "waiting when it stops": "crochet.setup()\nfrom twisted.internet import reactor\n"
        "r = crochet.run_in_reactor(lambda: defer.Deferred())()\nreactor.callFromThread(reactor.stop)\nget(lambda: r.wait(60))",
        "sys.exit() in it": "crochet.setup()\nget(lambda: crochet.run_in_reactor(lambda: sys.exit(3))().wait(60))",
        "threads": "crochet.setup(); say(sorted([t.daemon, t.name.rstrip('-0123456789')] for t in threading.enumerate())[0][0])",
        "Ctrl-C while it waits": "import os, signal\ncrochet.setup()\n"
        "get(lambda: crochet.wait_for(timeout=60)(lambda: os.kill(os.getpid(), signal.SIGINT) or defer.Deferred())())",
    }
    # Not before the fork: its import makes a thread object, which Python 3.13 takes for started in the child.
    return children(BEFORE, {what: f"import crochet\n{program}" for what, program in programs.items()})


@probe("P257", "crochet", "detection", "twisted", source="crochet and asyncioreactor; which reactor is installed by setup()")
def which_reactor_it_runs():
    programs = {
        "default": "crochet.setup()\nfrom twisted.internet import reactor; say(type(reactor).__name__)",
        "asyncioreactor first": "asyncioreactor.install(); crochet.setup()\nfrom twisted.internet import reactor; "
        "say(type(reactor).__name__)\n"
        "import asyncio\n"
        "@crochet.wait_for(timeout=5)\ndef f(): return defer.Deferred.fromFuture(asyncio.ensure_future(asyncio.sleep(0, "
        "'slept')))\nget(f)",
        "import installs": "say('twisted.internet.reactor' in sys.modules)",
        "signals": "import signal\ncrochet.setup()\nsay(signal.getsignal(signal.SIGINT) is signal.default_int_handler)",
        "child process": "crochet.setup()\nfrom twisted.internet import utils\n"
        "get(lambda: crochet.wait_for(timeout=5)(lambda: utils.getProcessValue('/bin/true'))())",
    }
    # Not before the fork: its import makes a thread object, which Python 3.13 takes for started in the child.
    return children(BEFORE, {what: f"import crochet\n{program}" for what, program in programs.items()})


@probe("P258", "crochet", "contextvars", "twisted", source="crochet: contexts are not carried into the reactor")
def which_context_calls_into_the_reactor_see():
    import contextvars

    import crochet

    crochet.setup()
    var = contextvars.ContextVar("var", default="empty")

    def reads():
        seen = var.get()
        var.set("written")
        return seen

    async def areads():
        return var.get()

    var.set("caller's")
    first = outcome(crochet.wait_for(timeout=5)(lambda: _succeed(reads())))
    second = outcome(crochet.wait_for(timeout=5)(lambda: _succeed(var.get())))
    return {
        "wait_for()": [first, second],
        "run_in_reactor()": outcome(lambda: crochet.run_in_reactor(var.get)().wait(5)),
        "a coroutine function": plain(outcome(lambda: crochet.run_in_reactor(areads)().wait(5))),
        "the caller's after all": var.get(),
    }


def _succeed(value):
    from twisted.internet.defer import succeed

    return succeed(value)


@probe(
    "P259",
    "crochet",
    "signatures",
    "twisted",
    source="crochet's API documentation; in_reactor and wait_for_reactor were deprecated",
)
def what_it_offers_and_how_decorated_functions_look():
    import inspect
    import warnings

    import crochet

    def function(value=1):
        return value

    async def native(value=1):
        return value

    class Thing:
        @crochet.wait_for(timeout=5)
        def method(self):
            return self

    warnings.simplefilter("ignore")
    run, wait = crochet.run_in_reactor(function), crochet.wait_for(timeout=5)(function)
    crochet.setup()
    thing = Thing()
    return {
        "module": sorted(item for item in dir(crochet) if not item.startswith("_") and callable(getattr(crochet, item))),
        "names": [run.__name__, wait.__name__, hasattr(run, "__wrapped__"), hasattr(run, "wrapped_function")],
        "parameters": [parameters(run), parameters(wait), parameters(crochet.wait_for), parameters(crochet.EventualResult.wait)],
        "iscoroutinefunction": [inspect.iscoroutinefunction(outcome(lambda: crochet.wait_for(timeout=5)(native)))],
        "methods": outcome(lambda: thing.method() is thing),
    }
