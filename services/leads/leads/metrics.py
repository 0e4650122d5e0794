"""What the leads service counts for Prometheus."""

from prometheus_client import Counter, Gauge, Histogram

_MINUTES = (60, 300, 900, 1800, 3600, 2 * 3600, 4 * 3600, 8 * 3600, 24 * 3600, 3 * 24 * 3600, 7 * 24 * 3600)

CAPTURED = Counter(
    "crm_leads_captured_total", "Leads captured, by source and what became of them", ["source", "outcome"]
)
FIRST_RESPONSE = Histogram(
    "crm_leads_first_response_seconds", "Time from a lead's assignment to the first activity on it", buckets=_MINUTES
)
UNASSIGNED = Gauge("crm_leads_unassigned", "Leads that nobody owns and that are not closed")
UNASSIGNED_AGE = Gauge("crm_leads_unassigned_age_seconds", "Age of the lead that has waited longest for an owner")
CONVERSIONS = Counter("crm_leads_conversions_total", "Conversions, by outcome", ["outcome"])
FORM_REFUSED = Counter("crm_leads_form_refused_total", "Submissions of public forms that were refused", ["reason"])
