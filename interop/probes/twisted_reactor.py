"""Twisted: reactors, their threads, timers, processes, connections and end."""

from interop.probes.forked import children
from interop.probes.observe import child, logged, name, outcome, plain
from interop.probes.probe import probe
from interop.probes.twisted import come_to, raising, returning


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
        found["blocking call of a coroutine"] = plain(outcome(blockingCallFromThread, reactor, returning))
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
    out, erred, log = b"", False, []
    def connectionMade(self): self.log.append("made"); self.transport.closeStdin()
    def outReceived(self, data): self.out += data
    def errReceived(self, data): self.erred = True  # in how many pieces, and before or after the exit, is the system's
    def processExited(self, reason): self.log.append(["exited", type(reason.value).__name__])
    def processEnded(self, reason):
        self.log.append(["ended", type(reason.value).__name__, reason.value.exitCode, reason.value.signal, self.out.decode().split()])
        self.log.append(["error output", self.erred])
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
        found = [len(calls), loop.running, "waiting" if not ended.called else come_to(ended)]
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
        return [*log, come_to(task.whenDone())]

    waiting = Deferred()
    import warnings

    warnings.simplefilter("ignore")
    return {
        "plain": looped(lambda: None),
        "not now": looped(lambda: None, now=False),
        "waits": looped(lambda: waiting),
        "fails": looped(lambda: {}[1]),
        "a coroutine function": looped(returning),
        "a coroutine that fails": outcome(looped, lambda: raising(KeyError())),
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
