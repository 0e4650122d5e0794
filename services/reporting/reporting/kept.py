"""Dashboards and metrics carry a timeline, comments, files, tags and followers."""

from engines.record_kit import Kept, keep
from reporting.objects import DASHBOARD, REPORT

KINDS = keep(
    "reporting",
    [
        Kept(kind=DASHBOARD, page="/reporting/records/dashboard/{id}"),
        Kept(kind=REPORT, page="/reporting/records/report/{id}"),
    ],
)
