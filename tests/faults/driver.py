"""A known load through the front door: leads become deals, deals contracts, contracts money; and customers ask.

Every POST carries an Idempotency-Key and is repeated with it until it is answered, as a patient client does.
"""

import itertools
import json
import random
import threading
import uuid
import zlib
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import urllib3

from tests.faults.ledger import Ledger, Promise, now

PEOPLE = json.loads((Path(__file__).parents[2] / "demo" / "people.json").read_text())
IDS = {person["id"]: person["key"] for person in PEOPLE["people"]}
SELLERS = ("wu.xiaotong", "zhang.wei")
AGENT, MARKETING, DIRECTOR, FINANCE = "sun.qian", "zhao.yating", "chen.jianguo", "zheng.min"
PATIENCE = 60.0  # seconds a client goes on asking
AGAIN = {408, 409, 425, 429}
LEADS, SALES, DESK, APPROVALS = ("/leads/api/v1", "/sales/api/v1", "/service-desk/api/v1", "/approvals/api/v1")


@dataclass
class Deal:
    """One customer's way from the first contact to the last payment; `step` is what comes next."""

    tag: str
    seller: str
    step: str = "capture"
    ids: dict[str, str] = field(default_factory=dict)
    tries: int = 0


class GaveUp(Exception):
    """No answer within PATIENCE, or one that ends this deal."""


