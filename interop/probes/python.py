"""Python itself: the interpreter's exit, contexts, threads and executors, under every framework.

Source: "What's New in Python" 3.11 to 3.14, on threading, concurrent.futures, contextvars, warnings and removed modules.
"""

from interop.probes.observe import child, logged, name, outcome, state, warned
from interop.probes.probe import probe

AT_EXIT = """
import atexit, concurrent.futures, threading
def attempt(fn):
    try:
        fn()
        print("works")
    except BaseException as error:
        print(type(error).__name__)
def start():
    thread = threading.Thread(target=lambda: None)
    thread.start()
    thread.join()
pool = concurrent.futures.ThreadPoolExecutor(1)
pool.submit(int).result()
"""


@probe("P1", "python", "lifecycle", source="cpython gh-104690, gh-113964: no new threads at exit, 3.12 only")
def what_an_atexit_callback_may_still_start():
    calls = {
        "a thread": "start()",
        "an executor": "concurrent.futures.ThreadPoolExecutor(1).submit(int).result()",
        "a job of a running executor": "pool.submit(int).result()",
        "a loop": "__import__('asyncio').run(__import__('asyncio').sleep(0))",
        "a thread of asyncio": "__import__('asyncio').run(__import__('asyncio').to_thread(int))",
        "a process": "__import__('subprocess').run(['true'])",
        "a fork": "__import__('os').waitpid(__import__('os').fork() or __import__('os')._exit(0), 0)",
    }
    return {what: child(AT_EXIT + f"atexit.register(attempt, lambda: {call})")["out"] for what, call in calls.items()}


@probe("P2", "python", "lifecycle", source="threading._shutdown() joins threads before atexit callbacks run")
def the_order_in_which_things_end_at_exit():
    program = """
import atexit, concurrent.futures, threading, time, weakref
class Local:
    def __del__(self): print("global collected")
kept = Local()
atexit.register(print, "atexit callback")
def wait(what):
    time.sleep(0.1)
    print(what)
pool = concurrent.futures.ThreadPoolExecutor(1)
pool.submit(wait, "executor's job")
threading.Thread(target=wait, args=("thread",)).start()
weakref.finalize(kept, print, "finalizer")
"""
    done = child(program)
    return {"exit": done["exit"], "lines": sorted(done["out"][:2]) + done["out"][2:], "printed": done["printed"]}


@probe("P3", "python", "exceptions", source="What's New in Python 3.10 and 3.11: TimeoutError is one class")
def which_of_the_errors_for_being_late_and_cancelled_are_one_class():
    import asyncio
    import concurrent.futures
    import queue
    import socket

    errors = {
        "asyncio.TimeoutError": asyncio.TimeoutError,
        "concurrent.futures.TimeoutError": concurrent.futures.TimeoutError,
        "socket.timeout": socket.timeout,
        "asyncio.CancelledError": asyncio.CancelledError,
        "concurrent.futures.CancelledError": concurrent.futures.CancelledError,
        "asyncio.QueueEmpty": asyncio.QueueEmpty,
        "queue.Empty": queue.Empty,
        "asyncio.QueueShutDown": getattr(asyncio, "QueueShutDown", None),
        "queue.ShutDown": getattr(queue, "ShutDown", None),
        "asyncio.IncompleteReadError": asyncio.IncompleteReadError,
        "asyncio.BrokenBarrierError": getattr(asyncio, "BrokenBarrierError", None),
        "concurrent.futures.InvalidStateError": concurrent.futures.InvalidStateError,
    }
    return {what: [name(base) for base in error.__mro__[:-2]] if error else "missing" for what, error in errors.items()}


