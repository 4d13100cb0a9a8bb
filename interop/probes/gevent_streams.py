"""gevent's queues, locks, events and child processes: who gets what, and what is lost.

A module of many small functions: a catalogue.
"""

from typing import Any

from interop.probes.observe import name, outcome
from interop.probes.probe import probe


@probe(
    "P146", "gevent", "streams", source="gevent 24.10: shutdown everywhere; 25.4.1: names; 25.9.1, issue 2139: a full SimpleQueue"
)
def what_each_queue_can_do_and_how_it_ends() -> Any:
    import gevent
    import gevent.queue

    def of(kind: str) -> Any:
        cls = getattr(gevent.queue, kind)
        full = cls(1)
        full.put((1, "first"))
        later = gevent.spawn(full.put, (2, "second"))
        gevent.sleep(0)
        return {
            "is": [each.__name__ for each in cls.__mro__ if each.__name__ != "object"],
            "full": [outcome(full.put_nowait, (3, "")), later.dead, full.get(), outcome(later.get), full.get()],
            "empty": outcome(full.get_nowait),
            "join": hasattr(full, "join"),
            "shutdown": hasattr(full, "shutdown"),
            "generic": outcome(lambda: bool(cls[int])),
        }

    return {
        kind: outcome(of, kind) for kind in ("Queue", "SimpleQueue", "JoinableQueue", "LifoQueue", "PriorityQueue", "Channel")
    }


@probe("P147", "gevent", "streams", source="gevent docs, Queue: iteration ends at StopIteration; a killed getter takes no item")
def what_becomes_of_an_item_whose_getter_is_killed() -> Any:
    import gevent
    import gevent.queue

    def run(wait: float) -> list[Any]:
        queue: Any = gevent.queue.Queue()
        getter = gevent.spawn(queue.get)
        gevent.sleep(0)
        queue.put("item")
        gevent.sleep(wait) if wait else None
        getter.kill()
        return [getter.value if isinstance(getter.value, str) else name(getter.value), queue.qsize()]

    ends: Any = gevent.queue.Queue()
    for each in (1, 2, StopIteration, 3):
        ends.put(each)
    unbounded, none = gevent.queue.Queue(0), gevent.queue.Queue(None)
    return {
        "killed at once": run(0),
        "killed after it got it": run(0.01),
        "iterated": [list(ends), ends.qsize()],
        "maxsize": [
            unbounded.maxsize,
            none.maxsize,
            outcome(unbounded.put_nowait, 1),
            outcome(gevent.queue.Queue(-1).put_nowait, 1),
        ],
    }


@probe(
    "P367", "gevent", "streams", source="gevent 22.8: Semaphore; 20.5.1, issue 1520: waiters run in the order in which they came"
)
def who_gets_a_lock_or_an_event_next() -> Any:
    import gevent
    import gevent.event
    import gevent.lock

    lock, order = gevent.lock.Semaphore(1), []

    def holder(i: int) -> None:
        with lock:
            order.append(i)
            gevent.sleep(0)
        lock.acquire()
        order.append(10 + i)
        lock.release()

    gevent.joinall([gevent.spawn(holder, i) for i in range(3)])
    bounded = gevent.lock.BoundedSemaphore(1)
    owned = gevent.lock.RLock()
    owned.acquire()
    killed = gevent.lock.Semaphore(0)
    first, second = gevent.spawn(killed.acquire), gevent.spawn(killed.acquire)
    gevent.sleep(0)
    killed.release()
    first.kill()
    gevent.sleep(0.01)
    return {
        "order": order,
        "released too often": outcome(bounded.release),
        "released by another": outcome(gevent.spawn(owned.release).get),
        "token of a killed waiter": [
            name(first.value) if isinstance(first.value, BaseException) else first.value,
            second.dead,
            killed.counter,
        ],
    }


@probe(
    "P434", "gevent", "cancellation", source="gevent 26.9, AbstractLinkable.unlink(): it stops the notifier, which has others too"
)
def whether_a_wait_that_comes_after_set_ends_when_an_earlier_waiter_is_killed() -> Any:
    import gevent
    import gevent.event

    def ends(cls: Any, wait: str, *value: object) -> list[bool]:
        thing = cls()
        first = gevent.spawn(getattr(thing, wait))
        gevent.sleep(0)
        second = gevent.spawn(getattr(thing, wait))
        first.kill(block=False)
        thing.set(*value)
        gevent.sleep(0)
        gevent.sleep(0)
        seen = [first.dead, second.dead]
        second.kill()
        return seen

    return {
        "Event.wait": ends(gevent.event.Event, "wait"),
        "AsyncResult.wait": ends(gevent.event.AsyncResult, "wait", "value"),
        "AsyncResult.get": ends(gevent.event.AsyncResult, "get", "value"),
    }


@probe("P368", "gevent", "streams", source="gevent, child processes: gevent.subprocess; 26.8, issue 2194; 24.10: stdout=STDOUT")
def how_a_child_process_is_waited_for_and_left() -> Any:
    import sys

    import gevent
    from gevent import subprocess

    sleeper = [sys.executable, "-c", "import time; time.sleep(30)"]

    def left_by_an_error() -> None:
        with subprocess.Popen(sleeper, stdout=subprocess.PIPE) as process:
            process.kill()
            raise ValueError

    def killed_in_communicate() -> Any:
        process = subprocess.Popen(sleeper, stdout=subprocess.PIPE)

        def body() -> None:
            with process:
                process.communicate()

        greenlet = gevent.spawn(body)
        gevent.sleep(0.05)
        process.kill()
        greenlet.kill()
        return [
            name(greenlet.value) if isinstance(greenlet.value, BaseException) else greenlet.value,
            name(greenlet.exception),
            process.poll() is not None,
        ]

    def too_long() -> None:
        process = subprocess.Popen(sleeper, stdout=subprocess.PIPE)
        try:
            process.communicate(timeout=0.02)
        finally:
            process.kill()
            process.wait()

    return {
        "run": subprocess.run([sys.executable, "-c", "print(1)"], stdout=subprocess.PIPE).stdout.decode().strip(),
        "timeout": outcome(too_long),
        "left by an error": outcome(left_by_an_error),
        "killed in communicate": outcome(killed_in_communicate),
        "stdout=STDOUT": outcome(lambda: subprocess.Popen([sys.executable, "-c", ""], stdout=subprocess.STDOUT).wait()),
        "errors": [subprocess.TimeoutExpired.__module__, subprocess.CalledProcessError.__module__],
    }
