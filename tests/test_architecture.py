"""The import arrows: a module may import what its row allows, and nothing else of ours and no framework.

A row is a module or a package, relative to the repository; the longest one that fits counts.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FRAMEWORKS = {"tornado", "twisted", "gevent", "eventlet", "trio", "anyio", "uvloop", "greenlet", "sniffio", "outcome"}

HUB = {"interop.call", "interop.errors", "interop.runtime", "interop.portal"}

# What of ours each may import. The scenarios' own rows are checked by the scenarios' tests.
ARROWS: dict[str, set[str]] = {
    "interop.errors": set(),
    "interop.call": set(),
    "interop.runtime": {"interop.call", "interop.errors"},
    "interop.topologies": {"interop.call", "interop.errors", "interop.runtime", "interop.topologies"},
    # It loads adapters by name, when they are asked for: that is no import.
    "interop.portal": {"interop.call", "interop.errors", "interop.runtime", "interop.topologies"},
    "interop.adapters": HUB,
    # Tornado and anyio run on other frameworks' loops: their adapters are those loops' adapters, with another face.
    "interop.adapters.tornado": {*HUB, "interop.adapters.asyncio"},
    "interop.adapters.anyio": {*HUB, "interop.adapters.asyncio", "interop.adapters.trio"},
    "interop": {"interop.errors"},
}

# Which frameworks each may import; asyncio is Python's own.
MAY_IMPORT: dict[str, set[str]] = {
    "interop.adapters.asyncio": {"uvloop"},
    "interop.adapters.tornado": {"tornado"},
    "interop.adapters.twisted": {"twisted"},
    "interop.adapters.gevent": {"gevent", "greenlet"},
    "interop.adapters.eventlet": {"eventlet", "greenlet"},
    "interop.adapters.trio": {"trio"},
    "interop.adapters.anyio": {"anyio"},
}

MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted((ROOT / "interop").rglob("*.py"))
}


def imports(path: Path) -> set[str]:
    """Every module that a file imports, late imports included."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name if name in MODULES else node.module for name in names}
    return found


def row(module: str, table: dict[str, set[str]]) -> set[str]:
    """What the longest fitting row allows."""
    while module and module not in table:
        module = module.rpartition(".")[0]
    return table.get(module, set())


def under(module: str, allowed: set[str]) -> bool:
    return any(module == name or module.startswith(f"{name}.") for name in allowed)


@pytest.mark.parametrize("module", MODULES)
def test_imports_of_ours_follow_the_arrows(module: str) -> None:
    ours = {name for name in imports(MODULES[module]) if name.partition(".")[0] in ("interop", "scenarios", "tests")}
    assert {name for name in ours if not under(name, row(module, ARROWS))} == set()


@pytest.mark.parametrize("module", MODULES)
def test_a_framework_is_imported_by_its_own_adapter_only(module: str) -> None:
    frameworks = {name.partition(".")[0] for name in imports(MODULES[module])} & FRAMEWORKS
    assert frameworks <= row(module, MAY_IMPORT)
