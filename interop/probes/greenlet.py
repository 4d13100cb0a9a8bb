"""greenlet, on which gevent, eventlet, greenback and SQLAlchemy stand: contexts, throws, threads, frames, garbage, exit.

A module of many small functions: a catalogue.
"""

from typing import Any

from interop.probes.observe import child, name, outcome
from interop.probes.probe import probe


@probe("P120", "greenlet", "contextvars", source="greenlet 1.0: a greenlet has a context of its own, empty until it is given one")
def a_new_greenlet_starts_in_an_empty_context_and_keeps_what_it_sets() -> Any:
    import contextvars

    import greenlet

    var = contextvars.ContextVar("var", default="default")
    var.set("parent")
    saw: dict[str, Any] = {}

    def body() -> None:
        saw["inside"] = var.get()
        var.set("inside")
        parent.switch()
        saw["after another switch"] = var.get()

    parent = greenlet.getcurrent()
    inner = greenlet.greenlet(body)
    saw["context before"] = name(inner.gr_context)
    inner.switch()
    saw["outside"], saw["context suspended"] = var.get(), name(inner.gr_context)
    inner.switch()
    return saw


@probe("P121", "greenlet", "contextvars", source="greenlet 1.0a1, PR 198: gr_context can be assigned")
def a_context_can_be_given_to_a_greenlet() -> Any:
    import contextvars

    import greenlet

    var = contextvars.ContextVar("var", default="default")
    var.set("parent")
    context = contextvars.copy_context()
    saw = []
    parent = greenlet.getcurrent()

    def body() -> None:
        saw.append(var.get())
        var.set("inside")
        parent.switch()

    inner = greenlet.greenlet(body)
    inner.gr_context = context
    inner.switch()
    found = [*saw, var.get(), context[var]]
    found.append(outcome(setattr, parent, "gr_context", None))
    return [*found, outcome(setattr, greenlet.greenlet(body), "gr_context", 1)]


@probe(
    "P122", "greenlet", "cancellation", source="greenlet docs: GreenletExit is returned, every other exception goes to the parent"
)
def what_a_throw_leaves_in_each_state() -> Any:
    import greenlet

    def waits() -> str:
        greenlet.getcurrent().parent.switch("suspended")
        return "end"

    def suspended() -> Any:
        inner = greenlet.greenlet(waits)
        inner.switch()
        return inner

    def thrown(inner: Any, *what: Any) -> list[Any]:
        value = outcome(inner.throw, *what)
        return [name(value) if isinstance(value, BaseException) else value, inner.dead]

    finished = suspended()
    finished.switch()
    return {
        "exit, suspended": thrown(suspended()),
        "error, suspended": thrown(suspended(), ValueError),
        "exit, not started": thrown(greenlet.greenlet(waits)),
        "error, not started": thrown(greenlet.greenlet(waits), ValueError()),
        "exit, finished": thrown(finished),
        "error, finished": thrown(finished, ValueError),
        "no exception": thrown(suspended(), 1),
        "switch to a finished one": repr(finished.switch("value")),
    }


@probe("P123", "greenlet", "threads", source="greenlet 2.0: greenlets of a thread that has exited are dead")
def a_greenlet_of_another_thread_cannot_be_switched_to() -> Any:
    import threading
    import time

    import greenlet

    made, leave, saw = threading.Event(), threading.Event(), {}

    def body() -> None:
        greenlet.getcurrent().parent.switch()

    def thread() -> None:
        saw["inner"], saw["main"] = greenlet.greenlet(body), greenlet.getcurrent()
        saw["inner"].switch()
        made.set()
        leave.wait()

    worker = threading.Thread(target=thread)
    worker.start()
    made.wait()
    inner, main = saw["inner"], saw["main"]
    found = {"while it runs": [outcome(inner.switch), outcome(inner.throw), inner.dead, main.dead]}
    found["as parent"] = outcome(setattr, greenlet.greenlet(body), "parent", inner)
    leave.set()
    worker.join()
    for _ in range(500):  # join() comes back when Python has done with the thread; greenlet hears of its end from the system.
        if main.dead:
            break
        time.sleep(0.01)
    return found | {"afterwards": [outcome(inner.switch), main.dead, inner.dead, main.parent is None]}


