"""JSON routes of automation rules: /automation-rules; a service mounts them on its API."""

from typing import Any

from marshmallow import Schema, fields, validate

from chassis import i18n
from chassis.api import Api, Call
from engines.access import right
from engines.rules import definitions, publishing, runs, simulation
from engines.rules.errors import RuleWrong


class RuleTexts(Schema):
    zh = fields.String(validate=validate.Length(max=200))
    en = fields.String(validate=validate.Length(max=200))


class AutomationRuleIn(Schema):
    definition = fields.Dict(required=True)
    title = fields.Nested(RuleTexts)
    active = fields.Boolean(load_default=True)


class AutomationRuleOut(Schema):
    id = fields.String()
    key = fields.String()
    title = fields.Dict()
    about = fields.String(attribute="subject_kind")
    version = fields.Integer()
    revision = fields.Integer()
    active = fields.Boolean()
    definition = fields.Dict(attribute="body")
    updated_at = fields.AwareDateTime()


class AutomationRules(Schema):
    items = fields.List(fields.Nested(AutomationRuleOut))


class AutomationRuleVersionOut(Schema):
    revision = fields.Integer()
    active = fields.Boolean()
    definition = fields.Dict(attribute="body")
    published_at = fields.AwareDateTime()
    published_by = fields.String()


class AutomationRuleVersions(Schema):
    items = fields.List(fields.Nested(AutomationRuleVersionOut))


class AutomationSwitch(Schema):
    active = fields.Boolean(required=True)


class AutomationTry(Schema):
    definition = fields.Dict(required=True)
    days = fields.Integer(load_default=30, validate=validate.Range(1, 365))


class AutomationTriedRecord(Schema):
    at = fields.AwareDateTime()
    id = fields.String()
    label = fields.String()
    owner_id = fields.String(allow_none=True)


class AutomationTried(Schema):
    occasions = fields.Integer(metadata={"description": "how often the rule would have been set off"})
    acts = fields.Integer(metadata={"description": "how often its condition held then"})
    unusable = fields.Integer(
        metadata={"description": "occasions about records that are gone or out of the caller's sight"}
    )
    cut = fields.Boolean(metadata={"description": "whether there was more than is looked at"})
    per_person = fields.Dict(attribute="load", data_key="load", metadata={"description": "person → action → how often"})
    items = fields.List(fields.Nested(AutomationTriedRecord))


class AutomationRunsQuery(Schema):
    limit = fields.Integer(load_default=50, validate=validate.Range(1, 200))
    before = fields.String(load_default="", validate=validate.Length(max=36))
    all = fields.Boolean(load_default=False, metadata={"description": "also where the condition did not hold"})


class AutomationRunOut(Schema):
    id = fields.String()
    at = fields.String()
    subject = fields.String()
    version = fields.Integer()
    inputs = fields.Dict()
    outcome = fields.Dict()
    steps = fields.List(fields.Dict())


class AutomationRuns(Schema):
    items = fields.List(fields.Nested(AutomationRunOut))


READ, EDIT, TAGS = right("automation_rule", "read"), right("automation_rule", "edit"), ["automation"]


def mount(api: Api) -> None:
    """Add /automation-rules to a service's API."""
    _mount_reading(api)
    _mount_writing(api)


def _mount_reading(api: Api) -> None:
    @api.get("/automation-rules", answer=AutomationRules, allow=READ, tags=TAGS)
    def list_automation_rules(call: Call) -> Any:
        """All rules, in the order in which they run."""
        return {"items": definitions.listed(call.session)}

    @api.post(
        "/automation-rules/simulate", body=AutomationTry, answer=AutomationTried,
        allow=right("automation_rule", "simulate"), session="read", errors=[RuleWrong], tags=TAGS,
    )  # fmt: skip
    def simulate_automation_rule(call: Call) -> Any:
        """What a rule would have done in the last days, with each record as it was then; nothing is stored."""
        return simulation.simulate(
            call.session, caller=call.caller, body=call.body["definition"], days=call.body["days"]
        )

    @api.get("/automation-rules/<key>", answer=AutomationRuleOut, allow=READ, tags=TAGS)
    def read_automation_rule(call: Call, key: str) -> Any:
        """A rule as in force."""
        return definitions.find(call.session, key)

    @api.get("/automation-rules/<key>/versions", answer=AutomationRuleVersions, allow=READ, tags=TAGS)
    def list_automation_rule_versions(call: Call, key: str) -> Any:
        """All published versions, newest first."""
        return {"items": definitions.versions(call.session, definitions.find(call.session, key))}

    @api.get("/automation-rules/<key>/runs", query=AutomationRunsQuery, answer=AutomationRuns, allow=READ, tags=TAGS)
    def list_automation_rule_runs(call: Call, key: str) -> Any:
        """What the rule did, and why, newest first; of records the caller may read."""
        definitions.find(call.session, key)
        found = runs.page(
            call.session, call.caller, key=key, limit=call.query["limit"], before=call.query["before"],
            all_occasions=call.query["all"],
        )  # fmt: skip
        return {"items": [each.document(i18n.current()) for each in found]}


def _mount_writing(api: Api) -> None:
    @api.put(
        "/automation-rules/<key>", body=AutomationRuleIn, answer=AutomationRuleOut, allow=EDIT, errors=[RuleWrong],
        tags=TAGS,
    )  # fmt: skip
    def publish_automation_rule(call: Call, key: str) -> Any:
        """Put a new version of a rule in force; it concerns what happens from now on."""
        found = definitions.row(call.session, key)
        if found is not None:
            call.match(found.version)
        return publishing.publish_rule(
            call.session, caller=call.caller, key=key, body=call.body["definition"], title=call.body.get("title"),
            active=call.body["active"],
        )  # fmt: skip

    @api.post("/automation-rules/<key>/switch", body=AutomationSwitch, answer=AutomationRuleOut, allow=EDIT, tags=TAGS)
    def switch_automation_rule(call: Call, key: str) -> Any:
        """Switch a rule on or off."""
        found = definitions.find(call.session, key)
        call.match(found.version)
        return publishing.switch(call.session, found, caller=call.caller, active=call.body["active"])
