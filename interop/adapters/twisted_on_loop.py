"""An asyncioreactor on a loop that runs already: the topology "loop", and the callee of a guest.

The loop has an owner, so the end of the reactor leaves the loop alone. Callees write
`from twisted.internet import reactor`: where the process's reactor is free, that is the one that serves.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from typing import Any

from twisted.internet.asyncioreactor import AsyncioSelectorReactor
from twisted.internet.base import ReactorBase
from twisted.python import threadable

from interop.adapters.twisted_reactor import CLAIMED, default, here, install_on, movable, move, obstacle, tidy


def on_loop(loop: Any) -> Callable[[], object]:
    """Have an asyncioreactor serve on a loop that runs already; what gives it up. The last to do so ends what we started."""
    served = vars(loop).get("_interop_reactor")
    if served is None:
        reactor, private = _for_loop(loop)
        begun = reactor._started or not loop.is_running()  # By its owner, who is about to run it, loop and all.
        served = [reactor, 0, _goes_on if begun else _serve(reactor, private)]
        vars(loop)["_interop_reactor"] = served
    served[1] += 1

    def leave() -> None:
        served[1] -= 1
        if served[1] == 0:
            runtime = vars(served[0]).get("_interop")
            if served[2] is not _goes_on and runtime is not None:
                runtime.end()
            vars(loop).pop("_interop_reactor", None)
            served[2]()

    return leave


def _goes_on() -> None:
    """Its owner runs it, before us and after us."""


def _for_loop(loop: Any) -> tuple[Any, bool]:
    """The reactor for a loop: the process's if that is free, since callees write `from twisted.internet import reactor`."""
    if "twisted.internet.reactor" not in sys.modules:
        install_on(loop)
    reactor: Any = default()
    elsewhere = isinstance(reactor, AsyncioSelectorReactor) and reactor._asyncioEventloop is not loop
    if elsewhere and not obstacle(reactor) and movable(reactor):
        move(reactor, loop)
    mine = getattr(reactor, "_asyncioEventloop", None) is loop and not reactor._startedBefore
    if mine and CLAIMED not in vars(reactor):
        return reactor, False
    known = getattr(here, "reactor", None)  # A private one that we run on this very loop.
    if getattr(known, "_asyncioEventloop", None) is loop:
        return known, True
    return AsyncioSelectorReactor(loop), True


def _serve(reactor: Any, private: bool) -> Callable[[], object]:
    """Start a reactor whose loop runs already; what ends it but not the loop."""
    before = threadable.ioThread
    reactor._registerAsIOThread = not private
    # stop() ends with crash(), and the asyncioreactor's own stops the loop, too.
    crash = partial(ReactorBase.crash, reactor)
    reactor.removeSystemEventTrigger(("shutdown", ("during", reactor.crash, (), {})))
    ours = reactor.addSystemEventTrigger("during", "shutdown", crash)
    reactor.startRunning(installSignalHandlers=False)

    def end() -> None:
        crash()
        if not reactor._startedBefore:  # Otherwise that is used up, and the reactor with it.
            reactor.removeSystemEventTrigger(ours)
            reactor.addSystemEventTrigger("during", "shutdown", reactor.crash)
        if not private:
            threadable.ioThread = before
        tidy(reactor, private, shared=True)

    return end
