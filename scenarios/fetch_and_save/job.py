"""A job: many URLs for one framework to fetch and save, as natively concurrent as it can.

The framework's `run(job)` takes each errand in turn, makes an attempt at it and says how that ended; nothing here waits.
"""

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

from scenarios.fetch_and_save.deadline import TIMEOUT, Deadline
from scenarios.fetch_and_save.errors import FetchAndSaveError
from scenarios.fetch_and_save.store import Store
from scenarios.fetch_and_save.visit import Page

OPENING = 3.0  # seconds; a store that is locked for longer is waited for by each attempt, within its deadline

Report = Callable[["Errand", "Page | FetchAndSaveError"], None]


@dataclass(frozen=True)
class Errand:
    """One URL to fetch; `limits` are keyword arguments of fetch()."""

    url: str
    limits: dict[str, Any] = field(default_factory=dict)


class Job:
    """Errands for one framework.

    Attempts begin one in each turn of the framework's loop, so what has begun goes on before more begins. A thousand that
    begin in one turn have one deadline, and on a busy machine the work of this process for the others takes longer than that.

    Args:
        framework: its name with its options, as in "twisted[asyncio]"; saved with every page.
        store: None to fetch only.
        concurrency: how many attempts may be under way at once.
        report: called in the framework's thread as each errand ends, after its page is durable.
    """

    def __init__(
        self, framework: str, errands: Sequence[Errand], report: Report, *, store: Store | None = None, concurrency: int = 1
    ) -> None:
        self.framework = framework
        self.errands = tuple(errands)
        self.store = store
        self.concurrency = concurrency
        self.stopped = False
        self.latest = 0.0  # seconds that the latest attempt so far ended after its deadline
        self._report = report
        self._cancel: Callable[[], object] | None = None
        self._under_way: set[Deadline] = set()

    @property
    def options(self) -> frozenset[str]:
        """What stands in the brackets of the framework's name."""
        return frozenset(filter(None, self.framework.partition("[")[2].rstrip("]").split(",")))

    def attempt(self, errand: Errand) -> "Attempt":
        """Begin: the errand's deadline runs from here."""
        return Attempt(self, errand)

    def open_store(self) -> None:
        """Open the store once, before the first attempt. Blocks, for OPENING at most.

        All attempts that begin while the store is being opened go on in the same turn. An error is left to the attempts: each of
        them opens the store for itself.
        """
        if self.store is not None:
            with contextlib.suppress(FetchAndSaveError):
                self.store.open(min([OPENING, *(errand.limits.get("timeout", TIMEOUT) for errand in self.errands)]))

    def on_stop(self, cancel: Callable[[], object]) -> None:
        """Register the native way to cancel all attempts; it is called in a signal handler, in the main thread."""
        self._cancel = cancel
        if self.stopped:
            cancel()

    def stop(self) -> bool:
        """Cancel all attempts natively; threads that wait for a lock give up within a tenth of a second.

        Returns:
            False if the framework has not begun, so that there is nothing to wait for.
        """
        self.stopped = True
        for deadline in tuple(self._under_way):
            deadline.expire()
        if self._cancel is None:
            return False
        self._cancel()
        return True


class Attempt:
    """One go at an errand: a context manager that is given `page`, or told with succeed() and fail()."""

    page: Page

    def __init__(self, job: Job, errand: Errand) -> None:
        self._job, self._errand = job, errand
        self._deadline = Deadline.of(errand.limits.get("timeout", TIMEOUT))
        self.limits: dict[str, Any] = {**errand.limits, "timeout": self._deadline}
        job._under_way.add(self._deadline)

    def succeed(self, page: Page) -> None:
        """It was fetched, and saved if there is a store."""
        self._end(page)

    def fail(self, error: FetchAndSaveError) -> None:
        """It was not; the error is one of the contract's kinds."""
        self._end(error)

    def _end(self, outcome: Page | FetchAndSaveError) -> None:
        self._job._under_way.discard(self._deadline)
        if not self._job.stopped:
            self._job.latest = max(self._job.latest, self._deadline.late)
            self._job._report(self._errand, outcome)

    def __enter__(self) -> "Attempt":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None) -> bool:
        if error is None:
            self.succeed(self.page)
            return False
        if isinstance(error, FetchAndSaveError):
            self.fail(error)
            return True
        self._job._under_way.discard(self._deadline)
        return False
