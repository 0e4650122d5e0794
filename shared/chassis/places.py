"""Where the services are: from the source tree's services/*/pyproject.toml, or from what is installed."""

import importlib
import importlib.util
import os
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from chassis.service import Service

FRONT = 8000  # a service's declared port counts from here
LOG_IN = "gateway"  # the service people log in at; it signs their tokens


class UnknownService(Exception):
    """No service of that name; the message lists the names."""


@dataclass(frozen=True)
class Place:
    """A service as the command line knows it before importing any of its code."""

    name: str  # public: `service-desk`
    package: str  # `service_desk`
    port: int  # of its web process when it runs alone
    folder: Path  # holds the package

    @property
    def package_folder(self) -> Path:
        return self.folder / self.package

    @property
    def prefix(self) -> str:
        """Of its settings in the environment: `SERVICE_DESK`."""
        return self.name.upper().replace("-", "_")

    @property
    def is_written(self) -> bool:
        """Whether it has an application to run."""
        return (self.package_folder / "app.py").exists()

    def service(self) -> "Service":
        """Import the service and return its declaration."""
        if str(self.folder) not in sys.path:
            sys.path.insert(0, str(self.folder))
        found: Service = importlib.import_module(f"{self.package}.app").SERVICE
        return found


def tree() -> Path | None:
    """The source tree this code runs in; None when it is installed elsewhere."""
    given = os.environ.get("CRM_TREE")
    root = Path(given).absolute() if given else Path(__file__).resolve().parents[2]
    return root if (root / "services").is_dir() else None


@cache
def places() -> tuple[Place, ...]:
    """All services, in the order of their ports."""
    root = tree()
    found = _of_tree(root) if root else _installed()
    return tuple(sorted(found, key=lambda place: place.port))


def find(name: str) -> Place:
    """The service called `name` (its public name, folder or package); UnknownService otherwise."""
    for place in places():
        if name in (place.name, place.package, place.folder.name):
            return place
    raise UnknownService(f"no service is called {name!r}; there are {', '.join(p.name for p in places())}")


def _of_tree(root: Path) -> list[Place]:
    files = sorted((root / "services").glob("*/pyproject.toml"))
    return [_place(tomllib.loads(file.read_text())["tool"]["crm"], file.parent) for file in files]


def _installed() -> list[Place]:
    found = []
    for entry in metadata.entry_points(group="crm.services"):
        spec = importlib.util.find_spec(entry.module.partition(".")[0])
        package = Path(spec.origin).parent  # type: ignore[union-attr, arg-type]
        declared = tomllib.loads((package / "pyproject.toml").read_text())["tool"]["crm"]
        found.append(_place(declared, package.parent))
    return found


def _place(declared: Mapping[str, Any], folder: Path) -> Place:
    return Place(name=declared["name"], package=declared["package"], port=declared["port"], folder=folder)
