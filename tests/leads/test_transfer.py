"""Leads in and out as files: every row accounted for, the same rules as by hand, undone where nobody worked since."""

import csv
import json
import os
import subprocess
import sys
from io import BytesIO, StringIO
from pathlib import Path

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from chassis import event_log
from chassis.testing import wait_until
from engines.transfer import running
from engines.transfer.models import ImportRow
from engines.transfer.writing import plain, safe
from tests.transferring import Transfer

BASE = "/leads/api/v1"
FILE = """姓名,公司,手机,邮箱,行业,预算,备注
张三,华信科技有限公司,138 0000 0001,zs@hx.cn,制造业,20万,
Zhang San,华信科技,,ZS@HX.CN,,,
,,,,,,
李四,,,,,,没有联系方式
"<script>alert(1)</script>",=HYPERLINK(1),13900000003,,,,"'; DROP TABLE lead; --"
%s,太长公司,13900000004,,,,
王五,某公司,13900000005,,,,,,多一格
赵六,别的公司,13900000006,,农民,,
""" % ("长" * 10_000)


@pytest.fixture
def files(desk, client, database, settings):
    return Transfer(client.as_user("chen"), database, settings, service="leads")


def texts(content):
    return list(csv.reader(StringIO(content.decode("utf-8-sig"))))


def sequence(database):
    with database.reading() as session:
        wanted = select(func.count()).select_from(event_log.LOG).where(event_log.LOG.c.subject.like("lead/%"))
        return session.scalar(wanted)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_every_row_of_a_file_is_accounted_for(files, encoding):
    job = files.take("lead", FILE.encode(encoding))
    assert (job["status"], job["rows"], job["total"]) == ("done", 8, 8)
    assert (job["created"], job["updated"], job["skipped"], job["failed"]) == (2, 1, 1, 4)
    rows = files.rows(job)
    assert [row["outcome"] for row in rows] == [
        "created", "updated", "skipped", "failed", "created", "failed", "failed", "failed",
    ]  # fmt: skip
    assert "Name" in str(rows[5]["reason"]) or "name" in str(rows[5]["reason"])
    assert "农民" in str(rows[7]["reason"])
    stored = files.client.get(f"{BASE}/leads/{rows[0]['record_id']}").json
    assert (stored["industry"], stored["budget"]["amount"], stored["source"]) == (
        "manufacturing",
        "200000.00",
        "import",
    )


def test_a_file_in_another_encoding_than_declared_ends_before_anything_is_stored(files, desk):
    brought = files.bring("lead", FILE.encode("gb18030"))
    assert brought["plan"]["dialect"]["encoding"] == "gb18030"
    plan = brought["plan"] | {"dialect": brought["plan"]["dialect"] | {"encoding": "utf-8"}}
    plan.pop("headings")
    answer = files.client.put(f"{BASE}/imports/{brought['id']}/plan", json=plan)
    assert (answer.status_code, answer.json["code"]) == (422, "unreadable_file")
    assert desk.leads() == []


def test_a_character_that_cannot_be_read_far_down_stops_it_before_the_first_row(files, desk):
    rows = "".join(f"人{n},139{n:08d}\n" for n in range(30_000))
    broken = f"姓名,手机\n{rows}".encode() + b"\xff\xfe,13800000000\n"
    job = files.take("lead", broken)
    assert (job["status"], job["rows"]) == ("failed", 0)
    assert "utf-8" in job["problem"]["en"]
    assert desk.leads() == []


def test_dates_and_numbers_are_read_as_declared_and_never_guessed(files, desk):
    content = "姓名;手机;预算;下次跟进\n甲;13900000001;1.234,50;03/04/2026 14:30\n乙;13900000002;12;31/12/2026\n"
    job = files.take(
        "lead", content, dialect={"delimiter": ";", "date_order": "dmy", "decimal": ",", "zone": "Asia/Shanghai"}
    )
    assert job["created"] == 2, files.rows(job)
    first = next(lead for lead in desk.leads() if lead.name == "甲")
    assert first.budget_minor == 123450
    assert first.next_action_at.isoformat() == "2026-04-03T06:30:00+00:00"
    wrong = files.take(
        "lead", content.replace("1390000000", "1380000000"), dialect={"date_order": "ymd", "decimal": ","}
    )
    assert wrong["failed"] == 2
    assert "no date" in str(files.rows(wrong)[0]["reason"])


