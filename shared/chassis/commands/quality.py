"""`test`, `check`, `bench` and `soak`: what a developer runs before handing work over."""

import hashlib
import os
import subprocess
import sys
import venv
from argparse import Namespace
from pathlib import Path

from chassis.places import UnknownService, find, tree
from chassis.suite.errors import SuiteError

TIERS = {
    "contract": ["tests/contracts"],
    "access": ["tests/access"],
    "faults": ["tests/faults"],
    "browser": ["tests/browser"],
    "bench": ["tests/bench"],
}
_IN_SHORT = ("access",)  # tiers of which `crm test` runs a part: what is not marked `whole`
ALONE = {"faults", "browser", "bench"}  # one at a time: they start suites or measure
_NO_TESTS = 5  # pytest's exit code for an empty selection


def test(options: Namespace) -> int:
    """Run a tier, a service's tests or everything quick; pytest's closing line is the last."""
    root = _root()
    folders = _folders(root, options.what)
    if not folders:
        raise SuiteError(f"there are no tests called {options.what!r}")
    command = [sys.executable, "-m", "pytest", *folders, "-rs"]
    if options.what is None:
        command += ["-m", "not whole"]
    if options.what not in ALONE:
        command += ["-n", str(options.parallel), "--dist", "loadgroup"]  # tests that share a suite stay together
    code = subprocess.run([*command, *options.extra], cwd=root, check=False).returncode
    if code == _NO_TESTS:
        raise SuiteError("no test was found")
    return code


def check(options: Namespace) -> int:
    """Format, lint, types, import rules: all of them, even when an earlier one fails."""
    root = _root()
    steps = {
        "format": ["ruff", "format", "." if options.fix else "--check", *([] if options.fix else ["."])],
        "lint": ["ruff", "check", *(["--fix"] if options.fix else []), "."],
        "types": ["mypy", *_packages(root)],
        "imports": ["importlinter.cli", "lint_imports"],
    }
    failed = []
    for name, command in steps.items():
        print(f"== {name}", flush=True)
        if subprocess.run(_module(command), cwd=root, check=False).returncode:
            failed.append(name)
    print(f"failed: {', '.join(failed)}" if failed else "format, lint, types and imports are fine")
    return 1 if failed else 0


def bench(options: Namespace) -> int:
    """Measure, by the programs in tests/bench; what they measure beside gets an environment of its own first."""
    root = _root()
    if not (root / "tests" / "bench" / "__main__.py").exists():
        raise SuiteError("this tree holds no measurements (tests/bench)")
    _install_peers(root)
    command = [sys.executable, "-m", "tests.bench", *options.names, "--runs", str(options.runs)]
    command += ["--json", str(options.json)] if options.json else []
    command += ["--quick"] if options.quick else []
    return subprocess.run(command, cwd=root, env=os.environ | {"PYTHONPATH": str(root)}, check=False).returncode


def soak(options: Namespace) -> int:
    """Keep the load and play faults of chance for some minutes, by the program in tests/faults."""
    root = _root()
    if not (root / "tests" / "faults" / "__main__.py").exists():
        raise SuiteError("this tree holds no faults (tests/faults)")
    command = [sys.executable, "-m", "tests.faults", "--minutes", str(options.minutes), "--backend", options.backend]
    command += ["--seed", str(options.seed)] if options.seed is not None else []
    return subprocess.run([*command, *options.extra], cwd=root, check=False).returncode


def _install_peers(root: Path) -> None:
    """Bring .venv-peers to what tests/bench/peers/requirements.lock says."""
    lock, folder = root / "tests" / "bench" / "peers" / "requirements.lock", root / ".venv-peers"
    stamp, wanted = folder / "installed", hashlib.sha256(lock.read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text() == wanted:
        return
    print("crm: installing what the bench measures beside, in .venv-peers", file=sys.stderr)
    venv.create(folder, with_pip=True)
    command = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--require-hashes", "--no-deps"]
    command += ["--disable-pip-version-check", "--root-user-action=ignore", "-r", str(lock)]
    if subprocess.run(command, cwd=root, check=False).returncode:
        raise SuiteError("pip could not install the bench's peers; is a package index reachable?")
    stamp.write_text(wanted)


def demo(extra: list[str]) -> int:
    """Play the main job against a running suite, by the program in demo/."""
    root = _root()
    if not (root / "demo" / "__main__.py").exists():
        raise SuiteError("this tree holds no demo (demo/)")
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(root), os.environ.get("PYTHONPATH", "")]))
    os.execv(sys.executable, [sys.executable, "-m", "demo", *extra])


def _folders(root: Path, what: str | None) -> list[str]:
    """The test folders that `what` names: a tier, a service (with those called SERVICE_…), any folder; None: the quick ones."""
    tests = root / "tests"
    quick = sorted(path.name for path in tests.iterdir() if path.is_dir() and any(path.rglob("test_*.py")))
    quick = [name for name in quick if name not in {Path(folder).name for tier in TIERS.values() for folder in tier}]
    if what is None:
        return [f"tests/{name}" for name in sorted([*quick, *_IN_SHORT]) if (tests / name).is_dir()]
    if what in TIERS:
        return [folder for folder in TIERS[what] if (root / folder).is_dir()]
    try:
        place = find(what)
    except UnknownService as problem:
        if what in quick:
            return [f"tests/{what}"]
        raise SuiteError(f"{problem}; or name a tier: {', '.join(TIERS)}, or a folder of tests/") from None
    names = {place.name, place.package, place.folder.name}
    starts = tuple(f"{name}_" for name in names)
    return [f"tests/{name}" for name in quick if name in names or name.startswith(starts)]


def _packages(root: Path) -> list[str]:
    found = [path.parent for path in [*root.glob("shared/*/__init__.py"), *root.glob("services/*/*/__init__.py")]]
    return [argument for package in sorted(found) for argument in ("-p", package.name)]


def _module(command: list[str]) -> list[str]:
    if command[0] == "importlinter.cli":
        return [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"]
    return [sys.executable, "-m", *command]


def _root() -> Path:
    root = tree()
    if root is None:
        raise SuiteError("this command needs the source tree")
    return root
