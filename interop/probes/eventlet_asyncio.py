"""eventlet's asyncio hub: what it converts, what code under it can tell, asyncio beside patching.

A module of many small functions: a catalogue.
"""

from typing import Any

from interop.probes.eventlet import PATCH, told
from interop.probes.probe import probe


@probe(
    "P154",
    "eventlet",
    "lifecycle",
    source="eventlet 0.38.2, issues 1003, 1009, PR 1011: asyncio is unpatched whatever was imported first",
)
def on_which_modules_asyncio_runs_under_the_asyncio_hub() -> Any:
    program = (
        "{first}\n"
        "import eventlet\n"
        "{then}\n"
        "eventlet.monkey_patch()\n"
        "import eventlet.hubs, eventlet.patcher, asyncio, asyncio.selector_events as events, asyncio.base_events as base\n"
        "eventlet.hubs.get_hub()\n"
        "original = eventlet.patcher.original\n"
        "print('socket', events.socket.socket is original('socket').socket)\n"
        "print('select', getattr(events.selectors, 'DefaultSelector', None) is getattr(original('selectors'), "
        "'DefaultSelector', 1))\n"
        "print('threading', base.threading.get_ident is original('threading').get_ident)\n"
        "print('time', base.time.sleep is original('time').sleep)\n"
        "import socket, threading\n"
        "print('patched still', socket.socket is not original('socket').socket, eventlet.patcher.is_monkey_patched('socket'))\n"
    )
    cases = {
        "asyncio first": ("import asyncio", ""),
        "asyncio after eventlet": ("", "import asyncio"),
        "asyncio.events first": ("import asyncio.selector_events", ""),
        "not before": ("", ""),
        "concurrent.futures first": ("import concurrent.futures.thread", ""),
    }
    return {case: told(program.format(first=first, then=then), EVENTLET_HUB="asyncio") for case, (first, then) in cases.items()}


@probe(
    "P155", "eventlet", "converters", source="eventlet 0.35, PR 877, 889: spawn_for_awaitable, and a GreenThread can be awaited"
)
def what_the_asyncio_hub_converts() -> Any:
    return told(
        "import eventlet, eventlet.hubs; eventlet.hubs.use_hub('eventlet.hubs.asyncio')\n"
        "import asyncio, eventlet.asyncio as glue\n"
        "spawn = glue.spawn_for_awaitable\n"
        "def outcome(fn):\n"
        "    try: return repr(fn())\n"
        "    except BaseException as e: return type(e).__name__\n"
        "async def value(): await asyncio.sleep(0); return 'value'\n"
        "async def fails(): await asyncio.sleep(0); raise ValueError\n"
        "async def cancelled(): asyncio.current_task().cancel(); await asyncio.sleep(0)\n"
        "begun, log = [], []\n"
        "async def forever():\n"
        "    try: begun.append(1); await asyncio.sleep(10)\n"
        "    except BaseException as e: log.append(type(e).__name__); raise\n"
        "def until(seen):\n"
        "    for _ in range(100): seen or eventlet.sleep(0.005)\n"
        "print('value', outcome(spawn(value()).wait)); print('error', outcome(spawn(fails()).wait)); print('cancelled', "
        "outcome(spawn(cancelled()).wait))\n"
        "t = spawn(forever()); until(begun); t.kill(); print('killed', outcome(t.wait)); until(log); "
        "print(*log)\n"
        "async def waits(fn): return await eventlet.spawn(fn)\n"
        "print('await value', outcome(spawn(waits(lambda: 'green')).wait)); print('await error', outcome(spawn(waits(lambda: "
        "1 / 0)).wait))\n"
        "def exits(): raise eventlet.greenlet.GreenletExit\n"
        "print('await exit', outcome(spawn(waits(exits)).wait))\n"
        "async def where(): return asyncio.get_running_loop() is eventlet.hubs.get_hub().loop, "
        "type(eventlet.getcurrent()).__name__\n"
        "print('where', outcome(spawn(where()).wait))\n"
        "async def to_thread():\n"
        "    import threading; here = threading.get_ident(); return await asyncio.to_thread(threading.get_ident) != here\n"
        "print('to_thread', outcome(spawn(to_thread()).wait))\n"
        "print('future', outcome(spawn(asyncio.sleep(0, 'slept')).wait)); print('not awaitable', outcome(lambda: "
        "spawn(1).wait()))\n"
        "print('asyncio.run', outcome(lambda: asyncio.run(value())))\n"
    )


