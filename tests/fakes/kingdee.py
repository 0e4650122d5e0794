"""Kingdee K3Cloud for tests and the demo: signed calls and sessions, documents with their states, receipts, shipments.

`python -m fakes.kingdee --port N [--state FILE]`; look at http://127.0.0.1:N/.
"""

import base64
import hashlib
import hmac
import html
import json
import re
import secrets
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from fakes import listening
from fakes.listening import Reply, Request

ACCT, USER, PASSWORD = "5f0000000000aa", "webapi", "demo-k3-password"
APP_ID, APP_SECRET = "204399_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX", "0123456789abcdef0123456789abcdef"
CURRENCIES, ORGS = {"PRE001", "PRE007"}, {"100"}
NUMBER = {"BD_Customer": "FNumber"}
REQUIRED = {
    "BD_Customer": ["FName", "FCreateOrgId.FNumber", "FUseOrgId.FNumber"],
    "SAL_SaleOrder": ["FBillTypeID.FNumber", "FDate", "FSaleOrgId.FNumber", "FCustId.FNumber", "FSaleOrderEntry"],
    "AR_receivable": ["FBillTypeID.FNumber", "FDATE", "FCUSTOMERID.FNumber", "FCURRENCYID.FNumber", "FEntityDetail"],
}
CUSTOMER_FIELD = {"SAL_SaleOrder": "FCustId.FNumber", "AR_receivable": "FCUSTOMERID.FNumber"}
ROWS = {
    "SAL_SaleOrder": "FSaleOrderEntry",
    "AR_receivable": "FEntityPlan",
    "AR_RECEIVEBILL": "FRECEIVEBILLSRCENTRY",
}
PREFIX = "Kingdee.BOS.WebApi.ServicesStub."


