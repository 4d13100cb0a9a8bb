"""uvloop: where its loop does something else than asyncio's own, and what it does of its own accord.

Source: uvloop's release notes, 0.16 to 0.23.
"""

from interop.probes.forked import children
from interop.probes.observe import aoutcome, name, outcome, parameters, plain, state, turns, unhandled, warned
from interop.probes.probe import probe


def _run(coroutine):
    """Run on uvloop's loop, whatever the release calls the way to it."""
    import uvloop

    loop = uvloop.new_event_loop()
    try:
        return loop.run_until_complete(coroutine)
    finally:
        loop.close()


@probe(
    "P50",
    "uvloop",
    "streams",
    source="uvloop 0.21, PR 601: a datagram that the kernel refuses is an error_received(), the transport stays",
)
def what_a_datagram_that_cannot_be_sent_does():
    import asyncio
    import socket

    async def main(connected, size, to=None):
        log = []

        class Noting(asyncio.DatagramProtocol):
            def error_received(self, error):
                log.append(f"error_received {name(error)}")

            def connection_lost(self, error):
                log.append(f"connection_lost {name(error) if error else None}")

            def datagram_received(self, data, address):
                log.append(f"received {len(data)}")

        loop = asyncio.get_running_loop()
        with socket.socket(type=socket.SOCK_DGRAM) as nobody:
            nobody.bind(("127.0.0.1", 0))
            closed = nobody.getsockname()
        where = {"remote_addr": closed} if connected else {"local_addr": ("127.0.0.1", 0)}
        transport, _ = await loop.create_datagram_endpoint(Noting, **where)
        own = transport.get_extra_info("sockname")
        address = None if connected else {"own": own, "nobody": closed, "bad": ("256.0.0.1", 1)}[to]
        log.append(outcome(transport.sendto, b"x" * size, address))
        await turns(200)
        log.append(transport.is_closing())
        log.append(outcome(transport.sendto, b"again", address))
        await turns(200)
        transport.close()
        await turns()
        log.append(outcome(transport.sendto, b"late", address))
        return log

    cases = {
        "too large": (False, 100_000, "own"),
        "empty": (False, 0, "own"),
        "to nobody": (False, 1, "nobody"),
        "to a bad address": (False, 1, "bad"),
        "connected, to nobody": (True, 1),
        "connected, too large": (True, 100_000),
    }
    return {what: outcome(_run, main(*case)) for what, case in cases.items()}


@probe("P51", "uvloop", "streams", source="uvloop's Server: wait_closed() and close_clients() follow Python's, or not")
def what_closing_a_server_does_to_connections_and_waiters():
    import asyncio

    async def main():
        accepted = asyncio.Event()

        async def handle(reader, writer):
            accepted.set()
            await reader.read()
            writer.close()

        server = await asyncio.start_server(handle, "127.0.0.1", 0)
        _, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        await accepted.wait()
        server.close()
        waiting = asyncio.ensure_future(server.wait_closed())
        await turns(50)
        found = [state(waiting), server.is_serving(), hasattr(server, "close_clients"), hasattr(server, "abort_clients")]
        writer.close()
        await asyncio.wait([waiting], timeout=0.4)
        return [*found, state(waiting), outcome(lambda: len(server.sockets))]

    async def serving():
        server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
        forever = asyncio.ensure_future(server.serve_forever())
        await turns()
        server.close()
        await turns()
        found = [state(forever)]
        forever.cancel()
        await turns()
        return [*found, state(forever)]

    return {"with a connection": _run(main()), "serve_forever()": _run(serving())}


@probe(
    "P52",
    "uvloop",
    "contextvars",
    source="uvloop documentation: callbacks run in the context of who registers them (0.15 and later)",
)
def which_context_callbacks_run_in():
    import asyncio
    import contextvars
    import os
    import signal

    var = contextvars.ContextVar("var", default="empty")

    async def main():
        loop = asyncio.get_running_loop()
        found, future, (reads, sends) = {}, loop.create_future(), os.pipe()

        def note(what):
            found[what] = var.get()
            var.set(f"written by {what}")

        var.set("caller's")
        loop.call_soon(note, "call_soon()")
        loop.call_later(0, note, "call_later()")
        loop.call_soon_threadsafe(note, "call_soon_threadsafe()")
        future.add_done_callback(lambda _: note("done callback"))
        loop.add_reader(reads, lambda: (note("add_reader()"), loop.remove_reader(reads)))
        loop.add_signal_handler(signal.SIGUSR1, note, "add_signal_handler()")
        var.set("later")
        loop.call_soon(future.set_result, 1)
        os.write(sends, b"x")
        os.kill(os.getpid(), signal.SIGUSR1)
        while len(found) < 6:
            await asyncio.sleep(0)
        other = contextvars.copy_context()
        other.run(var.set, "given")
        loop.call_soon(lambda: note("context="), context=other)
        await turns()
        found["create_task(context=)"] = await aoutcome(lambda: loop.create_task(_value(var), context=other))
        found["create_task(name=)"] = outcome(lambda: loop.create_task(asyncio.sleep(0), name="x").get_name())
        return {**found, "the caller's after all": var.get()}

    async def protocols():
        found, loop, done = [], asyncio.get_running_loop(), asyncio.get_running_loop().create_future()

        class Noting(asyncio.Protocol):
            def connection_made(self, transport):
                found.append(["made", var.get()])
                var.set("written")

            def data_received(self, data):
                found.append(["data", var.get()])

            def connection_lost(self, error):
                found.append(["lost", var.get()])
                done.set_result(None)

        var.set("server's")
        server = await loop.create_server(Noting, "127.0.0.1", 0)
        var.set("client's")
        transport, _ = await loop.create_connection(asyncio.Protocol, *server.sockets[0].getsockname())
        transport.write(b"x")
        transport.close()
        await done
        server.close()
        return found

    return {"callbacks": _run(main()), "a server's protocol": _run(protocols())}


