"""JSON routes of pools, holding limits and the ownership of one kind of record; a service mounts them on its API."""

from collections.abc import Callable, Sequence
from typing import Any

from marshmallow import Schema, fields, validate
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from chassis import clock, i18n
from chassis.api import Api, Call
from chassis.caller import Caller
from chassis.errors import Invalid, NotFound, Problem
from chassis.i18n import lazy as _
from engines import access
from engines.access import right
from engines.ownership import definitions, limits, publishing, reclaiming, simulation, visibility
from engines.ownership.definitions import HOLDING, InForce, Pool
from engines.ownership.errors import NotOwned, PoolRuleWrong, UnknownPool
from engines.ownership.models import OwnerChange
from engines.ownership.ownable import Ownable
from engines.ownership.shapes import PoolTexts


class PoolRuleIn(Schema):
    definition = fields.Dict(required=True)
    title = fields.Nested(PoolTexts)
    active = fields.Boolean(load_default=True)


class PoolRuleOut(Schema):
    id = fields.String()
    key = fields.String()
    title = fields.Dict()
    version = fields.Integer()
    revision = fields.Integer()
    active = fields.Boolean()
    definition = fields.Dict(attribute="body")
    updated_at = fields.AwareDateTime()


class PoolRules(Schema):
    items = fields.List(fields.Nested(PoolRuleOut))


class PoolRuleVersionOut(Schema):
    revision = fields.Integer()
    active = fields.Boolean()
    definition = fields.Dict(attribute="body")
    published_at = fields.AwareDateTime()
    published_by = fields.String()


class PoolRuleVersions(Schema):
    items = fields.List(fields.Nested(PoolRuleVersionOut))


class MyPool(Schema):
    """A pool the caller may claim from, and how he stands there."""

    key = fields.String()
    title = fields.Dict()
    records = fields.Integer()
    admin = fields.Boolean()
    hidden_fields = fields.List(fields.String())
    claims_today = fields.Integer()
    daily_limit = fields.Integer(allow_none=True)
    resets_at = fields.AwareDateTime()
    held = fields.Integer()
    holding_limit = fields.Integer(allow_none=True)
    cool_down_days = fields.Integer()
    freeze_hours = fields.Integer()
    protect_days = fields.Integer()


class MyPools(Schema):
    items = fields.List(fields.Nested(MyPool))


class PoolPeriod(Schema):
    from_ = fields.AwareDateTime(required=True, data_key="from")
    to = fields.AwareDateTime(load_default=None, allow_none=True)


class PoolSimulateIn(Schema):
    key = fields.String(load_default=definitions.DEFAULT, validate=validate.Length(1, 60))
    definition = fields.Dict(required=True)
    records = fields.List(fields.String(validate=validate.Length(1, 36)), validate=validate.Length(max=1000))
    history = fields.Nested(PoolPeriod)
    limit = fields.Integer(load_default=1000, validate=validate.Range(1, simulation.AT_MOST))


class PoolSimulatedRecord(Schema):
    id = fields.String()
    label = fields.String()
    owner_id = fields.String(allow_none=True)
    now = fields.AwareDateTime(allow_none=True)
    then = fields.AwareDateTime(allow_none=True)
    rule = fields.String(allow_none=True)
    changed = fields.Boolean()
    reclaimed = fields.Boolean()
    explanation = fields.List(fields.String())


class PoolSimulated(Schema):
    records = fields.Integer(metadata={"description": "how many were looked at"})
    reclaimed = fields.Integer(metadata={"description": "how many the draft takes back by now, or took in the period"})
    changed = fields.Integer(metadata={"description": "how many get another date"})
    items = fields.List(fields.Nested(PoolSimulatedRecord))


class OwnerChangeOut(Schema):
    at = fields.AwareDateTime()
    from_id = fields.String(allow_none=True)
    to_id = fields.String(allow_none=True)
    from_pool = fields.String(allow_none=True)
    to_pool = fields.String(allow_none=True)
    how = fields.String()
    by = fields.String()
    reason = fields.String()


class OwnershipOut(Schema):
    """Who has a record, since when, when it goes back to its pool and why, and every change of owner."""

    owner_id = fields.String(allow_none=True)
    pool = fields.String(allow_none=True)
    owned_since = fields.AwareDateTime(allow_none=True)
    protected_until = fields.AwareDateTime(allow_none=True)
    next_reclaim_at = fields.AwareDateTime(allow_none=True)
    explanation = fields.Dict(allow_none=True)
    history = fields.List(fields.Nested(OwnerChangeOut))


