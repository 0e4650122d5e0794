"""Facts the leads service publishes. Every lead event carries the lead as it now is, so that a reader needs no other."""

from marshmallow import fields

from chassis.events import Event, personal


class LeadFact(Event):
    """What every event about a lead says of it: its state after the change."""

    lead_id = fields.String(required=True)
    number = fields.String(allow_none=True)
    status = fields.String(required=True)
    source = fields.String(allow_none=True)
    channel = fields.String(allow_none=True)
    campaign_id = fields.String(allow_none=True)
    country = fields.String(allow_none=True)
    region = fields.String(allow_none=True)
    city = fields.String(allow_none=True)
    industry = fields.String(allow_none=True)
    company_size = fields.String(allow_none=True)
    product_interest = fields.List(fields.String())
    score = fields.Integer(allow_none=True)
    grade = fields.String(allow_none=True)
    owner_id = fields.String(allow_none=True)
    department_id = fields.String(allow_none=True)
    pool = fields.String(allow_none=True)
    created_at = fields.AwareDateTime(allow_none=True)
    name = personal(fields.String(allow_none=True))
    company = personal(fields.String(allow_none=True))
    phones = personal(fields.List(fields.String()))
    emails = personal(fields.List(fields.String()))
    custom = personal(fields.Dict(metadata={"description": "The company's own fields by key, as the API says them"}))


class LeadCaptured(LeadFact, type="leads.lead.captured.v1"):
    """A lead came in; score and first owner are already in it, and what it was taken to be a duplicate of."""

    form_key = fields.String(allow_none=True)
    import_id = fields.String(allow_none=True)
    utm = fields.Dict(keys=fields.String(), values=fields.String())
    duplicates = fields.List(fields.String())
    response_due_at = fields.AwareDateTime(allow_none=True)


class LeadChanged(LeadFact, type="leads.lead.changed.v1"):
    """Fields, score or status of a lead changed."""

    what = fields.String(metadata={"description": "edited, scored, working, nurturing, released, reopened, merged …"})


class LeadAssigned(LeadFact, type="leads.lead.assigned.v1"):
    """A lead got an owner, by rule, by hand or by a claim from the pool."""

    previous_owner_id = fields.String(allow_none=True)
    how = fields.String(metadata={"description": "rule, hand, claim or import"})
    rule = fields.String(allow_none=True)
    waited_seconds = fields.Integer(allow_none=True, metadata={"description": "time the lead had no owner"})


class LeadContacted(LeadFact, type="leads.lead.contacted.v1"):
    """The first activity on a lead since it got its owner."""

    first_response_seconds = fields.Integer(required=True)


class LeadQualified(LeadFact, type="leads.lead.qualified.v1"):
    """The owner found the lead worth an opportunity."""


class LeadDisqualified(LeadFact, type="leads.lead.disqualified.v1"):
    """A lead was given up, with the reason."""

    reason = fields.String(required=True)


class LeadMerged(LeadFact, type="leads.lead.merged.v1"):
    """Another lead was merged into this one; readers treat `merged_id` as an alias of `lead_id`."""

    merged_id = fields.String(required=True)


class LeadUnmerged(LeadFact, type="leads.lead.unmerged.v1"):
    """A merge was undone: `merged_id` stands for itself again."""

    merged_id = fields.String(required=True)


class Opportunity(fields.Nested):
    """Name, amount (decimal string) and currency of the opportunity to open."""

    def __init__(self) -> None:
        super().__init__(
            {"name": fields.String(), "amount": fields.String(allow_none=True), "currency": fields.String()},
            allow_none=True,
        )


class ConversionRequested(Event, type="leads.lead.conversion_requested.v1"):
    """A lead is to become account, contact and opportunity; sales answers with conversion.completed or .failed."""

    lead_id = fields.String(required=True)
    request_id = fields.String(required=True)
    number = fields.String(allow_none=True)
    owner_id = fields.String(allow_none=True)
    department_id = fields.String(allow_none=True)
    source = fields.String(allow_none=True)
    country = fields.String(allow_none=True)
    region = fields.String(allow_none=True)
    city = fields.String(allow_none=True)
    industry = fields.String(allow_none=True)
    company_size = fields.String(allow_none=True)
    product_interest = fields.List(fields.String())
    credit_code = fields.String(allow_none=True)
    account_id = fields.String(allow_none=True, metadata={"description": "link to this account instead of a new one"})
    new_account = fields.Boolean(metadata={"description": "make a new account even when candidates look alike"})
    opportunity = Opportunity()
    name = personal(fields.String(allow_none=True))
    company = personal(fields.String(allow_none=True))
    title = personal(fields.String(allow_none=True))
    phones = personal(fields.List(fields.String()))
    emails = personal(fields.List(fields.String()))
    wechat = personal(fields.String(allow_none=True))


class LeadConverted(LeadFact, type="leads.lead.converted.v1"):
    """Sales made or linked account, contact and opportunity for the lead."""

    account_id = fields.String(required=True)
    contact_id = fields.String(allow_none=True)
    opportunity_id = fields.String(allow_none=True)
    cycle_seconds = fields.Integer(allow_none=True)


class LeadConversionFailed(LeadFact, type="leads.lead.conversion_failed.v1"):
    """Sales could not convert the lead by itself; its owner picks one of the candidates and tries again."""

    reason = fields.String(required=True)
    candidates = fields.Integer()


class BehaviourRecorded(Event, type="leads.behaviour.recorded.v1"):
    """A lead did something that counts for its score."""

    lead_id = fields.String(required=True)
    kind = fields.String(required=True)
    at = fields.AwareDateTime(required=True)


class DefinitionPublished(Event, type="leads.definition.published.v1"):
    """A scoring model, assignment rule set or capture form got a new version."""

    kind = fields.String(required=True, metadata={"description": "scoring_model, assignment_rules or capture_form"})
    key = fields.String(required=True)
    definition_version = fields.Integer(required=True)
