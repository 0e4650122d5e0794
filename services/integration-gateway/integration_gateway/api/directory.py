"""Users, departments, roles and absences."""

from typing import Any

from chassis.api import Api, Call
from chassis.errors import NotFound
from engines import access
from engines.access import right
from engines.listing import QUERY, paged, rows
from integration_gateway import accounts, links, second_factor
from integration_gateway.directory import absences, delegation, departments, kinds, role_history, roles, users
from integration_gateway.errors import (
    AddressExcluded,
    AdministratorOnly,
    DepartmentInUse,
    EmailTaken,
    ExceedsOwn,
    LastAdministrator,
    MovedBelowItself,
    OwnAccess,
    PeriodEmpty,
    RoleInUse,
    RoleTaken,
    SecondRoot,
    ShippedRole,
    UnfitGrant,
    UnknownRole,
)
from integration_gateway.models import Absence, Department, Role, User
from integration_gateway.objects import DEPARTMENT, ROLE, USER
from integration_gateway.schemas import (
    AbsenceIn,
    AbsenceList,
    AbsenceOut,
    DepartmentChange,
    DepartmentIn,
    DepartmentOut,
    KindList,
    LinkOut,
    RoleChange,
    RoleHistory,
    RoleIn,
    RoleOut,
    UserChange,
    UserIn,
    UserOut,
)

api = Api("gateway", tag="directory")


@api.get(
    "/users",
    answer=UserOut,
    allow=right("user", "read"),
    page=paged(USER, default="name"),
    query=QUERY,
)
def list_users(call: Call) -> Any:
    """People the caller may see."""
    return rows(call, USER)


@api.post(
    "/users",
    body=UserIn,
    answer=UserOut,
    status=201,
    allow=right("user", "create"),
    errors=[EmailTaken, UnknownRole, AdministratorOnly, ExceedsOwn],
)
def create_user(call: Call) -> Any:
    """Add a person; give them the link of `/users/{id}/password-link` to choose a password."""
    delegation.check_user(call.session, call.caller, None, call.body)
    return users.create(call.session, by=call.caller.id, **call.body)


@api.get("/users/<id>", answer=UserOut, allow=right("user", "read"))
def read_user(call: Call, id: str) -> Any:
    """One person."""
    return access.get(call.session, call.caller, User, id)


@api.patch(
    "/users/<id>",
    body=UserChange,
    answer=UserOut,
    allow=right("user", "edit"),
    errors=[EmailTaken, UnknownRole, LastAdministrator, AdministratorOnly, ExceedsOwn, OwnAccess, AddressExcluded],
)
def change_user(call: Call, id: str) -> Any:
    """Change a person; switching them off or changing their roles ends their tokens at once."""
    user = access.get(call.session, call.caller, User, id, "edit")
    delegation.check_user(call.session, call.caller, user, call.body)
    return users.change(call.session, user, **call.body)


@api.post("/users/<id>/password-link", answer=LinkOut, allow=right("user", "administer"))
def make_password_link(call: Call, id: str) -> Any:
    """A one-time link with which the person chooses a password; an earlier one stops working."""
    user = delegation.managed(call.session, call.caller, id)
    return {"url": links.password(call.settings, accounts.new_link(call.session, user))}


@api.post("/users/<id>/log-out", status=204, allow=right("user", "administer"))
def log_user_out(call: Call, id: str) -> Any:
    """End all sessions and tokens of a person."""
    users.log_out_everywhere(call.session, delegation.managed(call.session, call.caller, id))


@api.delete("/users/<id>/second-factor", status=204, allow=right("user", "administer"))
def remove_second_factor(call: Call, id: str) -> Any:
    """Take away the second factor of a person who lost it."""
    second_factor.remove_for(call.session, delegation.managed(call.session, call.caller, id))


@api.get("/users/<id>/absences", answer=AbsenceList, allow=right("user", "read"))
def list_absences(call: Call, id: str) -> Any:
    """Present and coming absences of a person."""
    user = access.get(call.session, call.caller, User, id)
    return {"items": absences.of(call.session, user.id)}


@api.post(
    "/users/<id>/absences",
    body=AbsenceIn,
    answer=AbsenceOut,
    status=201,
    allow=right("user", "read"),
    errors=[PeriodEmpty],
)
def add_absence(call: Call, id: str) -> Any:
    """Enter an absence: one's own, or that of somebody whom the caller may edit."""
    return absences.add(call.session, _absentee(call, id), **call.body)


