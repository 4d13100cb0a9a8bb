"""What the store's writer says to those who wait in one event loop: one wake-up of the loop for all that it says at one time."""

import contextlib
from collections import deque
from collections.abc import Callable
from typing import Any, ClassVar
from weakref import WeakKeyDictionary

from scenarios.fetch_and_save.errors import FetchAndSaveError
from scenarios.fetch_and_save.writer import Done

Tell = Callable[[FetchAndSaveError | None], object]


class Outcomes:
    """The outcomes on their way into one loop. The first of them calls the loop, which then takes all that have come."""

    loops: ClassVar["WeakKeyDictionary[Any, Outcomes]"] = WeakKeyDictionary()

    def __init__(self) -> None:
        self._came: deque[tuple[Tell, FetchAndSaveError | None]] = deque()
        self._is_called = False

    @classmethod
    def of(cls, loop: Any) -> "Outcomes":
        """Those of a loop, or of what stands for it; made when they are first asked for."""
        found = cls.loops.get(loop)
        return found if found is not None else cls.loops.setdefault(loop, cls())

    def by(self, call_soon: Callable[[Callable[[], None]], object], tell: Tell) -> Done:
        """What to give to the writer, so that `tell` is called in the loop.

        Args:
            call_soon: has the loop call a function, from any thread; raises RuntimeError when the loop is over.
        """

        def done(error: FetchAndSaveError | None) -> None:
            self._came.append((tell, error))
            if not self._is_called:  # else it takes this one, too: it forgets that it was called before it looks
                self._is_called = True
                with contextlib.suppress(RuntimeError):  # the loop is closed, the run finished: nobody waits
                    call_soon(self._tell_all)

        return done

    def _tell_all(self) -> None:
        self._is_called = False
        while self._came:
            tell, error = self._came.popleft()
            tell(error)
