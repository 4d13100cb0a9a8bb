"""async-timeout: what its block raises and leaves behind in the task, beside asyncio.timeout().

Source: async-timeout's change log, 3.0 to 5.0; PR 363 (uncancel), #258, #421, #422.
"""

from interop.probes.observe import aoutcome, jumping, name, outcome, parameters, plain, state, turns, warned
from interop.probes.probe import probe


async def _waits():
    import asyncio

    await asyncio.Event().wait()


@probe(
    "P225",
    "async_timeout",
    "cancellation",
    source="async-timeout 4.0.3, PR 363; aiohttp #9325: a cancellation left over bites in Python 3.13",
)
def what_a_fired_timeout_leaves_in_its_task():
    import asyncio

    import async_timeout

    async def fail(error):
        raise error

    async def main(after):
        task = asyncio.current_task()
        try:
            async with async_timeout.timeout(0.001):
                await _waits()
        except asyncio.TimeoutError:
            log = [task.cancelling() if hasattr(task, "cancelling") else "uncounted"]
        try:
            if after == "group":
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(fail(KeyError()))
                    await _waits()
            elif after == "timeout":
                async with asyncio.timeout(0.001):
                    await _waits()
            elif after == "again":
                async with async_timeout.timeout(0.001):
                    await _waits()
            elif after == "wait_for":
                await asyncio.wait_for(_waits(), 0.001)
        except BaseException as error:
            log.append(name(error))
        log.append(await aoutcome(asyncio.sleep, 0))
        log.append(await aoutcome(asyncio.sleep, 0))
        log.append(task.cancelling() if hasattr(task, "cancelling") else "uncounted")
        return log

    return {after: outcome(asyncio.run, main(after)) for after in ("nothing", "group", "timeout", "again", "wait_for")}


@probe(
    "P226", "async_timeout", "timeouts", source="async-timeout 4.0.1, #258: a deadline that has passed fires at the first wait"
)
def what_a_deadline_of_zero_or_in_the_past_does():
    import asyncio

    import async_timeout

    async def main(seconds, body):
        log = []
        jumping(asyncio.get_running_loop())
        try:
            async with async_timeout.timeout(seconds) as scope:
                log.append(await body())
                log.append("went on")
        except BaseException as error:
            log.append([name(error), name(error.__cause__) if error.__cause__ else None])
        expired = scope.expired
        return [*log, expired() if callable(expired) else expired]

    async def absolute():
        found = []
        jumping(asyncio.get_running_loop())
        for delta in (-1, 0, 0.001):
            try:
                async with async_timeout.timeout_at(asyncio.get_running_loop().time() + delta):
                    found.append(await asyncio.sleep(0, "slept"))
                    await _waits()
            except asyncio.TimeoutError as error:
                found.append(name(error))
        return found

    async def sleeps():
        return await asyncio.sleep(0, "slept")

    async def at_once():
        return "at once"

    async def swallows():
        return await aoutcome(_waits)

    async def fails():
        try:
            await _waits()
        finally:
            raise KeyError

    bodies = _waits, sleeps, at_once, swallows, fails
    found = {
        f"{body.__name__.strip('_')} {seconds}": outcome(asyncio.run, main(seconds, body))
        for body in bodies
        for seconds in (0.001, 0, -1)
    }
    return {**found, "None": asyncio.run(main(None, sleeps)), "timeout_at()": outcome(asyncio.run, absolute())}


