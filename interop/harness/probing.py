"""Drive probes: each in a fresh interpreter and a session of its own, ended by its id; a hang and a crash are values, too."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import interop
from interop.harness.stuck import Watch, members
from interop.probes.probe import Probe
from interop.record import Finding

LOOK = 0.1  # seconds between two looks at a probe that has not ended yet
STACKS = 20_000  # characters of standard error that a finding keeps


def run(probes: Sequence[Probe], *, jobs: int, python: str = sys.executable) -> Iterator[Finding]:
    """Observe with all probes, that many at a time, and yield each finding as it is known.

    Args:
        python: the interpreter whose environment is observed; the kit itself is brought along.

    Yields:
        One Finding a probe, in the order in which they end: "observed", "not-applicable" or, if the probe is wrong, "kit-error".
    """
    started: list[subprocess.Popen[bytes]] = []
    with ThreadPoolExecutor(jobs) as pool:
        try:
            for done in as_completed([pool.submit(observe, probe, python, started) for probe in probes]):
                yield done.result()
        finally:  # also when the caller was interrupted and goes no further
            pool.shutdown(wait=False, cancel_futures=True)
            for process in started:
                _end(process)


def observe(probe: Probe, python: str = sys.executable, started: "list[subprocess.Popen[bytes]] | None" = None) -> Finding:
    """Observe with one probe; its process is in `started` as long as it lives."""
    began = time.monotonic()
    with TemporaryDirectory(prefix="interop-probe-") as folder:
        answer, stacks = _answer([python, "-m", "interop.probes.one", probe.id], Path(folder), [] if started is None else started)
    if "value" in answer:
        verdict, reason, evidence = "observed", "", {"value": answer["value"]}
    else:
        verdict, reason, evidence = "not-applicable", answer.get("missing", ""), {}
    if "fault" in answer:
        verdict, reason = "kit-error", answer["fault"]
    return Finding(
        check=probe.id,
        chapter="P",
        subject=probe.subject,
        verdict=verdict,
        reason=reason,
        evidence={**evidence, "area": probe.area, "source": probe.source},
        name=probe.fn.__name__,
        strength="PROBE",
        seconds=round(time.monotonic() - began, 3),
        stacks=stacks,
    )


def _answer(command: Sequence[str], folder: Path, started: "list[subprocess.Popen[bytes]]") -> "tuple[dict[str, Any], str]":
    """What the process said, and the stacks if it hung or crashed. Files, not pipes: a grandchild cannot keep them open."""
    home = folder / "home"
    home.mkdir()
    with (folder / "said").open("w+b") as said, (folder / "printed").open("w+b") as printed:
        process = subprocess.Popen(
            command,
            cwd=home,
            env=environment(home),
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=printed,
            start_new_session=True,
        )
        started.append(process)
        try:
            hung = _hangs(process)
            if hung:
                _ask_for_stacks(process, printed.fileno())
        finally:
            _end(process)
            started.remove(process)
        said.seek(0)
        line = said.read()
        if line.endswith(b"\n"):
            return json.loads(line), ""
        printed.seek(0)
        return {"value": "hang" if hung else _ended(process.returncode)}, printed.read().decode(errors="replace")[-STACKS:]


def environment(home: Path) -> "dict[str, str]":
    """The same for every probe on every machine, so far as it goes: nothing of the user's settings changes a value."""
    root = Path(interop.__file__).parents[1]
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH", "SYSTEMROOT", "TMPDIR") if name in os.environ}
    return {
        **kept,
        # An installed kit is found without it, and its neighbors must not come before the standard library.
        **({} if root.name in ("site-packages", "dist-packages") else {"PYTHONPATH": str(root)}),
        "HOME": str(home),
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "PYTHONHASHSEED": "0",
        "PYTHONNOUSERSITE": "1",
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    }


def _hangs(process: "subprocess.Popen[bytes]") -> bool:
    """Wait until the process ends, or until it is known that it will not."""
    watch = Watch(process.pid)
    while True:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(LOOK)
            return False
        if watch.hung():
            return True


def _ask_for_stacks(process: "subprocess.Popen[bytes]", printed: int) -> None:
    """Let faulthandler write where each thread is; it answers from a signal handler, so also where Python code is stuck."""
    before = os.fstat(printed).st_size
    if not hasattr(signal, "SIGUSR2"):
        return
    process.send_signal(signal.SIGUSR2)
    until = time.monotonic() + 1.0
    size = before
    while time.monotonic() < until:
        time.sleep(0.05)
        last, size = size, os.fstat(printed).st_size
        if size == last > before or process.poll() is not None:
            return


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End the process and whatever it started in its session."""
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    process.wait()
    for pid in members(process.pid):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _ended(code: int) -> str:
    if code >= 0:
        return f"exit: {code}"
    try:
        return f"crash: {signal.Signals(-code).name}"
    except ValueError:
        return f"crash: signal {-code}"
