"""Chapter eleven: reporting has taken everything in, shows this job's figures, and opens the records behind them."""

from typing import TYPE_CHECKING, Any

from demo.suite import Person, until

if TYPE_CHECKING:
    from demo.story import Stage

QUERY, RECORDS = "/reporting/api/v1/query", "/reporting/api/v1/query/records"
WAIT = 60.0  # seconds; after an outage it has much to take in
SOURCES = {"leads", "sales", "service-desk", "approvals"}


def the_figures_show_it(stage: "Stage") -> None:
    """Funnel, contract amount, payments, SLA and satisfaction of this customer; from a figure down to its records."""
    tell, director = stage.narration, stage.suite.log_in("chen.jianguo")
    tell.chapter("11. The figures show it")
    wanted = _wanted(stage)
    found = until(lambda: _as_wanted(director, stage, wanted), seconds=WAIT)
    answer = found or _asked(director, stage, wanted)
    for metric, value in wanted.items():
        shown = answer["total"]["values"][metric]
        tell.check(_same(shown, value), f"{metric} of this customer: {shown}")
    sources = answer["sources"]
    tell.check(
        set(sources) >= SOURCES,
        f"taken in up to: {', '.join(f'{name} {at[11:19]}' for name, at in sorted(sources.items()))}",
    )
    _funnel(stage, director)
    _drill(stage, director)


def _wanted(stage: "Stage") -> dict[str, Any]:
    """Metric → what this job must have made of it."""
    wanted = {
        "opportunities_won": 1,
        "won_amount": stage.facts["amount"],
        "contract_amount": stage.facts["amount"],
        "payments_collected": stage.facts["amount"],
        "tickets_created": 2,
        "tickets_solved": 1,
        "first_response_attainment": 1,
        "resolution_attainment": 1,
    }
    return wanted | ({"csat": 1, "csat_score": stage.facts["csat"]} if "csat" in stage.facts else {})


def _asked(reader: Person, stage: "Stage", wanted: dict[str, Any]) -> Any:
    condition = {"field": "account_id", "op": "eq", "value": stage.ids["account"]}
    return reader.done(QUERY, {"metrics": list(wanted), "condition": condition, "period": "last_30_days"})


def _as_wanted(reader: Person, stage: "Stage", wanted: dict[str, Any]) -> Any:
    answer = _asked(reader, stage, wanted)
    shown = answer["total"]["values"]
    return answer if all(_same(shown[metric], value) for metric, value in wanted.items()) else None


def _same(shown: Any, value: Any) -> bool:
    return shown is not None and float(shown) == float(value)


def _funnel(stage: "Stage", director: Person) -> None:
    tell = stage.narration
    deal = director.read(f"/sales/api/v1/opportunities/{stage.ids['opportunity']}")
    answer = director.read("/reporting/api/v1/funnel")
    for rung in answer["rungs"]:
        label = rung["label"].get("zh", rung["stage"]) if isinstance(rung["label"], dict) else rung["label"]
        tell.say(f"    {label}: {rung['reached']} reached, {rung['now']} there now")
    counts = [rung["reached"] for rung in answer["rungs"]]
    tell.check(
        counts and counts == sorted(counts, reverse=True) and counts[-1] > 0, "the funnel narrows from stage to stage"
    )
    reached = director.done(
        RECORDS,
        {
            "metric": "funnel_reached",
            "condition": {"field": "number", "op": "eq", "value": deal["number"]},
            "limit": 50,
        },
    )["items"]
    tell.check(
        {one["id"] for one in reached} == {deal["id"]},
        f"{deal['number']} is among those that reached {len(reached)} stages",
    )


def _drill(stage: "Stage", director: Person) -> None:
    """The contract behind the amount: for the director and the owner, not for a colleague."""
    tell = stage.narration
    asked: dict[str, Any] = {"metric": "contract_amount", "period": "last_30_days"}
    asked |= {"condition": {"field": "account_id", "op": "eq", "value": stage.ids["account"]}}
    for person in (director, stage.seller):
        items = person.done(RECORDS, asked)["items"]
        ids = [item["id"] for item in items]
        tell.check(
            ids == [stage.ids["contract"]],
            f"{person.name} opens the amount: {', '.join(item['title'] for item in items)}",
        )
    other = stage.stranger
    seen = other.post(RECORDS, asked)
    tell.check(
        seen.ok and not seen["items"],
        f"{other.name} opens the same and finds {len(seen.body.get('items', []))} records",
    )
