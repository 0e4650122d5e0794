"""docker-compose.yml: what it must hold, by a validator, by a list of keys we know, and by our own rules."""

import re
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml
from compose_spec import PyCompose

from chassis import feed
from chassis.places import places
from chassis.settings import Settings
from tests.deploy.conftest import ROOT, VARIABLE, known_settings

ROLES = {"migrate": "migrate", "seed": "seed", "web": "serve", "worker": "work"}
KEYS = {
    "build", "cap_drop", "command", "depends_on", "environment", "healthcheck", "hostname", "image", "init", "logging",
    "mem_limit", "network_mode", "networks", "pids_limit", "ports", "profiles", "read_only", "restart", "security_opt",
    "shm_size", "stop_grace_period", "tmpfs", "volumes",
}  # fmt: skip
OWN = {f"{place.name}-{role}" for place in places() for role in ROLES}


def validate(compose: dict[str, Any]) -> None:
    found = PyCompose.from_yaml(yaml.safe_dump(compose))
    found.validate()
    found.validate_networks()
    found.validate_volumes()


def test_the_file_is_a_valid_compose_file(compose: dict[str, Any]) -> None:
    validate(compose)


@pytest.mark.parametrize(
    ("key", "value"),
    [("networks", ["nowhere"]), ("depends_on", {"postgres": {"condition": "nowhere"}}), ("ports", "nowhere")],
)
def test_the_validator_refuses_what_does_not_exist(compose: dict[str, Any], key: str, value: object) -> None:
    broken = deepcopy(compose)
    broken["services"]["leads-web"][key] = value
    with pytest.raises(ValueError, match="nowhere"):
        validate(broken)


def test_only_keys_that_compose_knows_are_used(compose: dict[str, Any], containers: dict[str, Any]) -> None:
    assert set(compose) == {"name", "services", "networks", "volumes"}
    assert {key for container in containers.values() for key in container} <= KEYS


def test_every_service_has_migration_web_worker_and_demo_data(containers: dict[str, Any]) -> None:
    for place in places():
        for role, verb in ROLES.items():
            container = containers[f"{place.name}-{role}"]
            assert container["command"] == [verb, place.name]
            assert container["build"]["args"] == {"SERVICE": place.folder.name}
            assert container["image"] == f"crm-{place.name}:0.1.0"
            assert container.get("profiles") == (["demo"] if role == "seed" else None)


def test_nothing_serves_before_its_database_is_migrated(containers: dict[str, Any]) -> None:
    for place in places():
        migrate = containers[f"{place.name}-migrate"]
        assert migrate["depends_on"] == {"postgres": {"condition": "service_healthy"}}
        assert migrate["restart"] == "no"
        for role in ("web", "worker"):
            waits = containers[f"{place.name}-{role}"]["depends_on"]
            assert waits[f"{place.name}-migrate"] == {"condition": "service_completed_successfully"}
            assert waits[f"{place.name}-seed"]["required"] is False
        assert containers["front-door"]["depends_on"][f"{place.name}-web"] == {"condition": "service_healthy"}


def test_health_is_asked_at_the_ports_the_services_have(containers: dict[str, Any]) -> None:
    for place in places():
        web, worker = (containers[f"{place.name}-{role}"]["healthcheck"]["test"][-1] for role in ("web", "worker"))
        assert web == f"http://127.0.0.1:{place.port}/{place.name}/readyz"
        assert worker == f"http://127.0.0.1:{place.port + 100}/readyz"


def test_long_running_containers_have_a_health_check(containers: dict[str, Any]) -> None:
    without = {name for name, container in containers.items() if "healthcheck" not in container}
    assert without == {f"{p.name}-{role}" for p in places() for role in ("migrate", "seed")} | {
        "collector", "wecom", "kingdee",
    }  # fmt: skip


def test_only_the_front_door_publishes_a_port(containers: dict[str, Any]) -> None:
    assert {name for name, container in containers.items() if "ports" in container} == {"front-door"}
    assert containers["front-door"]["ports"] == ["127.0.0.1:8000:8000"]


