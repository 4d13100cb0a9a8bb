"""blockingCallFromThread(): a call whose reactor is stopped is never answered (L18)."""

import sys
import threading

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.threads import blockingCallFromThread

answered = threading.Event()


def stops() -> Deferred[None]:
    reactor.stop()  # type: ignore[attr-defined]
    return Deferred()


def caller() -> None:
    try:
        blockingCallFromThread(reactor, stops)
    finally:
        answered.set()


threading.Thread(target=caller, daemon=True).start()
reactor.run()  # type: ignore[attr-defined]
print(f"the reactor has ended; the call was answered: {answered.wait(0.5)}, and nobody is left who could")
sys.exit(not answered.is_set())
