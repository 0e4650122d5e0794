"""The one condition language, in memory and as SQL with the same result; docs/conditions.md describes it for people."""

from engines.conditions.check import ConditionError, check
from engines.conditions.context import Context
from engines.conditions.explain import explain, fields_used, snapshot
from engines.conditions.memory import Test, compile_memory
from engines.conditions.sql import NotInSql, to_sql

__all__ = [
    "ConditionError",
    "Context",
    "NotInSql",
    "Test",
    "check",
    "compile_memory",
    "explain",
    "fields_used",
    "snapshot",
    "to_sql",
]
