"""Refusals of automation rules."""

from chassis.errors import Conflict, Invalid
from chassis.i18n import lazy as _


class RuleWrong(Invalid):
    """A rule does not hold; `errors` names the places."""

    code, title = "definition_wrong", _("The definition is not valid")


class CannotAct(Conflict):
    """An action has nobody or nothing to act on."""

    code, title = "cannot_act", _("The rule's action cannot be carried out")