def test_databases_and_broker_are_on_a_network_without_a_way_out(compose: dict[str, Any]) -> None:
    containers, networks = compose["services"], compose["networks"]
    assert networks["inside"]["internal"] is True
    assert networks["front"]["internal"] is True
    for name in ("postgres", "rabbitmq", "prometheus"):
        assert containers[name]["networks"] == ["inside"]
    calling_out = {name for name, container in containers.items() if "outside" in container.get("networks", [])}
    assert calling_out == {"gateway-web", "gateway-worker", "collector"}


def test_the_front_door_is_the_proxy_that_services_believe(compose: dict[str, Any]) -> None:
    subnet = compose["networks"]["front"]["ipam"]["config"][0]["subnet"]
    for name in OWN:
        assert compose["services"][name]["environment"]["CRM_TRUSTED_PROXIES"] == subnet


def test_every_setting_exists(containers: dict[str, Any]) -> None:
    known = known_settings()
    for name in OWN:
        assert set(containers[name]["environment"]) <= known, name


def test_each_service_knows_its_own_database_and_no_other(containers: dict[str, Any]) -> None:
    for place in places():
        for role in ROLES:
            given = containers[f"{place.name}-{role}"]["environment"]
            urls = {name: value for name, value in given.items() if name.endswith("_DATABASE_URL")}
            database = f"crm_{place.package}"
            assert urls == {f"{place.prefix}_DATABASE_URL": f"postgresql://{database}:given@postgres:5432/{database}"}
            assert f"{place.prefix}_SECRET_KEY" in given


def test_every_service_knows_all_six_feeds(containers: dict[str, Any]) -> None:
    for name in OWN:
        settings = Settings(service="leads", feeds=containers[name]["environment"]["CRM_FEEDS"])
        assert feed.locations(settings) == {p.name: f"http://{p.name}-worker:{p.port + 100}" for p in places()}


def test_all_services_share_the_folder_of_keys_and_keep_their_data_apart(containers: dict[str, Any]) -> None:
    for place in places():
        for role in ROLES:
            assert containers[f"{place.name}-{role}"]["volumes"] == [f"{place.name}-data:/data", "keys:/keys"]


def test_services_run_without_rights_they_do_not_need(containers: dict[str, Any]) -> None:
    for name in [*OWN, "front-door", "prometheus", "grafana", "collector"]:
        container = containers[name]
        assert container["read_only"] is True, name
        assert container["cap_drop"] == ["ALL"]
        assert container["security_opt"] == ["no-new-privileges:true"]


def test_every_log_is_rotated_and_every_image_has_a_tag(containers: dict[str, Any]) -> None:
    for name, container in containers.items():
        assert set(container["logging"]["options"]) == {"max-size", "max-file"}, name
        tag = container["image"].rpartition(":")[2]
        assert re.fullmatch(r"v?\d+\.\d+(\.\d+)?(-\w+)?", tag), container["image"]


def test_stand_ins_and_measuring_are_left_out_unless_asked_for(containers: dict[str, Any]) -> None:
    profiles = {name: container["profiles"] for name, container in containers.items() if "profiles" in container}
    seeds = {f"{place.name}-seed": ["demo"] for place in places()}
    watching = {name: ["observability"] for name in ("prometheus", "grafana", "collector")}
    assert profiles == seeds | watching | {"wecom": ["demo"], "kingdee": ["demo"]}


def test_secrets_have_no_default(compose_text: str) -> None:
    for name, kind, _text in VARIABLE.findall(compose_text):
        if re.search("PASSWORD|SECRET", name):
            assert kind == "?", name


def test_what_is_mounted_exists(compose: dict[str, Any], containers: dict[str, Any]) -> None:
    for container in containers.values():
        for volume in container.get("volumes", []):
            source = volume.split(":")[0]
            assert (ROOT / source).exists() if source.startswith("./") else source in compose["volumes"], source


def test_dockerfile_copies_only_what_the_builder_gets(deploy: Path) -> None:
    dockerfile = (deploy / "service.Dockerfile").read_text()
    allowed = [
        line[1:] for line in (deploy / "service.Dockerfile.dockerignore").read_text().splitlines() if line[:1] == "!"
    ]
    for source in re.findall(r"^COPY (?!--from)(\S+)", dockerfile, re.M):
        assert source.startswith(tuple(allowed)), source
        assert source == "services/${SERVICE}" or (ROOT / source).exists(), source
