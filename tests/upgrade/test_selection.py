"""What an upgrade runs: the checks that name something which moved, and those whose packages stand on it, however far down."""

import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from interop.upgrade.environments import Environment
from interop.upgrade.planning import Plan
from interop.upgrade.pythons import running
from interop.upgrade.selection import PYTHON, Touch

# What moves, and whose probes then run, so far as both are installed here.
STANDS_ON = {
    "anyio": ("httpcore",),
    "greenlet": ("gevent", "eventlet", "greenback", "asyncio_gevent"),
    "gevent": ("asyncio_gevent", "geventwebsocket"),
    "outcome": ("trio", "trio_asyncio", "greenback"),
    "pytest": ("pytest_asyncio", "pytest_trio", "pytest_twisted"),
    "sniffio": ("greenback", "trio", "trio_asyncio", "httpcore"),
    "trio": ("anyio", "greenback", "httpcore", "trio_asyncio", "pytest_trio", "tenacity", "sniffio"),
    "twisted": ("crochet", "treq", "pytest_twisted"),
}


def environment(root: Path) -> Environment:
    return Environment(Plan(running(), {}), root)


@pytest.fixture
def made(tmp_path: Path) -> Environment:
    """top needs middle for an extra, middle needs bottom; other is for bottom; tested tests with it; alone needs nothing."""

    def distribution(name: str, *lines: str) -> None:
        info = tmp_path / "lib" / "python3" / "site-packages" / f"{name}-1.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text("\n".join(["Metadata-Version: 2.1", f"Name: {name}", "Version: 1", *lines]) + "\n")
        (info.parent / name).mkdir()
        (info.parent / name / "__init__.py").touch()
        (info / "RECORD").write_text(f"{name}/__init__.py,,\n")

    distribution("top", "Requires-Dist: middle>=1; extra == 'fast'")
    distribution("middle", "Requires-Dist: bottom (>=1)")
    distribution("bottom")
    distribution("other", "Classifier: Framework :: Bottom")
    distribution("tested", "Requires-Dist: bottom; extra == 'test'")
    distribution("alone", "Classifier: Framework :: AsyncIO")
    return environment(tmp_path)


def reached(touch: Touch, names: Sequence[str]) -> list[str]:
    return [name for name in names if touch.reaches([name])]


def test_a_check_is_reached_by_what_its_package_needs_may_use_or_is_made_for(made: Environment) -> None:
    names = ("top", "middle", "bottom", "other", "tested", "alone")
    assert reached(Touch(made, made, {"bottom"}), names) == ["top", "middle", "bottom", "other"]
    assert reached(Touch(made, made, {"middle"}), names) == ["top", "middle"]
    assert reached(Touch(made, made, {"alone"}), names) == ["alone"]


def test_a_check_that_imports_a_second_module_is_reached_by_either(made: Environment) -> None:
    assert Touch(made, made, {"bottom"}).reaches(["alone", "bottom"])
    assert not Touch(made, made, {"middle"}).reaches(["alone", "bottom"])


def test_a_check_of_what_only_one_side_has_is_reached(made: Environment, tmp_path: Path) -> None:
    nothing = environment(tmp_path / "nothing")
    assert reached(Touch(nothing, made, {"bottom"}), ("top", "alone")) == ["top"]
    assert reached(Touch(made, nothing, {"bottom"}), ("top", "alone")) == ["top"]


def test_another_python_reaches_everything_that_is_there_and_the_standard_library(made: Environment) -> None:
    assert reached(Touch(made, made, {PYTHON}), ("alone", "asyncio", "python", "not_there")) == ["alone", "asyncio", "python"]


@pytest.fixture(scope="module")
def here() -> Environment:
    return environment(Path(sys.prefix))


@pytest.mark.parametrize("moved", STANDS_ON)
def test_the_probes_of_whatever_stands_on_a_framework_run_when_it_moves(here: Environment, moved: str) -> None:
    if moved not in here.distributions:
        pytest.skip(f"{moved} is not installed")
    subjects = {probe.subject for probe in Touch(here, here, {moved}).probes()}
    there = {subject for subject in STANDS_ON[moved] if subject in here.providers}
    assert moved in subjects or moved == "pytest"
    assert there <= subjects
