"""Code that asks who runs it is told right, also where the caller was started by a plain anyio.run(), which leaves its word."""

from __future__ import annotations

import sys
import threading
import types
from typing import Any

import pytest

from tests.adapters.sides import side, sniffed

CALLEES = [
    *(
        ("asyncio", "thread"),
        ("trio", "thread"),
        ("anyio[asyncio]", "thread"),
        ("anyio[trio]", "thread"),
        ("twisted[private]", "thread"),
    ),
    *(("gevent", "thread"), ("threads", "thread"), ("tornado", "loop"), ("trio", "guest"), ("asyncio", "guest")),
]


@pytest.mark.parametrize(("callee_name", "topology"), CALLEES)
@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_under_a_plain_anyio_run_both_sides_know_who_runs(backend: str, callee_name: str, topology: str) -> None:
    anyio = pytest.importorskip("anyio")
    pytest.importorskip("sniffio")
    import interop.adapters.anyio

    if (topology, backend) in (("loop", "trio"), ("guest", callee_name)):
        pytest.skip("there is no such crossing")
    if backend == "trio":
        pytest.importorskip("trio")
    callee = side(callee_name)
    seen: list[Any] = []

    async def asked() -> list[str | None]:
        first = sniffed()
        await callee.turn()
        return [first, sniffed()]

    async def main() -> None:
        async with interop.adapters.anyio.open_portal(callee_name, topology=topology) as portal:
            seen.append(sniffed())
            seen.append(await portal.call(callee.native(asked)))
            seen.append(sniffed())
            if callee_name.startswith("anyio"):
                seen.append(await portal.call(anyio.get_cancelled_exc_class))

    anyio.run(main, backend=backend)
    expected: list[Any] = [backend, [callee.library] * 2, backend]
    if callee_name.startswith("anyio"):
        expected.append(callee.cancel_type)
    assert seen == expected


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_call_back_into_a_plain_anyio_run_knows_who_runs(backend: str) -> None:
    anyio = pytest.importorskip("anyio")
    pytest.importorskip("sniffio")
    if backend == "trio":
        pytest.importorskip("trio")
    import interop.adapters.anyio
    import interop.adapters.threads

    async def asked() -> tuple[str | None, int]:
        await anyio.sleep(0)
        return sniffed(), threading.get_ident()

    def in_a_thread(runtime: Any) -> Any:
        with interop.adapters.threads.open_portal(runtime) as portal:
            return portal.call(asked)

    async def main() -> Any:
        async with interop.adapters.anyio.open_portal("threads") as threads:
            return await threads.call(in_a_thread, interop.adapters.anyio.current())

    assert anyio.run(main, backend=backend) == (backend, threading.get_ident())


@pytest.mark.parametrize(("caller", "topology"), [("threads", "thread"), ("gevent", "guest")])
def test_a_sniffio_that_another_thread_imports_just_now_is_not_asked(
    caller: str, topology: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    adapter: Any = side(caller).adapter
    for name in ("sniffio", "trio._core._run"):
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    with adapter.open_portal("asyncio", topology=topology) as portal:
        assert portal.call(int, "1") == 1
