"""What the server of workers has imported: every framework, and never a loop, a hub or a reactor."""

from __future__ import annotations

import contextlib
import gc
import importlib
import warnings

import interop.harness.worker  # noqa: F401
from interop.laws.law import catalogue
from scenarios.fetch_and_save import FRAMEWORKS

# What a portal or a client imports at its first use, and what would otherwise be imported in every worker anew.
LATER = (
    "anyio._backends._asyncio",
    "anyio._backends._trio",
    "gevent.resolver.thread",
    "gevent.threadpool",
    "interop.bridges.portals",
    "pprint",
    "scenarios.fetch_and_save.sqlite_store",
    "tornado.platform.asyncio",
    "twisted.internet.asyncioreactor",
    "twisted.internet.epollreactor",
    "twisted.internet.udp",
    "twisted.internet.unix",
    "uvloop",
)
DRIVERS = ("asyncio", "tornado", "twisted", "gevent", "eventlet", "trio", "anyio", "threads")

catalogue()
warnings.filterwarnings("ignore", "Using fork", DeprecationWarning)  # Eventlet says so of every fork; here no hub has begun.
with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # Each framework says of itself what it has to say, and not here.
    for name in DRIVERS:
        with contextlib.suppress(Exception):  # What is missing or broken is the cell's own finding.
            importlib.import_module(f"interop.harness.drivers.{name}")
    for module in LATER:
        with contextlib.suppress(Exception):
            importlib.import_module(module)
    for framework in FRAMEWORKS.values():
        with contextlib.suppress(Exception):
            if framework.name != "gevent[patched]":
                framework.load()

# Once for all workers: a collection in each would write to, and so copy, every page that it shares with this process.
gc.collect()
gc.freeze()
