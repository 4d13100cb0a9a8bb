"""What tests of `interop reproduce` share: the frameworks that are installed, without the kit."""

import sysconfig
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A folder with everything that is installed beside the kit, which may itself be installed there."""
    folder = tmp_path_factory.mktemp("site")
    for installed in Path(sysconfig.get_path("purelib")).iterdir():
        if installed.name not in ("interop", "scenarios"):
            (folder / installed.name).symlink_to(installed)
    return str(folder)
