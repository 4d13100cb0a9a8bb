"""asgiref: sync_to_async() and async_to_sync(): threads, contexts, cancels, deadlocks, Local.

Source: asgiref's change log, 3.2 to 3.13.
"""

from interop.probes.observe import aoutcome, name, outcome, parameters, plain, state, turns, warned
from interop.probes.probe import probe


@probe(
    "P230",
    "asgiref",
    "threads",
    source="asgiref #492, PR 494: work for a thread that has ended its call never ran in 3.8.0 and 3.8.1",
)
def whether_a_task_left_behind_still_gets_its_thread():
    import asyncio

    from asgiref.sync import async_to_sync, sync_to_async

    async def outer():
        async def spawn():
            return asyncio.create_task(sync_to_async(lambda: "ran")())

        left = await sync_to_async(async_to_sync(spawn))()
        done, _ = await asyncio.wait([left], timeout=1)  # if ever, then at once
        if not done:
            left.cancel()
            return "stuck"
        return plain(state(left))

    seen = "ran"
    for _ in range(150):  # a race in those releases: nearly always lost within twenty
        seen = async_to_sync(outer)()
        if seen != "ran":
            break
    return seen


@probe(
    "P231",
    "asgiref",
    "threads",
    source="asgiref 3.3: thread_sensitive by default; 3.4: deadlocks are errors; 3.10: AsyncSingleThreadContext",
)
def which_thread_each_nested_call_runs_in():
    import asyncio
    import threading

    from asgiref import sync
    from asgiref.sync import async_to_sync, sync_to_async

    main = threading.current_thread()
    here = threading.current_thread

    async def nested():
        loop_thread = here()
        inside = await sync_to_async(here)()
        back = await sync_to_async(lambda: async_to_sync(where)())()
        again = await sync_to_async(lambda: async_to_sync(deeper)())()
        return [loop_thread is main, inside is main, back is loop_thread, again is inside]

    async def where():
        return here()

    async def deeper():
        return await sync_to_async(here)()

    async def top(thread_sensitive):
        first = await sync_to_async(here, thread_sensitive=thread_sensitive)()
        second = await sync_to_async(here, thread_sensitive=thread_sensitive)()
        both = await asyncio.gather(*[sync_to_async(here, thread_sensitive=thread_sensitive)() for _ in range(2)])
        return [
            first is main,
            first is second if thread_sensitive else "any",
            len({*both, first}) == 1 if thread_sensitive else "any",
        ]

    async def context():
        async with sync.ThreadSensitiveContext():
            first = await sync_to_async(here)()
        async with sync.ThreadSensitiveContext():
            second = await sync_to_async(here)()
        return [first is main, first is second]

    def single():
        async def loops():
            return asyncio.get_running_loop()

        with sync.AsyncSingleThreadContext():
            return async_to_sync(where)() is async_to_sync(where)()

    return {
        "async_to_sync() from the main thread": async_to_sync(nested)(),
        "asyncio.run(), sensitive": asyncio.run(top(True)),
        "asyncio.run(), not sensitive": asyncio.run(top(False)),
        "ThreadSensitiveContext": outcome(asyncio.run, context()),
        "AsyncSingleThreadContext": outcome(single),
        "two calls, one loop": outcome(lambda: async_to_sync(_loop)() is async_to_sync(_loop)()),
    }


async def _loop():
    import asyncio

    return asyncio.get_running_loop()


