"""WeCom for tests and the demo: tokens, app messages, cards with buttons, contacts, encrypted callbacks.

`python -m fakes.wecom --port N [--state FILE] [--gateway URL]`; look at http://127.0.0.1:N/.
"""

import hashlib
import html
import json
import random
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from fakes import listening
from fakes.envelope import seal
from fakes.listening import Reply, Request

CORP, AGENT, SECRET = "wwdemo00000000crm", 1000002, "demo-wecom-app-secret"
TOKEN, AES_KEY = "demoCallbackToken", "demoCallbackAesKey0123456789abcdefghijklmno"
CALLBACK = "/gateway/api/v1/connectors/wecom/callback"
PER_MINUTE = 30  # messages to one member; the surplus is dropped without a word
CODE_SECONDS = 72 * 3600
PEOPLE = Path(__file__).parents[2] / "demo" / "people.json"


class WeComFake(listening.Fake):
    """One company with one app. `gateway` is where callbacks go; None keeps them in the book only."""

    def __init__(self, state: Path | None = None, gateway: str | None = None, callback: str = CALLBACK):
        super().__init__(state)
        self.gateway = gateway
        self.callback = callback
        self.holding = False

    def empty(self) -> dict[str, Any]:
        departments, members = _company()
        return {
            "tokens": {},
            "messages": [],
            "cards": {},
            "codes": {},
            "callbacks": [],
            "held": [],
            "departments": departments,
            "members": members,
        }

    def handle(self, request: Request) -> Reply:
        name = request.path.removeprefix("/cgi-bin/")
        if name == "gettoken":
            return Reply(self._token(request.query))
        answer = self._refuse_token(request.query.get("access_token", ""))
        if answer is None:
            verb = getattr(self, "_" + name.replace("/", "_"), None)
            given = request.json() if request.method == "POST" else request.query
            answer = verb(given) if verb else {"errcode": 40066, "errmsg": "invalid url"}
        return Reply({"errcode": 0, "errmsg": "ok"} | answer)

    def _token(self, query: dict[str, str]) -> dict[str, Any]:
        if query.get("corpid") != CORP:
            return {"errcode": 40013, "errmsg": "invalid corpid"}
        if query.get("corpsecret") != SECRET:
            return {"errcode": 40001, "errmsg": "invalid credential"}
        live = [token for token, until in self.book["tokens"].items() if until > time.time()]
        token = live[0] if live else f"tok{random.getrandbits(160):040x}"
        self.book["tokens"][token] = time.time() + 7200
        return {"errcode": 0, "errmsg": "ok", "access_token": token, "expires_in": 7200}

    def _refuse_token(self, token: str) -> dict[str, Any] | None:
        if not token:
            return {"errcode": 41001, "errmsg": "access_token missing"}
        if token not in self.book["tokens"]:
            return {"errcode": 40014, "errmsg": "invalid access_token"}
        if self.book["tokens"][token] <= time.time():
            return {"errcode": 42001, "errmsg": "access_token expired"}
        return None

    # messages

    def _message_send(self, body: dict[str, Any]) -> dict[str, Any]:
        if body.get("agentid") != AGENT:
            return {"errcode": 301002, "errmsg": "not allow operate another agent with this accesstoken"}
        asked = [one for one in body.get("touser", "").split("|") if one]
        members = {name.lower(): name for name in self.book["members"]}
        known = [members[one.lower()] for one in asked if one.lower() in members]
        unknown = [one for one in asked if one.lower() not in members]
        if not known:
            return {"errcode": 81013, "errmsg": "user & party & tag all invalid"}
        wrong = _wrong(body)
        if wrong:
            return {"errcode": 40058, "errmsg": wrong}
        digest = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
        if body.get("enable_duplicate_check") and (earlier := self._earlier(digest, body)):
            return {
                "msgid": earlier["msgid"],
                "response_code": earlier["response_code"],
                "invaliduser": "|".join(unknown),
            }
        message = {
            "msgid": f"msg{len(self.book['messages']) + 1:06d}",
            "response_code": "",
            "at": time.time(),
            "to": [one for one in known if self._under_limit(one)],
            "digest": digest,
            "body": body,
        }
        if body["msgtype"] == "template_card":
            card = body["template_card"]
            if card["task_id"] in self.book["cards"]:
                return {"errcode": 43012, "errmsg": "task_id exists"}
            message["response_code"] = self._code(card["task_id"])
            self.book["cards"][card["task_id"]] = {"to": known, "card": card, "state": "open", "replaced": {}}
        self.book["messages"].append(message)
        return {"msgid": message["msgid"], "response_code": message["response_code"], "invaliduser": "|".join(unknown)}

    def _message_update_template_card(self, body: dict[str, Any]) -> dict[str, Any]:
        code = self.book["codes"].get(body.get("response_code", ""))
        if code is None or code["used"] or code["at"] + CODE_SECONDS < time.time():
            return {"errcode": 42033, "errmsg": "response_code invalid, used or expired"}
        code["used"] = True
        card = self.book["cards"][code["task_id"]]
        card["state"] = "updated"
        for user in body.get("userids", []):
            card["replaced"][user] = body["button"]["replace_name"]
        return {"invaliduser": ""}

    def _earlier(self, digest: str, body: dict[str, Any]) -> dict[str, Any] | None:
        since = time.time() - float(body.get("duplicate_check_interval", 1800))
        return next((one for one in self.book["messages"] if one["digest"] == digest and one["at"] > since), None)

    def _under_limit(self, member: str) -> bool:
        recent = [one for one in self.book["messages"] if one["at"] > time.time() - 60 and member in one["to"]]
        return len(recent) < PER_MINUTE

    def _code(self, task_id: str) -> str:
        code = f"code{random.getrandbits(96):024x}"
        self.book["codes"][code] = {"task_id": task_id, "at": time.time(), "used": False}
        return code

    # contacts and app

    def _agent_get(self, _query: dict[str, str]) -> dict[str, Any]:
        return {"agentid": AGENT, "name": "CRM", "close": 0}

    def _department_list(self, _query: dict[str, str]) -> dict[str, Any]:
        return {"department": list(self.book["departments"].values())}

    def _department_simplelist(self, _query: dict[str, str]) -> dict[str, Any]:
        rows = self.book["departments"].values()
        return {"department_id": [{"id": row["id"], "parentid": row["parentid"], "order": 1} for row in rows]}

    def _user_list(self, query: dict[str, str]) -> dict[str, Any]:
        wanted = (
            self._below(int(query["department_id"]))
            if query.get("fetch_child") == "1"
            else {int(query["department_id"])}
        )
        found = [one for one in self.book["members"].values() if wanted & set(one["department"])]
        if len(found) > 3000:
            return {"errcode": 45029, "errmsg": "response too large"}
        return {"userlist": found}

    def _user_simplelist(self, query: dict[str, str]) -> dict[str, Any]:
        answer = self._user_list(query)
        rows = answer.get("userlist", [])
        return answer | {"userlist": [{k: one[k] for k in ("userid", "name", "department")} for one in rows]}

    def _user_get(self, query: dict[str, str]) -> dict[str, Any]:
        found = self.book["members"].get(query.get("userid", ""))
        return found or {"errcode": 60111, "errmsg": "userid not found"}

    def _below(self, root: int) -> set[int]:
        found = {root}
        while more := {one["id"] for one in self.book["departments"].values() if one["parentid"] in found} - found:
            found |= more
        return found

    # control: what people do in WeCom

    def control(self, name: str, given: dict[str, Any]) -> Any:
        verbs = {
            "press": self.press,
            "hold": self.hold,
            "release": self.release,
            "expire_tokens": self.expire_tokens,
            "member": self.change_member,
        }
        return verbs[name](**given)

    def expire_tokens(self) -> dict[str, Any]:
        """All access tokens stop being valid now."""
        self.book["tokens"] = dict.fromkeys(self.book["tokens"], 0)
        return {}

    def press(self, task_id: str, key: str, user: str = "", times: int | str = 1) -> dict[str, Any]:
        """A member presses a button of a card; `times` > 1 delivers the callback repeatedly, as WeCom may."""
        card = self.book["cards"][task_id]
        user = user or card["to"][0]
        fields = {
            "ToUserName": CORP,
            "FromUserName": user,
            "CreateTime": int(time.time()),
            "MsgType": "event",
            "Event": "template_card_event",
            "EventKey": key,
            "TaskId": task_id,
            "CardType": "button_interaction",
            "ResponseCode": self._code(task_id),
            "AgentID": AGENT,
        }
        card.setdefault("pressed", []).append({"user": user, "key": key})
        return self._call_back(fields, int(times))

    def change_member(self, userid: str, **changes: Any) -> dict[str, Any]:
        """Add, change or (`{"removed": true}`) delete a member; the callback says only who, never what."""
        kind = "update_user" if userid in self.book["members"] else "create_user"
        if changes.pop("removed", False):
            self.book["members"].pop(userid, None)
            kind = "delete_user"
        else:
            plain = {"userid": userid, "name": userid, "department": [1], "status": 1, "main_department": 1}
            self.book["members"][userid] = self.book["members"].get(userid, plain) | changes
        fields = {
            "ToUserName": CORP,
            "FromUserName": "sys",
            "CreateTime": int(time.time()),
            "MsgType": "event",
            "Event": "change_contact",
            "ChangeType": kind,
            "UserID": userid,
        }
        return self._call_back(fields, 1)

    def hold(self) -> dict[str, Any]:
        """Callbacks wait until `release`."""
        self.holding = True
        return {}

    def release(self, order: str = "given", times: int | str = 1) -> dict[str, Any]:
        """Deliver what was held, `order` "reverse" for out of order, each `times` times."""
        self.holding = False
        held, self.book["held"] = self.book["held"], []
        for fields in reversed(held) if order == "reverse" else held:
            self._call_back(fields, int(times))
        return {"released": len(held)}

    def _call_back(self, fields: dict[str, Any], times: int) -> dict[str, Any]:
        if self.holding:
            self.book["held"].append(fields)
            return {"held": True}
        entries = []
        for _ in range(times):
            entry = {"fields": fields, "status": 0, "tries": 0}
            with self.lock:
                self.book["callbacks"].append(entry)
            entries.append(entry)
            if self.gateway:
                self._deliver(entry)
        return {"delivered": [one["status"] for one in entries]}

    def _deliver(self, entry: dict[str, Any]) -> None:
        """POST the sealed callback; up to three tries, as WeCom does when no 200 comes within five seconds."""
        url, body = self.sealed(entry["fields"])
        for _ in range(3):
            entry["tries"] += 1
            request = urllib.request.Request(url, data=body.encode(), headers={"Content-Type": "text/xml"})
            try:
                with urllib.request.urlopen(request, timeout=5) as answer:
                    entry["status"] = answer.status
                    return
            except urllib.error.HTTPError as error:
                entry["status"] = error.code
            except OSError:
                entry["status"] = -1
            if self.stopped.wait(0.3):
                return

    def sealed(self, fields: dict[str, Any]) -> tuple[str, str]:
        """Address and body of a callback."""
        inner = "".join(f"<{name}><![CDATA[{value}]]></{name}>" for name, value in fields.items())
        timestamp, nonce = str(int(time.time())), f"{random.getrandbits(48):x}"
        encrypted, signature = seal(
            f"<xml>{inner}</xml>", aes_key=AES_KEY, token=TOKEN, receiver=CORP, timestamp=timestamp, nonce=nonce
        )
        query = urlencode({"msg_signature": signature, "timestamp": timestamp, "nonce": nonce})
        envelope = f"<ToUserName><![CDATA[{CORP}]]></ToUserName><AgentID><![CDATA[{AGENT}]]></AgentID>"
        envelope += f"<Encrypt><![CDATA[{encrypted}]]></Encrypt>"
        return f"{self.gateway}{self.callback}?{query}", f"<xml>{envelope}</xml>"

    def page(self) -> str:
        """Messages newest first; open cards with their buttons."""
        rows = []
        for message in reversed(self.book["messages"][-100:]):
            body = message["body"]
            content = body.get(body["msgtype"], {})
            title = content.get("title") or content.get("content") or content.get("main_title", {}).get("title", "")
            rows.append(
                f"<section><small>→ {html.escape(', '.join(message['to']))}</small><h3>{html.escape(title)}</h3>"
                f"<p>{html.escape(content.get('description', ''))}</p>{self._buttons(content)}</section>"
            )
        return (
            "<!doctype html><meta charset=utf-8><title>WeCom</title><style>body{font:15px/1.5 system-ui;max-width:42em;"
            "margin:2em auto;background:#ededed}section{background:#fff;border-radius:8px;padding:.8em 1.2em;margin:1em 0}"
            "h3{margin:.2em 0}button{margin-right:.6em;padding:.4em 1.2em}dl{display:grid;grid-template-columns:8em 1fr}"
            "</style><h1>企业微信 · WeCom (demo)</h1>" + "".join(rows)
        )

    def _buttons(self, content: dict[str, Any]) -> str:
        if "task_id" not in content:
            return ""
        card = self.book["cards"][content["task_id"]]
        facts = "".join(
            f"<dt>{html.escape(one['keyname'])}</dt><dd>{html.escape(one['value'])}</dd>"
            for one in content.get("horizontal_content_list", [])
        )
        if card["state"] == "updated":
            return f"<dl>{facts}</dl><b>{html.escape(', '.join(set(card['replaced'].values())))}</b>"
        buttons = "".join(
            f"<button name=key value={one['key']}>{html.escape(one['text'])}</button>" for one in content["button_list"]
        )
        hidden = f"<input type=hidden name=task_id value='{html.escape(content['task_id'])}'>"
        return f"<dl>{facts}</dl><form method=post action=/_fake/press>{hidden}{buttons}</form>"


