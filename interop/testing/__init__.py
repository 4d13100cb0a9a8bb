"""For test suites of others: the laws as pytest items for a bridge's author, one test in many frameworks for an application's.

laws.py         law_tests(): one item a law and crossing
frameworks.py   frameworks(): a test function for each framework, in processes of their own
child.py        what runs in such a process
"""

from __future__ import annotations

from interop.bridges.bridge import CAPABILITIES, Bridge
from interop.bridges.crossing import Crossing
from interop.laws.departures import Departure
from interop.testing.frameworks import frameworks
from interop.testing.laws import law_tests

__all__ = ["CAPABILITIES", "Bridge", "Crossing", "Departure", "frameworks", "law_tests"]
