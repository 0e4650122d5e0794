"""The command line of suite and services, `./crm` in the source tree and `crm` where it is installed.

Only the standard library is imported up here, so that help and the supervisor stay light.
"""

import argparse
import importlib
import os
import sys
from pathlib import Path

from chassis.places import FRONT, UnknownService, tree
from chassis.suite.errors import SuiteError

_SUITE, _SERVICES = "chassis.commands.suite", "chassis.commands.services"
_KEEPING, _CONFIGURATION = "chassis.commands.keeping", "chassis.commands.configuration"
_QUALITY, _DOCTOR, _DOCS = "chassis.commands.quality", "chassis.commands.doctor", "chassis.reference"


def main(arguments: list[str] | None = None) -> int:
    """Parse and run one command; problems are one clear line on stderr, not a traceback."""
    given = sys.argv[1:] if arguments is None else arguments
    if given[:1] == ["demo"]:  # has its own options
        return _run(lambda: importlib.import_module(_QUALITY).demo(given[1:]))
    own, extra = (given[: given.index("--")], given[given.index("--") + 1 :]) if "--" in given else (given, [])
    parser = build_parser()
    options = parser.parse_args(own)
    if extra and not getattr(options, "takes_extra", False):
        parser.error(f"unrecognized arguments: {' '.join(extra)}")
    options.extra = extra
    module, function = options.run
    return _run(lambda: getattr(importlib.import_module(module), function)(options))


def _run(act: "object") -> int:
    try:
        return int(act())  # type: ignore[operator]
    except (SuiteError, UnknownService) as problem:
        print(f"crm: {problem}", file=sys.stderr)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except Exception as problem:
        if not _is_expected(problem):
            raise
        print(f"crm: {problem}", file=sys.stderr)
    return 1


def _is_expected(problem: Exception) -> bool:
    """Problems whose message is all a person needs; found by name, to keep their modules unloaded."""
    names = {kind.__name__ for kind in type(problem).__mro__}
    return bool(names & {"SettingsError", "MigrationFailed", "AssetsError", "OperationalError", "OSError"})


