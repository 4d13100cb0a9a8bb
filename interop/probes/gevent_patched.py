"""What gevent's monkey patching does to the standard library and to whoever uses it: threads, locks, queues, asyncio, fork, exit.

Each probe patches its own process, or a child. A module of many small functions: a catalogue.
"""

from collections.abc import Callable
from typing import Any

from interop.probes.observe import child, name, outcome
from interop.probes.probe import probe

PATCH = "from gevent import monkey; monkey.patch_all()\n"


def _natively(fn: Callable[[], Any]) -> Any:
    """What a function returns in a native thread, without letting the hub of this one run."""
    from gevent.monkey import get_original

    got: list[Any] = []
    get_original("_thread", "start_new_thread")(lambda: got.append(outcome(fn)), ())
    for _ in range(200):
        if got:
            break
        get_original("time", "sleep")(0.005)
    return got[0] if got else "no end"


@probe(
    "P370", "gevent", "lifecycle", source="gevent docs, monkey.patch_all; 25.4.1: queues; 25.8.1: os.close, signal.set_wakeup_fd"
)
def which_names_are_patched() -> Any:
    from gevent import monkey

    monkey.patch_all()
    few = {"os", "signal", "queue", "select", "selectors", "time", "concurrent.futures.thread", "contextvars", "sys"}
    saved = monkey.saved
    return {each: sorted(saved[each]) if each in few else len(saved[each]) > 0 for each in sorted(saved)}


@probe("P371", "gevent", "threads", source="gevent 25.8.1, issue 2100: a patched os.close made a hub; 26.7 closes directly")
def which_patched_calls_make_a_hub_in_a_native_thread() -> Any:
    from gevent import monkey

    monkey.patch_all()
    import os
    import queue
    import socket
    import threading
    import time

    import gevent
    from gevent._hub_local import get_hub_if_exists

    gevent.get_hub()

    def hub_after(call: Callable[[], Any]) -> Any:
        def inside() -> list[Any]:
            return [outcome(call), get_hub_if_exists() is not None]

        return _natively(inside)

    def closes() -> None:
        for end in os.pipe():
            os.close(end)

    def pipes() -> None:
        read, write = os.pipe()
        os.write(write, b"1")
        os.read(read, 1)

    def puts() -> None:
        made: Any = queue.Queue()
        made.put(1)

    return {
        "nothing": hub_after(lambda: None),
        "os.close": hub_after(closes),
        "os.write, os.read": hub_after(pipes),
        "time.sleep": hub_after(lambda: time.sleep(0.001)),
        "lock, free": hub_after(lambda: threading.Lock().acquire()),
        "event.set": hub_after(lambda: threading.Event().set()),
        "event.wait": hub_after(lambda: threading.Event().wait(0.001)),
        "queue.put": hub_after(puts),
        "socket": hub_after(lambda: socket.socket().close()),
        "socketpair": hub_after(lambda: [each.close() for each in socket.socketpair()] and None),
        "current_thread": hub_after(lambda: name(threading.current_thread())),
    }


@probe("P372", "gevent", "streams", source="gevent 25.4.1, 25.8.1, 25.8.2, issues 1957, 2114, 2136: subclasses of patched queues")
def a_subclass_of_a_patched_queue_keeps_the_contract_of_the_standard_one() -> Any:
    from gevent import monkey

    monkey.patch_all()
    import heapq
    import queue

    class Least(queue.Queue):  # type: ignore[type-arg]
        def _init(self, maxsize: int) -> None:
            self.queue = []

        def _put(self, item: Any) -> None:
            heapq.heappush(self.queue, item)  # type: ignore[arg-type]

        def _get(self) -> Any:
            return heapq.heappop(self.queue)  # type: ignore[arg-type]

        def _qsize(self) -> int:
            return len(self.queue)

    def order(cls: Any) -> Any:
        made = cls()
        for each in (3, 1, 2):
            made.put(each)
        return [made.get(timeout=0.3) for _ in range(3)]

    class Attribute(queue.LifoQueue):  # type: ignore[type-arg]
        def __init__(self) -> None:
            super().__init__(5)
            self.extra = self.maxsize

    def joined() -> Any:
        made: Any = queue.Queue()
        made.put(1)
        made.get()
        made.task_done()
        made.join()
        return made.unfinished_tasks

    return {
        "own order": outcome(order, Least),
        "queue, writable": outcome(setattr, queue.Queue(), "queue", []),
        "lifo": outcome(order, Attribute),
        "priority": outcome(order, queue.PriorityQueue),
        "simple": outcome(order, queue.SimpleQueue),
        "extra attribute": outcome(lambda: Attribute().extra),
        "join": outcome(joined),
        "done too often": outcome(queue.Queue().task_done),
        "has": [
            each
            for each in ("mutex", "not_empty", "all_tasks_done", "unfinished_tasks", "shutdown")
            if hasattr(queue.Queue(), each)
        ],
        "from": [getattr(queue, each).__module__ for each in ("Queue", "LifoQueue", "PriorityQueue", "SimpleQueue", "Empty")],
    }


