"""concurrent.futures.Future.result(): an error that is false is taken for none (V20); CPython 3.13.4 raises it."""

import asyncio
import sys
import threading


class EmptyError(Exception):
    def __len__(self) -> int:
        return 0


async def fails() -> None:
    raise EmptyError


threading.Thread(target=(loop := asyncio.new_event_loop()).run_forever, daemon=True).start()
try:
    value = asyncio.run_coroutine_threadsafe(fails(), loop).result()
except EmptyError:
    print("it is raised")
else:
    print(f"the callee raised an error; the caller got {value!r}")
    sys.exit(1)
