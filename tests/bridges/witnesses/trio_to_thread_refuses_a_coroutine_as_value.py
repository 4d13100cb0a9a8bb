"""trio.to_thread.run_sync(): a plain function that returns a coroutine object is refused (V2)."""

import sys

import trio


async def nothing() -> None: ...


async def main() -> bool:
    value = nothing()
    try:
        got = await trio.to_thread.run_sync(lambda: value)
    except TypeError as error:
        print(f"refused: {error}")
        return True
    finally:
        value.close()
    return got is not value


sys.exit(trio.run(main))
