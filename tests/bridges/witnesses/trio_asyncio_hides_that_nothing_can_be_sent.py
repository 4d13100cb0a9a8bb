"""trio_asyncio, either way: what is sent to a source that takes nothing is dropped; the source itself refuses it (S35)."""

import sys
from collections.abc import AsyncIterator
from typing import Any

import trio_asyncio


class Source(AsyncIterator[str]):
    async def __anext__(self) -> str:
        return "an item"


async def asks(adapt: Any) -> str:
    items = adapt(Source()).__aiter__()
    await items.__anext__()
    try:
        return f"{await items.asend('a word')}"
    except (AttributeError, TypeError):
        return "it is refused"


async def main() -> bool:
    answers = await asks(trio_asyncio.aio_as_trio), await trio_asyncio.aio_as_trio(asks)(trio_asyncio.trio_as_aio)
    print(f"a source without asend() is sent a word: {answers}; by itself: {await asks(lambda source: source)}")
    return answers == ("an item", "an item")


sys.exit(trio_asyncio.run(main))
