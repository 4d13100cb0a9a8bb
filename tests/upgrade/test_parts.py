"""The small parts: what a requirement, a subject and uv's words say."""

import pytest

from interop.upgrade import pythons, uv
from interop.upgrade.selection import words_in


@pytest.mark.parametrize(
    ("spec", "name"),
    [
        ("tornado", "tornado"),
        ("tornado>=6.6", "tornado"),
        ("Twisted[tls]>=23.10; python_version < '3.11'", "twisted"),
        ("zope.interface == 7", "zope-interface"),
        ("a_b~=1", "a-b"),
        ("==1", ""),
        ("", ""),
        ("-r file", ""),
    ],
)
def test_a_requirement_names_a_distribution(spec: str, name: str) -> None:
    assert uv.name_of(spec) == name


def test_pins_are_read_from_files_and_from_what_uv_says() -> None:
    lines = [
        " + anyio==4.16.0",
        "# via x==1",
        "A_b[c]==1.0 ; python_version > '3' \\",
        "    --hash=sha256:aa",
        "tornado>=6",
        "-e .",
    ]
    assert uv.pins_in(lines) == {"anyio": "4.16.0", "a-b": "1.0"}


@pytest.mark.parametrize(
    ("subject", "words"),
    [
        ("tornado", ["tornado"]),
        ("trio->twisted[asyncio]/thread", ["trio", "twisted", "asyncio"]),
        ("anyio[trio]", ["anyio", "trio"]),
        ("twisted.internet", ["twisted"]),
    ],
)
def test_a_subject_names_the_modules_that_it_rests_on(subject: str, words: list[str]) -> None:
    assert words_in(subject) == words


def test_a_python_that_this_machine_does_not_have_is_named_with_those_that_it_has() -> None:
    with pytest.raises(pythons.NoInterpreter, match=pythons.running().version):
        pythons.find("3.99")


def test_the_running_python_is_found_by_its_version_and_its_line() -> None:
    running = pythons.running()
    assert pythons.find(running.version).version == running.version
    assert pythons.find(running.line).line == running.line
