"""Eventlet, where it is special: killed at every switch, natively concurrent, exact requests, silent, nothing patched."""

import subprocess
import sys
from pathlib import Path

import pytest

from scenarios.fetch_and_save import FRAMEWORKS
from tests.scenarios.stage import TARGETS, Stage, request, results

if missing := FRAMEWORKS["eventlet"].missing():
    pytest.skip(missing, allow_module_level=True)

CHECKS = (
    "killed_at_every_switch",
    "killed_at_every_switch_of_tls",
    "killed_twice_at_every_switch",
    "a_callers_timeout_passes_at_every_switch",
    "killed_while_the_store_is_locked",
    "a_resolver_that_does_not_answer_is_given_up",
    "a_group_is_done_at_once",
    "a_reset_is_not_an_end",
    "two_hundred_fetches_leave_nothing",
    "requests",
)


class Checked:
    """What came of the checks, and the requests that they made last."""

    def __init__(self, folder: Path) -> None:
        stage = Stage()
        try:
            self.url = stage.url
            self.results = results("tests.scenarios.eventlet_checks", stage.url, str(folder))
            self.heads = stage.heads
        finally:
            stage.close()


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory) -> Checked:
    return Checked(tmp_path_factory.mktemp("eventlet"))


@pytest.mark.parametrize("check", CHECKS)
def test_eventlet(check: str, checked: Checked) -> None:
    assert checked.results[check] == ""


def test_every_check_is_known(checked: Checked) -> None:
    assert tuple(checked.results) == CHECKS


def test_the_request_on_the_wire_is_exact(checked: Checked) -> None:
    authorized = "Authorization: Basic dXNlcjpwdw==\r\n"
    expected = [request(checked.url, target) for target in TARGETS]
    expected += [request(checked.url, target, authorized) for target in ("/hops", "/parts")]
    assert checked.heads[-len(expected) :] == expected


def test_nothing_is_patched_by_importing_it() -> None:
    code = "import scenarios.fetch_and_save.with_eventlet, eventlet.patcher, sys; "
    code += "sys.exit(any(map(eventlet.patcher.is_monkey_patched, ('socket', 'thread', 'time', 'select', 'os'))))"
    subprocess.run([sys.executable, "-X", "dev", "-W", "error", "-c", code], check=True)