def _wrong(body: dict[str, Any]) -> str:
    """The platform's checks of a message body, as far as they are documented."""
    kind = body.get("msgtype")
    if kind not in {"text", "textcard", "markdown", "template_card"} or kind not in body:
        return "invalid msgtype"
    if kind == "textcard" and not (body[kind].get("title") and body[kind].get("description") and body[kind].get("url")):
        return "textcard needs title, description and url"
    if kind == "template_card":
        card = body[kind]
        allowed = set("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_-@")
        if not card.get("task_id") or len(card["task_id"]) > 128 or set(card["task_id"]) - allowed:
            return "invalid task_id"
        if card.get("card_type") == "button_interaction" and not 1 <= len(card.get("button_list", [])) <= 6:
            return "invalid button_list"
    return ""


def _company() -> tuple[dict[str, Any], dict[str, Any]]:
    """The company of the demo as WeCom would know it; user ids are names in one word (ZhangWei)."""
    company = json.loads(PEOPLE.read_text()) if PEOPLE.exists() else {"departments": [], "people": []}
    ids = {one["id"]: place for place, one in enumerate(company["departments"], start=1)}
    members = {}
    for one in company["people"]:
        userid = "".join(part.capitalize() for part in one["key"].split("."))
        members[userid] = {
            "userid": userid,
            "name": one["name"]["zh"],
            "department": [ids[one["department_id"]]],
            "main_department": ids[one["department_id"]],
            "position": one["position"]["zh"],
            "is_leader_in_dept": [int(one["is_head"])],
            "biz_mail": one["email"],
            "status": 1,
        }
    leaders = {one["id"]: [] for one in company["departments"]}
    for one in company["people"]:
        if one["is_head"]:
            leaders[one["department_id"]].append("".join(part.capitalize() for part in one["key"].split(".")))
    departments = {
        str(ids[one["id"]]): {
            "id": ids[one["id"]],
            "name": one["name"]["zh"],
            "parentid": ids.get(one["parent_id"], 0),
            "order": 1,
            "department_leader": leaders[one["id"]],
        }
        for one in company["departments"]
    }
    return departments or {"1": {"id": 1, "name": "公司", "parentid": 0, "order": 1}}, members


if __name__ == "__main__":
    listening.run(lambda given: WeComFake(given.state, given.gateway), description="WeCom (demo)")
