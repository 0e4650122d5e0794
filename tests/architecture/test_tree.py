"""How the code may look: sizes, names, import rules, and words that belong in no file."""

import ast
import re
import subprocess
import sys
from pathlib import Path

from tests.architecture.conftest import ROOT

FILE_LINES, FUNCTION_LINES = 450, 60
BANNED = {"util", "utils", "helper", "helpers", "common", "misc", "manager", "managers", "base", "processor", "info"}
TEXT = {".py", ".md", ".html", ".js", ".css", ".json", ".toml", ".yml", ".yaml", ".po", ".sh", ".conf", ".csv", ""}
# A size beyond the limit is allowed where the line before (or the file's head) says why.
REASON = re.compile(r"#\s*(one table|long because|long:)", re.I)
PATHS = re.compile(r"(?<![\w.$}/-])/(?:home|root|work|Users)/\w")
REGISTRIES = re.compile(
    r"https?://(?:\S*@)?(?:registry\.npm[j]s|registry\.yarn[p]kg|files\.python[h]osted|pypi\.[o]rg/simple)"
)


def sources(tracked):
    return [path for path in tracked if path.suffix == ".py" or path == ROOT / "crm"]


def shown(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_no_file_is_too_long_to_be_read_at_once(tracked):
    for path in sources(tracked):
        lines = path.read_text().splitlines()
        if "versions" in path.parts:
            continue  # a revision is as long as its tables
        if len(lines) > FILE_LINES and not any(REASON.search(line) for line in lines[:25]):
            raise AssertionError(f"{shown(path)} has {len(lines)} lines and no reason in its head")


def test_no_function_is_too_long_to_be_read_at_once(tracked):
    found = []
    for path in sources(tracked):
        lines = path.read_text().splitlines()
        if "versions" in path.parts:
            continue  # a revision is as long as its tables
        for node in ast.walk(ast.parse("\n".join(lines))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                size = (node.end_lineno or node.lineno) - node.lineno + 1
                near = lines[max(0, node.lineno - 3) : node.lineno + 4]
                if size > FUNCTION_LINES and not any(REASON.search(line) for line in near):
                    found.append(f"{shown(path)}:{node.lineno} {node.name} ({size})")
    assert not found


def test_names_say_what_is_in_them(tracked):
    for path in tracked:
        if path.suffix in (".py", ".html"):
            assert path.stem.lower() not in BANNED or path.name == "base.html", shown(path)
            parts = {part.lower() for part in path.relative_to(ROOT).parts[:-1]}
            assert not parts & BANNED, shown(path)


def test_every_module_says_what_lives_there(tracked):
    for path in sources(tracked):
        text = path.read_text()
        if text.strip() and "versions" not in path.parts:
            assert ast.get_docstring(ast.parse(text)), f"{shown(path)} has no docstring"


def test_nothing_is_left_for_later(tracked):
    word = re.compile(r"\b(TODO|FIXME)\b")
    for path in tracked:
        if path.suffix in (".py", ".html", ".js", ".css") and path != Path(__file__) and "vendor" not in path.parts:
            assert not word.search(path.read_text()), shown(path)


def test_no_file_names_a_machine_or_a_package_registry(tracked):
    for path in tracked:
        if path.suffix in TEXT and path != Path(__file__) and path.stat().st_size < 2_000_000:
            text = path.read_text(errors="replace")
            for pattern in (PATHS, REGISTRIES):
                found = pattern.search(text)
                assert not found, f"{shown(path)}: {found and found.group()}"


def test_templates_hold_no_script_and_no_style(tracked):
    for path in tracked:
        if path.suffix == ".html" and "templates" in path.parts:
            text = path.read_text()
            assert not re.search(r"<style\b|\sstyle\s*=|\son[a-z]+\s*=\s*[\"']|javascript:", text), shown(path)
            for opening in re.findall(r"<script\b[^>]*>", text):
                assert "src=" in opening or "application/json" in opening, f"{shown(path)}: {opening}"


def test_links_in_documents_lead_somewhere(tracked):
    for path in tracked:
        if path.suffix == ".md":
            for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", path.read_text()):
                assert "://" in target or (path.parent / target).exists(), f"{shown(path)}: {target}"


def test_import_rules_hold():
    code = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]


def test_a_service_takes_nothing_of_another_into_its_code(tracked):
    """Also what import-linter can't see: imports inside functions and by name."""
    packages = {path.parent.name: path.parent for path in ROOT.glob("services/*/*/app.py")}
    for path in sources(tracked):
        owner = next((name for name, folder in packages.items() if folder in path.parents), None)
        if owner is None:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            names = [item.name for item in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
            strangers = {name.partition(".")[0] for name in names} & (packages.keys() - {owner})
            assert not strangers, f"{shown(path)} imports {strangers}"
