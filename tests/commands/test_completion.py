"""The completion that a shell gets completes what the commands take; bash is asked itself."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from interop.cli import COMMANDS
from scenarios.fetch_and_save import FRAMEWORKS

ASK = """
source "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
_interop
printf '%s\\n' "${COMPREPLY[@]}"
"""


def script(shell: str) -> str:
    command = [sys.executable, "-X", "dev", "-W", "error", "-m", "interop", "completion", shell]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout


@pytest.fixture(scope="module")
def bash(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("bash") is None:
        pytest.skip("no bash")
    path = tmp_path_factory.mktemp("bash") / "interop"
    path.write_text(script("bash"))
    return path


def completed(bash: Path, *words: str) -> list[str]:
    folder = bash.parent / "folder"
    folder.mkdir(exist_ok=True)
    (folder / "a record.json").touch()
    (folder / "asynciou").touch()  # what asyncio[uvloop] would match as a pattern
    done = subprocess.run(
        ["bash", "-u", "-c", ASK, "bash", str(bash), "interop", *words], cwd=folder, capture_output=True, text=True
    )
    assert done.stderr == ""
    return sorted(line for line in done.stdout.splitlines() if line)


def test_commands_and_their_options_are_completed(bash: Path) -> None:
    assert set(COMMANDS) <= set(completed(bash, ""))
    assert completed(bash, "dia") == []
    assert completed(bash, "doc") == ["doctor"]
    assert completed(bash, "report", "record.json", "--ju") == ["--junit"]


def test_names_are_completed_also_after_a_comma_and_in_brackets(bash: Path) -> None:
    assert completed(bash, "fetch", "--framework", "asy") == sorted(name for name in FRAMEWORKS if name.startswith("asy"))
    assert completed(bash, "run", "--framework", "trio,tor") == ["trio,tornado"]
    assert completed(bash, "diff", "--fail-on", "") == ["change", "regression"]
    assert "P1" in completed(bash, "laws", "P")


def test_files_are_completed_where_a_file_is_wanted(bash: Path) -> None:
    assert completed(bash, "report", "a") == ["a record.json", "asynciou"]
    assert completed(bash, "run", "--record", "a") == ["a record.json", "asynciou"]
    assert completed(bash, "run", "--jobs", "a") == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_can_read_its_script(shell: str, tmp_path: Path) -> None:
    text = script(shell)
    for name in COMMANDS:
        assert name in text
    if shutil.which(shell) is None:
        pytest.skip(f"no {shell} to read it with")
    (tmp_path / "script").write_text(text)
    assert subprocess.run([shell, "-n", str(tmp_path / "script")], capture_output=True, text=True).stderr == ""


def test_an_unknown_shell_is_a_usage_error() -> None:
    done = subprocess.run([sys.executable, "-m", "interop", "completion", "tcsh"], capture_output=True, text=True, timeout=120)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