class ProtectIn(Schema):
    until = fields.AwareDateTime(
        required=True, allow_none=True, metadata={"description": "null: take the protection away"}
    )
    reason = fields.String(load_default="", validate=validate.Length(max=300))


class ReclaimIn(Schema):
    pool = fields.String(load_default=None, allow_none=True, validate=validate.Length(1, 60))
    reason = fields.String(required=True, validate=validate.Length(1, 300))


def mount(
    api: Api,
    kind: Ownable,
    plural: str,
    *,
    answer: Any,
    dump: Callable[[Session, Caller, Any], Any],
    protect: Callable[..., Any],
    errors: Sequence[type[Problem]] = (),
) -> None:
    """Add /pools, /holding-limits and each record's ownership to a service's API.

    `dump(session, caller, record)` is what the answer schema reads; `protect(session, record, caller=, until=, reason=)` is the
    service's own step, which publishes.
    """
    _mount_rules(api, kind)
    _mount_trying(api, kind)
    _mount_records(api, kind, plural, answer, dump, protect, errors)


def _mount_rules(api: Api, kind: Ownable) -> None:
    """List, read, publish and versions of pools; holding limits are one definition."""

    @api.get("/pools", answer=PoolRules, allow=right("pool_rule", "read"), tags=["ownership"])
    def list_pools(call: Call) -> Any:
        """All pools as they are defined."""
        return {"items": definitions.listed(call.session, kind, "pool")}

    for path, purpose, noun, keyed in (
        ("/pools/<key>", "pool", "pool", True),
        ("/holding-limits", HOLDING, "holding limits", False),
    ):
        _mount_rule(api, kind, path, purpose, noun, keyed)


def _mount_rule(api: Api, kind: Ownable, path: str, purpose: str, noun: str, keyed: bool) -> None:
    def read(call: Call, key: str = HOLDING) -> Any:
        return definitions.find(call.session, kind, purpose, key)

    def published(call: Call, key: str = HOLDING) -> Any:
        found = definitions.row(call.session, kind, purpose, key)
        if found is not None:
            call.match(found.version)
        return publishing.publish_rule(
            call.session, kind, caller=call.caller, purpose=purpose, key=key, body=call.body["definition"],
            title=call.body.get("title"), active=call.body["active"],
        )  # fmt: skip

    def versions(call: Call, key: str = HOLDING) -> Any:
        return {"items": definitions.versions(call.session, read(call, key))}

    name = purpose if keyed else "holding_limits"
    for function, title, doc in (
        (read, f"read_{name}", f"The {noun} as in force."),
        (published, f"publish_{name}", f"Put a new version of the {noun} in force; dates of all held records follow."),
        (versions, f"list_{name}_versions", f"All published versions of the {noun}, newest first."),
    ):
        function.__name__, function.__doc__ = title, doc
    reading, tags = right("pool_rule", "read"), ["ownership"]
    absent = [] if keyed else [NotFound]  # until a company sets them
    api.get(path, answer=PoolRuleOut, allow=reading, errors=absent, tags=tags)(read)
    api.put(
        path, body=PoolRuleIn, answer=PoolRuleOut, allow=right("pool_rule", "edit"), errors=[PoolRuleWrong], tags=tags
    )(published)
    api.get(f"{path}/versions", answer=PoolRuleVersions, allow=reading, errors=absent, tags=tags)(versions)


def _mount_trying(api: Api, kind: Ownable) -> None:
    """My own pools, and a draft over real records."""

    @api.get("/my-pools", answer=MyPools, allow=right(kind.name, "read"), tags=["ownership"])
    def list_my_pools(call: Call) -> Any:
        """The pools the caller may claim from: how much lies there, and what he may still take today."""
        return {"items": standing(call.session, kind, call.caller)}

    @api.post(
        "/pools/simulate", body=PoolSimulateIn, answer=PoolSimulated, allow=right("pool_rule", "simulate"), session="read",
        errors=[PoolRuleWrong], tags=["ownership"],
    )  # fmt: skip
    def simulate_pool(call: Call) -> Any:
        """What a draft of a pool would take back, now or over a past period; nothing is stored."""
        body, period = call.body, call.body.get("history")
        if period and period["to"] and period["to"] <= period["from_"]:
            raise Invalid(errors={"history": [_("The end must lie after the beginning.")]})
        return simulation.simulate(
            call.session, kind, caller=call.caller, key=body["key"], definition=body["definition"], limit=body["limit"],
            records=body.get("records", ()), since=period["from_"] if period else None, until=period["to"] if period else None,
        )  # fmt: skip


