"""What an image does, done in a clean folder: copy what its Dockerfile copies, install, migrate, serve, work, stop."""

import json
import os
import re
import shutil
import signal
import site
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import venv
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from chassis.places import Place, places

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "deploy/service.Dockerfile").read_text()
LEFT_OUT = shutil.ignore_patterns("__pycache__", "node_modules", "*.egg-info", "build")
DEADLINE = 90.0


@dataclass
class Image:
    """A service's folder and shared/ in a folder of their own, installed into an environment of their own."""

    service: str
    folder: Path

    @property
    def python(self) -> Path:
        return self.folder / "app/bin/python"

    def environment(self, **given: str) -> dict[str, str]:
        """What the image's ENV says, and nothing of ours."""
        said = dict(re.findall(r"(CRM_\w+|PYTHON\w+)=(\S+)", DOCKERFILE.split("AS service")[1].split("FROM")[0]))
        folders = {"CRM_DATA": str(self.folder / "data"), "CRM_KEYS": str(self.folder / "keys")}
        path = {"PATH": f"{self.python.parent}:/usr/bin:/bin", "HOME": str(self.folder), "CRM_HOST": "127.0.0.1"}
        return {**said, **folders, **path, **given}

    def command(self, role: str) -> list[str]:
        """The container's command line, from the Dockerfile and the compose file."""
        entry = json.loads(re.findall(r"^ENTRYPOINT (.*)$", DOCKERFILE, re.M)[0])
        compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
        program = str(self.python.with_name(entry[0]))
        return [program, *entry[1:], *compose["services"][f"{self.service}-{role}"]["command"]]


def copied(folder: str) -> list[str]:
    """What the stages of a service's image copy from the tree."""
    stages = DOCKERFILE.split(" AS demo")[0]
    found = [line.split()[1] for line in re.findall(r"^COPY (?!--from).*$", stages, re.M)]
    return [source.replace("${SERVICE}", folder) for source in found]


def install(service: str, package_folder: str, folder: Path) -> Image:
    for source in copied(package_folder):
        target = folder / "build" / source
        target.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, target, ignore=LEFT_OUT, dirs_exist_ok=True)
        else:
            shutil.copy(ROOT / source, target)
    venv.create(folder / "app", with_pip=False, symlinks=True)
    image = Image(service, folder)
    # The lock's packages are those of this environment; a path line alone brings no source folder of ours with it.
    own = next((folder / "app/lib").glob("python*/site-packages"))
    (own / "locked.pth").write_text("\n".join(site.getsitepackages()) + "\n")
    command = re.search(r"pip wheel (--no-deps --no-build-isolation)", DOCKERFILE)
    assert command
    parts = ["./shared", f"./services/{package_folder}"]
    options = [*command[1].split(), "--no-index", "--quiet", "--disable-pip-version-check", "--force-reinstall"]
    subprocess.run(
        [sys.executable, "-m", "pip", "--python", str(image.python), "install", *options, *parts],
        cwd=folder / "build", check=True, capture_output=True, timeout=300,
    )  # fmt: skip
    return image


def free_port() -> int:
    """A port whose companions for metrics are free as well."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        if port < 65000 and all(_is_free(port + offset) for offset in (100, 200)):
            return port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def ready(url: str, process: subprocess.Popen[bytes], log: Path) -> dict[str, object]:
    """What the address says once it answers 200."""
    deadline = time.monotonic() + DEADLINE
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                found: dict[str, object] = json.loads(answer.read())
                return found
        except (urllib.error.URLError, OSError):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)  # between tries for a connection


@pytest.mark.parametrize("place", places(), ids=lambda place: place.name)
def test_an_image_installs_migrates_serves_works_and_stops(place: Place, tmp_path: Path) -> None:
    name, package_folder = place.name, place.folder.name
    image = install(name, package_folder, tmp_path)
    web_port = free_port()
    environment = image.environment(CRM_PORT=str(web_port))
    where = subprocess.run(
        [image.python, "-c", f"import chassis, {place.package} as p; print(chassis.__file__, p.__file__)"],
        env=environment, cwd=tmp_path, check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    assert all(path.startswith(str(tmp_path / "app")) for path in where.split()), where

    refused = subprocess.run(image.command("web"), env=environment, cwd=tmp_path, capture_output=True, text=True)
    assert refused.returncode == 1
    assert "migrate" in refused.stderr
    subprocess.run(image.command("migrate"), env=environment, cwd=tmp_path, check=True, timeout=120)

    with (tmp_path / "log").open("wb") as log:
        web, worker = (
            subprocess.Popen(image.command(role), env=environment, cwd=tmp_path, stdout=log, stderr=log)
            for role in ("web", "worker")
        )
    try:
        parts = ready(f"http://127.0.0.1:{web_port}/{name}/readyz", web, tmp_path / "log")
        assert parts["schema"] == "current"
        assert ready(f"http://127.0.0.1:{web_port + 100}/readyz", worker, tmp_path / "log")["service"] == name
        with urllib.request.urlopen(f"http://127.0.0.1:{web_port + 200}/metrics", timeout=5) as answer:
            assert b"http_server_request_duration_seconds" in answer.read()
        check = [image.python, tmp_path / "build/deploy/ready.py", f"http://127.0.0.1:{web_port}/{name}/readyz"]
        assert subprocess.run(check, env=environment).returncode == 0
    finally:
        for process in (web, worker):
            process.send_signal(signal.SIGTERM)
        codes = [process.wait(40) for process in (web, worker)]
    assert codes == [0, 0], (tmp_path / "log").read_text()
    assert "Traceback" not in (tmp_path / "log").read_text()


def test_a_service_with_shared_passes_its_own_tests_elsewhere(tmp_path: Path) -> None:
    image = install("leads", "leads", tmp_path)
    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(ROOT / "tests/leads", elsewhere / "tests/leads", ignore=LEFT_OUT)
    # `tests` is a package and not on the path: its folder `leads` must not pass for the installed service.
    places_of = {f"tests/{path.name}": "tests" for path in (ROOT / "tests").glob("*.py")}
    places_of |= {f"tests/shared/{name}.py": "tests/shared" for name in ("__init__", "field_samples")}
    places_of |= {"demo/leads.csv": "demo", "tests/generated_requests.py": "beside"}
    for source, target in places_of.items():
        (elsewhere / target).mkdir(exist_ok=True)
        shutil.copy(ROOT / source, elsewhere / target)
    (elsewhere / "pytest.ini").write_text("[pytest]\naddopts = --import-mode=importlib -q\npythonpath = beside\n")
    done = subprocess.run(
        [image.python, "-m", "pytest", "tests/leads", "-p", "no:cacheprovider"],
        env=image.environment(CRM_TEST_NO_SERVERS="1", LANG=os.environ.get("LANG", "C.UTF-8")),
        cwd=elsewhere, capture_output=True, text=True, timeout=500,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
    assert re.search(r"[1-9]\d* passed|\[100%\]", done.stdout)
