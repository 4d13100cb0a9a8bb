"""A PostgreSQL server of our own for the tests: Debian's binaries, a loopback port, a directory that goes when it ends."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

PASSWORD = "s3cret%/@"  # what a URL has to escape


def binaries() -> Path | None:
    """Where the newest installed server is."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: float(path.parts[-3]))
    return found[-1].parent if found else None


def account() -> dict[str, int]:
    """PostgreSQL refuses to run as root: who else can run it."""
    if os.geteuid() != 0:
        return {}
    import pwd

    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            return {"user": entry.pw_uid, "group": entry.pw_gid}
    return {}


class Server:
    """A running server: `url(database)` with the password of its one user in it."""

    def __init__(self, port: int) -> None:
        self.port = port

    def url(self, database: str = "postgres", **options: str) -> str:
        """Where to connect."""
        from urllib.parse import quote, urlencode

        where = f"postgresql://interop:{quote(PASSWORD, safe='')}@127.0.0.1:{self.port}/{database}"
        return f"{where}?{urlencode(options)}" if options else where


@contextlib.contextmanager
def running() -> Iterator[Server]:
    """Make a cluster, start it, and end it."""
    programs = binaries()
    assert programs is not None
    who = account()
    environment = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}
    top = Path(tempfile.mkdtemp(prefix="interop-pg-", dir="/tmp"))
    try:
        password = top / "password"
        password.write_text(PASSWORD)
        if who:
            for path in (top, password):
                os.chown(path, who["user"], who["group"])
        data = top / "data"
        subprocess.run(
            [programs / "initdb", "-D", data, "-U", "interop", "-A", "scram-sha-256", f"--pwfile={password}", "-N", "-E", "UTF8"],
            check=True,
            capture_output=True,
            cwd=top,
            env=environment,
            **who,  # type: ignore[call-overload]
        )
        with _started(programs, data, top, environment, who) as port:
            yield Server(port)
    finally:
        shutil.rmtree(top, ignore_errors=True)


def _free_port() -> int:
    """One that stays free until the server takes it: below those that the system gives to whoever asks for any."""
    for port in range(20_000 + os.getpid() % 10_000, 32_000):
        with contextlib.suppress(OSError), socket.socket() as free:
            free.bind(("127.0.0.1", port))
            return port
    raise AssertionError("no port is free")


@contextlib.contextmanager
def _started(programs: Path, data: Path, top: Path, environment: dict[str, str], who: dict[str, int]) -> Iterator[int]:
    port = _free_port()
    process = subprocess.Popen(
        [programs / "postgres", "-D", data, "-h", "127.0.0.1", "-p", str(port), "-k", top],
        stderr=subprocess.PIPE,
        text=True,
        cwd=top,
        env=environment,
        **who,  # type: ignore[call-overload]
    )
    assert process.stderr is not None
    ready, said = threading.Event(), list[str]()

    def listen() -> None:
        for line in process.stderr or ():
            said.append(line)
            if "ready to accept connections" in line:
                ready.set()
        ready.set()

    listener = threading.Thread(target=listen)
    listener.start()
    try:
        assert ready.wait(60), "the server did not start within a minute"
        assert process.poll() is None, "".join(said)
        yield port
    finally:
        process.send_signal(signal.SIGQUIT)  # at once: nobody needs the data
        process.wait()
        listener.join()
        process.stderr.close()