class KingdeeFake(listening.Fake):
    """One data centre. A document is {form, id, number, status, model, created, modified}."""

    def empty(self) -> dict[str, Any]:
        return {"documents": [], "sessions": {}, "next_id": 100001, "materials_refused": []}

    def handle(self, request: Request) -> Reply:
        found = re.fullmatch(r"/k3cloud/([\w.]+)\.common\.kdsvc", request.path, re.IGNORECASE)
        if request.method != "POST" or not found:
            return Reply({"errcode": 4002, "description_cn": "地址不正确"}, status=519)
        method = found[1].removeprefix(PREFIX)
        if method.endswith("AccountService.GetDataCenterList"):
            return Reply([{"Id": ACCT, "Number": "001", "Name": "演示账套"}])
        if method.startswith("AuthService."):
            return Reply(self._log_in(method.partition(".")[2], request.json()["parameters"]))
        if "x-kd-signature" in request.headers:
            if reason := _bad_signature(request):
                return Reply({"errcode": 4006, "description_cn": reason}, status=519)
        elif not self._in_session(request.headers):
            return Reply(_refused("会话信息已丢失，请重新登录", code=1))
        operation = method.removeprefix("DynamicFormService.").lower()
        verb = getattr(self, f"_{operation}", None)
        if verb is None:
            return Reply(f"response_error:未知的服务 {html.escape(method)}")
        given = request.json()
        if "parameters" in given:  # the session style packs a form id and JSON text
            form, text = given["parameters"]
            given = {"formid": form, "data": json.loads(text)}
        return Reply(verb(given.get("formid", ""), given["data"]))

    # log-in

    def _log_in(self, how: str, given: list[Any]) -> dict[str, Any]:
        right = {
            "ValidateUser": lambda: given[:3] == [ACCT, USER, PASSWORD],
            "LoginByAppSecret": lambda: given[:4] == [ACCT, USER, APP_ID, APP_SECRET],
            "LoginBySign": lambda: (
                given[:3] == [ACCT, USER, APP_ID]
                and given[4]
                == hashlib.sha256("".join(sorted([ACCT, USER, APP_ID, APP_SECRET, given[3]])).encode()).hexdigest()
            ),
        }[how]()
        if not right:
            return {
                "LoginResultType": 0,
                "Message": "用户名或密码错误",
                "MessageCode": "LoginFailed",
                "IsSuccessByAPI": False,
            }
        session = secrets.token_hex(12)
        self.book["sessions"] = {session: time.time() + 1200}  # logging in elsewhere ends the earlier session
        return {
            "LoginResultType": 1,
            "Message": None,
            "MessageCode": None,
            "Context": {"UserName": USER},
            "KDSVCSessionId": session,
            "IsSuccessByAPI": True,
        }

    def _in_session(self, headers: dict[str, str]) -> bool:
        cookie = re.search(r"kdservice-sessionid=([0-9a-f]+)", headers.get("cookie", ""))
        session = cookie[1] if cookie else headers.get("kdservice-sessionid", "")
        if self.book["sessions"].get(session, 0) < time.time():
            return False
        self.book["sessions"][session] = time.time() + 1200
        return True

    # operations

    def _save(self, form: str, data: dict[str, Any]) -> dict[str, Any]:
        model = data["Model"]
        problems = self._problems(form, model)
        number = str(model.get(NUMBER.get(form, "FBillNo")) or f"{form[:2].upper()}{self.book['next_id']}")
        inner = int(model.get("FID") or model.get("FCUSTID") or 0)
        existing = self._find(form, number)
        if existing and existing["id"] != inner:
            problems.append((NUMBER.get(form, "FBillNo"), f"编号“{number}”已经存在，请使用其他编号"))
        if problems:
            return _refused(*problems)
        if existing:
            if existing["status"] == "C":
                return _refused(("FDocumentStatus", "单据已审核，不能修改"))
            existing |= {"model": model, "modified": _now()}
            return _done(existing)
        document = {"form": form, "id": self.book["next_id"], "number": number, "status": "A", "model": model}
        document |= {"created": _now(), "modified": _now()}
        self.book["next_id"] += 1
        self.book["documents"].append(document)
        return _done(document)

    def _submit(self, form: str, data: dict[str, Any]) -> dict[str, Any]:
        return self._move(form, data, {"A": "B", "D": "B", "Z": "B"}, "提交")

    def _audit(self, form: str, data: dict[str, Any]) -> dict[str, Any]:
        return self._move(form, data, {"B": "C"}, "审核")

    def _unaudit(self, form: str, data: dict[str, Any]) -> dict[str, Any]:
        return self._move(form, data, {"C": "D"}, "反审核")

    def _move(self, form: str, data: dict[str, Any], steps: dict[str, str], verb: str) -> dict[str, Any]:
        moved = []
        for number in data.get("Numbers", []):
            document = self._find(form, number)
            if document is None or document["status"] not in steps:
                return _refused(("", f"{verb}失败：编号“{number}”的单据不存在或状态不允许"))
            document |= {"status": steps[document["status"]], "modified": _now()}
            moved.append(document)
        return _done(*moved)

    def _view(self, form: str, data: dict[str, Any]) -> dict[str, Any]:
        document = self._find(form, str(data.get("Number", "")))
        if document is None:
            return _refused(("", "传递的编码值不存在"))
        whole = {"Id": document["id"], "DocumentStatus": document["status"], **document["model"]}
        return {"Result": {"ResponseStatus": None, "Result": whole}}

    def _executebillquery(self, _form: str, data: dict[str, Any]) -> Any:
        keys = [key.strip() for key in data["FieldKeys"].split(",") if key.strip()]
        try:
            conditions = _conditions(data.get("FilterString", ""))
        except ValueError as error:
            return [[_refused(("FilterString", str(error)))]]
        rows = [
            row for document in self.book["documents"] if document["form"] == data["FormId"] for row in _rows(document)
        ]
        rows = [row for row in rows if all(test(row) for test in conditions)]
        for key in reversed([one.strip() for one in data.get("OrderString", "").split(",") if one.strip()]):
            rows.sort(key=lambda row: str(_value(row, key)))
        start, limit = int(data.get("StartRow") or 0), min(int(data.get("Limit") or 2000), 2000)
        return [[_value(row, key) for key in keys] for row in rows[start : start + limit]]

    def _problems(self, form: str, model: dict[str, Any]) -> list[tuple[str, str]]:
        """Required fields and base data, as K3Cloud reports them."""
        found = [(name, f"字段“{name}”是必填项") for name in REQUIRED.get(form, []) if not _dig(model, name)]
        customer = CUSTOMER_FIELD.get(form)
        if customer and (number := _dig(model, customer)):
            known = self._find("BD_Customer", number)
            if known is None or known["status"] != "C":
                found.append((customer, f"基础资料“客户”中找不到编码为“{number}”的已审核数据"))
        for name in ("FSaleOrderFinance.FSettleCurrId.FNumber", "FCURRENCYID.FNumber", "FTRADINGCURRID.FNumber"):
            if (number := _dig(model, name)) and number not in CURRENCIES:
                found.append((name, f"基础资料“币别”中找不到编码“{number}”"))
        for entry in model.get("FSaleOrderEntry") or []:
            if (number := _dig(entry, "FMaterialId.FNumber")) in self.book["materials_refused"]:
                found.append(("FMaterialId", f"物料“{number}”不存在或已禁用"))
        return found

    def _find(self, form: str, number: str) -> dict[str, Any] | None:
        documents = self.book["documents"]
        return next((one for one in documents if one["form"] == form and one["number"] == number), None)

    # control: what people do in the ERP

    def control(self, name: str, given: dict[str, Any]) -> Any:
        verbs = {
            "receipt": self.receive_money,
            "ship": self.ship,
            "close": self.close_order,
            "expire_sessions": self.expire_sessions,
            "refuse_material": self.refuse_material,
        }
        return verbs[name](**given)

    def receive_money(self, receivable: str, amount: float | str = 0, bill: str = "") -> dict[str, Any]:
        """Finance books a receipt against a receivable; without an amount what is still open."""
        source = self._find("AR_receivable", receivable)
        if source is None:
            raise KeyError(receivable)
        paid = float(amount) if amount else _total(source) - source.get("received", 0)
        source["received"] = round(source.get("received", 0) + paid, 2)
        number = self.book["next_id"]
        entry = {
            "FEntryID": number + 500000,
            "FSRCBILLTYPEID": "AR_receivable",
            "FSRCBILLNO": receivable,
            "FREALRECAMOUNTFOR_S": round(paid, 2),
        }
        model = {
            "FBillNo": bill or f"SKD{number:08d}",
            "FDATE": _now()[:10] + " 00:00:00",
            "FCURRENCYID": source["model"]["FCURRENCYID"],
            "FPAYUNIT": source["model"]["FCUSTOMERID"],
            "FRECEIVEBILLSRCENTRY": [entry],
        }
        document = {"form": "AR_RECEIVEBILL", "id": number, "number": model["FBillNo"], "status": "C", "model": model}
        document |= {"created": _now(), "modified": _now()}
        self.book["next_id"] += 1
        self.book["documents"].append(document)
        return {"bill": document["number"], "amount": paid}

    def ship(self, order: str, part: float | str = 1.0) -> dict[str, Any]:
        """The warehouse ships a part (0–1) of every line of an order."""
        document = self._find("SAL_SaleOrder", order)
        if document is None:
            raise KeyError(order)
        for entry in document["model"]["FSaleOrderEntry"]:
            entry["FStockOutQty"] = round(float(entry["FQty"]) * float(part), 4)
        document["modified"] = _now()
        return {"order": order, "shipped": float(part)}

    def close_order(self, order: str) -> dict[str, Any]:
        """Somebody closes an order by hand."""
        document = self._find("SAL_SaleOrder", order)
        if document is None:
            raise KeyError(order)
        document["model"]["FCloseStatus"] = "B"
        document["modified"] = _now()
        return {}

    def expire_sessions(self) -> dict[str, Any]:
        """All sessions are lost now."""
        self.book["sessions"] = {}
        return {}

    def refuse_material(self, number: str) -> dict[str, Any]:
        """A material does not exist (any more)."""
        self.book["materials_refused"].append(number)
        return {}

    def page(self) -> str:
        """All documents with what can be done to them."""
        rows = "".join(self._row(one) for one in reversed(self.book["documents"][-200:]))
        return (
            "<!doctype html><meta charset=utf-8><title>K3Cloud</title><style>body{font:15px/1.5 system-ui;max-width:62em;"
            "margin:2em auto}td,th{text-align:left;padding:.3em .8em;border-bottom:1px solid #ddd}table{width:100%}"
            "input{width:7em}form{display:inline}</style><h1>金蝶云星空 · K3Cloud (demo)</h1><table><tr><th>单据<th>编号"
            f"<th>客户<th>金额<th>状态<th>操作</tr>{rows}</table>"
        )

    def _row(self, document: dict[str, Any]) -> str:
        model, form, number = document["model"], document["form"], html.escape(document["number"])
        names = {
            "BD_Customer": "客户",
            "SAL_SaleOrder": "销售订单",
            "AR_receivable": "应收单",
            "AR_RECEIVEBILL": "收款单",
        }
        customer = model.get("FName") or _dig(model, CUSTOMER_FIELD.get(form, "FPAYUNIT.FNumber")) or ""
        state = {"A": "创建", "B": "审核中", "C": "已审核", "D": "重新审核"}.get(document["status"], "")
        action = ""
        if form == "AR_receivable":
            action = (
                f"<form method=post action=/_fake/receipt><input type=hidden name=receivable value='{number}'>"
                "<input name=amount placeholder=金额><button>收款</button></form>"
            )
        if form == "SAL_SaleOrder":
            hidden = f"<input type=hidden name=order value='{number}'>"
            action = f"<form method=post action=/_fake/ship>{hidden}<button>出库</button></form>"
        amount = f"{_total(document):,.2f}" if form != "BD_Customer" else ""
        return f"<tr><td>{names.get(form, form)}<td>{number}<td>{html.escape(customer)}<td>{amount}<td>{state}<td>{action}</tr>"