@probe("P124", "greenlet", "exceptions", source="greenlet 3.0.3, issue 388: all frames of a suspended greenlet on Python 3.12")
def which_frames_of_a_suspended_greenlet_can_be_seen() -> Any:
    import greenlet

    def inmost() -> None:
        greenlet.getcurrent().parent.switch()

    def middle() -> None:
        inmost()

    def outmost() -> None:
        middle()

    suspended = greenlet.greenlet(outmost)
    before = suspended.gr_frame is None
    suspended.switch()
    frames, frame = [], suspended.gr_frame
    while frame is not None and len(frames) < 10:
        frames.append(frame.f_code.co_name)
        frame = frame.f_back
    suspended.switch()
    return [before, frames, suspended.gr_frame is None]


@probe("P125", "greenlet", "signatures", source="greenlet docs, tracing; 2.0.2: settrace with the active tracer")
def a_tracer_is_told_of_every_switch_and_throw() -> Any:
    import greenlet

    events: list[str] = []

    def tracer(event: str, _: Any) -> None:
        events.append(event)

    def body() -> None:
        greenlet.getcurrent().parent.switch()

    before = greenlet.settrace(tracer) is None
    again = greenlet.settrace(tracer) is tracer
    inner = greenlet.greenlet(body)
    inner.switch()
    outcome(inner.throw, ValueError)
    greenlet.settrace(None)
    return {"events": events, "none before": before, "the same again": again, "left": name(greenlet.gettrace())}


@probe("P126", "greenlet", "lifecycle", source="greenlet docs, garbage collection; 1.1.2, issue 251; 2.0: leaks over threads")
def a_suspended_greenlet_that_is_dropped_runs_its_cleanup() -> Any:
    import threading

    import greenlet

    def run(drop_in_thread: bool) -> list[str]:
        log: list[str] = []
        here = threading.get_ident()

        def body() -> None:
            try:
                greenlet.getcurrent().parent.switch()
            except BaseException as error:
                log.append(name(error))
                raise
            finally:
                log.append("here" if threading.get_ident() == here else "elsewhere")

        box = [greenlet.greenlet(body)]
        box[0].switch()
        log.append("dropped")
        if drop_in_thread:
            thread = threading.Thread(target=box.clear)
            thread.start()
            thread.join()
        else:
            box.clear()
        log.append("dropping is over")
        greenlet.getcurrent()
        greenlet.greenlet(lambda: None).switch()
        log.append("next switch")
        return log

    return {"same thread": run(False), "other thread": run(True)}


@probe(
    "P127",
    "greenlet",
    "lifecycle",
    source="greenlet 3.4 took getcurrent away after its atexit callback, 3.5 gave it back; PR 499, 508",
)
def what_greenlet_still_does_when_the_interpreter_exits() -> Any:
    return child(
        "import atexit, greenlet, os\n"
        "def first():\n"
        "    print('current', greenlet.getcurrent() is not None, flush=True)\n"
        "    print('switch', greenlet.greenlet(lambda: 'value').switch(), flush=True)\n"
        "atexit.register(first)\n"
        "import gc; kept = greenlet.greenlet(lambda: greenlet.getcurrent().parent.switch()); kept.switch()\n"
        "class Late:\n"
        "    def __del__(self, write=os.write, greenlet=greenlet):\n"
        "        try: write(1, b'late, none\\n' if greenlet.getcurrent() is None else b'late, one\\n')\n"
        "        except RuntimeError: write(1, b'late, RuntimeError\\n')\n"
        "import sys; sys.late = Late()\n"
    )


@probe("P128", "greenlet", "exceptions", source="greenlet docs: each greenlet has an exception state of its own")
def the_exception_that_is_being_handled_belongs_to_the_greenlet() -> Any:
    import sys

    import greenlet

    saw = {}

    def body() -> None:
        saw["in a fresh one"] = name(sys.exc_info()[1])
        try:
            raise KeyError
        except KeyError:
            parent.switch()
            saw["after the switch back"] = name(sys.exc_info()[1])

    parent = greenlet.getcurrent()
    inner = greenlet.greenlet(body)
    try:
        raise ValueError
    except ValueError:
        inner.switch()
        saw["in the parent"] = name(sys.exc_info()[1])
    inner.switch()
    saw["at the end"] = name(sys.exc_info()[1])
    return saw


