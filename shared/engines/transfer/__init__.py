"""Records in and out as files: CSV and XLSX, row by row, through the same use cases as forms and API."""

from engines.transfer import events
from engines.transfer.declaring import Children, Option, Reference, Took, Transferable, declare, kinds_of, of
from engines.transfer.intake import IMPORT
from engines.transfer.running import keep_taking

__all__ = [
    "IMPORT",
    "Children",
    "Option",
    "Reference",
    "Took",
    "Transferable",
    "declare",
    "events",
    "keep_taking",
    "kinds_of",
    "of",
]
