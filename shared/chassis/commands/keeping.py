"""Commands that keep a company's data: backup, restore, audit."""

import os
from argparse import Namespace

from sqlalchemy.exc import SQLAlchemyError

from chassis.audit import anchors, verifying
from chassis.audit.verifying import Verdict
from chassis.backup import making, manifest, restoring
from chassis.backup.making import Source
from chassis.backup.snapshots import sqlite_path
from chassis.commands.services import settings_for
from chassis.db import Database
from chassis.places import Place, find, places
from chassis.settings import Settings
from chassis.suite import databases
from chassis.suite.errors import SuiteError
from chassis.suite.folder import Folder


def backup(options: Namespace) -> int:
    """Make one set of the named services (all, without), at one moment."""
    made = making.make(sources(options), options.to, with_keys=options.with_keys)
    written = manifest.read(made)
    for name, part in written.parts.items():
        size = sum(length for length, _ in part.files.values())
        print(f"{name}: {len(part.files)} files, {size / 2**20:.1f} MiB, events up to {part.sequence}")
    if not written.aligned:
        print("the services were too busy to be caught at one moment; after a restore they compare event by event")
    print(made)
    return 0


def restore(options: Namespace) -> int:
    """Check everything first, then put back one service after the other."""
    plans = [
        restoring.plan(service, settings, options.source, with_keys=options.with_keys)
        for service, settings in sources(options)
    ]
    for found in plans:
        for warning in found.warnings:
            print(f"WARNING {warning}")
        if options.check:
            print(f"{found.service.name}: {found.folder} is whole; events up to {found.part.sequence}")
    if options.check:
        return 0
    for found in plans:
        done = restoring.restore(found, with_keys=options.with_keys)
        also = ", migrated" if done.migrated else ""
        print(f"{done.service}: restored from {done.folder}; {done.files} files put back{also}")
        print(f"  events up to {done.sequence}; the log begins the epoch {done.epoch}")
    return 0


def audit(options: Namespace) -> int:
    """Verify the event logs (exit 1 at a break), or archive what is due."""
    chosen = sources(options)
    if options.action == "archive":
        return _archive(chosen)
    witnesses = sources(Namespace(**(vars(options) | {"service": []})))
    broken = 0
    for service, settings in chosen:
        verdict = _verdict(service.name, settings, witnesses)
        for note in verdict.notes:
            print(f"{service.name}: note: {note}")
        if verdict.whole:
            print(
                f"{service.name}: whole; {verdict.events} events, {verdict.sealed} of them sealed,"
                f" {verdict.anchors} anchors agree"
            )
        else:
            broken += 1
            print(f"{service.name}: BROKEN at event {verdict.break_at}: {verdict.reason}")
    return 1 if broken else 0


def _verdict(name: str, settings: Settings, witnesses: list[Source]) -> Verdict:
    known = verifying.anchors_in(anchors.file_of(settings))
    seen, away = [], []
    for witness, theirs in witnesses:
        try:
            database = open_database(witness.name, theirs)
            with database.connection() as connection:
                known += verifying.own_anchors(connection, name, witness=witness.name)
                if witness.name != name:
                    seen += verifying.seen_by(connection, name, service=witness.name)
            database.close()
        except (SQLAlchemyError, SuiteError):
            away.append(witness.name)
    database = open_database(name, settings)
    with database.connection() as connection:
        verdict = verifying.verify(connection, anchors=known, seen=seen)
    database.close()
    if away:
        verdict.notes.append(f"not asked, their databases can't be read: {', '.join(away)}")
    return verdict


def _archive(chosen: list[Source]) -> int:
    for service, settings in chosen:
        database = open_database(service.name, settings)
        print(f"{service.name}: {anchors.archive_months(database, settings)} events archived")
        database.close()
    return 0


def open_database(name: str, settings: Settings) -> Database:
    """The service's database, never made by looking at it."""
    if settings.database.startswith("sqlite:") and not sqlite_path(settings.database).exists():
        raise SuiteError(f"{name}: there is no database {sqlite_path(settings.database)}")
    return Database(settings.database, service=name)


def sources(options: Namespace) -> list[Source]:
    """The services that were named (all, without) with their settings."""
    chosen: list[Place] = [find(name) for name in dict.fromkeys(options.service)] or list(places())
    if options.database:
        urls = databases.urls(options.database, Folder(options.data))
        for place in chosen:
            os.environ[f"{place.prefix}_DATABASE_URL"] = urls[place.name]
    return [settings_for(place.name, options) for place in chosen if place.is_written]
