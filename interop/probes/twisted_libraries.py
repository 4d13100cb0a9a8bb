"""Twisted: its HTTP client, trial, and what its modules offer and say."""

from interop.probes.observe import child, logged, name, outcome, parameters, plain
from interop.probes.probe import probe


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
