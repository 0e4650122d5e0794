"""People and departments in a configuration: by e-mail address and by path, since ids differ between installations."""

from collections.abc import Mapping
from typing import Any

from chassis.directory import Department, Snapshot

PERSON, DEPARTMENT = "person:", "department:"
_BETWEEN = "/"


class UnknownName(Exception):
    """A person or department that this installation does not know; `at` is the place in the body."""

    def __init__(self, name: str, at: str):
        super().__init__(f"{at}: {name} is not known here")
        self.name, self.at = name, at


def department_path(known: Snapshot, department: Department) -> str:
    """The department's name after those above it, from the company down."""
    names = [known.departments[id].name for id in department.path if id in known.departments]
    return _BETWEEN.join(name.replace(_BETWEEN, "／") for name in names)


class Names:
    """Translates ids to names and back by one snapshot of the directory."""

    def __init__(self, known: Snapshot):
        self._outward = {user.id: PERSON + user.email for user in known.users.values() if user.email}
        for department in known.departments.values():
            self._outward[department.id] = DEPARTMENT + department_path(known, department)
        self._inward = {name: id for id, name in sorted(self._outward.items(), reverse=True)}

    def outward(self, value: Any) -> Any:
        """`value` with ids of people and departments replaced by their names, at any depth, in keys too."""
        if isinstance(value, str):
            return self._outward.get(value, value)
        if isinstance(value, Mapping):
            return {self.outward(key): self.outward(item) for key, item in value.items()}
        return [self.outward(item) for item in value] if isinstance(value, list | tuple) else value

    def inward(self, value: Any, at: str = "") -> Any:
        """The reverse of `outward`; UnknownName where nobody here is called so."""
        if isinstance(value, str) and value.startswith((PERSON, DEPARTMENT)):
            if value not in self._inward:
                raise UnknownName(value, at)
            return self._inward[value]
        if isinstance(value, Mapping):
            return {
                self.inward(key, at): self.inward(item, f"{at}.{key}" if at else str(key))
                for key, item in value.items()
            }
        if isinstance(value, list):
            return [self.inward(item, f"{at}.{place}") for place, item in enumerate(value)]
        return value
