"""The file shows the finding where the kit is not installed: an isolated interpreter with the folder of the frameworks alone."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from interop.bridges import known
from interop.bridges.crossing import NAMES, Crossing
from interop.cli import main
from interop.errors import InteropError
from interop.harness import packing, reproducing, showing
from interop.harness.showing import FAILED, MISSING, NOT_SHOWN, SHOWN
from interop.record import Finding

MOST = 200  # lines, where no scenario is needed
# -S: no .pth file is read, so an editable install of the kit is not found; -I: no variable and no folder either.
BARE = """
import importlib.util, runpy, sys
sys.path += sys.argv[2:]
assert importlib.util.find_spec("interop") is None and importlib.util.find_spec("scenarios") is None
sys.argv = sys.argv[1:2]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def shown(text: str, tmp_path: Path, *path: str) -> subprocess.CompletedProcess[str]:
    file = tmp_path / "shows.py"
    file.write_text(text, encoding="utf-8")
    command = [sys.executable, "-I", "-S", "-c", BARE, str(file), *path]
    return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300)


def law(id: str, crossing: str, bridge: str = "portal") -> str:
    text = reproducing.law(id, Crossing.parse(crossing), bridge)
    if not id.startswith("F"):
        assert text.count("\n") < MOST
    return text


CHAPTERS = [
    ("V7", "threads->anyio[asyncio]/thread", "portal"),
    ("C2", "trio->asyncio/guest", "portal"),
    ("X1", "tornado->anyio[trio]/guest", "portal"),
    ("L1", "twisted[asyncio]->gevent/thread", "portal"),
    ("R1", "eventlet->twisted/thread", "portal"),
    ("S1", "asyncio[uvloop]->trio/thread", "portal"),
    ("H1", "twisted->asyncio/thread", "portal"),
    ("F1", "threads->trio/thread", "portal"),
]


@pytest.mark.parametrize(("id", "crossing", "bridge"), CHAPTERS)
def test_a_law_of_each_chapter_is_checked_from_one_file(id: str, crossing: str, bridge: str, tmp_path: Path, site: str) -> None:
    missing = Crossing.parse(crossing).missing
    if missing:
        pytest.skip(missing)
    done = shown(law(id, crossing, bridge), tmp_path, site)
    assert done.returncode == NOT_SHOWN, done.stdout + done.stderr
    assert f"{id} kept on {crossing}" in done.stdout


@pytest.mark.parametrize(
    ("id", "crossing", "bridge"),
    [
        ("X8", "asyncio->trio/guest", "portal"),
        ("R4", "tornado->trio/guest", "portal"),
        ("F4", "asyncio->twisted[asyncio]/loop", "twisted-asfuture"),
    ],
)
def test_a_broken_law_is_shown_and_that_is_exit_code_1(id: str, crossing: str, bridge: str, tmp_path: Path, site: str) -> None:
    if missing := Crossing.parse(crossing).missing:
        pytest.skip(missing)
    done = shown(law(id, crossing, bridge), tmp_path, site)
    assert done.returncode in ((SHOWN, NOT_SHOWN) if id == "F4" else (SHOWN,)), done.stdout + done.stderr
    assert f"{id} {'broken' if done.returncode else 'kept'} on {crossing}" in done.stdout


@pytest.mark.campaign
@pytest.mark.parametrize("name", NAMES)
def test_every_framework_is_packed_with_all_that_it_loads_by_name(name: str, tmp_path: Path, site: str) -> None:
    for crossing in (f"{name}->asyncio/thread", f"asyncio->{name}/thread", f"{name}->threads/thread"):
        if Crossing.parse(crossing).missing is None:
            done = shown(law("V1", crossing), tmp_path, site)
            assert done.returncode == NOT_SHOWN, done.stdout + done.stderr


@pytest.mark.campaign
@pytest.mark.parametrize("bridge", [name for name in known() if name not in ("portal", "control")])
def test_every_bridge_is_packed_with_all_that_it_loads(bridge: str, tmp_path: Path, site: str) -> None:
    for crossing in known()[bridge][1].crossings[:2]:
        done = shown(reproducing.law("V1", crossing, bridge), tmp_path, site)
        assert done.returncode in (NOT_SHOWN, SHOWN, MISSING), done.stdout + done.stderr
        assert "ModuleNotFoundError" not in done.stdout + done.stderr, done.stdout


def test_what_is_not_installed_is_exit_code_3_and_named(tmp_path: Path) -> None:
    done = shown(law("V1", "trio->asyncio/thread"), tmp_path)
    assert done.returncode == MISSING, done.stdout + done.stderr
    assert "Trio is not installed" in done.stdout


