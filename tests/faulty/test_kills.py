"""Every law can fail: each has a fault that breaks it, and (in the campaign) each fault breaks exactly the laws that are pinned.

After a law or a fault has changed: python -m tests.faulty.pin, and read the diff.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Any

import pytest

from interop.laws.law import catalogue
from interop.record import Finding
from tests.faulty.matrix import BAD, every, faults, findings, made_for
from tests.faulty.pin import HERE, LAWS, expected, killers, pinned, steady


@pytest.fixture(scope="module")
def killed() -> set[tuple[str, str]]:
    """Fault and law, of the laws that the faults are made for."""
    return {(finding.bridge, finding.check) for finding in made_for() if finding.verdict in BAD}


@pytest.fixture(scope="module")
def matrix() -> Sequence[Finding]:
    return list(findings())


def broken(matrix: Sequence[Finding], name: str) -> list[str]:
    order = list(catalogue())
    return sorted((it.check for it in matrix if it.bridge == name and it.verdict in BAD), key=order.index)


@pytest.mark.campaign
@pytest.mark.parametrize("name", faults())
def test_a_fault_breaks_exactly_the_laws_that_are_pinned(matrix: Sequence[Finding], name: str) -> None:
    why = {it.check: (it.verdict, it.reason) for it in matrix if it.bridge == name and it.verdict in BAD}
    assert steady(name, broken(matrix, name)) == expected(pinned(), name), why


@pytest.mark.parametrize("name", faults())
def test_a_fault_breaks_the_law_that_it_is_made_for(killed: set[tuple[str, str]], name: str) -> None:
    assert (name, faults()[name].breaks) in killed


@pytest.mark.parametrize("id", catalogue())
def test_every_law_is_broken_by_a_fault(killed: set[tuple[str, str]], id: str) -> None:
    since = min(kind.since for kind in every().values() if kind.breaks == id)
    if sys.version_info < since:
        pytest.skip(f"the fault that is made for it needs Python {'.'.join(map(str, since))}")
    assert any(law == id for _, law in killed), f"nothing breaks {id}"


def test_every_law_has_a_fault_that_is_made_for_it() -> None:
    assert {kind.breaks for kind in every().values()} == set(catalogue())


@pytest.mark.campaign
def test_the_unspoiled_portals_keep_every_law_on_the_crossings_of_the_faults(matrix: Sequence[Finding]) -> None:
    good = [it for it in matrix if it.bridge == "portal"]
    assert {it.check for it in good if it.verdict == "kept"} >= set(catalogue()) - {"V8"}
    bad = [it for it in good if it.verdict not in ("kept", "not-applicable") and not it.departure]
    assert [(it.subject, it.check, it.reason) for it in bad] == []


@pytest.mark.campaign
def test_no_fault_keeps_a_worker_from_its_laws(matrix: Sequence[Finding]) -> None:
    assert [(it.bridge, it.check, it.reason) for it in matrix if it.verdict in ("blocked", "kit-error")] == []


def test_the_pins_are_of_the_faults_that_there_are() -> None:
    pins = pinned()
    assert list(pins) == list(every()), "run python -m tests.faulty.pin"
    assert {name: pin["on"] for name, pin in pins.items()} == {name: kind.on for name, kind in every().items()}


def test_what_the_wheel_says_about_the_faults_is_what_is_pinned() -> None:
    shipped: dict[str, Any] = json.loads(LAWS.read_text(encoding="utf-8"))
    assert shipped == killers(pinned()), f"{LAWS.name} is not made of {HERE}: run python -m tests.faulty.pin"
    assert all(shipped.values())


def test_two_faults_do_not_break_the_same_laws_in_the_same_words() -> None:
    said = [kind.__doc__ for kind in every().values()]
    assert all(said) and len(set(said)) == len(said)