@probe("P227", "async_timeout", "warnings", source="async-timeout 4.0: `with` is deprecated; 5.0, #421: removed")
def which_old_ways_of_using_it_are_left():
    import asyncio

    import async_timeout

    async def plain_with():
        with async_timeout.timeout(0.001):
            await _waits()

    async def main():
        scope = async_timeout.timeout(10)
        found = {}
        async with scope:
            for (
                attribute
            ) in "remaining deadline expired timeout when shift shift_by shift_to update reject rejected reschedule".split():
                got = getattr(scope, attribute, "missing")
                found[attribute] = got if got == "missing" else "method" if callable(got) else "property"
            found["entered twice"] = plain(await aoutcome(scope.__aenter__))
        return found

    def outside():
        return async_timeout.timeout(1)

    return {
        "with": [warned(lambda: outcome(asyncio.run, plain_with())), outcome(asyncio.run, plain_with())],
        "made outside of a loop": outcome(lambda: type(outside()).__name__),
        "attributes": outcome(asyncio.run, main()),
        "names": [
            item for item in dir(async_timeout) if not item.startswith("_") and item[0].islower() and item.startswith("timeout")
        ],
        "is asyncio's": outcome(lambda: async_timeout.Timeout is getattr(asyncio, "Timeout", None)),
        "parameters": outcome(parameters, async_timeout.timeout),
    }


@probe("P228", "async_timeout", "cancellation", source="async-timeout: a cancel from outside beside its own")
def what_a_cancel_from_outside_does_in_the_block():
    import asyncio

    import async_timeout

    async def body(seconds, log):
        try:
            async with async_timeout.timeout(seconds):
                await _waits()
        except BaseException as error:
            log.append(name(error))
            raise

    async def cancelled(seconds, when):
        log = []
        task = asyncio.ensure_future(body(seconds, log))
        await turns(3)
        if when == "both":
            await asyncio.sleep(0.005)
        task.cancel()
        await asyncio.wait([task])
        return [*log, state(task)]

    async def same_turn():
        log = []
        task = asyncio.ensure_future(body(0.001, log))
        await asyncio.sleep(0)
        loop = asyncio.get_running_loop()
        loop.call_at(loop.time() + 0.001, task.cancel)
        import time

        time.sleep(0.005)
        await asyncio.wait([task])
        return [*log, state(task)]

    async def nested(outer, inner):
        log = []
        try:
            async with async_timeout.timeout(outer):
                try:
                    async with async_timeout.timeout(inner):
                        await _waits()
                except BaseException as error:
                    log.append(["inner", name(error)])
                    raise
        except BaseException as error:
            log.append(["outer", name(error)])
        return log

    return {
        "before it is late": asyncio.run(cancelled(10, "before")),
        "at the same time": asyncio.run(same_turn()),
        "nested, the outer is late": asyncio.run(nested(0.001, 10)),
        "nested, the inner is late": asyncio.run(nested(10, 0.001)),
        "nested, both are late": asyncio.run(nested(0, 0)),
    }


@probe("P229", "async_timeout", "timeouts", source="async-timeout 4.0: shift(), update(), reject(); 5.0: reschedule()")
def what_moving_a_deadline_does():
    import asyncio

    import async_timeout

    async def moved(act, seconds=10):
        try:
            async with async_timeout.timeout(seconds) as scope:
                act(scope, asyncio.get_running_loop().time())
                await asyncio.wait([asyncio.ensure_future(asyncio.sleep(0.02))])
            return "in time"
        except BaseException as error:
            return name(error)

    async def after_end(act):
        async with async_timeout.timeout(10) as scope:
            pass
        return outcome(act, scope, asyncio.get_running_loop().time())

    acts = {
        "shift(-10)": lambda scope, now: scope.shift(-10),
        "shift_by(-10)": lambda scope, now: scope.shift_by(-10),
        "update(now)": lambda scope, now: scope.update(now),
        "shift_to(now)": lambda scope, now: scope.shift_to(now),
        "reschedule(now)": lambda scope, now: scope.reschedule(now),
        "reject()": lambda scope, now: scope.reject(),
        "reschedule(None)": lambda scope, now: scope.reschedule(None),
    }
    found = {what: outcome(asyncio.run, moved(act)) for what, act in acts.items()}
    found["late, rejected"] = outcome(asyncio.run, moved(acts["reject()"], 0.001))
    found["after its end"] = {what: plain_outcome(asyncio.run, after_end(act)) for what, act in acts.items()}
    return found


def plain_outcome(fn, *args):
    got = outcome(fn, *args)
    return got if isinstance(got, (str, type(None), bool)) else type(got).__name__