@pytest.mark.parametrize(
    ("verdict", "evidence", "code"),
    [
        ("not-applicable", {}, MISSING),
        ("kit-error", {}, FAILED),
        ("observed", {"value": {"import fails": "ImportError: no"}}, MISSING),
        ("observed", {"value": 2}, NOT_SHOWN),
        ("observed", {"value": 1}, SHOWN),
    ],
)
def test_what_a_probe_says_is_an_exit_code(
    verdict: str, evidence: dict[str, Any], code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    finding = Finding("P1", "P", "python", verdict, "why", evidence)
    monkeypatch.setattr("interop.harness.probing.observe", lambda probe: finding)
    assert showing.main({"probe": "P1", "value": 1}) == code


def test_a_file_that_fails_itself_is_exit_code_4(tmp_path: Path, site: str) -> None:
    text = law("V1", "threads->asyncio/thread")
    for broken in (
        text.replace('PACKED = """\n', 'PACKED = """\nAAAA'),
        text.replace("'crossing': 'threads->asyncio/thread'", "'crossing': 'nowhere'"),
        text.replace("interop.bridges.portals:Portals", "interop.bridges.nowhere:Portals"),
    ):
        assert broken != text
        done = shown(broken, tmp_path, site)
        assert done.returncode == FAILED, done.stdout + done.stderr
        assert "the file itself failed" in done.stderr


def test_a_probe_shows_what_it_saw_when_the_file_was_made(tmp_path: Path, site: str) -> None:
    text = reproducing.probe("P1")
    assert text.count("\n") < MOST
    done = shown(text, tmp_path, site)
    assert done.returncode == SHOWN, done.stdout + done.stderr
    other = text.replace("'value': ", "'value': 'something else', 'before': ")
    assert other != text
    done = shown(other, tmp_path, site)
    assert done.returncode == NOT_SHOWN, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("id", "crossing", "bridge", "needs"),
    [
        ("V1", "trio->trio/thread", "portal", "trio"),
        ("V1", "anyio[trio]->trio/thread", "portal", "anyio, trio"),
        ("V1", "gevent->asyncio[uvloop]/thread", "portal", "gevent, uvloop"),
        ("V1", "trio->asyncio/guest", "portal", "greenlet, trio"),
        ("V1", "threads->asyncio/thread", "portal", "Python alone"),
        ("V1", "asyncio->twisted[asyncio]/loop", "twisted-asfuture", "twisted"),
        ("F1", "asyncio->twisted[asyncio]/loop", "twisted-asfuture", "aiohttp, async-timeout, idna, trustme, twisted[tls]"),
    ],
)
def test_the_packages_are_named_once(id: str, crossing: str, bridge: str, needs: str) -> None:
    assert f"Run it where these are installed: {needs}\n" in reproducing.law(id, Crossing.parse(crossing), bridge)


def test_the_check_stands_in_the_file_as_text() -> None:
    text = law("C2", "threads->asyncio/thread")
    assert "# async def the_caller_resumes_after_the_callees_cleanup" in text


def test_a_finding_that_there_is_not_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(InteropError, match="no law is called 'C99'"):
        reproducing.law("C99", Crossing("threads", "asyncio", "thread"), "portal")
    with pytest.raises(InteropError, match="no probe is called 'P9999'"):
        reproducing.probe("P9999")
    for finding in (
        "C2@<script>->b/thread",
        "C2@trio->asyncio/loop",
        "C2@trio->trio/alone",
        "C2@",
        "C2@x",
        "@trio->asyncio/thread",
    ):
        assert main(["reproduce", finding]) == 2, finding
        assert capsys.readouterr().err.startswith("interop: Usage: ")


def statements(text: str) -> str:
    """The module's tree without docstrings, and without the `pass` that stands where one was all there was."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, packing.DOCUMENTED):
            documented = ast.get_docstring(node, clean=False) is not None
            node.body = [step for step in node.body[documented:] if not isinstance(step, ast.Pass)]
    return ast.dump(tree)


def test_a_packed_module_has_the_same_statements_and_no_word_more() -> None:
    for path in packing.closure(["interop.harness.showing", "interop.harness.runner", "interop.cli"]):
        if path.suffix == ".py":
            text = path.read_text(encoding="utf-8")
            bare = packing.bare(text)
            assert statements(bare) == statements(text), path
            assert packing.bare(bare) == bare, path
