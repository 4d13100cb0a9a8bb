"""What is under test: our portals, and other people's bridging libraries, a file a library.

bridge.py     what a bridge is: the small class that an author writes
crossing.py   caller, callee, topology; and every one that there is
portals.py    ours
"""

from __future__ import annotations

import importlib
import pkgutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from interop.bridges.bridge import Bridge


def known() -> dict[str, tuple[str, type[Bridge]]]:
    """Every bridge that the kit brings, by its name: where its class is, and the class. Imports no library."""
    from interop.bridges.bridge import Bridge

    found: dict[str, tuple[str, type[Bridge]]] = {}
    for module in pkgutil.iter_modules(__path__):
        if module.name not in ("bridge", "crossing"):
            path = f"{__name__}.{module.name}"
            for name, kind in vars(importlib.import_module(path)).items():
                if isinstance(kind, type) and issubclass(kind, Bridge) and kind.name and kind.__module__ == path:
                    found[kind.name] = f"{path}:{name}", kind
    return found
