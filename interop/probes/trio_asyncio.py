"""trio-asyncio: calls in both directions, what a cancellation becomes on its way, and what is left when the loop ends."""

from typing import Any

from interop.probes.forked import forked
from interop.probes.observe import aoutcome, child, name, outcome, parameters, turns
from interop.probes.probe import probe

HEAD = "import asyncio, sys, trio, warnings; warnings.simplefilter('ignore'); import trio_asyncio\n"


def _run(main: Any) -> Any:
    """Run an async function in a trio-asyncio loop, in Trio's mode."""
    import trio
    import trio_asyncio

    async def inside() -> Any:
        async with trio_asyncio.open_loop():
            return await main()

    return outcome(trio.run, inside)


@probe(
    "P268",
    "trio_asyncio",
    "lifecycle",
    "trio",
    source="trio-asyncio 0.13, issue 91: tasks that are left are cancelled; 0.15, issue 92: generators",
)
def what_becomes_of_asyncio_tasks_when_the_loop_ends() -> Any:
    import asyncio

    import trio
    import trio_asyncio

    def run(how: str) -> Any:
        log: list[Any] = []
        kept: list[Any] = []

        async def sleeps(begun: asyncio.Event) -> None:
            try:
                begun.set()
                await asyncio.sleep(30)
            except BaseException as error:
                log.append(name(error))
                raise
            finally:
                log.append("finally")

        async def generates() -> Any:
            try:
                yield 1
            finally:
                log.append("generator ends")

        async def starts() -> None:
            begun = asyncio.Event()
            kept.append(asyncio.ensure_future(sleeps(begun)))
            kept.append(generates())
            await kept[-1].__anext__()
            await begun.wait()

        async def main() -> None:
            async with trio_asyncio.open_loop():
                await trio_asyncio.aio_as_trio(starts)()
                if how == "fails":
                    raise KeyError
                if how == "cancelled":
                    scopes[0].cancel()
                    await trio.sleep(1)
            log.append("loop left")

        scopes: list[Any] = []

        async def around() -> None:
            with trio.CancelScope() as scope:
                scopes.append(scope)
                await main()

        log.append(outcome(trio.run, around))
        return log

    return {how: run(how) for how in ("returns", "fails", "cancelled")}


@probe("P269", "trio_asyncio", "threads", "trio", source="trio-asyncio 0.14.1, issue 143: two tokens a job")
def whether_as_many_executor_jobs_as_tokens_end() -> Any:
    import asyncio
    import threading

    import trio
    import trio_asyncio

    async def jobs() -> Any:
        loop = asyncio.get_running_loop()
        barrier = threading.Barrier(2)
        results = await asyncio.gather(*(loop.run_in_executor(None, barrier.wait) for _ in range(2)), return_exceptions=True)
        return [name(each) for each in results]

    async def main() -> Any:
        limiter = trio.to_thread.current_default_thread_limiter()
        limiter.total_tokens = 2
        asyncio.get_running_loop().set_default_executor(trio_asyncio.TrioExecutor(limiter=limiter))
        return await trio_asyncio.aio_as_trio(jobs)()

    return _run(main)


@probe(
    "P270",
    "trio_asyncio",
    "detection",
    "trio",
    "sniffio",
    source="trio-asyncio 0.8.2, 0.13, issue 123; 0.12, issue 99: sniffio and the running loop",
)
def what_each_side_can_tell_about_where_it_is() -> Any:
    import asyncio

    import sniffio
    import trio
    import trio_asyncio

    saw: dict[str, Any] = {}

    def look(where: str) -> None:
        saw[where] = [
            outcome(sniffio.current_async_library),
            outcome(lambda: name(asyncio.current_task())),
            outcome(lambda: name(asyncio.get_running_loop())),
            outcome(lambda: name(trio.lowlevel.current_task())),
        ]

    async def back() -> None:
        look("trio in asyncio in trio")

    async def asyncio_side() -> None:
        look("asyncio")
        asyncio.get_running_loop().call_soon(look, "callback")
        await asyncio.sleep(0)
        look("asyncio, after a sleep")
        await trio_asyncio.trio_as_aio(back)()
        look("asyncio, after trio")

    async def main() -> None:
        look("trio")
        await trio_asyncio.aio_as_trio(asyncio_side)()
        look("trio again")

    ended = _run(main)
    look("after")
    return [ended, saw]


