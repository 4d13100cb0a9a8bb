"""anyio's memory streams, locks, limiters, sockets and files, on both backends.

A module of many small functions: a catalogue.
"""

from typing import Any

from interop.probes.backends import both, on_both, tried
from interop.probes.observe import aoutcome, name, outcome, turns
from interop.probes.probe import probe


@probe(
    "P323",
    "anyio",
    "streams",
    source="anyio docs, memory streams; 4.4, issue 731: a falsy item; 4.9: chains; 4.16, issue 1391: closed under a waiter",
)
def what_closing_does_to_a_memory_stream() -> Any:
    import anyio

    async def waiting(end: str, item: Any) -> Any:
        send, receive = anyio.create_memory_object_stream(0)
        log: list[Any] = []

        async def receiver() -> None:
            log.append(["receiver", await aoutcome(receive.receive)])

        async def sender() -> None:
            log.append(["sender", await aoutcome(send.send, item)])

        async with anyio.create_task_group() as group:
            group.start_soon(sender if end in ("other end", "own end, sender") else receiver)
            await anyio.wait_all_tasks_blocked()
            {"send": send.close, "other end": receive.close, "own end, sender": send.close, "own end, receiver": receive.close}[
                end
            ]()
            await anyio.wait_all_tasks_blocked()
            log.append("ends" if log else "still waits")
            group.cancel_scope.cancel()
        return log

    async def closed() -> Any:
        send, receive = anyio.create_memory_object_stream(1)
        clone = send.clone()
        send.send_nowait(1)
        send.close()
        found = [receive.receive_nowait(), outcome(send.send_nowait, 1), outcome(receive.receive_nowait)]
        clone.close()
        try:
            await receive.receive()
        except anyio.EndOfStream as error:
            found.append([name(error.__cause__), name(error.__context__), error.__suppress_context__])
        found += [outcome(receive.receive_nowait), outcome(clone.clone)]
        receive.close()
        return [*found, await aoutcome(receive.receive), outcome(receive.clone), outcome(send.close)]

    async def limits() -> Any:
        send, receive = anyio.create_memory_object_stream(1)
        send.send_nowait(1)
        found = [outcome(send.send_nowait, 2), outcome(lambda: sorted(vars(send.statistics()))), receive.receive_nowait()]
        return [
            *found,
            outcome(lambda: len(anyio.create_memory_object_stream(-1))),
            outcome(lambda: len(anyio.create_memory_object_stream(1.5))),
        ]

    ends = {end: both(waiting, end, "item") for end in ("send", "other end", "own end, sender", "own end, receiver")}
    return ends | {"other end, falsy": both(waiting, "other end", None)} | on_both(closed=closed, limits=limits)


@probe(
    "P324",
    "anyio",
    "streams",
    source="anyio 4.4: an item for a receiver that is being cancelled was dropped; 4.0: the receiver stayed cancelled",
)
def what_becomes_of_an_item_when_its_receiver_is_cancelled() -> Any:
    import anyio

    async def run(first: str) -> Any:
        send, receive = anyio.create_memory_object_stream(1)
        got: list[Any] = []

        async def receiver() -> None:
            with scope:
                got.append(await receive.receive())
            got.append(await aoutcome(anyio.sleep, 0))

        scope = anyio.CancelScope()
        async with anyio.create_task_group() as group:
            group.start_soon(receiver)
            await anyio.wait_all_tasks_blocked()
            if first == "cancel":
                scope.cancel()
            send.send_nowait("item")
            if first == "send":
                scope.cancel()
        return [*got, outcome(receive.receive_nowait)]

    async def sender() -> Any:
        send, receive = anyio.create_memory_object_stream(0)
        async with anyio.create_task_group() as group:
            group.start_soon(send.send, "item")
            await anyio.wait_all_tasks_blocked()
            group.cancel_scope.cancel()
            return outcome(receive.receive_nowait)

    async def two() -> Any:
        send, receive = anyio.create_memory_object_stream(0)
        got: list[Any] = []

        async def receiver(scope: Any) -> None:
            with scope:
                got.append(await receive.receive())

        scope = anyio.CancelScope()
        async with anyio.create_task_group() as group:
            group.start_soon(receiver, scope)
            await anyio.wait_all_tasks_blocked()
            group.start_soon(receiver, anyio.CancelScope())
            await anyio.wait_all_tasks_blocked()
            scope.cancel()
            got.append(outcome(send.send_nowait, "item"))
            await anyio.wait_all_tasks_blocked()
            group.cancel_scope.cancel()
        return got

    return {first: both(run, first) for first in ("cancel", "send")} | on_both(sender=sender, two=two)


