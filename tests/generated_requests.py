"""Requests generated from an OpenAPI document, valid and not, sent to the app: no 5xx, no undocumented status or shape."""

from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode, openapi
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


def check(client, path: str, *, examples: int = 10) -> int:
    """Send `examples` valid and as many invalid requests to every operation as `client`; returns how many operations."""
    document = openapi.from_wsgi(path, client.app)
    headers = {"Authorization": f"Bearer {client.token}"}
    count = 0
    for found in document.get_all_operations():
        operation = found.ok()
        count += 1
        for mode in GenerationMode:
            if mode is GenerationMode.NEGATIVE and not _can_be_wrong(operation):
                continue

            @given(case=operation.as_strategy(generation_mode=mode))
            @settings(
                max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck),
                phases=[Phase.explicit, Phase.generate],
            )  # fmt: skip
            def send(case):
                case.call_and_validate(headers=headers, checks=CHECKS)

            send()
    return count


def _can_be_wrong(operation) -> bool:
    return bool(operation.body) or any(operation.query) or any(operation.headers)
