"""`erase`: look for a person's data in all databases at once, and ask the services to remove it."""

import sys
from argparse import Namespace
from collections import Counter

from chassis.backup.making import Source
from chassis.commands.keeping import open_database, sources
from chassis.erasure import erasing, person
from chassis.erasure.person import Person
from chassis.errors import Invalid
from chassis.suite.errors import SuiteError

COORDINATOR = "gateway"


def erase(options: Namespace) -> int:
    """List what would go; then, unless it is a dry run, ask every service to erase it."""
    try:
        whom = person.named(subject=options.subject, phone=options.phone, email=options.email)
    except Invalid as problem:
        raise SuiteError(
            "; ".join(str(text) for texts in (problem.errors or {}).values() for text in texts) or str(problem.detail)
        ) from None
    every = sources(Namespace(**(vars(options) | {"service": []})))
    counts = survey(every, whom)
    for name, tables in counts.items():
        for table, rows in sorted(tables.items()):
            print(f"{name:<14} {table:<24} {rows:>6}")
    print(f"records: {', '.join(sorted(whom.subjects)) or 'none'}")
    if options.dry_run or not counts:
        return 0
    if not options.yes and input("Erase all of this for good? Type yes: ").strip() != "yes":
        print("nothing was erased", file=sys.stderr)
        return 1
    print(f"erasure {_request(every, whom, options.reason)}: every service erases its part as soon as it runs")
    print("what came of it: GET /gateway/api/v1/erasures/<id>")
    return 0


def survey(every: list[Source], whom: Person) -> dict[str, Counter[str]]:
    """Rows with the person's data by service and table; `whom` learns from one service what helps in the next."""
    counts: dict[str, Counter[str]] = {}
    known = -1
    while whom.size > known:
        known = whom.size
        for service, settings in every:
            database = open_database(service.name, settings)
            with database.transaction() as session:
                counts[service.name] = erasing.look(session, service.erasers, whom)
                session.rollback()
            database.close()
    return {name: found for name, found in counts.items() if found}


def _request(every: list[Source], whom: Person, reason: str) -> str:
    import importlib

    service, settings = next(item for item in every if item[0].name == COORDINATOR)
    erasures = importlib.import_module(f"{service.package}.erasures")
    database = open_database(service.name, settings)
    with database.transaction() as session:
        made = erasures.request(
            session,
            person=whom,
            services=[item.name for item, _ in every],
            by="crm erase",
            dry_run=False,
            reason=reason,
        )
        made_id = str(made.id)
    database.close()
    return made_id