@probe(
    "P271",
    "trio_asyncio",
    "cancellation",
    "trio",
    source="trio-asyncio 0.14, issue 140: asyncio waits for the Trio callee; 0.16, issue 161",
)
def what_a_cancellation_becomes_in_each_direction() -> Any:
    import asyncio

    import trio
    import trio_asyncio

    async def from_trio() -> Any:
        log: list[Any] = []

        async def callee() -> None:
            try:
                asyncio.get_running_loop().call_soon(scope.cancel)
                await asyncio.sleep(30)
            except BaseException as error:
                log.append(name(error))
                await asyncio.sleep(0)
                log.append("cleaned")
                raise

        with trio.CancelScope() as scope:
            await trio_asyncio.aio_as_trio(callee)()
        return [*log, "resumed", scope.cancelled_caught]

    async def from_asyncio(refuses: bool) -> Any:
        log: list[Any] = []

        async def callee(begun: asyncio.Event) -> str:
            try:
                begun.set()
                await trio.sleep_forever()
            except trio.Cancelled as error:
                log.append(name(error))
                with trio.CancelScope(shield=True):
                    await trio.sleep(0.001)
                log.append("cleaned")
                if not refuses:
                    raise
            return "own end"

        async def caller() -> Any:
            begun = asyncio.Event()
            task = asyncio.ensure_future(trio_asyncio.trio_as_aio(callee)(begun))
            await begun.wait()
            task.cancel()
            return [await aoutcome(_wait, task), *log]

        return await trio_asyncio.aio_as_trio(caller)()

    async def before_start() -> Any:
        async def callee() -> None:
            ran.append(1)
            await trio.sleep(0.01)

        ran: list[int] = []

        async def caller() -> Any:
            future = asyncio.get_running_loop().trio_as_future(callee)  # type: ignore[attr-defined]
            future.cancel()
            done, _ = await asyncio.wait([future], timeout=0.1)
            return [len(done), future.cancelled(), len(ran)]

        return await trio_asyncio.aio_as_trio(caller)()

    async def asyncio_s_own() -> Any:
        async def callee() -> None:
            raise asyncio.CancelledError

        return await aoutcome(trio_asyncio.aio_as_trio(callee))

    return {
        "from trio": _run(from_trio),
        "from asyncio": _run(lambda: from_asyncio(False)),
        "refused": _run(lambda: from_asyncio(True)),
        "before the start": _run(before_start),
        "raised by asyncio": _run(asyncio_s_own),
    }


async def _wait(thing: Any) -> Any:
    return await thing


@probe(
    "P272",
    "trio_asyncio",
    "exceptions",
    "trio",
    source="trio-asyncio docs; 0.13, issue 121: errors of asyncio tasks and callbacks come out of open_loop()",
)
def where_errors_of_each_side_come_out() -> Any:
    import asyncio

    import trio
    import trio_asyncio

    async def aio(kind: Any) -> None:
        raise kind

    async def grouped() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(aio, ValueError)

    async def directions() -> Any:
        async def caller() -> Any:
            return [await aoutcome(trio_asyncio.trio_as_aio(aio), ValueError), await aoutcome(trio_asyncio.trio_as_aio(grouped))]

        return [
            await aoutcome(trio_asyncio.aio_as_trio(aio), ValueError),
            await aoutcome(trio_asyncio.aio_as_trio(aio), StopAsyncIteration),
            await trio_asyncio.aio_as_trio(caller)(),
        ]

    async def callback() -> Any:
        async def asks() -> None:
            asyncio.get_running_loop().call_soon(lambda: 1 / 0)
            await turns()

        await trio_asyncio.aio_as_trio(asks)()

    async def task() -> Any:
        async def asks() -> None:
            asyncio.ensure_future(aio(ValueError))
            await turns()
            import gc

            gc.collect()
            await turns()

        await trio_asyncio.aio_as_trio(asks)()

    return {"directions": _run(directions), "callback": _run(callback), "task": _run(task)}


