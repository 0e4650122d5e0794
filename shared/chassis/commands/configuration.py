"""`crm config export|diff|import`: what a company sets up, as one YAML document over all services."""

import difflib
import os
import sys
import time
from argparse import Namespace
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

from chassis import clock, configuration, directory, i18n, vault
from chassis.causation import Cause, because
from chassis.commands import keeping
from chassis.configuration import Change, Refused
from chassis.db import Database
from chassis.places import LOG_IN, places
from chassis.service import Service
from chassis.suite.errors import SuiteError

FORMAT = "crm-configuration/1"
_PEOPLE_WAIT = 20.0  # seconds for departments just brought in to reach the other services, while the suite runs
_MARKS = {"add": "+", "change": "~", "extra": "-"}


class _DryRun(Exception):
    """Undoes the transaction of a trial."""


def config(options: Namespace) -> int:
    """Export, compare or import."""
    if options.file is None and options.action != "export":
        raise SuiteError(f"config {options.action} needs a file")
    return {"export": _export, "diff": _diff, "import": _import}[options.action](options)


def dump(document: dict[str, Any]) -> str:
    """A document as YAML for review: members in the given order, a text per line, Chinese as it is."""
    return yaml.safe_dump(document, allow_unicode=True, sort_keys=False, width=110, default_flow_style=False)


def read(path: Path) -> dict[str, dict[str, Any]]:
    """Service → section → key → body of a file. SuiteError says what is wrong with it and where."""
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SuiteError(f"there is no file {path}") from None
    except UnicodeDecodeError:
        raise SuiteError(f"{path} is not in UTF-8") from None
    except yaml.YAMLError as error:
        raise SuiteError(f"{path} is no YAML: {' '.join(str(error).split())}") from None
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise SuiteError(f"{path} does not begin with `format: {FORMAT}`")
    services = document.get("services") or {}
    for name, sections in services.items() if isinstance(services, dict) else [("services", None)]:
        whole = isinstance(sections, dict) and all(
            isinstance(bodies, dict) and all(isinstance(body, dict) for body in bodies.values())
            for bodies in sections.values()
        )
        if not whole:
            raise SuiteError(f"{path}: {name} must hold section → key → members")
    return dict(services)


def _export(options: Namespace) -> int:
    document: dict[str, Any] = {"format": FORMAT, "services": {}}
    for service, database in _opened(options):
        with database.reading() as session:
            names = configuration.Names(directory.load(session, None))
            document["services"][service.name] = configuration.exported(session, service.configuration(), names)
    text = dump(document)
    if options.file is None:
        sys.stdout.write(text)
    else:
        draft = options.file.with_name(f".{options.file.name}.{os.getpid()}")
        draft.write_text(text, encoding="utf-8")
        draft.replace(options.file)
    return 0


def _diff(options: Namespace) -> int:
    """Exit code 1 when there is a difference, like diff."""
    differs = False
    for service, database, wanted in _wanted(options):
        try:
            with database.reading() as session:
                changes = configuration.compare(session, service.configuration(), wanted)
        except Refused as error:
            raise SuiteError("\n".join(f"{service.name}.{reason}" for reason in error.reasons)) from None
        differs |= _show(service.name, changes, bodies=True)
    print("" if differs else "no difference")
    return 1 if differs else 0


def _import(options: Namespace) -> int:
    failed = False
    for service, database, wanted in _wanted(options):
        i18n.use("engines", "console", service.package)
        try:
            changes = _bring_in(service, database, wanted, dry_run=options.dry_run)
            _show(service.name, changes, bodies=False)
            done = sum(change.kind in ("add", "change") for change in changes)
            print(f"{service.name}: {done} {'would be brought in' if options.dry_run else 'brought in'}")
        except Refused as error:
            failed = True
            print(f"{service.name}: refused, nothing was changed", file=sys.stderr)
            for reason in error.reasons:
                print(f"  {reason}", file=sys.stderr)
    return 1 if failed else 0


def _bring_in(service: Service, database: Database, wanted: dict[str, Any], *, dry_run: bool) -> list[Change]:
    """Apply in one transaction; waits for names that may still be on their way from the directory."""
    until = clock.monotonic() + (_PEOPLE_WAIT if service.name != LOG_IN and not dry_run else 0)
    while True:
        try:
            with because(Cause(actor="operator")), database.transaction() as session:
                changes = configuration.apply(session, service.configuration(), wanted)
                if dry_run:
                    raise _DryRun
            return changes
        except _DryRun:
            return changes
        except Refused as error:
            if clock.monotonic() >= until or not all("is not known here" in reason for reason in error.reasons):
                raise
            time.sleep(1.0)


def _show(service: str, changes: Sequence[Change], *, bodies: bool) -> bool:
    """Print what differs; whether anything does that the document would change."""
    for change in changes:
        if change.kind == "same" or (change.kind == "extra" and not bodies):
            continue
        said = "only here, stays" if change.kind == "extra" else change.kind
        print(f"{_MARKS[change.kind]} {service}.{change.section}.{change.key} ({said})")
        if bodies and change.kind == "change":
            print("\n".join(f"    {line}" for line in _lines(change)))
    return any(change.kind in ("add", "change") for change in changes)


def _lines(change: Change) -> Iterator[str]:
    before, after = (dump(body or {}).splitlines() for body in (change.before, change.after))
    found = difflib.unified_diff(before, after, lineterm="", n=2)
    return (line for line in found if not line.startswith(("---", "+++")))


def _wanted(options: Namespace) -> Iterator[tuple[Service, Database, dict[str, Any]]]:
    """The parts of the file, the directory's first: the others may name its departments."""
    document = read(options.file)
    unknown = set(document) - {place.name for place in places()}
    if unknown:
        raise SuiteError(f"{options.file}: there is no service {', '.join(sorted(unknown))}")
    for service, database in _opened(options):
        if service.name in document:
            yield service, database, document[service.name]


def _opened(options: Namespace) -> Iterator[tuple[Service, Database]]:
    for service, settings in sorted(keeping.sources(options), key=lambda source: source[0].name != LOG_IN):
        vault.unlock(settings)
        database = keeping.open_database(service.name, settings)
        try:
            yield service, database
        finally:
            database.close()
