"""asyncio: contexts, threads, forks, eager tasks, and how run() ends."""

from interop.probes.asyncio_futures import AnAwaitable
from interop.probes.forked import children
from interop.probes.observe import aoutcome, child, name, outcome, state, turns, unhandled
from interop.probes.probe import probe


@probe(
    "P29",
    "asyncio",
    "contextvars",
    source="PEP 567; context= of create_task() and Runner.run() since 3.11; wait_for() since 3.12; gh-111129",
)
def whose_context_each_kind_of_code_runs_in_and_writes_to():
    import asyncio
    import contextvars
    import os
    import signal

    var = contextvars.ContextVar("var", default="empty")

    async def writes(value="written"):
        seen = var.get()
        var.set(value)
        return seen

    async def through(start):
        var.set("caller's")
        seen = await start(writes())
        return [seen, var.get()]

    async def callbacks():
        loop = asyncio.get_running_loop()
        found, future, (reads, sends) = {}, loop.create_future(), os.pipe()

        def note(what):
            found[what] = var.get()
            var.set(f"written by {what}")

        var.set("caller's")
        loop.call_soon(note, "call_soon()")
        loop.call_later(0, note, "call_later()")
        loop.call_soon_threadsafe(note, "call_soon_threadsafe()")
        future.add_done_callback(lambda _: note("done callback"))
        loop.add_reader(reads, lambda: (note("add_reader()"), loop.remove_reader(reads)))
        loop.add_signal_handler(signal.SIGUSR1, note, "add_signal_handler()")
        var.set("later")
        loop.call_soon(future.set_result, 1)
        os.write(sends, b"x")
        os.kill(os.getpid(), signal.SIGUSR1)
        while len(found) < 6:
            await asyncio.sleep(0)
        other = contextvars.copy_context()
        other.run(var.set, "given")
        loop.call_soon(note, "context=")
        await turns()
        return {**found, "the caller's after all": var.get()}

    async def server():
        met = asyncio.get_running_loop().create_future()
        var.set("server's")
        handle = lambda reader, writer: (met.set_result(var.get()), writer.close())  # noqa: E731
        listening = await asyncio.start_server(handle, "127.0.0.1", 0)
        var.set("later")
        _, writer = await asyncio.open_connection(*listening.sockets[0].getsockname())
        seen = await met
        writer.close()
        listening.close()
        return seen

    def runner():
        with asyncio.Runner() as running:
            return [running.run(writes("first")), running.run(writes("second")), var.get()]

    async def group(coroutine):
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(coroutine)
        return task.result()

    async def timed(coroutine):
        async with asyncio.timeout(10):
            return await coroutine

    async def gathered(coroutine):
        return (await asyncio.gather(coroutine))[0]

    async def completed(coroutine):
        for each in asyncio.as_completed([coroutine]):
            got = await each
        return got

    starts = {
        "await": lambda coroutine: coroutine,
        "create_task()": lambda coroutine: asyncio.ensure_future(coroutine),
        "wait_for()": lambda coroutine: asyncio.wait_for(coroutine, 10),
        "wait_for() without a timeout": lambda coroutine: asyncio.wait_for(coroutine, None),
        "timeout()": timed,
        "shield()": lambda coroutine: asyncio.shield(coroutine),
        "gather()": gathered,
        "as_completed()": completed,
        "TaskGroup": group,
    }
    found = {what: outcome(asyncio.run, through(start)) for what, start in starts.items()}
    return {**found, "callbacks": asyncio.run(callbacks()), "server's handler": asyncio.run(server()), "Runner": outcome(runner)}


