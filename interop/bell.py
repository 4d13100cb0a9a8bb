"""Bell: an eventfd, which any thread may ring and a loop's own poller hears.

A loop's own way in for other threads is dearer: asyncio's is a socket pair, three system calls a wake-up, one of which fails.
"""

from __future__ import annotations

import contextlib
import os

from interop.unpatched import close

POSSIBLE = hasattr(os, "eventfd")


class Bell:
    """Rung anywhere, heard in one loop.

    The descriptor is closed when nobody holds the bell any more, so that no thread can ring one that has become another file.
    """

    def __init__(self) -> None:
        self.fd = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)

    def fileno(self) -> int:
        """What the poller watches."""
        return self.fd

    def ring(self) -> None:
        """Make it readable."""
        os.eventfd_write(self.fd, 1)

    def hear(self) -> None:
        """Make it silent again."""
        with contextlib.suppress(BlockingIOError):
            os.eventfd_read(self.fd)

    def __del__(self) -> None:
        close(self.fd)
