"""asgiref.sync.sync_to_async(): what the blocking function sets in a context variable is set in the caller, too (X2, X10)."""

import asyncio
import contextvars
import sys

from asgiref.sync import sync_to_async

variable = contextvars.ContextVar("variable", default="nothing")


async def main() -> bool:
    await sync_to_async(variable.set)("the callee's")
    print(f"the caller sees: {variable.get()}")
    return variable.get() != "nothing"


sys.exit(asyncio.run(main()))
