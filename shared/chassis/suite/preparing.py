"""Before the services start: their databases at the newest revision, with demo data if they are new."""

import json
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from chassis import revisions
from chassis.places import Place, places
from chassis.suite.errors import SuiteError


@dataclass
class Prepared:
    """What was done to one service's database."""

    place: Place
    migrated: bool = False
    demo: str = "done before"  # chassis.seeding.decide


def is_prepared(place: Place, url: str) -> bool:
    """Cheap look: newest revision, and decided about demo data."""
    try:
        return revisions.is_current(place, url) and revisions.has_rows(url, "seed_run")
    except OSError as problem:
        raise SuiteError(f"{place.name}: the database can't be read: {problem}") from None


def holds_demo(url: str) -> bool:
    """Whether a database was filled with demo data that is still there."""
    return bool(revisions.query(url, "SELECT 1 FROM seed_run WHERE demo AND removed_at IS NULL"))


def company_settings(url: str) -> dict[str, str]:
    """Time zone and base currency as they were entered at set-up, as settings of all services."""
    rows = revisions.query(url, "SELECT time_zone, base_currency FROM company WHERE name <> '' LIMIT 1")
    return {"CRM_TIME_ZONE": rows[0][0], "CRM_BASE_CURRENCY": rows[0][1]} if rows else {}


def has_people(url: str) -> bool:
    """Whether the gateway's database knows anybody who may log in."""
    return revisions.has_rows(url, "user_account")


def prepare(databases: Mapping[str, str], environment: Mapping[str, str], cwd: Path, *, demo: bool) -> list[Prepared]:
    """Migrate and seed all services that need it, side by side; SuiteError with each one's reason if any failed."""
    written = [place for place in places() if place.is_written]
    todo = [place for place in written if not is_prepared(place, databases[place.name])]
    if not todo:
        return []
    with ThreadPoolExecutor(len(todo)) as pool:
        return _all_of(list(pool.map(lambda place: _one(place, environment, cwd, demo), todo)))


def _one(place: Place, environment: Mapping[str, str], cwd: Path, demo: bool) -> Prepared | str:
    command = [sys.executable, "-m", "chassis.cli", "prepare", place.name, "--demo" if demo else "--no-demo"]
    done = subprocess.run(command, env=dict(environment), cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        last = "\n    ".join((done.stderr or done.stdout).strip().splitlines()[-12:])
        return f"{place.name} could not be prepared:\n    {last}"
    return Prepared(place=place, **json.loads(done.stdout.strip().splitlines()[-1]))


def _all_of(results: list[Prepared | str]) -> list[Prepared]:
    failed = [result for result in results if isinstance(result, str)]
    if failed:
        raise SuiteError("\n".join(failed))
    return [result for result in results if isinstance(result, Prepared)]
