"""A real HTTP/1.1 origin in a process of its own, with every fault that a client has to survive.

    with Origin() as origin:
        for behavior in BEHAVIORS:
            origin.url(behavior), behavior.expects, origin.body(behavior)
        origin.requests()

Layers, each importing only what stands left of it:
steps -> behavior, listeners, messages -> behaviors/ -> connection -> server -> process (by command line only)
"""

from scenarios.origin.behavior import GROUPS, Behavior
from scenarios.origin.behaviors import BEHAVIORS
from scenarios.origin.process import Origin, missing

__all__ = ["BEHAVIORS", "GROUPS", "Behavior", "Origin", "missing"]
