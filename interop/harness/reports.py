"""What a framework reports as lost, to whomever it reports: logs, hooks, standard error; all of it in one list."""

from __future__ import annotations

import logging
import sys
import threading
import warnings
from typing import Any

LOGGERS = ("asyncio", "tornado.application", "concurrent.futures", "trio", "anyio")
# A warning of these kinds is about something that was left; others are about versions and style.
KINDS = (ResourceWarning, RuntimeWarning)


class Reports(logging.Handler):
    """Listens as long as it is installed.

    Attributes:
        heard: one line for each report: who reported, and which kind; the list is emptied by whoever reads it.
    """

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.heard: list[str] = []

    def install(self) -> None:
        """Listen everywhere; for the life of this process."""
        for name in LOGGERS:
            logger = logging.getLogger(name)
            logger.addHandler(self)
            logger.propagate = False
        sys.unraisablehook = lambda lost: self.heard.append(f"unraisable: {lost.exc_value!r} in {_named(lost.object)}")
        threading.excepthook = lambda lost: self.heard.append(f"thread: {lost.exc_value!r}")
        warnings.simplefilter("ignore")
        for kind in KINDS:
            warnings.simplefilter("always", kind)
        warnings.showwarning = self._warned
        sys.stderr = Listening(self, sys.stderr)

    def emit(self, record: logging.LogRecord) -> None:
        """What was logged as an error."""
        error = record.exc_info[1] if record.exc_info else None
        self.heard.append(f"{record.name}: {record.getMessage().splitlines()[0]}{f': {error!r}' if error else ''}")

    def _warned(self, message: Any, category: type[Warning], *where: Any, **more: Any) -> None:
        self.heard.append(f"{category.__name__}: {message}")


class Listening:
    """Standard error; gevent and eventlet print there what nobody takes."""

    def __init__(self, reports: Reports, stream: Any) -> None:
        self.reports, self.stream = reports, stream

    def write(self, text: str) -> int:
        """Pass it on; a traceback is a report."""
        if "Traceback (most recent call last)" in text:
            self.reports.heard.append("standard error: a traceback")
        return int(self.stream.write(text))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


def _named(thing: object) -> str:
    return getattr(thing, "__qualname__", type(thing).__qualname__)
