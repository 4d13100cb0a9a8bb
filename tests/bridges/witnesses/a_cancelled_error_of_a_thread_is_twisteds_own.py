"""deferToThread(), asFuture(): the caller's CancelledError arrives as it is, as if the call had been cancelled (C28)."""

import sys

from twisted.internet import reactor
from twisted.internet.defer import CancelledError
from twisted.internet.threads import deferToThread
from twisted.python.failure import Failure

seen: list[object] = []


def plain() -> None:
    raise CancelledError


def ended(result: object) -> None:
    seen.append(isinstance(result, Failure) and result.check(CancelledError))
    reactor.stop()  # type: ignore[attr-defined]


deferToThread(plain).addBoth(ended)
reactor.run()  # type: ignore[attr-defined]
print(f"nobody has cancelled the Deferred; it has ended as cancelled: {bool(seen[0])}")
sys.exit(bool(seen[0]))
