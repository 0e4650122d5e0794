"""Human numbers: never twice, whatever runs at once."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from chassis import clock
from chassis.db import Database
from engines.numbering import BLOCK, next_number


def take(database: Database, count: int) -> list[str]:
    taken = []
    for _number in range(count):
        with database.transaction() as session:
            taken.append(next_number(session, "lead", "L"))
    return taken


def test_numbers_count_up_per_kind_and_year(database: Database) -> None:
    with clock.at(datetime(2026, 5, 1, tzinfo=UTC)), database.transaction() as session:
        assert [next_number(session, "lead"), next_number(session, "lead"), next_number(session, "account", "AC")] == [
            "L-2026-000001", "L-2026-000002", "AC-2026-000001",
        ]  # fmt: skip


def test_the_year_is_the_companys(database: Database) -> None:
    with clock.at(datetime(2026, 12, 31, 16, 30, tzinfo=UTC)), database.transaction() as session:
        assert next_number(session, "lead") == "L-2027-000001"


def test_a_rolled_back_transaction_leaves_at_most_a_gap(database: Database) -> None:
    with database.transaction() as session:
        next_number(session, "lead")
        session.rollback()
    taken = take(database, BLOCK + 5)
    assert len(set(taken)) == BLOCK + 5
    assert taken == sorted(taken)


def test_threads_never_get_the_same_number(database: Database) -> None:
    with ThreadPoolExecutor(4) as pool:
        taken = [number for part in pool.map(lambda _: take(database, 30), range(4)) for number in part]
    assert len(set(taken)) == 120


def test_processes_never_get_the_same_number(database: Database) -> None:
    program = (
        "import sys\n"
        "from chassis.db import Database\n"
        "from engines.numbering import next_number\n"
        "database = Database(sys.argv[1])\n"
        "for _ in range(25):\n"
        "    with database.transaction() as session:\n"
        "        print(next_number(session, 'lead'))\n"
    )
    url = database.url.render_as_string(hide_password=False)
    running = [
        subprocess.Popen(
            [sys.executable, "-c", program, url],
            stdout=subprocess.PIPE,
            text=True,
            env={"PYTHONPATH": ":".join(sys.path)},
        )
        for _process in range(2)
    ]
    taken = [line for process in running for line in process.communicate(timeout=60)[0].split()]
    assert len(taken) == 50
    assert len(set(taken)) == 50
