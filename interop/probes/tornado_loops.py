"""Tornado: its loops, their threads and end; executors, warnings, its test case."""

from interop.probes.forked import children
from interop.probes.observe import ahead, aoutcome, child, name, outcome, parameters, settled, state, turns, unhandled
from interop.probes.probe import probe


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
        later(3600)  # not before it has begun
        try:
            await asyncio.Event().wait()
        except BaseException as error:
            log.append(name(error))
            raise

    @gen.coroutine
    def decorated_waits():
        later(3600)
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
    later = ahead(loop.asyncio_loop)
    run = lambda *args, **options: outcome(loop.run_sync, *args, **options)  # noqa: E731
    return {
        "value": run(lambda: asyncio.sleep(0, "value")),
        "a plain value": run(lambda: 1),
        "failure": run(fails),
        "late": [run(waits, timeout=600), list(log)],
        "a late decorated one": run(decorated_waits, timeout=600),
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
