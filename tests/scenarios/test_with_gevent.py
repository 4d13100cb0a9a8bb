"""gevent, where it is special: killed at every switch, natively concurrent, exact requests, silent; patched and unpatched."""

import subprocess
import sys
from pathlib import Path

import pytest

from scenarios.fetch_and_save import FRAMEWORKS
from tests.scenarios.stage import TARGETS, Stage, request, results

if missing := FRAMEWORKS["gevent"].missing() or FRAMEWORKS["gevent[patched]"].missing():
    pytest.skip(missing, allow_module_level=True)

CHECKS = (
    "killed_at_every_switch",
    "killed_at_every_switch_of_tls",
    "killed_twice_at_every_switch",
    "a_callers_timeout_passes_at_every_switch",
    "killed_while_the_store_is_locked",
    "a_group_is_done_at_once",
    "a_reset_is_not_an_end",
    "two_hundred_fetches_leave_nothing",
    "requests",
)


class Checked:
    """What came of one module's checks, and the requests that they made last."""

    def __init__(self, name: str, folder: Path) -> None:
        stage = Stage()
        try:
            self.url = stage.url
            self.results = results("tests.scenarios.gevent_checks", name, stage.url, str(folder))
            self.heads = stage.heads
        finally:
            stage.close()


@pytest.fixture(scope="module", params=["with_gevent", "with_gevent_patched"])
def checked(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Checked:
    return Checked(request.param, tmp_path_factory.mktemp("gevent"))


@pytest.mark.parametrize("check", CHECKS)
def test_gevent(check: str, checked: Checked) -> None:
    assert checked.results[check] == ""


def test_every_check_is_known(checked: Checked) -> None:
    assert tuple(checked.results) == CHECKS


def test_the_request_on_the_wire_is_exact(checked: Checked) -> None:
    authorized = "Authorization: Basic dXNlcjpwdw==\r\n"
    expected = [request(checked.url, target) for target in TARGETS]
    expected += [request(checked.url, target, authorized) for target in ("/hops", "/parts")]
    assert checked.heads[-len(expected) :] == expected


def test_nothing_is_patched_by_importing_the_unpatched() -> None:
    code = "import scenarios.fetch_and_save.with_gevent, gevent.monkey, sys; sys.exit(any(map(gevent.monkey.is_module_patched, "
    code += "('socket', 'ssl', 'threading', 'time', 'select'))))"
    subprocess.run([sys.executable, "-X", "dev", "-W", "error", "-c", code], check=True)
