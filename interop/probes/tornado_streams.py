"""Tornado: fetches, locks, queues, streams, handlers and websockets."""

from interop.probes.observe import logged, name, outcome, patience, settled, state, turns, unhandled
from interop.probes.probe import probe


@probe(
    "P65",
    "tornado",
    "exceptions",
    source="Tornado 6.0: raise_error=False suppresses status codes only; 6.1: zero disables a timeout; 6.6: streaming_callback",
)
def what_a_fetch_raises_and_returns():
    import asyncio
    import socket

    from tornado.httpclient import AsyncHTTPClient, HTTPRequest

    async def answer(reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        path = head.split()[1]
        if path == b"/slow":
            await reader.read()
        elif path == b"/cut":
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc")
        elif path == b"/garbage":
            writer.write(b"garbage\r\n\r\n")
        elif path == b"/303":
            writer.write(b"HTTP/1.1 303 See Other\r\nLocation: /method\r\nContent-Length: 0\r\n\r\n")
        elif path == b"/loop":
            writer.write(b"HTTP/1.1 302 Found\r\nLocation: /loop\r\nContent-Length: 0\r\n\r\n")
        elif path == b"/agent":
            body = head.lower().partition(b"user-agent: ")[2].partition(b"\r\n")[0].partition(b"/")[0]
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
        elif path == b"/method":
            body = head.split()[0]
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
        else:
            writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 1\r\n\r\nx")
        writer.close()

    async def main():
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))
            nobody = closed.getsockname()[1]
        client, found = AsyncHTTPClient(), {}

        async def fetch(what, url, **options):
            try:
                fetching = asyncio.ensure_future(
                    client.fetch(url if "://" in url else f"http://127.0.0.1:{port}{url}", **options)
                )
                await patience(fetching)
                if not fetching.done():
                    found[what] = "pending"
                    return
                response = fetching.result()
                found[what] = [response.code, response.body.decode() if response.code == 200 else name(response.error)]
            except Exception as error:
                found[what] = f"raises {name(error)} {getattr(error, 'code', '')}"

        for quiet in (True, False):
            mark = "" if quiet else ", raise_error=False"
            await fetch(f"404{mark}", "/", raise_error=quiet)
            await fetch(f"nobody listens{mark}", f"http://127.0.0.1:{nobody}/", raise_error=quiet)
            await fetch(f"slow{mark}", "/slow", raise_error=quiet, request_timeout=0.05)
            await fetch(f"cut{mark}", "/cut", raise_error=quiet)
            await fetch(f"garbage{mark}", "/garbage", raise_error=quiet)
            await fetch(f"scheme{mark}", "gopher://x/", raise_error=quiet)
            await fetch(f"redirect loop{mark}", "/loop", raise_error=quiet, max_redirects=2)
        await fetch("303 after PUT", "/303", method="PUT", body=b"x")
        await fetch("timeouts of zero", "/method", request_timeout=0, connect_timeout=0)
        await fetch("user agent", "/agent")
        chunks = []

        async def chunk(data):
            await asyncio.sleep(0)
            chunks.append(len(data))

        await fetch("streaming", "/method", streaming_callback=chunk)
        found["streaming to a coroutine"] = chunks
        waiting = asyncio.ensure_future(client.fetch(HTTPRequest(f"http://127.0.0.1:{port}/slow")))
        await turns()
        waiting.cancel()
        found["cancelled"] = await settled(waiting)
        return found

    with logged():
        return asyncio.run(main())


async def _zero(make, **options):
    """What waiting with a timeout of nothing comes to: {seconds: state}."""
    import asyncio
    import datetime

    found = {}
    for what, timeout in {
        "0": 0,
        "timedelta(0)": datetime.timedelta(0),
        "the past": 1,
        "soon": datetime.timedelta(milliseconds=1),
    }.items():
        try:
            waiting = asyncio.ensure_future(make(timeout))
        except BaseException as error:
            found[what] = f"raises {name(error)} at once"
            continue
        at_once = waiting.done()
        await asyncio.sleep(0.005)
        await turns()
        found[what] = [str(state(waiting)) if not hasattr(state(waiting), "__enter__") else "acquired", at_once]
        waiting.cancel()
        await turns()
    return found


