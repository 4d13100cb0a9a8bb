"""The catalogue is well formed, costs nothing to read, and every probe says the same whenever it is asked."""

import json
import subprocess
import sys

import pytest

from interop.harness import probing
from interop.probes.probe import AREAS, Probe, catalogue

PROBES = list(catalogue().values())
# One of each kind: plain, with children, with forks, with threads, with a reactor, with sockets, with pytest.
SAMPLE = ("P3", "P18", "P31", "P58", "P62", "P94", "P229", "P243")
RANGES = {
    "python": (1, 49),
    "asyncio": (1, 49),
    "uvloop": (50, 59),
    "tornado": (60, 89),
    "twisted": (90, 119),
    "aiohttp": (220, 224),
    "async_timeout": (225, 229),
    "asgiref": (230, 239),
    "janus": (240, 244),
    "tenacity": (245, 247),
    "pytest_asyncio": (248, 254),
    "crochet": (255, 259),
}


@pytest.mark.parametrize("probe", PROBES, ids=lambda probe: probe.id)
def test_a_probe_says_who_what_where_and_why(probe: Probe) -> None:
    assert probe.id == f"P{int(probe.id[1:])}"
    assert probe.area in AREAS
    assert probe.source, "what promises the behavior, or which release or issue changed it"
    assert len(probe.sentence.split()) >= 3, "the name is the sentence"
    low, high = RANGES.get(probe.subject, (1, 999))
    assert low <= int(probe.id[1:]) <= high or int(probe.id[1:]) > 430, "an id of its subject's, or a new one"


def test_there_are_enough_probes_and_every_area_has_some() -> None:
    assert len(PROBES) >= 150
    for area in AREAS:
        assert sum(probe.area == area for probe in PROBES) >= 3, area


def test_reading_the_catalogue_imports_no_framework() -> None:
    foreign = ("asyncio", "tornado", "twisted", "gevent", "trio", "anyio", "eventlet", "uvloop", "aiohttp", "pytest", "greenlet")
    program = "import sys; from interop.probes.probe import catalogue; catalogue(); print(*sys.modules)"
    modules = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True).stdout.split()
    assert not {module.partition(".")[0] for module in modules} & set(foreign)


def test_no_value_holds_an_address_a_path_or_a_message() -> None:
    for finding in probing.run([probe for probe in PROBES if probe.id in SAMPLE], jobs=2):
        text = json.dumps(finding.evidence.get("value"))
        assert " at 0x" not in text and "/tmp/" not in text and "/home/" not in text and "site-packages" not in text


def test_a_sample_of_probes_says_the_same_twice() -> None:
    sample = [probe for probe in PROBES if probe.id in SAMPLE]
    assert [probe.id for probe in sample] == list(SAMPLE)
    first, second = ({f.check: f.evidence.get("value", f.reason) for f in probing.run(sample, jobs=2)} for _ in range(2))
    assert first == second


@pytest.mark.campaign
@pytest.mark.parametrize("subject", sorted({probe.subject for probe in PROBES}))
def test_every_probe_says_the_same_twice(subject: str) -> None:
    probes = [probe for probe in PROBES if probe.subject == subject]
    first, second = (list(probing.run(probes, jobs=2)) for _ in range(2))
    assert {f.verdict for f in first} <= {"observed", "not-applicable"}
    assert {f.check: f.evidence.get("value") for f in first} == {f.check: f.evidence.get("value") for f in second}
