"""Metrics of transfer."""

from prometheus_client import Counter

ROWS = Counter("crm_import_rows_total", "Rows of files taken in, by kind of record and outcome", ["kind", "outcome"])
EXPORTED = Counter("crm_exported_rows_total", "Rows written into files, by kind of record", ["kind"])
