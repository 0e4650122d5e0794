"""What the command line says, and with which exit code."""

import importlib.machinery
import importlib.util
import os
import socket
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from chassis import cli
from chassis.places import UnknownService, find, places
from tests.shared.cli.conftest import crm

ROOT = Path(__file__).parents[3]
COMMANDS = [
    *("up", "ps", "stop", "start", "doctor", "test", "check", "bench", "docs", "revision"),
    *("serve", "work", "migrate", "seed", "prepare", "replay", "parked", "token"),
]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main([command, "--help"])
    assert ended.value.code == 0
    assert f"crm {command}" in capsys.readouterr().out


def test_a_wrong_option_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["up", "--port", "eighty"])
    assert ended.value.code == 2
    assert "no port" in capsys.readouterr().err


def test_an_unknown_service_is_one_line_that_names_the_known(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["migrate", "billing"]) == 1
    said = capsys.readouterr().err
    assert said.startswith("crm: no service is called 'billing'; there are leads, sales,")
    assert said.count("\n") == 1


def test_asking_for_a_suite_that_does_not_run_says_how_to_start_one(tmp_path: Path) -> None:
    asked = crm("ps", "--data", str(tmp_path))
    assert asked.returncode == 1
    assert "./crm up" in asked.stderr


def test_a_service_does_not_start_on_an_unmigrated_database(tmp_path: Path) -> None:
    for command in ("serve", "work"):
        refused = crm(command, "alpha", "--data", str(tmp_path))
        assert refused.returncode == 1
        assert refused.stderr.endswith("run: ./crm migrate alpha\n")
        assert "Traceback" not in refused.stderr


def test_a_lone_service_is_migrated_and_seeded_by_its_own_commands(tmp_path: Path) -> None:
    assert crm("migrate", "alpha", "--data", str(tmp_path)).stdout.startswith("alpha: migrated to alpha_")
    assert crm("migrate", "alpha", "--data", str(tmp_path)).stdout == "alpha: already at the newest revision\n"
    assert crm("seed", "alpha", "--data", str(tmp_path)).stdout == "alpha: demo data written\n"
    assert crm("seed", "alpha", "--data", str(tmp_path)).stdout == "alpha: the demo data is there already\n"
    assert crm("parked", "alpha", "list", "--data", str(tmp_path)).stdout == "0 parked\n"
    token = crm("token", "alpha", "--data", str(tmp_path))
    assert token.stdout.count(".") == 2


def test_the_doctor_finds_a_server_that_is_not_there(tmp_path: Path) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
        asked = crm(
            "doctor", "--data", str(tmp_path), "--port", "39000",
            "--database", f"postgresql://nobody@127.0.0.1:{port}/", "--bus", f"amqp://127.0.0.1:{port}/",
        )  # fmt: skip
    assert asked.returncode == 1
    wrong = [line for line in asked.stdout.splitlines() if line.startswith("WRONG")]
    found = [line.split()[1] for line in wrong]
    assert [name for name in found if name != "ports"] == ["databases", "databases", "broker"]
    assert "Traceback" not in asked.stderr


def test_services_are_found_by_any_of_their_names() -> None:
    names = [place.name for place in places()]
    assert names == ["leads", "sales", "service-desk", "approvals", "reporting", "gateway"]
    assert {find(name).package for name in ("gateway", "integration-gateway", "integration_gateway")} == {
        "integration_gateway"
    }
    with pytest.raises(UnknownService):
        find("billing")


@pytest.fixture
def launcher(tmp_path: Path) -> ModuleType:
    """The file `crm` as a module, on a tree of its own."""
    loader = importlib.machinery.SourceFileLoader("crm_launcher", str(ROOT / "crm"))
    spec = importlib.util.spec_from_loader("crm_launcher", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    sys.dont_write_bytecode, before = True, sys.dont_write_bytecode
    loader.exec_module(module)
    sys.dont_write_bytecode = before
    for name, path in {"VENV": ".venv", "PYTHON": ".venv/bin/python", "STAMP": ".venv/crm.json"}.items():
        setattr(module, name, str(tmp_path / path))
    module.ROOT = str(tmp_path)
    module.ASSETS = str(tmp_path / "shared" / "console")
    for file in ("shared/requirements.lock", "tests/requirements.lock", ".venv/bin/python"):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text(file)
    return module


def test_only_a_changed_lock_file_is_installed_again(launcher: ModuleType, tmp_path: Path) -> None:
    assert launcher.missing(["runtime"]) == ["runtime", "paths"]
    launcher.write_stamp(**launcher.wanted_stamp(["runtime", "tests"]))
    assert launcher.missing(["runtime", "tests"]) == []
    (tmp_path / "tests/requirements.lock").write_text("newer")
    assert launcher.missing(["runtime"]) == []
    assert launcher.missing(["runtime", "tests"]) == ["tests"]
    (tmp_path / ".venv/bin/python").unlink()
    assert launcher.missing(["runtime"]) == ["runtime", "paths"]


def test_new_assets_and_new_services_are_noticed(launcher: ModuleType, tmp_path: Path) -> None:
    launcher.write_stamp(**launcher.wanted_stamp(["runtime"]))
    (tmp_path / "shared/console").mkdir()
    (tmp_path / "shared/console/package-lock.json").write_text("{}")
    assert launcher.missing(["runtime"]) == ["assets"]
    (tmp_path / "services/new").mkdir(parents=True)
    (tmp_path / "services/new/pyproject.toml").touch()
    assert launcher.missing(["runtime"]) == ["paths", "assets"]


def test_an_old_python_is_told_what_is_missing() -> None:
    old = (
        f"import runpy, sys; sys.version_info = (3, 8, 1); sys.argv = ['crm', 'up'];"
        f" runpy.run_path({str(ROOT / 'crm')!r}, run_name='__main__')"
    )
    env = {"PATH": "/nowhere", "HOME": os.environ.get("HOME", "/")}
    said = subprocess.run([sys.executable, "-B", "-c", old], env=env, capture_output=True, text=True, check=False)
    assert said.returncode == 2
    assert "needs Python 3.11 or newer" in said.stderr
    assert "Traceback" not in said.stderr
