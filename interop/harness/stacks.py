"""Who waits for whom: the stacks of threads, tasks, greenlets and Deferreds, written when the parent asks with SIGUSR1.

A process that hangs in C cannot run Python code any more: then faulthandler's own dump, for SIGUSR2, is all that there is.
"""

from __future__ import annotations

import faulthandler
import gc
import os
import signal
import sys
import threading
import traceback
from collections import Counter
from collections.abc import Iterator
from typing import Any

doing = ""  # What this process does now, for whoever asks for its stacks.


def answer_requests() -> None:
    """A thread that writes the stacks to standard error for SIGUSR1; for SIGUSR2 C code does it."""
    if not hasattr(signal, "SIGUSR1"):
        return
    faulthandler.register(signal.SIGUSR2, all_threads=True)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})

    def watch() -> None:
        while signal.sigwait({signal.SIGUSR1}):
            os.write(2, (written() + "end of stacks\n").encode(errors="replace"))

    # Other threads inherit the blocked signal, so it is this one that gets it.
    threading.Thread(target=watch, name="interop stacks", daemon=True).start()


def written() -> str:
    """All stacks of this process; those that say the same, as idle workers do, once."""
    said = Counter(f"{title}\n{''.join(traceback.format_list(stack))}\n" for title, stack in _stacks())
    return (f"it runs {doing}\n\n" if doing else "") + "".join(
        text if times == 1 else f"{times} times: {text}" for text, times in said.items()
    )


def _stacks() -> Iterator[tuple[str, Any]]:
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    for ident, frame in sys._current_frames().items():
        if names.get(ident) != "interop stacks":
            yield f"thread {names.get(ident, ident)}:", traceback.extract_stack(frame)
    for thing in gc.get_objects():
        try:
            yield from _stack_of(thing)
        except Exception as error:  # It goes on meanwhile, or belongs to a loop that is gone.
            yield f"{type(thing).__name__}: {type(error).__name__}", []


def _stack_of(thing: Any) -> Iterator[tuple[str, Any]]:
    kind = f"{type(thing).__module__}.{type(thing).__qualname__}"
    if kind in ("_asyncio.Task", "asyncio.tasks.Task") and not thing.done():
        yield f"task {thing.get_name()}:", _awaited(thing.get_coro())
    elif kind in ("trio.lowlevel.Task", "trio._core._run.Task"):
        yield f"trio task {thing.name}:", _awaited(thing.coro)
    elif kind in ("gevent._gevent_cgreenlet.Greenlet", "gevent.greenlet.Greenlet", "eventlet.greenthread.GreenThread"):
        if getattr(thing, "gr_frame", None) is not None:
            yield f"greenlet {kind.rpartition('.')[2]}:", traceback.extract_stack(thing.gr_frame)
    elif kind == "twisted.internet.defer.Deferred" and not thing.called and thing.callbacks:
        waits = [getattr(step[0][0], "__qualname__", "?") for step in thing.callbacks if isinstance(step[0], tuple)]
        yield f"Deferred, not fired, with callbacks {waits}", []


def _awaited(coroutine: Any) -> Any:
    """The stack of a suspended coroutine: of what it awaits, and so on."""
    frames = []
    while coroutine is not None:
        frame = getattr(coroutine, "cr_frame", None) or getattr(coroutine, "gi_frame", None)
        if frame is not None:
            frames += traceback.extract_stack(frame, 1) if frame.f_back is None else traceback.extract_stack(frame)[-1:]
        coroutine = getattr(coroutine, "cr_await", None) or getattr(coroutine, "gi_yieldfrom", None)
    return frames
