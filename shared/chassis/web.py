"""The web process of a service: one Flask app with its edges, and nothing in it that is not declared somewhere."""

import logging
import threading
from dataclasses import dataclass, field
from typing import Any

import orjson
from flask import Flask, Response, current_app, render_template, request
from flask.json.provider import JSONProvider
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException

from chassis import (
    answers,
    docs,
    health,
    i18n,
    metrics,
    nudge,
    problems,
    proxies,
    telemetry,
    upkeep,
    usage,
    vault,
)
from chassis.api import Api
from chassis.auth import Authenticator
from chassis.db import Database
from chassis.errors import NotFound
from chassis.service import Service
from chassis.settings import Settings

log = logging.getLogger(__name__)
CSP = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data:",
        "base-uri 'none'",
        "object-src 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
SECURITY_HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
LANGUAGE_HEADER = "Accept-Language"


class UndeclaredRoute(Exception):
    """A view that does not say who may use it; the message names it."""


@dataclass
class Web:
    """What the edges of one app share: `current_app.extensions["crm"]`."""

    service: Service
    settings: Settings
    database: Database
    authenticator: Authenticator
    usage: usage.Counts
    apis: list[Api] = field(default_factory=list)
    stopping: threading.Event = field(default_factory=threading.Event)


def build(service: Service, settings: Settings, *, database: Database | None = None) -> Flask:
    """The WSGI application. It touches no network and starts no thread; `start` does, after the fork."""
    database = database or Database(settings.database, service=service.name, pool_size=settings.threads + 2)
    app = Flask(service.package, static_folder=None)
    app.json = OrjsonProvider(app)
    app.config.update(MAX_CONTENT_LENGTH=settings.max_upload, MAX_FORM_MEMORY_SIZE=1024 * 1024)
    i18n.use("engines", "console", service.package)
    vault.unlock(settings)
    counts = usage.Counts(database, time_zone=settings.time_zone)
    web = Web(service, settings, database, Authenticator(settings, database), counts)
    app.extensions["crm"] = web
    metrics.watch_pool(database)
    _add_edges(app, web)
    _add_templates(app)
    app.before_request(_begin)
    app.after_request(_finish)
    app.register_error_handler(Exception, _refuse)
    for prepare in service.on_start:
        prepare(app)
    refuse_undeclared(app)
    wrapped = proxies.adding(app.wsgi_app, list(SECURITY_HEADERS.items()))
    wrapped = proxies.observing(proxies.trusting(wrapped, settings.trusted_proxies))
    app.wsgi_app = wrapped  # type: ignore[method-assign, assignment]
    return app


def start(app: Flask) -> None:
    """Begin the work around serving: traces, nudges, metrics, keys, usage. Call it once, after the fork."""
    web: Web = app.extensions["crm"]
    telemetry.start(web.settings)
    if web.settings.internal_port:
        wake_worker = nudge.Nudger(web.database, host=web.settings.host, port=web.settings.internal_port)
        web.database.on_events.append(wake_worker)
    _begin_upkeep(web)
    if web.settings.web_metrics_port:
        metrics.serve(web.settings.host, web.settings.web_metrics_port)
    for loop in (web.authenticator.jwks.keep_fresh, web.usage.keep_flushing):
        threading.Thread(target=loop, args=(web.stopping,), name=loop.__qualname__, daemon=True).start()


def stop(app: Flask) -> None:
    """End what `start` began, and store what is only in memory."""
    web: Web = app.extensions["crm"]
    web.stopping.set()
    web.usage.flush()
    telemetry.stop()
    web.database.close()


def _begin_upkeep(web: Web) -> None:
    try:
        with web.database.transaction() as session:
            upkeep.begin(session)
    except SQLAlchemyError as error:
        log.warning("recurring work could not be armed: %s", type(error).__name__)


class OrjsonProvider(JSONProvider):
    """Flask's JSON by orjson."""

    def dumps(self, obj: Any, **_options: Any) -> str:
        return answers.to_json(obj).decode()

    def loads(self, s: str | bytes, **_options: Any) -> Any:
        return orjson.loads(s)

    def response(self, *args: Any, **kwargs: Any) -> Response:
        return Response(answers.to_json(self._prepare_response_obj(args, kwargs)), mimetype="application/json")


def refuse_undeclared(app: Flask) -> None:
    """UndeclaredRoute if any view, static files apart, does not say who may use it."""
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        if not rule.endpoint.endswith("static") and not hasattr(view, "access"):
            raise UndeclaredRoute(f"{rule.rule} ({rule.endpoint}): use Api, or chassis.auth.declare")


def _add_edges(app: Flask, web: Web) -> None:
    for place, edge in enumerate(web.service.blueprints()):
        if isinstance(edge, Api):
            web.apis.append(edge)
            app.register_blueprint(edge.blueprint(web.service, name=f"api{place or ''}"))
        else:
            app.register_blueprint(edge)
    app.register_blueprint(health.blueprint(web.service, web.settings, web.database))
    app.register_blueprint(docs.blueprint(web.service, web.apis))


def _add_templates(app: Flask) -> None:
    app.jinja_env.globals.update(
        _=i18n.gettext, gettext=i18n.gettext, ngettext=i18n.ngettext, pgettext=i18n.pgettext, locale=i18n.current
    )
    app.jinja_env.autoescape = True


def _begin() -> None:
    if request.url_rule is not None:
        request.environ[proxies.ROUTE] = request.url_rule.rule
    i18n.speak(
        i18n.negotiate(cookie=request.cookies.get(i18n.COOKIE), accept=request.accept_languages.values())
        if LANGUAGE_HEADER in request.headers or request.cookies
        else "en"
    )
    if "\0" in request.path:
        raise NotFound()  # PostgreSQL cannot even be asked about it


def _finish(response: Response) -> Response:
    response.headers["Content-Language"] = "zh-CN" if i18n.current() == "zh" else "en"
    return response


def _refuse(error: Exception) -> Response | HTTPException:
    """Every exception ends here: a problem document, or for a browser's page load a page."""
    if isinstance(error, HTTPException) and error.code is not None and error.code < 400:
        return error  # a redirect
    web: Web = current_app.extensions["crm"]
    problem = problems.as_problem(error)
    wants_page = request.accept_mimetypes.best_match(["application/json", "text/html"]) == "text/html"
    if not wants_page or f"/{web.service.name}/api/" in request.path:
        return problems.response(problem, instance=request.path, docs=f"/{web.service.name}/docs")
    body = render_template("chassis/problem.html", problem=problems.document(problem))
    return Response(body, status=problem.status, headers=problem.headers, mimetype="text/html")