async def _value(var):
    return var.get()


@probe(
    "P53",
    "uvloop",
    "lifecycle",
    source="uvloop 0.18: uvloop.run(); 0.15: install(); 0.22: EventLoopPolicy and install() deprecated",
)
def what_run_and_install_do_and_say():
    before = """
import asyncio, json, threading, warnings
import uvloop
def get(fn):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            got = fn()
            got = got if isinstance(got, (bool, str, type(None))) else type(got).__name__
        except BaseException as error:
            got = "raises " + type(error).__name__
    print(json.dumps([got, [warning.category.__name__ for warning in caught]]))
async def kind(): return type(asyncio.get_running_loop()).__module__
async def left():
    asyncio.ensure_future(waits()); await asyncio.sleep(0); return await kind()
async def waits():
    try: await asyncio.sleep(100)
    except BaseException as error: print(json.dumps(type(error).__name__)); raise
"""
    programs = {
        "run()": "get(lambda: uvloop.run(kind())); get(lambda: uvloop.run(left()))",
        "run() of no coroutine": "get(lambda: uvloop.run(1))",
        "run(debug=True)": "get(lambda: uvloop.run(kind(), debug=True))",
        "run(loop_factory=)": "get(lambda: uvloop.run(kind(), loop_factory=asyncio.new_event_loop))",
        "nested run()": "async def f():\n    c = kind()\n    get(lambda: uvloop.run(c)); c.close()\nuvloop.run(f())",
        "install()": "get(uvloop.install); get(lambda: asyncio.run(kind()))",
        "EventLoopPolicy()": "get(uvloop.EventLoopPolicy)",
        "get_event_loop() after install()": "uvloop.install(); get(asyncio.get_event_loop)",
        "another thread after install()": "uvloop.install(); t = threading.Thread(target=get, args=(asyncio.get_event_loop,)); t.start(); t.join()",
        "child watcher": "uvloop.install(); get(lambda: asyncio.get_event_loop_policy().get_child_watcher())",
        "Runner": "get(lambda: asyncio.Runner(loop_factory=uvloop.new_event_loop).run(kind()))",
        "SIGINT": "import os, signal\nasync def f():\n    asyncio.get_running_loop().call_soon(os.kill, os.getpid(), signal.SIGINT)\n"
        "    await waits()\nget(lambda: uvloop.run(f()))",
        "SIGINT in run_until_complete()": "import os, signal\nasync def f():\n"
        "    asyncio.get_running_loop().call_soon(os.kill, os.getpid(), signal.SIGINT)\n"
        "    await waits()\nget(lambda: uvloop.new_event_loop().run_until_complete(f()))",
        "a failing callback": "l = uvloop.new_event_loop(); l.call_soon(lambda: {}[1]); get(lambda: l.run_until_complete(kind()))",
        "SystemExit in a callback": "import sys\nl = uvloop.new_event_loop(); l.call_soon(sys.exit, 3); get(lambda: l.run_until_complete(kind()))",
        "forgotten": "import gc\ndef f():\n    uvloop.new_event_loop(); gc.collect()\nget(f)",
    }
    return children(before, programs)


