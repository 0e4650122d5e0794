"""Commands of one service: serve, work, migrate, seed, replay, parked, token."""

import json
import os
import sys
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from chassis import revisions
from chassis.places import Place, find
from chassis.suite.errors import SuiteError
from chassis.suite.folder import Folder

if TYPE_CHECKING:
    from chassis.service import Service
    from chassis.settings import Settings


def serve(options: Namespace) -> int:
    """Become the web process: gunicorn with one worker of several threads, forked from what has loaded the app."""
    from chassis.settings import Settings, load

    place = _place(options)
    settings = load(Settings, place.name)
    _check_revision(place, settings.database)
    for missing in [] if place.is_written else [place.name]:
        raise SuiteError(f"{missing} has no application")
    arguments = ["--bind", f"{settings.host}:{settings.port}", "--worker-class", "gthread", "--workers", "1"]
    arguments += ["--threads", str(settings.threads), "--timeout", "60", "--graceful-timeout", "15"]
    # Longer than the front door keeps an idle connection, so that it never sends into a closing one.
    arguments += ["--keep-alive", "75", "--no-control-socket", "--log-level", "warning", "--preload"]
    arguments += [
        "--config",
        "python:chassis.serving",
        "--pythonpath",
        str(place.folder),
        f"{place.package}.app:create_app()",
    ]
    from gunicorn.app.wsgiapp import run  # type: ignore[import-untyped]

    sys.argv = ["gunicorn", *arguments]
    run()
    return 0


def work(options: Namespace) -> int:
    """Be the worker process until SIGTERM."""
    place = _place(options)
    service = place.service()
    settings = service.load_settings()
    _check_revision(place, settings.database)
    from chassis import worker

    worker.run(service, settings)
    return 0


def migrate(options: Namespace) -> int:
    """Bring the service's database to the newest revision, or back to a named one."""
    from chassis import migration

    place = _place(options)
    service = place.service()
    url = service.load_settings().database
    if options.down:
        migration.downgrade(service, url, options.down)
        print(f"{place.name}: back at {options.down}")
    elif migration.upgrade(service, url):
        print(f"{place.name}: migrated to {', '.join(sorted(revisions.code_heads(place.package_folder)))}")
    else:
        print(f"{place.name}: already at the newest revision")
    return 0


def revision(options: Namespace) -> int:
    """Write the next migration of a branch from its tables."""
    from chassis import migration

    print(migration.revision(options.branch, options.message))
    return 0


def seed(options: Namespace) -> int:
    """Fill the service's empty database with demo data, once."""
    from chassis import seeding, vault
    from chassis.db import Database

    place = _place(options)
    service = place.service()
    settings = service.load_settings()
    _check_revision(place, settings.database)
    vault.unlock(settings)
    outcome = seeding.decide(service, Database(settings.database, service=service.name), demo=True)
    said = {
        "seeded": "demo data written",
        "done before": "the demo data is there already",
        "declined before": "this database was started without demo data and stays so",
        "in use": "this database is in use; demo data goes into an empty one only",
    }
    print(f"{place.name}: {said[outcome]}")
    return 0 if outcome in ("seeded", "done before") else 1


def prepare(options: Namespace) -> int:
    """Migrate and decide about demo data in one go, for `up`; the last line is JSON for it."""
    from chassis import migration, seeding, vault
    from chassis.db import Database

    service = _place(options).service()
    settings = service.load_settings()
    vault.unlock(settings)
    migrated = migration.upgrade(service, settings.database)
    outcome = seeding.decide(service, Database(settings.database, service=service.name), demo=options.demo)
    print(json.dumps({"migrated": migrated, "demo": outcome}))
    return 0


