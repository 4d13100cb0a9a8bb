"""tenacity: which library its asynchronous retries sleep with, and what they do with cancels and context.

Source: tenacity's release notes, 8.0 to 9.2.
"""

from interop.probes.observe import aoutcome, name, outcome, parameters, plain, state, turns
from interop.probes.probe import probe


def _flaky(times=1):
    tries = []

    async def flaky():
        tries.append(1)
        if len(tries) <= times:
            raise ValueError
        return ["ok", len(tries)]

    return flaky


@probe(
    "P245", "tenacity", "detection", "trio", source="tenacity 8.4, PR 463: the retry sleeps with the library that runs the caller"
)
def which_library_a_retry_sleeps_with():
    import asyncio
    import contextlib
    import io

    import tenacity
    import trio

    def decorate(fn):
        return tenacity.retry(wait=tenacity.wait_fixed(0.001), stop=tenacity.stop_after_attempt(3))(fn)

    async def controller(fn):
        async for attempt in tenacity.AsyncRetrying(wait=tenacity.wait_fixed(0.001), stop=tenacity.stop_after_attempt(3)):
            with attempt:
                return await fn()

    def quietly(run, *args):
        with contextlib.redirect_stderr(io.StringIO()):
            return outcome(run, *args)

    return {
        "asyncio, decorator": outcome(lambda: asyncio.run(decorate(_flaky())())),
        "trio, decorator": quietly(trio.run, decorate(_flaky())),
        "asyncio, controller": outcome(lambda: asyncio.run(controller(_flaky()))),
        "trio, controller": quietly(trio.run, controller, _flaky()),
        "trio, sleep=": quietly(trio.run, tenacity.retry(sleep=trio.sleep, wait=tenacity.wait_fixed(0.001))(_flaky())),
        "neither": outcome(lambda: _by_hand(decorate(_flaky(0))())),
    }


def _by_hand(coroutine):
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return stop.value
    else:
        return "waits"
    finally:
        coroutine.close()


@probe(
    "P246",
    "tenacity",
    "cancellation",
    source="tenacity: BaseExceptions are not retried; 8.3 and later: RetryError, reraise, async callbacks",
)
def what_a_retry_does_with_cancels_and_final_failures():
    import asyncio

    import tenacity

    async def retried(fn, **options):
        waits = {"wait": tenacity.wait_none(), "stop": tenacity.stop_after_attempt(3), **options}
        return plain(await aoutcome(tenacity.retry(**waits)(fn)))

    def failing(error, log):
        async def fn():
            log.append(1)
            raise error

        return fn

    async def cancelled():
        log = []

        async def waits():
            log.append("tried")
            await asyncio.Event().wait()

        task = asyncio.ensure_future(tenacity.retry(waits)())
        await turns()
        task.cancel()
        await asyncio.wait([task])
        return [*log, state(task)]

    async def cancelled_between():
        task = asyncio.ensure_future(tenacity.retry(wait=tenacity.wait_fixed(100))(_flaky())())
        await turns()
        task.cancel()
        await asyncio.wait([task])
        return state(task)

    async def callbacks():
        log = []

        async def note(retry_state):
            log.append("awaited")

        await aoutcome(tenacity.retry(wait=tenacity.wait_none(), before=note, after=note, before_sleep=note)(_flaky()))
        return log

    async def predicate():
        async def again(value):
            return value == ["ok", 1]

        return plain(
            await aoutcome(
                tenacity.retry(
                    retry=tenacity.retry_if_result(again), wait=tenacity.wait_none(), stop=tenacity.stop_after_attempt(2)
                )(_flaky(0))
            )
        )

    log = []
    return {
        "fails always": [asyncio.run(retried(failing(KeyError(), log))), len(log)],
        "reraise": asyncio.run(retried(failing(KeyError(), []), reraise=True)),
        "CancelledError": asyncio.run(retried(failing(asyncio.CancelledError(), []))),
        "KeyboardInterrupt": outcome(asyncio.run, retried(failing(KeyboardInterrupt(), []))),
        "cancelled in a try": asyncio.run(cancelled()),
        "cancelled between tries": asyncio.run(cancelled_between()),
        "async callbacks": asyncio.run(callbacks()),
        "an async predicate": asyncio.run(predicate()),
        "wait=None": asyncio.run(retried(_flaky(), wait=None)),
        "TryAgain": asyncio.run(retried(failing(tenacity.TryAgain(), []), reraise=True)),
    }


@probe(
    "P247", "tenacity", "detection", source="tenacity 8.4 and 9.0: what a decorated function is, statistics, Tornado's coroutines"
)
def what_a_decorated_function_is():
    import asyncio
    import contextvars
    import functools
    import inspect

    import tenacity

    var = contextvars.ContextVar("var", default="empty")

    @tenacity.retry
    async def native(value=1):
        var.set("written")
        return value

    @tenacity.retry
    def plainly(value=1):
        return value

    class Callable:
        async def __call__(self):
            return "called"

    async def context():
        await native()
        return var.get()

    async def statistics():
        function = tenacity.retry(wait=tenacity.wait_none())(_flaky())
        await function()
        return [function.statistics.get("attempt_number"), function.retry.statistics.get("attempt_number")]

    kinds = {}
    for what, thing in {
        "partial": functools.partial(native.__wrapped__),
        "object": Callable(),
        "function": native.__wrapped__,
    }.items():
        wrapped = outcome(lambda thing=thing: tenacity.retry(thing))
        kinds[what] = (
            [inspect.iscoroutinefunction(wrapped), asyncio.iscoroutinefunction(wrapped)] if callable(wrapped) else wrapped
        )
    return {
        "iscoroutinefunction": [inspect.iscoroutinefunction(native), inspect.iscoroutinefunction(plainly)],
        "kinds": kinds,
        "retry": [type(native.retry).__name__, type(plainly.retry).__name__, type(native.retry).__module__],
        "wrapped": [native.__name__, hasattr(native, "__wrapped__"), parameters(native), native.__defaults__ is not None],
        "context": asyncio.run(context()),
        "statistics": outcome(asyncio.run, statistics()),
        "errors": [base.__name__ for base in tenacity.RetryError.__mro__[:-2]],
        "modules": [
            hasattr(tenacity, module) for module in ("_asyncio", "asyncio", "tornadoweb", "AsyncRetrying", "TornadoRetrying")
        ],
        "name": name(tenacity.RetryError),
    }
