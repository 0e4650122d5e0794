"""A company that counts in yen or dinars: figures have the digits of its currency, on pages, in answers and in files."""

import pytest

from engines.money import base_currency
from reporting import settings
from reporting.dashboards import presenting
from reporting.exports import sheets
from reporting.metrics import catalogue
from reporting.querying.answer import outside

SHOWN = {"JPY": ("1234500", 1_234_500), "CNY": ("12345.00", 12_345), "KWD": ("1234.500", 1_234.5)}


@pytest.fixture(params=SHOWN)
def base(request, monkeypatch):
    monkeypatch.setattr(settings, "_current", settings.Settings(service="reporting", base_currency=request.param))
    return request.param


def test_a_figure_in_money_has_the_digits_of_the_base_currency_everywhere(base):
    metric = catalogue.shipped_metrics()["pipeline_amount"]
    text, number = SHOWN[base]
    assert outside(metric, 1_234_500) == text
    assert presenting.scaled([metric], [[1_234_500, None]]) == ([[number, None]], base)
    assert sheets._plain("money", [1_234_500, None]) == [number, None]


def test_without_a_setting_the_company_counts_in_renminbi():
    assert base_currency() == "CNY"