def _mount_records(
    api: Api, kind: Ownable, plural: str, answer: Any, dump: Callable[[Session, Caller, Any], Any], protect: Callable[..., Any],
    errors: Sequence[type[Problem]],
) -> None:  # fmt: skip
    @api.get(f"/{plural}/<id>/ownership", answer=OwnershipOut, allow=right(kind.name, "read"), tags=["ownership"])
    def read_ownership(call: Call, id: str) -> Any:
        """Who has the record, when it goes back to its pool and why, and every change of owner."""
        return ownership_of(call.session, kind, access.get(call.session, call.caller, kind.model, id))

    @api.post(
        f"/{plural}/<id>/protect", body=ProtectIn, answer=answer, allow=right(kind.name, "assign"),
        errors=[NotOwned, *errors], tags=["ownership"],
    )  # fmt: skip
    def protect_record(call: Call, id: str) -> Any:
        """Keep the record with its owner until a time, whatever the pool's rules say."""
        record = access.get(call.session, call.caller, kind.model, id, "edit", lock=True)
        protect(call.session, record, caller=call.caller, **call.body)
        return dump(call.session, call.caller, record)

    @api.post(
        f"/{plural}/<id>/reclaim", body=ReclaimIn, answer=answer, allow=right(kind.name, "assign"),
        errors=[NotOwned, UnknownPool, *errors], tags=["ownership"],
    )  # fmt: skip
    def reclaim_record(call: Call, id: str) -> Any:
        """Take the record from its owner into a pool, with the reason."""
        record = access.get(call.session, call.caller, kind.model, id, "edit", lock=True)
        take_back(call.session, kind, record, caller=call.caller, **call.body)
        return dump(call.session, call.caller, record)


def take_back(
    session: Session, kind: Ownable, record: Any, *, caller: Caller, reason: str, pool: str | None = None
) -> None:
    """A manager takes the record from its owner into a pool. NotOwned, UnknownPool."""
    if record.owner_id is None:
        raise NotOwned()
    known = definitions.in_force(session, kind)
    home = known.home(definitions.people_of(session), record.department_id).key
    kind.give_back(session, record, caller, pool or home, "reclaim", reason)


def ownership_of(session: Session, kind: Ownable, record: Any) -> dict[str, Any]:
    """What the ownership of a record is, for answers and pages."""
    decision = reclaiming.explain(session, kind, record)
    return {
        "owner_id": record.owner_id,
        "pool": record.pool,
        "owned_since": getattr(record, kind.owned_since),
        "protected_until": record.protected_until,
        "next_reclaim_at": record.next_reclaim_at,
        "explanation": decision.document(i18n.current()) if decision else None,
        "history": history(session, kind, record.id),
    }


def history(session: Session, kind: Ownable, record_id: str, *, limit: int = 50) -> Sequence[OwnerChange]:
    """Changes of owner, newest first."""
    wanted = select(OwnerChange).where(OwnerChange.subject_kind == kind.name, OwnerChange.subject_id == record_id)
    return session.scalars(wanted.order_by(OwnerChange.id.desc()).limit(limit)).all()


def standing(session: Session, kind: Ownable, caller: Caller) -> list[dict[str, Any]]:
    """Each pool the caller may claim from, with what lies there and how he stands."""
    known, model = definitions.in_force(session, kind), kind.model
    counts: dict[str, int] = dict(
        session.execute(
            access.readable(session, caller, model)
            .where(model.owner_id.is_(None), model.pool.is_not(None))
            .with_only_columns(model.pool, func.count())
            .group_by(model.pool)
        ).all()
    )
    people = definitions.people_of(session)
    return [
        _standing(session, kind, known, pool, caller)
        | {"records": counts.get(pool.key, 0), "admin": pool.runs(people, caller)}
        for pool in visibility.pools_of(session, kind, caller)
    ]


def _standing(session: Session, kind: Ownable, known: InForce, pool: Pool, caller: Caller) -> dict[str, Any]:
    stands = limits.allowance(session, kind, known, pool, caller.id)
    return {
        "key": pool.key,
        "title": dict(pool.title),
        "hidden_fields": sorted(pool.hidden),
        "claims_today": stands.made,
        "daily_limit": stands.daily_limit,
        "resets_at": limits.next_day(clock.now()),
        "held": stands.held,
        "holding_limit": stands.holding_limit,
        "cool_down_days": pool.cool_down_days,
        "freeze_hours": pool.freeze_hours,
        "protect_days": pool.protect_days,
    }