@probe(
    "P273",
    "trio_asyncio",
    "contextvars",
    "trio",
    source="trio-asyncio 0.12, issue 76: a Trio task inherits its asyncio caller's context",
)
def which_context_each_side_gets() -> Any:
    import asyncio
    import contextvars

    import trio_asyncio

    var = contextvars.ContextVar("var", default="default")
    saw: dict[str, str] = {}

    async def looks(where: str) -> None:
        saw[where] = var.get()
        var.set(where)

    async def asyncio_side() -> None:
        await looks("asyncio")
        await trio_asyncio.trio_as_aio(looks)("trio from asyncio")
        saw["asyncio, afterwards"] = var.get()
        asyncio.get_running_loop().call_soon(lambda: saw.update({"callback": var.get()}))
        await turns()

    async def main() -> None:
        var.set("trio")
        await trio_asyncio.aio_as_trio(asyncio_side)()
        saw["trio, afterwards"] = var.get()

    return [_run(main), saw]


@probe(
    "P274",
    "trio_asyncio",
    "lifecycle",
    "trio",
    source="trio-asyncio 0.11, 0.14, 0.16: what an import changes in asyncio; synchronous loops",
)
def what_importing_trio_asyncio_changes_in_asyncio() -> Any:
    cases = {
        "loops": "print(type(asyncio.new_event_loop()).__name__, asyncio.new_event_loop.__module__, asyncio.run.__module__)",
        "run": "async def main(): return type(asyncio.get_running_loop()).__name__\nprint(asyncio.run(main()))",
        "run, exit": "async def main(): sys.exit(3)\nasyncio.run(main())",
        "run, error": "async def main(): raise ValueError\nasyncio.run(main())",
        "run, cancelled task": "async def main():\n    t = asyncio.ensure_future(asyncio.sleep(9)); await asyncio.sleep(0); "
        "t.cancel(); await t\nasyncio.run(main())",
        "run until complete": "loop = asyncio.new_event_loop(); print(loop.run_until_complete(asyncio.sleep(0, 'slept'))); "
        "print(loop.run_until_complete(asyncio.sleep(0, 'again'))); loop.close()",
        "in a thread": "import threading\ndef body(): print(asyncio.run(asyncio.sleep(0, 'slept')), flush=True)\nt = "
        "threading.Thread(target=body); t.start(); t.join()",
        "explicit": "l = asyncio.SelectorEventLoop(); print(l.run_until_complete(asyncio.sleep(0, 'slept'))); l.close()",
        "policy": "print(type(asyncio.get_event_loop_policy()).__module__)",
    }
    return forked(HEAD, cases)


@probe(
    "P275",
    "trio_asyncio",
    "lifecycle",
    "trio",
    source="trio-asyncio 0.13, issue 115; 0.14, issue 134: cancelled early, used after the end",
)
def what_a_loop_does_that_is_cancelled_early_nested_or_used_after_its_end() -> Any:
    import asyncio

    import trio
    import trio.testing
    import trio_asyncio

    async def early() -> Any:
        with trio.CancelScope() as scope:
            scope.cancel()
            async with trio_asyncio.open_loop():
                await trio.sleep(0)
        return scope.cancelled_caught

    async def used() -> Any:
        async with trio_asyncio.open_loop() as loop:
            pass
        told = outcome(loop.call_exception_handler, {"message": ""})
        return [outcome(loop.call_soon, len), told, loop.is_closed()]

    async def nested() -> Any:
        async with trio_asyncio.open_loop() as outer, trio_asyncio.open_loop() as inner:
            return [outer is not inner, asyncio.get_event_loop() is inner]

    async def no_loop() -> Any:
        return await trio_asyncio.aio_as_trio(asyncio.sleep)(0)

    async def stopped() -> Any:
        async with trio_asyncio.open_loop() as loop:
            loop.stop()
            await trio.testing.wait_all_tasks_blocked()
        return "left"

    return {each.__name__: outcome(trio.run, each) for each in (early, used, nested, no_loop, stopped)}


