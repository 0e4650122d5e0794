"""Refusals of reporting."""

from chassis.errors import Conflict, Forbidden, Invalid
from chassis.i18n import lazy as _


class UnknownMetric(Invalid):
    code, title = "unknown_metric", _("There is no such metric")


class MetricInvalid(Invalid):
    code, title = "invalid_metric", _("The definition of the metric is not valid")


class QueryInvalid(Invalid):
    code, title = "invalid_query", _("The question cannot be answered")


class DashboardInvalid(Invalid):
    code, title = "invalid_dashboard", _("The definition of the dashboard is not valid")


class MetricHidden(Forbidden):
    code, title = "metric_hidden", _("This metric uses figures you may not see")


class NoDrill(Forbidden):
    code, title = "no_drill", _("You may see the total, but not the records it is made of")


class KeyTaken(Conflict):
    code, title = "key_taken", _("This key is already in use")