@probe("P373", "gevent", "threads", source="gevent: threading under patch_all; 24.2.1, issue 2020: dummy threads")
def what_threading_says_of_greenlets_and_threads() -> Any:
    from gevent import monkey

    monkey.patch_all()
    import threading

    import gevent

    main = threading.current_thread()
    local = threading.local()
    local.value = "main"

    def seen() -> list[Any]:
        here = threading.current_thread()
        return [
            here is main,
            name(here),
            here.name.partition("-")[0],
            here.daemon,
            threading.get_ident() == main.ident,
            hasattr(local, "value"),
        ]

    started: list[Any] = []
    thread = threading.Thread(target=lambda: started.append(seen()))
    thread.start()
    thread.join()
    listed: list[int] = []
    waits = threading.Event()
    other = threading.Thread(target=waits.wait, daemon=True)
    other.start()
    listed.append(len(threading.enumerate()))
    waits.set()
    other.join()
    return {
        "main": [main is threading.main_thread(), name(main)],
        "greenlet": gevent.spawn(seen).get(),
        "raw greenlet": outcome(lambda: _raw(seen)),
        "thread": started[0],
        "thread is a greenlet": _is_greenlet(threading),
        "native thread": _natively(lambda: seen()[1:]),
        "enumerate": [*listed, len(threading.enumerate())],
        "alive": [thread.is_alive(), main.is_alive()],
        "join itself": outcome(main.join),
    }


def _raw(fn: Callable[[], Any]) -> Any:
    import gevent

    got: list[Any] = []
    gevent.spawn_raw(lambda: got.append(fn()))
    gevent.sleep(0.01)
    return got[0]


def _is_greenlet(threading: Any) -> bool:
    import gevent

    got: list[bool] = []
    thread = threading.Thread(target=lambda: got.append(isinstance(gevent.getcurrent(), gevent.Greenlet)))
    thread.start()
    thread.join()
    return got[0]


@probe("P374", "gevent", "lifecycle", source="asyncio under patch_all: one running loop a thread; gevent.selectors, 20.6")
def how_asyncio_runs_when_it_is_patched() -> Any:
    from gevent import monkey

    monkey.patch_all()
    import asyncio
    import threading

    import gevent

    async def main() -> list[Any]:
        loop = asyncio.get_running_loop()
        here = threading.get_ident()
        task = asyncio.ensure_future(asyncio.sleep(1))
        await asyncio.sleep(0)
        task.cancel()
        return [
            type(getattr(loop, "_selector", None)).__module__.partition(".")[0],
            await loop.run_in_executor(None, threading.get_ident) != here,
            name((await asyncio.gather(task, return_exceptions=True))[0]),
        ]

    beats: list[int] = []

    def beat() -> None:
        for _ in range(100):
            beats.append(1)
            gevent.sleep(0.001)

    def several() -> Any:
        both = [gevent.spawn(asyncio.run, main()) for _ in range(2)]
        gevent.joinall(both)
        return [name(each.exception) for each in both]

    beating = gevent.spawn(beat)
    found = {"run": outcome(lambda: asyncio.run(main())), "run again": outcome(lambda: asyncio.run(main()))}
    outcome(lambda: asyncio.run(_turns(100)))
    beating.kill()
    return found | {"greenlets go on": len(beats) > 5, "two at once": several()}


async def _turns(count: int) -> None:
    """Let others run, that many times: load stretches seconds, not turns."""
    import asyncio

    for _ in range(count):
        await asyncio.sleep(0.001)


