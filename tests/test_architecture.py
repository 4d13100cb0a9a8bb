"""The layers are what the drawing says: imports go down only, and only a framework's own files import it."""

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

HUB = {
    "interop.bell",
    "interop.blocking",
    "interop.call",
    "interop.wrapping",
    "interop.errors",
    "interop.runtime",
    "interop.portal",
    "interop.unpatched",
}
# A package or module, and what of ours it may import. The most specific name counts.
ARROWS = {
    "interop": {"interop.errors"},
    "interop.cli": {"interop", "interop.commands"},
    "interop.__main__": {"interop.cli"},
    "interop.commands": {
        "interop",
        "interop.bridges",
        "interop.harness",
        "interop.record",
        "interop.report",
        "interop.upgrade",
        "interop.probes",
        "interop.laws",
        "interop.errors",
        "scenarios",
    },
    "interop.harness": {
        *("interop", "interop.bridges", "interop.laws", "interop.portal", "interop.record", "interop.errors", "interop.probes"),
        "scenarios",
    },
    # How laws are driven in a framework: it uses that framework, and the adapter's way to wake a loop.
    "interop.harness.drivers": {"interop.laws.world", "interop.adapters", "interop.runtime", "interop.call"},
    "interop.bridges": {"interop.adapters", "interop.errors", "interop.portal", "interop.runtime"},
    "interop.laws": {"interop.errors"},
    "interop.testing": {
        *("interop.bridges", "interop.errors", "interop.harness", "interop.laws", "interop.portal", "interop.record"),
    },
    "interop.pytest_plugin": set(),
    "interop.probes": set(),
    "interop.report": {"interop.record"},
    "interop.record": {"interop", "interop.errors"},
    "interop.upgrade": {
        *("interop", "interop.bridges", "interop.errors", "interop.harness", "interop.laws", "interop.probes", "interop.record"),
        "interop.report",
    },
    "interop.errors": set(),
    "interop.bell": {"interop.unpatched"},
    "interop.unpatched": set(),
    "interop.call": {"interop.unpatched"},
    "interop.runtime": {"interop.call", "interop.errors", "interop.unpatched"},
    "interop.blocking": {"interop.call", "interop.errors", "interop.runtime", "interop.unpatched"},
    "interop.wrapping": {"interop.call", "interop.errors", "interop.runtime"},
    "interop.conversation": {"interop.call", "interop.errors", "interop.runtime"},
    "interop.streams": {"interop.call", "interop.conversation", "interop.errors", "interop.runtime"},
    "interop.managers": {"interop.call", "interop.conversation", "interop.errors", "interop.runtime"},
    "interop.topologies": {"interop.call", "interop.errors", "interop.runtime", "interop.unpatched"},
    # It loads an adapter by name when it is asked for: that is no import.
    "interop.portal": {
        *("interop.call", "interop.errors", "interop.runtime", "interop.streams", "interop.managers", "interop.topologies"),
        "interop.unpatched",
    },
    "interop.adapters": HUB,
    "interop.adapters.asyncio": {*HUB, "interop.adapters.asyncio_futures"},
    "interop.adapters.threads": {*HUB, "interop.adapters.threads_lanes"},
    # Tornado and anyio run on other frameworks' loops: their adapters are those loops' adapters with another face.
    "interop.adapters.tornado": {*HUB, "interop.adapters.asyncio"},
    "interop.adapters.twisted": {
        *(*HUB, "interop.adapters.twisted_on_loop", "interop.adapters.twisted_reactor", "interop.adapters.twisted_readers"),
    },
    "interop.adapters.twisted_on_loop": {*HUB, "interop.adapters.twisted_reactor"},
    "interop.adapters.anyio": {
        *(*HUB, "interop.adapters.asyncio", "interop.adapters.asyncio_futures", "interop.adapters.trio"),
    },
    "scenarios": set(),
    "scenarios.fetch_and_save": {"scenarios.fetch_and_save", "interop", "interop.errors"},
    "scenarios.mixed": {"scenarios.fetch_and_save", "interop.adapters", "interop.errors", "interop.portal", "interop.runtime"},
    "scenarios.origin": {"scenarios.origin"},
}
# Who may import a framework, by the name of the file.
FRAMEWORKS = {
    "aiohttp": {"asyncio", "asyncio_uvloop"},
    # Of ours: anyio and Twisted run on it, too, and guest turns one of its loops into a guest.
    "asyncio": {
        "asyncio",
        "asyncio_turns",
        "asyncio_uvloop",
        "asyncio_futures",
        "tornado",
        "twisted_reactor",
        "origin",
        "anyio",
        "twisted",
        "executor",
        "unpatched",
    },
    "greenlet": {"gevent", "eventlet", "guest_turns"},
    "uvloop": {"asyncio"},
    "tornado": {"tornado"},
    "twisted": {
        *("twisted", "twisted_callbacks", "twisted_client", "twisted_inlinecallbacks", "twisted_on_loop", "twisted_reactor"),
        "twisted_readers",
    },
    "gevent": {"gevent", "gevent_patched"},
    "geventhttpclient": {"gevent"},
    "eventlet": {"eventlet"},
    "trio": {"trio"},
    "anyio": {"anyio"},
    "httpcore": {"trio", "anyio", "httpcore_client"},
    "urllib3": {"threads"},
}
MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for package in ("interop", "scenarios")
    for path in sorted((ROOT / package).rglob("*.py"))
}


def imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively; write the whole path"
            assert node.module is not None
            whole = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name if name in MODULES else node.module for name in whole}
    return found


def most_specific(module: str, names: "set[str] | dict[str, set[str]]") -> str | None:
    return max((name for name in names if module == name or module.startswith(name + ".")), key=len, default=None)


@pytest.mark.parametrize("module", MODULES)
def test_imports_go_down_only(module: str) -> None:
    layer = most_specific(module, ARROWS)
    assert layer is not None, f"{module} belongs to no layer: add it to ARROWS"
    ours = {name for name in imports(MODULES[module]) if name.split(".")[0] in ("interop", "scenarios")}
    allowed = ARROWS[layer] | {layer}
    up = {name for name in ours if most_specific(name, allowed) is None}
    # `interop` alone is the top of the package: only the few public names of its __init__ are below everything.
    assert not up, f"{module} may import {sorted(allowed)}, not {sorted(up)}"


@pytest.mark.parametrize("module", MODULES)
def test_only_a_framework_s_own_files_import_it(module: str) -> None:
    if module.startswith(("interop.probes.", "interop.bridges.")):
        return  # a library is observed beside the others that it is used with, and a bridge has two sides
    name = module.rpartition(".")[2].removeprefix("with_").removeprefix("driven_by_")
    allowed = {"origin", name} if module.startswith("scenarios.origin") else {name, *name.split("_in_")}
    for imported in {full.split(".")[0] for full in imports(MODULES[module])} & set(FRAMEWORKS):
        assert FRAMEWORKS[imported] & allowed or imported in allowed, f"{module} imports {imported}"


def test_interop_itself_needs_the_standard_library_only() -> None:
    for module, path in MODULES.items():
        if module.startswith("interop") and not module.startswith(("interop.adapters.", "interop.harness.drivers.")):
            top = {
                node.module or "" if isinstance(node, ast.ImportFrom) else node.names[0].name
                for node in ast.parse(path.read_text(encoding="utf-8")).body
                if isinstance(node, ast.Import | ast.ImportFrom)
            }
            foreign = {name.split(".")[0] for name in top} - set(sys.stdlib_module_names) - {"interop", "scenarios"}
            assert not foreign, f"{module} imports {foreign} when it is imported"
