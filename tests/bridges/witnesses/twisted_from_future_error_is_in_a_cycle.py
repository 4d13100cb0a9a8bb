"""An error that comes through Deferred.fromFuture() is in a reference cycle; one of a plain Deferred is freed at once."""

import asyncio
import gc
import sys
import weakref

from twisted.internet.defer import Deferred


class Fresh(Exception): ...


async def fails():
    raise Fresh


async def is_held():
    try:
        await Deferred.fromFuture(asyncio.ensure_future(fails()))
    except Fresh as error:
        reference = weakref.ref(error)
    await Deferred.fromFuture(asyncio.ensure_future(asyncio.sleep(0)))
    print("held" if reference() else "freed")
    return reference() is not None


gc.disable()
asyncio.set_event_loop(loop := asyncio.new_event_loop())
sys.exit(loop.run_until_complete(Deferred.fromCoroutine(is_held()).asFuture(loop)))
