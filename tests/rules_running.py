"""Automation rules in tests: the worker's loop over the log, until there is nothing left to hear."""

from chassis import event_log
from chassis.db import Database
from engines.rules import following


def run_rules(database: Database) -> None:
    """Number what was committed and let the rules hear it, with what they cause themselves."""
    event_log.ensure_state(database)
    while True:
        with database.connection(write=True) as connection:
            event_log.number(connection)
        if not following.step(database):
            return
