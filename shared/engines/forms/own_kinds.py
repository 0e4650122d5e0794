"""Kinds of records that are the company's own: one table of the hosting service, a class of it for each kind."""

import threading
from dataclasses import dataclass
from typing import Any

from sqlalchemy import String
from sqlalchemy.orm import Mapped, Session, declared_attr, mapped_column

from engines.objects import Field, ObjectType
from engines.record_kit import Happening, Kept

RIGHTS = ("assign", "bulk", "export", "import")


class OwnRecord:
    """Mixin of the host's table: which kind a record is of, and what it is called."""

    object: Mapped[str] = mapped_column(String(60))
    name: Mapped[str] = mapped_column(String(200), default="", info={"personal": True})

    @declared_attr.directive
    def __mapper_args__(cls) -> dict[str, Any]:  # noqa: N805 - SQLAlchemy calls it with the class
        if "__tablename__" not in cls.__dict__:
            return {"polymorphic_identity": cls.__kind__}  # type: ignore[attr-defined]
        return {"version_id_col": cls.version, "polymorphic_on": cls.object}  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Host:
    """The service that keeps records of the company's own kinds, and its table."""

    service: str
    model: Any


_hosts: dict[str, Host] = {}
_kept: dict[tuple[str, str], Kept] = {}
_making = threading.Lock()


def host(service: str, model: Any) -> Host:
    """Declare the host; beside its models, so that web and worker know it alike."""
    return _hosts.setdefault(service, Host(service, model))


def host_of(session: Session) -> Host | None:
    """The host behind a session, None where its service keeps no such records."""
    return _hosts.get(session.info["database"].service)


def services() -> frozenset[str]:
    """The services that keep such records."""
    return frozenset(_hosts)


def kept(host: Host, key: str) -> Kept:
    """The kind `key` with its class and kit; the same ones at each call."""
    with _making:
        found = _kept.get((host.service, key))
        if found is None:
            name = "Own" + "".join(part.capitalize() for part in key.split("_"))
            model = type(name, (host.model,), {"__kind__": key, "__module__": host.model.__module__})
            found = _kept[host.service, key] = Kept(
                kind=ObjectType(
                    key,
                    model,
                    (Field("name", "text", {"zh": "名称", "en": "Name"}),),
                    rights=RIGHTS,
                    searched=("name", "number"),
                ),
                page=f"/{host.service}/objects/{key}/{{id}}",
                happenings={"record.deleted": Happening({"zh": "删除", "en": "Deleted"}, "trash", "red")},
            )
    return found
