"""Fields of the company's own in files: what is written of each kind reads back as the same value."""

import pytest

from tests.leads.test_own_fields import BASIS, BY_KIND, SAMPLES, admin, made, published
from tests.transferring import Transfer

__all__ = ["admin"]


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.kind)
def test_a_field_of_each_kind_is_exported_and_taken_in_again(admin, desk, database, settings, sample):
    files = Transfer(admin, database, settings, service="leads")
    needed = [BY_KIND[kind] for kind in BASIS if sample.kind in ("formula", "qr_code")]
    published(admin, sample.definition(), *(each.definition() for each in needed))
    given = {each.key: each.given for each in (*needed, sample) if each.given is not None}
    lead = made(admin, given)
    stored = desk.lead(lead["id"])
    same = files.take("lead", files.export("leads"))
    assert same["skipped"] == same["rows"] == 1, files.rows(same)
    assert desk.lead(lead["id"]).version == stored.version
    if sample.kind in ("file", "image", "auto_number"):
        return  # a file cannot bring files, and numbers are given here
    content = files.export(
        "leads", columns=",".join(["name", "phones", *(f"custom.{each.key}" for each in (*needed, sample))])
    )
    new = files.take("lead", content, options={"policy": "allow"})
    assert new["created"] == 1, files.rows(new)
    made_by_file = next(each for each in desk.leads() if each.id != lead["id"])
    assert made_by_file.custom.get(sample.key) == stored.custom.get(sample.key)
