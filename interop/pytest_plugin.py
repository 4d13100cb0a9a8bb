"""The pytest plugin of the kit: a line with the frameworks' versions, --interop-frameworks, and groups for xdist.

law_tests() and frameworks() work without it. It imports no framework, and has no hook for coroutine functions: those are other
plugins' to take.
"""

from __future__ import annotations

import importlib.util
from typing import Any

# What @frameworks knows; the plugin imports nothing of the kit, and a test holds the two against each other.
FRAMEWORKS = (
    "asyncio", "asyncio[uvloop]", "tornado", "twisted", "twisted[asyncio]", "gevent", "eventlet", "trio", "anyio[asyncio]",
    "anyio[trio]", "threads",
)  # fmt: skip
# The packages, which are the distributions, too.
PACKAGES = ("tornado", "twisted", "gevent", "eventlet", "trio", "anyio", "uvloop")


def pytest_addoption(parser: Any) -> None:
    """--interop-frameworks."""
    parser.getgroup("interop").addoption(
        "--interop-frameworks",
        metavar="A,B",
        help="of the tests of @interop.testing.frameworks(), only those under these frameworks",
    )


def pytest_configure(config: Any) -> None:
    """Say what the marker means, and refuse a framework that nobody knows: it would leave out every test of ours."""
    for name in (config.getoption("--interop-frameworks") or "").split(","):
        if name and name not in FRAMEWORKS:
            import pytest

            known = ", ".join(FRAMEWORKS)
            raise pytest.UsageError(f"--interop-frameworks: no framework is called {name!r}; there are {known}")
    config.addinivalue_line("markers", "interop: put by the interop kit on the tests that it makes; select them with -m interop")


def pytest_report_collectionfinish(items: list[Any]) -> str | list[str]:
    """The frameworks that are installed; nothing to those who have no test of ours, since versions take time to read."""
    if not any(item.get_closest_marker("interop") for item in items):
        return []
    from importlib.metadata import PackageNotFoundError, version

    found = ["asyncio"]
    for name in PACKAGES:
        if importlib.util.find_spec(name) is not None:
            try:
                found.append(f"{name} {version(name)}")
            except PackageNotFoundError:
                found.append(name)
    return f"interop: {', '.join(found)}"


def pytest_collection_modifyitems(config: Any, items: list[Any]) -> None:
    """Mark our items, leave out those of other frameworks, and keep those of one worker process together under xdist."""
    asked = config.getoption("--interop-frameworks")
    wanted = set(asked.split(",")) if asked else None
    left: list[Any] = []
    out: list[Any] = []
    for item in items:
        parameters = item.callspec.params if hasattr(item, "callspec") else {}
        framework = parameters.get("interop_framework")
        law = parameters.get("interop_law")
        if framework is None and law is None:
            _refuse(item)
        else:
            item.add_marker("interop")
        if law is not None and config.pluginmanager.hasplugin("xdist"):
            import pytest

            item.add_marker(pytest.mark.xdist_group(str(law.crossing)))
        (out if wanted and framework is not None and framework not in wanted else left).append(item)
    if out:
        config.hook.pytest_deselected(items=out)
        items[:] = left


def _refuse(item: Any) -> None:
    if item.get_closest_marker("interop") is not None:
        import pytest

        raise pytest.UsageError(
            f"{item.nodeid}: a mark does not run a test under a framework: write @interop.testing.frameworks(...) above it"
        )