@probe("P276", "trio_asyncio", "converters", "trio", source="trio-asyncio docs: every kind of thing that can be carried over")
def what_can_be_carried_to_the_other_side() -> Any:
    import asyncio
    import contextlib

    import trio
    import trio_asyncio

    async def numbers() -> Any:
        yield 1
        await asyncio.sleep(0)
        yield 2

    async def trio_numbers() -> Any:
        yield 1
        await trio.sleep(0)
        yield 2

    @contextlib.asynccontextmanager
    async def manager() -> Any:
        await asyncio.sleep(0)
        yield "entered"

    async def to_trio() -> Any:
        found: dict[str, Any] = {"function": await trio_asyncio.aio_as_trio(asyncio.sleep)(0, "slept")}
        found["coroutine"] = await aoutcome(lambda: trio_asyncio.aio_as_trio(asyncio.sleep(0, "slept")))
        loop = asyncio.get_event_loop()
        future = loop.create_future()
        loop.call_soon(future.set_result, "set")
        found["future"] = await aoutcome(trio_asyncio.run_aio_future, future)
        found["generator"] = await trio_asyncio.run_aio_coroutine(_listed(numbers()))
        found["generator, carried"] = [each async for each in trio_asyncio.aio_as_trio(numbers())]
        async with trio_asyncio.aio_as_trio(manager()) as value:
            found["manager"] = value
        return found

    async def to_asyncio() -> Any:
        async def caller() -> Any:
            found: dict[str, Any] = {"function": await trio_asyncio.trio_as_aio(trio.sleep)(0)}
            found["generator"] = [each async for each in trio_asyncio.trio_as_aio(trio_numbers())]
            found["future"] = await asyncio.get_running_loop().trio_as_future(trio.sleep, 0)  # type: ignore[attr-defined]
            return found

        return await trio_asyncio.aio_as_trio(caller)()

    async def mixed() -> Any:
        async def both() -> Any:
            await asyncio.sleep(0)
            await trio.sleep(0)
            return "both"

        return await trio_asyncio.allow_asyncio(both)

    async def unmixed() -> Any:
        return [await aoutcome(asyncio.sleep, 0.001), await trio_asyncio.aio_as_trio(_other)()]

    return {"to trio": _run(to_trio), "to asyncio": _run(to_asyncio), "mixed": _run(mixed), "without a bridge": _run(unmixed)}


async def _listed(numbers: Any) -> list[Any]:
    return [each async for each in numbers]


async def _other() -> Any:
    """What Trio's sleep gives in asyncio's mode."""
    import trio

    return await aoutcome(trio.sleep, 0)


@probe("P277", "trio_asyncio", "signatures", "trio", source="what glue calls; what an import warns of")
def the_parameters_of_what_glue_calls_and_what_an_import_warns_of() -> Any:
    import trio_asyncio

    names = (
        "open_loop",
        "aio_as_trio",
        "trio_as_aio",
        "run",
        "run_aio_future",
        "run_aio_coroutine",
        "run_aio_generator",
        "allow_asyncio",
        "TrioExecutor",
    )
    seen = child("import trio_asyncio", "-W", "error::DeprecationWarning")
    return {each: outcome(lambda it=each: parameters(getattr(trio_asyncio, it))) for each in names} | {
        "import": [seen["exit"], *seen["printed"]]
    }
