"""Deployment files as others' checkers see them, and the scripts beside them, run."""

import os
import re
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url

from chassis.places import places
from chassis.rabbit import QUEUE_LENGTH, Names
from chassis.testing import POSTGRESQL, require
from tests.deploy.conftest import ROOT, VARIABLE

SERVER = make_url(POSTGRESQL).set(drivername="postgresql")


def run(*command: str, **environment: str) -> str:
    return subprocess.run(
        command, env=os.environ | environment, cwd=ROOT, check=True, capture_output=True, text=True, timeout=60
    ).stdout


def test_yaml_is_clean() -> None:
    tool = Path(sys.executable).with_name("yamllint")
    assert (
        run(str(tool), "--strict", "-c", "deploy/yamllint.yaml", "docker-compose.yml", "deploy", "tests/deploy") == ""
    )


def test_the_dockerfile_is_clean() -> None:
    assert run(str(Path(sys.executable).with_name("hadolint")), "deploy/service.Dockerfile") == ""


def test_the_last_stage_is_slim_and_runs_as_nobody(deploy: Path) -> None:
    stages = re.split(r"^FROM ", (deploy / "service.Dockerfile").read_text(), flags=re.M)
    final = next(stage for stage in stages if stage.startswith("${PYTHON} AS service"))
    assert stages[-1].strip() == "service"
    assert "USER 10001" in final
    assert not re.search(r"apt-get|gcc|pip install", final)


def test_new_settings_are_all_that_compose_asks_for(compose_text: str) -> None:
    made = dict(
        line.split("=", 1)
        for line in run("deploy/new-env.sh", "https://crm.example.com").splitlines()
        if not line.startswith("#")
    )
    needed = {name for name, kind, _text in VARIABLE.findall(compose_text) if kind == "?"}
    assert needed <= set(made)
    secrets = [value for name, value in made.items() if re.search("PASSWORD|SECRET", name)]
    assert len(set(secrets)) == len(secrets) == 15
    assert all(re.fullmatch("[0-9a-f]{64}", value) for value in secrets)
    assert made["CRM_PUBLIC_URL"] == "https://crm.example.com"


def test_the_limit_of_the_broker_is_for_the_queues_that_services_declare(deploy: Path) -> None:
    given = dict(
        line.split(" = ") for line in (deploy / "rabbitmq/rabbitmq.conf").read_text().splitlines() if " = " in line
    )
    pattern = given["default_policies.operator.crm.queue_pattern"]
    for namespace in ("crm", "crm-9000"):
        assert re.match(pattern, Names(namespace).queue("sales", "leads"))
        assert re.match(pattern, Names(namespace).dead)
    assert int(given["default_policies.operator.crm.max_length"]) <= QUEUE_LENGTH


@pytest.fixture
def prefix() -> Iterator[str]:
    """A prefix of databases and roles of this test's own, dropped afterwards."""
    require("PostgreSQL", POSTGRESQL)
    made = f"t{uuid.uuid4().hex[:8]}"
    yield made
    with psycopg.connect(SERVER.render_as_string(False) + "/postgres", autocommit=True) as connection:
        for place in places():
            connection.execute(f"DROP DATABASE IF EXISTS {made}_{place.package}")
            connection.execute(f"DROP ROLE IF EXISTS {made}_{place.package}")


def test_each_service_gets_a_database_that_no_other_role_can_open(deploy: Path, prefix: str) -> None:
    passwords = {f"{place.prefix}_DATABASE_PASSWORD": f"it's {place.name}".replace(" ", "-") for place in places()}
    where = {"PGHOST": str(SERVER.host), "PGPORT": str(SERVER.port or 5432), "POSTGRES_USER": str(SERVER.username)}
    for _time in range(2):  # safe to run again
        run(str(deploy / "postgres/10-services.sh"), DATABASE_PREFIX=prefix, **where, **passwords)

    def connect(role: str, database: str) -> psycopg.Connection:
        url = SERVER.set(username=f"{prefix}_{role}", database=f"{prefix}_{database}")
        return psycopg.connect(url.render_as_string(False))

    for place in places():
        with connect(place.package, place.package) as connection:
            connection.execute("CREATE TABLE own (id integer)")
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        connect("leads", "sales")