@probe("P66", "tornado", "timeouts", source="Tornado 6.6: a timeout of zero is no longer None for locks")
def what_locks_do_with_a_timeout_of_zero():
    import asyncio

    from tornado import locks

    async def main():
        event, condition, semaphore, lock = locks.Event(), locks.Condition(), locks.Semaphore(0), locks.Lock()
        await lock.acquire()
        free, was_set = locks.Semaphore(100), locks.Event()
        was_set.set()
        return {
            "Event.wait": await _zero(event.wait),
            "Event.wait of one that is set": await _zero(was_set.wait),
            "Condition.wait": await _zero(condition.wait),
            "Semaphore.acquire": await _zero(semaphore.acquire),
            "Semaphore.acquire of one that is free": await _zero(free.acquire),
            "Lock.acquire": await _zero(lock.acquire),
        }

    return asyncio.run(main())


@probe("P67", "tornado", "timeouts", source="Tornado 6.6: a timeout of zero is no longer None for queues")
def what_queues_do_with_a_timeout_of_zero():
    import asyncio

    from tornado import queues

    async def main():
        empty, full, unfinished = queues.Queue(), queues.Queue(1), queues.Queue()
        full.put_nowait(1)
        unfinished.put_nowait(1)
        many = queues.Queue()
        for number in range(4):
            many.put_nowait(number)
        return {
            "get": await _zero(empty.get),
            "get of one with items": await _zero(many.get),
            "put": await _zero(lambda timeout: full.put(2, timeout)),
            "put to one with room": await _zero(lambda timeout: queues.Queue().put(2, timeout)),
            "join": await _zero(unfinished.join),
            "join of one that is finished": await _zero(queues.Queue().join),
        }

    return asyncio.run(main())


@probe("P68", "tornado", "exceptions", source="Tornado 6.2: gen.TimeoutError is asyncio.TimeoutError")
def which_of_tornado_s_errors_are_others_too():
    import asyncio
    import concurrent.futures

    from tornado import gen, httpclient, ioloop, iostream, locks, queues, simple_httpclient, util, websocket

    errors = {
        "gen.TimeoutError": gen.TimeoutError,
        "util.TimeoutError": getattr(util, "TimeoutError", None),
        "ioloop.TimeoutError": getattr(ioloop, "TimeoutError", None),
        "HTTPClientError": httpclient.HTTPClientError,
        "HTTPTimeoutError": simple_httpclient.HTTPTimeoutError,
        "HTTPStreamClosedError": simple_httpclient.HTTPStreamClosedError,
        "StreamClosedError": iostream.StreamClosedError,
        "UnsatisfiableReadError": iostream.UnsatisfiableReadError,
        "QueueEmpty": queues.QueueEmpty,
        "BadYieldError": gen.BadYieldError,
        "ReturnValueIgnoredError": gen.ReturnValueIgnoredError,
        "WebSocketClosedError": websocket.WebSocketClosedError,
    }
    found = {what: [name(base) for base in error.__mro__[:-2]] if error else "missing" for what, error in errors.items()}
    return {
        **found,
        "gen.TimeoutError is asyncio.TimeoutError": gen.TimeoutError is asyncio.TimeoutError,
        "tornado's Future is asyncio's": gen.Future is asyncio.Future,
        "is_future()": [gen.is_future(make) for make in (concurrent.futures.Future(), int)],
        "locks": locks.Lock.__module__,
    }


