"""blockingCallFromThread(), and crochet likewise: a StopIteration arrives as it is, and ends the caller's loop unheard (V22)."""

import sys
from collections.abc import Iterator

from twisted.internet import reactor
from twisted.internet.threads import blockingCallFromThread, deferToThread

seen: list[int] = []


class Rows(Iterator[int]):
    def __next__(self) -> int:
        return int(blockingCallFromThread(reactor, fetch))


def fetch() -> int:
    return next(iter([]))  # A mistake in the callee.


def caller() -> None:
    for row in Rows():
        seen.append(row)
    seen.append(-1)


done = deferToThread(caller).addBoth(lambda result: reactor.stop())  # type: ignore[attr-defined]
reactor.run()  # type: ignore[attr-defined]
print(f"the loop over the rows ended without an error: {seen == [-1]}")
sys.exit(seen == [-1])
