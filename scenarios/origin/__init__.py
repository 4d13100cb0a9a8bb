"""A real HTTP/1.1 origin in a process of its own, with every fault that a client has to survive.

    with Origin() as origin:
        for behaviour in BEHAVIOURS:
            origin.url(behaviour), behaviour.expects, origin.body(behaviour)
        origin.requests()

Layers, each importing only what stands left of it:
steps -> behaviour, listeners, messages -> behaviours/ -> connection -> server -> process (by command line only)
"""

from scenarios.origin.behaviour import GROUPS, Behaviour
from scenarios.origin.behaviours import BEHAVIOURS
from scenarios.origin.process import Origin

__all__ = ["BEHAVIOURS", "GROUPS", "Behaviour", "Origin"]
