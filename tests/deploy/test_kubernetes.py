"""The Kubernetes manifests: valid by the API's own schemas, the same for all services, with no name that leads nowhere."""

import re
import warnings
from pathlib import Path
from typing import Any

import pytest
import yaml

from chassis.places import places
from tests.deploy.conftest import ROOT, known_settings

K8S = ROOT / "deploy/k8s"
FILES = sorted(path for path in K8S.glob("*.yaml") if path.name != "kustomization.yaml")
VERSION = "1.31"


def read(path: Path) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(path.read_text()))


def everything() -> list[dict[str, Any]]:
    return [item for path in FILES for item in read(path)]


def named(kind: str) -> dict[str, dict[str, Any]]:
    return {item["metadata"]["name"]: item for item in everything() if item["kind"] == kind}


def pods() -> dict[str, dict[str, Any]]:
    """Pod templates by the name of what runs them."""
    return {name: item["spec"]["template"] for kind in ("Deployment", "Job") for name, item in named(kind).items()}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_manifests_are_valid_to_the_last_key(path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its package data is read in an old way
        import kubernetes_validate

        for item in read(path):
            kubernetes_validate.validate(item, VERSION, strict=True)
        broken = read(path)[0]
        broken["spek"] = {}
        with pytest.raises(kubernetes_validate.ValidationError):
            kubernetes_validate.validate(broken, VERSION, strict=True)


def test_kustomization_lists_every_file_and_image() -> None:
    listed = yaml.safe_load((K8S / "kustomization.yaml").read_text())
    assert sorted(listed["resources"]) == [path.name for path in FILES]
    images = {box["image"] for pod in pods().values() for box in pod["spec"]["containers"]}
    assert {image["name"] for image in listed["images"]} == images


def test_services_differ_by_name_and_port_alone() -> None:
    def neutral(name: str, port: int) -> str:
        text = (K8S / f"{name}.yaml").read_text()
        for offset in (0, 100, 200):
            text = text.replace(str(port + offset), f"<port+{offset}>")
        return re.sub(rf"\b{name}\b", "<name>", text)

    first, *rest = [neutral(place.name, place.port) for place in places()]
    assert all(other == first for other in rest)


def test_every_service_has_migration_web_and_worker() -> None:
    found = pods()
    for place in places():
        for role, verb in {"migrate": "migrate", "web": "serve", "worker": "work"}.items():
            assert found[f"{place.name}-{role}"]["spec"]["containers"][0]["args"] == [verb, place.name]


def test_pods_have_no_rights_and_no_links() -> None:
    for name, pod in pods().items():
        spec = pod["spec"]
        assert spec["automountServiceAccountToken"] is False, name
        assert spec["enableServiceLinks"] is False  # they would put LEADS_… into the environment
        assert spec["securityContext"]["runAsNonRoot"] is True
        for box in spec["containers"]:
            assert box["securityContext"]["readOnlyRootFilesystem"] is True
            assert box["securityContext"]["capabilities"] == {"drop": ["ALL"]}
            assert {"requests", "limits"} == set(box["resources"])


def test_what_stays_up_is_probed_doubled_and_kept_by_a_budget() -> None:
    budgets = named("PodDisruptionBudget")
    for name, item in named("Deployment").items():
        box = item["spec"]["template"]["spec"]["containers"][0]
        assert {"readinessProbe", "livenessProbe"} <= set(box)
        assert box["livenessProbe"]["httpGet"]["path"].endswith("/healthz")  # a lost database must not restart it
        assert item["spec"]["replicas"] >= 2
        assert budgets[name]["spec"]["selector"] == item["spec"]["selector"]


def test_selectors_ports_and_claims_lead_somewhere() -> None:
    labels = [pod["metadata"]["labels"] for pod in pods().values()]
    for item in everything():
        spec = item.get("spec", {})
        for wanted in (spec.get("selector", {}), spec.get("podSelector", {})):
            pairs = wanted.get("matchLabels", {} if "matchExpressions" in wanted else wanted)
            if pairs:
                assert any(pairs.items() <= found.items() for found in labels), item["metadata"]
    for name, service in named("Service").items():
        boxes = pods()[name]["spec"]["containers"]
        ports = {port["name"]: port["containerPort"] for box in boxes for port in box["ports"]}
        for port in service["spec"]["ports"]:
            assert port["targetPort"] in ports
            assert name == "front-door" or ports[port["targetPort"]] == port["port"]
    claims = {
        v["persistentVolumeClaim"]["claimName"]
        for pod in pods().values()
        for v in pod["spec"]["volumes"]
        if "persistentVolumeClaim" in v
    }
    assert claims == set(named("PersistentVolumeClaim"))


def test_nobody_talks_to_anybody_unless_a_policy_says_so() -> None:
    policies = named("NetworkPolicy")
    assert policies["default-deny"]["spec"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    for name in named("Deployment"):
        assert "Ingress" in policies[name]["spec"]["policyTypes"]
    for place in places():
        from_front, from_watch = policies[f"{place.name}-web"]["spec"]["ingress"]
        assert from_front["from"] == [{"podSelector": {"matchLabels": {"crm/role": "front-door"}}}]
        assert from_front["ports"] == [{"port": place.port}]
        assert "podSelector" not in str(from_watch)


def test_every_setting_exists_and_no_secret_lies_in_the_manifests() -> None:
    given = named("ConfigMap")["crm-settings"]["data"]
    assert set(given) <= known_settings()
    feeds = dict(item.strip().split("=") for item in given["CRM_FEEDS"].split(","))
    assert feeds == {place.name: f"http://{place.name}-worker:{place.port + 100}" for place in places()}
    assert "Secret" not in {item["kind"] for item in everything()}
