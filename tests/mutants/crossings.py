"""On which crossings the laws are checked for a mutant of each file: those that run most of its lines, and differ most.

An adapter is the caller on one and the callee on another; what all calls pass is seen by an asynchronous caller whose cancels
are levels (Trio), one whose cancels are edges (asyncio), and a blocking one (gevent).

"in NAME" after a crossing: in a process that was used before, as PROCESSES says.
"""

from __future__ import annotations

PATCHED = {"gevent-patched": "import gevent.monkey; gevent.monkey.patch_all()"}
# What such a process has done before, in Python.
PROCESSES = {
    **PATCHED,
    "a-process-without-sniffio": "import sys; sys.modules.pop('sniffio', None)",
    "green-imports": "from eventlet.green import socket, threading",
    # As in a subinterpreter.
    "no-daemon-threads": "import _thread; _thread.daemon_threads_allowed = lambda: False",
    "a-default-reactor": "from twisted.internet import reactor",
    "a-stopped-reactor": """
from twisted.internet import reactor
reactor.callWhenRunning(reactor.stop)
reactor.run()
""",
    "an-asyncioreactor": """
import asyncio
from twisted.internet import asyncioreactor
asyncioreactor.install(asyncio.SelectorEventLoop())
""",
    "a-running-loops-asyncioreactor": """
import asyncio, threading
from twisted.internet import asyncioreactor
loop, runs = asyncio.SelectorEventLoop(), threading.Event()
asyncioreactor.install(loop)
loop.call_soon(runs.set)
threading.Thread(target=loop.run_forever, daemon=True).start()
runs.wait()
""",
    "a-reactor-about-to-run": """
from twisted.internet import reactor
from interop.adapters import twisted
twisted.current()
""",
    "a-reactor-that-left-its-loop": """
import asyncio, threading
from interop.adapters.asyncio import open_portal
loop, left = asyncio.SelectorEventLoop(), threading.Event()
async def main():
    async with open_portal("twisted[asyncio]", topology="loop"):
        pass
    left.set()
loop.create_task(main())
threading.Thread(target=loop.run_forever, daemon=True).start()
left.wait()
""",
    "a-closed-asyncioreactor": """
import asyncio
from twisted.internet import asyncioreactor
loop = asyncio.SelectorEventLoop()
asyncioreactor.install(loop)
loop.close()
""",
}
# These laws ask which thread code runs in, or count threads' work: in a patched process threads are greenlets.
NOT_IN_PATCHED = ("L17", "R15", "R22", "R24", "R26", "X7", "X18")