def _bad_signature(request: Request) -> str:
    """Check the headers as the gateway and the server do; the reason when something is wrong."""
    given = request.headers
    try:
        data = base64.b64decode(given["x-kd-appdata"]).decode()
        acct, user, _lcid, _org = data.split(",")
        client_id, hidden = APP_ID.split("_")
        timestamp, nonce = given["x-api-timestamp"], given["x-api-nonce"]
    except (KeyError, ValueError) as error:
        return f"请求头不完整 {error}"
    if (acct, user) != (ACCT, USER) or given.get("x-kd-appkey") != APP_ID or given.get("x-api-clientid") != client_id:
        return "应用未授权"
    if abs(time.time() - int(timestamp)) > 900:
        return "请求已过期"
    if not hmac.compare_digest(given["x-kd-signature"], _signature(APP_ID + data, APP_SECRET)):
        return "签名错误 X-Kd-Signature"
    mask = b"0054f397c6234378b09ca7d3e5debce7"
    raw = base64.b64decode(hidden)
    key = base64.b64encode(bytes(raw[i] ^ mask[i] for i in range(len(raw)))).decode()
    place = quote(request.path, safe="")
    text = "\n".join(["POST", place, "", f"x-api-nonce:{nonce}", f"x-api-timestamp:{timestamp}", ""])
    if not hmac.compare_digest(given.get("x-api-signature", ""), _signature(text, key)):
        return "签名错误 X-Api-Signature"
    return ""