def test_an_xlsx_file_is_read_with_its_own_dates_and_numbers(files, desk):
    from datetime import datetime

    book = openpyxl.Workbook()
    book.active.append(["姓名", "手机", "预算", "下次跟进", "意向产品"])
    book.active.append(["王小明", 13912345678, 1234.5, datetime.fromisoformat("2026-05-06 07:08"), "CRM；ERP"])
    out = BytesIO()
    book.save(out)
    job = files.take("lead", out.getvalue(), name="名单.xlsx", dialect={"zone": "UTC", "decimal": ","})
    assert job["created"] == 1, files.rows(job)
    lead = desk.leads()[0]
    assert (lead.phones, lead.budget_minor, lead.product_interest) == (["+8613912345678"], 123450, ["CRM", "ERP"])
    assert lead.next_action_at.isoformat() == "2026-05-06T07:08:00+00:00"


def test_a_workbook_made_to_burst_is_refused(files):
    import zipfile

    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/workbook.xml", "<workbook/>")
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * (200 * 1024 * 1024))
    answer = files.client.post(
        f"{BASE}/imports?kind=lead",
        data={"file": (BytesIO(out.getvalue()), "x.xlsx")},
        content_type="multipart/form-data",
    )
    assert (answer.status_code, answer.json["code"]) == (422, "unreadable_file")


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_an_export_taken_in_again_changes_nothing(files, desk, database, form):
    files.take("lead", FILE)
    desk.capture(
        name="=1+1", company="'-5", phones=["+86 21 6888 1234", "13800000009"], emails=["a@b.cn"], tags=["重点; 客户", "a,b"],
        message="一行\n二行；三,四", budget_minor=-0, budget_currency="USD", wechat="@wx-id",
    )  # fmt: skip
    before, versions = sequence(database), {lead.id: lead.version for lead in desk.leads()}
    content = files.export("leads", form)
    job = files.take("lead", content, name=f"x.{form}")
    assert job["plan"]["mode"] == "upsert"
    assert (job["skipped"], job["rows"]) == (len(versions), len(versions)), files.rows(job)
    assert sequence(database) == before
    assert {lead.id: lead.version for lead in desk.leads()} == versions


def test_a_changed_cell_of_an_export_changes_that_field_alone(files, desk):
    desk.capture(name="张三", phones=["13800000001"], message="先")
    desk.capture(name="李四", phones=["13800000002"], message="后")
    lines = texts(files.export("leads", columns="number,name,message"))
    lines[1][2] = "改了"
    out = StringIO()
    csv.writer(out).writerows(lines)
    job = files.take("lead", out.getvalue())
    assert (job["updated"], job["skipped"]) == (1, 1), files.rows(job)
    assert sorted(lead.message for lead in desk.leads()) in (["先", "改了"], ["后", "改了"])
    assert desk.events("lead.changed")[-1]["changes"] | desk.events("lead.changed")[-1]["personal"]["changes"] == {
        "message": [next(text for text in ("先", "后") if text not in [lead.message for lead in desk.leads()]), "改了"]
    }


def test_rows_find_their_record_by_an_id_of_another_system(files, desk):
    content = "ERP 编号,姓名,手机\nK-1,甲,13900000001\nK-2,乙,13900000002\n"
    fields = ["external_ids.kingdee", "name", "phones"]
    first = files.take("lead", content, fields=fields, mode="upsert", key="external_ids.kingdee")
    assert first["created"] == 2, files.rows(first)
    assert {lead.external_ids["kingdee"] for lead in desk.leads()} == {"K-1", "K-2"}
    again = files.take("lead", content.replace("乙", "乙二"), fields=fields, mode="upsert", key="external_ids.kingdee")
    assert (again["created"], again["updated"], again["skipped"]) == (0, 1, 1), files.rows(again)
    only = files.take("lead", content.replace("K-2", "K-9"), fields=fields, mode="update", key="external_ids.kingdee")
    assert (only["skipped"], only["failed"]) == (1, 1)


