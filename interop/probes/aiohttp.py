"""aiohttp: what becomes of a handler whose client leaves, of a request that is cancelled or late, and of a session.

Source: aiohttp's change log, 3.7 to 3.14.
"""

from interop.probes.observe import aoutcome, logged, name, outcome, parameters, plain, settled, turns, unhandled
from interop.probes.probe import probe


async def _serve(handlers, **options):
    """A server on any port; returns its runner, its port and what it was asked."""
    from aiohttp import web

    app = web.Application()
    for path, handler in handlers.items():
        app.router.add_route("*", path, handler)
    runner = web.AppRunner(app, **options)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    return runner, site._server.sockets[0].getsockname()[1]


@probe(
    "P220",
    "aiohttp",
    "cancellation",
    source="aiohttp #6719, #7135: a handler is no longer cancelled from 3.8.3 (3.7, too); 3.9: handler_cancellation=",
)
def what_becomes_of_a_handler_whose_client_leaves():
    import asyncio

    from aiohttp import web

    async def main(leaves, body=b"", **options):
        entered, ended, gate, log = asyncio.Event(), asyncio.Event(), asyncio.Event(), []

        async def handler(request):
            entered.set()
            try:
                if leaves == "mid-body":
                    log.append(len(await request.read()))
                elif leaves == "while streaming":
                    response = web.StreamResponse()
                    await response.prepare(request)
                    await gate.wait()
                    for _ in range(50):
                        await response.write(b"x" * 100_000)
                else:
                    await gate.wait()
                log.append(["finished", request.transport is None])
            except BaseException as error:
                log.append(name(error))
                raise
            finally:
                ended.set()
            return web.Response(text="x")

        errors = unhandled(asyncio.get_running_loop())
        runner, port = await _serve({"/": handler}, **options)
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % (10 if leaves == "mid-body" else 0))
        if await settled(asyncio.ensure_future(entered.wait())) == "pending":
            return ["never begins", *errors]
        writer.close()
        await turns(100)
        log.append("ended already" if ended.is_set() else "goes on")
        gate.set()
        ending = asyncio.ensure_future(ended.wait())
        if await settled(ending) == "pending":
            log.append("never ends")
        found = [*log, *errors]
        for server in runner.sites:
            server._server.close()
        return found

    with logged() as records:
        found = {how: outcome(asyncio.run, main(how)) for how in ("waiting", "mid-body", "while streaming")}
        found["handler_cancellation=True"] = outcome(asyncio.run, main("waiting", handler_cancellation=True))
    return {**found, "logged": sorted(set(records))}


@probe(
    "P221",
    "aiohttp",
    "timeouts",
    source="aiohttp 3.10 and later: which class a late request raises; 3.9: ConnectionTimeoutError, SocketTimeoutError 3.10",
)
def what_a_late_cancelled_or_broken_request_raises():
    import asyncio
    import socket

    import aiohttp

    async def answer(reader, writer):
        path = (await reader.readuntil(b"\r\n\r\n")).split()[1]
        if path == b"/slow":
            await reader.read()
        elif path == b"/slowbody":
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nx")
            await reader.read()
        elif path == b"/cut":
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nx")
        elif path == b"/garbage":
            writer.write(b"garbage\r\n\r\n")
        elif path == b"/loop":
            writer.write(b"HTTP/1.1 302 Found\r\nLocation: /loop\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    def spelled(error):
        bases = [
            base.__name__
            for base in type(error).__mro__
            if base in (asyncio.TimeoutError, OSError, ValueError, aiohttp.ClientError)
        ]
        return [name(error), *bases]

    async def main():
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        base = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))
            nobody = f"http://127.0.0.1:{closed.getsockname()[1]}"
        late = aiohttp.ClientTimeout
        found = {}
        async with aiohttp.ClientSession() as session:
            for what, url, options in (
                ("total", f"{base}/slow", {"timeout": late(total=0.02)}),
                ("sock_read", f"{base}/slow", {"timeout": late(sock_read=0.02)}),
                ("total, in the body", f"{base}/slowbody", {"timeout": late(total=0.02)}),
                ("sock_read, in the body", f"{base}/slowbody", {"timeout": late(sock_read=0.02)}),
                ("cut", f"{base}/cut", {}),
                ("disconnected", f"{base}/empty", {}),
                ("garbage", f"{base}/garbage", {}),
                ("redirects", f"{base}/loop", {"max_redirects": 2}),
                ("nobody listens", nobody, {}),
                ("bad URL", "http://", {}),
                ("scheme", "gopher://x/", {}),
                ("a number", base, {"timeout": 5}),
                ("zero", f"{base}/cut", {"timeout": late(total=0)}),
            ):
                try:
                    async with session.get(url, **options) as response:
                        found[what] = len(await response.read())
                except Exception as error:
                    found[what] = spelled(error)
            task = asyncio.ensure_future(session.get(f"{base}/slow"))
            await turns(50)
            task.cancel()
            found["cancelled"] = await settled(task)
            found["connections"] = len(session.connector._acquired)
            found["left in the task"] = outcome(lambda: asyncio.current_task().cancelling())

            async def in_timeout():
                return await asyncio.wait_for(session.get(f"{base}/slow"), 0.02)

            found["in wait_for()"] = await aoutcome(in_timeout)
        found["closed"] = plain(await aoutcome(lambda: session.get(base)))
        return found

    with logged():
        return asyncio.run(main())