@probe("P129", "greenlet", "lifecycle", source="greenlet 2.0: leaks; 2.0.1, issue 328: a leak on Python 3.11")
def a_finished_greenlet_and_what_it_held_are_freed_at_once() -> Any:
    import gc
    import threading
    import time
    import weakref

    import greenlet

    class Held:
        pass

    def run() -> list[Any]:
        held = Held()
        inner = greenlet.greenlet(lambda it: greenlet.getcurrent().parent.switch())
        inner.switch(held)
        refs = [weakref.ref(held), weakref.ref(inner)]
        inner.switch()
        return refs

    def in_thread() -> None:
        found.append(weakref.ref(greenlet.getcurrent()))

    gc.disable()
    found: list[Any] = run()
    thread = threading.Thread(target=in_thread)
    thread.start()
    thread.join()
    for _ in range(100):  # a thread's own greenlet is freed by whoever calls greenlet next, a moment later
        if found[-1]() is None:
            break
        greenlet.getcurrent()
        time.sleep(0.001)
    return ["freed" if ref() is None else "alive" for ref in found]


@probe("P350", "greenlet", "contextvars", source="how SQLAlchemy and greenback await from a greenlet: its context is the task's")
def a_greenlet_inside_an_asyncio_task_is_inside_that_task() -> Any:
    import asyncio
    import contextvars

    import greenlet

    var = contextvars.ContextVar("var", default="default")

    async def main() -> Any:
        var.set("task")
        task = asyncio.current_task()
        parent = greenlet.getcurrent()

        def body() -> Any:
            seen = [asyncio.current_task() is task, asyncio.get_running_loop() is task.get_loop(), var.get()]  # type: ignore[union-attr]
            result = parent.switch(asyncio.sleep(0, "awaited"))
            var.set("inside")
            return [*seen, result, asyncio.current_task() is task]

        inner = greenlet.greenlet(body)
        inner.gr_context = contextvars.copy_context()
        result = await inner.switch()
        return [*inner.switch(result), inner.dead, var.get()]

    return asyncio.run(main())


@probe("P351", "greenlet", "signatures", source="greenlet docs: parents, subclasses, the constants that C code and glue look at")
def how_a_greenlet_is_made_and_given_a_parent() -> Any:
    import greenlet

    class Sub(greenlet.greenlet):  # type: ignore[misc]
        def run(self, *args: Any) -> Any:
            return [*args, "ran"]

    inner = greenlet.greenlet(lambda: None)
    other = greenlet.greenlet(lambda: None, inner)
    sub = Sub()
    return {
        "run of a subclass": sub.switch("argument"),
        "parent by default": inner.parent is greenlet.getcurrent(),
        "parent in a circle": outcome(setattr, inner, "parent", other),
        "parent taken away": outcome(delattr, inner, "parent"),
        "no run": outcome(greenlet.greenlet().switch),
        "run set after start": outcome(setattr, sub, "run", len),
        "truth": [bool(inner), bool(sub), bool(greenlet.getcurrent())],
        "error is": [each.__name__ for each in greenlet.error.__mro__],
        "exit is": [each.__name__ for each in greenlet.GreenletExit.__mro__],
        "has": [
            each
            for each in ("GREENLET_USE_CONTEXT_VARS", "GREENLET_USE_GC", "GREENLET_USE_TRACING")
            if getattr(greenlet, each, False)
        ],
    }


@probe(
    "P352",
    "greenlet",
    "lifecycle",
    source="greenlet 3.1 to 3.4: crashes when the interpreter exits with active greenlets and threads",
)
def the_interpreter_exits_with_suspended_greenlets_in_threads() -> Any:
    return child(
        "import greenlet, threading, time\n"
        "def body():\n"
        "    try: greenlet.getcurrent().parent.switch()\n"
        "    finally: print('finally', flush=True)\n"
        "kept = []\n"
        "def thread():\n"
        "    kept.append(greenlet.greenlet(body)); kept[-1].switch(); ready.set(); threading.Event().wait()\n"
        "ready = threading.Event()\n"
        "threading.Thread(target=thread, daemon=True).start(); ready.wait()\n"
        "mine = greenlet.greenlet(body); mine.switch(); print('end', flush=True)\n"
    )


@probe("P353", "greenlet", "exceptions", source="greenlet docs: an exception that nobody catches goes to the parent greenlet")
def an_exception_goes_up_to_the_parent_with_its_traceback() -> Any:
    import traceback

    import greenlet

    def fails() -> None:
        raise ValueError

    def middle() -> str:
        try:
            greenlet.greenlet(fails).switch()
        except ValueError as error:
            return f"caught in the middle, frames {[frame.name for frame in traceback.extract_tb(error.__traceback__)]}"
        return "nothing"

    def exits() -> None:
        raise SystemExit(3)

    def stops() -> None:
        raise StopIteration("value")

    return [greenlet.greenlet(middle).switch(), *(outcome(greenlet.greenlet(each).switch) for each in (fails, exits, stops))]