def _signature(text: str, key: str) -> str:
    digest = hmac.digest(key.encode(), text.encode(), "sha256").hex()
    return base64.b64encode(digest.encode("ascii")).decode("ascii")


def _refused(*problems: Any, code: int = 9) -> dict[str, Any]:
    errors = [
        {"FieldName": one[0] or None, "Message": one[1], "DIndex": 0}
        if isinstance(one, tuple)
        else {"FieldName": None, "Message": one, "DIndex": 0}
        for one in problems
    ]
    status = {"ErrorCode": 500, "IsSuccess": False, "Errors": errors, "SuccessEntitys": [], "SuccessMessages": []}
    return {"Result": {"ResponseStatus": status | {"MsgCode": code}}}


def _done(*documents: dict[str, Any]) -> dict[str, Any]:
    entities = [{"Id": one["id"], "Number": one["number"], "DIndex": place} for place, one in enumerate(documents)]
    status = {"IsSuccess": True, "Errors": [], "SuccessEntitys": entities, "SuccessMessages": [], "MsgCode": 0}
    result: dict[str, Any] = {"ResponseStatus": status}
    if documents:
        result |= {"Id": documents[0]["id"], "Number": documents[0]["number"], "NeedReturnData": [{}]}
    return {"Result": result}


def _now() -> str:
    """Chinese wall time with milliseconds, as the server stamps documents."""
    return (datetime.now(UTC) + timedelta(hours=8)).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]


