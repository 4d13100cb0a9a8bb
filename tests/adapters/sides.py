"""The drivers of interop.harness, as the tests of adapters use them: a framework's own loop, and portals from it."""

from __future__ import annotations

import importlib.util
import os
from typing import Any

import pytest

from interop.harness import drivers
from interop.harness.drivers.driver import Driver
from interop.laws.world import Afn
from interop.portal import FRAMEWORKS


def needs(package: str) -> None:
    """Skip the test where a package is not installed; pytest.importorskip() would import it here; see conftest.py."""
    importlib.util.find_spec(package) or pytest.skip(f"{package} is not installed")


def side(name: str) -> Driver:
    """The driver of a framework; skips the test where that is not installed."""
    if name == "eventlet" and "INTEROP_APART" not in os.environ:
        pytest.skip("it warns at every fork of the process that has imported it: test_apart.py runs this in another one")
    if package := FRAMEWORKS[name][2]:
        needs(package)
    return drivers.find(name)


def run(driver: Driver, main: Afn) -> Any:
    """Run main in a loop of the framework's in this thread; a reactor of its own, since other tests have used the process's."""
    return driver.adapter.run(main, "private" if driver.name == "twisted" else driver.flavour)


async def open_portal(driver: Driver, callee: Any, topology: str | None = None) -> Any:
    """An open portal."""
    return await driver.open(driver.adapter.open_portal(callee, topology=topology))


def sniffed() -> str | None:
    """What sniffio says here."""
    import sniffio

    try:
        return sniffio.current_async_library()
    except sniffio.AsyncLibraryNotFoundError:
        return None
