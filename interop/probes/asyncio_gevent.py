"""asyncio-gevent: asyncio on a gevent hub, greenlets as futures and futures as greenlets."""

from typing import Any

from interop.probes.forked import forked
from interop.probes.probe import probe

HEAD = """
import gevent.monkey; gevent.monkey.patch_all()
import asyncio, gevent, asyncio_gevent, warnings
def outcome(fn, *a):
    try: return fn(*a)
    except BaseException as e: return "raises " + type(e).__name__
"""
POLICY = "asyncio.set_event_loop_policy(asyncio_gevent.EventLoopPolicy())\n"


@probe(
    "P284",
    "asyncio_gevent",
    "converters",
    "gevent",
    source="asyncio-gevent README: greenlet_to_future, and what kills and cancels what",
)
def how_a_greenlet_becomes_a_future() -> Any:
    main = POLICY + (
        "def value(): gevent.sleep(0.001); return 'value'\n"
        "def fails(): raise ValueError\n"
        "log = []\n"
        "def waits():\n"
        "    try: gevent.sleep(1)\n"
        "    except BaseException as e: log.append(type(e).__name__); raise\n"
        "async def main():\n    {}\n"
        "print(outcome(lambda: asyncio.run(main())), *log)\n"
    )
    cases = {
        "value": "return await asyncio_gevent.greenlet_to_future(gevent.spawn(value))",
        "not started": "return await asyncio_gevent.greenlet_to_future(gevent.Greenlet(value))",
        "dead": "g = gevent.spawn(value); g.join(); return await asyncio_gevent.greenlet_to_future(g)",
        "error": "return await asyncio_gevent.greenlet_to_future(gevent.spawn(fails))",
        "killed": "g = gevent.spawn(waits); f = asyncio_gevent.greenlet_to_future(g); await asyncio.sleep(0.005); g.kill(); return await f",
        "killed, error": "g = gevent.spawn(waits); f = asyncio_gevent.greenlet_to_future(g); await asyncio.sleep(0.005); g.kill(KeyError); return await f",
        "cancelled": "g = gevent.spawn(waits); f = asyncio_gevent.greenlet_to_future(g); await asyncio.sleep(0.005); f.cancel(); await asyncio.sleep(0.005); return g.dead, f.cancelled()",
        "not autokill": "g = gevent.spawn(waits); f = asyncio_gevent.greenlet_to_future(g, autokill_greenlet=False); await asyncio.sleep(0.005); f.cancel(); await asyncio.sleep(0.005); return g.dead",
    }
    return forked(HEAD, {case: main.format(line) for case, line in cases.items()})


@probe(
    "P285",
    "asyncio_gevent",
    "converters",
    "gevent",
    source="asyncio-gevent README: future_to_greenlet, and what kills and cancels what",
)
def how_a_future_becomes_a_greenlet() -> Any:
    head = (
        "async def value(): await asyncio.sleep(0.001); return 'value'\n"
        "async def fails(): raise ValueError\n"
        "log = []\n"
        "async def waits():\n"
        "    try: await asyncio.sleep(5)\n"
        "    except BaseException as e: log.append(type(e).__name__); raise\n"
        "def run(coroutine, end=None, **more):\n"
        "    g = asyncio_gevent.future_to_greenlet(coroutine, **more); g.start()\n"
        "    if end: gevent.sleep(0.01); end(g)\n"
        "    return g.get()\n"
    )
    cases = {
        "value": "print(outcome(run, value()))",
        "error": "print(outcome(run, fails()))",
        "killed": "print(outcome(run, waits(), lambda g: g.kill()), *log)",
        "not autocancel": "print(outcome(lambda: run(waits(), lambda g: g.kill(), autocancel_future=False)), *log)",
        "in a loop": "async def main(): return await asyncio_gevent.greenlet_to_future(asyncio_gevent.future_to_greenlet(value()))\nprint(outcome(lambda: asyncio.run(main())))",
        "task": "async def main():\n    g = asyncio_gevent.future_to_greenlet(asyncio.ensure_future(value())); g.start()\n    for _ in range(50): g.dead or await asyncio.sleep(0.002)\n    return g.dead, g.value\nprint(outcome(lambda: asyncio.run(main())))",
    }
    return forked(HEAD, {case: POLICY + head + line for case, line in cases.items()})


@probe(
    "P286",
    "asyncio_gevent",
    "lifecycle",
    "gevent",
    source="asyncio-gevent README: the event loop on gevent, sync_to_async, async_to_sync",
)
def how_asyncio_runs_on_the_hub() -> Any:
    cases = {
        "loop": "async def main(): return type(asyncio.get_running_loop()).__module__\nprint(outcome(lambda: asyncio.run(main())))",
        "both go on": "n = []\ndef beat():\n    while True: n.append(1); gevent.sleep(0.001)\ngevent.spawn(beat)\nasync def main():\n    for _ in range(50): await asyncio.sleep(0.001)\nasyncio.run(main()); print(len(n) > 5)",
        "sync_to_async": "async def main(): return await asyncio_gevent.sync_to_async(lambda: gevent.sleep(0.001) or 'value')()\nprint(outcome(lambda: asyncio.run(main())))",
        "async_to_sync": "print(outcome(asyncio_gevent.async_to_sync(asyncio.sleep), 0.001, 'slept'))",
        "two loops": "print(*[g.get() for g in [gevent.spawn(outcome, lambda i=i: asyncio.run(asyncio.sleep(0.005, i))) for i in range(2)]])",
        "current task": "async def main():\n    task = asyncio.current_task(); await asyncio.sleep(0); return asyncio.current_task() is task\nprint(outcome(lambda: asyncio.run(main())))",
        "other greenlet": "async def main():\n    f = asyncio.get_running_loop().create_future(); gevent.spawn_later(0.005, f.set_result, 'set'); return await asyncio.wait_for(f, 0.3)\nprint(outcome(lambda: asyncio.run(main())))",
    }
    return forked(HEAD, {case: POLICY + line for case, line in cases.items()})


@probe(
    "P287",
    "asyncio_gevent",
    "contextvars",
    "gevent",
    source="asyncio-gevent: contexts of tasks and of greenlets that are futures",
)
def which_context_each_side_gets() -> Any:
    cases = {
        "greenlet": "async def main():\n    var.set('task'); return await asyncio_gevent.greenlet_to_future(gevent.spawn(var.get))\nprint(outcome(lambda: asyncio.run(main())))",
        "sync_to_async": "async def main():\n    var.set('task'); return await asyncio_gevent.sync_to_async(var.get)()\nprint(outcome(lambda: asyncio.run(main())))",
        "task": "async def look(): return var.get()\nvar.set('greenlet'); g = asyncio_gevent.future_to_greenlet(look()); g.start(); print(outcome(g.get))",
        "callback": "async def main():\n    var.set('task'); f = asyncio.get_running_loop().create_future(); asyncio.get_running_loop().call_soon(lambda: f.set_result(var.get())); return await f\nprint(outcome(lambda: asyncio.run(main())))",
    }
    return forked(
        HEAD + "import contextvars; var = contextvars.ContextVar('var', default='default')\n",
        {case: POLICY + line for case, line in cases.items()},
    )
