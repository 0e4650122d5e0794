"""Ownership of any kind of record: pools with limits and waiting times, claims by ledger, reclaim by rule, hand-over."""

from engines.ownership.definitions import glance, in_force
from engines.ownership.models import Poolable, PoolRule
from engines.ownership.moves import claim, give, has_room, protect, release, require_person, touched
from engines.ownership.objects import POOL_RULE
from engines.ownership.ownable import Ownable, Pause, of
from engines.ownership.reclaiming import begin, explain, resume, review_one, schedule, stop, take_up
from engines.ownership.visibility import in_my_pools, pools_of, register, require_giving, runs_pool

__all__ = [
    "POOL_RULE",
    "Ownable",
    "Pause",
    "PoolRule",
    "Poolable",
    "begin",
    "claim",
    "explain",
    "give",
    "glance",
    "has_room",
    "in_force",
    "in_my_pools",
    "of",
    "pools_of",
    "protect",
    "register",
    "release",
    "require_giving",
    "require_person",
    "resume",
    "review_one",
    "runs_pool",
    "schedule",
    "stop",
    "take_up",
    "touched",
]
