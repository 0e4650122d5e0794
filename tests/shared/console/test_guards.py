"""Promises about every template and text of the repository, and about what is installed."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from console import assets, texts

ROOT = Path(__file__).parents[3]
PACKAGES = [path.parent for path in (ROOT / "services").glob("*/*/templates")] + [ROOT / "shared" / "console"]
TEMPLATES = [path for package in PACKAGES for path in sorted((package / "templates").rglob("*.html"))]
SOURCES = [path for package in PACKAGES for path in sorted(package.rglob("*.py")) if "node_modules" not in path.parts]
FORBIDDEN = {
    r"\sstyle=[\"']": "inline style",
    r"\son[a-z]+=[\"']": "inline handler",
    r"hx-on": "hx-on",
    r"hx-vals=[\"']js:": "script in hx-vals",
    r"<style": "style element",
    r"<script(?![^>]*(src=|type=\"application/json\"))": "inline script",
    r"input changed delay[^\"']*change": "a trigger that fires again on blur",
    r"https?://(?!www\.w3\.org)[^\"'{}]+\.(js|css|woff2?)": "file from another site",
}


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_template_keeps_to_the_content_security_policy(path: Path) -> None:
    text = path.read_text("utf-8")
    assert not [why for pattern, why in FORBIDDEN.items() if re.search(pattern, text)]


def test_every_form_of_a_page_with_a_session_carries_the_token() -> None:
    inside = [path for path in TEMPLATES if "console/layout.html" in path.read_text("utf-8") or "console" in path.parts]
    for path in inside:
        for form in re.findall(r"<form[^>]*method=\"post\".*?</form>", path.read_text("utf-8"), re.S):
            safe = "csrf" in form or "body(form)" in form or "/preferences" in form
            assert safe, f"{path}: {form[:120]}"


def test_every_icon_named_anywhere_is_in_the_sprite() -> None:
    known = set((assets.HERE / "icons.txt").read_text("utf-8").split())
    named = {
        (name, path.name)
        for path in [*TEMPLATES, *SOURCES]
        for name in re.findall(r"\bicon(?:\(|=)[\"']([a-z][\w-]*)[\"']", path.read_text("utf-8"))
    }
    assert not {item for item in named if item[0] not in known}


def test_the_chinese_texts_of_the_console_are_complete() -> None:
    package = ROOT / "shared" / "console"
    found = texts.renewed(package)
    assert texts.untranslated(found) == []
    assert texts.catalogue(package).read_bytes() == texts.written(found), "run python -m console.texts shared/console"


def test_the_lock_file_names_no_registry_and_pins_every_file() -> None:
    lock = json.loads((assets.HERE / "package-lock.json").read_text("utf-8"))
    packages = {name: entry for name, entry in lock["packages"].items() if name}
    assert not [name for name, entry in packages.items() if "resolved" in entry]
    assert not [name for name, entry in packages.items() if "integrity" not in entry]


def test_assets_are_served_for_ever_under_their_hash(reader: Any) -> None:
    if not assets.MANIFEST.exists():
        pytest.skip("the console's assets are not installed")
    found = assets.read_all()["htmx.js"]
    answer = reader.get(found.url, headers={"Accept-Encoding": "gzip"})
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["Content-Encoding"] == "gzip"
    plain = reader.get(found.url)
    assert assets._sha256(plain.data) == found.sha256
    for wrong in ("htmx.000000000000.js", "htmx.js", "..%2Fshell.py", "manifest.json"):
        assert reader.get(f"/assets/{wrong}").status_code == 404


def test_a_changed_file_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "x.js").write_text("1")
    said = {"files": {"x.js": {"sha256": assets._sha256(b"1")}}}
    (tmp_path / "manifest.json").write_text(json.dumps(said))
    monkeypatch.setattr(assets, "VENDOR", tmp_path)
    monkeypatch.setattr(assets, "MANIFEST", tmp_path / "manifest.json")
    assets.check()
    (tmp_path / "x.js").write_text("2")
    with pytest.raises(assets.AssetsError, match=r"x\.js"):
        assets.check()


def test_the_installer_runs_without_an_app() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "console.assets", "--help"], capture_output=True, text=True, check=False,
        cwd=ROOT / "shared",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
