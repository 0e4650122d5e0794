"""`/<service>/openapi.json`, and `/<service>/docs`: the same for people, rendered here, without any script."""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import orjson
from flask import Blueprint, Response, render_template

from chassis import auth, errors, openapi
from chassis.api import Api
from chassis.errors import Problem
from chassis.service import Service


class Reference:
    """The documents of one service, made at their first use."""

    def __init__(self, service: Service, apis: Sequence[Api]):
        self.service = service
        self.apis = apis

    @cached_property
    def document(self) -> dict[str, Any]:
        return openapi.document(self.service, self.apis)

    @cached_property
    def json(self) -> bytes:
        return orjson.dumps(self.document, option=orjson.OPT_INDENT_2)

    @cached_property
    def problems(self) -> list[type[Problem]]:
        """Every refusal any route can give, by code."""
        found = {errors.InternalError.code: errors.InternalError, errors.MethodNotAllowed.code: errors.MethodNotAllowed}
        for api in self.apis:
            for route in api.routes:
                for kinds in openapi.problems(route).values():
                    found |= {kind.code: kind for kind in kinds}  # type: ignore[misc]
        return [found[code] for code in sorted(found)]


def blueprint(service: Service, apis: Sequence[Api]) -> Blueprint:
    """The routes of the reference."""
    reference = Reference(service, apis)
    made = Blueprint("docs", __name__, url_prefix=f"/{service.name}", template_folder="templates")

    css = (Path(__file__).parent / "templates" / "chassis" / "docs.css").read_bytes()

    def openapi_json() -> Response:
        return Response(reference.json, mimetype="application/json")

    def docs() -> str:
        return render_template("chassis/docs.html", reference=reference, document=reference.document)

    def docs_css() -> Response:
        return Response(css, mimetype="text/css")

    for rule, view in (("/openapi.json", openapi_json), ("/docs", docs), ("/docs.css", docs_css)):
        made.add_url_rule(rule, view.__name__, auth.declare(view, public=True))
    return made