@probe("P375", "gevent", "lifecycle", source="gevent 26.7, issue 2188: a live executor hung the exit on Python 3.13")
def the_interpreter_exits_with_a_live_executor() -> Any:
    seen = child(
        PATCH + "from concurrent.futures import ThreadPoolExecutor\n"
        "import threading, gevent\n"
        "executor = ThreadPoolExecutor(2)\n"
        "f = executor.submit(lambda: (type(gevent.getcurrent()).__name__, threading.current_thread() is "
        "threading.main_thread()))\n"
        "print(*f.result(timeout=1), flush=True)\n"
    )
    return [seen["exit"], *seen["out"], *seen["printed"]]


@probe(
    "P376", "gevent", "lifecycle", source="gevent: os.fork under patch_all; 24.10.3; 25.8.1, issues 1895, 2111; 26.8, issue 1865"
)
def a_forked_child_of_a_patched_program_works() -> Any:
    program = (
        PATCH + "import os, threading, time, gevent, logging, concurrent.futures as cf\n"
        "{before}\n"
        "lock = threading.Lock(); event = threading.Event()\n"
        "threading.Thread(target=event.wait, daemon=True).start(); gevent.sleep(0)\n"
        "pid = os.fork()\n"
        "if pid == 0:\n"
        "    found = [len(threading.enumerate()), threading.current_thread() is threading.main_thread(), "
        "lock.acquire(timeout=1)]\n"
        "    time.sleep(0.01); t = threading.Thread(target=found.append, args=('thread',)); t.start(); t.join()\n"
        "    logging.getLogger('x').debug('y'); print(*found, flush=True); os._exit(5)\n"
        "print(os.waitpid(pid, 0)[1] >> 8, flush=True)\n"
    )
    found = {}
    for case, before in {
        "plain": "",
        "after the thread pool": "gevent.get_hub().threadpool.apply(len, ('',))",
        "after an executor": "e = cf.ThreadPoolExecutor(1); e.submit(len, '').result(); e.shutdown()",
    }.items():
        seen = child(program.format(before=before), "-W", "ignore::DeprecationWarning")
        found[case] = [seen["exit"], *seen["out"], *seen["printed"]]
    return found


@probe("P377", "gevent", "lifecycle", source="gevent docs, gevent.signal: SIGCHLD; 25.8.1, issue 2126: set_wakeup_fd")
def how_signals_arrive_in_a_patched_program() -> Any:
    seen = child(
        PATCH + "import signal, os, sys, subprocess, gevent, socket\n"
        "print(signal.signal.__module__, signal.set_wakeup_fd.__module__, signal.getsignal.__module__)\n"
        "log = []\n"
        "signal.signal(signal.SIGCHLD, lambda *a: log.append('SIGCHLD'))\n"
        "print(subprocess.call([sys.executable, '-c', '']), flush=True); gevent.sleep(0.05); print(*log)\n"
        "a, b = socket.socketpair(); b.setblocking(False); a.setblocking(False)\n"
        "print(signal.set_wakeup_fd(b.fileno()))\n"
        "signal.signal(signal.SIGUSR1, lambda *a: log.append('SIGUSR1'))\n"
        "os.kill(os.getpid(), signal.SIGUSR1); gevent.sleep(0.02); print(log[-1], len(a.recv(10)))\n"
        "print(signal.set_wakeup_fd(-1) == b.fileno())\n"
    )
    return [seen["exit"], *seen["out"], *seen["printed"]]


@probe(
    "P378", "gevent", "threads", source="gevent: locks under patch_all; 20.12, issue 1698: locks over threads; 24.2.1, issue 2013"
)
def how_patched_locks_behave_in_greenlets_and_native_threads() -> Any:
    from gevent import monkey

    monkey.patch_all()
    import threading

    import gevent

    held = threading.Lock()
    held.acquire()
    owned = threading.RLock()
    owned.acquire()
    condition = threading.Condition()
    passing = threading.Lock()
    passing.acquire()

    def passed_over() -> Any:
        waiter = gevent.spawn(passing.acquire, timeout=0.4)
        gevent.sleep(0)
        _natively(passing.release)
        return waiter.get()

    def condition_wait() -> Any:
        with condition:
            return condition.wait(0.01)

    return {
        "types": [name(threading.Lock()), name(owned), name(threading.Event()), name(threading.Semaphore())],
        "release, not held": outcome(threading.Lock().release),
        "RLock, another greenlet": [
            outcome(gevent.spawn(owned.acquire, timeout=0.01).get),
            outcome(gevent.spawn(owned.release).get),
        ],
        "held, in time": outcome(held.acquire, timeout=0.01),
        "held, not blocking": outcome(held.acquire, False),
        "free, native thread": _natively(lambda: threading.Lock().acquire(timeout=0.01)),
        "released in a native thread": outcome(passed_over),
        "condition": outcome(condition_wait),
        "negative timeout": outcome(held.acquire, True, -2),
    }