@probe(
    "P325",
    "anyio",
    "streams",
    "asyncio",
    source="anyio 3.5, issue 398; 4.14, PR 1145: a waiter that is cancelled natively; 3.4, issue 387",
)
def who_gets_a_lock_when_a_waiter_is_cancelled() -> Any:
    import asyncio

    import anyio

    async def run(make: Any, how: str) -> Any:
        lock = make()
        await lock.acquire()
        log: list[Any] = []
        scopes: dict[int, Any] = {}

        async def waiter(i: int) -> None:
            with anyio.CancelScope() as scopes[i]:
                await lock.acquire()
                log.append(i)
                lock.release()

        tasks = []
        for i in range(3):
            tasks.append(asyncio.ensure_future(waiter(i)))
            await anyio.wait_all_tasks_blocked()
        end = tasks[0].cancel if how.startswith("native") else scopes[0].cancel
        if how.endswith("first"):
            end()
        lock.release()
        if how.endswith("after"):
            end()
        await turns()
        found = [*log, outcome(lock.acquire_nowait)]
        for each in tasks:
            each.cancel()
        return found

    locks = {"Lock": anyio.Lock, "Semaphore": lambda: anyio.Semaphore(1), "CapacityLimiter": lambda: anyio.CapacityLimiter(1)}
    ways = ("native first", "native after", "scope first", "scope after")
    return {key: {how: outcome(anyio.run, run, make, how) for how in ways} for key, make in locks.items()}


@probe("P326", "anyio", "streams", source="anyio 4.5.1, issue 798: acquired twice; 3.0: only by the owner; 4.5: fast_acquire")
def how_locks_refuse() -> Any:
    import anyio

    async def lock() -> Any:
        made = anyio.Lock()
        found: list[Any] = [outcome(made.release), outcome(made.acquire_nowait), outcome(made.acquire_nowait)]
        found += await tried(made.acquire)

        async def other() -> None:
            found.append(outcome(made.release))
            found.append(outcome(made.acquire_nowait))

        async with anyio.create_task_group() as group:
            group.start_soon(other)
        return [*found, made.locked(), outcome(made.release)]

    async def others() -> Any:
        semaphore = anyio.Semaphore(1, max_value=1)
        return [
            outcome(semaphore.release),
            outcome(semaphore.acquire_nowait),
            outcome(semaphore.acquire_nowait),
            outcome(lambda: anyio.Semaphore(-1)),
            outcome(lambda: anyio.Semaphore(1.5)),
            outcome(lambda: anyio.Semaphore(2, max_value=1)),
            outcome(anyio.Event().is_set),
        ]

    async def yields() -> Any:
        async def counted(make: Any) -> Any:
            log: list[str] = []

            async def other() -> None:
                log.append("other")

            async with anyio.create_task_group() as group:
                group.start_soon(other)
                async with make():
                    log.append("acquired")
            return log[0]

        return [
            await aoutcome(counted, make)
            for make in (
                anyio.Lock,
                lambda: anyio.Lock(fast_acquire=True),
                lambda: anyio.Semaphore(1),
                lambda: anyio.Semaphore(1, fast_acquire=True),
                lambda: anyio.CapacityLimiter(1),
            )
        ]

    async def owner_gone() -> Any:
        made = anyio.Lock()

        async def takes() -> None:
            await made.acquire()

        async with anyio.create_task_group() as group:
            group.start_soon(takes)
        return (await tried(made.acquire))[0]

    return on_both(lock=lock, others=others, owner_gone=owner_gone) | {"yields": outcome(anyio.run, yields)}