@probe("P232", "asgiref", "contextvars", source="asgiref 3.2.4 and later; 3.11: sync_to_async(context=)")
def which_context_values_cross_and_come_back():
    import asyncio
    import contextvars

    from asgiref.sync import async_to_sync, sync_to_async

    var = contextvars.ContextVar("var", default="empty")

    def writes(value):
        seen = var.get()
        var.set(value)
        return seen

    async def awrites(value):
        return writes(value)

    async def fails():
        var.set("failed's")
        raise KeyError

    async def main():
        var.set("caller's")
        seen = [await sync_to_async(writes)("function's"), var.get()]
        seen += [await sync_to_async(lambda: async_to_sync(awrites)("inner's"))(), var.get()]
        seen += [await sync_to_async(writes, thread_sensitive=False)("pool's"), var.get()]
        return seen

    async def explicit():
        context = contextvars.copy_context()
        context.run(var.set, "given")
        seen = await sync_to_async(writes, context=context)("function's")
        return [seen, context[var], var.get()]

    def backwards():
        var.set("caller's")
        return [async_to_sync(awrites)("coroutine's"), var.get(), outcome(async_to_sync(fails)), var.get()]

    async def together():
        var.set("caller's")
        await asyncio.gather(sync_to_async(writes)("a"), sync_to_async(writes)("b"))
        return var.get()

    return {
        "sync_to_async()": asyncio.run(main()),
        "sync_to_async(context=)": outcome(asyncio.run, explicit()),
        "async_to_sync()": contextvars.copy_context().run(backwards),
        "gathered": asyncio.run(together()),
    }


@probe("P233", "asgiref", "cancellation", source="asgiref 3.8: a cancel reaches nested calls; 3.8.1: regression mended")
def what_cancelling_reaches_through_both_directions():
    import asyncio
    import threading

    from asgiref.sync import SyncToAsync, async_to_sync, sync_to_async

    async def plainly():
        started, release, log = threading.Event(), threading.Event(), []

        def job():
            started.set()
            release.wait(1)
            log.append("function ended")
            return "value"

        task = asyncio.ensure_future(sync_to_async(job, thread_sensitive=False)())
        while not started.is_set():
            await asyncio.sleep(0.001)
        task.cancel()
        await turns()
        log.append(f"caller {'done' if task.done() else 'waits'}")
        release.set()
        await asyncio.wait([task])
        await asyncio.get_running_loop().shutdown_default_executor()
        return [*log, state(task)]

    async def nested():
        entered, log = asyncio.Event(), []
        loop = asyncio.get_running_loop()

        async def inner():
            loop.call_soon_threadsafe(entered.set)
            try:
                await asyncio.sleep(0.5)
                log.append("inner finished")
                return "value"
            except BaseException as error:
                log.append(f"inner {name(error)}")
                raise

        def middle():
            try:
                return async_to_sync(inner)()
            except BaseException as error:
                log.append(f"function {name(error)}")
                raise

        task = asyncio.ensure_future(sync_to_async(middle)())
        await entered.wait()
        task.cancel()
        await asyncio.wait([task])
        return [*log, state(task)]

    def inside():
        async def cancels_itself():
            asyncio.current_task().cancel()
            await asyncio.sleep(0)

        return outcome(async_to_sync(cancels_itself))

    async def raised():
        def job():
            raise asyncio.CancelledError

        return await aoutcome(sync_to_async(job))

    async def cancels_itself_inside(how):
        log = []

        async def inner():
            if how == "a child":
                child = asyncio.ensure_future(asyncio.sleep(10))
                await asyncio.sleep(0)
                child.cancel()
                return await aoutcome(lambda: child)
            if how == "raises":
                raise asyncio.CancelledError
            asyncio.current_task().cancel()
            await asyncio.sleep(0)

        def middle():
            try:
                return async_to_sync(inner)()
            except BaseException as error:
                log.append(f"function {name(error)}")
                if how == "caught":
                    return "caught"
                raise

        task = asyncio.ensure_future(sync_to_async(middle)())
        await asyncio.wait([task], timeout=1)
        return [*log, state(task)]

    async def twice():
        entered, log = asyncio.Event(), []
        loop = asyncio.get_running_loop()

        async def inner():
            loop.call_soon_threadsafe(entered.set)
            try:
                await asyncio.sleep(0.5)
            except asyncio.CancelledError:
                log.append("refused")
            await asyncio.sleep(0)
            return "value"

        async def middle():
            return await sync_to_async(lambda: async_to_sync(inner)())()

        task = asyncio.ensure_future(sync_to_async(lambda: async_to_sync(middle)())())
        await entered.wait()
        task.cancel()
        await asyncio.wait([task], timeout=1)
        return [*log, state(task)]

    async def just_done(after):
        """Cancel so many turns after the function returned, before the caller knows."""
        gate = threading.Event()
        task = asyncio.ensure_future(sync_to_async(lambda: int(not gate.wait()))())
        await turns(2)
        gate.set()
        SyncToAsync.single_thread_executor.submit(int).result()  # the one thread is through with the function
        await turns(after)
        task.cancel()
        await asyncio.wait([task])
        return state(task)

    async def late():
        return await aoutcome(asyncio.wait_for, nested_sleep(), 0.02)

    async def nested_sleep():
        return await sync_to_async(lambda: async_to_sync(asyncio.sleep)(0.1, "slept"))()

    return {
        "a function": asyncio.run(plainly()),
        "a coroutine in a function": asyncio.run(nested()),
        "inside async_to_sync()": inside(),
        "a function raises CancelledError": asyncio.run(raised()),
        "late in wait_for()": asyncio.run(late()),
        "cancelled inside": {
            how: outcome(asyncio.run, cancels_itself_inside(how)) for how in ("a child", "raises", "itself", "caught")
        },
        "just after it returned": [asyncio.run(just_done(after)) for after in range(6)],
        "two levels, refused": outcome(asyncio.run, twice()),
    }


