"""Everything that can be checked, from one place: laws, probes, and the behaviors of the local origin."""

from __future__ import annotations

from interop.laws.law import catalogue as laws
from interop.probes.probe import catalogue as probes
from interop.report.facts import About


def about() -> dict[str, About]:
    """What the catalogue says about each check, by its id; behaviors only where the local origin is installed."""
    known = {id: About(law.sentence, law.source, law.look) for id, law in laws().items()}
    known |= {id: About(probe.sentence, probe.source) for id, probe in probes().items()}
    try:
        from scenarios.origin import BEHAVIORS
    except ImportError:
        return known
    contract = "docs/fetch-contract.md"
    return {**known, **{behavior.name: About(behavior.says, contract) for behavior in BEHAVIORS}}
