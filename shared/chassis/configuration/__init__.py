"""What a company sets up, as data: exported in a stable order for review, compared, and imported by the same use cases.

A service declares `Section`s, one per kind of thing that is set up, in the order in which they need each other.
"""

from chassis.configuration.applying import Change, Refused, apply, compare
from chassis.configuration.names import Names, UnknownName, department_path
from chassis.configuration.section import DEFINITION, Section, exported

__all__ = [
    "DEFINITION",
    "Change",
    "Names",
    "Refused",
    "Section",
    "UnknownName",
    "apply",
    "compare",
    "department_path",
    "exported",
]