@probe("P234", "asgiref", "exceptions", source="asgiref 3.4.1, 3.5: what is refused, and how")
def what_is_refused_and_what_errors_come_through():
    import asyncio

    from asgiref.sync import async_to_sync, sync_to_async

    async def native():
        return "value"

    def fails(error):
        raise error

    async def afails(error):
        raise error

    async def running():
        return outcome(async_to_sync(native))

    async def deadlock():
        return await sync_to_async(
            lambda: outcome(
                async_to_sync(lambda: sync_to_async(native)()),
            )
        )()

    special = KeyError()

    async def main():
        found = {}
        for error in (special, StopIteration(1), asyncio.CancelledError(), SystemExit(3), KeyboardInterrupt()):
            if isinstance(error, StopIteration):
                continue  # a future refuses it, and the caller waits for ever: P25
            found[name(error)] = await aoutcome(sync_to_async(fails), error)
        try:
            await sync_to_async(fails)(special)
        except KeyError as error:
            found["the same"] = error is special
        return found

    return {
        "async_to_sync() in a running loop": asyncio.run(running()),
        "sync_to_async() of a coroutine function": outcome(lambda: type(sync_to_async(native)).__name__),
        "async_to_sync() of a plain function": [warned(lambda: async_to_sync(len)), outcome(lambda: async_to_sync(len)("abc"))],
        "sync_to_async() of a number": outcome(lambda: type(sync_to_async(1)).__name__),
        "through sync_to_async()": outcome(asyncio.run, main()),
        "through async_to_sync()": {
            name(error): outcome(async_to_sync(afails), error) for error in (special, SystemExit(3), asyncio.CancelledError())
        },
        "nested": outcome(asyncio.run, deadlock()),
    }


@probe(
    "P235",
    "asgiref",
    "threads",
    source="asgiref: event loops of async_to_sync(); 3.3: forked processes; 3.4.1: a loop that has ended",
)
def which_loop_async_to_sync_runs_in():
    import asyncio
    import threading

    from asgiref.sync import AsyncToSync, async_to_sync, sync_to_async

    async def loop():
        return asyncio.get_running_loop()

    async def main():
        here = asyncio.get_running_loop()
        nested = await sync_to_async(lambda: async_to_sync(loop)())()
        pool = await sync_to_async(lambda: async_to_sync(loop)(), thread_sensitive=False)()
        made = async_to_sync(loop)
        created = await sync_to_async(made)()
        thread = []
        stranger = threading.Thread(target=lambda: thread.append(async_to_sync(loop)()))
        stranger.start()
        await asyncio.to_thread(stranger.join)
        forced = await sync_to_async(lambda: AsyncToSync(loop, force_new_loop=True)())()
        return [nested is here, pool is here, created is here, thread[0] is here, forced is here]

    async def leaves_a_task(log):
        async def left():
            try:
                await asyncio.sleep(0.05)
                log.append("left finished")
            except BaseException as error:
                log.append(name(error))
                raise

        asyncio.ensure_future(left())
        await asyncio.sleep(0)
        return "value"

    log = []
    left = async_to_sync(leaves_a_task)(log)
    after = outcome(lambda: async_to_sync(loop)().is_closed())
    return {
        "from inside": asyncio.run(main()),
        "a task left behind": [left, *log],
        "closed after": after,
        "current loop after": outcome(lambda: type(asyncio.get_event_loop_policy()._local._loop).__name__),
    }