@probe(
    "P222", "aiohttp", "lifecycle", source="aiohttp: sessions and the loop; 3.8: warnings; ClientSession outside of a coroutine"
)
def what_an_unclosed_or_misplaced_session_does():
    import asyncio
    import gc
    import warnings

    import aiohttp

    def forgotten():
        async def main():
            errors = unhandled(asyncio.get_running_loop())
            aiohttp.ClientSession()
            gc.collect()
            await turns()
            return errors

        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            errors = asyncio.run(main())
        return [errors, sorted({warning.category.__name__ for warning in caught})]

    def outside():
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            got = outcome(lambda: type(aiohttp.ClientSession(loop=loop)).__name__)
            bare = outcome(lambda: type(aiohttp.ClientSession()).__name__)
        return [got, bare, sorted({warning.category.__name__ for warning in caught if "aiohttp" in str(warning.message).lower()})]

    async def in_another_loop(session):
        return await aoutcome(session.get, "http://127.0.0.1:1/")

    async def made():
        return aiohttp.ClientSession()

    async def twice():
        session = aiohttp.ClientSession()
        await session.close()
        return [session.closed, await aoutcome(session.close), outcome(lambda: session.__enter__())]

    def subclass():
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")

            class Mine(aiohttp.ClientSession):
                pass

        return sorted({warning.category.__name__ for warning in caught})

    loop = asyncio.new_event_loop()
    warnings.simplefilter("ignore")
    first = asyncio.run(made())
    return {
        "forgotten": forgotten(),
        "outside of a coroutine": outside(),
        "in another loop": asyncio.run(in_another_loop(first)),
        "closed twice": asyncio.run(twice()),
        "subclass": subclass(),
    }


@probe(
    "P223",
    "aiohttp",
    "contextvars",
    source="aiohttp: contexts of handlers, middlewares, clean-up contexts and signals; 3.9: web.AppKey",
)
def which_context_a_server_s_code_runs_in():
    import asyncio
    import contextvars

    import aiohttp
    from aiohttp import web

    var = contextvars.ContextVar("var", default="empty")
    found = {}

    async def main():
        async def handler(request):
            found["handler"] = var.get()
            var.set("handler's")
            await asyncio.sleep(0)
            return web.Response(text=var.get())

        @web.middleware
        async def middleware(request, handler):
            found.setdefault("middleware", var.get())
            var.set("middleware's")
            response = await handler(request)
            found["middleware after"] = var.get()
            return response

        async def context(app):
            found["start-up"] = var.get()
            var.set("start-up's")
            yield
            found["clean-up"] = var.get()

        async def prepare(request, response):
            found["on_response_prepare"] = var.get()

        app = web.Application(middlewares=[middleware])
        app.router.add_get("/", handler)
        app.cleanup_ctx.append(context)
        app.on_response_prepare.append(prepare)
        var.set("caller's")
        runner = web.AppRunner(app)
        await runner.setup()
        found["after setup()"] = var.get()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        url = f"http://127.0.0.1:{site._server.sockets[0].getsockname()[1]}/"
        async with aiohttp.ClientSession() as session:
            for _ in range(2):
                async with session.get(url) as response:
                    found.setdefault("bodies", []).append(await response.text())
                    found.setdefault("handlers", []).append(found["handler"])
        found["the caller's after all"] = var.get()
        await runner.cleanup()
        return found

    with logged():
        return asyncio.run(main())


@probe(
    "P224",
    "aiohttp",
    "exceptions",
    source="aiohttp.web: handlers that raise, return nothing or are cancelled; graceful shutdown (3.9)",
)
def what_a_server_answers_to_handlers_that_fail_and_does_at_shutdown():
    import asyncio

    from aiohttp import web

    async def main(behavior):
        errors, entered, gate = unhandled(asyncio.get_running_loop()), asyncio.Event(), asyncio.Event()
        log = []

        async def handler(request):
            entered.set()
            if behavior == "fails":
                raise KeyError
            if behavior == "cancelled":
                raise asyncio.CancelledError
            if behavior == "late":
                raise asyncio.TimeoutError
            if behavior == "nothing":
                return None
            if behavior == "HTTPException":
                raise web.HTTPNotFound
            if behavior == "shutdown":
                try:
                    await gate.wait()
                except BaseException as error:
                    log.append(name(error))
                    raise
            return web.Response(text="x")

        with logged() as records:
            runner, port = await _serve({"/": handler}, **({"shutdown_timeout": 0.05} if behavior == "shutdown" else {}))
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            await entered.wait()
            if behavior == "shutdown":
                await runner.cleanup()
                log.append("cleaned up")
            reading = asyncio.ensure_future(reader.readline())
            line = await settled(reading)
            log.append(
                line.split()[1].decode() if isinstance(line, bytes) and line else "closed" if line == b"" else str(plain(line))
            )
            reading.cancel()
            writer.close()
            if behavior != "shutdown":
                await runner.cleanup()
        return [*log, *errors, *[record for record in records if "access" not in record and "asyncio DEBUG" not in record]]

    behaviors = "fails", "cancelled", "late", "nothing", "HTTPException", "returns", "shutdown"
    found = {what: outcome(asyncio.run, main(what)) for what in behaviors}
    import aiohttp

    found["parameters"] = {
        "ClientTimeout": parameters(aiohttp.ClientTimeout),
        "AppRunner": parameters(web.AppRunner),
        "TCPConnector": [each for each in parameters(aiohttp.TCPConnector) if each not in ("self",)],
        "run_app": parameters(web.run_app),
    }
    return found