class Driver:
    """Several actors, each taking a deal one step further at a time while `going`."""

    def __init__(self, url: str, kingdee: str, ledger: Ledger, seed: int, *, actors: int = 3, pause: float = 0.05):
        self.url, self.kingdee, self.ledger, self._pause = url, kingdee, ledger, pause
        self._http = urllib3.PoolManager(maxsize=actors + 2, retries=False, timeout=urllib3.Timeout(20.0))
        self._tokens: dict[str, str] = {}
        self._numbers = itertools.count(1)
        self._seed = seed
        self._deals: deque[Deal] = deque()
        self._lock = threading.Lock()
        self.going = threading.Event()
        self._ending = threading.Event()
        self.busy = 0
        self.finished = 0
        self.given_up: list[str] = []
        self._threads = [
            threading.Thread(target=self._act, args=(random.Random(f"{seed}/{n}"),), daemon=True) for n in range(actors)
        ]
        self._product = ""

    def begin(self) -> None:
        """Log in everyone, look up what is sold, and start the actors (they wait for `going`)."""
        for key in {*SELLERS, AGENT, MARKETING, DIRECTOR, FINANCE, *IDS.values()}:
            self._token(key)
        products = self._get("wu.xiaotong", f"{SALES}/products?limit=200")["items"]
        self._product = next(item["id"] for item in products if item["code"] == "ERP-STD")
        for thread in self._threads:
            thread.start()

    def pause(self, seconds: float = PATIENCE + 30) -> None:
        """Let no new step begin and wait until those in hand are answered."""
        self.going.clear()
        deadline = now() + seconds
        while self.busy and now() < deadline:
            self._ending.wait(0.05)

    def end(self) -> None:
        self._ending.set()
        self.going.set()
        for thread in self._threads:
            thread.join(5)

    def complaints(self) -> list[str]:
        """What was given up since the last look."""
        taken, self.given_up = self.given_up, []
        return taken

    def drop(self, void: set[str]) -> None:
        """Forget deals that a restore took back."""
        with self._lock:
            self._deals = deque(d for d in self._deals if not void & {d.tag, *d.ids.values()})

    def _act(self, chance: random.Random) -> None:
        while not self._ending.is_set():
            self.going.wait()
            with self._lock:
                if not self.going.is_set() or self._ending.is_set():
                    continue
                self.busy += 1
                deal = self._next(chance)
            try:
                goes_on = self._advance(deal, chance)
            except GaveUp as why:
                self.given_up.append(f"{deal.step} {deal.tag}: {why}")
                goes_on = False
            except Exception as error:  # a fault of this program must not look like silence
                self.given_up.append(f"{deal.step} {deal.tag}: {type(error).__name__}: {error}")
                goes_on = False
            finally:
                with self._lock:
                    self.busy -= 1
                    if goes_on:
                        self._deals.append(deal)
            self._ending.wait(self._pause)

    def _next(self, chance: random.Random) -> Deal:
        if len(self._deals) < 12 or chance.random() < 0.25:
            number = next(self._numbers)
            kind = "ticket" if number % 4 == 0 else "capture"
            return Deal(tag=f"f{self._seed % 100000}x{number}x", seller=SELLERS[number % 2], step=kind)
        return self._deals.popleft()

    def _advance(self, deal: Deal, chance: random.Random) -> bool:
        """One step; False when the deal is over."""
        steps: dict[str, Callable[[Deal], bool]] = {
            "capture": self._capture,
            "ticket": self._ticket,
            "qualify": self._qualify,
            "convert": self._convert,
            "converted": self._converted,
            "fill": self._fill,
            "move": self._move,
            "contract": self._contract,
            "submit": self._submit,
            "approve": self._approve,
            "erp": self._erp,
            "pay": self._pay,
            "reply": self._reply,
        }
        before = deal.step
        goes_on = steps[deal.step](deal)
        deal.tries = deal.tries + 1 if deal.step == before else 0
        if not goes_on:
            self.finished += 1
        return goes_on

    # The steps. Each asks for one thing, notes the promise and says what comes next.

    def _capture(self, deal: Deal) -> bool:
        number = zlib.crc32(deal.tag.encode()) % 10**8
        body = {
            "name": f"客户{deal.tag}",
            "company": f"{deal.tag}精密机械有限公司",
            "phones": [f"139{number:08d}"],
            "emails": [f"{deal.tag}@faults.example"],
            "source": "api",
            "city": "苏州",
            "owner_id": next(p["id"] for p in PEOPLE["people"] if p["key"] == deal.seller),
        }
        lead = self._post("capture", "leads", deal.seller, f"{LEADS}/leads", body, deal)
        deal.ids["lead"] = lead["id"]
        deal.step = "qualify"
        return True

    def _qualify(self, deal: Deal) -> bool:
        self._post("qualify", "leads", deal.seller, f"{LEADS}/leads/{deal.ids['lead']}/qualify", {}, deal, "lead")
        deal.step = "convert"
        return True

    def _convert(self, deal: Deal) -> bool:
        path = f"{LEADS}/leads/{deal.ids['lead']}/convert"
        self._post("convert", "leads", deal.seller, path, {"new_account": True}, deal, "lead")
        deal.step = "converted"
        return True

    def _converted(self, deal: Deal) -> bool:
        lead = self._look(deal.seller, f"{LEADS}/leads/{deal.ids['lead']}")
        if lead and lead["status"] == "converted":
            deal.ids |= {name.removesuffix("_id"): value for name, value in lead["converted"].items() if value}
            deal.step = "fill"
        return True

    def _fill(self, deal: Deal) -> bool:
        path = f"{SALES}/opportunities/{deal.ids['opportunity']}"
        seen = self._look(deal.seller, path)
        if not seen:
            return True
        change = {
            "amount": {"amount": "60000.00", "currency": "CNY"},
            "close_date": (datetime.now(UTC).date() + timedelta(days=60)).isoformat(),
            "done": sorted({*seen["done"], "need_confirmed", "decision_maker"}),
        }
        self._ask("fill", "sales", deal.seller, "PATCH", path, change, deal, "opportunity")
        deal.step = "move"
        return True

    def _move(self, deal: Deal) -> bool:
        to = "proposal" if "moved" in deal.ids else "qualified"
        path = f"{SALES}/opportunities/{deal.ids['opportunity']}/move"
        self._post("move", "sales", deal.seller, path, {"stage": to}, deal, "opportunity", to=to)
        deal.step = "contract" if "moved" in deal.ids else "move"
        deal.ids["moved"] = to
        return True

    def _contract(self, deal: Deal) -> bool:
        body = {
            "opportunity_id": deal.ids["opportunity"],
            "account_id": deal.ids["account"],
            "title": f"合同 {deal.tag}",
            "lines": [{"product_id": self._product, "quantity": "1"}],
            "payment_terms": [{"title": "全款", "percent": "100", "after_days": 30}],
        }
        contract = self._post("contract", "sales", deal.seller, f"{SALES}/contracts", body, deal)
        deal.ids |= {"contract": contract["id"], "number": contract["number"]}
        deal.ids["amount"] = contract["amount"]["amount"]
        deal.step = "submit"
        return True

    def _submit(self, deal: Deal) -> bool:
        path = f"{SALES}/contracts/{deal.ids['contract']}/submit"
        self._post("submit", "sales", deal.seller, path, {}, deal, "contract")
        deal.step = "approve"
        return True

    def _approve(self, deal: Deal) -> bool:
        wanted = {"all": [{"field": "subject_id", "op": "eq", "value": deal.ids["contract"]}]}
        found = self._look(DIRECTOR, f"{APPROVALS}/instances?{urlencode({'filter': json.dumps(wanted)})}")
        if not found or not found["items"]:
            return True
        instance = self._look(DIRECTOR, f"{APPROVALS}/instances/{found['items'][0]['id']}")
        if not instance:
            return True
        if instance["status"] != "running":
            deal.step = "erp"
            return True
        for task in [one for one in instance["tasks"] if one["status"] == "pending"][:1]:
            deal.ids |= {"task": task["id"], "instance": instance["id"]}
            path = f"{APPROVALS}/tasks/{task['id']}/approve"
            self._post("approve", "approvals", IDS[task["assignee_id"]], path, {"comment": "同意"}, deal, "task")
        return True

    def _erp(self, deal: Deal) -> bool:
        contract = self._look(deal.seller, f"{SALES}/contracts/{deal.ids['contract']}")
        erp = (contract or {}).get("erp") or {}
        if erp.get("order", {}).get("external_id") and erp.get("receivables"):
            deal.ids["receivable"] = erp["receivables"][0]["number"]
            deal.step = "pay"
        return True

    def _pay(self, deal: Deal) -> bool:
        """Half of the customers pay through the ERP's books, half are booked by finance."""
        if len(deal.tag) % 2:
            bill = f"SK-{deal.tag}"
            began = now()
            answer = self._send("POST", f"{self.kingdee}/_fake/receipt", {},
                                {"receivable": deal.ids["receivable"], "bill": bill})  # fmt: skip
            if answer is None or answer.status >= 400:
                raise GaveUp(f"the ERP does not take a receipt: {answer and answer.status}")
            self.ledger.note(
                Promise("receipt", "kingdee", bill, deal.tag, True, began, now(), {"contract": deal.ids["contract"]})
            )
            return False
        body = {
            "contract_id": deal.ids["contract"],
            "amount": {"amount": deal.ids["amount"], "currency": "CNY"},
            "paid_at": datetime.now(UTC).isoformat(),
            "note": deal.tag,
        }
        payment = self._post("pay", "sales", FINANCE, f"{SALES}/payments", body, deal)
        deal.ids["payment"] = payment["id"]
        return False

    def _ticket(self, deal: Deal) -> bool:
        body = {
            "subject": f"登录后看不到订单 {deal.tag}",
            "text": "今天早上开始，登录后订单列表是空的。",
            "requester_email": f"{deal.tag}@faults.example",
            "requester_name": "刘德凯",
            "type": "incident",
        }
        ticket = self._post("ticket", "service-desk", AGENT, f"{DESK}/tickets", body, deal)
        deal.ids["ticket"] = ticket["id"]
        deal.step = "reply"
        return True

    def _reply(self, deal: Deal) -> bool:
        path = f"{DESK}/tickets/{deal.ids['ticket']}/reply"
        body = {"text": f"您好，已为您重置 {deal.tag}", "status": "solved"}
        self._post("reply", "service-desk", "liu.yang", path, body, deal, "ticket")
        return False

    # Asking

    def _post(self, kind: str, service: str, who: str, path: str, body: Any, deal: Deal, about: str = "",
              **facts: str) -> Any:  # fmt: skip
        return self._ask(kind, service, who, "POST", path, body, deal, about, **facts)

    def _ask(self, kind: str, service: str, who: str, method: str, path: str, body: Any, deal: Deal, about: str = "",
             **facts: str) -> Any:  # fmt: skip
        """A change, asked for until it is answered; notes the promise. GaveUp when it is refused or never answered."""
        key, began, status = uuid.uuid4().hex, now(), 0
        known = deal.ids.get(about, deal.tag)
        linked = facts | {name: value for name, value in deal.ids.items() if name not in ("moved", "amount", "number")}
        while now() - began < PATIENCE and not self._ending.is_set():
            headers = {"Authorization": f"Bearer {self._token(who)}"}
            if method == "POST":
                headers["Idempotency-Key"] = key
            answer = self._send(method, self.url + path, headers, body)
            status = answer.status if answer else 599
            self.ledger.answered(status)
            if answer is not None and status < 300:
                given = json.loads(answer.data) if answer.data else {}
                name = known if about else str(given["id"])
                self.ledger.note(Promise(kind, service, name, deal.tag, True, began, now(), linked))
                return given
            if status == 401:
                self._tokens.pop(who, None)
            elif status < 500 and not (status in AGAIN and b"in_progress" in (answer.data if answer else b"")):
                if status in (403, 404, 409):  # not known there yet, or somebody was faster; a restore may be why
                    self._ending.wait(0.3)
                    if now() - began < 20 and status in (403, 404):
                        continue
                text = answer.data[:300].decode(errors="replace") if answer else ""
                raise GaveUp(f"{method} {path} was refused: {status} {text}")
            self._ending.wait(0.2)
        self.ledger.note(Promise(kind, service, known, deal.tag, False, began, now(), linked))
        raise GaveUp(f"{method} {path} was not answered in {PATIENCE:.0f} s, last {status}")

    def _look(self, who: str, path: str) -> Any:
        """A read that may fail; None then."""
        answer = self._send("GET", self.url + path, {"Authorization": f"Bearer {self._token(who)}"}, None)
        if answer is not None and answer.status == 401:
            self._tokens.pop(who, None)
        return json.loads(answer.data) if answer is not None and answer.status == 200 else None

    def peek(self, url: str) -> Any:
        """JSON of an address outside the front door; None when there is none."""
        answer = self._send("GET", url, {}, None)
        return json.loads(answer.data) if answer is not None and answer.status == 200 else None

    def _get(self, who: str, path: str) -> Any:
        deadline = now() + PATIENCE
        while now() < deadline:
            if (found := self._look(who, path)) is not None:
                return found
            self._ending.wait(0.3)
        raise GaveUp(f"{path} is not answered")

    def _send(self, method: str, url: str, headers: dict[str, str], body: Any) -> Any:
        try:
            return self._http.request(
                method,
                url,
                body=None if body is None else json.dumps(body).encode(),
                headers={"Content-Type": "application/json", "Accept-Language": "zh-CN", **headers},
            )
        except urllib3.exceptions.HTTPError:
            return None

    def _token(self, key: str) -> str:
        deadline = now() + PATIENCE
        person = next(item for item in PEOPLE["people"] if item["key"] == key)
        while key not in self._tokens:
            who = {"email": person["email"], "password": PEOPLE["password"]}
            answer = self._send("POST", f"{self.url}/gateway/api/v1/sessions", {}, who)
            if answer is not None and answer.status == 201:
                self._tokens[key] = json.loads(answer.data)["access_token"]
                break
            if now() > deadline or self._ending.is_set():
                raise GaveUp(f"{key} cannot log in: {answer and answer.status}")
            self._ending.wait(0.3)
        return self._tokens[key]