@probe("P236", "asgiref", "contextvars", source="asgiref 3.7 (contextvars), 3.9 (#478, #508), 3.9.1 (#523): Local")
def what_a_local_shares_between_tasks_and_threads():
    import asyncio
    import gc
    import threading
    import weakref

    from asgiref.local import Local
    from asgiref.sync import async_to_sync, sync_to_async

    def get(local):
        return getattr(local, "value", "unset")

    async def crosses(local):
        local.value = "caller's"
        seen = [await sync_to_async(get)(local)]
        await sync_to_async(setattr)(local, "value", "function's")
        seen.append(get(local))
        task = asyncio.ensure_future(writes(local))
        seen.append(await task)
        seen.append(get(local))
        return seen

    async def writes(local):
        seen = get(local)
        local.value = "task's"
        return seen

    async def deletes(local):
        local.value = "caller's"

        async def child():
            del local.value
            return get(local)

        return [await asyncio.ensure_future(child()), get(local)]

    async def siblings(local):
        async def own(value):
            local.value = value
            await asyncio.sleep(0)
            return get(local)

        return await asyncio.gather(own("a"), own("b"))

    def threads(local):
        local.value = "main's"
        seen = []
        thread = threading.Thread(target=lambda: seen.append(get(local)))
        thread.start()
        thread.join()
        return seen

    def backwards(local):
        local.value = "caller's"

        async def inner():
            seen = get(local)
            local.value = "coroutine's"
            return seen

        return [async_to_sync(inner)(), get(local)]

    def freed(critical):
        class Item:
            pass

        gc.collect()
        gc.disable()
        local, item = Local(thread_critical=critical), Item()
        gone = weakref.ref(item)
        local.item = item
        del local, item
        return gone() is None

    found = {}
    for critical in (False, True):
        found["thread critical" if critical else "plain"] = {
            "sync_to_async and tasks": outcome(asyncio.run, crosses(Local(thread_critical=critical))),
            "deleted in a task": outcome(asyncio.run, deletes(Local(thread_critical=critical))),
            "siblings": outcome(asyncio.run, siblings(Local(thread_critical=critical))),
            "another thread": outcome(threads, Local(thread_critical=critical)),
            "async_to_sync": outcome(backwards, Local(thread_critical=critical)),
            "freed": outcome(freed, critical),
            "missing": outcome(lambda critical=critical: Local(thread_critical=critical).nothing),
        }
    return found


