"""Every accepted request against the logs, the witness, every service's state and the partner's books."""

import itertools
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import urllib3

from tests.faults.books import Books
from tests.faults.comparing import compare
from tests.faults.family import SERVICES
from tests.faults.ledger import Ledger

LOST, DOUBLED, DISORDERED = "lost", "doubled", "out of order"
TAG = re.compile(r"f\d+x\d+x")


@dataclass(frozen=True)
class Finding:
    """One thing that is not as promised; `text` says it the same way each time."""

    kind: str
    text: str


class Audit:
    """Looks at everything since the beginning; what a restore took back is left out."""

    def __init__(self, books: Books, ledger: Ledger, kingdee: str):
        self._books, self._ledger, self._kingdee = books, ledger, kingdee
        self._http = urllib3.PoolManager(retries=False, timeout=urllib3.Timeout(10.0))
        self.cut_off: set[str] = set()  # ids of events that a restored log no longer has
        self.newcomer = False  # whether a release with a further subscription is in place
        self.poison: set[str] = set()  # ids of events made to be parked

    def findings(self) -> list[Finding]:
        """All of them; empty when every promise holds."""
        return [*self._logs(), *self._leads(), *self._sales(), *self._approvals(), *self._desk(), *self._partner(),
                *self._told(), *self._reported(), *self._parked(),
                *self._newly_subscribed()]  # fmt: skip

    # What the bus itself promises

    def _logs(self) -> Iterator[Finding]:
        seen: dict[str, list[tuple[str, str]]] = {name: [] for name in SERVICES}
        for source, event, subject in self._books.rows("witness", "SELECT source, event_id, subject FROM witness_seen"
                                                       " ORDER BY id"):  # fmt: skip
            seen[source].append((event, subject))
        for service in SERVICES:
            column = self._books.position(service)
            rows = self._books.rows(
                service,
                f"SELECT {column}, event_id, subject, aggregateversion FROM event_log"
                f" WHERE {column} IS NOT NULL ORDER BY {column}",
            )
            yield from _gapless(service, [row[0] for row in rows])
            yield from _ascending(service, [(row[2], row[3], row[1]) for row in rows])
            found = compare([(row[1], row[2]) for row in rows], seen[service])
            for kind, events in (
                (LOST, found.lost),
                (DOUBLED, found.doubled),
                (DISORDERED, found.disordered),
                (DOUBLED, [event for event in found.invented if event not in self.cut_off]),
            ):
                yield from (Finding(kind, f"witness: event {event} of {service}") for event in events)

    def _parked(self) -> Iterator[Finding]:
        for service in (*SERVICES, "witness"):
            for row in self._books.parked(service):
                about = row[6].partition("/")[2]
                if row[4] in self.poison or row[4] in self.cut_off or about in self._ledger.void or row[1] == "behind":
                    continue
                if self._is_about_void(row[0], service):
                    continue
                yield Finding(LOST, f"{service}: {row[5]} {row[6]} is parked in {row[3]} ({row[1]}): {row[7][:200]}")

    def _is_about_void(self, row_id: str, service: str) -> bool:
        body = self._books.rows(service, "SELECT body FROM event_parked WHERE id = :id", id=row_id)
        return bool(body) and any(name in body[0][0] for name in self._ledger.void)

    def _newly_subscribed(self) -> Iterator[Finding]:
        """A subscription that came with a release has every event since the beginning, once."""
        if not self.newcomer:
            return
        query = f"SELECT event_id, subject FROM event_log WHERE {self._numbered('leads')} AND type = :type"
        log = [(row[0], row[1]) for row in self._books.rows("leads", query, type="leads.lead.captured.v1")]
        seen = [(row[0], "") for row in self._books.rows("service-desk", "SELECT event_id FROM release_probe")]
        found = compare(log, seen)
        yield from (Finding(LOST, f"new subscription: event {event}") for event in found.lost)
        yield from (Finding(DOUBLED, f"new subscription: event {event}") for event in found.doubled)

    # What the services promise

    def _leads(self) -> Iterator[Finding]:
        rows = self._books.rows("leads", "SELECT id, company, status FROM lead")
        by_id = {row[0]: row for row in rows}
        tags = _tags(row[1] for row in rows)
        captured = self._subjects("leads", "leads.lead.captured.v1")
        for promise in self._ledger.of("capture"):
            yield from _exactly_one(tags[promise.tag], f"lead of {promise.tag}")
            yield from _exactly_one(captured[f"lead/{promise.about}"], f"captured event of lead {promise.about}")
            if promise.about not in by_id:
                yield Finding(LOST, f"lead {promise.about} that was answered with 201")
        yield from self._at_most_one("capture", tags, "lead")
        asked = self._conversions_asked()
        for promise in self._ledger.of("convert"):
            yield from _exactly_one(asked[f"lead/{promise.about}"], f"conversion request of lead {promise.about}")
            status = by_id[promise.about][2] if promise.about in by_id else "gone"
            if status != "converted":
                yield Finding(LOST, f"conversion of lead {promise.about}: it is {status}")

    def _conversions_asked(self) -> Counter[str]:
        """Requests per lead; the same one is told again when sales takes long to answer."""
        query = f"SELECT subject, data FROM event_log WHERE {self._numbered('leads')} AND type = :type"
        told = self._books.rows("leads", query, type="leads.lead.conversion_requested.v1")
        return Counter(subject for subject, _ in {(row[0], json.loads(row[1]).get("request_id")) for row in told})

    def _sales(self) -> Iterator[Finding]:
        accounts = _tags(row[0] for row in self._books.rows("sales", "SELECT name FROM account"))
        opportunities = Counter(
            row[0] for row in self._books.rows("sales", "SELECT lead_id FROM opportunity WHERE lead_id IS NOT NULL")
        )
        for promise in self._ledger.of("convert"):
            yield from _exactly_one(accounts[promise.tag], f"account of {promise.tag}")
            yield from _exactly_one(opportunities[promise.about], f"opportunity of lead {promise.about}")
        moves = Counter(
            (row[0], row[1])
            for row in self._books.rows(
                "sales", "SELECT opportunity_id, to_stage FROM stage_history WHERE from_stage IS NOT NULL"
            )
        )
        for promise in self._ledger.of("move"):
            to = promise.facts["to"]
            yield from _exactly_one(moves[promise.about, to], f"move of {promise.about} to {to}")
        contracts = _tags(row[0] for row in self._books.rows("sales", "SELECT title FROM contract"))
        for promise in self._ledger.of("contract"):
            yield from _exactly_one(contracts[promise.tag], f"contract of {promise.tag}")
        yield from self._at_most_one("contract", contracts, "contract")
        yield from self._payments()

    def _payments(self) -> Iterator[Finding]:
        rows = self._books.rows("sales", "SELECT note, contract_id, system, amount_minor FROM payment")
        noted = _tags(row[0] or "" for row in rows if row[2] is None)
        from_erp = Counter(row[1] for row in rows if row[2] == "kingdee")
        for promise in self._ledger.of("pay"):
            yield from _exactly_one(noted[promise.tag], f"payment of {promise.tag}")
        yield from self._at_most_one("pay", noted, "payment")
        for promise in self._ledger.of("receipt"):
            yield from _exactly_one(from_erp[promise.facts["contract"]], f"payment of receipt {promise.about}")
        paid: Counter[str] = Counter()
        for row in rows:
            paid[row[1]] += row[3]
        for contract, sum_ in self._books.rows("sales", "SELECT id, paid_minor FROM contract WHERE paid_minor > 0"):
            if paid[contract] != sum_:
                yield Finding(DOUBLED if sum_ > paid[contract] else LOST, f"money of contract {contract}")

    def _approvals(self) -> Iterator[Finding]:
        flows = Counter(
            row[0]
            for row in self._books.rows("approvals", "SELECT subject_id FROM approval WHERE subject_kind = 'contract'")
        )
        tasks = dict(tuple(row) for row in self._books.rows("approvals", "SELECT id, status FROM approval_task"))
        for promise in self._ledger.of("submit"):
            yield from _exactly_one(flows[promise.about], f"approval of contract {promise.about}")
        statuses = dict(tuple(row) for row in self._books.rows("sales", "SELECT id, status FROM contract"))
        for promise in self._ledger.of("approve"):
            if tasks.get(promise.about) != "approved":
                yield Finding(LOST, f"decision on task {promise.about}: it is {tasks.get(promise.about)}")
            if statuses.get(promise.facts["contract"]) in (None, "draft", "in_approval"):
                yield Finding(LOST, f"approval of contract {promise.facts['contract']} in sales")

    def _desk(self) -> Iterator[Finding]:
        rows = self._books.rows("service-desk", "SELECT id, subject FROM ticket")
        tags, ids = _tags(row[1] for row in rows), {row[0] for row in rows}
        for promise in self._ledger.of("ticket"):
            yield from _exactly_one(tags[promise.tag], f"ticket of {promise.tag}")
            if promise.about not in ids:
                yield Finding(LOST, f"ticket {promise.about} that was answered with 201")
        yield from self._at_most_one("ticket", tags, "ticket")
        replies = Counter(row[0] for row in self._books.rows("service-desk", "SELECT ticket_id FROM message WHERE text"
                                                             " LIKE '您好，已为您重置%'"))  # fmt: skip
        for promise in self._ledger.of("reply"):
            yield from _exactly_one(replies[promise.about], f"reply to ticket {promise.about}")

    def _partner(self) -> Iterator[Finding]:
        """Each approved contract is exactly one order and one receivable there, its customer one customer."""
        held = Counter((one["form"], one["number"]) for one in self._documents())
        rows = self._books.rows(
            "sales",
            "SELECT c.id, c.number, a.number FROM contract c JOIN account a ON a.id = c.account_id"
            " WHERE c.status IN ('approved', 'active', 'completed') AND c.title LIKE '合同 f%'",
        )
        for contract, number, customer in rows:
            if contract in self._ledger.void:
                continue
            for form, name in (("SAL_SaleOrder", number), ("AR_receivable", f"{number}-AR"), ("BD_Customer", customer)):
                yield from _exactly_one(held[form, name], f"{form} {name} in the partner's books")
        for promise in self._ledger.of("receipt"):
            yield from _exactly_one(held["AR_RECEIVEBILL", promise.about], f"receipt {promise.about} there")

    def _told(self) -> Iterator[Finding]:
        """Everyone whom an event names has its notification once; each task stands in the work list once."""
        rows = self._books.rows("gateway", "SELECT event_id, user_id FROM notification")
        told = Counter((row[0], row[1]) for row in rows)
        people = {row[0] for row in self._books.rows("gateway", "SELECT id FROM user_account WHERE active")}
        for service in SERVICES:
            type_ = f"{service}.notification.requested.v1"
            for event, data in self._books.rows(service, f"SELECT event_id, data FROM event_log WHERE {self._numbered(service)}"
                                                " AND type = :type", type=type_):  # fmt: skip
                for user in set(json.loads(data)["to"]) & people:
                    yield from _exactly_one(told[event, user], f"notification {event} to {user}")

    def _reported(self) -> Iterator[Finding]:
        """Reporting's facts are the state of the services whose facts they are."""
        for service, query, facts in (
            ("leads", "SELECT id, status, owner_id FROM lead", "SELECT id, status, owner_id FROM fact_lead"),
            ("sales", "SELECT id, stage, category FROM opportunity", "SELECT id, stage, category FROM fact_opportunity"),
            ("sales", "SELECT id, CASE status WHEN 'in_approval' THEN 'draft' ELSE status END, amount_minor FROM contract",
             "SELECT id, status, amount_minor FROM fact_contract"),
            ("sales", "SELECT id, contract_id, amount_minor FROM payment",
             "SELECT id, contract_id, amount_minor FROM fact_payment"),
            ("service-desk", "SELECT id, status, owner_id FROM ticket", "SELECT id, status, assignee_id FROM fact_ticket"),
            ("approvals", "SELECT id, subject_id, definition_key FROM approval",
             "SELECT id, subject_id, definition FROM fact_approval"),
        ):  # fmt: skip
            there = {row[0]: tuple(row) for row in self._books.rows(service, query)}
            here = {row[0]: tuple(row) for row in self._books.rows("reporting", facts)}
            for key in there.keys() | here.keys():
                if there.get(key) == here.get(key) or key in self._ledger.void or self._touched_by_void(there.get(key)):
                    continue
                kind = LOST if key in there else DOUBLED
                yield Finding(kind, f"reporting: {service} says {there.get(key)}, its facts {here.get(key)}")

    def _touched_by_void(self, row: tuple[Any, ...] | None) -> bool:
        return row is not None and bool(self._ledger.void & {str(value) for value in row})

    def _at_most_one(self, kind: str, tags: Counter[str], what: str) -> Iterator[Finding]:
        for promise in self._ledger.unknown(kind):
            if tags[promise.tag] > 1:
                yield Finding(DOUBLED, f"{what} of {promise.tag}, whose answer never came")

    def _subjects(self, service: str, type_: str) -> Counter[str]:
        query = f"SELECT subject FROM event_log WHERE {self._numbered(service)} AND type = :type"
        return Counter(row[0] for row in self._books.rows(service, query, type=type_))

    def _numbered(self, service: str) -> str:
        return "id > 0" if self._books.is_sqlite(service) else "sequence > 0"

    def _documents(self) -> list[dict[str, Any]]:
        answer = self._http.request("GET", f"{self._kingdee}/_fake/documents")
        found: list[dict[str, Any]] = json.loads(answer.data)
        return found


def _gapless(service: str, sequences: list[int]) -> Iterator[Finding]:
    for before, after in itertools.pairwise(sequences):
        if after != before + 1:
            yield Finding(LOST, f"log of {service}: {after} follows {before}")


def _ascending(service: str, rows: list[tuple[str, int, str]]) -> Iterator[Finding]:
    """Versions of a record never go back in its service's log."""
    latest: dict[str, int] = {}
    for subject, version, event in rows:
        if version and version < latest.get(subject, 0):
            yield Finding(DISORDERED, f"log of {service}: {subject} version {version} in {event}")
        latest[subject] = max(version, latest.get(subject, 0))


def _exactly_one(count: int, what: str) -> Iterator[Finding]:
    if count != 1:
        yield Finding(LOST if count == 0 else DOUBLED, f"{what}: {count} times")


def _tags(texts: Iterable[str]) -> Counter[str]:
    return Counter(found[0] for value in texts if (found := TAG.search(value)))
