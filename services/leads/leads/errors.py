"""What the leads service refuses, each with a stable code."""

from typing import Any

from chassis.errors import Conflict, Gone, Invalid
from chassis.i18n import lazy as _


class DuplicateRefused(Conflict):
    """The source's policy refuses a lead that exists already; `candidates` names the ones found."""

    code, title = "duplicate_refused", _("There is a lead like this already")

    def __init__(self, candidates: list[dict[str, Any]]):
        super().__init__(_("Open the existing lead instead of making another one"), candidates=candidates)


class NotReachable(Invalid):
    """A lead has neither phone, e-mail, WeChat id nor a company by which it could be found."""

    code, title = "not_reachable", _("A lead needs a phone, an e-mail, a WeChat id or a company")


class WrongStatus(Conflict):
    """The step does not exist from the lead's present status; `allowed` lists those that do."""

    code, title = "wrong_status", _("This step is not possible in the lead's present status")

    def __init__(self, verb: str, status: str, allowed: list[str]):
        super().__init__(
            _("'%(verb)s' is not possible while the lead is '%(status)s'", verb=verb, status=status),
            present=status,
            allowed=allowed,
        )


class MergedAway(Gone):
    """The lead was merged into another; `survivor_id` says which."""

    code, title = "merged_away", _("This lead was merged into another one")


class MergeRefused(Conflict):
    code, title = "merge_refused", _("These leads cannot be merged")


class NothingToUndo(Conflict):
    code, title = "nothing_to_undo", _("This merge was undone already")


class ChooseCandidate(Conflict):
    """The account named for a conversion is none of the candidates that sales offered."""

    code, title = "not_a_candidate", _("Choose one of the accounts that were found")


class DefinitionWrong(Invalid):
    """A definition does not hold; `errors` names the places."""

    code, title = "definition_wrong", _("The definition is not valid")


class FormClosed(Gone):
    code, title = "form_closed", _("This form is closed")


class ConsentMissing(Invalid):
    code, title = "consent_missing", _("Your consent is needed before we may store your details")
