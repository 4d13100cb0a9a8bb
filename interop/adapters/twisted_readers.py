"""What a reactor can watch for us: a file descriptor of somebody else's, and the adapter's own bell."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReadDescriptor
from zope.interface import implementer


@implementer(IReadDescriptor)
class Reader:
    """A file descriptor that somebody waits for; it belongs to somebody else."""

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self.deferred: Deferred[None] = Deferred()

    def fileno(self) -> int:
        """The descriptor."""
        return self.fd

    def doRead(self) -> None:
        """It is readable, or it is late."""
        if not self.deferred.called:
            self.deferred.callback(None)

    def connectionLost(self, reason: object) -> None:
        """The reactor ends."""
        self.doRead()

    def logPrefix(self) -> str:
        """For the log."""
        return "interop"


@implementer(IReadDescriptor)
class Ear:
    """What hears a bell in a reactor, and does not hold it."""

    def __init__(self, fd: int, doRead: Callable[[], object]) -> None:
        self.fd, self.doRead = fd, doRead

    def fileno(self) -> int:
        """The bell's descriptor."""
        return self.fd

    def connectionLost(self, reason: object) -> None:
        """The reactor ends."""

    def logPrefix(self) -> str:
        """For the log."""
        return "interop"