@probe("P54", "uvloop", "threads", source="uvloop's loop.close(), stop(), call_soon_threadsafe() and run_in_executor()")
def what_a_loop_does_from_other_threads_and_once_closed():
    import asyncio
    import threading

    import uvloop

    loop = uvloop.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    found = {
        "run_coroutine_threadsafe()": asyncio.run_coroutine_threadsafe(asyncio.sleep(0, "value"), loop).result(),
        "close() while it runs": outcome(loop.close),
        "run_forever() while it runs": outcome(loop.run_forever),
    }
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()
    for what in (
        "call_soon",
        "call_soon_threadsafe",
        "call_later",
        "run_in_executor",
        "run_forever",
        "stop",
        "close",
        "is_closed",
    ):
        args = {"call_soon": [int], "call_soon_threadsafe": [int], "call_later": [0, int], "run_in_executor": [None, int]}.get(
            what, []
        )
        found[f"{what}() once closed"] = plain(outcome(getattr(loop, what), *args))

    async def executor():
        running = asyncio.get_running_loop()
        job = running.run_in_executor(None, int)
        await running.shutdown_default_executor()
        return [
            state(job),
            plain(outcome(running.run_in_executor, None, int)),
            outcome(lambda: str(parameters(running.shutdown_default_executor))),
        ]

    def debug():
        other = uvloop.new_event_loop()
        other.set_debug(True)
        other.call_soon(int)
        inside = []
        stranger = threading.Thread(target=lambda: inside.append(plain(outcome(other.call_soon, int))))

        async def main():
            stranger.start()
            stranger.join()

        other.run_until_complete(main())
        return inside

    return {**found, "executor": outcome(_run, executor()), "call_soon() from another thread, debug": outcome(debug)}


@probe("P55", "uvloop", "streams", source="uvloop's transports: order and errors beside asyncio's")
def what_a_protocol_is_told_and_in_which_order():
    import asyncio
    import socket
    import struct

    async def main(ending):
        loop, log = asyncio.get_running_loop(), []
        errors, ended = unhandled(loop), loop.create_future()

        class Noting(asyncio.Protocol):
            def connection_made(self, transport):
                log.append("made")

            def data_received(self, data):
                log.append("data")
                if ending == "fails":
                    raise KeyError

            def eof_received(self):
                log.append("eof")
                return ending == "stays"

            def connection_lost(self, error):
                log.append(["lost", name(error) if error else None])
                if not ended.done():
                    ended.set_result(None)

        server = await loop.create_server(Noting, "127.0.0.1", 0)
        transport, _ = await loop.create_connection(asyncio.Protocol, *server.sockets[0].getsockname())
        transport.write(b"x")
        while "data" not in log:
            await asyncio.sleep(0)
        if ending == "abort":
            transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            transport.abort()
        elif ending in ("closes", "stays"):
            transport.close()
        if ending in ("abort", "closes"):
            await ended
        await turns(100)
        found = [*log, *errors, outcome(transport.write, b"late"), transport.is_closing(), outcome(transport.write, "text")]
        transport.close()
        server.close()
        return found

    async def refused():
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))
            nobody = closed.getsockname()[1]
        return await aoutcome(asyncio.open_connection, "127.0.0.1", nobody)

    async def cancelled():
        server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
        task = asyncio.ensure_future(asyncio.open_connection(*server.sockets[0].getsockname()))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        server.close()
        return state(task)

    async def bad():
        return await aoutcome(
            asyncio.get_running_loop().create_connection, asyncio.Protocol, "127.0.0.1", 1, happy_eyeballs_delay=0.1
        )

    found = {ending: outcome(_run, main(ending)) for ending in ("closes", "abort", "fails", "stays")}
    return {
        **found,
        "refused": _run(refused()),
        "cancelled": plain(_run(cancelled())),
        "happy_eyeballs_delay=": plain(_run(bad())),
    }


@probe("P56", "uvloop", "lifecycle", source="uvloop's subprocesses; issues on kill, wait and reaping")
def what_child_processes_do_in_any_thread():
    import asyncio
    import threading

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

    async def options(**more):
        process = await asyncio.create_subprocess_exec("true", **more)
        return await process.wait()

    async def missing():
        return await aoutcome(asyncio.create_subprocess_exec, "/nowhere/at/all")

    found = {"main thread": _run(run()), "killed while waited for": _run(killed()), "missing program": plain(_run(missing()))}
    thread = threading.Thread(target=lambda: found.update({"another thread": outcome(_run, run())}))
    thread.start()
    thread.join()
    for option, value in {
        "cwd": "/",
        "env": {},
        "process_group": 0,
        "user": None,
        "umask": 0,
        "preexec_fn": int,
        "pass_fds": (),
    }.items():
        found[f"{option}="] = outcome(_run, options(**{option: value}))
    return found


@probe("P57", "uvloop", "exceptions", source="uvloop's call_exception_handler() contexts beside asyncio's")
def what_a_lost_failure_tells_the_exception_handler():
    import asyncio
    import gc

    async def fails():
        raise KeyError

    def boom(*_):
        raise KeyError

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

    async def interrupts(error):
        raise error

    acts = {
        "a task": lambda loop: loop.create_task(fails()) and None,
        "a future": lambda loop: loop.create_future().set_exception(KeyError()),
        "a callback": lambda loop: loop.call_soon(boom),
        "a timer": lambda loop: loop.call_later(0, boom),
        "a done callback": done_callback,
    }
    found = {what: _run(main(act)) for what, act in acts.items()}
    for error in (KeyboardInterrupt(), SystemExit(), asyncio.CancelledError(), GeneratorExit()):
        found[name(error)] = outcome(_run, interrupts(error))
    return found


