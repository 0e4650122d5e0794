"""One sample of every kind of field: its options, a value as the API takes and answers it, the same in a file, conditions
that find and miss it, and values that are none. Every place a value passes is tested with these."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Sample:
    """`given` is what the API takes, `answered` what it answers (the same, by default), `text` the cell of a file.

    `hits` and `misses` are (op, value) of conditions, `wrong` values to refuse, `posted` what a form sends by name suffix.
    """

    kind: str
    given: Any = None
    answered: Any = None
    text: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    hits: tuple[str, Any] = ("is_not_empty", None)
    misses: tuple[str, Any] = ("is_empty", None)
    wrong: tuple[Any, ...] = ()
    posted: Mapping[str, Any] | None = None
    shown: str = ""

    @property
    def key(self) -> str:
        return f"my_{self.kind}"

    @property
    def answer(self) -> Any:
        return self.given if self.answered is None else self.answered

    def definition(self, **more: Any) -> dict[str, Any]:
        label = {"zh": f"字段 {self.kind}", "en": f"My {self.kind}"}
        return {"key": self.key, "kind": self.kind, "label": label, "options": dict(self.options), **more}


_CHOICES = [
    {"value": "red", "label": {"zh": "红", "en": "Red"}, "colour": "red"},
    {"value": "blue", "label": {"zh": "蓝", "en": "Blue"}},
]
_TREE = [{"value": "hardware", "label": {"zh": "硬件", "en": "Hardware"},
          "children": [{"value": "pump", "label": {"zh": "泵", "en": "Pump"}}]}]  # fmt: skip
_COLUMNS = [
    {"key": "part", "kind": "text", "label": {"zh": "零件", "en": "Part"}, "required": True},
    {"key": "count", "kind": "integer", "label": {"zh": "数量", "en": "Count"}},
]
PERSON, DEPARTMENT = "u-wang", "d-east"

SAMPLES = (
    Sample(kind="text", given="Hello 世界", text="Hello 世界", hits=("contains", "世界"), misses=("eq", "Hello"),
           options={"max_length": 20}, wrong=("x" * 21, 5j, ["a"], "nul\0")),
    Sample(kind="long_text", given="one\ntwo", text="one\ntwo", hits=("contains", "two"), misses=("contains", "three"),
           wrong=("x" * 20_001,), shown="one"),
    Sample(kind="rich_text", given="<p>Hi <b>there</b><script>alert(1)</script></p>", answered="<p>Hi <b>there</b></p>",
           text="<p>Hi <b>there</b></p>", hits=("contains", "there"), misses=("contains", "alert"), wrong=([1],),
           shown="there"),
    Sample(kind="number", given="12.50", text="12.50", hits=("ge", "12.5"), misses=("gt", 12.5),
           wrong=("12.505", "twelve", True, "1e400", {"a": 1}, [1]), shown="12.5"),
    Sample(kind="integer", given=42, text="42", hits=("between", [42, 43]), misses=("lt", 42), wrong=("4.2", "x", False),
           options={"minimum": "0", "maximum": "100"}),
    Sample(kind="money", given={"amount": "1234.50", "currency": "CNY"}, text="1234.50", hits=("eq", "1234.5"),
           misses=("gt", "1234.50"), wrong=({"amount": "1", "currency": "USD"}, {"amount": "1"}, "1.005"),
           options={"currency": "CNY"}, posted={"": "1234.50"}, shown="1,234.50"),
    Sample(kind="percent", given="12.50", text="12.50", hits=("eq", 12.5), misses=("eq", 0.125), wrong=("12.555",),
           shown="12.5"),
    Sample(kind="rating", given=4, text="4", hits=("ge", 4), misses=("eq", 5), wrong=(0, 6, "4.5")),
    Sample(kind="date", given="2026-08-01", text="2026-08-01", hits=("ge", "2026-08-01"), misses=("lt", "2026-08-01"),
           wrong=("2026-02-30", "01/08/2026", 5)),
    Sample(kind="datetime", given="2026-08-01T09:30:00Z", text="2026-08-01 17:30:00", hits=("ge", "2026-08-01"),
           misses=("gt", "2026-08-01T09:30:00Z"), wrong=("2026-08-01T09:30:00", "soon", 1),
           posted={"": "2026-08-01T17:30"}, shown="17:30"),
    Sample(kind="time", given="09:30", text="09:30", hits=("between", ["09:00", "10:00"]), misses=("lt", "09:30"),
           wrong=("25:00", "half past", 930)),
    Sample(kind="boolean", given=True, text="yes", hits=("eq", True), misses=("ne", True), wrong=("perhaps", 2),
           posted={"": "1"}, shown="Yes"),
    Sample(kind="choice", given="red", text="Red", options={"choices": _CHOICES}, hits=("in", ["red"]),
           misses=("eq", "blue"), wrong=("green", 1), shown="Red"),
    Sample(kind="choices", given=["red", "blue"], text="Red; Blue", options={"choices": _CHOICES},
           hits=("contains", "blue"), misses=("not_contains", "red"), wrong=("red", ["green"]), shown="Blue"),
    Sample(kind="cascade", given=["hardware", "pump"], text="Hardware / Pump", options={"tree": _TREE},
           hits=("contains", "hardware"), misses=("not_contains", "pump"), wrong=(["pump"], ["x"], 1),
           posted={"": "hardware/pump"}, shown="Pump"),
    Sample(kind="tags", given=["new", "重要"], text="new; 重要", hits=("contains", "重要"), misses=("contains", "x"),
           wrong=("new", [1j], ["a;b"]), posted={"": "new, 重要"}, shown="重要"),
    Sample(kind="phone", given="138 0013 8000", answered="+8613800138000", text="+8613800138000",
           hits=("ends_with", "8000"), misses=("eq", "13800138000"), wrong=("12", "no phone", 5j), shown="138 0013 8000"),
    Sample(kind="email", given="Li.Lei@Example.com", answered="Li.Lei@example.com", text="Li.Lei@example.com",
           hits=("contains", "@example.com"), misses=("eq", "x@y.cn"), wrong=("nobody", "a@b", "a b@c.cn")),
    Sample(kind="url", given="www.example.com/a?b=1", answered="https://www.example.com/a?b=1",
           text="https://www.example.com/a?b=1", hits=("starts_with", "https://"), misses=("contains", "ftp"),
           wrong=("javascript:alert(1)", "ftp://x.cn", "http://")),
    Sample(kind="region", given={"province": "广东省", "city": "深圳市", "district": "南山区"},
           answered={"province": "广东", "city": "深圳", "district": "南山区"}, text="广东/深圳/南山区",
           hits=("starts_with", "广东/深圳"), misses=("contains", "广州"), wrong=({"province": "亚特兰蒂斯"}, {"x": "y"}, 5),
           posted={".province": "广东", ".city": "深圳", ".district": "南山区"}, shown="南山区"),
    Sample(kind="address", given={"province": "浙江", "city": "杭州", "district": "西湖区", "detail": "文三路 1/2 号"},
           text="浙江/杭州/西湖区/文三路 1/2 号", hits=("contains", "文三路"), misses=("contains", "文二路"),
           wrong=({"province": "Nowhere"}, [1]), shown="文三路",
           posted={".province": "浙江", ".city": "杭州", ".district": "西湖区", ".detail": "文三路 1/2 号"}),
    Sample(kind="person", given=PERSON, text="Wang Fang", hits=("eq", PERSON), misses=("eq", {"me": True}),
           wrong=("nobody-at-all", 5), shown="Wang Fang"),
    Sample(kind="department", given=DEPARTMENT, text="d-east", hits=("in", [DEPARTMENT]), misses=("ne", DEPARTMENT),
           wrong=("nowhere", 5), shown="d-east"),
    Sample(kind="formula", answered="25.00", text="25.00", options={"formula": "my_number * 2", "result": "number"},
           hits=("eq", 25), misses=("lt", 25), wrong=("25",), shown="25"),
    Sample(kind="qr_code", answered="Hello 世界", text="Hello 世界", options={"formula": "my_text"},
           hits=("contains", "世界"), misses=("eq", "x"), wrong=("x",), shown="<svg"),
    Sample(kind="sub_table", given=[{"part": "Pump", "count": 2}], text='[{"part":"Pump","count":2}]',
           options={"columns": _COLUMNS}, wrong=([{"count": 2}], [{"x": 1}], {"part": "x"}, [1], [{"part": "x", "count": "y"}]),
           posted={"": '[{"part": "Pump", "count": 2}]'}, shown="Pump"),
    Sample(kind="json", given={"a": [1, None]}, text='{"a":[1,null]}', hits=("contains", '"a"'), misses=("contains", '"b"'),
           wrong=("{", '{"a":'), shown="&#34;a&#34;", posted={"": '{"a": [1, null]}'}),
    Sample(kind="credit_code", given="91350100M000100Y43", text="91350100M000100Y43", hits=("eq", "91350100M000100Y43"),
           misses=("starts_with", "92"), wrong=("91350100M000100Y44", "123", 5)),
    Sample(kind="id_card", given="11010519491231002x", answered="11010519491231002X", text="11010519491231002X",
           hits=("ends_with", "002X"), misses=("is_empty", None), wrong=("110105194912310021", "1101051949", 5),
           shown="110105********002X"),
)  # fmt: skip
OTHERS = (
    "lookup",
    "lookups",
    "roll_up",
    "auto_number",
    "file",
    "image",
)  # these need a second record, a file or a number
