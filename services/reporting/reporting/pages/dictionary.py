"""The dictionary of metrics: what each figure means, and how it is worked out."""

from typing import Any

from flask import render_template

from chassis.api import Call
from engines.access import right
from reporting.metrics import catalogue
from reporting.pages.edge import pages
from reporting.querying.labels import dimension


@pages.get("/metrics", allow=right("report", "read"))
def metrics(call: Call) -> Any:
    """All metrics with their formulas and dimensions."""
    known = catalogue.metrics(call.session)
    rows = [
        (metric, [dimension(name) for name in catalogue.dimensions(known, metric)], catalogue.document(known, metric))
        for metric in known.values()
    ]
    return render_template("reporting/metrics.html", rows=rows)