@probe("P379", "gevent", "warnings", source="gevent docs, monkey: patching late warns; patching twice")
def what_patching_late_or_twice_says() -> Any:
    program = (
        "import warnings; warnings.simplefilter('always')\n"
        "said = []\n"
        "warnings.showwarning = lambda message, category, *a, **k: said.append(category.__name__)\n"
        "{before}\n"
        "from gevent import monkey; print(monkey.patch_all({arguments})); {after}\n"
        "print(*said)\n"
    )
    cases = {
        "first": ("", "", ""),
        "ssl before": ("import ssl", "", ""),
        "threading before": ("import threading; threading.Lock()", "", ""),
        "asyncio before": ("import asyncio", "", ""),
        "executor before": ("import concurrent.futures.thread", "", ""),
        "twice": ("", "", "print(monkey.patch_all())"),
        "twice, differing": ("", "", "print(monkey.patch_all(os=False))"),
        "no signal": ("", "signal=True, os=False", ""),
        "unknown": ("", "nothing=True", ""),
        "by position": ("", "True", ""),
        "in a thread": ("import threading", "", "t = threading.Thread(target=print, args=('in',)); t.start(); t.join()"),
    }
    found = {}
    for case, (before, arguments, after) in cases.items():
        seen = child(program.format(before=before, arguments=arguments, after=after))
        found[case] = [seen["exit"], *seen["out"], *seen["printed"]]
    return found


@probe(
    "P380", "gevent", "contextvars", source="gevent 20.9, issue 1656: contextvars are no longer patched; threads are greenlets"
)
def which_context_patched_threads_and_executors_get() -> Any:
    from gevent import monkey

    monkey.patch_all()
    import contextvars
    import threading
    from concurrent.futures import ThreadPoolExecutor

    var = contextvars.ContextVar("var", default="default")
    var.set("main")
    saw: list[str] = []
    thread = threading.Thread(target=lambda: saw.append(var.get()))
    thread.start()
    thread.join()
    timer = threading.Timer(0.001, lambda: saw.append(var.get()))
    timer.start()
    timer.join()
    executor = ThreadPoolExecutor(1)
    found = [executor.submit(var.get).result(), executor.submit(contextvars.copy_context().run, var.get).result()]
    return {"thread, timer": saw, "executor": found, "module": contextvars.ContextVar.__module__, "native": _natively(var.get)}


@probe("P381", "gevent", "lifecycle", source="gevent, threading._shutdown: 21.12, issue 1839; 26.7, issue 2188")
def the_interpreter_waits_for_the_threads_it_should_wait_for() -> Any:
    found = {}
    for case, options in {"not daemon": "", "daemon": "daemon=True"}.items():
        seen = child(
            PATCH + "import threading, time, atexit\n"
            "atexit.register(print, 'atexit', flush=True)\n"
            "def body():\n"
            "    time.sleep(0.02); print('thread ends', flush=True)\n"
            f"t = threading.Thread(target=body, {options}); t.start()\n"
            "print('main ends', flush=True)\n"
        )
        found[case] = [seen["exit"], *seen["out"], *seen["printed"]]
    late = child(
        "import threading\n"
        "def patch():\n"
        "    from gevent import monkey; monkey.patch_all()\n"
        "t = threading.Thread(target=patch); t.start(); t.join(); print('end', flush=True)\n",
        "-W",
        "ignore",
    )
    return found | {"patched in a thread": [late["exit"], *late["out"], *late["printed"]]}


@probe("P382", "gevent", "streams", source="gevent docs, socket: closing what another greenlet waits for")
def what_a_reader_sees_when_its_socket_is_closed() -> Any:
    from gevent import monkey

    monkey.patch_all()
    import socket

    return {
        "recv, close": _closed_under(lambda it: it.recv(1), lambda it: it.close()),
        "recv, shutdown": _closed_under(lambda it: len(it.recv(1)), lambda it: it.shutdown(socket.SHUT_RDWR)),
        "accept, close": _closed_under(lambda it: it.accept(), lambda it: it.close()),
        "send, close": _closed_under(lambda it: it.sendall(bytes(1 << 24)), lambda it: it.close()),
    }


