"""asyncio: what futures and tasks do with failures, when nobody holds them, and beside futures of other kinds."""

from interop.probes.observe import ahead, aoutcome, name, outcome, state, turns, unhandled
from interop.probes.probe import probe


@probe("P25", "asyncio", "threads", source="asyncio.to_thread(), run_in_executor(): a thread cannot be cancelled")
def what_cancelling_a_call_in_a_thread_does():
    import asyncio
    import concurrent.futures
    import threading

    async def main(start):
        started, release, log = threading.Event(), threading.Event(), []

        def job():
            started.set()
            release.wait()
            log.append("function ended")
            return "value"

        task = asyncio.ensure_future(start(job))
        await turns()
        started.wait()
        task.cancel()
        await asyncio.wait([task])
        log.append(state(task))
        release.set()
        await asyncio.get_running_loop().shutdown_default_executor()
        return log

    async def in_pool(job):
        return await asyncio.get_running_loop().run_in_executor(None, job)

    async def queued():
        release = threading.Event()
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            pool.submit(release.wait)
            waiting = pool.submit(int)
            future = asyncio.wrap_future(waiting)
            future.cancel()
            await turns()
            release.set()
            return [state(future), waiting.cancelled()]

    async def raises(error):
        def job():
            raise error

        return await aoutcome(asyncio.to_thread, job)

    return {
        "to_thread()": asyncio.run(main(asyncio.to_thread)),
        "run_in_executor()": asyncio.run(main(in_pool)),
        "one that is queued": asyncio.run(queued()),
        "it raises StopIteration": asyncio.run(raises(StopIteration(1))) if _stops() else "pending",
        "it raises CancelledError": asyncio.run(raises(asyncio.CancelledError())),
        "it raises the executor's CancelledError": asyncio.run(raises(concurrent.futures.CancelledError())),
        "it raises the executor's TimeoutError": asyncio.run(raises(concurrent.futures.TimeoutError())),
        "it raises SystemExit": asyncio.run(raises(SystemExit())),
    }


def _stops():
    """Whether a future takes StopIteration at all: up to 3.11 the await of one that a thread raised never returns."""
    import asyncio

    loop = asyncio.new_event_loop()
    try:
        future = loop.create_future()
        future.set_exception(StopIteration())
        return future.exception() is not None
    except TypeError:
        return False
    finally:
        loop.close()


@probe(
    "P26",
    "asyncio",
    "exceptions",
    source="Future.set_exception(): StopIteration is refused up to 3.11, RuntimeError since (gh-112182)",
)
def what_special_exceptions_do_to_futures_and_tasks():
    import asyncio

    async def raises(error):
        raise error

    async def main(error):
        errors = unhandled(asyncio.get_running_loop())
        future = asyncio.get_running_loop().create_future()
        given = outcome(future.set_exception, error)
        task = asyncio.ensure_future(raises(error))
        try:
            await turns()
        except BaseException as escaped:
            return ["escapes", name(escaped)]
        return [given, state(future), state(task), *errors]

    kinds = StopIteration(1), StopAsyncIteration(), GeneratorExit(), asyncio.CancelledError(), KeyboardInterrupt(), SystemExit(3)
    kinds = *kinds, BaseException(), asyncio.InvalidStateError(), KeyError, int
    return {
        error.__name__ if isinstance(error, type) else f"{name(error)}()": outcome(asyncio.run, main(error)) for error in kinds
    }


@probe("P27", "asyncio", "exceptions", source="asyncio documentation, Error Handling API")
def what_a_lost_failure_tells_the_exception_handler():
    import asyncio
    import gc

    async def fails():
        raise KeyError

    def boom(*_):
        raise KeyError

    async def waits():
        await asyncio.get_running_loop().create_future()

    async def main(act):
        loop = asyncio.get_running_loop()
        errors = unhandled(loop)
        act(loop)
        await turns()
        gc.collect()
        await turns()
        return errors

    def done_callback(loop):
        future = loop.create_future()
        future.add_done_callback(boom)
        future.set_result(1)

    def failed_future(loop):
        loop.create_future().set_exception(KeyError())

    def gathered(loop):
        asyncio.gather(fails(), fails())

    acts = {
        "a task": lambda loop: loop.create_task(fails()) and None,
        "a future": failed_future,
        "a callback": lambda loop: loop.call_soon(boom),
        "a timer": lambda loop: loop.call_later(0, boom),
        "a done callback": done_callback,
        "gather()": gathered,
        "a pending task": lambda loop: loop.create_task(waits()) and None,
        "run_coroutine_threadsafe()": lambda loop: asyncio.run_coroutine_threadsafe(fails(), loop) and None,
    }
    return {what: asyncio.run(main(act)) for what, act in acts.items()}