@probe(
    "P4", "python", "contextvars", source="What's New in Python 3.14: threads may inherit the context; Token is a context manager"
)
def which_code_in_another_thread_sees_the_context_of_its_starter():
    import asyncio
    import concurrent.futures
    import contextvars
    import threading

    var = contextvars.ContextVar("var", default="empty")
    found = {}

    def note(what):
        found[what] = var.get()

    var.set("inherited")
    for what, cls in {"Thread": threading.Thread, "Timer": lambda target, args: threading.Timer(0, target, args)}.items():
        thread = cls(target=note, args=(what,))
        thread.start()
        thread.join()
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        pool.submit(note, "ThreadPoolExecutor").result()
        pool.submit(int).add_done_callback(lambda _: note("done callback of a job that is done"))

    async def main():
        await asyncio.to_thread(note, "to_thread")
        await asyncio.get_running_loop().run_in_executor(None, note, "run_in_executor")

    asyncio.run(main())
    found["a token is a context manager"] = hasattr(var.set("other"), "__enter__")
    found["Thread takes a context"] = outcome(lambda: threading.Thread(context=contextvars.copy_context()).name and "yes")
    return found


@probe(
    "P5",
    "python",
    "exceptions",
    source="What's New in Python 3.13: generator.close() returns; 3.12: throw() with three arguments",
)
def what_closing_and_throwing_into_generators_gives_back():
    def catches():
        try:
            yield 1
        except GeneratorExit:
            return "returned"

    def refuses():
        try:
            yield 1
        except GeneratorExit:
            yield 2

    def raises_stop():
        yield 1
        raise StopIteration(3)

    async def native():
        return "value"

    def closed(make):
        running = make()
        next(running)
        return running.close()

    def thrown(*args):
        running = catches()
        next(running)
        running.throw(*args)

    def awaited_twice():
        once = native()
        outcome(once.send, None)
        once.send(None)

    return {
        "close() of one that returns": outcome(closed, catches),
        "close() of one that goes on": outcome(closed, refuses),
        "StopIteration inside": outcome(list, raises_stop()),
        "throw() of an instance warns": warned(thrown, GeneratorExit()),
        "throw() of a class, a value and a traceback warns": warned(thrown, GeneratorExit, GeneratorExit(), None),
        "awaited twice": outcome(awaited_twice),
        "never awaited": warned(lambda: native() and None),
    }


@probe("P6", "python", "warnings", source="What's New in Python 3.12: os.fork() warns in a process with threads")
def what_forking_a_process_with_threads_says():
    program = """
import os, threading, warnings
def fork():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        pid = os.fork()
        if pid == 0:
            os._exit(threading.active_count())
    return [warning.category.__name__ for warning in caught], os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
import json
print(json.dumps(fork()))
stop = threading.Event()
threading.Thread(target=stop.wait).start()
print(json.dumps(fork()))
stop.set()
"""
    alone, beside = child(program)["out"]
    return {"alone": alone, "beside a thread": beside}


@probe("P7", "python", "converters", source="concurrent.futures documentation: Future, Executor")
def what_a_concurrent_future_and_its_executor_do_at_the_edges():
    import concurrent.futures
    import threading

    started, release = threading.Event(), threading.Event()

    def fails(_):
        raise KeyError

    def stops(_):
        raise SystemExit

    def job():
        started.set()
        release.wait()

    done = concurrent.futures.Future()
    with logged() as records:
        done.add_done_callback(fails)
        done.set_result(1)
        done.add_done_callback(fails)
        late = outcome(done.add_done_callback, stops)
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        running, queued, dropped = pool.submit(job), pool.submit(int), pool.submit(int)
        started.wait()
        found = {
            "cancel() of a running one": running.cancel(),
            "cancel() of a queued one": [queued.cancel(), queued.cancel(), queued.running(), outcome(queued.result, 0)],
            "result() of one that is late": outcome(running.result, 0),
            "set_result() twice": outcome(done.set_result, 2),
            "callbacks that fail are logged": records,
            "a callback that exits": late,
        }
        pool.shutdown(wait=False, cancel_futures=True)
        found["submit() after shutdown()"] = outcome(pool.submit, int)
        release.set()
    return {**found, "shutdown() with cancel_futures": state(dropped), "callbacks' order": _order()}


def _order():
    import concurrent.futures

    called = []
    future = concurrent.futures.Future()
    for number in range(3):
        future.add_done_callback(lambda _, number=number: called.append(number))
    future.cancel()
    outcome(future.set_running_or_notify_cancel)
    return called


