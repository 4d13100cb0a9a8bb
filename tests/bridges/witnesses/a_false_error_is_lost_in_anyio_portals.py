"""anyio's BlockingPortal: an error that is false is taken for none, in call() and in call_async() (V20, M2, M4)."""

import asyncio
import sys

from anyio.from_thread import start_blocking_portal


class EmptyError(Exception):
    def __len__(self) -> int:
        return 0


async def fails() -> None:
    raise EmptyError


async def main() -> bool:
    with start_blocking_portal() as portal:
        try:
            value = await portal.call_async(fails)
        except EmptyError:
            print("it is raised")
            return False
    print(f"the callee raised an error; the caller got {value!r}")
    return True


sys.exit(asyncio.run(main()))
