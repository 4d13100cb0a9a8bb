"""asyncio: servers, streams, queues, locks, child processes and protocols."""

from interop.probes.observe import aoutcome, logged, name, outcome, state, turns, unhandled, warned
from interop.probes.probe import probe


@probe(
    "P35",
    "asyncio",
    "streams",
    source="cpython gh-79033, gh-104344, gh-120866: Server.wait_closed() waits since 3.12.1; gh-113538: close_clients()",
)
def what_closing_a_server_does_to_connections_and_waiters():
    import asyncio

    async def main(how):
        accepted, ended = asyncio.Event(), []

        async def handle(reader, writer):
            accepted.set()
            ended.append(await aoutcome(reader.read))
            writer.close()

        server = await asyncio.start_server(handle, "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        await accepted.wait()
        log = []
        if how == "twice":
            server.close()
        server.close()
        waiting = asyncio.ensure_future(server.wait_closed())
        await turns()
        log += [state(waiting), server.is_serving(), len(server.sockets)]
        if how == "clients":
            server.close_clients()
            log.append(name(await _raised(reader.read(1))))
        elif how == "abort":
            server.abort_clients()
            log.append(name(await _raised(reader.read(1))))
        else:
            writer.write(b"x")
            await writer.drain()
        writer.close()
        await waiting
        log += [state(waiting), outcome(server.get_loop) is not None]
        return log

    async def never_open():
        server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
        early = asyncio.ensure_future(server.wait_closed())
        await turns()
        found = [state(early)]
        server.close()
        await turns()
        found += [state(early), await aoutcome(server.serve_forever), await aoutcome(server.start_serving)]
        return found

    async def serving():
        server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
        forever = asyncio.ensure_future(server.serve_forever())
        await turns()
        server.close()
        await turns()
        found = [state(forever)]
        if not forever.done():
            forever.cancel()
            await asyncio.wait([forever])
        return [*found, state(forever)]

    ways = {way: outcome(asyncio.run, main(way)) for way in ("once", "twice", "clients", "abort")}
    return {**ways, "without connections": asyncio.run(never_open()), "serve_forever()": asyncio.run(serving())}


async def _raised(awaitable):
    try:
        await awaitable
    except BaseException as error:
        return error
    return EOFError()


@probe("P36", "asyncio", "streams", source="asyncio.StreamReader documentation; gh-81322: readuntil() takes a tuple since 3.13")
def what_a_stream_reader_does_at_its_edges():
    import asyncio

    def reader(data=b"", limit=8, end=False):
        made = asyncio.StreamReader(limit=limit)
        made.feed_data(data)
        if end:
            made.feed_eof()
        return made

    async def main():
        cut = reader(b"abc", end=True)
        long = reader(b"abcdefghijklmnopq\n", end=True)
        both = reader()
        first = asyncio.ensure_future(both.read(1))
        await asyncio.sleep(0)
        second = await aoutcome(both.read, 1)
        first.cancel()
        await turns()
        both.feed_data(b"x")
        failed = reader(b"abc")
        failed.set_exception(KeyError())
        return {
            "readexactly() cut": [await aoutcome(cut.readexactly, 5), (await cut.read()).decode()],
            "readline() too long": [await aoutcome(long.readline), len(await long.read(100))],
            "readuntil() cut": await aoutcome(reader(b"ab", end=True).readuntil),
            "readuntil() of nothing": await aoutcome(reader(b"ab").readuntil, b""),
            "readuntil() one of two": str(await aoutcome(reader(b"ab;c\n").readuntil, (b"\n", b";"))),
            "two readers": second,
            "a cancelled read takes nothing": (await both.read(1)).decode(),
            "failed": [await aoutcome(failed.read, 1), await aoutcome(failed.readline), await aoutcome(failed.readexactly, 1)],
            "at_eof()": [reader(b"a", end=True).at_eof(), reader(end=True).at_eof()],
            "data after the end": outcome(reader(end=True).feed_data, b"x"),
        }

    return asyncio.run(main())


@probe("P37", "asyncio", "streams", source="asyncio.Queue documentation; shutdown() since 3.13")
def what_a_queue_does_when_its_users_are_cancelled_or_it_is_shut_down():
    import asyncio

    async def getters(settle):
        queue = asyncio.Queue()
        first, second = (asyncio.ensure_future(queue.get()) for _ in range(2))
        await turns()
        settle(queue, first)
        await turns()
        found = [state(first), state(second), queue.qsize()]
        second.cancel()
        return found

    async def putters():
        queue = asyncio.Queue(1)
        queue.put_nowait("a")
        first, second = (asyncio.ensure_future(queue.put(item)) for item in "bc")
        await turns()
        first.cancel()
        queue.get_nowait()
        await turns()
        return [
            state(first),
            state(second),
            queue.get_nowait(),
            outcome(queue.task_done),
            outcome(queue.task_done),
            outcome(queue.task_done),
        ]

    async def shut(immediate):
        queue = asyncio.Queue(1)
        queue.put_nowait("a")
        putting, joining = asyncio.ensure_future(queue.put("b")), asyncio.ensure_future(queue.join())
        await turns()
        queue.shutdown(immediate)
        await turns()
        found = [state(putting), state(joining), await aoutcome(queue.get), await aoutcome(queue.get), outcome(queue.task_done)]
        await turns()
        joining.cancel()
        return [*found, state(joining)]

    def put_then_cancel(queue, first):
        queue.put_nowait("item")
        first.cancel()

    def cancel_then_put(queue, first):
        first.cancel()
        queue.put_nowait("item")

    return {
        "put, then the getter is cancelled": asyncio.run(getters(put_then_cancel)),
        "the getter is cancelled, then put": asyncio.run(getters(cancel_then_put)),
        "a putter is cancelled": asyncio.run(putters()),
        "shut down": outcome(asyncio.run, shut(False)),
        "shut down at once": outcome(asyncio.run, shut(True)),
    }


@probe(
    "P38",
    "asyncio",
    "streams",
    source="gh-90155, gh-97545 (Semaphore), gh-112202 (Condition), gh-111693, gh-127529, bpo-32734 (Lock): cancelled waiters",
)
def who_is_woken_when_a_waiter_of_a_lock_is_cancelled():
    import asyncio

    async def handed_over(primitive):
        await primitive.acquire()
        first, second = (asyncio.ensure_future(primitive.acquire()) for _ in range(2))
        await turns()
        primitive.release()
        first.cancel()
        third = asyncio.ensure_future(primitive.acquire())
        await turns()
        found = [state(first), state(second), state(third), primitive.locked()]
        for task in (second, third):
            task.cancel()
        await turns()
        return found

    async def jumped(primitive):
        await primitive.acquire()
        waiting = asyncio.ensure_future(primitive.acquire())
        await turns()
        primitive.release()
        locked = primitive.locked()
        jumper = asyncio.ensure_future(primitive.acquire())
        await turns()
        found = [locked, state(waiting), state(jumper)]
        jumper.cancel()
        waiting.cancel()
        return found

    async def condition(how):
        made, log = asyncio.Condition(), []

        async def waits(number):
            async with made:
                try:
                    await made.wait()
                    log.append(f"{number} woken")
                except asyncio.CancelledError:
                    log.append(f"{number} cancelled, holds the lock: {made.locked()}")
                    raise

        first, second = (asyncio.ensure_future(waits(number)) for number in (1, 2))
        await turns()
        async with made:
            made.notify(1)
            if how == "while notified":
                first.cancel()
        if how == "after":
            first.cancel()
        await turns()
        second.cancel()
        await turns()
        return [*log, state(first), state(second)]

    async def both(make):
        return [await handed_over(make()), await jumped(make())]

    async def bounded():
        return outcome(asyncio.BoundedSemaphore(1).release)

    return {
        "Lock": asyncio.run(both(asyncio.Lock)),
        "Semaphore": asyncio.run(both(lambda: asyncio.Semaphore(1))),
        "BoundedSemaphore": [*asyncio.run(both(lambda: asyncio.BoundedSemaphore(1))), asyncio.run(bounded())],
        "Condition, cancelled while notified": asyncio.run(condition("while notified")),
        "Condition, cancelled after": asyncio.run(condition("after")),
        "Barrier": hasattr(asyncio, "Barrier"),
        "release() of one that is free": outcome(asyncio.Lock().release),
    }


@probe("P39", "asyncio", "streams", source="gh-79156, gh-90871, gh-110894 (a failing handler), 3.13: StreamWriter.__del__ warns")
def what_a_failing_handler_and_a_forgotten_writer_do():
    import asyncio
    import gc
    import warnings

    async def main(handle, forget):
        errors = unhandled(asyncio.get_running_loop())
        server = await asyncio.start_server(handle, "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        found = []
        if forget:
            del writer
            gc.collect()
            found.append("forgotten")
        else:
            writer.write(b"x")
            end = asyncio.ensure_future(reader.read())
            await turns(200)
            found.append("closed" if end.done() else "open")
            end.cancel()
            writer.close()
        await turns()
        server.close()
        gc.collect()
        await turns()
        return [*found, *errors]

    async def fails(reader, writer):
        await reader.read(1)
        raise KeyError

    async def cancelled(reader, writer):
        await reader.read(1)
        raise asyncio.CancelledError

    def plain(reader, writer):
        raise KeyError

    async def returns(reader, writer):
        await reader.read(1)

    found = {handle.__name__: asyncio.run(main(handle, False)) for handle in (fails, cancelled, returns, plain)}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        asyncio.run(main(returns, True))
        gc.collect()
    return {**found, "a forgotten writer warns": sorted({warning.category.__name__ for warning in caught})}


@probe("P40", "asyncio", "warnings", source="What's New in Python 3.12: child watchers; 3.14: policies")
def what_policies_and_child_watchers_are_and_say():
    import asyncio
    import sys

    def get():
        asyncio.get_child_watcher()

    calls = {
        "get_event_loop_policy()": asyncio.get_event_loop_policy,
        "set_event_loop_policy()": lambda: asyncio.set_event_loop_policy(None),
        "DefaultEventLoopPolicy()": lambda: asyncio.DefaultEventLoopPolicy(),
        "get_child_watcher()": get,
        "ThreadedChildWatcher()": lambda: asyncio.ThreadedChildWatcher(),
        "PidfdChildWatcher()": lambda: asyncio.PidfdChildWatcher(),
        "SafeChildWatcher()": lambda: asyncio.SafeChildWatcher(),
        "iscoroutinefunction()": lambda: asyncio.iscoroutinefunction(int),
        "coroutine": lambda: asyncio.coroutine,
    }
    found = {what: warned(call) for what, call in calls.items()}
    watcher = outcome(lambda: type(asyncio.get_event_loop_policy()._watcher or asyncio.get_child_watcher()).__name__)
    return {**found, "watcher": watcher if sys.platform == "linux" else "another platform"}


@probe("P41", "asyncio", "lifecycle", source="gh-103472, gh-84570 and others: child processes in loops of any thread")
def which_loops_can_wait_for_a_child_process():
    import asyncio
    import threading
    import warnings

    async def run():
        process = await asyncio.create_subprocess_exec("true")
        return await process.wait()

    async def killed():
        process = await asyncio.create_subprocess_exec("sleep", "100", stdout=asyncio.subprocess.PIPE)
        waiting = asyncio.ensure_future(process.wait())
        await turns()
        waiting.cancel()
        await turns()
        process.kill()
        return [state(waiting), await process.wait(), outcome(process.kill), (await process.stdout.read()).decode()]

    found = {"main thread": asyncio.run(run())}
    with warnings.catch_warnings(), logged():
        warnings.simplefilter("ignore")
        thread = threading.Thread(target=lambda: found.update({"another thread": outcome(asyncio.run, run())}))
        thread.start()
        thread.join()
        found["killed while waited for"] = asyncio.run(killed())
    return found


@probe("P49", "asyncio", "lifecycle", source="gh-109564, gh-112800, gh-111246 and others: what a transport tells its protocol")
def what_a_protocol_is_told_and_in_which_order():
    import asyncio

    async def main(ending):
        loop, log = asyncio.get_running_loop(), []
        errors, ended = unhandled(loop), loop.create_future()

        class Noting(asyncio.Protocol):
            def connection_made(self, transport):
                log.append("made")
                self.transport = transport

            def data_received(self, data):
                log.append("data")
                if ending == "fails":
                    raise KeyError

            def eof_received(self):
                log.append("eof")

            def connection_lost(self, error):
                log.append(["lost", name(error) if error else None])
                ended.set_result(None)

        server = await loop.create_server(Noting, "127.0.0.1", 0)
        transport, _ = await loop.create_connection(asyncio.Protocol, *server.sockets[0].getsockname())
        transport.write(b"x")
        while "data" not in log:
            await asyncio.sleep(0)
        if ending == "abort":
            import socket
            import struct

            transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            transport.abort()
        elif ending == "closes":
            transport.close()
        if ending != "fails":
            await ended
        await turns()
        transport.close()
        found = [*log, *errors, outcome(transport.write, b"late"), transport.is_closing()]
        server.close()
        return found

    async def datagrams():
        loop, log = asyncio.get_running_loop(), []

        class Noting(asyncio.DatagramProtocol):
            def error_received(self, error):
                log.append(f"error_received {name(error)}")

            def connection_lost(self, error):
                log.append(f"connection_lost {name(error) if error else None}")

            def datagram_received(self, data, address):
                log.append(f"received {len(data)}")

        transport, _ = await loop.create_datagram_endpoint(Noting, local_addr=("127.0.0.1", 0))
        own = transport.get_extra_info("sockname")
        log.append(outcome(transport.sendto, b"x" * 100_000, own))
        await turns()
        log.append(outcome(transport.sendto, b"", own))
        log.append(outcome(transport.sendto, b"x", own))
        for _ in range(1000):
            await asyncio.sleep(0)
        log.append(transport.is_closing())
        transport.close()
        await turns()
        return log

    return {
        **{ending: asyncio.run(main(ending)) for ending in ("closes", "abort", "fails")},
        "datagrams": asyncio.run(datagrams()),
    }