@probe(
    "P327", "anyio", "streams", source="anyio 4.14.2, PR 1218, issue 1170; 4.12, issue 1019; 4.10, 4.15, issue 1223; 3.7: FIFO"
)
def how_capacity_limiters_count() -> Any:
    import math

    import anyio

    async def refuses() -> Any:
        limiter = anyio.CapacityLimiter(1)
        limiter.acquire_on_behalf_of_nowait("borrower")
        return [
            outcome(limiter.acquire_nowait),
            outcome(limiter.acquire_on_behalf_of_nowait, "other"),
            outcome(limiter.acquire_on_behalf_of_nowait, "borrower"),
            outcome(limiter.release),
            outcome(limiter.release_on_behalf_of, "borrower"),
            outcome(limiter.release_on_behalf_of, "borrower"),
            limiter.borrowed_tokens,
        ]

    async def totals() -> Any:
        values = (0, 1, math.inf, float("inf"), -1, 1.5)
        found = [outcome(lambda each=each: anyio.CapacityLimiter(each).total_tokens > 0) for each in values]
        limiter = anyio.CapacityLimiter(1)
        return [
            found,
            [outcome(setattr, limiter, "total_tokens", each) for each in values],
            outcome(lambda: anyio.CapacityLimiter(total_tokens=2).total_tokens),
        ]

    async def order() -> Any:
        limiter, got = anyio.CapacityLimiter(1), []
        limiter.acquire_on_behalf_of_nowait("first")

        async def waiter(i: int) -> None:
            await limiter.acquire_on_behalf_of(i)
            got.append(i)

        async with anyio.create_task_group() as group:
            for i in range(3):
                group.start_soon(waiter, i)
                await anyio.wait_all_tasks_blocked()
            for borrower in ("first", 0, 1):
                limiter.release_on_behalf_of(borrower)
                await anyio.wait_all_tasks_blocked()
        return got

    async def raised() -> Any:
        limiter, got = anyio.CapacityLimiter(1), []
        limiter.acquire_on_behalf_of_nowait("a")

        async def waiter(i: int) -> None:
            await limiter.acquire_on_behalf_of(i)
            got.append(i)

        async with anyio.create_task_group() as group:
            for i in range(3):
                group.start_soon(waiter, i)
                await anyio.wait_all_tasks_blocked()
            limiter.total_tokens = 3
            await anyio.wait_all_tasks_blocked()
            found = [len(got), limiter.borrowed_tokens, limiter.available_tokens]
            limiter.total_tokens = 1
            limiter.total_tokens = 2
            await anyio.wait_all_tasks_blocked()
            group.cancel_scope.cancel()
        return [*found, limiter.borrowed_tokens]

    async def overtaken() -> Any:
        limiter, got = anyio.CapacityLimiter(1), []
        limiter.acquire_on_behalf_of_nowait("a")

        async def waiter() -> None:
            await limiter.acquire_on_behalf_of("waiter")
            got.append("waiter")

        async with anyio.create_task_group() as group:
            group.start_soon(waiter)
            await anyio.wait_all_tasks_blocked()
            limiter.release_on_behalf_of("a")
            got.append(outcome(limiter.acquire_on_behalf_of_nowait, "b"))
            await anyio.wait_all_tasks_blocked()
            got.append(limiter.available_tokens)
            group.cancel_scope.cancel()
        return got

    async def cancelled_with_a_token() -> Any:
        limiter, got = anyio.CapacityLimiter(1), []
        limiter.acquire_on_behalf_of_nowait("a")
        scope = anyio.CancelScope()

        async def waiter(i: int, own: Any) -> None:
            with own:
                await limiter.acquire_on_behalf_of(i)
                got.append(i)
                limiter.release_on_behalf_of(i)

        async with anyio.create_task_group() as group:
            for i, own in enumerate((scope, anyio.CancelScope())):
                group.start_soon(waiter, i, own)
                await anyio.wait_all_tasks_blocked()
            limiter.release_on_behalf_of("a")
            scope.cancel()
            await anyio.wait_all_tasks_blocked()
            group.cancel_scope.cancel()
        return [*got, limiter.borrowed_tokens]

    return on_both(
        refuses=refuses,
        totals=totals,
        order=order,
        raised=raised,
        overtaken=overtaken,
        cancelled_with_a_token=cancelled_with_a_token,
    )


