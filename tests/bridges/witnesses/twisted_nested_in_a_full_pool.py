"""deferToThread(): nested calls wait for a thread that the calls above them hold (L3, L4)."""

import sys
from collections.abc import Generator
from typing import Any

from twisted.internet.defer import inlineCallbacks
from twisted.internet.task import react
from twisted.internet.threads import blockingCallFromThread, deferToThread

began: list[int] = []


@inlineCallbacks
def main(reactor: Any) -> Generator[Any, Any, None]:
    reactor.suggestThreadPoolSize(1)

    def nested() -> Any:  # Only the thread that waits for it could run it.
        return deferToThread(began.append, 1).addTimeout(1, reactor).addErrback(lambda failure: None)

    def outer() -> bool:
        blockingCallFromThread(reactor, nested)
        return not began

    shown = yield deferToThread(outer)
    print(f"the nested call had no thread while the outer call waited for it: {shown}")
    sys.exit(shown)


react(main)
