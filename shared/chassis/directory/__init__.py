"""Replica of people, departments, roles and ended sessions, kept by the gateway's events; who a caller is comes from it.

Each process holds one snapshot per database and asks every half second, with one tiny query, whether it is still current.
"""

from chassis.directory.events import (
    KEEP_REVOCATIONS,
    drop_department,
    drop_role,
    heard,
    on,
    revoke,
    store_department,
    store_role,
    store_user,
)
from chassis.directory.snapshots import (
    CHECK_SECONDS,
    RELOAD_SECONDS,
    STALE_SECONDS,
    Department,
    Directory,
    Person,
    Snapshot,
    caller_for,
    load,
    names,
    of,
    snapshot,
)
from chassis.directory.tables import (
    EVERYONE,
    TABLES,
    DirectoryContact,
    DirectoryDepartment,
    DirectoryRevocation,
    DirectoryRole,
    DirectoryState,
    DirectoryUser,
)

__all__ = [
    "CHECK_SECONDS",
    "EVERYONE",
    "KEEP_REVOCATIONS",
    "RELOAD_SECONDS",
    "STALE_SECONDS",
    "TABLES",
    "Department",
    "Directory",
    "DirectoryContact",
    "DirectoryDepartment",
    "DirectoryRevocation",
    "DirectoryRole",
    "DirectoryState",
    "DirectoryUser",
    "Person",
    "Snapshot",
    "caller_for",
    "drop_department",
    "drop_role",
    "heard",
    "load",
    "names",
    "of",
    "on",
    "revoke",
    "snapshot",
    "store_department",
    "store_role",
    "store_user",
]