@probe(
    "P328",
    "anyio",
    "streams",
    source="anyio 4.11: wait_for; 4.13: a notification passed on; 4.16, issue 1319: the lock acquired directly",
)
def how_conditions_notify() -> Any:
    import anyio

    async def direct() -> Any:
        lock = anyio.Lock()
        condition = anyio.Condition(lock)
        async with lock:
            return [outcome(condition.notify), outcome(condition.notify_all)]

    async def misuse() -> Any:
        condition = anyio.Condition()
        return [outcome(condition.notify), await aoutcome(condition.wait), outcome(condition.release)]

    async def passed_on() -> Any:
        condition, got = anyio.Condition(), []
        scopes = [anyio.CancelScope(), anyio.CancelScope()]

        async def waiter(i: int) -> None:
            with scopes[i]:
                async with condition:
                    await condition.wait()
                    got.append(i)

        async with anyio.create_task_group() as group:
            for i in range(2):
                group.start_soon(waiter, i)
                await anyio.wait_all_tasks_blocked()
            async with condition:
                condition.notify(1)
                scopes[0].cancel()
            await anyio.wait_all_tasks_blocked()
            group.cancel_scope.cancel()
        return got

    async def wait_for() -> Any:
        condition, ready = anyio.Condition(), []

        async def sets() -> None:
            async with condition:
                ready.append(1)
                condition.notify_all()

        async with anyio.create_task_group() as group:
            group.start_soon(sets)
            async with condition:
                return await condition.wait_for(lambda: len(ready))

    return on_both(direct=direct, misuse=misuse, passed_on=passed_on, wait_for=wait_for)


