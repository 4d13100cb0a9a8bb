"""One environment observed: what touches what moved is run there by a process of its own, and its record is kept in the cache."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from interop.errors import InteropError
from interop.record import Finding, Record, RecordError, read
from interop.upgrade import uv
from interop.upgrade.cache import digest, folder, kit, kit_revision, settle
from interop.upgrade.environments import Environment

GRACE = 10.0  # seconds for the kit to end what it started there
Progress = Callable[[int, int, str], None]


class CannotObserve(InteropError):
    """The kit itself failed in an environment."""


@dataclass(frozen=True)
class Request:
    """What shall be looked at.

    Args:
        imports: the modules of each distribution that shall be imported.
        probes: ids.
        laws: bridges and crossings, with the ids of the laws to check there.
        findings: what is known before anything runs: whether it can be installed.
    """

    imports: Mapping[str, Sequence[str]] = field(default_factory=dict)
    probes: Sequence[str] = ()
    laws: Sequence[Mapping[str, Any]] = ()
    findings: Sequence[Finding] = ()

    @property
    def empty(self) -> bool:
        """Whether nothing would run."""
        return not (self.imports or self.probes or self.laws)


def command(environment: Environment, request_file: Path) -> list[str]:
    """The command line that observes an environment from inside."""
    return [str(environment.python), "-m", "interop.upgrade.inside", str(request_file)]


def observe(
    environment: Environment,
    request: Request,
    *,
    jobs: int,
    number: int = 1,
    fresh: bool = False,
    advance: Progress | None = None,
) -> Record:
    """Run what is asked for, or take the record of the last time; `number` tells repetitions apart.

    Raises:
        CannotObserve: the kit did not come to its end there.
    """
    asked = {name: value for name, value in asdict(request).items() if name != "findings"}
    known = [asdict(finding) for finding in request.findings]
    place = folder("records") / f"{digest(environment.key, kit_revision(), asked, known)}-{number}.json"
    if not fresh:
        with contextlib.suppress(RecordError):
            return read(place)
    # An empty folder to run in: nothing of the user's may be imported instead of what is installed.
    with tempfile.TemporaryDirectory(dir=place.parent, prefix="running-") as folder_name:
        partial = Path(folder_name) / "record.json"
        document = {**asked, "findings": known, "jobs": jobs, "record": str(partial)}
        file = Path(folder_name) / "request.json"
        file.write_text(json.dumps(document), encoding="utf-8")
        work = Path(folder_name) / "work"
        work.mkdir()
        _run(command(environment, file), work, advance)
        record = read(partial)
        place.unlink(missing_ok=True)
        settle(partial, place)
    return record


def _run(words: Sequence[str], work: Path, advance: Progress | None) -> None:
    clean = {name: value for name, value in os.environ.items() if name not in uv.NOT_OURS and not name.startswith("PYTEST_")}
    environment = {**clean, "PYTHONPATH": str(kit()), "PYTHONUTF8": "1"}
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as errors:
        process = subprocess.Popen(
            words, cwd=work, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, text=True,
            errors="replace", start_new_session=sys.platform != "win32",
        )  # fmt: skip
        try:
            assert process.stdout is not None
            for line in process.stdout:
                done, _, rest = line.partition(" ")
                total, _, what = rest.partition(" ")
                if advance and done.isdigit() and total.isdigit():
                    advance(int(done), int(total), what.strip())
            process.wait()
        finally:
            _end(process)
        if process.returncode:
            errors.seek(0)
            last = (errors.read().strip().splitlines() or ["nothing"])[-1]
            raise CannotObserve(f"the kit ended with {process.returncode} in the environment {words[0]}, and said: {last}")


def _end(process: subprocess.Popen[str]) -> None:
    """End the process, and on POSIX all that it started, if it is interrupted before its own end."""
    if process.poll() is None and sys.platform != "win32":
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):  # so that it can end the sessions of its probes
            os.killpg(process.pid, signal.SIGINT)
            process.wait(GRACE)
        with contextlib.suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)
    if process.poll() is None:
        process.kill()
        process.wait()
