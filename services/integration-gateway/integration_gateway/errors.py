"""What the gateway refuses, each with a stable code."""

from chassis.errors import Conflict, Forbidden, Invalid, TooManyRequests, Unauthorized
from chassis.i18n import lazy as _


class EmailTaken(Conflict):
    code, title = "email_taken", _("Somebody with this e-mail address exists already")


class UnknownRole(Invalid):
    code, title = "unknown_role", _("There is no such role")


class LastAdministrator(Conflict):
    code, title = "last_administrator", _("This is the last administrator; appoint another one first")


class SecondRoot(Conflict):
    code, title = "second_root", _("The company is the only department without one above it")


class MovedBelowItself(Conflict):
    code, title = "moved_below_itself", _("A department cannot be moved below itself")


class DepartmentInUse(Conflict):
    code, title = "department_in_use", _("The department still has people or departments in it")


class RoleTaken(Conflict):
    code, title = "role_taken", _("A role with this key exists already")


class RoleInUse(Conflict):
    code, title = "role_in_use", _("Somebody still holds this role")


class ShippedRole(Conflict):
    code, title = (
        "shipped_role",
        _("A role that came with the system cannot be removed, and the administrator's not changed"),
    )


class AdministratorOnly(Forbidden):
    code, title = "administrator_only", _("Only an administrator may do this")


class ExceedsOwn(Forbidden):
    code, title = "exceeds_own", _("Nobody may grant more than they hold themselves")


class OwnAccess(Forbidden):
    code, title = "own_access", _("Nobody changes their own access; ask another administrator")


class AddressExcluded(Conflict):
    code, title = "address_excluded", _("This list would shut you out: it must include the network you are in")


class SecondFactorNeeded(Conflict):
    code, title = "second_factor_needed", _("Your role requires the second factor")


class EnrolmentRequired(Unauthorized):
    code, title = "second_factor_enrolment_required", _("Your role requires a second factor; set it up to log in")


class UnfitGrant(Invalid):
    code, title = "unfit_grant", _("A grant does not fit its kind of record")


class PeriodEmpty(Invalid):
    code, title = "period_empty", _("The absence must end after it starts, and in the future")


class WrongCredentials(Unauthorized):
    code, title = "wrong_credentials", _("E-mail address, password or code is wrong")


class SecondFactorRequired(Unauthorized):
    code, title = "second_factor_required", _("Enter the code from your authenticator app")


class AddressNotAllowed(Forbidden):
    code, title = "address_not_allowed", _("You may not log in from this network")


class TooManyAttempts(TooManyRequests):
    code, title = "too_many_attempts", _("Too many attempts; wait before you try again")


class WeakPassword(Invalid):
    code, title = "weak_password", _("Choose another password")


class SecondFactorExists(Conflict):
    code, title = "second_factor_exists", _("The second factor is set up already")


class WrongCode(Invalid):
    code, title = "wrong_code", _("The code is wrong or was used already")


class LinkExpired(Invalid):
    code, title = "link_expired", _("This link has been used or has expired")


class ClientTaken(Conflict):
    code, title = "client_taken", _("A client with this id exists already")


class HandOverRuns(Conflict):
    """`hand_over_id` names the one that is on its way already, or that can no longer be changed."""

    code, title = "hand_over_runs", _("This hand-over cannot be changed any more, or another one is on its way")


class NotCounted(Conflict):
    """`services` are those that have not said yet what they have."""

    code, title = "not_counted", _("Some services have not said yet what there is")


class NothingToRemove(Conflict):
    code, title = "nothing_to_remove", _("There is no demo data to remove")


class NoOwnAdministrator(Conflict):
    code, title = (
        "no_own_administrator",
        _("Everybody who could sign in afterwards belongs to the demo; make an administrator of your own first"),
    )