@probe(
    "P329",
    "anyio",
    "streams",
    source="anyio 4.11, issue 671; 4.13, issue 1055; 4.4, issue 701; 4.14.2, PR 1191; 4.16, issues 1289, 1288, 1299",
)
def what_tcp_streams_raise_at_their_ends() -> Any:
    import anyio

    async def pair() -> Any:
        listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
        port = listener.extra(anyio.abc.SocketAttribute.local_port)
        got: list[Any] = []

        async def accepts() -> None:
            inner = listener.listeners[0] if hasattr(listener, "listeners") else listener
            got.append(await inner.accept())

        async with anyio.create_task_group() as group:
            group.start_soon(accepts)
            client = await anyio.connect_tcp("127.0.0.1", port)
        await listener.aclose()
        return client, got[0]

    async def run(case: Any) -> Any:
        client, server = await pair()
        try:
            return await case(client, server)
        finally:
            with anyio.CancelScope(shield=True):
                await anyio.aclose_forcefully(client)
                await anyio.aclose_forcefully(server)

    async def waits(use: Any, end: Any, *streams: Any) -> Any:
        log: list[Any] = []

        async def body() -> None:
            log.append(await aoutcome(use))

        async with anyio.create_task_group() as group:
            group.start_soon(body)
            await anyio.wait_all_tasks_blocked()
            await end()
            for _ in range(300):  # turns, not seconds: load stretches them
                if log:
                    break
                await anyio.sleep(0.001)
            group.cancel_scope.cancel()
        return log[0] if log else "still waits"

    async def receive_closed(client: Any, server: Any) -> Any:
        return await waits(client.receive, client.aclose)

    async def receive_end(client: Any, server: Any) -> Any:
        await server.send(b"last")
        await server.aclose()
        await anyio.sleep(0.01)
        return [len(await client.receive()), await aoutcome(client.receive)]

    async def send_closed(client: Any, server: Any) -> Any:
        return await waits(lambda: client.send(bytes(1 << 25)), client.aclose)

    async def send_broken(client: Any, server: Any) -> Any:
        async def sends() -> None:
            for _ in range(100):
                await client.send(bytes(1 << 18))

        await anyio.aclose_forcefully(server)
        try:
            await sends()
        except Exception as error:
            found = [name(error), isinstance(error.__cause__, OSError)]
        await client.aclose()
        return [*found, await aoutcome(client.send, b"1"), await aoutcome(client.receive)]

    async def after_close(client: Any, server: Any) -> Any:
        await client.aclose()
        return [
            await aoutcome(client.send, b"1"),
            await aoutcome(client.receive),
            await aoutcome(client.send_eof),
            await aoutcome(client.aclose),
        ]

    async def half_closed(client: Any, server: Any) -> Any:
        await client.send_eof()
        found = [await aoutcome(server.receive), await aoutcome(client.send, b"1")]
        await server.send(b"answer")
        return [*found, len(await client.receive())]

    async def two_receivers(client: Any, server: Any) -> Any:
        async with anyio.create_task_group() as group:
            group.start_soon(client.receive)
            await anyio.wait_all_tasks_blocked()
            found = await aoutcome(client.receive)
            group.cancel_scope.cancel()
        return found

    async def close_cancelled(client: Any, server: Any) -> Any:
        with anyio.CancelScope() as scope:
            scope.cancel()
            await client.aclose()
            return ["not told", scope.cancel_called]
        return ["told", await aoutcome(client.send, b"1")]

    cases = (
        receive_closed,
        receive_end,
        send_closed,
        send_broken,
        after_close,
        half_closed,
        two_receivers,
        close_cancelled,
    )
    return {each.__name__: both(run, each) for each in cases}


@probe(
    "P330",
    "anyio",
    "streams",
    source="anyio 4.16, issue 1289: closing a listener that somebody waits in; 4.11, issue 857; 4.16, issue 1237",
)
def what_listeners_and_datagram_sockets_do_when_they_are_closed() -> Any:
    import tempfile

    import anyio

    async def waits(use: Any, end: Any) -> Any:
        log: list[Any] = []

        async def body() -> None:
            log.append(await aoutcome(use))

        async with anyio.create_task_group() as group:
            group.start_soon(body)
            await anyio.wait_all_tasks_blocked()
            await end()
            await anyio.wait_all_tasks_blocked()
            group.cancel_scope.cancel()
        return log[0] if log else "still waits"

    async def tcp() -> Any:
        listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
        inner = listener.listeners[0]
        return [await waits(inner.accept, listener.aclose), await aoutcome(inner.accept)]

    async def unix() -> Any:
        with tempfile.TemporaryDirectory() as folder:
            listener = await anyio.create_unix_listener(f"{folder}/socket")
            return [await waits(listener.accept, listener.aclose), await aoutcome(listener.accept)]

    async def udp() -> Any:
        socket = await anyio.create_udp_socket(local_host="127.0.0.1")
        found = await waits(socket.receive, socket.aclose)
        return [found, await aoutcome(socket.receive), await aoutcome(socket.send, (b"1", ("127.0.0.1", 9)))]

    async def one_port() -> Any:
        listener = await anyio.create_tcp_listener()
        ports = {each.extra(anyio.abc.SocketAttribute.local_port) for each in listener.listeners}
        await listener.aclose()
        return len(ports)

    async def refused() -> Any:
        listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
        port = listener.extra(anyio.abc.SocketAttribute.local_port)
        await listener.aclose()
        try:
            await anyio.connect_tcp("127.0.0.1", port)
        except OSError as error:
            return [name(error), name(error.__cause__)]

    return on_both(tcp=tcp, unix=unix, udp=udp, one_port=one_port, refused=refused)


