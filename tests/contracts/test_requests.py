"""Every route of every service keeps to its OpenAPI document, whatever it is sent."""

from collections import Counter

import generated_requests
import pytest

from chassis import directory, places

EXAMPLES = 4  # of each operation, valid and as many invalid ones


@pytest.mark.parametrize("name", [place.name for place in places.places()])
def test_generated_requests_find_no_server_error_and_nothing_undocumented(suite, name):
    app, answers = suite.apps[name], Counter()
    client, inner = suite.client(name), app.wsgi_app

    def counting(environ, start_response):
        """A request may end the session or the account that sends it; each comes with a token that holds."""
        environ["HTTP_AUTHORIZATION"] = f"Bearer {suite.client(name).token}"
        directory.of(suite.databases[name]).forget()

        def start(status, headers, *rest):
            answers[status[0]] += 1
            return start_response(status, headers, *rest)

        return inner(environ, start)

    app.wsgi_app = counting
    try:
        operations = generated_requests.check(client, f"/{name}/openapi.json", examples=EXAMPLES)
    finally:
        app.wsgi_app = inner
    assert operations >= 5
    assert answers["2"] > operations / 4, answers
