"""docs/testing-a-bridge.md says what comes of its examples: it is true."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from interop.bridges import known
from tests.testing.sample import ROOT, run

DOCS = ROOT / "docs"
pytestmark = pytest.mark.skipif(not DOCS.exists(), reason="the docs are not installed")


def block(name: str) -> str:
    text = (DOCS / "testing-a-bridge.md").read_text(encoding="utf-8")
    codes: list[str] = re.findall(r"^```python\n(.*?)^```", text, re.M | re.S)
    return next(code for code in codes if code.startswith(f"# {name}"))


def outcomes(folder: Path, name: str, code: str) -> dict[str, str]:
    (folder / name).write_text(code, encoding="utf-8")
    done = run(folder, "-W", "error")
    assert done.outcomes, done.output
    return {re.sub(r"test_law\[(\w+)\[.*", r"\1", test): outcome for test, outcome in done.outcomes.items()}


def test_the_example_of_a_bridge_ends_as_the_page_says(tmp_path: Path) -> None:
    code = block("test_my_bridge.py")
    kept = dict.fromkeys(("V1", "V3", "X1", "X2", "X4", "L5"), "passed")
    assert outcomes(tmp_path, "test_my_bridge.py", code) == {**kept, "C6": "skipped", "S1": "skipped"}
    without = code.replace("partial(copied.run, fn,", "partial(fn,")
    assert without != code
    assert outcomes(tmp_path, "test_my_bridge.py", without)["X1"] == "failed"


def test_the_example_of_an_application_passes(tmp_path: Path) -> None:
    found = outcomes(tmp_path, "test_my_application.py", block("test_my_application.py"))
    assert set(found.values()) == {"passed"}, found


def test_the_page_on_bridges_has_every_crossing_of_every_bridge() -> None:
    text = (DOCS / "bridges.md").read_text(encoding="utf-8")
    rows = set(re.findall(r"^\| ([\w-]+) \| `([^`]+)` \|", text, re.M))
    others = {name: kind for name, (_, kind) in known().items() if name not in ("portal", "control")}
    assert rows == {(name, str(at)) for name, kind in others.items() for at in kind.crossings}
