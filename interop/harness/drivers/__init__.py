"""How laws are driven in each framework, a file a framework; a name like "twisted[asyncio]" says which one.

driver.py     what all drivers share
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from interop.harness.drivers.driver import Driver


def find(name: str) -> Driver:
    """The driver of a framework's name; imports that framework."""
    base, _, flavour = name.rstrip("]").partition("[")
    module = importlib.import_module(f"interop.harness.drivers.{base}")
    found: Driver = module.driver(flavour)
    return found
