"""Thread: each loop in a thread of its own, with wake() between them.

The thread is a daemon: a program that forgets to close its portal still ends.
"""

from __future__ import annotations

import threading

from interop.runtime import Runtime
from interop.topologies.hosted import Adapter, Hosted


class InThread(Hosted):
    """A loop in a thread of its own."""

    thread: threading.Thread

    async def stop(self) -> None:
        """Ask the loop to end, and wait until its thread has."""
        await super().stop()
        self.thread.join()  # Its last act was to say so: this waits for microseconds.


async def start(here: Runtime, name: str, adapter: Adapter, flavour: str) -> Hosted:
    """Start a loop in a new thread, and wait until it runs.

    Raises:
        whatever the framework raises when it cannot start.
    """
    hosted = InThread(here, name, adapter.current)

    def live() -> None:
        ended_by: BaseException | None = None
        try:
            adapter.run(hosted.main, flavour)
        except BaseException as error:  # It is the cause that every waiting caller will see.
            ended_by = error
        hosted.over(ended_by)

    hosted.thread = threading.Thread(target=live, name=f"interop {name}", daemon=True)
    hosted.thread.start()
    await here.wait(hosted.started)
    return hosted