@probe(
    "P237",
    "asgiref",
    "signatures",
    source="asgiref 3.6: markcoroutinefunction(); 3.7: types; 3.9: keyword arguments (#471); 3.11: context=",
)
def what_its_functions_take_and_how_wrapped_ones_look():
    import asyncio
    import inspect

    from asgiref import sync
    from asgiref.sync import async_to_sync, sync_to_async

    async def native(loop=None, awaitable=None, *, call_result=None, exc_info=None, task_context=None):
        return [loop, awaitable, call_result, exc_info, task_context]

    def function(loop=None, fn=None, func=None, self_=None):
        return [loop, fn, func, self_]

    class WithContext:
        context = "attribute"

        def __call__(self):
            return "called"

    wrapped, unwrapped = sync_to_async(function), async_to_sync(native)

    async def keywords():
        return await sync_to_async(function)(loop=1, fn=2, func=3, self_=4)

    class Thing:
        @sync_to_async
        def method(self):
            return "method"

        @async_to_sync
        async def amethod(self):
            return "amethod"

    async def methods():
        return await Thing().method()

    async def attribute():
        return await sync_to_async(WithContext())()

    return {
        "parameters": {
            what: outcome(parameters, getattr(sync, what, None))
            for what in ("SyncToAsync", "AsyncToSync", "sync_to_async", "async_to_sync")
        },
        "iscoroutinefunction": [
            asyncio.iscoroutinefunction(wrapped),
            inspect.iscoroutinefunction(wrapped),
            inspect.iscoroutinefunction(unwrapped),
        ],
        "asgiref's own": outcome(lambda: [sync.iscoroutinefunction(wrapped), sync.iscoroutinefunction(native)]),
        "names": [getattr(wrapped, "__name__", None), getattr(unwrapped, "__name__", None)],
        "async_to_sync() with keywords": outcome(unwrapped, loop=1, awaitable=2, call_result=3, exc_info=4, task_context=5),
        "sync_to_async() with keywords": outcome(asyncio.run, keywords()),
        "methods": [outcome(asyncio.run, methods()), outcome(lambda: Thing().amethod())],
        "an object with an attribute called context": outcome(asyncio.run, attribute()),
        "module": sorted(item for item in dir(sync) if "Context" in item or "coroutine" in item.lower()),
    }


@probe("P238", "asgiref", "lifecycle", source="asgiref.testing.ApplicationCommunicator; 3.9, #505")
def what_the_application_communicator_does_with_ended_applications():
    import asyncio

    from asgiref.testing import ApplicationCommunicator

    async def returns(scope, receive, send):
        await send({"type": "sent"})

    async def fails(scope, receive, send):
        await receive()
        raise KeyError

    async def waits(scope, receive, send):
        await receive()
        await receive()

    async def drive(application):
        made = ApplicationCommunicator(application, {"type": "x"})
        found = [await aoutcome(made.send_input, {"type": "in"})]
        found.append(await aoutcome(made.receive_output, 0.3))
        found.append(await aoutcome(made.receive_nothing, 0.3))
        found.append(await aoutcome(made.send_input, {"type": "in"}))
        found.append(await aoutcome(made.wait, 0.3))
        return [plain(entry) for entry in found]

    return {application.__name__: outcome(asyncio.run, drive(application)) for application in (returns, fails, waits)}


@probe("P239", "asgiref", "exceptions", source="asgiref 3.7: __traceback_hide__; cycles of async_to_sync() (3.7)")
def which_frames_and_references_a_failure_keeps():
    import asyncio
    import gc
    import traceback
    import weakref

    from asgiref.sync import async_to_sync, sync_to_async

    class Local:
        pass

    def boom(local=None):
        raise KeyError

    async def aboom(local=None):
        raise KeyError

    def frames(error):
        return [frame.name for frame in traceback.extract_tb(error.__traceback__)]

    async def forth():
        try:
            await sync_to_async(boom)()
        except KeyError as error:
            return frames(error)

    def back():
        try:
            async_to_sync(aboom)()
        except KeyError as error:
            return frames(error)

    def freed(call):
        gc.collect()
        gc.disable()
        local = Local()
        gone = weakref.ref(local)
        call(local)
        del local
        return gone() is None

    def fails_forth(local):
        async def main(local):
            try:
                await sync_to_async(boom)(local)
            except KeyError:
                pass

        asyncio.run(main(local))

    def fails_back(local):
        try:
            async_to_sync(aboom)(local)
        except KeyError:
            pass

    def works_back(local):
        async def fine(local):
            return None

        async_to_sync(fine)(local)

    ours = {"boom", "aboom", "forth", "back"}
    return {
        "sync_to_async()": [frame for frame in asyncio.run(forth()) if frame in ours],
        "async_to_sync()": [frame for frame in back() if frame in ours],
        "freed": {call.__name__: freed(call) for call in (works_back, fails_forth, fails_back)},
    }
