"""The interop kit for asynchronous Python.

The layers; imports go down only (tests/test_architecture.py holds the code to this drawing):

    cli                         the commands
    harness    record           what runs a matrix, and what it found, as data
    scenarios                   the same job natively in every framework
    adapters/x                  all that is known about framework x, behind one protocol; loaded by name, when asked for
    portal     wrapping         what a user holds: calls, streams, entered context managers, hybrid futures
    streams    managers         many steps in one task of the callee: a conversation
    topologies conversation     two loops side by side
    runtime    blocking         one running loop, as a call sees it
    call                        one call in flight; the only neutral object
    errors                      every exception a user can meet
"""

from interop.errors import InteropError

__all__ = ["InteropError", "__version__"]

__version__ = "0.1.0"
