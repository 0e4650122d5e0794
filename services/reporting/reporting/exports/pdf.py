"""A printable report: each block as a chart and a table, filters and as-of time on the first page, the reader on each."""

from collections.abc import Sequence
from io import BytesIO
from typing import Any
from xml.sax.saxutils import escape

from reportlab.graphics.charts.barcharts import HorizontalBarChart, VerticalBarChart
from reportlab.graphics.charts.lineplots import LinePlot
from reportlab.graphics.shapes import Drawing, String
from reportlab.lib import colors
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.platypus import KeepTogether, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from chassis.i18n import gettext as _
from reporting.exports.sheets import Block, Document

FONT = "STSong-Light"  # a font every PDF reader brings along; nothing is embedded
PALETTE = [colors.HexColor(code) for code in ("#2563eb", "#0f9f8f", "#d97706", "#9333ea", "#dc2626", "#0891b2")]
WIDTH = A4[0] - 36 * mm
MOST_BARS = 16
ROWS = 60

_TITLE = ParagraphStyle("title", fontName=FONT, fontSize=18, leading=24, spaceAfter=6)
_HEADING = ParagraphStyle("heading", fontName=FONT, fontSize=12, leading=16, spaceBefore=10, spaceAfter=4)
_TEXT = ParagraphStyle("text", fontName=FONT, fontSize=8.5, leading=12, textColor=colors.HexColor("#475569"))
_FIGURE = ParagraphStyle("figure", fontName=FONT, fontSize=8.5, leading=11, alignment=TA_RIGHT)
_CELL = ParagraphStyle("cell", fontName=FONT, fontSize=8.5, leading=11)


def written(document: Document) -> bytes:
    """The .pdf file."""
    pdfmetrics.registerFont(UnicodeCIDFont(FONT))
    out = BytesIO()
    made = SimpleDocTemplate(
        out, pagesize=A4, leftMargin=18 * mm, rightMargin=18 * mm, topMargin=16 * mm, bottomMargin=18 * mm,
        title=document.title, author=document.reader, invariant=1,
    )  # fmt: skip
    story: list[Any] = [Paragraph(escape(document.title), _TITLE)]
    story += [Paragraph(escape(line), _TEXT) for line in document.about]
    for block in document.blocks:
        story += _block(block)
    footer = _footer(document)
    made.build(story, onFirstPage=footer, onLaterPages=footer)
    return out.getvalue()


def _footer(document: Document) -> Any:
    line = " · ".join((document.about[0], document.as_of_text, document.reader))

    def draw(canvas: Any, page: Any) -> None:
        canvas.setFont(FONT, 7)
        canvas.setFillColor(colors.HexColor("#64748b"))
        canvas.drawString(18 * mm, 10 * mm, line[:110])
        canvas.drawRightString(A4[0] - 18 * mm, 10 * mm, str(page.page))

    return draw


def _block(block: Block) -> list[Any]:
    head: list[Any] = [Paragraph(escape(block.title), _HEADING)]
    chart = _chart(block)
    if chart is not None:
        head += [chart, Spacer(1, 3 * mm)]
    parts: list[Any] = [KeepTogether(head), _table(block)]
    if block.note:
        parts.append(Paragraph(escape(block.note), _TEXT))
    if block.versions:
        parts.append(Paragraph(escape(block.versions), _TEXT))
    return parts


def _table(block: Block) -> Table:
    across = block.names[:8]
    rows: list[list[Any]] = [
        [Paragraph(escape(block.heading), _CELL), *(Paragraph(escape(name), _FIGURE) for name in across)]
    ]
    for place, category in enumerate(block.categories[:ROWS]):
        rows.append([Paragraph(escape(category), _CELL), *(texts[place] for texts in block.texts[: len(across)])])
    if len(block.categories) > ROWS:
        rows.append(
            [_("%(n)s more rows in the spreadsheet", n=len(block.categories) - ROWS), *("" for _name in across)]
        )
    first = WIDTH * (0.4 if len(across) < 4 else 0.28)
    made = Table(rows, colWidths=[first, *([(WIDTH - first) / max(len(across), 1)] * len(across))], repeatRows=1)
    made.setStyle(
        TableStyle(
            [
                ("FONT", (0, 0), (-1, -1), FONT, 8.5),
                ("BACKGROUND", (0, 0), (-1, 0), colors.HexColor("#eef2fa")),
                ("LINEBELOW", (0, 0), (-1, -1), 0.25, colors.HexColor("#cbd5e1")),
                ("ALIGN", (1, 1), (-1, -1), "RIGHT"),
                ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
            ]
        )
    )
    return made


