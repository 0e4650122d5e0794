"""A workbook: a sheet per block with its figures and a native chart; text of people is always written as text."""

from io import BytesIO
from typing import Any

import xlsxwriter

from chassis.i18n import gettext as _
from engines import money
from reporting.exports.sheets import Block, Document
from reporting.settings import current

_FORMATS = {"share": "0.0%", "hours": '0.0 "h"', "count": "#,##0", "score": "0.00"}
_CHARTS = {
    "bar": {"type": "column"},
    "stacked": {"type": "column", "subtype": "stacked"},
    "line": {"type": "line"},
    "area": {"type": "area"},
    "pie": {"type": "pie"},
    "funnel": {"type": "bar"},
    "scatter": {"type": "scatter"},
}


def written(document: Document) -> bytes:
    """The .xlsx file."""
    out = BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"title": document.title, "created": document.as_of.replace(tzinfo=None)})
    styles = {
        "head": book.add_format({"bold": True, "bg_color": "#E8EEF9", "bottom": 1}),
        "title": book.add_format({"bold": True, "font_size": 14}),
    }
    after = money.digits(current().base_currency)
    patterns = _FORMATS | {"money": f"#,##0.{'0' * after}".removesuffix(".")}
    styles |= {unit: book.add_format({"num_format": pattern}) for unit, pattern in patterns.items()}
    _cover(book, document, styles)
    names: set[str] = set()
    for block in document.blocks:
        _sheet(book, block, _name(block.title, names), styles)
    book.close()
    return out.getvalue()


def _cover(book: Any, document: Document, styles: dict[str, Any]) -> None:
    sheet = book.add_worksheet(_("About"))
    sheet.set_column(0, 0, 90)
    sheet.write_string(0, 0, document.title, styles["title"])
    lines = [*document.about, *(f"{block.title}: {block.versions}" for block in document.blocks if block.versions)]
    for row, line in enumerate(lines, 2):
        sheet.write_string(row, 0, line)


def _sheet(book: Any, block: Block, name: str, styles: dict[str, Any]) -> None:
    sheet = book.add_worksheet(name)
    sheet.freeze_panes(1, 1)
    sheet.set_column(0, 0, 28)
    sheet.set_column(1, max(len(block.names), 1), 18)
    sheet.write_string(0, 0, block.heading, styles["head"])
    for column, heading in enumerate(block.names, 1):
        sheet.write_string(0, column, heading, styles["head"])
    for row, category in enumerate(block.categories, 1):
        sheet.write_string(row, 0, category)
        for column, values in enumerate(block.figures, 1):
            _cell(sheet, row, column, values[row - 1], styles.get(block.units[column - 1]))
    if block.note:
        sheet.write_string(len(block.categories) + 2, 0, block.note)
    if block.chart in _CHARTS and block.categories:
        sheet.insert_chart(1, len(block.names) + 2, _chart(book, block, name), {"x_scale": 1.4, "y_scale": 1.3})


def _cell(sheet: Any, row: int, column: int, value: Any, style: Any) -> None:
    if isinstance(value, str):
        sheet.write_string(row, column, value)
    elif value is not None:
        sheet.write_number(row, column, value, style)


def _chart(book: Any, block: Block, name: str) -> Any:
    """Only columns in the unit of the first share its axis."""
    chart = book.add_chart(_CHARTS[block.chart])
    last = len(block.categories)
    columns = [place for place, unit in enumerate(block.units) if unit == block.units[0]]
    for place in columns[:1] if block.chart in ("funnel", "pie") else columns:
        chart.add_series(
            {
                "name": [name, 0, place + 1],
                "categories": [name, 1, 0, last, 0],
                "values": [name, 1, place + 1, last, place + 1],
                "gap": 40,
            }
        )
    chart.set_title({"name": block.title, "name_font": {"size": 12}})
    if block.chart == "funnel":
        chart.set_y_axis({"reverse": True})
    if len(columns) == 1 and block.chart != "pie":
        chart.set_legend({"none": True})
    return chart


def _name(title: str, used: set[str]) -> str:
    """A sheet's name: no forbidden characters, at most 31, each only once."""
    plain = "".join(" " if char in "[]:*?/\\'" else char for char in title).strip()[:28] or "Sheet"
    name, number = plain, 2
    while name.lower() in used:
        name, number = f"{plain[:26]} {number}", number + 1
    used.add(name.lower())
    return name