def replay(options: Namespace) -> int:
    """Rebuild projections from the event logs; with --verify compare only, and fail when they differ."""
    from chassis import replay as rebuilding

    place = _place(options)
    service = place.service()
    reports = rebuilding.replay(service, service.load_settings(), source=options.source, verify=options.verify)
    if not reports:
        print(f"{place.name} has no projection" + (f" that follows {options.source}" if options.source else ""))
    for report in reports:
        print(f"{report.group}: {report.events} events, {'equal' if report.equal else 'DIFFERENT'}")
        for table in report.tables:
            same = "equal" if table.equal else "DIFFERENT"
            print(f"  {table.table}: {table.live_rows} rows live, {table.rebuilt_rows} rebuilt, {same}")
        for failure in report.failed:
            print(f"  failed: {failure}")
    return 0 if all(report.equal or not options.verify for report in reports) else 1


def parked(options: Namespace) -> int:
    """List, retry or drop the events a service could not take."""
    from chassis import parked as parking
    from chassis.db import Database

    service = _place(options).service()
    database = Database(service.load_settings().database, service=service.name)
    with database.reading() as session:
        rows = [row for row in parking.listing(session) if not options.id or row.id in options.id]
    if options.id and len(rows) < len(set(options.id)):
        raise SuiteError(f"not parked: {', '.join(set(options.id) - {row.id for row in rows})}")
    if options.action == "list":
        for row in rows:
            print(
                f"{row.id}  {row.state:<7} {row.type} {row.subject} #{row.sequence} tries {row.attempts}: {row.reason}"
            )
        print(f"{len(rows)} parked")
        return 0
    if options.action == "drop" and not options.id:
        raise SuiteError("name the events to drop: ./crm parked SERVICE drop ID…")
    if options.action == "drop":
        settled = sum(parking.drop(database, row.id) for row in rows)
    else:
        settled = sum(parking.retry(database, row.id, service.subscriptions.groups) for row in rows)
    print(f"{settled} of {len(rows)} {'dropped' if options.action == 'drop' else 'done'}")
    return 0 if settled == len(rows) else 1


def token(options: Namespace) -> int:
    """Print a Bearer token that this service alone accepts."""
    from chassis import keys

    service = _place(options).service()
    settings = service.load_settings()
    roles = tuple(options.role) or (() if options.user else ("admin",))
    print(
        keys.issue_local_token(
            settings, user=options.user, roles=roles, scope=options.scope, seconds=options.hours * 3600
        )
    )
    return 0


def settings_for(name: str, options: Namespace) -> "tuple[Service, Settings]":
    """A service and the settings it runs with here."""
    service = _fill_in(find(name), options).service()
    return service, service.load_settings()


def _place(options: Namespace) -> Place:
    """The named service, with the environment filled in: a running suite's settings, else those of a lone service."""
    return _fill_in(find(options.service), options)


def _fill_in(place: Place, options: Namespace) -> Place:
    folder = Folder(Path(options.data))
    state = folder.read() if options.joins_suite and folder.is_running() else None
    for name, value in (state.environment if state else {}).items():
        os.environ[name] = value
    os.environ.setdefault("CRM_DATA", str(options.data))
    if f"{place.prefix}_PORT" not in os.environ and "CRM_PORT" not in os.environ:
        os.environ[f"{place.prefix}_PORT"] = str(place.port)
    port = int(os.environ.get(f"{place.prefix}_PORT") or os.environ["CRM_PORT"])
    for name, offset in (("INTERNAL_PORT", 100), ("WEB_METRICS_PORT", 200)):
        if f"CRM_{name}" not in os.environ:
            os.environ.setdefault(f"{place.prefix}_{name}", str(port + offset))
    return place


def _check_revision(place: Place, url: str) -> None:
    """Refuse to run on a database of another revision."""
    stored, wanted = revisions.stored(url), revisions.code_heads(place.package_folder)
    if stored != wanted:
        has = ", ".join(sorted(stored)) or "nothing yet"
        raise SuiteError(
            f"{place.name}: the database holds {has}, this version needs {', '.join(sorted(wanted)) or 'nothing'};"
            f" run: ./crm migrate {place.name}"
        )
