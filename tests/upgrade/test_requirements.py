"""Text of the user that goes to uv is a requirement, or is refused with exit code 2 before anything runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from interop.upgrade import covering, planning, pythons, requirements, uv
from tests.upgrade.conftest import Interop

GOOD = (
    "tornado",
    " tornado >= 6.5 ",
    "Twisted[tls, http2]>=23.10,!=24.*; python_version < '3.11' and sys_platform == \"linux\"",
    "zope.interface (== 7)",
    "outcome==1.3.0.post0",
    "a_b~=1!1.0rc1+local.1",
    "name===weird_1",
)
OPTION = "--index-url http://127.0.0.1:9/simple"
SMUGGLED = (
    f"tornado>=6.5\n{OPTION}",
    f"tornado\r{OPTION}",
    f"tornado\x0b{OPTION}",
    f"tornado\u2028{OPTION}",
    f"tornado>=6.5 {OPTION}",
    f"tornado; python_version > '3' {OPTION}",
    f"tornado; python_version > '3'\n{OPTION}",
    "tornado \\\n--pre",
    "tornado # no",
    "tornado==${HOME}",
    "tornado\n",
    "tornado @ file:///tmp/x",
    "https://example.org/tornado.whl",
    "./tornado",
    "-r other.txt",
    "-e .",
    OPTION,
    "==1",
    "",
)


@pytest.mark.parametrize("text", GOOD)
def test_a_requirement_is_taken_as_it_is(text: str) -> None:
    assert requirements.requirement(text) == text


def test_every_line_of_the_matrix_is_a_requirement() -> None:
    assert requirements.lines(covering.requirement(name, line) for name, lines in covering.LINES.items() for line in lines)


@pytest.mark.parametrize("text", SMUGGLED)
def test_what_is_no_requirement_is_refused_before_uv_is_looked_for(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def run(*arguments: object, **more: object) -> None:
        raise AssertionError("uv was started")

    monkeypatch.setattr("interop.upgrade.uv.subprocess.run", run)
    with pytest.raises(requirements.NoRequirement):
        planning.plan(pythons.running(), [text], {})
    with pytest.raises(requirements.NoRequirement):
        uv.run("pip", "compile", "-", what="nothing", specs=[text])


@pytest.mark.parametrize(
    "arguments",
    [
        ("upgrade", "alpha==2.0\n--pre", "-r", "requirements.txt"),
        ("upgrade", "alpha==2.0", "--with", "beta\n--pre", "-r", "requirements.txt"),
        ("upgrade", "alpha==2.0", "--from", "alpha==1.0\n--pre", "--alone"),
        ("upgrade", "alpha==2.0", "--python", "3.12\n--pre", "--alone"),
        ("bisect", "alpha\n--pre", "--law", "P1", "--good", "1.0", "--bad", "2.0"),
        ("bisect", "alpha", "--law", "P1", "--good", "1.0\n--pre", "--bad", "2.0"),
        ("bisect", "alpha", "--law", "P1", "--good", "1.0", "--bad", "2.0,<3\n--pre"),
        ("bisect", "alpha", "--law", "P1", "--good", "1.0", "--bad", "2.0", "--with", "beta\n--pre"),
        ("bisect", "alpha", "--law", "P1", "--good", "1.0", "--bad", "2.0", "--python", "3\n--pre"),
        ("matrix", "--results", "page.md", "--package", "trio\n--pre"),
        ("matrix", "--results", "page.md", "--python", "3.12\n--pre"),
    ],
)
def test_a_command_refuses_a_smuggled_option_and_runs_nothing(
    arguments: tuple[str, ...], interop: Interop, tmp_path: Path
) -> None:
    # The index is a folder that uv alone reads: an environment or a record in the cache would show that it ran.
    done = interop(*arguments)
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert "\\n--pre" in done.stderr, "with the text as it was"
    assert not [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]


def test_a_strange_installed_version_is_left_out_of_the_base() -> None:
    base = planning._base(pythons.running(), {"good": ("1.0", False), "bad": ("1.0\n--pre", False), "own": ("2", True)})
    assert base.pins == {"good": "1.0"}
    assert set(base.left_out) == {"bad", "own"}
