"""Files of leads in and out of PostgreSQL: the worker's whole path, duplicates policy, score, assignment and events included."""

import csv
import io
import os
import resource
import time
from typing import Any

from chassis import directory, places
from chassis.db import Database
from engines.transfer import exporting, intake, plans, running
from engines.transfer.models import Import
from tests.bench import sites
from tests.bench.options import Options
from tests.bench.rows import Row, at_least, row

ROWS = 100_000
_HEAD = (
    "姓名", "公司", "职位", "电话", "邮箱", "微信", "地址", "留言", "统一社会信用代码", "来源", "渠道", "国家", "省份", "城市",
    "区域", "行业", "规模", "意向产品", "预算", "标签", "下次跟进", "外部编号：kingdee",
)  # fmt: skip
_CITIES = ("上海", "广州", "北京", "成都", "杭州", "武汉", "深圳", "南京")


def _file(count: int) -> bytes:
    """Leads as companies keep them, one in twenty of them there twice."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([*_HEAD, *(f"备用{n}" for n in range(30 - len(_HEAD)))])
    for n in range(count):
        who = n - 10 if n % 20 == 19 else n
        writer.writerow([
            f"王{who % 997}", f"第{who}号精密仪器有限公司", "经理", f"139{who:08d}", f"u{who}@c{who % 5000}.cn", "", "人民路",
            "想了解报价", "", "活动扫码", "", "CN", "", _CITIES[who % 8], "", "制造业", "100–499 人", "ERP；CRM", f"{who % 90}万",
            "展会", "2026-12-01 09:00", "", *[""] * (30 - len(_HEAD)),
        ])  # fmt: skip
    return out.getvalue().encode()


def _brought(database: Database, settings: Any, caller: Any, count: int) -> str:
    kind = places.find("leads").service().transfers[0]
    import_id = intake.bring(
        database, settings, caller=caller, kind=kind, stream=io.BytesIO(_file(count)), name="leads.csv"
    )
    with database.transaction() as session:
        job = session.get_one(Import, import_id)
        intake.declare(
            session, job, caller=caller, plan=plans.of_document(job.plan), headings=tuple(job.plan["headings"])
        )
        intake.start(session, job, caller=caller)
    return import_id


def _peak_megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def transfer_leads(options: Options) -> list[Row]:
    """Rows a second in and out, and what the process grew by while it took them in."""
    count, rates, out, grown = options.some(ROWS), [], [], []
    with sites.prepared("leads", options.folder) as env:
        service = places.find("leads").service()
        os.environ.update(env)
        settings = service.load_settings()
        database = Database(env["LEADS_DATABASE_URL"], service="leads", pool_size=5)
        with database.reading() as session:
            person = next(user for user in directory.snapshot(session).users.values() if user.active)
            caller = directory.caller_for(session, person.id)
        for _run in range(1 if options.quick else min(options.runs, 3)):
            import_id = _brought(database, settings, caller, count)
            before, began = _peak_megabytes(), time.perf_counter()
            running.run(database, settings, import_id)
            rates.append(count / (time.perf_counter() - began))
            grown.append(_peak_megabytes() - before)
            began, written = time.perf_counter(), 0
            wanted = exporting.Wanted()
            for piece in exporting.pieces(
                database, caller=caller, kind=service.transfers[0], wanted=wanted, locale="zh"
            ):
                written += piece.count(b"\n")
            out.append(written / (time.perf_counter() - began))
        database.close()
    return [
        row("import_leads", "rows/s", "≥ 4000", rates, reached=at_least(4000)),
        row("export_leads", "rows/s", "≥ 20000", out, reached=at_least(20_000)),
        row("import_memory", "MiB grown", "≤ 50", grown, reached=lambda ours, _ratio: ours <= 50),
    ]


BENCHES = (transfer_leads,)
