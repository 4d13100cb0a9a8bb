"""deferToThread() and blockingCallFromThread(): no context variable reaches the other side (X1, X3, X11); crochet rests on it."""

import contextvars
import sys
from collections.abc import Generator
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import inlineCallbacks
from twisted.internet.task import react
from twisted.internet.threads import blockingCallFromThread, deferToThread

variable = contextvars.ContextVar("variable", default="nothing")


def asked() -> str:
    variable.set("the caller's")
    return str(blockingCallFromThread(reactor, variable.get))


@inlineCallbacks
def main(reactor: Any) -> Generator[Any, Any, None]:
    variable.set("the caller's")
    into_thread = yield deferToThread(variable.get)
    into_reactor = yield deferToThread(asked)
    print(f"in the thread: {into_thread}; in the reactor: {into_reactor}")
    sys.exit(into_thread == into_reactor == "nothing")


react(main)