@probe(
    "P331",
    "anyio",
    "streams",
    source="anyio 4.16, issues 1378, 1409, 1339, 1405: wrapped streams after close, empty items, half characters",
)
def how_buffered_and_text_streams_end() -> Any:
    import anyio
    from anyio.streams.buffered import BufferedByteReceiveStream
    from anyio.streams.stapled import StapledObjectStream
    from anyio.streams.text import TextReceiveStream, TextSendStream

    async def buffered() -> Any:
        send, receive = anyio.create_memory_object_stream(10)
        stream = BufferedByteReceiveStream(receive)
        for each in (b"", b"abc", b"def\nrest"):
            send.send_nowait(each)
        found = [len(await stream.receive_exactly(2)), (await stream.receive_until(b"\n", 10)).decode()]
        found += [await aoutcome(stream.receive_until, b"x", 3), await aoutcome(stream.receive, 0)]
        send.close()
        found.append(await aoutcome(stream.receive_exactly, 10))
        await stream.aclose()
        closed = [
            await aoutcome(stream.receive_exactly, 1),
            await aoutcome(stream.receive_until, b"t", 10),
            await aoutcome(stream.receive),
        ]
        return [*found, [name(each) if isinstance(each, bytes) else each for each in closed]]

    async def text() -> Any:
        send, receive = anyio.create_memory_object_stream(10)
        stream = TextReceiveStream(receive)
        encoded = "é".encode()
        send.send_nowait(encoded[:1])
        send.send_nowait(encoded[1:] + encoded[:1])
        send.close()
        return [await stream.receive() == "é", await aoutcome(stream.receive)]

    async def marks() -> Any:
        send, receive = anyio.create_memory_object_stream(10)
        stream = TextSendStream(send, encoding="utf-16")
        await stream.send("a")
        await stream.send("a")
        return [len(receive.receive_nowait()), len(receive.receive_nowait())]

    async def stapled() -> Any:
        send, receive = anyio.create_memory_object_stream(1)
        stream = StapledObjectStream(send, receive)
        await stream.send(1)
        found = [await stream.receive(), outcome(lambda: stream.send_nowait(2))]
        await stream.send_eof()
        return [*found, await aoutcome(stream.aclose)]

    return on_both(buffered=buffered, text=text, marks=marks, stapled=stapled)


@probe(
    "P332",
    "anyio",
    "streams",
    source="anyio 4.15, PR 1304; 4.16, issues 1314, 1316, 1318: files and folders that are left while cancelled",
)
def whether_files_and_folders_are_cleaned_up_in_a_cancelled_scope() -> Any:
    import os
    import tempfile

    import anyio

    async def folder() -> Any:
        with anyio.CancelScope() as scope:
            async with anyio.TemporaryDirectory() as path:
                scope.cancel()
        return os.path.exists(path)

    async def file() -> Any:
        with tempfile.TemporaryDirectory() as path:
            with anyio.CancelScope() as scope:
                async with await anyio.open_file(f"{path}/file", "w") as opened:
                    await opened.write("text")
                    scope.cancel()
            return [opened.wrapped.closed, os.path.getsize(f"{path}/file")]

    async def stream() -> Any:
        from anyio.streams.file import FileWriteStream

        with tempfile.TemporaryDirectory() as path:
            with anyio.CancelScope() as scope:
                async with await FileWriteStream.from_path(f"{path}/file") as opened:
                    await opened.send(b"text")
                    scope.cancel()
            return [opened._file.closed, await aoutcome(opened.send, b"1")]

    async def path() -> Any:
        return [
            type(type("Own", (anyio.Path,), {})("a") / "b").__name__,
            name(anyio.Path("a").parent),
            await anyio.Path("/").exists(),
            outcome(lambda: name(anyio.Path(".txt").with_stem(""))),
        ]

    return on_both(folder=folder, file=file, stream=stream, path=path)