@probe("P30", "asyncio", "contextvars", source="PEP 525, PEP 567: async generators have no context of their own")
def whose_context_and_task_an_async_generator_runs_and_ends_in():
    import asyncio
    import contextvars
    import gc

    var = contextvars.ContextVar("var", default="empty")

    async def items(log):
        try:
            log.append(var.get())
            var.set("generator's")
            yield 1
            log.append(var.get())
            yield 2
        finally:
            log.append(["ends in", var.get(), asyncio.current_task().get_name()])

    async def step(iterator):
        return await iterator.__anext__()

    async def main():
        log = []
        asyncio.current_task().set_name("main")
        var.set("caller's")
        iterator = items(log)
        await asyncio.create_task(step(iterator), name="first")
        await asyncio.create_task(step(iterator), name="second")
        log.append(var.get())
        await asyncio.create_task(iterator.aclose(), name="closer") if False else await iterator.aclose()
        dropped = items(log)
        await step(dropped)
        del iterator, dropped
        gc.collect()
        await turns()
        left = items(log)
        await step(left)
        main.left = left
        return log

    async def cancelled():
        log = []

        async def consumes():
            async for _ in items(log):
                await asyncio.Event().wait()

        task = asyncio.create_task(consumes(), name="consumer")
        await turns()
        task.cancel()
        await asyncio.wait([task])
        log.append("task ended")
        del task
        gc.collect()
        await turns()
        return [entry if not str(entry[-1]).startswith("Task-") else [*entry[:-1], "a new task"] for entry in log]

    first = asyncio.run(main())
    spell = lambda entry: [*entry[:-1], "a new task"] if isinstance(entry, list) and entry[-1].startswith("Task-") else entry  # noqa: E731
    return {"closed, dropped, left": [spell(entry) for entry in first], "cancelled": asyncio.run(cancelled())}


@probe(
    "P31",
    "asyncio",
    "threads",
    source="cpython gh-83710, gh-93453, gh-100160: get_event_loop() without a loop warns, then raises (3.14)",
)
def which_loop_a_thread_gets_and_what_getting_it_says():
    before = """
import asyncio, json, threading, warnings
def get(fn):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            got = type(fn()).__name__
        except BaseException as error:
            got = type(error).__name__
    print(json.dumps([got, [warning.category.__name__ for warning in caught]]))
"""
    bodies = {
        "main thread": "get(asyncio.get_event_loop); get(asyncio.get_event_loop)",
        "the policy": "get(lambda: asyncio.get_event_loop_policy().get_event_loop())",
        "another thread": "t = threading.Thread(target=get, args=(asyncio.get_event_loop,)); t.start(); t.join()",
        "after run()": "asyncio.run(asyncio.sleep(0)); get(asyncio.get_event_loop)",
        "after set_event_loop(None)": "asyncio.set_event_loop(None); get(asyncio.get_event_loop)",
        "after set_event_loop()": "asyncio.set_event_loop(asyncio.new_event_loop()); get(asyncio.get_event_loop)",
        "not running": "get(asyncio.get_running_loop)",
        "ensure_future() outside": "c = asyncio.sleep(0); get(lambda: asyncio.ensure_future(c)); c.close()",
        "gather() outside": "c = asyncio.sleep(0); get(lambda: asyncio.gather(c)); c.close()",
        "Future() outside": "get(asyncio.Future)",
        "current_task() outside": "get(asyncio.current_task)",
        "primitives outside": "get(asyncio.Lock); get(asyncio.Queue); get(asyncio.Event); get(lambda: asyncio.StreamReader())",
    }
    return children(before, bodies)


@probe("P32", "asyncio", "threads", source="asyncio documentation, Concurrency and Multithreading")
def what_reaches_a_loop_from_another_thread_or_after_its_end():
    import asyncio
    import concurrent.futures
    import threading

    async def value():
        return 1

    async def fails(error):
        raise error

    async def waits(log):
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            log.append("cancelled")
            raise

    def in_thread(fn):
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            return pool.submit(outcome, fn).result()

    loop, log = asyncio.new_event_loop(), []
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    send = lambda coroutine: asyncio.run_coroutine_threadsafe(coroutine, loop)  # noqa: E731
    waiting = send(waits(log))
    send(asyncio.sleep(0)).result()
    found = {
        "value": send(value()).result(),
        "failure": outcome(send(fails(KeyError())).result),
        "cancelled inside": outcome(send(fails(asyncio.CancelledError())).result),
        "no coroutine": outcome(send, 1),
        "late": outcome(send(asyncio.sleep(10)).result, 0),
        "cancel()": [waiting.cancel(), send(asyncio.sleep(0)).result(), log],
    }
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    coroutine = value()
    stopped = asyncio.run_coroutine_threadsafe(coroutine, loop)
    found["stopped"] = [outcome(loop.call_soon_threadsafe, int) is not None, outcome(stopped.result, 0)]
    found["closed while tasks wait"] = outcome(loop.close)
    for what in ("call_soon", "call_soon_threadsafe", "run_in_executor"):
        call = lambda what=what: getattr(loop, what)(*([None] if what == "run_in_executor" else []), int)  # noqa: E731
        found[f"{what}() once closed"] = outcome(lambda call=call: str(call()))
    late = value()
    found["run_coroutine_threadsafe() once closed"] = outcome(asyncio.run_coroutine_threadsafe, late, loop)
    late.close()
    found["stop(), close() once closed"] = [outcome(loop.stop), outcome(loop.close), loop.is_closed()]
    other = asyncio.new_event_loop()
    found["call_soon() from another thread, debug"] = [_debug(other), in_thread(lambda: other.call_soon(int) and "taken")]
    return found


