"""CSV files of leads: bytes to records, whatever people called the columns."""

import csv
import io
import re
from collections.abc import Iterator
from typing import Any

from chassis.i18n import lazy as _
from leads import normalise
from leads.errors import UnreadableFile
from leads.objects import INDUSTRIES, SIZES, SOURCES

ENCODINGS = ("utf-8", "gb18030", "big5", "utf-16")
_HEADERS = {
    "name": "name 姓名 联系人 称呼 full_name contact contact_name",
    "company": "company 公司 公司名称 单位 企业名称 company_name organisation organization",
    "title": "title 职位 职务 job_title position",
    "phones": "phones phone 电话 手机 手机号 联系电话 座机 固话 mobile tel telephone phone_number 电话2 phone2",
    "emails": "emails email 邮箱 电子邮件 电子邮箱 e-mail mail email_address",
    "wechat": "wechat 微信 微信号 weixin",
    "source": "source 来源 线索来源 lead_source",
    "channel": "channel 渠道",
    "country": "country 国家",
    "region": "region 区域 地区 大区",
    "province": "province 省份 省",
    "city": "city 城市 市",
    "address": "address 地址 详细地址",
    "industry": "industry 行业",
    "company_size": "company_size 规模 公司规模 人数 size employees",
    "product_interest": "product_interest 意向产品 产品 product products",
    "budget": "budget 预算 预算金额",
    "message": "message 留言 备注 需求 note notes comment comments remark",
    "credit_code": "credit_code 统一社会信用代码 信用代码 税号",
}
_FIELD_OF = {header: field for field, headers in _HEADERS.items() for header in headers.split()}
_SEVERAL = frozenset(("phones", "emails", "product_interest"))
_AMOUNT = re.compile(r"^[¥￥$€]?\s*([\d,]+(?:\.\d+)?)\s*(万|w|k|千|元)?$", re.IGNORECASE)
_TIMES = {"万": 10_000, "w": 10_000, "k": 1000, "千": 1000, "元": 1, "": 1}
csv.field_size_limit(1_000_000)


def decoded(content: bytes, encoding: str) -> str:
    """The file's text in the encoding its sender declared; UnreadableFile when it is not in it."""
    try:
        text = content.decode("utf-8-sig" if encoding == "utf-8" else encoding)
    except UnicodeDecodeError as error:
        raise UnreadableFile(
            _("The file is not %(encoding)s: byte %(place)s cannot be read. Declare the right encoding.",
              encoding=encoding, place=error.start)
        ) from None  # fmt: skip
    return text


def rows(text: str) -> Iterator[tuple[int, dict[str, Any] | None, list[str]]]:
    """(row number, record or None for an empty row, complaints) for each row below the header line."""
    sample = text[:5000]
    delimiter = max((",", ";", "\t"), key=sample.partition("\n")[0].count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        header = [column_of(each) for each in next(reader, [])]
        if not set(header) & {"name", "company"}:
            raise UnreadableFile(_("The first line must name the columns, with a name or company among them."))
        for number, cells in enumerate(reader, start=2):
            yield number, *_record(header, cells)
    except csv.Error as error:
        raise UnreadableFile(_("The table breaks off: %(error)s", error=str(error))) from None


def column_of(header: str) -> str:
    """The field a column's heading means, "" for one that is not known."""
    return _FIELD_OF.get(re.sub(r"[\s-]+", "_", normalise.text(header).lower()).strip("*_:："), "")


def _record(header: list[str], cells: list[str]) -> tuple[dict[str, Any] | None, list[str]]:
    if not any(cell.strip() for cell in cells):
        return None, []
    complaints = []
    if len(cells) > len(header) and any(cell.strip() for cell in cells[len(header) :]):
        complaints.append(str(_("The row has more cells than the header.")))
    record: dict[str, Any] = {}
    for field, cell in zip(header, cells, strict=False):
        if not field or not cell.strip():
            continue
        if field in _SEVERAL:
            record.setdefault(field, []).append(cell)
        else:
            record[field] = cell
    return tidied(record), complaints


def tidied(record: dict[str, Any]) -> dict[str, Any]:
    """Choices by their label in either language; what fits no choice is kept in the message."""
    notes = [record["message"]] if record.get("message") else []
    for field, choices in (("industry", INDUSTRIES), ("company_size", SIZES), ("source", SOURCES)):
        if field in record:
            typed = normalise.text(record[field])
            key = _choice(typed, choices)
            if key is None:
                notes.append(f"{field}: {typed}")
                del record[field]
            else:
                record[field] = key
    if "budget" in record:
        typed = normalise.text(record.pop("budget"))
        if amount := _AMOUNT.match(typed):
            times = _TIMES[(amount[2] or "").lower()]
            record["budget"] = {"amount": f"{float(amount[1].replace(',', '')) * times:.2f}", "currency": "CNY"}
        else:
            notes.append(f"budget: {typed}")
    if "product_interest" in record:
        record["product_interest"] = [
            part.strip()
            for cell in record["product_interest"]
            for part in re.split(r"[;；、,，/|]", cell)
            if part.strip()
        ]
    if "country" in record:
        typed = normalise.text(record["country"]).upper()
        if re.fullmatch(r"[A-Z]{2}", typed):
            record["country"] = typed
        else:
            notes.append(f"country: {normalise.text(record.pop('country'))}")
    if notes:
        record["message"] = "\n".join(notes)
    return record


def _choice(typed: str, choices: dict[str, dict[str, str]]) -> str | None:
    lowered = typed.lower()
    return next(
        (key for key, label in choices.items() if lowered in (key, label["zh"].lower(), label["en"].lower())), None
    )
