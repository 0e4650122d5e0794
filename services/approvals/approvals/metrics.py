"""What the business watches; no person or customer ever is in a label."""

from prometheus_client import Counter, Histogram

STARTED = Counter("crm_approvals_started_total", "Approvals started, by flow", ["definition"])
COMPLETED = Counter(
    "crm_approvals_completed_total", "Approvals answered, by flow and outcome", ["definition", "outcome"]
)
TASKS = Counter("crm_approval_tasks_closed_total", "Approval tasks closed, by outcome", ["outcome"])
TASK_HOURS = Histogram(
    "crm_approval_task_hours",
    "Hours between asking a person and the answer",
    buckets=(0.1, 0.5, 1, 4, 8, 24, 48, 96, 240),
)
OVERDUE = Counter("crm_approval_tasks_overdue_total", "Deadlines of approval tasks that passed")
CHAT_DECISIONS = Counter(
    "crm_approval_chat_decisions_total", "Decisions from chat cards, by what became of them", ["result"]
)