@probe("P78", "tornado", "streams", source="IOStream documentation; Tornado 6.1: reads that end while the stream closes")
def what_a_closing_stream_does_to_its_reader_and_writer():
    import asyncio
    import socket

    from tornado.iostream import IOStream

    async def main(act):
        ours, theirs = socket.socketpair()
        stream, log = IOStream(ours), []
        stream.set_close_callback(lambda: log.append("closed"))
        with logged() as records:
            try:
                reading = stream.read_until(b"\n", max_bytes=10)
                await turns()
                act(stream, theirs, reading)
                found = [await settled(reading) if act is not cancels else state(reading)]
                await turns()
                found.append(name(stream.error) if stream.error else None)
                found.append(outcome(lambda: type(stream.write(b"late")).__name__))
                found.append(outcome(lambda: type(stream.read_bytes(1)).__name__))
            except Exception as error:
                found = [f"raises {name(error)}"]
            finally:
                stream.close()
                theirs.close()
                await turns()
        return [str(entry) for entry in found] + log + records

    def cancels(stream, theirs, reading):
        reading.cancel()

    def closes(stream, theirs, reading):
        stream.close()

    def peer_closes(stream, theirs, reading):
        theirs.close()

    def peer_sends_half(stream, theirs, reading):
        theirs.sendall(b"half")
        theirs.close()

    def too_long(stream, theirs, reading):
        theirs.sendall(b"x" * 100)

    def closes_with_error(stream, theirs, reading):
        stream.close(exc_info=(KeyError, KeyError(), None))

    acts = closes, peer_closes, peer_sends_half, too_long, closes_with_error, cancels
    found = {act.__name__: asyncio.run(main(act)) for act in acts}

    async def two_reads():
        ours, theirs = socket.socketpair()
        stream = IOStream(ours)
        stream.read_bytes(1)
        second = outcome(lambda: type(stream.read_bytes(1)).__name__)
        stream.close()
        theirs.close()
        await turns()
        return second

    with logged():
        return {**found, "two reads": asyncio.run(two_reads())}


@probe("P79", "tornado", "streams", source="tornado.queues documentation")
def what_a_queue_does_when_its_users_are_cancelled():
    import asyncio

    from tornado import queues

    async def getters(settle):
        queue = queues.Queue()
        first, second = queue.get(), queue.get()
        await turns()
        errors = [outcome(settle, queue, first)]
        await turns()
        found = [state(asyncio.ensure_future(first)), state(asyncio.ensure_future(second)), queue.qsize(), *errors]
        return found

    async def putters():
        queue = queues.Queue(1)
        queue.put_nowait("a")
        first, second = queue.put("b"), queue.put("c")
        await turns()
        first.cancel()
        found = [outcome(queue.get_nowait)]
        await turns()
        found += [state(first), state(second), outcome(queue.get_nowait), outcome(queue.get_nowait)]
        return [*found, outcome(queue.task_done), [outcome(queue.task_done) for _ in range(3)]]

    async def iterates():
        queue, log = queues.Queue(), []

        async def consumes():
            async for item in queue:
                log.append(item)

        task = asyncio.ensure_future(consumes())
        queue.put_nowait(1)
        await turns()
        task.cancel()
        await turns()
        queue.put_nowait(2)
        return [log, queue.qsize(), state(task)]

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
        "an iterating task is cancelled": asyncio.run(iterates()),
        "shutdown()": hasattr(queues.Queue, "shutdown"),
    }


@probe("P80", "tornado", "cancellation", source="tornado.locks documentation")
def who_is_woken_when_a_waiter_of_a_lock_is_cancelled():
    import asyncio

    from tornado import locks

    async def handed_over(make, when):
        primitive = make()
        await primitive.acquire()
        first, second = primitive.acquire(), primitive.acquire()
        await turns()
        if when == "before":
            first.cancel()
        released = outcome(primitive.release)
        if when == "after":
            first.cancel()
        await turns()
        return [released, "cancelled" if first.cancelled() else first.done(), second.done(), outcome(primitive.release)]

    async def condition(when):
        made = locks.Condition()
        first, second = made.wait(), made.wait()
        if when == "before":
            first.cancel()
        notified = outcome(made.notify)
        await turns()
        return [notified, state(first), state(second)]

    async def event():
        made = locks.Event()
        first, second = made.wait(), made.wait()
        first.cancel()
        made.set()
        await turns()
        return [state(first), state(second)]

    async def with_statement():
        lock = locks.Lock()
        found = [outcome(lambda: lock.__enter__())]
        async with lock:
            found.append("held")
        found.append(outcome(lock.release))
        return found

    makes = {"Lock": locks.Lock, "Semaphore": lambda: locks.Semaphore(1), "BoundedSemaphore": lambda: locks.BoundedSemaphore(1)}
    found = {
        f"{what}, {when}": asyncio.run(handed_over(make, when)) for what, make in makes.items() for when in ("before", "after")
    }
    found |= {f"Condition, {when}": asyncio.run(condition(when)) for when in ("before", "never")}
    return {**found, "Event": asyncio.run(event()), "with": asyncio.run(with_statement())}


