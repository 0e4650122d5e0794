"""The smallest service there can be: it notes who greeted it."""

from functools import partial
from typing import Any

from flask import Blueprint, Flask, current_app
from sqlalchemy import text
from sqlalchemy.orm import Session

from beta import models
from chassis.auth import declare
from chassis.service import Service
from chassis.settings import Settings
from chassis.subscriptions import Subscriptions
from chassis.timers import Timers


def seed(session: Session) -> None:
    """One greeting."""
    session.add(models.Greeting(id=1, text="hello"))


pages = Blueprint("pages", __name__, url_prefix="/beta")


@pages.get("/greetings")
@partial(declare, public=True)
def greetings() -> dict[str, Any]:
    """What was said so far."""
    with current_app.extensions["crm"].database.reading() as session:
        return {"greetings": list(session.scalars(text("SELECT text FROM greeting")))}


SERVICE = Service(
    name="beta",
    package="beta",
    settings=Settings,
    metadata=models.Base.metadata,
    subscriptions=Subscriptions(),
    timers=Timers(),
    blueprints=lambda: [pages],
    seed=seed,
)


def create_app() -> Flask:
    """The web process."""
    return SERVICE.web()