def build_parser() -> argparse.ArgumentParser:
    """All commands with their help."""
    parser = argparse.ArgumentParser(
        prog="./crm" if tree() else "crm",
        description="A CRM suite of six services: leads, sales, service-desk, approvals, reporting, gateway.",
        epilog="Start with: ./crm up, then in another shell: ./crm demo",
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    _suite_commands(commands)
    _developer_commands(commands)
    _service_commands(commands)
    _keeping_commands(commands)
    return parser


def _suite_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    up = commands.add_parser(
        "up",
        help="start everything and keep it running until Ctrl-C",
        description="Start the six services (web and worker), their databases and the front door. Without options it "
        "needs no server: SQLite files in the data folder, and events pulled from the services' logs.",
    )
    up.add_argument(
        "--port", type=_port, default=FRONT, help="the front door's port; the others follow it (%(default)s)"
    )
    _data_option(up)
    up.add_argument(
        "--database", default="", metavar="URL", help="postgresql://user@host/: a database per service there"
    )
    up.add_argument(
        "--bus", default="", metavar="URL", help="amqp://user:password@host/: RabbitMQ between the services"
    )
    up.add_argument("--no-demo-data", dest="demo_data", action="store_false", help="start with an empty company")
    up.set_defaults(run=(_SUITE, "up"))

    commands.add_parser("demo", help="play the main job against the running suite, checking each step", add_help=False)
    for name, text in (
        ("ps", "list the processes of a running suite"),
        ("stop", "stop a service of a running suite"),
        ("start", "start a stopped service again"),
    ):
        command = commands.add_parser(name, help=text, description=text.capitalize() + ".")
        if name != "ps":
            command.add_argument("service", help="a service (leads), or one process of it (leads-worker)")
        else:
            command.add_argument("--json", action="store_true", help="print JSON")
        _data_option(command)
        command.add_argument("--port", type=_port, help="find the suite by its front door instead of its data folder")
        command.set_defaults(run=(_SUITE, name))

    doctor = commands.add_parser("doctor", help="check what the suite needs on this machine, and say what to do")
    doctor.add_argument("--port", type=_port, default=FRONT, help="the front door's port (%(default)s)")
    _data_option(doctor)
    doctor.add_argument("--database", default="", metavar="URL", help="the PostgreSQL server to check")
    doctor.add_argument("--bus", default="", metavar="URL", help="the RabbitMQ server to check")
    doctor.set_defaults(run=(_DOCTOR, "run"))


def _developer_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    test = commands.add_parser(
        "test",
        help="run tests: all quick ones, a service's, or a tier",
        description="Without an argument: tests of all services, of shared/, the architecture and end to end. What follows"
        " `--` goes to pytest: ./crm test leads -- -k merge",
    )
    test.add_argument("what", nargs="?", metavar="SERVICE|contract|access|faults|browser|bench", help="what to run")
    test.add_argument("--parallel", type=int, default=2, metavar="N", help="test processes (%(default)s)")
    test.set_defaults(run=(_QUALITY, "test"), takes_extra=True)

    check = commands.add_parser("check", help="format, lint, types and import rules")
    check.add_argument("--fix", action="store_true", help="format and mend what can be mended")
    check.set_defaults(run=(_QUALITY, "check"))

    bench = commands.add_parser(
        "bench",
        help="measure speed, beside other frameworks",
        description="Measure this tree on this machine, on its PostgreSQL and RabbitMQ; docs/performance.md lists the benches.",
    )
    bench.add_argument("names", nargs="*", metavar="NAME", help="which benches to run (all)")
    bench.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    bench.add_argument("--runs", type=int, default=5, metavar="N", help="runs of each; the median counts (%(default)s)")
    bench.add_argument("--quick", action="store_true", help="a tenth of the work: whether it runs, not how fast")
    bench.set_defaults(run=(_QUALITY, "bench"))

    soak = commands.add_parser(
        "soak",
        help="keep a load on a suite of its own and break things for minutes, auditing after each",
        description="Start a suite with servers and folders of its own, keep a load on it, play faults of chance and audit"
        " every accepted request after each. Ends with 1 when a promise was broken. See docs/faults.md.",
    )
    soak.add_argument("--minutes", type=float, required=True, metavar="N", help="how long")
    soak.add_argument("--seed", type=int, metavar="S", help="play the run with this number again")
    soak.add_argument(
        "--backend", choices=["embedded", "servers", "both"], default="both",
        help="SQLite and pulled logs, or PostgreSQL and RabbitMQ (%(default)s, half the time each)",
    )  # fmt: skip
    soak.set_defaults(run=(_QUALITY, "soak"), takes_extra=True)

    docs = commands.add_parser("docs", help="write the generated references of docs/ anew")
    docs.add_argument("--check", action="store_true", help="only say whether they are up to date")
    docs.set_defaults(run=(_DOCS, "run"))

    revision = commands.add_parser("revision", help="write the next migration from what the tables lack")
    revision.add_argument("branch", help="a service, `chassis` or `engines`")
    revision.add_argument("message", help="what it does, in a few words")
    revision.set_defaults(run=(_SERVICES, "revision"))


def _service_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    def add(name: str, text: str, *, joins_suite: bool = True) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
        command.add_argument("service", metavar="SERVICE")
        _data_option(command)
        command.set_defaults(run=(_SERVICES, name), joins_suite=joins_suite)
        return command

    add("serve", "run one service's web process", joins_suite=False)
    add("work", "run one service's worker: events, timers, internal port", joins_suite=False)
    add("migrate", "bring one service's database to the newest revision").add_argument(
        "--down", metavar="REVISION", help="go back to this revision instead (`leads@base`: undo the whole branch)"
    )
    add("seed", "fill one service's empty database with demo data")
    prepare = add("prepare", "migrate, then decide about demo data; `up` runs this", joins_suite=False)
    prepare.add_argument("--demo", action=argparse.BooleanOptionalAction, required=True, help="with demo data")
    replay = add("replay", "rebuild a service's projections from the event logs")
    replay.add_argument("--source", metavar="S", help="only those that follow this service")
    replay.add_argument("--verify", action="store_true", help="change nothing, compare; exit 1 when they differ")
    parked = add("parked", "look after events that a service could not take")
    parked.add_argument("action", choices=["list", "retry", "drop"])
    parked.add_argument("id", nargs="*", help="which (retry: all, without)")
    token = add("token", "print a Bearer token that this service accepts")
    token.add_argument("--user", help="id of a person the service knows; without: an administrator")
    token.add_argument("--role", action="append", default=[], help="a role to act by (again for more)")
    token.add_argument("--scope", default="", help="scopes, separated by spaces")
    token.add_argument("--hours", type=float, default=12.0, help="how long it holds (%(default)s)")


def _keeping_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    def add(name: str, text: str, which: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.")
        command.add_argument("service", metavar="SERVICE", nargs="*", help=f"{which} (all, without)")
        _data_option(command)
        command.add_argument("--database", default="", metavar="URL", help="the server, if `up` was started with one")
        command.set_defaults(run=(_KEEPING, name), joins_suite=True)
        return command

    backup = add("backup", "copy databases, attachments and more while everything runs", "whose")
    backup.add_argument("--to", type=_folder, required=True, metavar="DIR", help="a new folder is made in there")
    backup.add_argument(
        "--with-keys", action="store_true", help="also the private keys; keep such a backup locked away"
    )
    audit = commands.add_parser(
        "audit",
        help="prove that the event logs were not changed, or archive their old months",
        description="verify: compare every event with its seal, the seals with the daily anchors and with what other "
        "services have seen; exit 1 and say where the first break is. archive: compress the months that are due now.",
    )
    audit.add_argument("action", choices=["verify", "archive"])
    audit.add_argument("service", metavar="SERVICE", nargs="*", help="whose log (all, without)")
    _data_option(audit)
    audit.add_argument("--database", default="", metavar="URL", help="the server, if `up` was started with one")
    audit.set_defaults(run=(_KEEPING, "audit"), joins_suite=True)
    erase = commands.add_parser(
        "erase",
        help="remove a person's data from every service, or say where it is",
        description="Remove a person's data from every service for good. The event logs keep what happened, without the "
        "values. The services carry it out by event; without a running suite, when they start.",
    )
    erase.add_argument("subject", nargs="?", default="", metavar="KIND/ID", help="lead/…, contact/…, account/…, user/…")
    erase.add_argument("--phone", default="", help="whoever has this number")
    erase.add_argument("--email", default="", help="whoever has this address")
    erase.add_argument("--dry-run", action="store_true", help="only list where the data is, over all services")
    erase.add_argument("--reason", default="", help="noted with the erasure")
    erase.add_argument("--yes", action="store_true", help="do not ask")
    _data_option(erase)
    erase.add_argument("--database", default="", metavar="URL", help="the server, if `up` was started with one")
    erase.set_defaults(run=("chassis.commands.erasing", "erase"), joins_suite=True)
    config = commands.add_parser(
        "config",
        help="export, compare or import what a company sets up, as one YAML file",
        description="export: everything set up, in a stable order, to FILE or the screen. diff: what FILE would change; "
        "exit 1 if anything. import: bring it in, each service whole or not at all; what FILE doesn't name stays.",
    )
    config.add_argument("action", choices=["export", "diff", "import"])
    config.add_argument("file", metavar="FILE", nargs="?", type=_folder, help="needed by diff and import")
    config.add_argument("--service", action="append", default=[], metavar="SERVICE", help="only this one; repeatable")
    config.add_argument("--dry-run", action="store_true", help="import: try everything, keep nothing")
    _data_option(config)
    config.add_argument("--database", default="", metavar="URL", help="the server, if `up` was started with one")
    config.set_defaults(run=(_CONFIGURATION, "config"), joins_suite=True)
    restore = add("restore", "put a backup back; what is restored must be stopped", "what")
    restore.add_argument(
        "--from", dest="source", type=_folder, required=True, metavar="DIR", help="a set, or its folder"
    )
    restore.add_argument("--with-keys", action="store_true", help="also the private keys the backup holds")
    restore.add_argument("--check", action="store_true", help="only say whether it could be restored")


def _data_option(parser: argparse.ArgumentParser) -> None:
    root = tree()
    default = Path(os.environ.get("CRM_DATA") or (root / "var" if root else "var"))
    parser.add_argument(
        "--data", type=_folder, default=default.absolute(), metavar="FOLDER", help="the data folder (var)"
    )


def _folder(text: str) -> Path:
    return Path(text).expanduser().absolute()


def _port(text: str) -> int:
    if not text.isdecimal() or not 1024 <= int(text) <= 65000:
        raise argparse.ArgumentTypeError(f"{text!r} is no port between 1024 and 65000")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