@probe("P167", "eventlet", "lifecycle", source="eventlet docs, asyncio compatibility; 0.36, PR 930: asyncio.to_thread")
def how_asyncio_runs_in_a_patched_program() -> Any:
    program = (
        PATCH + "import asyncio, threading, time\n"
        "beats = []\n"
        "def beat():\n"
        "    while True: beats.append(1); eventlet.sleep(0.001)\n"
        "eventlet.spawn(beat)\n"
        "async def main():\n"
        "    here, go = threading.get_ident(), []\n"
        "    for _ in range(50): await asyncio.sleep(0.001)\n"
        "    def there():\n"  # It ends only when it is waited for: who meets it at its Future's lock, a green one, runs the hub.
        "        while not go: time.sleep(0.001)\n"
        "        return threading.get_ident()\n"
        "    waits = asyncio.ensure_future(asyncio.to_thread(there))\n"
        "    for _ in range(3): await asyncio.sleep(0.001)\n"
        "    go.append(1)\n"
        "    return await waits != here\n"
        "def outcome(fn):\n"
        "    try: return fn()\n"
        "    except BaseException as e: return type(e).__name__\n"
        "print(outcome(lambda: asyncio.run(main())), len(beats) > 5, flush=True)\n"
        "print(outcome(lambda: asyncio.run(asyncio.sleep(0, 'again'))), flush=True)\n"
        "both = [eventlet.spawn(lambda: outcome(lambda: asyncio.run(asyncio.sleep(0.01, i)))) for i in range(2)]\n"
        "print(*[each.wait() for each in both], flush=True)\n"
    )
    return {"default": told(program), "asyncio": told(program, EVENTLET_HUB="asyncio")}


@probe("P405", "eventlet", "detection", source="sniffio under eventlet's asyncio hub; eventlet.getcurrent in a coroutine")
def what_code_under_the_asyncio_hub_can_tell() -> Any:
    return told(
        "import eventlet, eventlet.hubs; eventlet.hubs.use_hub('eventlet.hubs.asyncio')\n"
        "import asyncio\n"
        "def outcome(fn):\n"
        "    try: return fn()\n"
        "    except BaseException as e: return type(e).__name__\n"
        "def green(): return type(outcome(asyncio.get_running_loop)).__name__, outcome(asyncio.current_task) is None\n"
        "print('main', *green()); print('green', *eventlet.spawn(green).wait())\n"
        "async def coroutine(): return type(asyncio.get_running_loop()).__name__, asyncio.current_task() is None, "
        "outcome(lambda: eventlet.sleep(0)), outcome(lambda: eventlet.sleep(0.001))\n"
        "import eventlet.asyncio; print('coroutine', *eventlet.asyncio.spawn_for_awaitable(coroutine()).wait())\n"
        "loop = eventlet.hubs.get_hub().loop; saw = []\n"
        "loop.call_soon(lambda: saw.append(type(eventlet.getcurrent()).__name__)); [saw or eventlet.sleep(0.002) for _ in range(20)]; "
        "print('call_soon', *saw)\n"
        "import threading; t = threading.Thread(target=lambda: loop.call_soon_threadsafe(saw.append, 'threadsafe')); t.start(); "
        "t.join(); [saw[1:] or eventlet.sleep(0.002) for _ in range(20)]; print(saw[-1])\n"
        "print('loop', loop.is_running(), loop.is_closed())\n"
    )
