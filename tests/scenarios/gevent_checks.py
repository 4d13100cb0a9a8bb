"""What is special about gevent, checked in a process of its own; `with_gevent` or `with_gevent_patched` is the first argument."""

import contextlib
import functools
import gc
import importlib
import itertools
import sqlite3
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from scenarios.fetch_and_save.contract import BadResponse, Page, Store, TLSError
from tests.scenarios import stage


def checks(name: str, url: str, folder: str) -> dict[str, Callable[[], None]]:
    module = importlib.import_module(f"scenarios.fetch_and_save.{name}")
    import gevent

    module.fetch_and_save(url + "/hello", Store(f"{folder}/warm.db", "gevent"))  # the hub, its resolver and its threads are there
    at_every_switch = functools.partial(interrupted, module, url, folder)
    return {
        "killed_at_every_switch": functools.partial(at_every_switch, gevent.GreenletExit),
        "killed_at_every_switch_of_tls": functools.partial(at_every_switch, gevent.GreenletExit, ends=TLSError),
        "killed_twice_at_every_switch": functools.partial(at_every_switch, gevent.GreenletExit, times=2),
        "a_callers_timeout_passes_at_every_switch": functools.partial(at_every_switch, gevent.Timeout),
        "killed_while_the_store_is_locked": functools.partial(killed_while_locked, module, url, folder),
        "a_group_is_done_at_once": functools.partial(stage.done_at_once, module.run, url),
        "a_reset_is_not_an_end": functools.partial(reset, module, url),
        "two_hundred_fetches_leave_nothing": functools.partial(leave_nothing, module, url, folder),
        "requests": functools.partial(ask_for_all, module, url),
    }


def victim_class() -> type[Any]:
    import gevent

    class Victim(gevent.Greenlet):  # type: ignore[misc]
        """A greenlet in which, when it is switched into for the n-th time, `error` is raised instead, and so the next times."""

        def __init__(self, error: BaseException, first: int, times: int, work: Callable[[], object]) -> None:
            super().__init__(self.body)
            self.error, self.work, self.left = error, work, range(first, first + times)
            self.turns = 0
            self.raised: BaseException | None = None

        def switch(self, *arguments: Any) -> Any:
            self.turns += 1
            if self.turns in self.left:
                return self.throw(self.error)
            return super().switch(*arguments)

        def body(self) -> None:
            try:
                self.work()
            except BaseException as error:
                self.raised = error

    return Victim


def interrupted(
    module: ModuleType,
    url: str,
    folder: str,
    kind: type[BaseException],
    *,
    times: int = 1,
    ends: type[BaseException] | None = None,
) -> None:
    """Raise an error where the fetch and save waits for the first time, the second time, and so on."""
    asked = url.replace("http:", "https:") if ends else url + "/hops"
    victim_type = victim_class()
    for first in itertools.count(2):  # the first switch is its start
        store = stage.BusyStore(Path(folder) / f"{kind.__name__}-{times}-{ends}-{first}.db", "gevent")
        error, before = kind(), stage.sockets()
        victim = victim_type(error, first, times, functools.partial(module.fetch_and_save, asked, store))
        victim.start()
        victim.join()
        if victim.turns < first:
            break
        assert victim.raised is error, (first, victim.raised)
        assert stage.sockets() <= before, first
        stage.check_whole_or_absent(store)
    if ends is None:
        assert victim.raised is None
        assert stage.saved(store) == [b"hello"]
        assert first > 8, "a redirect, two connections and two calls of the store wait more often"
    else:
        assert isinstance(victim.raised, ends)
        assert first > 4, "the store, the resolver, a connection and a handshake wait more often"


def killed_while_locked(module: ModuleType, url: str, folder: str) -> None:
    import gevent

    store = stage.BusyStore(f"{folder}/locked.db", "gevent")
    store.open()
    page = Page(url, url, 200, (), b"hello")
    with contextlib.closing(sqlite3.connect(store.target, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        saving = gevent.spawn(module.save, page, store, timeout=600)
        while not store.inside:
            gevent.sleep(0)
        saving.kill()
        assert not store.inside, "it was not waited for"
        assert isinstance(saving.value, gevent.GreenletExit)
        other.execute("ROLLBACK")
    assert stage.saved(store) == []


def reset(module: ModuleType, url: str) -> None:
    try:
        page = module.fetch(url + "/reset")
    except BadResponse:
        return
    raise AssertionError(f"a page that was cut was taken for whole: {page}")


def leave_nothing(module: ModuleType, url: str, folder: str) -> None:
    store = Store(f"{folder}/many.db", "gevent")

    def fetch(times: int) -> tuple[set[int], int]:
        for _ in range(times):
            module.fetch(url + "/hops")
            with contextlib.suppress(BadResponse):
                module.fetch(url + "/reset")
        module.fetch_and_save(url + "/hops", store)
        store.close()  # else its writer is there or not, as the machine is fast or slow
        gc.collect()
        return stage.sockets(), len(gc.get_objects())

    open_before, objects_before = fetch(10)
    open_after, objects_after = fetch(100)
    assert open_after <= open_before
    assert objects_after <= objects_before + 20


def ask_for_all(module: ModuleType, url: str) -> None:
    for target in stage.TARGETS:
        module.fetch(url + target)
    module.fetch(url.replace("//", "//user:pw@") + "/hops")
