"""Refusals of transfer."""

from chassis.errors import Conflict, Invalid
from chassis.i18n import lazy as _


class UnreadableFile(Invalid):
    code, title = "unreadable_file", _("The file cannot be read as a table")


class NotReady(Conflict):
    code, title = "import_not_ready", _("This import cannot take that step now")


class RowRefused(Exception):
    """A row that is not taken in; `errors` are the messages per field, "" for the row as a whole."""

    def __init__(self, code: str, errors: dict[str, list[str]]):
        super().__init__(code)
        self.code, self.errors = code, errors
