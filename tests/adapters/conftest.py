"""A rule for these tests: what changes the whole process that imports it is imported in another one."""

import os
import sys
from collections.abc import Iterator

import pytest

# From their import on eventlet warns at each fork, and trio_asyncio runs the loops of asyncio.run() in Trio: others would fail.
APART = ("eventlet", "trio_asyncio")


@pytest.fixture(autouse=True)
def what_changes_the_process_stays_out_of_it() -> Iterator[None]:
    """See sides.needs(), and test_apart.py, which sets the variable."""
    before = {name for name in APART if name in sys.modules}
    yield
    imported = {name for name in APART if name in sys.modules} - before
    assert not imported or "INTEROP_APART" in os.environ, f"import {imported} in a process of its own"
