"""janus: a queue between threads and asyncio: closed, cancelled, joined, full.

Source: janus's change log, 0.6 to 2.0.
"""

from interop.probes.observe import aoutcome, name, outcome, plain, state, turns
from interop.probes.probe import probe


def _spell(error):
    return [name(error), isinstance(error, RuntimeError)]


@probe(
    "P240",
    "janus",
    "exceptions",
    source="janus 2.0, #720: ShutDown classes in place of RuntimeError; join() and task_done() no longer raise",
)
def what_each_side_of_a_closed_queue_raises():
    import asyncio
    import queue as queues

    import janus

    async def attempt(fn, *args):
        try:
            return plain(await asyncio.wait_for(fn(*args), 0.3))
        except BaseException as error:
            return _spell(error)

    async def main(close, filled):
        queue, found = janus.Queue(), {}
        if filled:
            await queue.async_q.put("item")
        found["close()"] = outcome(close, queue)
        if found["close()"]:
            return found
        loop = asyncio.get_running_loop()

        def in_thread(method, *args):
            def run():
                try:
                    return plain(getattr(queue.sync_q, method)(*args))
                except BaseException as error:
                    return _spell(error)

            return loop.run_in_executor(None, run)

        for method, args in {
            "put": ["x"],
            "put_nowait": ["x"],
            "get_nowait": [],
            "task_done": [],
            "qsize": [],
            "join": [],
        }.items():
            if method != "join" or not filled:
                found[f"sync {method}()"] = await in_thread(method, *args)
            thing = getattr(queue.async_q, method)
            if method in ("put", "join"):
                found[f"async {method}()"] = await attempt(thing, *args)
            else:
                found[f"async {method}()"] = outcome(lambda thing=thing, args=args: plain(thing(*args)))
        found["async get()"] = await attempt(queue.async_q.get)
        found["closed"] = [queue.closed, queue.sync_q.closed, queue.async_q.closed]
        found["wait_closed()"] = await attempt(queue.wait_closed)
        return found

    closes = {
        "close()": lambda queue: queue.close(),
        "shutdown()": lambda queue: queue.shutdown(),
        "shutdown(immediate)": lambda queue: queue.shutdown(immediate=True),
    }
    found = {
        f"{what}{', filled' if filled else ''}": outcome(asyncio.run, main(close, filled))
        for what, close in closes.items()
        for filled in (False, True)
    }
    names = "SyncQueueEmpty SyncQueueFull AsyncQueueEmpty AsyncQueueFull SyncQueueShutDown AsyncQueueShutDown".split()
    found["classes"] = {
        each: [base.__name__ for base in getattr(janus, each).__mro__[:-2]] if hasattr(janus, each) else "missing"
        for each in names
    }
    found["Empty is the queue module's"] = outcome(lambda: janus.SyncQueueEmpty is queues.Empty)
    return found


@probe("P241", "janus", "streams", source="janus 1.2, PR 716: join() no longer spins while an item is left")
def whether_the_loop_lives_while_it_joins():
    import asyncio
    import threading

    import janus

    async def main():
        queue = janus.Queue()
        await asyncio.sleep(0)
        first, last, ended = threading.Event(), threading.Event(), threading.Event()

        def part():
            queue.sync_q.put("a")
            queue.sync_q.get()
            queue.sync_q.task_done()
            queue.sync_q.put("b")
            first.set()
            last.wait(0.4)
            queue.sync_q.get()
            queue.sync_q.task_done()
            ended.set()

        threading.Thread(target=part, daemon=True).start()
        first.wait()  # the loop is busy meanwhile
        await turns(2)
        alive = []

        async def heartbeat():
            await asyncio.sleep(0.05)
            alive.append("alive")
            last.set()

        beat = asyncio.ensure_future(heartbeat())
        await queue.async_q.join()
        found = [*alive, "joined"] if alive else ["frozen", "joined"]
        beat.cancel()
        queue.close()
        await queue.wait_closed()
        return found

    return asyncio.run(main())


