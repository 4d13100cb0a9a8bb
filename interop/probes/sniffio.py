"""sniffio: which library it says is running, in tasks, callbacks, threads, contexts and nested loops."""

from typing import Any

from interop.probes.observe import child, name, outcome
from interop.probes.probe import probe


@probe("P264", "sniffio", "detection", source="sniffio docs; 1.2: asyncio is there where a task or a loop is")
def what_is_detected_in_asyncio_s_tasks_callbacks_and_threads() -> Any:
    import asyncio

    import sniffio

    saw: dict[str, Any] = {}

    def look(where: str) -> None:
        saw[where] = outcome(sniffio.current_async_library)

    class Iterates:
        def __await__(self) -> Any:
            look("await")
            yield from asyncio.sleep(0).__await__()

    async def main() -> None:
        look("task")
        loop = asyncio.get_running_loop()
        loop.call_soon(look, "callback")
        loop.call_later(0.001, look, "timer")
        await Iterates()
        await loop.run_in_executor(None, look, "executor")
        await asyncio.to_thread(look, "to_thread")
        future = loop.create_future()
        future.add_done_callback(lambda _: look("done callback"))
        future.set_result(None)
        await asyncio.sleep(0.01)

    look("before")
    asyncio.run(main())
    look("after")
    return saw


@probe("P265", "sniffio", "detection", source="sniffio 1.3, PR 23: thread_local.name; the context variable, cvar")
def what_the_two_ways_to_set_the_library_do() -> Any:
    import asyncio
    import contextvars
    import threading

    import sniffio

    library, found = sniffio.current_async_library, {}
    token = sniffio.current_async_library_cvar.set("mine")
    found["variable"] = outcome(library)
    found["variable, other thread"] = _in_thread(library)
    found["variable, copied"] = contextvars.copy_context().run(outcome, library)

    async def main() -> Any:
        task = asyncio.ensure_future(_async(library))
        return [outcome(library), await task]

    found["variable, in asyncio"] = asyncio.run(main())
    sniffio.current_async_library_cvar.reset(token)
    local = outcome(lambda: sniffio.thread_local)
    before = outcome(lambda: local.name)
    if not isinstance(local, str):
        local.name = "local"
    found["local"] = [before, outcome(library), _in_thread(library), outcome(lambda: asyncio.run(main()))]
    sniffio.current_async_library_cvar.set("mine")
    found["both"] = outcome(library)
    if not isinstance(local, str):
        local.name = None
    return found | {
        "local unset": outcome(library),
        "exported": "thread_local" in sniffio.__all__,
        "threads": threading.active_count(),
    }


async def _async(fn: Any) -> Any:
    return outcome(fn)


def _in_thread(fn: Any) -> Any:
    """What a function gives in a new thread."""
    import threading

    got: list[Any] = []
    thread = threading.Thread(target=lambda: got.append(outcome(fn)))
    thread.start()
    thread.join()
    return got[0]


@probe("P266", "sniffio", "exceptions", source="sniffio docs: AsyncLibraryNotFoundError")
def what_is_raised_where_no_library_runs() -> Any:
    import sniffio

    generator = _agenerator(sniffio.current_async_library)
    coroutine = _async(sniffio.current_async_library)
    driven = outcome(coroutine.send, None)
    return {
        "is": [each.__name__ for each in sniffio.AsyncLibraryNotFoundError.__mro__],
        "outside": outcome(sniffio.current_async_library),
        "driven by hand": driven,
        "generator": outcome(generator.__anext__().send, None),
        "error": name(sniffio.AsyncLibraryNotFoundError),
    }


async def _agenerator(fn: Any) -> Any:
    yield outcome(fn)


@probe("P267", "sniffio", "warnings", source="sniffio: what an import loads")
def what_importing_sniffio_loads() -> Any:
    seen = child(
        "import sys, sniffio; print('asyncio' in sys.modules)\n"
        "try: sniffio.current_async_library()\n"
        "except sniffio.AsyncLibraryNotFoundError: print('asyncio' in sys.modules, 'trio' in sys.modules)\n",
        "-W",
        "error",
    )
    return [seen["exit"], *seen["out"], *seen["printed"]]
