"""The command line of the scenario: `interop fetch`, and each with_*.py file run as a script.

One JSON line a page on standard output, once the page is durable; one line a failure on standard error. Exit code 0 when
every page came, 1 when one did not, 2 for a usage error, 130 after SIGINT, 143 after SIGTERM.
"""

import argparse
import contextlib
import json
import os
import signal
import sys
from _thread import start_new_thread  # both before anything is patched: the way out must be a real thread's
from collections.abc import Callable, Iterator
from time import sleep
from types import FrameType
from typing import Any, NoReturn, TypeVar

from scenarios.fetch_and_save import FRAMEWORKS, urls
from scenarios.fetch_and_save.deadline import TIMEOUT
from scenarios.fetch_and_save.errors import FetchAndSaveError, one_line
from scenarios.fetch_and_save.job import Errand, Job
from scenarios.fetch_and_save.store import Store
from scenarios.fetch_and_save.visit import MAX_BODY, Page

EXIT_CODES = {signal.SIGINT: 130, signal.SIGTERM: 143}
LONGEST_PLACE = urls.MAX_URL + 100  # characters
GRACE = 0.7  # seconds that a framework has to cancel, clean up and return

Number = TypeVar("Number", int, float)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what every way to call the scenario has in common."""
    parser.add_argument("urls", nargs="+", metavar="URL", help="an absolute http or https URL")
    parser.add_argument("--store", metavar="PATH.db", help="save into this SQLite file, sqlite:///... or postgresql://...")
    parser.add_argument("--timeout", type=_positive(float), default=TIMEOUT, metavar="S", help="seconds for all of a page (30)")
    parser.add_argument("--max-bytes", type=_positive(int), default=MAX_BODY, metavar="N", help="bytes of one body (64 MiB)")
    parser.add_argument("--concurrency", type=_positive(int), default=10, metavar="N", help="pages at once (10)")


def script(framework: str) -> NoReturn:
    """Be the command of one scenario file, which may have a flavor in brackets as its --framework."""
    parser = argparse.ArgumentParser(description=f"Fetch URLs and save their bodies, with {framework}.")
    add_arguments(parser)
    names = [name for name in FRAMEWORKS if FRAMEWORKS[name].module == FRAMEWORKS[framework].module]
    parser.add_argument("--framework", choices=names, default=framework, metavar="NAME", help="one of " + ", ".join(names))
    options = parser.parse_args()
    sys.exit(fetch(options.framework, options))


def fetch(name: str, options: argparse.Namespace) -> int:
    """Fetch every URL in one framework, in this process. Returns the exit code; after a signal it does not return."""
    if missing := FRAMEWORKS[name].missing():
        return complain("Usage", f"cannot fetch with {name!r}: {missing}", 2)
    return perform(name, options, lambda job: FRAMEWORKS[name].load().run(job))


def perform(name: str, options: argparse.Namespace, run: Callable[[Job], None]) -> int:
    """Fetch every URL by `run`, which the lines and the rows call `name`. As fetch()."""
    store = Store(options.store, name) if options.store else None
    with _progress(len(options.urls)) as advance:
        output = _Output(name, store is not None, advance)
        job = Job(name, errands(options), output.report, store=store, concurrency=options.concurrency)
        with stopped_by_signals(job):
            job.open_store()
            try:
                run(job)
            except ImportError as error:  # It is installed, but not for this Python, or a library of its own is missing.
                return complain("Usage", f"cannot fetch with {name!r}: {type(error).__name__}: {error}", 2)
    return output.exit_code


def errands(options: argparse.Namespace) -> list[Errand]:
    """What the command line asks for."""
    return [Errand(url, {"timeout": options.timeout, "max_body": options.max_bytes}) for url in options.urls]


def complain(kind: str, what: object, exit_code: int, *, where: str = "") -> int:
    """Say one line on standard error, each part cut for itself: a long reason must not cost the URL. Returns the exit code."""
    place = f" [{one_line(where, LONGEST_PLACE if len(where) < LONGEST_PLACE else 300)}]" if where else ""
    with contextlib.suppress(OSError):
        sys.stderr.write(f"interop: {kind}: {one_line(what)}{place}\n")
        sys.stderr.flush()
    return exit_code


def say_page(page: dict[str, Any]) -> bool:
    """Write one JSON line to standard output at once; False, with a complaint, if nobody can read it."""
    line = {name: page[name] for name in ("url", "final_url", "framework", "status", "bytes", "sha256", "stored")}
    try:
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()
    except OSError as error:
        # Else the interpreter would try again at exit, and print a traceback.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        complain("Output", f"cannot write to standard output: {error.strerror}", 1)
        return False
    return True


def described(page: Page) -> dict[str, Any]:
    """What is said of a page in JSON."""
    return {
        "url": page.url,
        "final_url": page.final_url,
        "status": page.status,
        "bytes": len(page.body),
        "sha256": page.sha256,
    }


class _Output:
    """What is said about each page."""

    def __init__(self, framework: str, stored: bool, advance: Callable[[], None]) -> None:
        self._framework, self._stored, self._advance = framework, stored, advance
        self.exit_code = 0

    def report(self, errand: Errand, outcome: Page | FetchAndSaveError) -> None:
        self._advance()
        if isinstance(outcome, FetchAndSaveError):
            self.exit_code = complain(outcome.kind, outcome, 1, where=urls.without_credentials(errand.url))
        elif not say_page({**described(outcome), "framework": self._framework, "stored": self._stored}):
            self.exit_code = 1


@contextlib.contextmanager
def stopped_by_signals(job: Job) -> Iterator[None]:
    """SIGINT and SIGTERM stop the job natively; the process then ends with their exit code, at the latest after GRACE."""
    came: list[int] = []

    def stop(signum: int, frame: FrameType | None) -> None:
        if came:
            return
        came.append(signum)
        start_new_thread(_leave_in_time, (signum,))
        if not job.stop():
            _leave(signum)

    before = {number: signal.getsignal(number) for number in EXIT_CODES}
    for number, handler in before.items():
        if handler is not signal.SIG_IGN:  # a shell's background job is to ignore SIGINT
            signal.signal(number, stop)
    try:
        yield
    finally:
        if came:
            _leave(came[0])
        for number, handler in before.items():
            signal.signal(number, handler)


def _leave_in_time(signum: int) -> None:
    sleep(GRACE)
    _leave(signum)


def _leave(signum: int) -> NoReturn:
    """End at once: threads that nothing can cancel (a resolver, a lock) must not hold the process."""
    name = signal.Signals(signum).name
    with contextlib.suppress(OSError):
        os.write(2, f"interop: Interrupted: stopped by {name}\n".encode())
    os._exit(EXIT_CODES[signal.Signals(signum)])


@contextlib.contextmanager
def _progress(total: int) -> Iterator[Callable[[], None]]:
    """A bar on a terminal, where there is more than one page and rich is installed."""
    if total > 1 and sys.stderr.isatty():
        with contextlib.suppress(ImportError):
            from rich.console import Console
            from rich.progress import MofNCompleteColumn, Progress

            with Progress(*Progress.get_default_columns(), MofNCompleteColumn(), console=Console(stderr=True)) as bar:
                task = bar.add_task("pages", total=total)
                yield lambda: bar.advance(task)
                return
    yield lambda: None


def _positive(number: type[Number]) -> Callable[[str], Number]:
    def positive(text: str) -> Number:
        value = number(text)
        if not 0 < value < float("inf"):
            raise ValueError
        return value

    positive.__name__ = f"positive {number.__name__}"  # argparse names it in its complaint
    return positive