@probe("P242", "janus", "cancellation", source="janus documentation: async_q and sync_q are asyncio's and queue's")
def what_a_cancelled_or_late_user_loses():
    import asyncio

    import janus

    async def main(side):
        queue = janus.Queue(1)
        loop, found = asyncio.get_running_loop(), {}
        getting = asyncio.ensure_future(queue.async_q.get())
        await turns()
        if side == "thread":
            await loop.run_in_executor(None, queue.sync_q.put, "item")
            await turns()
        else:
            queue.async_q.put_nowait("item")
        getting.cancel()
        await asyncio.wait([getting])
        found["put, then the getter is cancelled"] = [state(getting), queue.async_q.qsize()]
        if queue.async_q.empty():
            queue.async_q.put_nowait("item")
        putting = asyncio.ensure_future(queue.async_q.put("second"))
        await turns()
        putting.cancel()
        await asyncio.wait([putting])
        found["a putter is cancelled"] = [state(putting), queue.async_q.qsize(), await queue.async_q.get(), queue.async_q.empty()]
        found["get_nowait() of an empty one"] = [outcome(queue.async_q.get_nowait), outcome(queue.sync_q.get_nowait)]
        found["get() with a timeout"] = await loop.run_in_executor(None, lambda: outcome(queue.sync_q.get, True, 0.01))
        found["get() with a negative timeout"] = await loop.run_in_executor(None, lambda: outcome(queue.sync_q.get, True, -1))
        queue.async_q.put_nowait(1)
        found["put() to a full one"] = [
            outcome(queue.async_q.put_nowait, 2),
            await loop.run_in_executor(None, lambda: outcome(queue.sync_q.put, 2, True, 0.01)),
        ]
        queue.close()
        await queue.wait_closed()
        return found

    async def closed_while_waiting():
        queue = janus.Queue()
        waiting = asyncio.ensure_future(queue.async_q.get())
        joining = asyncio.ensure_future(queue.async_q.join())
        await turns()
        queue.close()
        await turns(50)
        found = [state(waiting), state(joining)]
        waiting.cancel()
        found.append(await aoutcome(asyncio.wait_for, queue.wait_closed(), 0.2))
        return found

    return {
        **{side: asyncio.run(main(side)) for side in ("loop", "thread")},
        "closed while users wait": asyncio.run(closed_while_waiting()),
    }


@probe("P243", "janus", "threads", source="janus 1.2, #710: a queue may be made without a running loop")
def which_loop_a_queue_belongs_to():
    import asyncio

    import janus

    async def uses(queue):
        queue.sync_q.put(1)
        return await asyncio.wait_for(queue.async_q.get(), 0.3)

    async def makes():
        return janus.Queue()

    def outside():
        queue = janus.Queue()
        return asyncio.run(uses(queue))

    def two_loops():
        queue = asyncio.run(makes())
        return outcome(asyncio.run, uses(queue))

    def used_in_two():
        queue = janus.Queue()
        return [outcome(asyncio.run, uses(queue)), outcome(asyncio.run, uses(queue))]

    return {
        "made outside": outcome(outside),
        "made in another loop": outcome(two_loops),
        "used in two loops": outcome(used_in_two),
        "without any loop": outcome(lambda: plain(janus.Queue().sync_q.put(1))),
    }


@probe("P244", "janus", "lifecycle", source="janus 1.2, #709: aclose(); kinds of queues and what they offer")
def what_the_queues_offer_and_what_a_forgotten_one_says():
    import asyncio
    import gc
    import warnings

    import janus

    async def forgotten():
        queue = janus.Queue()
        queue.sync_q.put(1)
        del queue
        gc.collect()
        await turns()

    async def ordered(make):
        queue = make()
        for item in (3, 1, 2):
            queue.sync_q.put(item)
        found = [await queue.async_q.get() for _ in range(3)]
        queue.close()
        await queue.wait_closed()
        return found

    async def closed_twice():
        queue = janus.Queue()
        queue.close()
        return [
            outcome(queue.close),
            await aoutcome(queue.wait_closed),
            await aoutcome(queue.wait_closed),
            await aoutcome(lambda: queue.aclose()),
        ]

    async def not_closed():
        return await aoutcome(janus.Queue().wait_closed)

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        asyncio.run(forgotten())
    offers = {
        side: sorted(item for item in dir(getattr(janus, side, object)) if not item.startswith("_"))
        for side in ("SyncQueue", "AsyncQueue", "Queue")
    }
    return {
        "forgotten": sorted({warning.category.__name__ for warning in caught}),
        "orders": {make.__name__: asyncio.run(ordered(make)) for make in (janus.Queue, janus.LifoQueue, janus.PriorityQueue)},
        "closed twice": asyncio.run(closed_twice()),
        "wait_closed() of an open one": asyncio.run(not_closed()),
        "offers": offers,
    }
