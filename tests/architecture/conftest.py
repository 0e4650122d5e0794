"""What the guard tests look at: the services' declarations, the tracked files, and the whole suite with demo data."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from chassis import places
from chassis.service import Service
from tests import together

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def services() -> dict[str, Service]:
    return {place.name: place.service() for place in places.places()}


@pytest.fixture(scope="session")
def tracked() -> list[Path]:
    """Files under version control; all files in a tree that came without it."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode:
        hidden = {".venv", "node_modules", "var", "vendor", "__pycache__"}
        return [path for path in ROOT.rglob("*") if path.is_file() and not hidden & set(path.parts)]
    names = [name for name in listed.stdout.decode().split("\0") if name]
    return [path for name in names if (path := ROOT / name).is_file()]


@pytest.fixture(scope="session")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[together.Together]:
    with together.running(tmp_path_factory.mktemp("suite")) as made:
        yield made
