"""What the server of workers has imported: every framework, and never a loop, a hub or a reactor."""

from __future__ import annotations

import contextlib
import importlib
import warnings

import interop.harness.worker  # noqa: F401
from interop.laws.law import catalogue
from scenarios.fetch_and_save import FRAMEWORKS

DRIVERS = ("asyncio", "tornado", "twisted", "gevent", "eventlet", "trio", "anyio", "threads")

catalogue()
warnings.filterwarnings("ignore", "Using fork", DeprecationWarning)  # Eventlet says so of every fork; here no hub has begun.
with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # Each framework says of itself what it has to say, and not here.
    for name in DRIVERS:
        with contextlib.suppress(Exception):  # What is missing or broken is the cell's own finding.
            importlib.import_module(f"interop.harness.drivers.{name}")
    for framework in FRAMEWORKS.values():
        with contextlib.suppress(Exception):
            if framework.name != "gevent[patched]":
                framework.load()
