"""`interop bisect` names the release, and says why where there is none to name."""

import json

import pytest

from tests.upgrade.conftest import Interop


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--law", "V1", "--crossing", "asyncio->threads/thread"), "sees the same in alpha 1.0 and 2.0"),
        (("--law", "V1"), "say where it is checked"),
        (("--law", "P99999"), "no law or probe is called 'P99999'"),
        (("--law", "V1", "--crossing", "asyncio->nowhere/thread"), "no crossing is called"),
        (("--law", "V1", "--crossing", "asyncio->threads/thread", "--bad", "9.0"), "alpha 9.0 cannot be installed"),
    ],
)
def test_what_cannot_be_bisected_is_exit_code_2_in_one_line(arguments: tuple[str, ...], words: str, interop: Interop) -> None:
    done = interop("bisect", "alpha", "--good", "1.0", "--bad", "2.0", *arguments)
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert not done.stdout


@pytest.mark.campaign
def test_the_release_that_mended_the_reference_cycle_of_outcome_is_found(
    interop: Interop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Real releases, from the index: outcome 1.1.0 frees the failing frame at once (python-trio/outcome #29)."""
    monkeypatch.delenv("UV_CONFIG_FILE")
    done = interop("bisect", "outcome", "--law", "P260", "--good", "1.0.1", "--bad", "1.3.0.post0", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["last"], found["first"]) == ("1.0.1", "1.1.0")
    assert found["page"].endswith("/outcome/1.1.0/")
    assert len(found["ran"]) < found["between"]
