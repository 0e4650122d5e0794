"""Who is asking: a person, a machine client, another service or the public. Built once per request by chassis.auth."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Caller:
    """The identity behind a request, a message or a timer; everything an access predicate needs of it.

    `department_ids` is the caller's department with all below it; `team_ids` the people whose records count as
    "my team" (the members of the caller's department, for a head of department those of the subtree).
    """

    id: str
    kind: str  # user | client | service | public | system
    name: str = ""
    roles: tuple[str, ...] = ()
    scopes: frozenset[str] = frozenset()
    department_id: str | None = None
    department_ids: tuple[str, ...] = ()
    team_ids: tuple[str, ...] = ()
    locale: str = "en"
    session_id: str = ""
    address: str = ""  # where the request comes from
    replica_age: float = 0.0  # seconds since this service last heard from the directory

    @property
    def is_person(self) -> bool:
        return self.kind == "user"


SYSTEM = Caller(id="system", kind="system", name="system", roles=("admin",))
PUBLIC = Caller(id="public", kind="public", name="public")
