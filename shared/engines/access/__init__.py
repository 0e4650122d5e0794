"""Who may do what: roles, record scope, shares, named rights and field rules, one predicate behind every edge."""

from engines.access.field_rules import check_edit, mask_out, masked, visible
from engines.access.grants import Granted, granted
from engines.access.predicate import allows, get, predicate_sql, readable, require
from engines.access.rights import Right, has_right, require_right, right
from engines.access.shares import Share, is_shared, share, unshare
from engines.access.sight import decided, veil, whole
from engines.access.veils import seen_through, veil_by, veils_of
from engines.objects import Field, ObjectType, of_model

__all__ = [
    "Field",
    "Granted",
    "ObjectType",
    "Right",
    "Share",
    "allows",
    "check_edit",
    "decided",
    "get",
    "granted",
    "has_right",
    "is_shared",
    "mask_out",
    "masked",
    "of_model",
    "predicate_sql",
    "readable",
    "require",
    "require_right",
    "right",
    "seen_through",
    "share",
    "unshare",
    "veil",
    "veil_by",
    "veils_of",
    "visible",
    "whole",
]
