"""greenback.await_(), as a plain await in asyncio: a second cancel strikes the callee's cleanup (C4, C16)."""

import asyncio

import greenback

started, cleaned = asyncio.Event(), asyncio.Event()


async def callee() -> None:
    started.set()
    try:
        await asyncio.sleep(3600)
    finally:
        await asyncio.sleep(0)
        cleaned.set()


async def main() -> None:
    task = asyncio.ensure_future(greenback.with_portal_run_sync(lambda: greenback.await_(callee())))
    await started.wait()
    task.cancel()
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    print(f"the cleanup came to its end: {cleaned.is_set()}")
    raise SystemExit(not cleaned.is_set())


asyncio.run(main())
