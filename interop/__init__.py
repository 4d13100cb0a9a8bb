"""The interop kit for asynchronous Python.

The layers; imports go down only (tests/test_architecture.py holds the code to this drawing):

    cli                         the commands
    harness    record           what runs a matrix, and what it found, as data
    scenarios                   the same job natively in every framework
    errors                      every exception a user can meet
"""

from interop.errors import InteropError

__all__ = ["InteropError", "__version__"]

__version__ = "0.1.0"