def test_a_key_given_twice_in_one_file_makes_one_record(files, desk):
    content = "邮箱,姓名,职位\na@x.cn,甲,经理\na@x.cn,甲,总监\n"
    job = files.take("lead", content, mode="upsert", key="emails")
    assert (job["created"], job["updated"]) == (1, 1), files.rows(job)
    assert [lead.title for lead in desk.leads()] == ["总监"]


def test_rejected_rows_come_back_as_a_file_that_can_be_taken_in_again(files, desk):
    job = files.take("lead", FILE)
    for form in ("csv", "xlsx"):
        rejected = files.client.get(f"{BASE}/imports/{job['id']}/rejected.{form}").data
        again = files.bring("lead", rejected, name=f"rejected.{form}")
        assert again["plan"]["fields"] == [*job["plan"]["fields"], ""]
    lines = texts(files.client.get(f"{BASE}/imports/{job['id']}/rejected.csv").data)
    assert len(lines) == 1 + job["failed"]
    assert all(line[7] for line in lines)
    mended = [[*line[:7]] for line in lines if "赵六" in line or line == lines[0]]
    mended[1][4] = "其他"
    out = StringIO()
    csv.writer(out).writerows(mended)
    assert files.take("lead", out.getvalue())["created"] == 1


def test_a_dry_run_says_what_would_be_and_keeps_nothing(files, desk, database):
    job = files.take("lead", FILE, dry_run=True)
    assert (job["dry_run"], job["created"], job["failed"]) == (True, 2, 4)
    assert desk.leads() == []
    assert sequence(database) == 0
    files.start(job)
    files.work()
    assert files.read(job)["created"] == len(desk.leads()) == 2


def test_the_duplicates_policy_holds_for_rows_as_for_forms(files, desk):
    desk.capture(name="张三", phones=["13800000001"])
    content = "姓名,手机\n张三,13800000001\n"
    skipped = files.take("lead", content, options={"policy": "refuse"})
    assert (skipped["skipped"], skipped["created"]) == (1, 0)
    assert files.rows(skipped)[0]["reason"]["code"] == "duplicate_refused"
    assert files.take("lead", content, options={"policy": "allow"})["created"] == 1
    assert files.take("lead", content)["updated"] == 1  # merged, as the policy of imports says


def test_whoever_may_not_create_or_import_takes_nothing_in(files, desk, client, people):
    anna = client.as_user("anna")
    answer = anna.post(f"{BASE}/imports?kind=lead", data=b"name\nx\n", content_type="text/csv")
    assert answer.status_code == 403
    people.role("clerk", {"lead": {"read": "own", "edit": "own", "rights": ["import"], "fields": {"budget": "read"}}})
    people.add("kim", roles=("clerk",), department="sales")
    files.client = client.as_user("kim")
    job = files.take("lead", "姓名,手机\n甲,13900000001\n")
    assert (job["failed"], desk.leads()) == (1, [])
    assert "role" in str(files.rows(job)[0]["reason"])
    foreign = desk.capture(name="甲", phones=["13900000009"]).lead
    job = files.take("lead", f"编号,姓名\n{foreign.number},改\n", mode="update", key="number")
    assert job["failed"] == 1
    assert desk.lead(foreign.id).name == "甲"


