"""Every code block in the README and the docs runs: Python as it stands, `$ interop ...` against a local server."""

import os
import re
import shlex
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Server

ROOT = Path(__file__).parents[1]
BLOCKS = [
    pytest.param(language, code, id=f"{path.relative_to(ROOT)}:{text[: found.start()].count(chr(10)) + 1}")
    for path in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    for text in [path.read_text(encoding="utf-8")]
    for found in re.finditer(r"^```(\w+)\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    for language, code in [found.groups()]
]
# The matrix is tox's own command; what builds environments is tested in tests/upgrade, with packages that cost nothing.
APART = ("run", "upgrade", "bisect", "matrix")
EXAMPLE = re.compile(r"https?://example\.(?:org|com)")


def hello(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")


@pytest.mark.parametrize(("language", "code"), BLOCKS)
def test_a_code_block_runs(language: str, code: str, tmp_path: Path, serve: Callable[..., Server]) -> None:
    code = EXAMPLE.sub(serve(hello).url, code)
    if language == "python":
        run([sys.executable, "-W", "error", "-c", code], tmp_path)
    elif language == "console":
        for line in code.splitlines():
            words = shlex.split(line, comments=True)
            if words[:2] == ["$", "interop"] and words[2] not in APART:
                if "interop-record.json" in words:
                    record(tmp_path)
                run([sys.executable, "-W", "error", "-m", "interop", *words[2:]], tmp_path)
            else:
                assert words[:1] in ([], ["$"]), f"not a command: {line}"
    else:
        assert language in ("text", "sql"), f"a block of {language} is not run by anybody"


def record(folder: Path) -> None:
    run([sys.executable, "-m", "interop", "run", "--law", "V1", "--crossing", "threads->asyncio/thread"], folder)


def run(command: list[str], folder: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)} if (ROOT / "interop").exists() else None
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, env=environment)
    assert done.returncode == 0, done.stdout + done.stderr
