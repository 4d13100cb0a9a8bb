"""Twisted beside asyncio: raw awaits of a Deferred, and every way from a Deferred to a future and back.

Source: Twisted's NEWS, 20.3 to 26.10.
"""

from interop.probes.observe import name, outcome, plain, state, turns, unhandled
from interop.probes.probe import probe
from interop.probes.twisted import come_to


@probe("P97", "twisted", "converters", source="Deferred.__await__(); raw awaits between Twisted and asyncio have no common loop")
def what_awaiting_a_deferred_natively_does():
    import asyncio

    from twisted.internet.defer import Deferred, ensureDeferred, fail, succeed

    async def awaits(thing):
        return await thing

    async def twice(thing):
        return [await thing, plain(await thing)]

    async def in_task(make):
        task = asyncio.ensure_future(awaits(make()))
        await turns()
        found = state(task)
        task.cancel()
        return found

    async def catches(thing):
        try:
            await thing
        except KeyError as error:
            return error

    error = KeyError()
    waiting = Deferred()
    both = [ensureDeferred(awaits(waiting)) for _ in range(2)]
    waiting.callback("shared")
    loop = asyncio.new_event_loop()
    sleeping = asyncio.sleep(1)
    found = {
        "one that has fired": come_to(ensureDeferred(awaits(succeed(1)))),
        "one that has failed": come_to(ensureDeferred(awaits(fail(KeyError())))),
        "the same exception": outcome(lambda: _same(ensureDeferred(catches(fail(error))), error)),
        "twice": come_to(ensureDeferred(twice(succeed(1)))),
        "by two": [come_to(deferred) for deferred in both],
        "asyncio's future": outcome(lambda: come_to(ensureDeferred(awaits(loop.create_future())))),
        "asyncio.sleep()": outcome(lambda: come_to(ensureDeferred(awaits(sleeping)))),
        "in an asyncio task, fired": asyncio.run(in_task(lambda: succeed(1))),
        "in an asyncio task, failed": asyncio.run(in_task(lambda: fail(KeyError()))),
        "in an asyncio task, waiting": asyncio.run(in_task(Deferred)),
        "in an asyncio task, ensure_future()": outcome(asyncio.run, _ensured()),
    }
    return found


def _same(deferred, error):
    found = []
    deferred.addBoth(found.append)
    return found[0] is error


async def _ensured():
    import asyncio

    from twisted.internet.defer import succeed

    return await asyncio.ensure_future(succeed("ensured"))


@probe("P98", "twisted", "converters", source="Deferred.asFuture() and fromFuture(); #12470, #9748: cancels across them")
def what_crosses_between_a_deferred_and_an_asyncio_future():
    import asyncio

    from twisted.internet.defer import Deferred, fail, succeed

    async def forth(settle):
        loop, log = asyncio.get_running_loop(), []
        errors = unhandled(loop)
        deferred = Deferred(lambda _: log.append("canceller"))
        future = deferred.asFuture(loop)
        outcome(settle, deferred, future)
        await turns()
        found = [state(future), *log]
        if not deferred.called:
            found.append("waiting")
        else:
            found.append(come_to(deferred))
        return [*found, *errors]

    async def back(settle):
        loop = asyncio.get_running_loop()
        errors = unhandled(loop)
        future = loop.create_future()
        deferred = Deferred.fromFuture(future)
        outcome(settle, future, deferred)
        await turns()
        return [come_to(deferred), state(future), *errors]

    async def task(started, whom):
        log = []

        async def waits():
            try:
                await asyncio.Event().wait()
            except BaseException as error:
                log.append(name(error))
                raise

        made = asyncio.ensure_future(waits())
        deferred = Deferred.fromFuture(made)
        if started:
            await turns()
        (made if whom == "task" else deferred).cancel()
        at_once = "fired" if deferred.called else "waiting"
        await turns()
        return [at_once, come_to(deferred), state(made), *log]

    async def there_and_back():
        loop = asyncio.get_running_loop()
        inner = Deferred()
        outer = Deferred.fromFuture(inner.asFuture(loop))
        inner.callback("round")
        await turns()
        return come_to(outer)

    class Special(Exception):
        pass

    special = Special()

    async def same():
        try:
            await fail(special).asFuture(asyncio.get_running_loop())
        except Special as error:
            return error is special

    forths = {
        "result": lambda deferred, future: deferred.callback("value"),
        "failure": lambda deferred, future: deferred.errback(KeyError()),
        "StopIteration": lambda deferred, future: deferred.errback(StopIteration()),
        "asyncio.CancelledError": lambda deferred, future: deferred.errback(asyncio.CancelledError()),
        "the Deferred is cancelled": lambda deferred, future: deferred.cancel(),
        "the future is cancelled": lambda deferred, future: future.cancel(),
        "the future is settled": lambda deferred, future: future.set_result(1),
    }
    backs = {
        "result": lambda future, deferred: future.set_result("value"),
        "failure": lambda future, deferred: future.set_exception(KeyError()),
        "the future is cancelled": lambda future, deferred: future.cancel(),
        "the Deferred is cancelled": lambda future, deferred: deferred.cancel(),
        "the Deferred is fired": lambda future, deferred: deferred.callback(1),
    }
    return {
        "asFuture()": {what: outcome(asyncio.run, forth(settle)) for what, settle in forths.items()},
        "fromFuture()": {what: outcome(asyncio.run, back(settle)) for what, settle in backs.items()},
        "a task": {
            f"{whom}, {when}": asyncio.run(task(when == "started", whom))
            for whom in ("task", "Deferred")
            for when in ("started", "new")
        },
        "there and back": asyncio.run(there_and_back()),
        "the same exception": asyncio.run(same()),
        "no loop": outcome(lambda: type(succeed(1).asFuture(None)).__name__),
    }
