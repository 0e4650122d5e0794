"""`up`, `ps`, `stop` and `start`: the whole suite on this machine."""

import json
import os
import sys
import time
from argparse import Namespace
from pathlib import Path
from typing import Any

from chassis.places import LOG_IN, places, tree
from chassis.suite import control, databases, frontdoor, plan, preparing
from chassis.suite.errors import SuiteError
from chassis.suite.folder import Folder, State, end_leftovers
from chassis.suite.nursery import Nursery
from chassis.suite.ports import HOST, Ports, suggestion
from chassis.suite.supervisor import TROUBLE, Supervisor

_PORTS_FREE_WITHIN = 3.0  # seconds the system may need to take ports back from killed processes


def up(options: Namespace) -> int:
    """Run the suite in the foreground until Ctrl-C."""
    began = time.monotonic()
    folder, nursery = Folder(options.data), None
    folder.claim()
    try:
        left = folder.read()
        if left is not None and end_leftovers(left.mark):
            _say("ended processes that an earlier suite left behind")
        ports = Ports(options.port)
        _check_ports(ports, after_crash=left is not None)
        urls = databases.urls(options.database, folder)
        for name in databases.create(urls):
            _say(f"made database {name}")
        settings = plan.settings_of(folder, ports, urls, options.bus)
        state = State(front=ports.front, environment=settings)
        folder.write(state)
        environment = os.environ | settings | {"CRM_SUITE": state.mark, "PYTHONUNBUFFERED": "1"}
        nursery = _nursery(folder, environment)
        _prepare(urls, environment, demo=options.demo_data)
        if LOG_IN in urls:
            environment = preparing.company_settings(urls[LOG_IN]) | environment  # what the environment says wins
        children = plan.children(folder, ports, environment, fakes=options.demo_data)
        for child in children:
            child.nursery = nursery
        if not any(child.service for child in children):
            raise SuiteError("no service is written yet: none has an app.py")
        children.append(frontdoor.child(folder, ports, environment))
        _say(f"starting {len(children)} processes")
        Supervisor(folder, state, children, _say).run(lambda: _welcome(options, urls, began))
        _say("stopped")
    finally:
        if nursery is not None:
            nursery.close()
        folder.release()
    return 0


def ps(options: Namespace) -> int:
    """List the processes of a running suite."""
    _, state = control.running(options.data, options.port)
    rows = control.ask(state, "/ps")["processes"]
    if options.json:
        print(json.dumps(rows, indent=1))
        return 0
    print(f"{'process':<22} {'state':<9} {'pid':>7} {'port':>6} {'restarts':>8} {'up':>8} {'memory':>9}")
    for row in rows:
        lasted = f"{row['seconds']} s" if row["seconds"] < 600 else f"{row['seconds'] // 60} min"
        used = f"{row['memory'] / 2**20:.0f} MiB" if row["memory"] else ""
        print(
            f"{row['name']:<22} {row['state']:<9} {row['pid'] or '':>7} {row['port']:>6} {row['restarts']:>8}"
            f" {lasted:>8} {used:>9}"
        )
    total = sum(row["memory"] for row in rows)
    print(f"http://{HOST}:{state.front}/ · {total / 2**20:.0f} MiB in all")
    return 0


def stop(options: Namespace) -> int:
    """Stop a service of a running suite and wait until it has ended."""
    return _command("stop", options, done={"stopped"})


def start(options: Namespace) -> int:
    """Start a stopped service again and wait until it is ready."""
    return _command("start", options, done={"ready"})


def _command(verb: str, options: Namespace, done: set[str]) -> int:
    _, state = control.running(options.data, options.port)
    name = _process(options.service)
    names = control.ask(state, f"/{verb}/{name}", "POST")["done"].split(", ")
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        rows = [row for row in control.ask(state, "/ps")["processes"] if row["name"] in names]
        if all(row["state"] in done for row in rows):
            print(f"{', '.join(names)}: {' '.join(done)}")
            return 0
        if any(row["restarts"] >= TROUBLE for row in rows):
            break
        time.sleep(0.1)
    raise SuiteError("\n".join(f"{row['name']} is {row['state']}; its log: {row['log']}" for row in rows))


