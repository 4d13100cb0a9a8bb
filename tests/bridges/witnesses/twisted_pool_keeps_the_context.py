"""deferToThread(): what one call sets in a context variable is there in the next call of that thread (X10)."""

import contextvars
import sys
from collections.abc import Generator
from typing import Any

from twisted.internet.defer import inlineCallbacks
from twisted.internet.task import react
from twisted.internet.threads import deferToThread

variable = contextvars.ContextVar("variable", default="nothing")


@inlineCallbacks
def main(reactor: Any) -> Generator[Any, Any, None]:
    reactor.suggestThreadPoolSize(1)
    yield deferToThread(variable.set, "another call's")
    seen = yield deferToThread(variable.get)
    print(f"the next call sees: {seen}")
    sys.exit(seen != "nothing")


react(main)
