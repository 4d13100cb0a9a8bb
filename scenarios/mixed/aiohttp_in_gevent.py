"""aiohttp in a gevent program, in one thread, and nothing patched: an asyncio loop is the guest of gevent's hub.

    python aiohttp_in_gevent.py http://127.0.0.1:8000/ ...

Each greenlet calls a coroutine function like a plain function, and blocks only itself. Killing the greenlet, or a gevent.Timeout,
cancels the coroutine first.
"""

import sys

import aiohttp
import gevent

from interop.adapters.gevent import open_portal


async def get(session: aiohttp.ClientSession, url: str) -> bytes:
    """asyncio code, as aiohttp's own guide has it."""
    async with session.get(url) as response:
        response.raise_for_status()
        return await response.read()


def main(urls: list[str]) -> None:
    """gevent code."""
    with open_portal("asyncio", topology="guest") as asyncio, asyncio.enter(aiohttp.ClientSession) as session:

        def show(url: str) -> None:
            with gevent.Timeout(30):
                body = asyncio.call(get, session, url)
            print(url, len(body), "bytes")

        gevent.joinall([gevent.spawn(show, url) for url in urls], raise_error=True)


if __name__ == "__main__":
    main(sys.argv[1:])