@probe("P8", "python", "exceptions", source="threading.excepthook, sys.unraisablehook, concurrent.futures.Future")
def what_an_exception_that_nobody_sees_prints():
    programs = {
        "in a thread": "import threading; threading.Thread(target=lambda: 1 / 0).start()",
        "exit in a thread": "import threading, sys; threading.Thread(target=sys.exit, args=(3,)).start()",
        "in an executor": "import concurrent.futures as c; c.ThreadPoolExecutor(1).submit(lambda: 1 / 0)",
        "in an executor's initializer": "import concurrent.futures as c\n"
        "pool = c.ThreadPoolExecutor(1, initializer=lambda: 1 / 0)\n"
        "try: pool.submit(int).result()\n"
        "except Exception as error: print(type(error).__name__)",
        "in __del__": "class A:\n    def __del__(self): 1 / 0\nA()",
        "in an atexit callback": "import atexit; atexit.register(lambda: 1 / 0)",
        "in a coroutine's close()": "async def f():\n    try: await g()\n    finally: 1 / 0\n"
        "import types\n@types.coroutine\ndef g(): yield\nf().send(None)",
        "a coroutine that never ran": "async def f(): pass\nf()",
    }
    return {what: {key: value for key, value in child(program).items() if value} for what, program in programs.items()}


@probe("P9", "python", "lifecycle", source="concurrent.futures.thread: workers are joined at exit; cpython gh-86813")
def what_an_executor_left_with_work_does_at_exit():
    program = """
import concurrent.futures, sys, threading, time
pool = concurrent.futures.ThreadPoolExecutor(1)
started = threading.Event()
def job(number):
    started.set()
    time.sleep(0.1)
    print(number)
for number in range(3):
    pool.submit(job, number)
started.wait()
"""
    endings = {
        "returns": "",
        "raises": "1 / 0",
        "exits": "sys.exit(3)",
        "shuts down": "pool.shutdown(wait=False, cancel_futures=True)",
    }
    return {how: child(program + line) for how, line in endings.items()}


@probe(
    "P10",
    "python",
    "detection",
    source="inspect.iscoroutinefunction(), asyncio.iscoroutinefunction(); inspect.markcoroutinefunction() is new in 3.12",
)
def what_is_recognized_as_a_coroutine_function():
    import asyncio
    import functools
    import inspect
    import types
    import unittest.mock
    import warnings

    async def native():
        pass

    async def generator():
        yield

    def returns():
        return native()

    @types.coroutine
    def old():
        yield

    class Callable:
        async def __call__(self):
            pass

        async def method(self):
            pass

    @functools.wraps(native)
    def wrapper():
        pass

    things = {
        "async def": native,
        "async generator": generator,
        "a function that returns a coroutine": returns,
        "types.coroutine": old,
        "partial": functools.partial(native),
        "partial of a method": functools.partial(Callable().method),
        "object with an async __call__": Callable(),
        "method": Callable().method,
        "AsyncMock": unittest.mock.AsyncMock(),
        "wraps": wrapper,
        "partialmethod": functools.partialmethod(native),
    }
    if hasattr(inspect, "markcoroutinefunction"):
        things["marked"] = inspect.markcoroutinefunction(returns)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return {what: [inspect.iscoroutinefunction(thing), asyncio.iscoroutinefunction(thing)] for what, thing in things.items()}


@probe("P11", "python", "warnings", source="What's New in Python 3.12 and 3.13: removed modules (PEP 594)")
def which_old_modules_can_still_be_imported():
    modules = (
        "asyncore asynchat smtpd imp distutils cgi telnetlib pipes crypt nntplib asyncio.compat binhex formatter parser "
        "lib2to3 audioop spwd uu xdrlib msilib"
    )
    program = """
import importlib, json, sys, warnings
found = {}
for name in sys.argv[1:] or MODULES:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            importlib.import_module(name)
            found[name] = sorted({warning.category.__name__ for warning in caught}) or "imported"
        except ImportError as error:
            found[name] = "missing"
print(json.dumps(found))
"""
    return child(f"MODULES = {modules.split()!r}" + program)["out"][0]