def _process(name: str) -> str:
    """`service_desk` → `service-desk`; names of single processes (`leads-web`) stay."""
    known = {place.package: place.name for place in places()} | {place.folder.name: place.name for place in places()}
    return known.get(name, name)


def _check_ports(ports: Ports, *, after_crash: bool) -> None:
    deadline = time.monotonic() + (_PORTS_FREE_WITHIN if after_crash else 0)
    while (taken := ports.taken()) and time.monotonic() < deadline:
        time.sleep(0.1)
    if taken:
        listed = ", ".join(f"{port} ({use})" for port, use in taken)
        other = suggestion(ports.front)
        advice = f"choose others: ./crm up --port {other} --data var-{other}" if other else "choose others with --port"
        raise SuiteError(f"taken by another program: port {listed};\n{advice}")


def _nursery(folder: Folder, environment: dict[str, str]) -> Nursery | None:
    """Where processes can be forked and watched by a handle; elsewhere each is started by itself."""
    try:
        os.close(os.pidfd_open(os.getpid()))
    except (AttributeError, OSError):
        return None
    nursery = Nursery(environment, folder.logs / "nursery.log", tree() or folder.path)
    nursery.start()
    return nursery


def _prepare(urls: dict[str, str], environment: dict[str, str], *, demo: bool) -> None:
    began = time.monotonic()
    done = preparing.prepare(urls, environment, tree() or Path.cwd(), demo=demo)
    if not done:
        return
    seeded = [one.place.name for one in done if one.demo == "seeded"]
    kept = [one.place.name for one in done if demo and one.demo in ("declined before", "in use")]
    what = f"databases ready ({len(done)} migrated{f', demo data in {len(seeded)}' if seeded else ''})"
    _say(f"{what} in {time.monotonic() - began:.1f} s")
    if kept:
        _say(f"no demo data in {', '.join(kept)}: the data there is a company's own")


def _welcome(options: Namespace, urls: dict[str, str], began: float) -> None:
    lines = [
        f"ready in {time.monotonic() - began:.1f} s: http://{HOST}:{options.port}/",
        *(_ways_in(urls[LOG_IN], options.data) if LOG_IN in urls else []),
        f"data and logs: {options.data}",
        "stop: Ctrl-C",
        f"start afresh: stop, then rm -r {options.data}"
        + (f" and drop the databases {', '.join(databases.names(urls))}" if options.database else ""),
    ]
    _say("\n     ".join(lines))


def _ways_in(gateway: str, data: Path) -> list[str]:
    """Who can log in: the people of the demo while they are there, or whoever opens the one-time link."""
    if preparing.holds_demo(gateway):
        return _logins()
    if preparing.has_people(gateway):
        return []
    file, deadline = data / "gateway-set-up-link.txt", time.monotonic() + 10
    while not file.exists() and time.monotonic() < deadline:  # the gateway's worker writes it at its start
        time.sleep(0.1)
    if not file.exists():
        return [f"nobody can log in yet: the link to begin with will be in {file}"]
    return ["make the first administrator with this link (once, within 24 hours):", f"  {file.read_text().strip()}"]


def _logins() -> list[str]:
    root = tree()
    file = root / "demo" / "people.json" if root else None
    if file is None or not file.exists():
        return []
    company: dict[str, Any] = json.loads(file.read_text("utf-8"))
    rows = [f"log in with the password {company['password']} as"]
    for person in company["people"]:
        name = person["name"] if isinstance(person["name"], str) else " / ".join(person["name"].values())
        rows.append(f"  {person['email']:<36} {name} ({', '.join(person['roles'])})")
    return rows


def _say(text: str) -> None:
    try:
        print(f"crm: {text}", flush=True)
    except BrokenPipeError:  # whoever read our output is gone; the suite goes on
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115