def test_undo_removes_what_was_made_and_puts_back_what_was_changed(files, desk, database):
    old = desk.capture(name="老客户", phones=["13700000001"], title="经理").lead
    job = files.take(
        "lead", f"编号,姓名,手机,职位\n{old.number},,,总监\n,新客户,13700000002,\n,又一位,13700000003,\n", mode="upsert",
        key="number",
    )  # fmt: skip
    assert (job["created"], job["updated"]) == (2, 1), files.rows(job)
    touched = next(lead for lead in desk.leads() if lead.name == "又一位")
    answer = files.client.post(f"{BASE}/leads/{touched.id}/activities", json={"kind": "call", "text": "打过电话"})
    assert answer.status_code == 201
    done = files.undo(job)
    assert (done["status"], done["undone"], done["kept"]) == ("undone", 2, 1)
    kept = [row for row in files.rows(job) if row["undo"] == "kept"]
    assert [row["record_id"] for row in kept] == [touched.id]
    assert kept[0]["kept_because"]
    assert sorted(lead.name for lead in desk.leads()) == ["又一位", "老客户"]
    assert desk.lead(old.id).title == "经理"
    with database.reading() as session:
        removed = session.scalars(
            select(event_log.LOG.c.type).where(event_log.LOG.c.type == "leads.records.removed.v1")
        )
        assert len(removed.all()) == 1


def test_an_import_that_dies_in_the_middle_goes_on_where_it_stood(files, desk, database, settings, monkeypatch):
    rows = "".join(f"人{n},公司{n},139{n:08d}\n" for n in range(90))
    job = files.declare(files.bring("lead", f"姓名,公司,手机\n{rows}"))
    files.start(job)
    monkeypatch.setattr(running, "BATCH", 20)
    batches = 0

    def once() -> bool:
        nonlocal batches
        batches += 1
        return batches > 2

    running.step(database, settings, stopping=once)
    half = files.read(job)
    assert half["status"] == "running"
    assert 0 < half["rows"] < 90
    files.work()
    done = files.read(job)
    assert (done["status"], done["rows"], done["created"]) == ("done", 90, 90)
    assert len(desk.leads()) == 90
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(ImportRow)) == 90


WORKER = """
import json, sys
from chassis.db import Database
from engines.transfer import running
from leads.app import SERVICE
given = json.loads(sys.argv[1])
running.step(Database(given["database_url"], service="leads"), SERVICE.settings(service="leads", **given))
"""


def test_a_worker_killed_with_9_in_the_middle_loses_no_row_and_takes_none_twice(files, desk, database, settings):
    rows = "".join(f"人{n},公司{n},139{n:08d}\n" for n in range(300))
    job = files.declare(files.bring("lead", f"姓名,公司,手机\n{rows}"))
    files.start(job)
    given = {"database_url": settings.database_url, "data": settings.data}
    place = os.pathsep.join(["shared", "services/leads"])
    worker = subprocess.Popen(
        [sys.executable, "-c", WORKER, json.dumps(given)],
        cwd=Path(__file__).parents[2],
        env=os.environ | {"PYTHONPATH": place},
    )
    try:
        wait_until(lambda: files.read(job)["rows"] > 0 or worker.poll() is not None, seconds=60)
    finally:
        worker.kill()
        worker.wait()
    half = files.read(job)
    assert 0 < half["rows"] < 300
    files.work()
    done = files.read(job)
    assert (done["status"], done["rows"], done["created"]) == ("done", 300, 300)
    assert len(desk.leads()) == 300
    assert [row["line"] for row in files.rows(job)] == list(range(2, 302))


def test_a_stopped_import_keeps_what_is_done_and_can_be_undone(files, desk, monkeypatch):
    rows = "".join(f"人{n},公司{n},139{n:08d}\n" for n in range(60))
    job = files.declare(files.bring("lead", f"姓名,公司,手机\n{rows}"))
    files.start(job)
    assert files.client.post(f"{BASE}/imports/{job['id']}/stop").status_code == 200
    files.work()
    assert files.read(job)["status"] == "stopped"
    assert files.client.post(f"{BASE}/imports/{job['id']}/start", json={}).status_code == 409


def test_masked_and_hidden_fields_stay_so_in_an_export(files, desk, client, people):
    people.role(
        "counter", {"lead": {"read": "all", "rights": ["export"], "fields": {"phones": "mask", "emails": "none"}}}
    )
    people.add("kim", roles=("counter",), department="sales")
    desk.capture(name="张三", phones=["13800000001"], emails=["zs@hx.cn"])
    files.client = client.as_user("kim")
    lines = texts(files.export("leads"))
    assert "zs@hx.cn" not in str(lines)
    assert "13800000001" not in str(lines)
    assert "****" in lines[1][lines[0].index("Phones")]
    refused = files.client.get(f"{BASE}/leads/export.csv?columns=emails")
    assert refused.status_code == 422
    assert client.as_user("anna").get(f"{BASE}/leads/export.csv").status_code == 403


