"""The deployment files, read as the programs that use them read them."""

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
VARIABLE = re.compile(r"\$\{(\w+)(?::([-?])([^}]*))?\}")


@pytest.fixture(scope="session")
def deploy() -> Path:
    """The folder of deployment files."""
    return ROOT / "deploy"


@pytest.fixture(scope="session")
def compose_text() -> str:
    return (ROOT / "docker-compose.yml").read_text()


@pytest.fixture(scope="session")
def compose(compose_text: str) -> dict[str, Any]:
    """docker-compose.yml with anchors merged and variables at their defaults, `given` where there is none."""
    read: dict[str, Any] = yaml.safe_load(VARIABLE.sub(lambda m: m[3] if m[2] == "-" else "given", compose_text))
    return {name: value for name, value in read.items() if not name.startswith("x-")}


@pytest.fixture(scope="session")
def containers(compose: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return dict(compose["services"])


@pytest.fixture(scope="session")
def promtool() -> str:
    """Prometheus' own checker; without it these tests are skipped, and say so."""
    found = shutil.which("promtool")
    if found is None:
        pytest.skip("promtool is missing, alert rules and dashboards were not tested (Debian: apt install prometheus)")
    return found


def documented(page: str) -> set[str]:
    """The names in the first column of a generated reference."""
    return set(re.findall(r"^\| `(\w+)`", (ROOT / "docs" / page).read_text(), re.M))


def known_settings() -> set[str]:
    """Every environment variable that a service reads, by docs/settings.md."""
    everyone, *own = re.split(r"^## ", (ROOT / "docs/settings.md").read_text(), flags=re.M)[1:]
    names = set(re.findall(r"^\| `(\w+)`", everyone, re.M))
    found = {f"CRM_{name}" for name in names}
    for section in own:
        prefix = re.search(r"`(\w+_)…`", section.partition("\n")[0])
        assert prefix, section[:80]
        found |= {prefix[1] + name for name in names | set(re.findall(r"^\| `(\w+)`", section, re.M))}
    return found
