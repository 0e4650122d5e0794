"""Drafts of the definition editor kept in engines.drafts; what a kind uses unless it says otherwise."""

from collections.abc import Mapping

from chassis.api import Call
from console.definitions import Body, Draft
from engines import drafts


class Kept:
    """The drafts of one kind."""

    def __init__(self, kind: str):
        self.kind = kind

    def find(self, call: Call, key: str) -> Draft | None:
        found = drafts.find(call.session, self.kind, key)
        return _shown(found) if found else None

    def all(self, call: Call) -> Mapping[str, Draft]:
        return {key: _shown(found) for key, found in drafts.of_kind(call.session, self.kind).items()}

    def save(self, call: Call, key: str, *, title: Body, body: Body, version: int, based_on: int) -> Draft:
        return _shown(
            drafts.save(
                call.session, caller=call.caller, kind=self.kind, key=key, title=title, body=body, version=version,
                based_on=based_on,
            )
        )  # fmt: skip

    def drop(self, call: Call, key: str) -> None:
        drafts.drop(call.session, self.kind, key)


def _shown(draft: drafts.Draft) -> Draft:
    return Draft(
        title=draft.title, body=draft.body, version=draft.version, based_on=draft.based_on, saved_at=draft.saved_at,
        saved_by=draft.saved_by,
    )  # fmt: skip
