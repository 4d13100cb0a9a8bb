"""Trio with threads: what goes there and back, who is told of a cancellation, calls from outside, clocks of tests.

A module of many small functions: a catalogue.
"""

from typing import Any

from interop.probes.observe import aoutcome, outcome
from interop.probes.probe import probe


@probe("P192", "trio", "threads", source="Trio 0.23, issue 2392: from_thread reuses the host task and its cancellation")
def whether_a_cancellation_reaches_what_a_thread_runs_in_trio() -> Any:
    import threading

    import trio

    async def run(*, abandon: bool, sync: bool) -> Any:
        log: list[Any] = []
        ended = threading.Event()

        async def inner() -> None:
            scope.cancel()
            log.append(await aoutcome(trio.sleep, 0.03))

        def in_thread() -> None:
            if sync:
                log.append(outcome(trio.from_thread.run_sync, scope.cancel))
                log.append(outcome(trio.from_thread.run_sync, len, ""))
            else:
                log.append(outcome(trio.from_thread.run, inner))
            ended.set()

        options = {"abandon_on_cancel": True} if abandon else {}
        with trio.CancelScope() as scope:
            await trio.to_thread.run_sync(in_thread, **options)
        log.append(scope.cancelled_caught)
        found = list(log)
        while not ended.is_set():
            await trio.sleep(0.001)
        return [found, log[len(found) :]]

    cases = {"async": (False, False), "sync": (False, True), "async, abandoned": (True, False)}
    return {case: outcome(trio.run, lambda how=how: run(abandon=how[0], sync=how[1])) for case, how in cases.items()}


@probe(
    "P193",
    "trio",
    "threads",
    source="Trio 0.20, issue 2160: contexts are copied into threads and back; 0.23: the host task is reused",
)
def which_context_and_task_threads_and_their_calls_get() -> Any:
    import contextvars

    import trio

    var = contextvars.ContextVar("var", default="default")
    saw: dict[str, Any] = {}

    async def main() -> Any:
        host = trio.lowlevel.current_task()
        var.set("host")

        def sync(where: str) -> None:
            saw[where] = [var.get(), trio.lowlevel.current_task() is host]
            var.set(where)

        async def inner(where: str) -> None:
            sync(where)

        def in_thread() -> None:
            saw["thread"] = var.get()
            var.set("thread")
            trio.from_thread.run(inner, "from_thread.run")
            trio.from_thread.run_sync(sync, "from_thread.run_sync")
            saw["thread, afterwards"] = var.get()

        await trio.to_thread.run_sync(in_thread)
        await trio.to_thread.run_sync(lambda: saw.update({"next thread": var.get()}))
        saw["host, afterwards"] = var.get()

    trio.run(main)
    return saw


@probe(
    "P194", "trio", "threads", source="Trio docs, from_thread: with a token, without one, after the run; check_cancelled, 0.23"
)
def from_where_trio_can_be_entered() -> Any:
    import threading

    import trio

    async def fine() -> str:
        return "fine"

    def foreign(fn: Any, *args: Any, **more: Any) -> Any:
        got: list[Any] = []
        thread = threading.Thread(target=lambda: got.append(outcome(fn, *args, **more)))
        thread.start()
        return thread, got

    async def main() -> Any:
        token = trio.lowlevel.current_trio_token()
        run = trio.from_thread.run
        cases = {
            "token": foreign(run, fine, trio_token=token),
            "no token": foreign(run, fine),
            "sync function": foreign(run, len, "", trio_token=token),
        }
        found = {}
        for case, (thread, got) in cases.items():
            await trio.to_thread.run_sync(thread.join)
            found[case] = got[0]
        found["from trio"] = [
            await aoutcome(trio.to_thread.run_sync, run, fine),
            outcome(run, fine),
            outcome(run, fine, trio_token=token),
        ]
        found["check_cancelled"] = [
            outcome(lambda: trio.from_thread.check_cancelled()),
            await aoutcome(lambda: trio.to_thread.run_sync(trio.from_thread.check_cancelled)),
        ]
        found["async in from_thread.run_sync"] = await aoutcome(trio.to_thread.run_sync, trio.from_thread.run_sync, fine)
        return token, found

    token, found = trio.run(main)
    thread, got = foreign(trio.from_thread.run, fine, trio_token=token)
    thread.join()
    return found | {"after the run": [got[0], outcome(token.run_sync_soon, len, "")]}


