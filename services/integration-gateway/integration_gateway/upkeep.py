"""What the worker looks after from its start on: signing keys, shipped roles, the first-run link."""

import logging
import os

from sqlalchemy.orm import Session

from chassis.db import Database
from chassis.service import Runtime
from chassis.settings import Settings
from integration_gateway import accounts, links, seed, signing_keys, timers
from integration_gateway.directory import users

log = logging.getLogger(__name__)
EVERY = 60.0  # seconds
LINK_FILE = "gateway-set-up-link.txt"


def run(runtime: Runtime) -> None:
    """Look after it all once a minute for as long as the worker runs."""
    is_first = True
    while not runtime.stopping.is_set():
        try:
            look(runtime.database, runtime.settings, is_first=is_first)
            is_first = False
        except Exception:
            log.exception("upkeep failed")
        runtime.stopping.wait(EVERY)


def look(database: Database, settings: Settings, *, is_first: bool) -> None:
    """Publish and share keys; at the first look also add missing roles and offer the first-run link."""
    with database.transaction() as session:
        signing_keys.ensure(session)
        if is_first:
            timers.begin(session)
            seed.ship_roles(session)
            _offer_first_link(session, settings)
    signing_keys.share(database, settings)


def _offer_first_link(session: Session, settings: Settings) -> None:
    """With nobody in the directory: write the link that makes the first administrator to a file only we can read.

    Each start makes a new one. The log names the file and not the link, which is as good as a password.
    """
    path = settings.data_path / LINK_FILE
    if users.anyone(session):
        path.unlink(missing_ok=True)
        return
    secret = accounts.new_link(session)
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(links.set_up(settings, secret) + "\n")
    log.warning("nobody can log in yet: open the link in %s to make the first administrator", path)
