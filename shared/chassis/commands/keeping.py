"""Commands that keep a company's data: backup and restore."""

import os
from argparse import Namespace

from chassis.backup import making, manifest, restoring
from chassis.backup.making import Source
from chassis.commands.services import settings_for
from chassis.places import Place, find, places
from chassis.suite import databases
from chassis.suite.folder import Folder


def backup(options: Namespace) -> int:
    """Make one set of the named services (all, without), at one moment."""
    made = making.make(_sources(options), options.to, with_keys=options.with_keys)
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
        for service, settings in _sources(options)
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


def _sources(options: Namespace) -> list[Source]:
    chosen: list[Place] = [find(name) for name in dict.fromkeys(options.service)] or list(places())
    if options.database:
        urls = databases.urls(options.database, Folder(options.data))
        for place in chosen:
            os.environ[f"{place.prefix}_DATABASE_URL"] = urls[place.name]
    return [settings_for(place.name, options) for place in chosen if place.is_written]
