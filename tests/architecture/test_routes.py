"""Every route says who may use it; those that need nobody are few and named here."""

from chassis import openapi
from chassis.api import Api

ON_EVERY_SERVICE = {"healthz", "readyz", "openapi.json", "docs", "docs.css", "offline", "preferences"}
PUBLIC = {
    "/leads/capture/<form_key>", "/leads/capture/<form_key>/embed.js", "/leads/api/v1/capture/<form_key>",
    "/sales/offers/<token>",
    "/service-desk/portal/new", "/service-desk/portal", "/service-desk/survey/<token>",
    "/service-desk/api/v1/portal/tickets", "/service-desk/api/v1/surveys/<token>",
    "/gateway/.well-known/jwks.json", "/gateway/oauth/token", "/gateway/login", "/gateway/logout",
    "/gateway/password/forgotten", "/gateway/password/<secret>", "/gateway/set-up/<secret>",
    "/gateway/api/v1/connectors/<connector_id>/callback", "/gateway/api/v1/sessions",
    "/gateway/api/v1/sessions/enrolment", "/gateway/api/v1/sessions/enrolment/confirm",
    "/gateway/login/enrol", "/gateway/login/code", "/gateway",
    "/gateway/calendar/<token>.ics",
    "/assets/<name>", "/assets/<path:name>",
}  # fmt: skip


def test_every_route_says_who_may_use_it_and_public_ones_are_named_here(suite):
    open_ones = set()
    for name, app in suite.apps.items():
        for rule in app.url_map.iter_rules():
            view = app.view_functions[rule.endpoint]
            if rule.endpoint.endswith("static"):
                continue
            assert hasattr(view, "access"), f"{rule.rule} of {name} declares nothing"
            if view.access == "public" and rule.rule.removeprefix(f"/{name}/") not in ON_EVERY_SERVICE:
                open_ones.add(rule.rule)
    assert open_ones <= PUBLIC, "public routes that are not on the list"


def test_a_page_nobody_is_logged_in_for_is_refused_or_leads_to_the_log_in(suite):
    for name, app in suite.apps.items():
        client = app.test_client()
        for rule in app.url_map.iter_rules():
            view = app.view_functions[rule.endpoint]
            if rule.arguments or "GET" not in rule.methods or getattr(view, "access", "public") == "public":
                continue
            answer = client.get(rule.rule, headers={"Accept": "text/html"})
            assert answer.status_code in (302, 303, 401), f"{rule.rule} of {name} answers {answer.status_code}"


def test_every_api_route_is_in_the_document_with_a_summary(suite):
    for name, service in suite.services.items():
        apis = [edge for edge in service.blueprints() if isinstance(edge, Api)]
        document = openapi.document(service, apis)
        found = [operation for path in document["paths"].values() for operation in path.values()]
        assert len(found) == sum(len(api.routes) for api in apis), name
        assert all(operation["summary"].strip() for operation in found)