def _dig(model: dict[str, Any], path: str) -> Any:
    """A value by dotted path; field names are not case-sensitive."""
    value: Any = model
    for part in path.split("."):
        if not isinstance(value, dict):
            return None
        value = next((inner for name, inner in value.items() if name.lower() == part.lower()), None)
    return value


def _rows(document: dict[str, Any]) -> list[dict[str, Any]]:
    """A document as query rows: one per entry."""
    entries = document["model"].get(ROWS.get(document["form"], "")) or [{}]
    return [{"document": document, "entry": entry} for entry in entries]


def _value(row: dict[str, Any], key: str) -> Any:
    document, entry = row["document"], row["entry"]
    plain = {
        "fid": document["id"],
        "fcustid": document["id"] if document["form"] == "BD_Customer" else None,
        "fbillno": document["number"],
        "fnumber": document["number"],
        "fdocumentstatus": document["status"],
        "fmodifydate": document["modified"],
        "fcreatedate": document["created"],
        "fclosestatus": document["model"].get("FCloseStatus", "A"),
        "fcancelstatus": document["model"].get("FCancelStatus", "A"),
        "fstockoutqty": entry.get("FStockOutQty", 0),
    }
    if plain.get(key.lower()) is not None:
        return plain[key.lower()]
    entity, _, inner = key.partition("_")
    if entity == ROWS.get(document["form"]) and inner:
        return entry.get(inner)
    found = _dig(entry, key)
    return found if found is not None else _dig(document["model"], key)


def _conditions(text: str) -> list[Any]:
    """FilterString: comparisons of a field with a quoted text, joined by `and`. ValueError for anything else."""
    tests: list[Any] = []
    rest = text.strip()
    while rest:
        found = re.match(r"([\w.]+)\s*(>=|<=|<>|=|>|<)\s*'((?:[^']|'')*)'\s*(?:and\s+|$)", rest, re.IGNORECASE)
        if not found:
            raise ValueError(f"过滤条件不正确: {rest[:40]}")
        tests.append(_test(found[1], found[2], found[3].replace("''", "'")))
        rest = rest[found.end() :]
    return tests


def _test(field: str, sign: str, wanted: str) -> Any:
    def compare(row: dict[str, Any]) -> bool:
        value, other = str(_value(row, field)), wanted
        if field.lower().endswith("date"):
            value, other = value.replace("T", " ")[:19], other.replace("T", " ")[:19]
        signs = {"=": value == other, "<>": value != other, ">=": value >= other, "<=": value <= other}
        return (signs | {">": value > other, "<": value < other})[sign]

    return compare


def _total(document: dict[str, Any]) -> float:
    """The amount of a document: receipt entries, plan rows or lines."""
    model = document["model"]
    if document["form"] == "AR_RECEIVEBILL":
        return float(sum(one["FREALRECAMOUNTFOR_S"] for one in model["FRECEIVEBILLSRCENTRY"]))
    if model.get("FEntityPlan"):
        return float(sum(one["FPAYAMOUNTFOR"] for one in model["FEntityPlan"]))
    lines = model.get("FSaleOrderEntry") or model.get("FEntityDetail") or []
    return float(sum(float(one.get("FQty") or one.get("FPriceQty") or 0) * float(one["FTaxPrice"]) for one in lines))


if __name__ == "__main__":
    listening.run(lambda given: KingdeeFake(given.state), description="Kingdee K3Cloud (demo)")
