"""Every text has both languages, and no page mixes them."""

import re
from functools import cache
from html.parser import HTMLParser

import polib
import pytest
from werkzeug.exceptions import HTTPException

from chassis import auth
from tests.architecture.conftest import ROOT

CJK = re.compile(r"[\u4e00-\u9fff]")
WORDS = re.compile(r"[A-Za-z][a-z']+(?: [A-Za-z][a-z']+){3,}")  # four English words in a row are a sentence
PER_RULE = 2  # of pages with the same rule, so many are looked at
CATALOGUES = sorted(ROOT.glob("s*/**/locale/*/LC_MESSAGES/messages.po"))
# What people wrote, not what we say: the demo's titles, subjects and messages that exist in one language only.
SPOKEN_BY_PEOPLE = re.compile(r"@|https?://|^[\w.-]+$")
MARKS = re.compile(r"%\(\w+\)[sd]|\{\w*\}")


class Page(HTMLParser):
    """Text nodes, links and forms of a page; text marked with another `lang` is left out."""

    def __init__(self, text: str):
        super().__init__()
        self.texts: list[str] = []
        self.links: list[str] = []
        self.forms: list[dict[str, object]] = []
        self._quiet: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        given = {name: value or "" for name, value in attributes}
        void = tag in ("input", "br", "img", "meta", "link", "hr", "source", "path", "use")
        if (
            not void and (tag in ("script", "style", "svg", "code", "pre", "textarea") or self._foreign(tag, given))
        ) or (self._quiet and not void and tag == self._quiet[-1]):
            self._quiet.append(tag)
        self.links += [given[name] for name in ("href", "hx-get") if given.get(name, "").startswith("/")]
        self.texts += [
            given[name] for name in ("title", "placeholder", "aria-label") if name in given and not self._quiet
        ]
        if tag == "form":
            self.forms.append(
                {"method": given.get("method", "get").lower(), "token": False, "action": given.get("action")}
            )
        if tag == "input" and given.get("name") == auth.CSRF_FIELD and self.forms:
            self.forms[-1]["token"] = True

    def handle_endtag(self, tag):
        if self._quiet and tag == self._quiet[-1]:
            self._quiet.pop()

    def handle_data(self, data):
        if data.strip() and not self._quiet:
            self.texts.append(" ".join(data.split()))

    @staticmethod
    def _foreign(tag, given):
        return tag != "html" and bool(given.get("lang") or given.get("translate") == "no")


@cache
def walked(language, suite):
    """Every kind of page of every service that can be reached by links, as an administrator: (address, rule, text)."""
    found = []
    for name, browser in suite.browser(language).items():
        rules = suite.apps[name].url_map.bind("localhost")
        seen, counts = set(), {}
        waiting = [
            rule.rule
            for rule in suite.apps[name].url_map.iter_rules()
            if "GET" in rule.methods and not rule.arguments and "/api/" not in rule.rule and "." not in rule.rule
        ]
        while waiting:
            address = waiting.pop(0).partition("#")[0]
            if address in seen or not address.startswith(f"/{name}") or address.endswith(("z", "/docs")):
                continue
            seen.add(address)
            try:
                endpoint, _values = rules.match(address.partition("?")[0], method="GET")
            except HTTPException:  # links to other services' pages and to addresses of POST only
                continue
            counts[endpoint] = counts.get(endpoint, 0) + 1
            if counts[endpoint] > PER_RULE or "export" in address or "logout" in address:
                continue
            answer = browser.get(address)
            assert answer.status_code < 500, (address, answer.text[-2000:])
            if answer.mimetype == "text/html" and answer.status_code < 300:
                page = Page(answer.text)
                found.append((address, page, answer))
                waiting += page.links
    return found


@cache
def patterns(language):
    """Texts of the other language, as whole text nodes: exact ones, and patterns of those with values in them."""
    exact, shapes = set(), []
    for path in CATALOGUES:
        for entry in polib.pofile(str(path)):
            wrong = entry.msgid if language == "zh" else entry.msgstr
            right = entry.msgstr if language == "zh" else entry.msgid
            if not wrong or wrong == right or (language == "en" and not CJK.search(wrong)):
                continue
            if MARKS.search(wrong):
                plain = MARKS.sub("", wrong)
                if len(plain.strip()) >= (8 if language == "zh" else 4):
                    shapes.append(re.compile(".+".join(re.escape(part) for part in MARKS.split(wrong))))
            else:
                exact.add(" ".join(wrong.split()))
    return exact, shapes


@pytest.mark.parametrize("language", ["zh", "en"])
def test_no_page_shows_a_text_of_the_other_language(suite, language):
    exact, shapes = patterns(language)
    right = patterns("en" if language == "zh" else "zh")[0]
    data = values(suite)
    wrong = []
    for address, page, _answer in walked(language, suite):
        for text in page.texts:
            if SPOKEN_BY_PEOPLE.search(text) and " " not in text and text not in exact:
                continue
            strange = text in exact or any(shape.fullmatch(text) for shape in shapes)
            if language == "zh":
                strange = strange or bool(WORDS.search(text) and not CJK.search(text))
            told = any(len(value) > 5 and CJK.search(value) and value in text for value in data)
            if strange and not told and text.removesuffix(" · CRM") not in data and text not in right:
                wrong.append((address, text))
    assert not wrong, sorted(set(wrong))[:60]


def test_every_form_that_changes_something_carries_the_sessions_token(suite):
    wanting = []
    for address, page, _answer in walked("en", suite):
        if "/capture/" in address or "/portal" in address or "/survey/" in address:
            continue  # nobody is logged in there; each has a check of its own
        changing = [form for form in page.forms if form["method"] == "post" and not form["token"]]
        # Language and theme live in the browser alone.
        wanting += [(address, form["action"]) for form in changing if not str(form["action"]).endswith("/preferences")]
    assert not wanting


def test_pages_are_marked_with_their_language_and_hold_no_script(suite):
    for language, mark in (("zh", 'lang="zh'), ("en", 'lang="en')):
        for address, _page, answer in walked(language, suite):
            if "<html" in answer.text:
                assert mark in answer.text.partition("<head")[0], address
            assert not re.search(r"<style\b|<script>(?!</script)", answer.text), address


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.relative_to(ROOT).parts[-4])
def test_every_catalogue_is_complete(path):
    catalogue = polib.pofile(str(path))
    assert not [entry.msgid for entry in catalogue.untranslated_entries()]
    assert not [entry.msgid for entry in catalogue.fuzzy_entries()]
    for entry in catalogue:
        given = entry.msgstr or " ".join(entry.msgstr_plural.values())
        assert set(MARKS.findall(given)) <= set(MARKS.findall(entry.msgid + (entry.msgid_plural or ""))), entry.msgid


@cache
def values(suite):
    """Every text stored in the databases: what people and definitions say themselves."""
    found = set()
    for database in suite.databases.values():
        with database.reading() as session:
            connection = session.connection()
            tables = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'").scalars().all()
            for table in tables:
                for row in connection.exec_driver_sql(f'SELECT * FROM "{table}"'):
                    found |= {text for value in row if isinstance(value, str) for text in _texts(value)}
    return found


def _texts(value):
    if len(value) < 300 and value[:1] not in "[{":
        return {" ".join(value.split())}
    return {" ".join(text.split()) for text in re.findall(r'"((?:[^"\\]|\\.)*)"', value)}
