"""Ready kinds of records to begin from: equipment (设备) and student records (学员档案)."""

from collections.abc import Mapping
from typing import Any


def _field(key: str, kind: str, zh: str, en: str, **more: Any) -> dict[str, Any]:
    return {"key": key, "kind": kind, "label": {"zh": zh, "en": en}, "options": more.pop("options", {}), **more}


def _choices(*given: tuple[str, str, str, str]) -> dict[str, Any]:
    return {"choices": [{"value": v, "label": {"zh": zh, "en": en}, "colour": colour} for v, zh, en, colour in given]}


def _section(key: str, zh: str, en: str, *fields: dict[str, Any], columns: int = 2) -> dict[str, Any]:
    return {"key": key, "title": {"zh": zh, "en": en}, "columns": columns, "fields": list(fields)}


BLANK: Mapping[str, Any] = {
    "object": {"label": {"zh": "", "en": ""}, "prefix": "", "icon": "folder", "board_by": None},
    "sections": [_section("main", "基本信息", "Main")],
}
EQUIPMENT: Mapping[str, Any] = {
    "object": {
        "label": {"zh": "设备", "en": "Equipment"}, "name_label": {"zh": "设备名称", "en": "Equipment"}, "prefix": "SB",
        "icon": "device-mobile", "board_by": "state",
    },
    "sections": [
        _section(
            "main", "基本信息", "Main",
            _field("serial", "text", "出厂编号", "Serial number", unique=True, required=True, options={"max_length": 60}),
            _field("model", "text", "型号", "Model"),
            _field("state", "choice", "状态", "State", indexed=True, default="running", options=_choices(
                ("idle", "闲置", "Idle", "grey"), ("running", "运行中", "Running", "green"),
                ("repair", "维修中", "In repair", "orange"), ("scrapped", "已报废", "Scrapped", "red"))),
            _field("account", "lookup", "所属客户", "Customer", options={"object": "account"}, indexed=True),
            _field("keeper", "person", "责任人", "Keeper"),
            _field("place", "address", "安装地址", "Installed at"),
            _field("label", "qr_code", "设备二维码", "QR code", options={"formula": "link"}),
        ),
        _section(
            "life", "价值与保修", "Value and warranty",
            _field("bought_on", "date", "购置日期", "Bought on"),
            _field("price", "money", "购置金额", "Price", options={"currency": "CNY", "minimum": "0"}),
            _field("warranty_months", "integer", "保修期", "Warranty", options={"minimum": "0", "maximum": "240", "unit": "月"}),
            _field("warranty_ends", "formula", "保修截止", "Warranty ends",
                   options={"formula": "bought_on + warranty_months * 30.4375", "result": "date"}),
            _field("pictures", "image", "照片", "Pictures"),
            _field("papers", "file", "资料", "Papers"),
        ),
        _section(
            "upkeep", "保养", "Upkeep",
            _field("parts", "sub_table", "备件清单", "Spare parts", options={"columns": [
                _field("part", "text", "备件", "Part", required=True), _field("count", "integer", "数量", "Count"),
                _field("price", "money", "单价", "Unit price")]}),
            _field("notes", "rich_text", "保养说明", "Instructions"),
            columns=1,
        ),
    ],
}  # fmt: skip
STUDENT: Mapping[str, Any] = {
    "object": {
        "label": {"zh": "学员档案", "en": "Student record"}, "name_label": {"zh": "姓名", "en": "Name"}, "prefix": "XY",
        "icon": "users", "board_by": "state",
    },
    "sections": [
        _section(
            "person", "学员信息", "Student",
            _field("phone", "phone", "联系电话", "Phone", required=True),
            _field("id_card", "id_card", "身份证号", "Identity number", unique=True),
            _field("born_on", "date", "出生日期", "Born on"),
            _field("guardian", "text", "监护人", "Guardian"),
            _field("home", "region", "所在地区", "Region"),
            _field("photo", "image", "照片", "Photo"),
        ),
        _section(
            "course", "学习情况", "Course",
            _field("state", "choice", "状态", "State", indexed=True, default="enquiry", options=_choices(
                ("enquiry", "咨询", "Enquiry", "azure"), ("trial", "试听", "Trial lesson", "yellow"),
                ("enrolled", "在读", "Enrolled", "green"), ("finished", "结业", "Finished", "blue"),
                ("left", "退学", "Left", "grey"))),
            _field("courses", "tags", "报读课程", "Courses"),
            _field("adviser", "person", "课程顾问", "Adviser"),
            _field("fee", "money", "学费", "Fee", options={"currency": "CNY", "minimum": "0"}),
            _field("paid", "money", "已缴", "Paid", options={"currency": "CNY", "minimum": "0"}),
            _field("open", "formula", "欠费", "Open", options={"formula": "first(fee, 0) - first(paid, 0)", "result": "money"}),
            _field("satisfaction", "rating", "满意度", "Satisfaction"),
            _field("remarks", "long_text", "备注", "Remarks"),
        ),
    ],
}  # fmt: skip
SHIPPED: Mapping[str, tuple[Mapping[str, str], Mapping[str, Any]]] = {
    "equipment": ({"zh": "设备", "en": "Equipment"}, EQUIPMENT),
    "student": ({"zh": "学员档案", "en": "Student record"}, STUDENT),
}