def _debug(loop):
    loop.set_debug(True)
    return loop.get_debug()


@probe("P33", "asyncio", "threads", source="What's New in Python 3.10: primitives bind to the loop in which they first wait")
def what_a_primitive_of_one_loop_does_in_another():
    import asyncio
    import contextlib

    async def waits(wait):
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(wait(), 0.001)

    async def acquires(lock):
        await lock.acquire()
        await waits(lock.acquire)

    found = {}
    for kind, make, wait in (
        ("Event", asyncio.Event, "wait"),
        ("Queue", asyncio.Queue, "get"),
        ("Lock", asyncio.Lock, "acquire"),
        ("Semaphore", lambda: asyncio.Semaphore(1), "acquire"),
    ):
        primitive = make()
        asyncio.run(acquires(primitive) if wait == "acquire" else waits(getattr(primitive, wait)))
        found[kind] = outcome(asyncio.run, waits(getattr(primitive, wait)))

    async def future():
        return asyncio.get_running_loop().create_future()

    async def awaits(thing):
        return await aoutcome(asyncio.wait_for, thing, 1)

    async def bare(thing):
        return await thing

    found["a future, awaited"] = outcome(asyncio.run, bare(asyncio.run(future())))
    found["a future, in wait_for()"] = outcome(asyncio.run, awaits(asyncio.run(future())))
    found["loop= is taken"] = outcome(lambda: asyncio.Lock(loop=None) and "yes")
    return found


@probe(
    "P34",
    "asyncio",
    "lifecycle",
    source="os.register_at_fork in asyncio; gh-66285: the running loop and its wakeup are not inherited",
)
def what_a_forked_child_inherits_of_a_running_loop():
    program = """
import asyncio, json, os, signal, sys, warnings
warnings.simplefilter("ignore")
async def main():
    loop = asyncio.get_running_loop()
    pid = os.fork()
    if pid == 0:
        found = []
        run = lambda: asyncio.run(asyncio.sleep(0, 1))
        for fn in (asyncio.get_running_loop, asyncio.get_event_loop, run, asyncio.current_task):
            try:
                got = fn()
                found.append("the parent's" if got is loop else type(got).__name__)
            except BaseException as error:
                found.append(type(error).__name__)
        found.append(signal.set_wakeup_fd(-1) == -1)
        print(json.dumps(found), flush=True)
        os._exit(0)
    os.waitpid(pid, 0)
asyncio.run(main())
"""
    return child(program)["out"]


@probe("P42", "asyncio", "lifecycle", source="asyncio.run() documentation; gh-93896, gh-95166, gh-128308")
def what_run_does_with_what_is_left():
    import asyncio

    log = []

    async def waits(what, then=None):
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            log.append(f"{what} cancelled")
            if then == "refuses":
                await asyncio.sleep(0)
                log.append(f"{what} refused")
                return
            if then == "fails":
                raise KeyError from None
            if then == "spawns":
                asyncio.ensure_future(waits("grandchild"))
            raise
        finally:
            log.append(f"{what} ended")

    async def generator():
        try:
            yield 1
        finally:
            await asyncio.sleep(0)
            log.append("generator closed")

    async def main(ending=None):
        errors = unhandled(asyncio.get_running_loop())
        kept = [asyncio.ensure_future(waits(str(how), how)) for how in (None, "refuses", "fails", "spawns")]
        main.left = generator()
        await main.left.__anext__()
        await asyncio.sleep(0)
        asyncio.get_running_loop().run_in_executor(None, log.append, "job")
        main.kept = kept, errors
        if ending:
            raise ending
        return "value"

    result = outcome(asyncio.run, main())
    states = [state(task) for task in main.kept[0]]
    errors = main.kept[1][:1]

    async def nested():
        coroutine = asyncio.sleep(0)
        try:
            return outcome(asyncio.run, coroutine)
        finally:
            coroutine.close()

    future_like = outcome(asyncio.run, AnAwaitable())
    return {
        "value": result,
        "log": sorted(log),
        "tasks": states,
        "errors": errors,
        "fails": outcome(asyncio.run, main(KeyError())),
        "nested": asyncio.run(nested()),
        "an awaitable": future_like,
        "no coroutine": outcome(asyncio.run, 1),
    }


