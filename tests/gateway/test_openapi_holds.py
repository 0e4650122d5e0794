"""Generated requests to every route as an administrator: no 5xx, nothing undocumented."""

from collections import Counter
from datetime import timedelta

import generated_requests

from chassis import directory
from integration_gateway import sessions, tokens
from integration_gateway.models import User


def test_every_route_keeps_to_its_document(as_, app, database, company):
    client, inner, answers = as_("lin.jing"), app.wsgi_app, Counter()

    def logged_in_anew(environ, start_response):
        """Some routes end the very session that calls them; each request comes with a new one."""
        with database.transaction() as session:
            user = session.get_one(User, company["lin.jing"]["id"])
            started = sessions.start(
                session, user, kind="api", second_factor=False, address="::1", agent="", lifetime=timedelta(hours=1)
            )
            environ["HTTP_AUTHORIZATION"] = f"Bearer {tokens.for_person(session, user, started).text}"
        directory.of(database).forget()

        def start(status, headers, *rest):
            answers[status[:3]] += 1
            return start_response(status, headers, *rest)

        return inner(environ, start)

    app.wsgi_app = logged_in_anew
    assert generated_requests.check(client, "/gateway/openapi.json", examples=3) >= 40
    assert answers["200"] + answers["201"] + answers["204"] > 40, answers
    assert answers["401"] <= 20, answers  # wrong passwords, sent to the log-in
