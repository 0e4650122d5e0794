"""What Prometheus sees of automation rules."""

from prometheus_client import Counter

RUNS = Counter("crm_automation_runs_total", "Runs of automation rules by kind of record and result", ["kind", "result"])
