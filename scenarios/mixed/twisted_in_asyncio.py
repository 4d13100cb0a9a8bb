"""treq, on Twisted, in an asyncio program: one loop serves both, and what gives a Deferred is awaited like anything else.

    pip install treq; python twisted_in_asyncio.py http://127.0.0.1:8000/ ...

Twisted runs on asyncio's loop, from the portal's opening to its closing. A timeout cancels the Deferred that is awaited there.
"""

import asyncio
import sys

import treq

from interop.adapters.asyncio import open_portal


async def get(url: str) -> bytes:
    """Twisted code: what it awaits are Deferreds."""
    response = await treq.get(url)
    return await treq.content(response)


async def main(urls: list[str]) -> None:
    """asyncio code."""
    async with open_portal("twisted[asyncio]", topology="loop") as twisted:
        bodies = await asyncio.wait_for(asyncio.gather(*(twisted.call(get, url) for url in urls)), 30)
    for url, body in zip(urls, bodies, strict=True):
        print(url, len(body), "bytes")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
