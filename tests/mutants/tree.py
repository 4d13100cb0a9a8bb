"""A copy of the package, in which one file at a time is another one."""

from __future__ import annotations

import compileall
import importlib.util
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from py_compile import PycInvalidationMode

from tests.mutants.mutant import ROOT


class Tree:
    """In a folder of its own; nothing is ever written into the working tree."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for package in ("interop", "scenarios", "tests", "docs"):
            shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / "pyproject.toml", folder)
        # What is compiled here is never looked at again: a mutant is often as long and as old as what it replaces.
        compileall.compile_dir(folder / "interop", quiet=2, invalidation_mode=PycInvalidationMode.UNCHECKED_HASH)

    @contextmanager
    def with_(self, file: str, source: str) -> Iterator[None]:
        """Within it, that file has that source."""
        path = self.folder / file
        compiled = Path(importlib.util.cache_from_source(path))
        aside = compiled.with_suffix(".aside")
        before = path.read_bytes()
        path.write_text(source, encoding="utf-8")
        compiled.rename(aside)
        try:
            yield
        finally:
            path.write_bytes(before)
            compiled.unlink(missing_ok=True)
            aside.rename(compiled)