@api.delete("/users/<id>/absences/<absence_id>", status=204, allow=right("user", "read"))
def cancel_absence(call: Call, id: str, absence_id: str) -> Any:
    """Cancel an absence."""
    user = _absentee(call, id)
    absence = call.session.get(Absence, absence_id)
    if absence is None or absence.user_id != user.id:
        raise NotFound()
    absences.remove(call.session, user, absence)


def _absentee(call: Call, id: str) -> User:
    action = "read" if id == call.caller.id else "edit"
    return access.get(call.session, call.caller, User, id, action)


@api.get(
    "/departments",
    answer=DepartmentOut,
    allow=right("department", "read"),
    page=paged(DEPARTMENT, default="name", limit=200),
    query=QUERY,
)
def list_departments(call: Call) -> Any:
    """Departments; `parent_id` makes the tree."""
    return rows(call, DEPARTMENT)


@api.post(
    "/departments",
    body=DepartmentIn,
    answer=DepartmentOut,
    status=201,
    allow=right("department", "create"),
    errors=[SecondRoot],
)
def create_department(call: Call) -> Any:
    """Add a department below another; only the company itself has none above it."""
    delegation.check_department(call.caller, call.body)
    return departments.create(call.session, by=call.caller.id, **call.body)


@api.get("/departments/<id>", answer=DepartmentOut, allow=right("department", "read"))
def read_department(call: Call, id: str) -> Any:
    """One department."""
    return access.get(call.session, call.caller, Department, id)


@api.patch(
    "/departments/<id>",
    body=DepartmentChange,
    answer=DepartmentOut,
    allow=right("department", "edit"),
    errors=[SecondRoot, MovedBelowItself],
)
def change_department(call: Call, id: str) -> Any:
    """Rename a department, move it with all below it, or give it another head."""
    department = access.get(call.session, call.caller, Department, id, "edit")
    delegation.check_department(call.caller, call.body)
    return departments.change(call.session, department, **call.body)


@api.delete("/departments/<id>", status=204, allow=right("department", "delete"), errors=[DepartmentInUse])
def remove_department(call: Call, id: str) -> Any:
    """Remove a department in which nobody is left."""
    departments.remove(call.session, access.get(call.session, call.caller, Department, id, "delete"))


@api.get(
    "/roles",
    answer=RoleOut,
    allow=right("role", "read"),
    page=paged(ROLE, default="key", limit=200),
    query=QUERY,
)
def list_roles(call: Call) -> Any:
    """Roles with what they grant."""
    return rows(call, ROLE)


@api.post(
    "/roles",
    body=RoleIn,
    answer=RoleOut,
    status=201,
    allow=right("role", "create"),
    errors=[RoleTaken, UnfitGrant, AdministratorOnly, ExceedsOwn],
)
def create_role(call: Call) -> Any:
    """Add a role."""
    delegation.check_role(call.session, call.caller, None, call.body)
    return roles.create(call.session, by=call.caller.id, **call.body)


@api.get("/roles/<id>", answer=RoleOut, allow=right("role", "read"))
def read_role(call: Call, id: str) -> Any:
    """One role."""
    return access.get(call.session, call.caller, Role, id)


@api.patch(
    "/roles/<id>",
    body=RoleChange,
    answer=RoleOut,
    allow=right("role", "edit"),
    errors=[ShippedRole, UnfitGrant, AdministratorOnly, ExceedsOwn, AddressExcluded],
)
def change_role(call: Call, id: str) -> Any:
    """Change what a role grants; in force in every service within seconds."""
    role = access.get(call.session, call.caller, Role, id, "edit")
    delegation.check_role(call.session, call.caller, role, call.body)
    return roles.change(call.session, role, **call.body)


@api.delete("/roles/<id>", status=204, allow=right("role", "delete"), errors=[RoleInUse, ShippedRole])
def remove_role(call: Call, id: str) -> Any:
    """Remove a role that nobody holds."""
    roles.remove(call.session, access.get(call.session, call.caller, Role, id, "delete"))


@api.get("/roles/<id>/history", answer=RoleHistory, allow=right("role", "read"))
def read_role_history(call: Call, id: str) -> Any:
    """Every version of a role, the latest first: who changed what."""
    return {"items": role_history.of(call.session, access.get(call.session, call.caller, Role, id))}


@api.get("/access-kinds", answer=KindList, allow=right("role", "read"))
def list_kinds(call: Call) -> Any:
    """The kinds of records a role can rule, with their fields and named rights."""
    return {"items": kinds.listed()}
