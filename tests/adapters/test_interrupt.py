"""Ctrl-C in a program that waits for another framework: the callee is cancelled and cleans up, then the program ends."""

from __future__ import annotations

import _thread
import contextlib
import importlib.util
import os
import signal
import subprocess
import sys
import threading

import pytest

from interop.unpatched import Thread
from tests.adapters import ROOT

CALLEE = """
import asyncio, sys, threading
async def the_caller_waits():  # its innermost frame stands still, look after look
    looks, last = 0, None
    while looks < 20:
        frame = sys._current_frames()[threading.main_thread().ident]
        looks, last = (looks + 1, last) if (frame, frame.f_lasti) == last else (0, (frame, frame.f_lasti))
        await asyncio.sleep(0.001)
async def callee():
    await the_caller_waits()
    print("started", flush=True)
    try:
        await asyncio.sleep(3600)
    finally:
        await asyncio.sleep(0)
        print("cleaned", flush=True)
"""
BLOCKING = """
import interop.adapters.{caller} as adapter
with adapter.open_portal("asyncio") as portal:
    try:
        portal.call(callee)
    except KeyboardInterrupt:
        print("interrupted", flush=True)
        raise
"""
AWAITING = """
import interop.adapters.{caller} as adapter
async def main():
    async with adapter.open_portal("asyncio") as portal:
        try:
            await portal.call(callee)
        finally:
            print("interrupted", flush=True)
import {caller}
{caller}.run(main{parens})
"""
CALLERS = {
    "threads": BLOCKING.format(caller="threads"),
    "gevent": BLOCKING.format(caller="gevent"),
    "eventlet": BLOCKING.format(caller="eventlet"),
    "asyncio": AWAITING.format(caller="asyncio", parens="()"),
    "trio": AWAITING.format(caller="trio", parens=""),
}


@pytest.mark.parametrize("caller", CALLERS)
def test_ctrl_c_cancels_the_callee_and_ends_the_program(caller: str) -> None:
    if caller != "threads" and importlib.util.find_spec(caller) is None:
        pytest.skip(f"{caller} is not installed")
    if caller == "asyncio" and sys.version_info < (3, 11):
        pytest.skip("asyncio.run() cancels its main task on Ctrl-C since Python 3.11")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", CALLEE + CALLERS[caller]]

    def with_signals_as_a_terminal_has_them() -> None:  # a background job inherits SIGINT as ignored
        signal.signal(signal.SIGINT, signal.default_int_handler)

    with subprocess.Popen(
        command,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=with_signals_as_a_terminal_has_them,
    ) as child:
        try:
            assert child.stdout is not None
            assert child.stdout.readline() == "started\n"
            child.send_signal(signal.SIGINT)
            out, err = child.communicate(timeout=60)
        finally:
            child.kill()
    assert out == "cleaned\ninterrupted\n", err
    assert child.returncode in (1, 130, -signal.SIGINT), err
    assert "KeyboardInterrupt" in err


def test_ctrl_c_while_a_thread_is_started_leaves_no_lock_that_it_waits_for(monkeypatch: pytest.MonkeyPatch) -> None:
    here, enter = threading.get_ident(), threading.Condition.__enter__

    def interrupted(condition: threading.Condition) -> bool:
        taken = enter(condition)
        if threading.get_ident() == here:
            raise KeyboardInterrupt
        return taken

    monkeypatch.setattr(threading.Condition, "__enter__", interrupted)
    runs = _thread.allocate_lock()
    runs.acquire()
    thread = Thread(runs.release, "interrupted", int)
    with contextlib.suppress(KeyboardInterrupt):
        thread.start()
    assert runs.acquire(timeout=30)
    thread.join()
