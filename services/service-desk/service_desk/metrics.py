"""What the service desk counts for Prometheus; no person or customer ever is in a label."""

from prometheus_client import Counter, Histogram

_MINUTES = (1, 5, 15, 30, 60, 120, 240, 480, 960, 1920, 4800)

CREATED = Counter("crm_tickets_created_total", "Tickets by channel and priority", ["channel", "priority"])
SOLVED = Counter("crm_tickets_solved_total", "Tickets solved, by priority", ["priority"])
REOPENED = Counter("crm_tickets_reopened_total", "Tickets that were re-opened")
DISPATCHED = Counter("crm_tickets_dispatched_total", "Tickets dispatched, by whether somebody was found", ["outcome"])
BREACHES = Counter("crm_sla_breaches_total", "SLA clocks that ran out, by clock and priority", ["metric", "priority"])
WARNINGS = Counter("crm_sla_warnings_total", "SLA warnings and escalations sent", ["metric", "kind"])
FIRST_RESPONSE = Histogram(
    "crm_ticket_first_response_minutes", "Open minutes from a ticket's creation to its first answer", buckets=_MINUTES
)
RESOLUTION = Histogram(
    "crm_ticket_resolution_minutes", "Open minutes from a ticket's creation to its solution", buckets=_MINUTES
)
MAILS = Counter("crm_desk_mails_total", "Mails received, by what became of them", ["outcome"])
FORM_REFUSED = Counter("crm_desk_form_refused_total", "Submissions of the public form that were refused", ["reason"])
SCORES = Counter("crm_survey_answers_total", "Survey answers by score", ["score"])
