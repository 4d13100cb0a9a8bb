"""anyio's start_blocking_portal(): leaving it waits for a call that nothing will end, instead of cancelling it (R1)."""

import sys
import threading

import anyio
from anyio.from_thread import start_blocking_portal

began, left = threading.Event(), threading.Event()


async def callee() -> None:
    began.set()
    await anyio.sleep_forever()


def leave() -> None:
    with start_blocking_portal() as portal:
        calls.append(portal.start_task_soon(callee))
        began.wait()
    left.set()


calls: list[object] = []
threading.Thread(target=leave, daemon=True).start()
began.wait()
print(f"left within a second: {left.wait(1)}")
sys.exit(not left.is_set())
