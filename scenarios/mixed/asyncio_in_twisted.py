"""asyncio code inside Twisted's default reactor, in one thread: no asyncioreactor, which has to be installed before all else.

    python asyncio_in_twisted.py http://127.0.0.1:8000/ ...

An asyncio loop is the guest of the reactor. Calling a coroutine function gives a Deferred; cancelling that cancels the task, and
it fires when the task has ended.
"""

import sys
from typing import Any

import aiohttp
from twisted.internet.defer import gatherResults
from twisted.internet.task import react

from interop.adapters.twisted import open_portal


async def get(session: aiohttp.ClientSession, url: str) -> bytes:
    """asyncio code, as aiohttp's own guide has it."""
    async with session.get(url) as response:
        response.raise_for_status()
        return await response.read()


async def main(reactor: Any, *urls: str) -> None:
    """Twisted code."""
    async with open_portal("asyncio", topology="guest") as asyncio, asyncio.enter(aiohttp.ClientSession) as session:
        bodies = await gatherResults([asyncio.call(get, session, url).addTimeout(30, reactor) for url in urls])
    for url, body in zip(urls, bodies, strict=True):
        print(url, len(body), "bytes")


if __name__ == "__main__":
    react(main, sys.argv[1:])
