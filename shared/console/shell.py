"""Puts the console onto a service's Flask app: templates, filters, assets, language and theme, headers, error pages."""

import logging
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Flask, Response, redirect, request
from markupsafe import Markup
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as Answer

from chassis import auth, i18n
from console import (
    assets,
    audit_pages,
    conditions,
    explanations,
    form_parts,
    formats,
    lists,
    navigation,
    reader,
    record_kit_pages,
    refusals,
    saved_views,
    transfer_pages,
)  # fmt: skip
from console.fields import value_of, words

THEME_COOKIE = "crm_theme"
THEMES = ("light", "dark")
YEAR = 365 * 86400
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; object-src 'none'; "
    "base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
)

log = logging.getLogger(__name__)


@dataclass
class Console:
    """What the console keeps about the app it is registered to."""

    service: str
    time_zone: str
    files: dict[str, assets.Asset] = field(default_factory=dict)

    def asset(self, name: str) -> str:
        """The address of a file by its plain name; one that is not installed gets an address that answers 404."""
        found = self.files.get(name)
        return found.url if found else f"{assets.PREFIX}/{name}"


def register(app: Flask, service: Any) -> None:
    """Let `app` render console pages; `service` is its declaration (its name and package are read).

    Usable as `on_start=[lambda app: console.register(app, SERVICE)]`.
    """
    i18n.use("console", service.package)
    state = Console(service.name, app.extensions["crm"].settings.time_zone, assets.read_all())
    if "htmx.js" not in state.files:
        log.warning("the console's assets are not installed: run `python -m console.assets install`")
    app.extensions["console"] = state
    app.register_blueprint(_blueprint(service.name))
    if getattr(service, "kept", ()):
        app.register_blueprint(record_kit_pages.pages(service.name).blueprint)
    if getattr(service, "transfers", ()):
        app.register_blueprint(transfer_pages.pages(service.name).blueprint)
    app.register_blueprint(audit_pages.pages(service.name).blueprint)
    app.register_blueprint(saved_views.pages(service.name).blueprint)
    _equip_templates(app, state)
    app.after_request(_headers)
    refusals.register(app)


def _blueprint(service: str) -> Blueprint:
    """Templates, files and preferences; the same on every service."""
    console = Blueprint("console", __name__, template_folder="templates")
    console.add_url_rule(f"{assets.PREFIX}/<name>", "asset", auth.declare(_asset, public=True))
    console.add_url_rule(
        f"/{service}/preferences", "preferences", auth.declare(_preferences, public=True), methods=["POST"]
    )
    console.add_url_rule(f"/{service}/offline", "offline", auth.declare(refusals.offline, public=True))
    return console


def _equip_templates(app: Flask, state: Console) -> None:
    env = app.jinja_env
    env.trim_blocks = env.lstrip_blocks = True
    env.filters.update(formats.FILTERS, words=words)
    env.globals.update(
        _=i18n.gettext,
        ngettext=i18n.ngettext,
        pgettext=i18n.pgettext,
        asset=state.asset,
        designer_kinds=form_parts.drawn,
        icon=lambda name, size="": icon(state, name, size),
        value_of=value_of,
        words=words,
        language=i18n.current,
        theme=theme,
        csrf_token=reader.csrf_token,
        reader=reader.current,
        called=reader.called,
        navigation=navigation,
        here=lambda: navigation.current(request.path),
        may_see=reader.may_see,
        may_create=reader.may_create,
        builder=conditions.builder,
        chips=lists.chips,
        service=state.service,
        explained=explanations.shown,
    )


def icon(state: Console, name: str, size: str = "") -> Markup:
    """A symbol of the sprite, hidden from screen readers: the text beside it, or an aria-label, says what it means."""
    extra = f" icon-{size}" if size else ""
    return Markup('<svg class="icon{}" aria-hidden="true"><use href="{}#{}"></use></svg>').format(
        extra, state.asset("icons.svg"), name
    )


def theme() -> str:
    """light or dark as chosen; empty leaves it to the system's setting, which theme.js reads before the first paint."""
    chosen = request.cookies.get(THEME_COOKIE, "")
    return chosen if chosen in THEMES else ""


def _asset(name: str) -> Answer:
    """A file by its hashed name, packed where the browser takes it; immutable, since another content is another name."""
    files = reader.state().files
    plain = re.sub(r"\.[0-9a-f]{12}(?=\.\w+$)", "", name)
    found = files.get(plain)
    if found is None or not found.url.endswith("/" + name):
        raise NotFound()
    if "gzip" in request.headers.get("Accept-Encoding", ""):
        answer = Response(assets.packed(found), mimetype=assets.TYPES[found.path.suffix])
        answer.headers["Content-Encoding"] = "gzip"
    else:
        answer = Response(assets.content(found), mimetype=assets.TYPES[found.path.suffix])
    answer.headers["Vary"] = "Accept-Encoding"
    answer.headers["Cache-Control"] = f"public, max-age={YEAR}, immutable"
    return answer


def _preferences() -> Answer:
    """Remember language and theme in cookies of the whole origin and go back to where the reader was."""
    back = urlsplit(request.form.get("next") or "/")
    path = "/" + back.path.lstrip("/\\") if back.path.startswith("/") else "/"  # never //elsewhere
    answer = redirect(path + ("?" + back.query if back.query else ""), 303)
    chosen = i18n.known(request.form.get("language"))
    if chosen:
        answer.set_cookie(i18n.COOKIE, chosen, max_age=YEAR, samesite="Lax", path="/")
    look = request.form.get("theme", "")
    if look in THEMES:
        answer.set_cookie(THEME_COOKIE, look, max_age=YEAR, samesite="Lax", path="/")
    elif look == "system":
        answer.delete_cookie(THEME_COOKIE, path="/")
    return answer


def _headers(answer: Response) -> Response:
    """The console's policy on pages, and no shared or stale copies of them; the chassis adds its headers to the rest."""
    if answer.mimetype == "text/html":
        answer.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        answer.headers.setdefault("Cache-Control", "private, no-cache")
        answer.vary.update(["Cookie", "HX-Request", "HX-Target", "Accept-Language"])
    return answer
