"""An export in one of its forms, as an answer of the web edge."""

from flask import Response

from chassis import clock
from chassis.errors import NotFound
from reporting.exports import csv, pdf, xlsx
from reporting.exports.sheets import Document

FORMS = {
    "xlsx": (xlsx.written, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "pdf": (pdf.written, "application/pdf"),
    "csv": (csv.written, "text/csv; charset=utf-8"),
}


def attachment(document: Document, form: str, *, name: str) -> Response:
    """The file to be saved; NotFound for another form."""
    if form not in FORMS:
        raise NotFound()
    write, kind = FORMS[form]
    made = Response(write(document), content_type=kind)
    made.headers["Content-Disposition"] = f'attachment; filename="{name}-{clock.now():%Y%m%d-%H%M}.{form}"'
    made.headers["Cache-Control"] = "private, no-store"
    return made