@probe(
    "P431",
    "uvloop",
    "cancellation",
    source="uvloop 0.23, PR 740: create_connection(sock=...) that is cancelled closed a file twice",
)
def what_becomes_of_a_socket_whose_connection_is_cancelled():
    """What libuv has closed the system gives to the next file; a socket that does not know it closes that one."""
    import asyncio
    import socket

    async def main(connects, mine, other):
        mine.setblocking(False)
        task = asyncio.ensure_future(connects(asyncio.get_running_loop(), mine))
        await asyncio.sleep(0)  # It has begun, and waits for its protocol to hear of it.
        task.cancel()
        found = [await aoutcome(asyncio.wait_for, task, None)]
        await turns()
        found.append("thinks that it is open" if mine.fileno() != -1 else "closed")
        found.append("peer saw the end" if other.recv(1) == b"" else "peer saw data")
        mine.detach()
        other.close()
        return found

    async def tcp(loop, mine):
        return await loop.create_connection(asyncio.Protocol, sock=mine)

    async def unix(loop, mine):
        return await loop.create_unix_connection(asyncio.Protocol, sock=mine)

    class Breaks(asyncio.Protocol):
        def connection_made(self, transport):
            transport.abort()

    async def broken(mine, other):
        mine.setblocking(False)
        await asyncio.get_running_loop().create_connection(Breaks, sock=mine)
        await turns()
        other.close()
        return "thinks that it is open" if mine.detach() != -1 else "closed"

    def pair():
        with socket.create_server(("127.0.0.1", 0)) as listener:
            client = socket.create_connection(listener.getsockname())
            return client, listener.accept()[0]

    return {
        "TCP": outcome(_run, main(tcp, *pair())),
        "Unix": outcome(_run, main(unix, *socket.socketpair())),
        "TCP that broke at once": outcome(_run, broken(*pair())),
    }


@probe("P58", "uvloop", "signatures", source="uvloop's Loop beside asyncio's in the newest Python")
def which_methods_and_parameters_its_loop_has():
    import asyncio

    import uvloop

    loop = uvloop.new_event_loop()
    ours = {method for method in dir(asyncio.BaseEventLoop) if not method.startswith("_")}
    found = {"missing": sorted(method for method in ours if not hasattr(loop, method))}
    for method in (
        "create_task run_in_executor create_server create_connection create_datagram_endpoint create_unix_server start_tls sendfile "
        "shutdown_default_executor call_soon call_later subprocess_exec connect_accepted_socket sock_recv sock_sendto"
    ).split():
        found[method] = outcome(lambda method=method: parameters(getattr(loop, method)))
    found["module"] = sorted(item for item in dir(uvloop) if not item.startswith("_") and item[0].islower())
    found["types"] = [
        type(loop).__mro__[1].__name__,
        isinstance(loop, asyncio.AbstractEventLoop),
        isinstance(loop, asyncio.BaseEventLoop),
    ]
    found["future"] = [type(loop.create_future()).__module__, asyncio.isfuture(loop.create_future())]
    loop.close()
    return found


@probe("P59", "uvloop", "warnings", source="uvloop beside Python 3.12 and 3.14: get_event_loop(), policies, eager tasks")
def what_importing_and_using_it_says():
    import asyncio

    program = """
import warnings, json
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    import uvloop
    found = [sorted({warning.category.__name__ for warning in caught})]
    loop = uvloop.new_event_loop()
    loop.close()
    found.append(sorted({warning.category.__name__ for warning in caught}))
print(json.dumps(found))
"""

    async def eager():
        loop, log = asyncio.get_running_loop(), []
        loop.set_task_factory(asyncio.eager_task_factory)

        async def child_task():
            log.append("child")

        task = loop.create_task(child_task())
        log.append("after")
        await task
        return log

    async def outside():
        return None

    return {
        "import": children("", {"": program})[""],
        "eager tasks": outcome(_run, eager()),
        "uvloop.install": warned(lambda: __import__("uvloop").install()),
        "get_event_loop()": warned(asyncio.get_event_loop),
        "timers": _run(_timers()),
    }


async def _timers():
    import asyncio

    loop, log = asyncio.get_running_loop(), []
    for seconds in (0.002, 0.001, 0, -1):
        loop.call_later(seconds, log.append, seconds)
    handle = loop.call_at(loop.time() + 100, int)
    handle.cancel()
    await asyncio.sleep(0.02)
    return [sorted(log), handle.cancelled(), hasattr(handle, "when")]
