"""@frameworks beside what users have: unittest, xfail(raises=...), a mistyped option, coverage."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from interop import pytest_plugin
from interop.testing.frameworks import NAMES
from tests.testing.sample import Run, run

XFAIL = """
import pytest

from interop.testing import frameworks


class Strange(ValueError):
    def __init__(self, one, two):
        super().__init__(one)


@pytest.mark.xfail(raises=ValueError)
@frameworks("trio")
async def test_raises_it():
    raise ValueError("as is known")


@pytest.mark.xfail(raises=(KeyError, Strange))
@frameworks("threads")
def test_raises_a_strange_one():
    raise Strange(1, 2)


@pytest.mark.xfail(raises=OSError)
@frameworks("asyncio")
async def test_raises_a_subclass():
    raise FileNotFoundError(2, "nothing")


@pytest.mark.xfail(raises=KeyError)
@frameworks("trio")
async def test_raises_another():
    raise ValueError("not known")
"""


@pytest.fixture(scope="module")
def expected_to_fail(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("xfail")
    (folder / "test_xfail.py").write_text(XFAIL)
    return run(folder)


@pytest.mark.parametrize(
    "name", ["test_raises_it[trio]", "test_raises_a_strange_one[threads]", "test_raises_a_subclass[asyncio]"]
)
def test_an_expected_error_is_an_expected_failure(expected_to_fail: Run, name: str) -> None:
    assert expected_to_fail.outcomes[name] == "xfailed", expected_to_fail.texts[name]


def test_another_error_than_the_expected_one_fails(expected_to_fail: Run) -> None:
    assert expected_to_fail.outcomes["test_raises_another[trio]"] == "failed"
    assert "ValueError: not known" in expected_to_fail.texts["test_raises_another[trio]"]


def test_a_method_of_a_test_case_says_why_it_cannot_run(tmp_path: Path) -> None:
    (tmp_path / "test_case.py").write_text(
        "import unittest\n\nfrom interop.testing import frameworks\n\n\n"
        "class Case(unittest.TestCase):\n    @frameworks('trio')\n    async def test_it(self): ...\n"
    )
    done = run(tmp_path)
    assert done.outcomes == {"test_it": "failed"}
    assert "a method of unittest.TestCase gets none from pytest: write a function" in done.texts["test_it"]
    assert "KeyError" not in done.texts["test_it"]


@pytest.mark.parametrize("asked", ["troi", "trio,troi", "Trio"])
def test_a_mistyped_framework_is_a_usage_error(asked: str, tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(
        "from interop.testing import frameworks\n\n@frameworks('trio')\nasync def test_it(): ...\n"
    )
    done = run(tmp_path, "-p", "interop.pytest_plugin", "--interop-frameworks", asked)
    assert done.code == pytest.ExitCode.USAGE_ERROR
    assert f"no framework is called {asked.rpartition(',')[2]!r}; there are asyncio, " in done.output


def test_the_plugin_knows_every_framework() -> None:
    assert set(pytest_plugin.FRAMEWORKS) == set(NAMES)


@pytest.mark.parametrize("branch", [False, True])
def test_what_runs_in_the_tests_own_processes_is_covered(branch: bool, tmp_path: Path) -> None:
    pytest.importorskip("pytest_cov", reason="`tox -e campaign` has it")
    (tmp_path / "app.py").write_text("def one(x):\n    if x:\n        return 1\n    return 2\n\n\ndef never():\n    return 3\n")
    (tmp_path / "test_app.py").write_text(
        "import app\nfrom interop.testing import frameworks\n\n"
        "@frameworks('trio')\nasync def test_one():\n    assert app.one(1) == 1\n\n"
        "@frameworks('threads', 'gevent', 'eventlet')\ndef test_two():\n    assert app.one(0) == 2\n"
    )
    (tmp_path / ".coveragerc").write_text(f"[run]\nbranch = {branch}\n")
    done = run(tmp_path, "-p", "pytest_cov", "--cov=app", "--cov-report=term-missing")
    assert done.code == 0, done.output
    assert re.search(r"^app\.py +6 +1 .* 8$", done.output, re.MULTILINE), done.output
