"""Alert rules and dashboards: they load, they fire when they should, and they ask for nothing that does not exist."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from chassis.places import places
from tests.deploy.conftest import ROOT, documented

RULES = sorted((ROOT / "deploy/prometheus/rules").glob("*.yml"))
BOARDS = sorted((ROOT / "deploy/grafana/dashboards").glob("*.json"))
TESTS = sorted((ROOT / "tests/deploy/alerts").glob("*.test.yml"))
OTHERS = {"up", "ALERTS"}  # Prometheus' own


def check(*command: str | Path, given: str = "") -> str:
    done = subprocess.run([*map(str, command)], input=given, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def rules() -> list[dict[str, Any]]:
    return [rule for file in RULES for group in yaml.safe_load(file.read_text())["groups"] for rule in group["rules"]]


def alerts() -> list[dict[str, Any]]:
    return [rule for rule in rules() if "alert" in rule]


def panels(board: Path) -> list[dict[str, Any]]:
    return list(json.loads(board.read_text())["panels"])


def expressions(board: Path) -> list[str]:
    return [target["expr"] for panel in panels(board) for target in panel["targets"]]


def metrics(expression: str) -> set[str]:
    """The metric names in an expression, without the suffixes of histograms."""
    bare = re.sub(r"\{[^}]*\}|\[[^\]]*\]", "", expression)
    bare = re.sub(r"\b(by|on|without|ignoring)\s*\([^)]*\)", "", bare)
    words = re.findall(r"[a-zA-Z_:][\w:]*", bare)
    return {
        re.sub(r"_(bucket|count|sum)$", "", word) for word in words if re.match("crm_|http_|up$|ALERTS$|service:", word)
    }


def test_prometheus_takes_its_configuration(promtool: str) -> None:
    check(promtool, "check", "config", ROOT / "deploy/prometheus/prometheus.yml")


def test_alerts_fire_when_they_should_and_only_then(promtool: str) -> None:
    check(promtool, "test", "rules", *TESTS)


@pytest.mark.parametrize("board", BOARDS, ids=lambda path: path.stem)
def test_every_panel_asks_something_that_prometheus_understands(promtool: str, board: Path, tmp_path: Path) -> None:
    concrete = [e.replace("$__rate_interval", "5m").replace("$service", "leads") for e in expressions(board)]
    asked = [{"record": f"panel:{number}", "expr": expression} for number, expression in enumerate(concrete)]
    file = tmp_path / "panels.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": board.stem, "rules": asked}]}))
    check(promtool, "check", "rules", file)


def test_every_metric_asked_for_exists() -> None:
    known = documented("metrics.md") | OTHERS | {rule["record"] for rule in rules() if "record" in rule}
    asked = [rule["expr"] for rule in rules()] + [e for board in BOARDS for e in expressions(board)]
    assert {name for expression in asked for name in metrics(expression)} - known == set()


def test_a_metric_that_does_not_exist_would_be_seen() -> None:
    assert metrics('sum by (crm_x) (rate(crm_gone_bucket{a="crm_y"}[5m])) / up') == {"crm_gone", "up"}


def test_every_label_asked_for_is_one_the_metric_has() -> None:
    labels = {
        row[0]: set(re.findall(r"`(\w+)`", row[1]))
        for row in re.findall(r"^\| `(\w+)` \| \w+ \| ([^|]*)\|", (ROOT / "docs/metrics.md").read_text(), re.M)
    }
    targets = {"job", "instance", "service", "le"}
    asked = [rule["expr"] for rule in rules()] + [e for board in BOARDS for e in expressions(board)]
    for expression in asked:
        for name, inside in re.findall(r"\b((?:crm|http)_\w+)\{([^}]*)\}", expression):
            used = set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", inside))
            assert used <= labels[re.sub(r"_(bucket|count|sum)$", "", name)] | targets, expression


def test_every_alert_is_tested() -> None:
    tested = " ".join(file.read_text() for file in TESTS)
    assert {rule["alert"] for rule in alerts() if f'"{rule["alert"]}"' not in tested} == set()


def test_every_alert_says_what_is_wrong_and_where_to_read_on() -> None:
    guide = (ROOT / "docs/operators.md").read_text()
    for rule in alerts():
        page, _, anchor = rule["annotations"]["runbook"].partition("#")
        assert (page, anchor) == ("docs/operators.md", rule["alert"].lower())
        assert f"### {rule['alert']}\n" in guide, rule["alert"]
        assert rule["annotations"]["summary"]
        assert rule["labels"]["severity"] in ("page", "ticket")


def test_every_process_is_scraped_where_it_serves_its_metrics() -> None:
    jobs = {
        job["job_name"]: job
        for job in yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yml").read_text())["scrape_configs"]
    }
    for role, offset in (("web", 200), ("worker", 100)):
        found = {found["names"][0]: found["port"] for found in jobs[f"crm-{role}"]["dns_sd_configs"]}
        assert found == {f"{place.name}-{role}": place.port + offset for place in places()}
        pattern = jobs[f"crm-{role}"]["relabel_configs"][0]["regex"]
        assert {re.fullmatch(pattern, name)[1] for name in found} == {p.name for p in places()}  # type: ignore[index]


@pytest.mark.parametrize("board", BOARDS, ids=lambda path: path.stem)
def test_panels_have_names_a_source_and_a_place_of_their_own(board: Path) -> None:
    source = yaml.safe_load((ROOT / "deploy/grafana/provisioning/datasources/prometheus.yaml").read_text())
    taken: set[tuple[int, int]] = set()
    for panel in panels(board):
        assert panel["title"]
        assert panel["datasource"]["uid"] == source["datasources"][0]["uid"]
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert at["x"] + at["w"] <= 24
        assert not cells & taken, panel["title"]
        taken |= cells


def test_boards_are_told_apart_by_their_ids() -> None:
    ids = [json.loads(board.read_text())["uid"] for board in BOARDS]
    assert len(set(ids)) == len(ids) == 3
