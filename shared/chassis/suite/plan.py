"""Which processes a suite has, with what commands and settings."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from chassis.places import FRONT, LOG_IN, Place, places, tree
from chassis.suite.children import Child
from chassis.suite.folder import Folder
from chassis.suite.ports import FAKES, HOST, Ports


def settings_of(folder: Folder, ports: Ports, databases: Mapping[str, str], bus: str) -> dict[str, str]:
    """The settings every process of the suite gets, as environment variables."""
    environment = {
        "CRM_DATA": str(folder.path),
        "CRM_PUBLIC_URL": f"http://{HOST}:{ports.front}",
        "CRM_BUS_URL": bus,
        # Suites side by side may share a broker; only the first has the plain names.
        "CRM_BUS_NAMESPACE": os.environ.get("CRM_BUS_NAMESPACE")
        or ("crm" if ports.front == FRONT else f"crm-{ports.front}"),
        "CRM_HOST": HOST,
        "CRM_KEYS": str(folder.path / "keys"),
        "CRM_FEEDS": ",".join(f"{place.name}=http://{HOST}:{ports.internal(place)}" for place in places()),
    }
    for place in places():
        environment |= {
            f"{place.prefix}_DATABASE_URL": databases[place.name],
            f"{place.prefix}_PORT": str(ports.web(place)),
            f"{place.prefix}_INTERNAL_PORT": str(ports.internal(place)),
            f"{place.prefix}_WEB_METRICS_PORT": str(ports.web_metrics(place)),
        }
    for name in FAKES:
        environment[f"CRM_DEMO_{name.upper()}_URL"] = f"http://{HOST}:{ports.fake(name)}"
    return environment


def children(folder: Folder, ports: Ports, environment: Mapping[str, str], *, fakes: bool) -> list[Child]:
    """All processes but the front door."""
    cwd = tree() or folder.path
    found = []
    for place in places():
        if place.is_written:
            found += [_web(place, folder, ports, environment, cwd), _worker(place, folder, ports, environment, cwd)]
    return found + (_fakes(folder, ports, environment, cwd) if fakes else [])


def _web(place: Place, folder: Folder, ports: Ports, environment: Mapping[str, str], cwd: Path) -> Child:
    knows = "?directory" if LOG_IN in {other.name for other in places()} else ""  # nobody could log in before
    return Child(
        name=f"{place.name}-web",
        service=place.name,
        command=[sys.executable, "-m", "chassis.cli", "serve", place.name],
        arguments=["serve", place.name],
        environment=environment,
        log=folder.logs / f"{place.name}-web.log",
        folder=cwd,
        ready_url=f"http://{HOST}:{ports.web(place)}/{place.name}/readyz{knows}",
        port=ports.web(place),
    )


def _worker(place: Place, folder: Folder, ports: Ports, environment: Mapping[str, str], cwd: Path) -> Child:
    return Child(
        name=f"{place.name}-worker",
        service=place.name,
        command=[sys.executable, "-m", "chassis.cli", "work", place.name],
        arguments=["work", place.name],
        environment=environment,
        log=folder.logs / f"{place.name}-worker.log",
        folder=cwd,
        ready_url=f"http://{HOST}:{ports.internal(place)}/readyz",
        port=ports.internal(place),
    )


def _fakes(folder: Folder, ports: Ports, environment: Mapping[str, str], cwd: Path) -> list[Child]:
    root = tree()
    home = root / "tests" if root else None
    if home is None:
        return []
    return [
        Child(
            name=name,
            service="",
            command=[sys.executable, "-m", f"fakes.{name}", "--port", str(ports.fake(name))],
            environment=dict(environment) | {"PYTHONPATH": str(home)},
            log=folder.logs / f"{name}.log",
            folder=cwd,
            port=ports.fake(name),
        )
        for name in FAKES
        if (home / "fakes" / f"{name}.py").exists() or (home / "fakes" / name / "__main__.py").exists()
    ]