@probe("P333", "anyio", "converters", source="anyio 4.15, PR 1146, 1173: Future, gather, as_completed, amap; 4.14: handles")
def how_futures_gathers_and_handles_end() -> Any:
    import anyio

    async def fails() -> None:
        raise ValueError

    async def value() -> str:
        return "value"

    async def future() -> Any:
        made = anyio.Future()
        found = [outcome(lambda: name(made))]
        log: list[Any] = []

        async def waiter() -> None:
            log.append(await aoutcome(_awaited, made))

        async with anyio.create_task_group() as group:
            group.start_soon(waiter)
            group.start_soon(waiter)
            await anyio.wait_all_tasks_blocked()
            found.append(outcome(lambda: made.return_value))
            made.return_value = "value"
        failed = anyio.Future()
        failed.exception = ValueError()
        cancelled = anyio.Future()
        cancelled.cancel()
        found += [
            outcome(setattr, made, "return_value", 1),
            await aoutcome(_awaited, failed),
            await aoutcome(_awaited, cancelled),
        ]
        return [*found, *log, sorted(each for each in dir(made) if not each.startswith("_"))]

    async def gathers() -> Any:
        return [await aoutcome(anyio.gather, value(), value()), await aoutcome(anyio.gather, value(), fails())]

    async def handles() -> Any:
        async with anyio.create_task_group() as group:
            handle = group.start_soon(value)
        with anyio.CancelScope():
            async with anyio.create_task_group() as group:
                cancelled = group.create_task(anyio.sleep_forever())
                await anyio.wait_all_tasks_blocked()
                cancelled.cancel()
        return [
            sorted(each for each in dir(handle) if not each.startswith("_")),
            await aoutcome(_awaited, handle),
            await aoutcome(_awaited, cancelled),
        ]

    return on_both(future=future, gathers=gathers, handles=handles)


async def _awaited(thing: Any) -> Any:
    """What awaiting it gives."""
    return await thing


@probe("P334", "anyio", "streams", source="anyio 4.7: wait_readable(); 4.10, issue 896: notify_closing()")
def how_waiting_for_a_socket_is_woken_and_refused() -> Any:
    import socket

    import anyio

    def waiter() -> Any:
        return anyio.wait_readable if hasattr(anyio, "wait_readable") else anyio.wait_socket_readable

    async def run(end: str) -> Any:
        here, there = socket.socketpair()
        here.setblocking(False)
        log: list[Any] = []

        async def body() -> None:
            log.append(await aoutcome(waiter(), here))

        async with anyio.create_task_group() as group:
            group.start_soon(body)
            await anyio.wait_all_tasks_blocked()
            if end == "twice":
                log.append(await aoutcome(waiter(), here))
            elif end == "data":
                there.send(b"1")
            else:
                log.append(outcome(lambda: anyio.notify_closing(here)))
            for _ in range(100):
                if len(log) == (1 if end == "data" else 2):
                    break
                await anyio.sleep(0.001)
            group.cancel_scope.cancel()
        here.close()
        there.close()
        return log

    return {end: both(run, end) for end in ("data", "twice", "notify_closing")}


@probe(
    "P336", "anyio", "streams", source="anyio 4.14.2, PR 1191: receive() of nothing, or of less, is refused; on asyncio it hung"
)
def how_many_bytes_can_be_asked_for() -> Any:
    import anyio

    async def main() -> Any:
        async with await anyio.create_tcp_listener(local_host="127.0.0.1") as listener:
            port = listener.extra(anyio.abc.SocketAttribute.local_port)
            async with await anyio.connect_tcp("127.0.0.1", port) as client:
                server = await listener.listeners[0].accept()
                await server.send(b"12345")
                found = [len(await client.receive(2)), await aoutcome(client.receive, 0), await aoutcome(client.receive, -1)]
                found.append(name(await client.receive(3)))
                await server.aclose()
        return found

    return both(main)