def _chart(block: Block) -> Drawing | None:
    """A chart of the columns that share the first one's unit, when there is something to draw."""
    columns = [
        values for values, unit in zip(block.figures, block.units, strict=True) if unit == block.units[0] != "text"
    ]
    drawn = [[value or 0 for value in values] for values in columns[:6]]
    if not block.chart or not drawn or not any(any(values) for values in drawn) or len(drawn[0]) < 2:
        return None
    if block.chart in ("line", "area"):
        return _lines(block, drawn)
    if block.chart in ("funnel", "pie"):
        return _bars(block, drawn[:1], lying=True)
    return _bars(block, drawn, lying=False)


def _bars(block: Block, drawn: Sequence[Sequence[float]], *, lying: bool) -> Drawing:
    shown = [list(values[:MOST_BARS]) for values in drawn]
    names = [name[:14] for name in block.categories[:MOST_BARS]]
    height = 55 * mm if not lying else max(30, 9 * len(names)) * mm
    made = Drawing(WIDTH, height + 10 * mm)
    chart = HorizontalBarChart() if lying else VerticalBarChart()
    if lying:  # reportlab counts bars from below
        shown, names = [values[::-1] for values in shown], names[::-1]
    _place(chart, height)
    chart.data = shown
    chart.categoryAxis.categoryNames = names
    if block.chart == "stacked":
        chart.categoryAxis.style = "stacked"
    labels = chart.categoryAxis.labels
    labels.fontName, labels.fontSize = FONT, 7
    if not lying and len(names) > 6:
        labels.angle, labels.boxAnchor, labels.dy = 30, "ne", -2
    _axis(chart.valueAxis, block.units[0])
    for place in range(len(shown)):
        chart.bars[place].fillColor = PALETTE[place % len(PALETTE)]
        chart.bars[place].strokeColor = None
    made.add(chart)
    _legend(made, block, len(shown), height)
    return made


def _lines(block: Block, drawn: Sequence[Sequence[float]]) -> Drawing:
    height = 55 * mm
    made = Drawing(WIDTH, height + 10 * mm)
    chart = LinePlot()
    _place(chart, height)
    chart.data = [list(enumerate(values)) for values in drawn]
    step = max(1, len(block.categories) // 8)
    chart.xValueAxis.valueSteps = list(range(0, len(block.categories), step))
    chart.xValueAxis.labelTextFormat = lambda value: block.categories[int(value)][:12]
    chart.xValueAxis.labels.fontName, chart.xValueAxis.labels.fontSize = FONT, 7
    _axis(chart.yValueAxis, block.units[0])
    for place in range(len(drawn)):
        chart.lines[place].strokeColor = PALETTE[place % len(PALETTE)]
        chart.lines[place].strokeWidth = 1.5
    made.add(chart)
    _legend(made, block, len(drawn), height)
    return made


def _place(chart: Any, height: float) -> None:
    """Room for labels to the left and below."""
    chart.x, chart.y, chart.width, chart.height = 30 * mm, 9 * mm, WIDTH - 36 * mm, height - 4 * mm


def _axis(axis: Any, unit: str) -> None:
    axis.valueMin = 0
    axis.labels.fontName, axis.labels.fontSize = FONT, 7
    axis.gridStrokeColor, axis.visibleGrid = colors.HexColor("#e2e8f0"), 1
    axis.labelTextFormat = (lambda value: f"{value:.0%}") if unit == "share" else (lambda value: f"{value:,.10g}")


def _legend(drawing: Drawing, block: Block, columns: int, height: float) -> None:
    if columns < 2:
        return
    for place, name in enumerate(block.names[:columns]):
        colour = PALETTE[place % len(PALETTE)]
        drawing.add(
            String(30 * mm + place * 45 * mm, height + 4 * mm, name[:22], fontName=FONT, fontSize=8, fillColor=colour)
        )
