"""Duplicates: index keys under which two records of one person meet, and how alike two records are, with reasons."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from rapidfuzz import fuzz

from leads import normalise, regions

EXACT = {"phone": 100, "email": 100, "credit_code": 98, "wechat": 96}
_PREFIX = {"phone": "p", "email": "e", "credit_code": "c", "wechat": "w", "company": "n", "person": "k", "domain": "d"}
_KEY_LENGTH = 120
_TRADE = re.compile(
    r"(信息技术|网络科技|电子商务|电子科技|智能科技|科技发展|科技|技术|信息|网络|软件|电子|贸易|商贸|实业|发展|控股|投资|国际|"
    r"服务|咨询|管理|文化|传媒|制造|工业|设备|机械|材料|新能源|能源|工程|建设|进出口|供应链|物流|医疗器械|医疗|生物|食品|中国)"
)


@dataclass(frozen=True)
class Reason:
    """One thing two records have in common: which field, how alike (0–100), and the values compared."""

    field: str
    kind: str  # exact | alike | differs
    score: int
    left: str
    right: str

    def as_dict(self) -> dict[str, Any]:
        return {"field": self.field, "kind": self.kind, "score": self.score, "left": self.left, "right": self.right}


@dataclass(frozen=True)
class Match:
    """How alike two records are; 100 is certainty, and `reasons` says why."""

    score: int
    reasons: tuple[Reason, ...] = field(default=())

    @property
    def exact(self) -> bool:
        return any(reason.kind == "exact" and reason.field in EXACT for reason in self.reasons)


@dataclass(frozen=True)
class Traits:
    """A record as the comparison sees it; made once per record by `traits`."""

    name: str = ""
    letters: str = ""
    company: str = ""
    company_key: str = ""
    stem: str = ""
    sound: str = ""
    phones: frozenset[str] = frozenset()
    emails: frozenset[str] = frozenset()
    domains: frozenset[str] = frozenset()
    credit_code: str = ""
    wechat: str = ""


def traits(record: Mapping[str, Any]) -> Traits:
    """Traits of a normalised record (`phones` E.164, `emails` lower case)."""
    company_key = normalise.company_key(record.get("company") or "")
    stem = company_stem(company_key)
    emails = record.get("emails") or ()
    return Traits(
        name=record.get("name") or "",
        letters=normalise.name_letters(record.get("name") or ""),
        company=record.get("company") or "",
        company_key=company_key,
        stem=stem,
        sound="".join(normalise.pinyin(stem)) if stem else "",
        phones=frozenset(record.get("phones") or ()),
        emails=frozenset(normalise.email_key(each) for each in emails),
        domains=frozenset(filter(None, map(normalise.mail_domain, emails))),
        credit_code=record.get("credit_code") or "",
        wechat=record.get("wechat") or "",
    )


def company_stem(company_key: str) -> str:
    """What tells a company from others: `华信上海科技` and `上海华信科技` → `华信`. The key itself if little is left."""
    stem = company_key
    if normalise.has_han(stem):
        for shorter in (regions.without_places(stem), _TRADE.sub("", regions.without_places(stem))):
            if len(shorter.strip("省市区县")) >= 2:
                stem = shorter.strip("省市区县")
    return stem


def index_keys(record: Traits) -> list[str]:
    """The keys to store and to look up: exact ones first. Each is `<letter>:<value>`, at most 120 characters."""
    person = "".join(sorted(record.letters))
    found = [("phone", each) for each in sorted(record.phones)]
    found += [("email", each) for each in sorted(record.emails)]
    found += [("credit_code", record.credit_code), ("wechat", record.wechat), ("company", record.sound)]
    if person and record.sound:
        found.append(("person", f"{person}|{record.sound[:4]}"))
    found += [("domain", f"{domain}|{person}") for domain in sorted(record.domains) if person]
    return list(dict.fromkeys(f"{_PREFIX[kind]}:{value}"[:_KEY_LENGTH] for kind, value in found if value))


def is_exact_key(key: str) -> bool:
    """Whether sharing `key` alone makes two records one person's."""
    return key[0] in "pecw"


def compare(left: Traits, right: Traits) -> Match:
    """How alike two records are. Symmetric; a shared phone, e-mail or credit code outweighs everything else."""
    reasons = [*_shared(left, right)]
    person = _person(left, right)
    firm = _firm(left, right)
    reasons += [each for each in (person, firm) if each]
    if exact := [EXACT[each.field] for each in reasons if each.kind == "exact" and each.field in EXACT]:
        score = max(exact)
        if person and person.kind == "differs":
            score -= 10  # colleagues share a switchboard or an info@ address
        return Match(score, tuple(reasons))
    domain = sorted(left.domains & right.domains)
    if domain:
        reasons.append(Reason("email_domain", "exact", 100, domain[0], domain[0]))
    return Match(_fuzzy(person, firm, bool(domain)), tuple(reasons))


def _fuzzy(person: Reason | None, firm: Reason | None, same_domain: bool) -> int:
    if not person or person.kind == "differs":
        return 40 if firm and firm.kind == "exact" else 0
    if not firm:
        return min(80, person.score * 8 // 10) if same_domain else 0
    score = (person.score * 50 + firm.score * 45) // 100
    return min(95, score + 10) if same_domain else score


def _shared(left: Traits, right: Traits) -> Iterable[Reason]:
    for kind, ours, theirs in (("phone", left.phones, right.phones), ("email", left.emails, right.emails)):
        for each in sorted(ours & theirs):
            yield Reason(kind, "exact", 100, each, each)
    for kind in ("credit_code", "wechat"):
        if getattr(left, kind) and getattr(left, kind) == getattr(right, kind):
            yield Reason(kind, "exact", 100, getattr(left, kind), getattr(right, kind))


def _person(left: Traits, right: Traits) -> Reason | None:
    if not left.letters or not right.letters:
        return None
    if sorted(left.letters) == sorted(right.letters):
        score = 100 if left.letters == right.letters else 97
    else:
        score = round(fuzz.ratio(left.letters, right.letters))
        if min(len(left.letters), len(right.letters)) < 5:
            score -= 15  # in a short name one letter is another person
    both_han = normalise.has_han(left.name) and normalise.has_han(right.name)
    if both_han and left.name != right.name and score == 100:
        score = 90  # 张伟 and 章伟 sound the same
    return Reason("name", _degree(score), max(0, score), left.name, right.name)


def _firm(left: Traits, right: Traits) -> Reason | None:
    if not left.company_key or not right.company_key:
        return None
    if left.company_key == right.company_key:
        score = 100
    elif left.stem == right.stem:
        score = 94
    elif left.sound == right.sound:
        score = 88
    else:
        score = min(
            90, round(max(fuzz.ratio(left.company_key, right.company_key), fuzz.ratio(left.sound, right.sound)))
        )
    return Reason("company", _degree(score), score, left.company, right.company)


def _degree(score: int) -> str:
    return "exact" if score == 100 else "alike" if score >= 80 else "differs"
