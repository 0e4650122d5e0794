"""What ownership counts for Prometheus; `kind` is the kind of record, no person is ever in a label."""

from prometheus_client import Counter

CLAIMS = Counter("crm_claims_total", "Claims from pools, by kind of record and outcome", ["kind", "outcome"])
RECLAIMS = Counter("crm_reclaims_total", "Records taken back into a pool by rule", ["kind"])
WARNINGS = Counter("crm_reclaim_warnings_total", "Warnings to owners that a record will be taken back", ["kind"])
HANDED_OVER = Counter("crm_handed_over_total", "Records of leavers that went to successors", ["kind"])