@probe(
    "P28",
    "asyncio",
    "exceptions",
    source="asyncio.Future.__await__(): the exception itself is raised at each await (gh-127529, bpo-45924)",
)
def what_awaiting_a_failure_twice_does_to_it():
    import asyncio
    import traceback

    async def callee():
        raise KeyError

    async def awaits(task):
        try:
            await task
        except KeyError as error:
            return error

    async def main():
        task = asyncio.ensure_future(callee())
        found = []
        for _ in range(3):
            error = await awaits(task)
            found.append([frame.name for frame in traceback.extract_tb(error.__traceback__)])
        try:
            raise ValueError
        except ValueError:
            within = await awaits(task)
        return {"frames": found, "same": within is error is task.exception(), "context": within.__context__ is None}

    return asyncio.run(main())


class AnAwaitable:
    """Awaitable, and nothing else."""

    def __await__(self):
        yield from ()
        return "awaited"


@probe(
    "P45",
    "asyncio",
    "signatures",
    source="asyncio.wait() refuses coroutines since 3.11; as_completed() can be iterated asynchronously since 3.13 (gh-77714)",
)
def what_wait_and_as_completed_take_and_give():
    import asyncio

    async def value(number):
        for _ in range(number):
            await asyncio.sleep(0)
        return number

    async def asynchronously():
        tasks = [asyncio.ensure_future(value(number)) for number in (3, 1)]
        return [[await task, task in tasks] async for task in asyncio.as_completed(tasks)]

    async def plainly():
        return [await task for task in asyncio.as_completed([value(3), value(1)])]

    async def late():
        found, later = [], ahead(asyncio.get_running_loop())
        for task in asyncio.as_completed([asyncio.sleep(0), asyncio.Event().wait()], timeout=600):
            found.append(await aoutcome(lambda task=task: task))
            later(3600)
        return found

    async def waits(things, **options):
        done, pending = await asyncio.wait(things, **options)
        found = [sorted(str(state(task)) for task in done), len(pending)]
        for task in pending:
            task.cancel()
        return found

    async def main():
        future = lambda number: asyncio.ensure_future(value(number))  # noqa: E731
        coroutine = value(1)
        return {
            "wait() for coroutines": await aoutcome(waits, [coroutine]),
            "wait() for nothing": await aoutcome(waits, []),
            "wait() for one of two": await waits([future(1), future(9)], return_when=asyncio.FIRST_COMPLETED),
            "wait() zero": await waits([asyncio.ensure_future(asyncio.Event().wait())], timeout=0),
            "wait() for a generator of tasks": await aoutcome(waits, (future(1) for _ in range(2))),
            "wait() for a coroutine itself": await aoutcome(waits, coroutine),
            "as_completed()": await plainly(),
            "as_completed(), asynchronously": await aoutcome(asynchronously),
            "as_completed(), late": await late(),
            "closed": outcome(coroutine.close),
        }

    return asyncio.run(main())


@probe("P46", "asyncio", "lifecycle", source="asyncio documentation: keep a reference to a task; loop.close()")
def what_becomes_of_tasks_and_loops_that_nobody_holds():
    import asyncio
    import gc
    import warnings

    log = []

    async def waits():
        future = asyncio.get_running_loop().create_future()
        try:
            await future
        except BaseException as error:
            log.append(name(error))
            raise

    async def main():
        errors = unhandled(asyncio.get_running_loop())
        kept = asyncio.ensure_future(waits())
        asyncio.ensure_future(waits())
        await turns()
        before = len(asyncio.all_tasks())
        gc.collect()
        await turns()
        return [before, len(asyncio.all_tasks()), kept.done(), *errors, list(log)]

    def closed_with_tasks():
        loop = asyncio.new_event_loop()
        errors = unhandled(loop)
        loop.create_task(asyncio.sleep(10))
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()
        gc.collect()
        return errors

    def forgotten():
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            asyncio.new_event_loop()
            gc.collect()
        return sorted({warning.category.__name__ for warning in caught})

    async def named():
        tasks = [asyncio.ensure_future(asyncio.sleep(0)) for _ in range(2)]
        numbers = [int(task.get_name().rpartition("-")[2]) for task in tasks]
        tasks[0].set_name(7)
        return [numbers[1] - numbers[0], tasks[0].get_name(), type(tasks[0].get_coro()).__name__]

    return {
        "tasks": asyncio.run(main()),
        "a loop closed with tasks": closed_with_tasks(),
        "a loop forgotten": forgotten(),
        "names": asyncio.run(named()),
    }


