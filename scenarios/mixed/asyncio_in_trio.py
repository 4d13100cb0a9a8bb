"""An asyncio library in a Trio service: aiohttp's session lives in an asyncio loop beside, and each request is a Trio await.

    python asyncio_in_trio.py http://127.0.0.1:8000/ ...

The functions that touch the library are asyncio code, and run in its loop. What waits for them is Trio code: its timeout cancels
the request, and goes on when aiohttp has closed the connection.
"""

import sys

import aiohttp
import trio

from interop.adapters.trio import open_portal


async def get(session: aiohttp.ClientSession, url: str) -> bytes:
    """asyncio code, as aiohttp's own guide has it."""
    async with session.get(url) as response:
        response.raise_for_status()
        return await response.read()


async def main(urls: list[str]) -> None:
    """Trio code."""
    async with (
        open_portal("asyncio") as asyncio,
        asyncio.enter(aiohttp.ClientSession) as session,
        trio.open_nursery() as nursery,
    ):

        async def show(url: str) -> None:
            with trio.fail_after(30):
                body = await asyncio.call(get, session, url)
            print(url, len(body), "bytes")

        for url in urls:
            nursery.start_soon(show, url)


if __name__ == "__main__":
    trio.run(main, sys.argv[1:])
