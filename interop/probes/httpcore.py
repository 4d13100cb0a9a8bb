"""httpcore: which backend it picks, what its errors are, and what a cancelled request leaves in the pool."""

from collections.abc import Callable
from typing import Any

from interop.probes.observe import aoutcome, name, outcome, parameters
from interop.probes.probe import probe


def _served(answer: bytes, use: Callable[[str], Any]) -> Any:
    """What `use` gives for the URL of a server on loopback that answers each connection once, or never if it has no answer."""
    import socket
    import threading

    kept: list[Any] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    here, _ = server.accept()
                except OSError:
                    return
                kept.append(here)
                if answer:
                    here.recv(65536)
                    here.sendall(answer)

        threading.Thread(target=serve, daemon=True).start()
        try:
            return use(f"http://127.0.0.1:{server.getsockname()[1]}/")
        finally:
            for each in kept:
                each.close()


def _runs() -> dict[str, Any]:
    """How an async function is run on each library that is installed."""
    import asyncio
    from importlib.util import find_spec

    runs: dict[str, Any] = {"asyncio": lambda main: outcome(lambda: asyncio.run(main()))}
    if find_spec("trio"):
        import trio

        runs["trio"] = lambda main: outcome(trio.run, main)
    return runs


@probe("P389", "httpcore", "detection", source="httpcore 0.18, 1.0: the backend that is picked; anyio and trio are extras")
def which_backend_is_picked_and_what_an_answer_is() -> Any:
    import httpcore

    async def main(url: str) -> Any:
        async with httpcore.AsyncConnectionPool() as pool:
            response = await pool.request("GET", url)
            connection = pool.connections[0] if pool.connections else None
            return [response.status, response.content.decode(), name(response), name(connection) if connection else None]

    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    found = {library: _served(answer, lambda url, run=run: run(lambda: main(url))) for library, run in _runs().items()}
    return found | {"sync": _served(answer, lambda url: outcome(lambda: httpcore.request("GET", url).status))}


@probe("P390", "httpcore", "exceptions", source="httpcore docs, exceptions: native errors are mapped, as the cause")
def which_errors_come_out_of_a_request() -> Any:
    import socket

    import httpcore

    async def ask(url: str, **extensions: Any) -> Any:
        async with httpcore.AsyncConnectionPool() as pool:
            try:
                return (await pool.request("GET", url, extensions={"timeout": extensions})).status
            except Exception as error:
                return [name(error), isinstance(error.__cause__, Exception)]

    with socket.create_server(("127.0.0.1", 0)) as server:
        closed = f"http://127.0.0.1:{server.getsockname()[1]}/"
    found = {}
    for library, run in _runs().items():
        found[library] = {
            "refused": run(lambda: ask(closed)),
            "cut off": _served(
                b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok", lambda url, run=run: run(lambda: ask(url, read=0.1))
            ),
            "garbage": _served(b"garbage\r\n\r\n", lambda url, run=run: run(lambda: ask(url))),
            "never": _served(b"", lambda url, run=run: run(lambda: ask(url, read=0.02))),
            "no scheme": run(lambda: ask("nothing://127.0.0.1/")),
        }
    return found


@probe("P391", "httpcore", "cancellation", source="httpcore 0.18, 1.0.3: a cancelled request and the pool's slots")
def what_a_cancelled_request_leaves_in_the_pool() -> Any:
    import httpcore

    async def asyncio_(url: str) -> Any:
        import asyncio

        async with httpcore.AsyncConnectionPool(max_connections=1) as pool:
            first = asyncio.ensure_future(pool.request("GET", url))
            second = asyncio.ensure_future(pool.request("GET", url))
            await asyncio.sleep(0.03)
            first.cancel()
            second.cancel()
            await asyncio.wait([first, second])
            left = len(pool.connections)
            return [
                await aoutcome(lambda: first),
                left,
                await aoutcome(lambda: pool.request("GET", url, extensions={"timeout": {"pool": 0.02, "read": 0.02}})),
            ]

    async def trio_(url: str) -> Any:
        import trio

        async with httpcore.AsyncConnectionPool(max_connections=1) as pool:
            with trio.move_on_after(0.03) as scope:
                await pool.request("GET", url)
            return [scope.cancelled_caught, len(pool.connections)]

    mains = {"asyncio": asyncio_, "trio": trio_}
    return {
        library: _served(b"", lambda url, library=library, run=run: run(lambda: mains[library](url)))
        for library, run in _runs().items()
    }


@probe("P392", "httpcore", "signatures", source="what glue calls")
def the_parameters_of_what_glue_calls() -> Any:
    import httpcore

    calls: dict[str, Any] = {
        "AsyncConnectionPool": httpcore.AsyncConnectionPool,
        "request": httpcore.AsyncConnectionPool.request,
        "connect_tcp": httpcore.AsyncNetworkBackend.connect_tcp,
    }
    return {each: outcome(parameters, fn) for each, fn in calls.items()} | {
        "errors": sorted(each for each in dir(httpcore) if each.endswith(("Error", "Timeout")))
    }