@probe(
    "P81", "tornado", "cancellation", source="Tornado 6.6: CancelledError in a handler ends the request; on_connection_close()"
)
def what_becomes_of_a_handler_whose_client_leaves_or_that_is_cancelled():
    import asyncio
    import socket

    from tornado.httpserver import HTTPServer
    from tornado.netutil import bind_sockets
    from tornado.web import Application, RequestHandler

    async def main(behavior):
        log, entered, ended = [], asyncio.Event(), asyncio.Event()

        class Handler(RequestHandler):
            async def get(self):
                entered.set()
                try:
                    if behavior == "cancelled":
                        raise asyncio.CancelledError
                    if behavior == "fails":
                        raise KeyError
                    if behavior == "cancels itself":
                        asyncio.current_task().cancel()
                    if behavior == "client leaves":
                        await self.left.wait()
                        await turns()
                    else:
                        await asyncio.sleep(0)
                    log.append("went on")
                except BaseException as error:
                    log.append(name(error))
                    raise
                finally:
                    ended.set()

            def initialize(self):
                self.left = asyncio.Event()

            def on_connection_close(self):
                log.append("on_connection_close()")
                self.left.set()

            def on_finish(self):
                log.append("on_finish()")

        sockets = bind_sockets(0, "127.0.0.1", family=socket.AF_INET)
        server = HTTPServer(Application([("/", Handler)]))
        server.add_sockets(sockets)
        errors = unhandled(asyncio.get_running_loop())
        with logged() as records:
            reader, writer = await asyncio.open_connection(*sockets[0].getsockname())
            writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            await entered.wait()
            if behavior == "client leaves":
                writer.close()
            await ended.wait()
            await turns(100)
            if behavior != "client leaves":
                reading = asyncio.ensure_future(reader.readline())
                line = await settled(reading)
                log.append(line.split()[1].decode() if line and line != "pending" else str(line or "closed"))
                reading.cancel()
                writer.close()
        server.stop()
        return [*log, *errors, *records]

    return {what: asyncio.run(main(what)) for what in ("client leaves", "cancelled", "cancels itself", "fails", "returns")}


@probe(
    "P88",
    "tornado",
    "streams",
    source="Tornado 6.2: write_message() to a closed client raises; 6.5: pings; 6.6: a cancel closes the connection",
)
def what_a_websocket_does_when_an_end_leaves_or_is_cancelled():
    import asyncio
    import socket

    from tornado.httpserver import HTTPServer
    from tornado.netutil import bind_sockets
    from tornado.web import Application
    from tornado.websocket import WebSocketHandler, websocket_connect

    async def main(behavior):
        log, closed, messages = [], asyncio.Event(), asyncio.Semaphore(0)

        class Handler(WebSocketHandler):
            async def on_message(self, message):
                messages.release()
                if behavior == "server closes":
                    self.close(4000, "why")
                elif behavior == "handler fails":
                    raise KeyError
                elif behavior == "handler is cancelled":
                    raise asyncio.CancelledError
                else:
                    await self.write_message(message)

            def on_close(self):
                log.append(["on_close()", self.close_code])
                closed.set()

        sockets = bind_sockets(0, "127.0.0.1", family=socket.AF_INET)
        server = HTTPServer(Application([("/", Handler)]))
        server.add_sockets(sockets)
        errors = unhandled(asyncio.get_running_loop())
        with logged() as records:
            client = await websocket_connect(f"ws://127.0.0.1:{sockets[0].getsockname()[1]}/")
            await client.write_message("hello")
            await messages.acquire()
            if behavior == "client closes":
                log.append(await client.read_message())
                client.close(4001)
            reading = asyncio.ensure_future(client.read_message())
            log.append(await settled(reading))
            log.append(["closed" if closed.is_set() else "open", client.close_code])
            log.append(outcome(lambda: type(client.write_message("late")).__name__))
            reading.cancel()
            client.close()
            await turns()
        server.stop()
        return [*log, *errors, *sorted(set(records))]

    behaviors = "echo", "server closes", "client closes", "handler fails", "handler is cancelled"
    return {what: outcome(asyncio.run, main(what)) for what in behaviors}