CORE = ("gevent->asyncio/thread", "trio->asyncio/guest", "asyncio->threads/thread")
HELD = "trio->gevent/thread"  # What is started there may be cancelled before its first step; and its loop can end by an error.
FILES: dict[str, tuple[str, ...]] = {
    "interop/adapters/anyio.py": (
        "anyio[trio]->twisted/hosted",
        "anyio[asyncio]->anyio[trio]/thread",
        "twisted[asyncio]->anyio[asyncio]/loop",
        "anyio[asyncio]->asyncio/loop",
        "anyio[asyncio]->trio/guest",
        "asyncio->anyio[trio]/guest",
    ),
    "interop/adapters/asyncio.py": (
        "asyncio->asyncio/thread",
        "gevent->asyncio[uvloop]/thread",
        "trio->asyncio/guest",
        "asyncio->asyncio[uvloop]/thread",
        "asyncio->trio/guest",
        "gevent->asyncio/thread in gevent-patched",
    ),
    "interop/adapters/asyncio_futures.py": ("asyncio->asyncio/thread", "asyncio->trio/guest", "asyncio->twisted[asyncio]/loop"),
    "interop/adapters/eventlet.py": (
        "eventlet->eventlet/thread",
        "eventlet->asyncio/guest",
        "asyncio->eventlet/thread",
    ),
    "interop/adapters/gevent.py": (
        "gevent->gevent/thread",
        "gevent->asyncio/guest",
        "eventlet->gevent/thread",
        "gevent->trio/thread",
        "gevent->asyncio/thread in gevent-patched",
        "asyncio->gevent/thread in green-imports",
    ),
    "interop/adapters/threads.py": ("threads->gevent/thread", "trio->threads/thread", "threads->threads/thread"),
    "interop/adapters/threads_lanes.py": ("trio->threads/thread", "threads->threads/thread", "threads->asyncio/thread"),
    "interop/adapters/tornado.py": (
        *("tornado->tornado/loop", "tornado->tornado/thread", "gevent->tornado/guest"),
        "asyncio->tornado/loop",
    ),
    "interop/adapters/trio.py": (
        "asyncio->trio/guest",
        "trio->asyncio/guest",
        "trio->trio/thread",
        "gevent->asyncio/thread in gevent-patched",
    ),
    "interop/adapters/twisted.py": (
        "twisted->twisted[asyncio]/thread",
        "twisted->asyncio/guest",
        "twisted->threads/thread",
        "asyncio->twisted[asyncio]/loop",
        "asyncio->twisted/thread",
        "asyncio->twisted[asyncio]/thread in a-stopped-reactor",
    ),
    "interop/adapters/twisted_on_loop.py": (
        "asyncio->twisted[asyncio]/loop",
        "twisted[asyncio]->twisted[asyncio]/loop",
        "asyncio->twisted[asyncio]/loop in a-default-reactor",
        "asyncio->twisted[asyncio]/loop in an-asyncioreactor",
        "asyncio->twisted[asyncio]/loop in a-closed-asyncioreactor",
    ),
    "interop/adapters/twisted_reactor.py": (
        "twisted[asyncio]->twisted[private]/thread",
        "asyncio->twisted/thread",
        "asyncio->twisted[asyncio]/loop",
        "twisted->twisted[asyncio]/thread",
        "asyncio->twisted[asyncio]/thread in a-default-reactor",
        "trio->twisted[asyncio]/thread in a-default-reactor",
        "asyncio->twisted[asyncio]/thread in an-asyncioreactor",
        "asyncio->twisted[asyncio]/thread in a-stopped-reactor",
        "asyncio->twisted[asyncio]/thread in a-running-loops-asyncioreactor",
        "asyncio->twisted[asyncio]/thread in a-reactor-about-to-run",
        "asyncio->twisted/thread in a-reactor-that-left-its-loop",
    ),
    "interop/adapters/twisted_readers.py": ("twisted->asyncio/guest", "twisted->trio/guest"),
    "interop/bell.py": CORE,
    "interop/blocking.py": (
        "gevent->gevent/thread",
        "gevent->asyncio/guest",
        "threads->asyncio/thread",
        "asyncio->threads/thread",
    ),
    "interop/call.py": (*CORE, HELD),
    "interop/conversation.py": (*CORE, HELD, "asyncio->trio/thread"),
    "interop/errors.py": (*CORE, "gevent->asyncio/guest", "threads->gevent/thread"),
    "interop/managers.py": ("gevent->asyncio/thread", "trio->gevent/thread", "asyncio->threads/thread", "asyncio->asyncio/loop"),
    "interop/portal.py": (
        *("gevent->asyncio/guest", "asyncio->asyncio/loop", "trio->asyncio/thread", "asyncio->trio/guest"),
        *("anyio[asyncio]->anyio[trio]/guest", "gevent->trio/guest"),
    ),
    "interop/runtime.py": (*CORE, HELD, "threads->asyncio/thread", "asyncio->twisted/thread"),
    "interop/streams.py": ("gevent->asyncio/thread", "trio->gevent/thread", "asyncio->threads/thread", "asyncio->asyncio/loop"),
    "interop/topologies/executor.py": (
        "trio->asyncio/thread",
        "gevent->asyncio/guest",
        "gevent->asyncio/guest in gevent-patched",
    ),
    "interop/topologies/guest.py": (
        *("trio->asyncio/guest", "asyncio->trio/guest", "trio->twisted/hosted", "trio->gevent/thread"),
        "gevent->asyncio/guest in gevent-patched",
    ),
    "interop/topologies/guest_turns.py": (
        "trio->asyncio/guest",
        "gevent->asyncio/guest",
        "gevent->asyncio/guest in a-process-without-sniffio",
    ),
    "interop/topologies/hosted.py": ("trio->asyncio/thread", "asyncio->gevent/thread", "asyncio->trio/guest"),
    "interop/topologies/loop.py": ("asyncio->asyncio/loop", "asyncio->twisted[asyncio]/loop"),
    "interop/topologies/parked.py": (
        "trio->asyncio/guest",
        "gevent->asyncio/guest",
        "twisted->asyncio/guest",
        "gevent->asyncio/guest in gevent-patched",
    ),
    "interop/topologies/thread.py": (
        "trio->asyncio/thread",
        "gevent->threads/thread",
        "threads->gevent/thread",
        "asyncio->twisted/thread",
        "trio->trio/thread",
        "twisted[asyncio]->asyncio/thread",
        "gevent->asyncio/thread in gevent-patched",
    ),
    "interop/unpatched.py": (
        "gevent->asyncio/thread in gevent-patched",
        "threads->asyncio/thread",
        "asyncio->eventlet/thread",
        "threads->asyncio/thread in no-daemon-threads",
    ),
    "interop/wrapping.py": (
        "gevent->asyncio/thread",
        "trio->threads/thread",
        "asyncio->threads/thread",
        "asyncio->asyncio/loop",
        "threads->gevent/thread",
    ),
}
