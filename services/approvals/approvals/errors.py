"""What an approval refuses, each with a stable code."""

from chassis.errors import Conflict, Forbidden, Invalid
from chassis.i18n import lazy as _


class TaskClosed(Conflict):
    code, title = "task_closed", _("This task is no longer open")


class NotYourTask(Forbidden):
    code, title = "not_your_task", _("Only the person asked may do this")


class WrongState(Conflict):
    code, title = "wrong_state", _("The approval is not in a state that allows this")


class TargetNotPassed(Conflict):
    code, title = "target_not_passed", _("An approval can only be returned to a step it has passed")


class TargetInactive(Conflict):
    code, title = "target_inactive", _("That person cannot take the task")


class AlreadyAsked(Conflict):
    code, title = "already_asked", _("That person is asked at this step already")


class DefinitionWrong(Invalid):
    """`errors` names every place that does not hold."""

    code, title = "definition_wrong", _("The definition cannot be published as it is")


class UnknownDefinition(Conflict):
    code, title = "unknown_definition", _("No published definition has this name")


class UrgedRecently(Conflict):
    code, title = "urged_recently", _("They were urged less than an hour ago")
