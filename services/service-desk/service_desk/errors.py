"""What the service desk refuses, each with a stable code."""

from chassis.errors import Conflict, Gone, Invalid
from chassis.i18n import lazy as _


class WrongStatus(Conflict):
    """The step does not exist from the ticket's present status; `allowed` lists those that do."""

    code, title = "wrong_status", _("This step is not possible in the ticket's present status")

    def __init__(self, status: str, present: str, allowed: list[str]):
        super().__init__(
            _("'%(status)s' is not possible while the ticket is '%(present)s'", status=status, present=present),
            present=present,
            allowed=allowed,
        )


class TooLateToReopen(Conflict):
    """The ticket rests for too long; a follow-up ticket takes the matter up."""

    code, title = "too_late_to_reopen", _("This ticket can no longer be re-opened; write a follow-up instead")


class UnknownPerson(Invalid):
    code, title = "unknown_person", _("This person is not in the directory or no longer active")


class UnknownQueue(Invalid):
    code, title = "unknown_queue", _("There is no such queue")


class UnknownAccount(Invalid):
    code, title = "unknown_account", _("This customer is not known here")


class AlreadyTaken(Conflict):
    code, title = "already_taken", _("Somebody else has this ticket already")


class DefinitionWrong(Invalid):
    """A definition does not hold; `errors` names the places."""

    code, title = "definition_wrong", _("The definition is not valid")


class CalendarNeverOpen(Invalid):
    code, title = "never_open", _("This calendar has no open time near the moment asked for")


class SurveyClosed(Gone):
    code, title = "survey_closed", _("This survey can no longer be answered")
