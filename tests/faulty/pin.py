"""Write down what each fault breaks: python -m tests.faulty.pin [FAULT ...]

kills.json says it for Python 3.12, and, where they differ, for others: a pin made by another Python changes only that Python's
lines. interop/laws/kills.json says it the other way round, a law's faults, its own first, for `interop laws ID`.
"""

from __future__ import annotations

import difflib
import json
import sys
from functools import partial
from pathlib import Path
from typing import Any

from interop.laws.law import catalogue
from tests.faulty.matrix import every, faults, verdicts

HERE = Path(__file__).with_name("kills.json")
LAWS = Path(__file__).parents[2] / "interop/laws/kills.json"
REFERENCE = "3.12"
VERSION = f"{sys.version_info[0]}.{sys.version_info[1]}"


def pinned() -> dict[str, Any]:
    return json.loads(HERE.read_text(encoding="utf-8")) if HERE.exists() else {}


def expected(pins: dict[str, Any], name: str) -> list[str] | None:
    """The laws that a fault breaks on this Python."""
    pin = pins.get(name, {})
    return pin.get("python", {}).get(VERSION, pin.get("breaks"))  # type: ignore[no-any-return]


def steady(name: str, laws: list[str]) -> list[str]:
    """What can be pinned: which programs of chapter M meet a fault depends on threads and load, but for its own law."""
    return [law for law in laws if not law.startswith("M") or law == every()[name].breaks]


def put(pins: dict[str, Any], found: dict[str, list[str]]) -> dict[str, Any]:
    """The pins with what was found on this Python."""
    put: dict[str, Any] = {}
    for name, kind in every().items():
        pin = dict(pins.get(name, {}), on=kind.on)
        others = pin.pop("python", {})
        if name in found:
            laws = steady(name, found[name])
            others.pop(VERSION, None)
            if VERSION == REFERENCE or "breaks" not in pin:
                pin["breaks"] = laws
            elif laws != pin["breaks"]:
                others[VERSION] = laws
        put[name] = {**pin, **({"python": dict(sorted(others.items()))} if others else {})}
    return put


def killers(pins: dict[str, Any]) -> dict[str, list[str]]:
    """The faults that break each law: first those that are made for it, then by how much else they break."""
    own = {name: kind.breaks for name, kind in every().items()}

    def near(law: str, name: str) -> tuple[bool, int, str]:
        return own[name] != law, len(pins[name]["breaks"]), name

    return {
        law: sorted((name for name, pin in pins.items() if law in pin.get("breaks", ())), key=partial(near, law))
        for law in catalogue()
    }


def lines(what: dict[str, Any]) -> str:
    """JSON, a line for each name."""
    return "{\n" + ",\n".join(f"  {json.dumps(name)}: {json.dumps(value)}" for name, value in what.items()) + "\n}\n"


def main(names: list[str]) -> int:
    found, wrong = verdicts(names or None)
    before = HERE.read_text(encoding="utf-8") if HERE.exists() else ""
    after = lines(put(pinned(), found))
    sys.stdout.writelines(difflib.unified_diff(before.splitlines(True), after.splitlines(True), "pinned", "found", n=0))
    HERE.write_text(after, encoding="utf-8")
    LAWS.write_text(lines(killers(pinned())), encoding="utf-8")
    for finding in wrong:
        print(f"{finding.bridge} on {finding.subject}: {finding.check} {finding.verdict}: {finding.reason}")
    for name, laws in found.items():
        if faults()[name].breaks not in laws:
            print(f"{name} does not break {faults()[name].breaks}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
