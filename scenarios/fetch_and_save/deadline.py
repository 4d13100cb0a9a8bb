"""One deadline for all of a fetch and save; it is handed from step to step, and can be expired from outside."""

import time
from collections.abc import Callable

TIMEOUT = 30.0  # seconds, for all of it
CONNECT_TIMEOUT = 10.0  # seconds, for one connection


class Deadline:
    """A moment of the monotonic clock; one for all of a fetch and save. Expiring it early is how a thread is asked to stop."""

    def __init__(self, seconds: float) -> None:
        self._moment = time.monotonic() + seconds
        self._wakes: list[Callable[[], object]] = []

    @classmethod
    def of(cls, timeout: "float | Deadline") -> "Deadline":
        """A deadline that many seconds from now; a deadline is itself."""
        return timeout if isinstance(timeout, Deadline) else cls(timeout)

    @property
    def left(self) -> float:
        """Seconds, 0.0 once it has passed."""
        return max(self._moment - time.monotonic(), 0.0)

    @property
    def is_past(self) -> bool:
        """Whether there is no time left."""
        return self._moment <= time.monotonic()

    @property
    def late(self) -> float:
        """Seconds since it passed, 0.0 before."""
        return max(time.monotonic() - self._moment, 0.0)

    def expire(self) -> None:
        """Let it have passed, and wake whoever is blocked until then."""
        self._moment = float("-inf")
        for wake in tuple(self._wakes):
            wake()

    def on_expire(self, wake: Callable[[], object]) -> None:
        """Call `wake` when it is expired early, in that thread or signal handler; whoever then looks, sees no time left."""
        self._wakes.append(wake)