@probe("P43", "asyncio", "cancellation", source="cpython gh-90908: SIGINT cancels run()'s main task since 3.11")
def what_ctrl_c_does_to_run():
    program = """
import asyncio, os, signal
async def inner():
    try:
        await asyncio.sleep(10)
    except BaseException as error:
        print("inner task: " + type(error).__name__)
        raise
async def main():
    task = asyncio.ensure_future(inner())
    await asyncio.sleep(0)
    try:
        asyncio.get_running_loop().call_soon(os.kill, os.getpid(), signal.SIGINT)
        await BODY
    except BaseException as error:
        print("main: " + type(error).__name__)
        ENDING
    finally:
        print("main ended")
try:
    print(asyncio.run(main()))
except BaseException as error:
    print("run: " + type(error).__name__)
print("handler: " + ("default" if signal.getsignal(signal.SIGINT) is signal.default_int_handler else "other"))
"""
    cases = {
        "sleeps": ("asyncio.sleep(10)", "raise"),
        "refuses": ("asyncio.sleep(10)", "return 1"),
        "in a thread": ("asyncio.to_thread(__import__('time').sleep, 0.2)", "raise"),
        "gathers": ("asyncio.gather(task)", "raise"),
        "run_until_complete()": ("asyncio.sleep(10)", "raise"),
    }
    found = {}
    for what, (body, ending) in cases.items():
        text = program.replace("BODY", body).replace("ENDING", ending)
        if what.startswith("run_until"):
            text = text.replace("asyncio.run(main())", "asyncio.new_event_loop().run_until_complete(main())")
        done = child(text)
        # All tasks are cancelled in the order of a set.
        inner = [line for line in done["out"] if str(line).startswith("inner")]
        found[what] = [done["exit"], *(line for line in done["out"] if line not in inner), *inner]
    return found


@probe(
    "P44",
    "asyncio",
    "lifecycle",
    source="asyncio.eager_task_factory since 3.12; gh-104144, gh-105987, gh-128552, gh-124309 (eager staggered race)",
)
def what_an_eager_task_does_before_it_first_waits():
    import asyncio
    import contextvars

    var = contextvars.ContextVar("var", default="empty")

    async def child_task(log, wait):
        log.append(["runs", asyncio.current_task().get_name(), var.get()])
        var.set("child's")
        if wait:
            await asyncio.sleep(0)
        log.append("ends")
        return "value"

    async def fails():
        raise KeyError

    async def main():
        loop, log = asyncio.get_running_loop(), []
        errors = unhandled(loop)
        loop.set_task_factory(asyncio.eager_task_factory)
        asyncio.current_task().set_name("main")
        var.set("main's")
        for wait in (False, True):
            task = loop.create_task(child_task(log, wait), name="child")
            log.append([state(task), asyncio.current_task().get_name(), var.get(), task in asyncio.all_tasks()])
            task.add_done_callback(lambda task: log.append("callback"))
            await turns()
        cancelled = loop.create_task(child_task(log, True), name="cancelled")
        cancelled.cancel()
        await turns()
        failed = loop.create_task(fails())
        log.append([state(failed), state(cancelled)])
        return [*log, errors]

    async def in_a_group():
        async with asyncio.TaskGroup() as tasks:
            done = tasks.create_task(child_task([], False))
            return done.done()

    async def eagerly(fn, *args):
        asyncio.get_running_loop().set_task_factory(asyncio.eager_task_factory)
        return await aoutcome(fn, *args)

    return {
        "alone": outcome(asyncio.run, main()),
        "in a group": outcome(asyncio.run, eagerly(in_a_group)),
        "failing in a group": outcome(asyncio.run, eagerly(_group_of_failures, fails)),
        "gathered": outcome(asyncio.run, eagerly(lambda: asyncio.gather(child_task([], False), child_task([], True)))),
        "failing in wait_for()": outcome(asyncio.run, eagerly(lambda: asyncio.wait_for(fails(), 1))),
    }


async def _group_of_failures(fails):
    import asyncio

    log = []
    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(fails())
            log.append("body goes on")
            tasks.create_task(fails())
            log.append("and on")
            await asyncio.sleep(0)
    except BaseException as error:
        return [*log, name(error)]
    return log