def _closed_under(read: Callable[[Any], Any], close: Callable[[Any], Any]) -> Any:
    """What a greenlet sees that uses a socket when another one closes it."""
    import socket

    import gevent

    here, there = socket.socketpair()
    greenlet = gevent.spawn(outcome, read, here)
    gevent.sleep(0)
    close(here)
    for _ in range(20):
        greenlet.join(0.02)  # in parts: a stall of the machine costs one of them
    ended = outcome(greenlet.get, timeout=0.02)
    there.close()
    return ended


@probe("P385", "gevent", "streams", source="gevent 25.8.1, issue 2100: the descriptor is closed while a greenlet waits for it")
def what_a_reader_sees_when_its_descriptor_is_closed() -> Any:
    from gevent import monkey

    monkey.patch_all()
    import os

    return _closed_under(lambda it: it.recv(1), lambda it: os.close(it.detach()))


@probe(
    "P386",
    "gevent",
    "streams",
    source="gevent 20.6, gevent.selectors; 23.9, issue 1979: iterables; 25.8.1, issue 2100: closed before unregistered",
)
def how_the_patched_selectors_take_closed_files() -> Any:
    from gevent import monkey

    monkey.patch_all()
    import select
    import selectors
    import socket

    def selected(here: Any) -> Any:
        selector = selectors.DefaultSelector()
        selector.register(here, selectors.EVENT_READ)
        return len(selector.select(0.05))

    pair = socket.socketpair()
    return {
        "closed while selected": _closed_under(selected, lambda it: it.close()),
        "select, generator": outcome(
            lambda: [len(each) for each in select.select((each for each in [pair[1]]), [pair[0]], [], 0)]
        ),
        "is": [selectors.DefaultSelector.__module__, hasattr(select, "epoll"), hasattr(select, "poll")],
    }


@probe("P387", "gevent", "streams", source="gevent 25.8.1, issue 2100: a file is closed before it is unregistered")
def how_the_patched_selector_takes_a_file_closed_before_it_is_unregistered() -> Any:
    from gevent import monkey

    monkey.patch_all()
    import selectors
    import socket

    here, _there = socket.socketpair()
    selector = selectors.DefaultSelector()
    selector.register(here, selectors.EVENT_READ)
    here.close()
    return [outcome(lambda: len(selector.select(0.01))), outcome(lambda: name(selector.unregister(here)))]


@probe("P383", "gevent", "lifecycle", "trio", source="trio 0.28, issue 3087: trio after gevent's monkey patching")
def trio_says_that_it_cannot_run_in_a_patched_program() -> Any:
    found = {}
    for case, arguments in {"all": "", "without select and thread": "select=False, thread=False"}.items():
        seen = child(
            f"from gevent import monkey; monkey.patch_all({arguments})\n"
            "try:\n"
            "    import trio\n"
            "    async def main(): await trio.sleep(0.001); return 'ran'\n"
            "    print(trio.run(main))\n"
            "except BaseException as error: print(type(error).__name__)\n"
        )
        found[case] = [seen["exit"], *seen["out"]]
    return found


@probe(
    "P384",
    "gevent",
    "streams",
    source="gevent 20.12, issue 1724; 21.1, issue 1745; 26.9, issue 2039: sockets and files look like the native ones",
)
def how_patched_sockets_and_files_describe_themselves() -> Any:
    import os
    import tempfile

    from gevent import monkey

    monkey.patch_all()
    import socket

    from gevent.fileobject import FileObject

    with tempfile.TemporaryFile() as file:
        number = os.dup(file.fileno())
        opened = FileObject(number, "rb")
        found = {"name is the number": outcome(lambda: opened.name == number), "mode": [outcome(lambda: opened.mode)]}
        opened.close()
        found["closed"] = [outcome(lambda: opened.name == number), outcome(lambda: opened.closed), outcome(lambda: opened.read())]
        for mode in ("w", "wb", "r+b", "r"):
            each = FileObject(os.dup(file.fileno()), mode)
            found["mode"].append(outcome(lambda it=each: it.mode))
            each.close()
    plain = socket.socket()
    found["socket"] = [hasattr(plain, "__dict__"), plain.gettimeout(), int(plain.family), outcome(setattr, plain, "extra", 1)]
    plain.close()
    return found | {"closed socket": [outcome(plain.recv, 1), plain.fileno()], "timeout": socket.timeout is TimeoutError}