def test_an_export_follows_the_lists_filter_and_is_on_record(files, desk):
    desk.capture(name="张三", phones=["13800000001"], city="上海")
    desk.capture(name="李四", phones=["13800000002"], city="广州")
    lines = texts(files.export("leads", filter='{"field": "city", "op": "eq", "value": "广州"}', columns="name,city"))
    assert lines == [["Name", "City"], ["李四", "广州"]]
    said = desk.events("records.exported")[-1]["data"]
    assert (said["kind"], said["by"], said["columns"]) == ("lead", "chen", ["name", "city"])


def test_thirty_records_of_three_years_are_held_against_the_source(files, desk):
    rows = "".join(f"人{n},公司{n},139{n:08d},{2020 + n % 5}-03-04\n" for n in range(100))
    job = files.take("lead", f"姓名,公司,手机,下次跟进\n{rows}", year="next_action_at")
    assert job["created"] == 100
    report = files.client.get(f"{BASE}/imports/{job['id']}/verification").json["items"]
    assert len(report) == 30
    assert {item["year"] for item in report} == {2022, 2023, 2024}
    differing = [each for item in report for each in item["fields"] if not each["agrees"]]
    assert {each["field"] for each in differing} <= {"Phones"}  # stored as E.164
    assert report == files.client.get(f"{BASE}/imports/{job['id']}/verification").json["items"]


def test_a_mapping_is_saved_by_heading_and_fits_the_next_file(files):
    job = files.declare(files.bring("lead", "甲栏,乙栏\n张三,13800000001\n"), fields=["name", "phones"])
    assert files.client.post(f"{BASE}/imports/{job['id']}/mapping", json={"name": "展会名单"}).status_code == 201
    other = files.bring("lead", "乙栏,别的,甲栏\n13800000002,x,李四\n")
    applied = files.client.post(f"{BASE}/imports/{other['id']}/apply", json={"name": "展会名单"}).json
    assert applied["plan"]["fields"] == ["phones", "", "name"]
    files.start(applied)
    files.work()
    assert files.read(applied)["created"] == 1


def test_the_demo_file_is_taken_in_whole(files, desk):
    job = files.take("lead", (Path(__file__).parents[2] / "demo" / "leads.csv").read_bytes())
    assert job["status"] == "done"
    assert job["rows"] >= 130
    assert job["created"] > 100
    assert job["updated"] >= 8
    assert job["failed"] >= 6
    assert len(desk.leads()) == job["created"]
    assert not any("\x00" in lead.name or "\u202e" in lead.name for lead in desk.leads())


@given(st.text(max_size=20))
@settings(max_examples=300, deadline=None, database=None, suppress_health_check=list(HealthCheck))
def test_what_is_made_safe_for_a_spreadsheet_reads_back_the_same(text):
    assert plain(safe(text)) == text
    assert not safe(text).lstrip(" \n").startswith(("=", "@", "\t", "\r"))


def test_undo_takes_back_several_rows_of_one_record_and_what_they_made(files, desk):
    old = desk.capture(name="老客户", emails=["a@x.cn"], title="经理").lead
    job = files.take(
        "lead", "邮箱,姓名,职位\na@x.cn,老客户,总监\na@x.cn,老客户,总裁\nb@x.cn,新客户,秘书\nb@x.cn,新客户,助理\n", mode="upsert",
        key="emails",
    )  # fmt: skip
    assert (job["created"], job["updated"]) == (1, 3), files.rows(job)
    done = files.undo(job)
    assert (done["undone"], done["kept"]) == (4, 0), files.rows(job)
    assert [lead.name for lead in desk.leads()] == ["老客户"]
    assert desk.lead(old.id).title == "经理"
