"""A Trio library in a Tornado handler, in one thread: Trio is the guest of the IOLoop.

    python trio_in_tornado.py http://127.0.0.1:8000/ ...

The handler answers with the first answer of several mirrors. In Trio that is a nursery that is cancelled by the winner; a handler
whose client has gone, or whose time is up, cancels all of them just the same.
"""

import asyncio
import sys
from urllib.parse import urlencode

import httpcore
import trio
from tornado.httpclient import AsyncHTTPClient
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port
from tornado.web import Application, RequestHandler

from interop.adapters.tornado import Portal, open_portal


async def first(mirrors: list[str]) -> bytes:
    """Trio code: the first answer; the other requests are cancelled, and their connections closed."""
    answers: list[bytes] = []

    async def ask(mirror: str) -> None:
        answers.append((await pool.request("GET", mirror)).content)
        nursery.cancel_scope.cancel()

    async with httpcore.AsyncConnectionPool() as pool, trio.open_nursery() as nursery:
        for mirror in mirrors:
            nursery.start_soon(ask, mirror)
    return answers[0]


class First(RequestHandler):
    """Tornado code."""

    def initialize(self, trio: Portal) -> None:
        """Be given the portal."""
        self.trio = trio

    async def get(self) -> None:
        """Answer with the first answer of the mirrors that the query names."""
        self.write(await asyncio.wait_for(self.trio.call(first, self.get_arguments("mirror")), 30))


async def main(mirrors: list[str]) -> None:
    """Serve, and be the first client."""
    async with open_portal("trio", topology="guest") as trio:
        listener, port = bind_unused_port()
        server = HTTPServer(Application([("/", First, {"trio": trio})]))
        server.add_socket(listener)
        query = urlencode({"mirror": mirrors}, doseq=True)
        response = await AsyncHTTPClient().fetch(f"http://127.0.0.1:{port}/?{query}")
        print(response.code, len(response.body), "bytes")
        server.stop()
        await server.close_all_connections()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
