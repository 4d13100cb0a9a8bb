"""anyio's memory streams, sockets, text and files, on both backends.

A module of many small functions: a catalogue.
"""

from typing import Any

from interop.probes.backends import both, on_both
from interop.probes.observe import aoutcome, name, outcome
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


@probe(
    "P432",
    "anyio",
    "cancellation",
    source="anyio 4.16: connect_tcp() closes a connection that is made in the moment of its cancel",
)
def what_becomes_of_a_connection_that_is_made_and_cancelled_at_once() -> Any:
    import anyio

    async def main() -> Any:
        made: list[Any] = []
        backend = _backend()
        connect_tcp = backend.connect_tcp

        async def cancelled_then(*args: Any) -> Any:
            stream = await connect_tcp(*args)
            made.append((stream, stream.extra(anyio.abc.SocketAttribute.raw_socket)))
            scope.cancel()
            return stream

        async with await anyio.create_tcp_listener(local_host="127.0.0.1") as listener:
            port = listener.extra(anyio.abc.SocketAttribute.local_port)
            own = vars(backend)["connect_tcp"]
            backend.connect_tcp = staticmethod(cancelled_then)
            try:
                with anyio.CancelScope() as scope:
                    made.append(await anyio.connect_tcp("127.0.0.1", port))
            finally:
                backend.connect_tcp = own
            await anyio.wait_all_tasks_blocked()
            stream, socket = made[0]
            found = ["given" if made[1:] else "cancelled", "open" if socket.fileno() != -1 else "closed"]
            await stream.aclose()
        return found

    return both(main)


def _backend() -> Any:
    try:
        from anyio._core._eventloop import get_async_backend
    except ImportError:
        from anyio._core._eventloop import get_asynclib  # type: ignore[attr-defined]

        return get_asynclib()
    return get_async_backend()