@probe("P12", "python", "streams", source="queue.Queue.shutdown() is new in 3.13")
def what_a_thread_gets_from_a_queue_that_was_shut_down():
    import queue

    def shut(immediate):
        items = queue.Queue()
        items.put(1)
        items.shutdown(immediate)
        return [
            outcome(items.get, False),
            outcome(items.get, False),
            outcome(items.put, 2),
            outcome(items.task_done),
            items.qsize(),
        ]

    simple, bounded = queue.SimpleQueue(), queue.Queue(1)
    bounded.put(1)
    return {
        "shut down": outcome(shut, False),
        "shut down at once": outcome(shut, True),
        "empty": [outcome(simple.get, False), outcome(queue.Queue().get, True, 0), outcome(queue.Queue().get, True, -1)],
        "full": [outcome(bounded.put, 2, False), outcome(bounded.put, 2, True, 0)],
        "done too often": outcome(queue.Queue().task_done),
        "subclass's methods are called": _hooks(),
    }


def _hooks():
    import queue

    called = []

    class Noting(queue.Queue):
        def _init(self, maxsize):
            called.append("_init")
            super()._init(maxsize)

        def _put(self, item):
            called.append("_put")
            super()._put(item)

        def _get(self):
            called.append("_get")
            return super()._get()

    items = Noting()
    items.put(1)
    items.get()
    return called


@probe("P13", "python", "exceptions", source="PEP 654; PEP 678; contextlib.suppress() and groups since 3.12")
def what_exception_groups_are_and_do_here():
    import builtins
    import contextlib

    group = getattr(builtins, "ExceptionGroup", None)
    if group is None:
        return "missing"
    both = group("both", [KeyError(1), group("inner", [ValueError(2)])])
    value, rest = both.split(ValueError)
    suppressed = outcome(lambda: _raise_within(contextlib.suppress(ValueError), both))
    return {
        "split": [name(value), name(rest)],
        "a base exception makes": name(builtins.BaseExceptionGroup("all", [KeyboardInterrupt()])),
        "none": outcome(group, "none", []),
        "no exception": outcome(group, "none", [1]),
        "suppress(ValueError)": suppressed,
        "notes": [hasattr(both, "__notes__"), hasattr(both, "add_note")],
        "derive keeps the traceback": value.__traceback__ is both.__traceback__,
    }


def _raise_within(manager, error):
    with manager:
        raise error
    return "nothing"


@probe("P14", "python", "lifecycle", source="cpython gh-81001 (PEP 442), gh-93343 and others: cycles of frames and tracebacks")
def what_is_freed_without_the_garbage_collector():
    import asyncio
    import builtins
    import concurrent.futures
    import contextlib
    import gc
    import weakref

    ExceptionGroup = getattr(builtins, "ExceptionGroup", KeyError)

    class Local:
        pass

    def freed(scenario):
        gc.collect()
        gc.disable()
        local = Local()
        gone = weakref.ref(local)
        scenario(local)
        del local
        return gone() is None

    def fails(local):
        raise KeyError

    async def afails(local):
        raise KeyError

    def run(main):
        with contextlib.suppress(KeyError, TimeoutError, asyncio.TimeoutError, AttributeError, ExceptionGroup):
            asyncio.run(main)

    async def waits(local):
        await asyncio.sleep(10)

    def in_a_job(local):
        # Not outcome(): its frame would hold the future.
        with concurrent.futures.ThreadPoolExecutor(1) as pool, contextlib.suppress(KeyError):
            pool.submit(fails, local).result()

    def in_a_task(local):
        async def main(local):
            await asyncio.create_task(afails(local))

        run(main(local))

    def in_a_group(local):
        async def main(local):
            async with asyncio.TaskGroup() as group:
                group.create_task(afails(local))

        run(main(local))

    def in_a_timeout(local):
        run(asyncio.wait_for(waits(local), 0.01))

    def in_a_cancelled_task(local):
        async def main(local):
            task = asyncio.create_task(waits(local))
            await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait([task])

        run(main(local))

    scenarios = in_a_job, in_a_task, in_a_group, in_a_timeout, in_a_cancelled_task
    return {scenario.__name__.replace("_", " "): freed(scenario) for scenario in scenarios}
