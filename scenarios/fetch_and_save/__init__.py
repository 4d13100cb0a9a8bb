"""Fetch a URL and save the body: one scenario, native in every framework, indistinguishable from outside.

Start with contract.py, then read any two of the with_*.py files side by side. `FRAMEWORKS` names them all.
"""

import importlib.util
from dataclasses import dataclass
from types import ModuleType

_HERE = __name__


@dataclass(frozen=True)
class Framework:
    """One way to run the scenario: a module here, the packages it imports, and the extra that brings them."""

    name: str
    module: str
    needs: tuple[str, ...]
    extra: str

    def missing(self) -> str | None:
        """Why it cannot run here, in words; None if it can. Imports nothing."""
        absent = [package for package in self.needs if importlib.util.find_spec(package) is None]
        if not absent:
            return None
        return f"{' and '.join(absent)} not installed; install with: pip install 'async-interop[{self.extra}]'"

    def load(self) -> ModuleType:
        """Import the scenario, and with it the framework."""
        return importlib.import_module(f"{_HERE}.{self.module}")


def _all() -> tuple[Framework, ...]:
    twisted = {
        "": "with_twisted",
        "[callbacks]": "with_twisted_callbacks",
        "[inlineCallbacks]": "with_twisted_inlinecallbacks",
        "[asyncio]": "with_twisted",
        "[asyncio,callbacks]": "with_twisted_callbacks",
        "[asyncio,inlineCallbacks]": "with_twisted_inlinecallbacks",
    }
    return (
        Framework("nothing", "with_nothing", (), "nothing"),
        Framework("threads", "with_threads", ("urllib3",), "threads"),
        Framework("asyncio", "with_asyncio", ("aiohttp",), "asyncio"),
        Framework("asyncio[uvloop]", "with_asyncio", ("aiohttp", "uvloop"), "uvloop"),
        Framework("tornado", "with_tornado", ("tornado",), "tornado"),
        *(Framework(f"twisted{options}", module, ("twisted", "OpenSSL"), "twisted") for options, module in twisted.items()),
        Framework("gevent", "with_gevent", ("gevent", "geventhttpclient"), "gevent"),
        Framework("gevent[patched]", "with_gevent_patched", ("gevent", "geventhttpclient", "urllib3"), "gevent"),
        Framework("eventlet", "with_eventlet", ("eventlet",), "eventlet"),
        Framework("trio", "with_trio", ("trio", "httpcore"), "trio"),
        Framework("anyio[asyncio]", "with_anyio", ("anyio", "httpcore"), "anyio"),
        Framework("anyio[trio]", "with_anyio", ("anyio", "httpcore", "trio"), "anyio"),
    )


FRAMEWORKS: dict[str, Framework] = {framework.name: framework for framework in _all()}
