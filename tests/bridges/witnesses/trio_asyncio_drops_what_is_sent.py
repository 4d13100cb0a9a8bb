"""trio_asyncio, either way: what is sent into a stream does not reach its source (S4)."""

import sys
from collections.abc import AsyncGenerator
from typing import Any

import trio_asyncio


async def echo() -> AsyncGenerator[Any, Any]:
    yield (yield "begun")


async def asks(adapt: Any) -> str:
    items = adapt(echo()).__aiter__()
    await items.__anext__()
    try:
        return f"{await items.asend('a word')}"
    except (AttributeError, TypeError):
        return "it is refused"


async def main() -> bool:
    answers = await asks(trio_asyncio.aio_as_trio), await trio_asyncio.aio_as_trio(asks)(trio_asyncio.trio_as_aio)
    print(f"sent: a word; what the source answers: {answers}")
    return answers == ("None", "None")


sys.exit(trio_asyncio.run(main))