@probe("P195", "trio", "threads", source="Trio docs, to_thread.run_sync: errors, limiters, names, daemons; 0.22.1, issue 1148")
def what_to_thread_gives_back_and_takes() -> Any:
    import threading

    import trio

    async def fine() -> None:
        pass

    def raises(kind: Any) -> None:
        raise kind

    async def main() -> Any:
        run = trio.to_thread.run_sync
        limiter = trio.CapacityLimiter(1)
        one = await run(threading.current_thread)
        return {
            "errors": [
                await aoutcome(run, raises, kind)
                for kind in (ValueError, StopIteration, SystemExit, KeyboardInterrupt, StopAsyncIteration)
            ],
            "async function": await aoutcome(run, fine),
            "reused": await run(threading.current_thread) is one,
            "daemon": one.daemon,
            "name": outcome(lambda: one.name.startswith("Trio thread")),
            "limiter": [await run(lambda: limiter.borrowed_tokens, limiter=limiter), limiter.borrowed_tokens],
            "default limiter": trio.to_thread.current_default_thread_limiter().total_tokens,
            "cancelled before": await aoutcome(_cancelled_before, run),
        }

    return trio.run(main)


async def _cancelled_before(run: Any) -> Any:
    """Whether a thread is started at all in a cancelled scope."""
    import trio

    ran: list[int] = []
    with trio.CancelScope() as scope:
        scope.cancel()
        await run(ran.append, 1)
    return [len(ran), scope.cancelled_caught]


@probe(
    "P427",
    "trio",
    "threads",
    "trio.testing",
    source="Trio's clocks and idle detection: MockClock, wait_all_tasks_blocked, Sequencer; 0.30, issue 3205",
)
def how_the_clocks_and_idle_detection_of_tests_work() -> Any:
    import trio
    import trio.testing

    async def jumps() -> Any:
        begin = trio.current_time()
        await trio.sleep(1000)
        return trio.current_time() - begin >= 1000

    async def idle() -> Any:
        log: list[str] = []

        async def body() -> None:
            for _ in range(3):
                await trio.lowlevel.checkpoint()
            log.append("idle now")
            await trio.sleep_forever()

        async with trio.open_nursery() as nursery:
            nursery.start_soon(body)
            await trio.testing.wait_all_tasks_blocked()
            log.append("seen")
            nursery.cancel_scope.cancel()
        return log

    async def made_inside() -> Any:
        before = type(trio.lowlevel.current_clock()).__name__
        clock = trio.testing.MockClock()
        return [before, type(trio.lowlevel.current_clock()).__name__, outcome(clock.current_time)]

    def clock() -> Any:
        return trio.testing.MockClock(autojump_threshold=0)

    return {
        "autojump": trio.run(jumps, clock=clock()),
        "idle": trio.run(idle),
        "made inside": outcome(trio.run, made_inside),
        "threads": outcome(trio.run, _threads),
    }


async def _threads() -> Any:
    """Whether the end of all worker threads can be waited for."""
    import trio
    import trio.testing

    ran: list[int] = []
    async with trio.open_nursery() as nursery:
        nursery.start_soon(trio.to_thread.run_sync, ran.append, 1)
        await trio.testing.wait_all_threads_completed()
        return len(ran)


@probe(
    "P429",
    "trio",
    "threads",
    source="Trio docs: run_sync_soon keeps its order and drops what is idempotent; instruments; one run a thread",
)
def in_which_order_calls_from_outside_arrive() -> Any:
    import threading

    import trio
    import trio.testing

    async def main() -> Any:
        token = trio.lowlevel.current_trio_token()
        log: list[int] = []

        def calls() -> None:
            for i in range(5):
                token.run_sync_soon(log.append, i)
            for _ in range(3):
                token.run_sync_soon(log.append, 9, idempotent=True)
            for _ in range(2):
                token.run_sync_soon(log.append, 7)

        thread = threading.Thread(target=calls)
        thread.start()
        thread.join()  # Trio does not run meanwhile: all the calls are one batch
        await trio.testing.wait_all_tasks_blocked()
        return log

    async def where() -> int:
        return threading.get_ident()

    both: list[Any] = []
    threads = [threading.Thread(target=lambda: both.append(trio.run(where))) for _ in range(2)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    return [trio.run(main), len(both), threading.get_ident() in both]
