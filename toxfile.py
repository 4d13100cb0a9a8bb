"""Lets tox find the interpreters that pyenv has, though only one of them is on PATH. Appended: nothing is shadowed."""

import os
from pathlib import Path

for _folder in sorted((Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions").glob("3.*/bin")):
    os.environ["PATH"] += os.pathsep + str(_folder)
