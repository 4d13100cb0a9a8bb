"""What is special about Eventlet, checked in a process of its own."""

import contextlib
import functools
import gc
import heapq
import itertools
import socket
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from scenarios.fetch_and_save import with_eventlet
from scenarios.fetch_and_save.contract import BadResponse, Page, Store, Timeout, TLSError
from tests.scenarios import stage

import eventlet  # isort: skip (with_eventlet keeps its warning quiet)
import eventlet.greenthread  # isort: skip
import eventlet.hubs  # isort: skip


def checks(url: str, folder: str) -> dict[str, Callable[[], None]]:
    with_eventlet.fetch_and_save(url + "/hello", Store(f"{folder}/warm.db", "eventlet"))  # the hub and tpool's threads are there
    at_every_switch = functools.partial(interrupted, url, folder)
    return {
        "killed_at_every_switch": functools.partial(at_every_switch, eventlet.greenlet.GreenletExit),
        "killed_at_every_switch_of_tls": functools.partial(at_every_switch, eventlet.greenlet.GreenletExit, ends=TLSError),
        "killed_twice_at_every_switch": functools.partial(at_every_switch, eventlet.greenlet.GreenletExit, times=2),
        "a_callers_timeout_passes_at_every_switch": functools.partial(at_every_switch, eventlet.Timeout),
        "killed_while_the_store_is_locked": functools.partial(killed_while_locked, url, folder),
        "a_resolver_that_does_not_answer_is_given_up": functools.partial(deaf_resolver, url),
        "a_group_is_done_at_once": functools.partial(stage.done_at_once, with_eventlet.run, url),
        "a_reset_is_not_an_end": functools.partial(reset, url),
        "two_hundred_fetches_leave_nothing": functools.partial(leave_nothing, url, folder),
        "requests": functools.partial(ask_for_all, url),
    }


class Victim(eventlet.greenthread.GreenThread):  # type: ignore[misc]
    """A green thread in which, when it is switched into for the n-th time, `error` is raised instead, and so the next times."""

    def __init__(self, error: BaseException, first: int, times: int, work: Callable[[], object]) -> None:
        super().__init__(eventlet.hubs.get_hub().greenlet)
        self.error, self.work, self.left = error, work, range(first, first + times)
        self.turns = 0
        self.raised: BaseException | None = None
        eventlet.hubs.get_hub().schedule_call_global(0, self.switch, self.body, (), {})

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


def interrupted(
    url: str, folder: str, kind: type[BaseException], *, times: int = 1, ends: type[BaseException] | None = None
) -> None:
    """Raise an error where the fetch and save waits for the first time, the second time, and so on."""
    asked = url.replace("http:", "https:") if ends else url + "/hops"
    for first in itertools.count(2):  # the first switch is its start
        store = stage.BusyStore(Path(folder) / f"{kind.__name__}-{times}-{ends}-{first}.db", "eventlet")
        error, before = kind(), stage.sockets()
        victim = Victim(error, first, times, functools.partial(with_eventlet.fetch_and_save, asked, store))
        victim.wait()
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


def killed_while_locked(url: str, folder: str) -> None:
    store = stage.BusyStore(f"{folder}/locked.db", "eventlet")
    store.open()
    page = Page(url, url, 200, (), b"hello")
    with contextlib.closing(sqlite3.connect(store.target, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        saving = eventlet.spawn(with_eventlet.save, page, store, timeout=600)
        while not store.inside:
            eventlet.sleep(0)
        saving.kill()
        with contextlib.suppress(eventlet.greenlet.GreenletExit):
            saving.wait()
        assert not store.inside, "it was not waited for"
        other.execute("ROLLBACK")
    assert stage.saved(store) == []


def deaf_resolver(url: str) -> None:
    answer, asked = threading.Event(), socket.getaddrinfo
    socket.getaddrinfo = lambda *args, **kwargs: answer.wait(60) and []  # type: ignore[assignment]
    try:
        with_eventlet.fetch(url, timeout=0.1)
    except Timeout:
        return
    finally:
        socket.getaddrinfo = asked
        answer.set()
    raise AssertionError("no Timeout")


def reset(url: str) -> None:
    try:
        page = with_eventlet.fetch(url + "/reset")
    except BadResponse:
        return
    raise AssertionError(f"a page that was cut was taken for whole: {page}")


def leave_nothing(url: str, folder: str) -> None:
    store = Store(f"{folder}/many.db", "eventlet")

    def fetch(times: int) -> tuple[set[int], int]:
        for _ in range(times):
            with_eventlet.fetch(url + "/hops")
            with contextlib.suppress(BadResponse):
                with_eventlet.fetch(url + "/reset")
        with_eventlet.fetch_and_save(url + "/hops", store)
        store.close()  # else its writer is there or not, as the machine is fast or slow
        # The hub forgets cancelled timers when there are a thousand: how many there are is chance. In place, since its loop runs.
        hub = eventlet.hubs.get_hub()
        hub.timers[:] = [timer for timer in hub.timers if not timer[1].called]
        hub.next_timers[:] = [timer for timer in hub.next_timers if not timer[1].called]
        hub.timers_canceled = 0
        heapq.heapify(hub.timers)
        gc.collect()
        return stage.sockets(), len(gc.get_objects())

    open_before, objects_before = fetch(10)
    open_after, objects_after = fetch(100)
    assert open_after <= open_before
    assert objects_after < objects_before + 100, (objects_before, objects_after)  # a leak is one each time, or more


def ask_for_all(url: str) -> None:
    for target in stage.TARGETS:
        with_eventlet.fetch(url + target)
    with_eventlet.fetch(url.replace("//", "//user:pw@") + "/hops")