@probe(
    "P47",
    "asyncio",
    "converters",
    source="asyncio documentation, Futures; What's New in Python 3.12: generators are no coroutines",
)
def what_can_be_awaited_and_made_a_future():
    import asyncio
    import concurrent.futures
    import types

    async def native():
        return "coroutine"

    @types.coroutine
    def old():
        yield from native().__await__()
        return "types.coroutine"

    def generator():
        yield None
        return "generator"

    @types.coroutine
    def foreign(value):
        yield value

    class DuckFuture:
        _asyncio_future_blocking = False

        def get_loop(self):
            return asyncio.get_running_loop()

    async def main():
        loop = asyncio.get_running_loop()
        things = {
            "coroutine": native,
            "types.coroutine": old,
            "generator": generator,
            "awaitable": AnAwaitable,
            "concurrent future": concurrent.futures.Future,
            "async generator": lambda: _agen(),
            "number": int,
            "duck future": DuckFuture,
        }
        found = {}
        for what, make in things.items():
            ways = {}
            for how, way in {
                "isfuture": asyncio.isfuture, "iscoroutine": asyncio.iscoroutine, "ensure_future": asyncio.ensure_future,
                "create_task": loop.create_task, "wrap_future": asyncio.wrap_future, "gather": asyncio.gather,
            }.items():  # fmt: skip
                thing = make()
                got = outcome(way, thing)
                ways[how] = got if isinstance(got, (bool, str)) else type(got).__name__
                if asyncio.isfuture(got) and got is not thing:
                    await turns()
                    ways[how] += f" {state(got)}"
                elif hasattr(thing, "close"):
                    thing.close()
            found[what] = ways
        for what, value in {"a number": 1, "None": None, "itself": "task", "a future, bare": loop.create_future()}.items():
            task = asyncio.ensure_future(_through(foreign, value))
            await turns()
            found[f"yields {what}"] = state(task)
            task.cancel()
        return found

    return asyncio.run(main())


async def _agen():
    yield 1


async def _through(foreign, value):
    import asyncio

    return await (asyncio.current_task() if value == "task" else foreign(value))


@probe("P48", "asyncio", "converters", source="asyncio.wrap_future(), futures._chain_future()")
def what_crosses_between_an_asyncio_future_and_a_concurrent_one():
    import asyncio
    import concurrent.futures

    class Special(Exception):
        pass

    async def main(settle):
        source = concurrent.futures.Future()
        wrapped = asyncio.wrap_future(source)
        given = outcome(settle, source)
        for _ in range(5):
            await turns()
        return [given, state(wrapped), wrapped.done() and not wrapped.cancelled() and wrapped.exception() is source.exception()]

    async def backwards(state_of_source):
        source = concurrent.futures.Future()
        if state_of_source == "running":
            source.set_running_or_notify_cancel()
        wrapped = asyncio.wrap_future(source)
        wrapped.cancel()
        await turns()
        return [state(wrapped), source.cancelled(), source.running(), outcome(source.set_result, 1)]

    async def same():
        future = asyncio.get_running_loop().create_future()
        return asyncio.wrap_future(future) is future

    settles = {
        "result": lambda source: source.set_result("value"),
        "failure": lambda source: source.set_exception(Special()),
        "asyncio's CancelledError": lambda source: source.set_exception(asyncio.CancelledError()),
        "its own CancelledError": lambda source: source.set_exception(concurrent.futures.CancelledError()),
        "its own TimeoutError": lambda source: source.set_exception(concurrent.futures.TimeoutError()),
        "its own InvalidStateError": lambda source: source.set_exception(concurrent.futures.InvalidStateError()),
        "cancel()": lambda source: source.cancel(),
        "cancel(), told": lambda source: [source.cancel(), source.set_running_or_notify_cancel()],
    }
    found = {what: asyncio.run(main(settle)) for what, settle in settles.items()}
    found["cancelled from asyncio's side"] = {what: asyncio.run(backwards(what)) for what in ("pending", "running")}
    return {**found, "an asyncio future": asyncio.run(same())}
