"""Typed settings read from the environment: `<SERVICE>_<NAME>` first, then `CRM_<NAME>`, then the default."""

import os
import typing
from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from pathlib import Path

_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off", ""}


class SettingsError(Exception):
    """A setting has a value of the wrong type; the message names the variable."""


def setting(default: object = MISSING, *, doc: str, secret: bool = False) -> typing.Any:
    """A documented setting; `doc` becomes its line in docs/settings.md, a secret is never printed."""
    return field(default=default, metadata={"doc": doc, "secret": secret})


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What every service can be told. A service adds its own by subclassing."""

    service: str = setting(doc="Public name of the service; set by the code, not the environment.")
    database_url: str = setting("", doc="SQLAlchemy URL of the service's own database; empty: SQLite under DATA.")
    bus_url: str = setting("", doc="amqp:// URL of RabbitMQ; empty: event logs are pulled and no broker is needed.")
    data: str = setting("var", doc="Folder for SQLite files, private keys, attachments and cached key sets.")
    public_url: str = setting("http://127.0.0.1:8000", doc="Address people and partners reach the front door at.")
    host: str = setting("127.0.0.1", doc="Address the web process and the internal port listen on.")
    port: int = setting(0, doc="Port of the web process; 0: the service's port of docs/operators.md.")
    internal_port: int = setting(0, doc="Port of the worker's feed, metrics and health; 0: PORT + 100.")
    web_metrics_port: int = setting(0, doc="Port of the web process's metrics; 0: PORT + 200.")
    threads: int = setting(8, doc="Threads of the web process.")
    trusted_proxies: str = setting(
        "127.0.0.1,::1", doc="Addresses and networks of the front door, whose X-Forwarded headers are believed."
    )
    max_upload: int = setting(25 * 1024 * 1024, doc="Largest request in bytes; JSON bodies are limited to 1 MiB.")
    import_megabytes: int = setting(500, doc="Largest file that is taken in as an import, in MiB.")
    attachments: str = setting(
        "", doc="Where attached files lie: a folder, or `s3://bucket/prefix`; empty: DATA/attachments."
    )
    attachment_limit: int = setting(200, doc="How many files one record may have; each as large as MAX_UPLOAD allows.")
    s3_endpoint: str = setting("", doc="Address of the S3-compatible storage, such as `https://oss.example.com`.")
    s3_region: str = setting("us-east-1", doc="Region that requests to the S3-compatible storage are signed for.")
    s3_key_id: str = setting("", doc="Access key id for the S3-compatible storage.")
    s3_secret: str = setting("", doc="Secret access key for the S3-compatible storage.", secret=True)
    s3_virtual_host: bool = setting(
        False, doc="Address the bucket as `bucket.host` (Aliyun OSS, Tencent COS) instead of `host/bucket`."
    )
    feeds: str = setting(
        "", doc="Where each service's log is pulled: `leads=http://host:8101,sales=…`; `./crm up` sets it."
    )
    bus_namespace: str = setting("crm", doc="First word of exchange and queue names; keeps installations apart.")
    backup_to: str = setting(
        "", doc="Folder for a daily backup of this service by its worker; empty: none is made by itself."
    )
    backup_at: str = setting("02:30", doc="When the daily backup is made, in TIME_ZONE.")
    backup_keep: int = setting(14, doc="How many daily backups are kept.")
    anchors: str = setting(
        "", doc="Folder for the daily anchors of the audit trail, best on another machine; empty: DATA/anchors."
    )
    archive_after_months: int = setting(
        12, doc="Whole months of events kept in the live log; older ones are archived. 0: none are."
    )
    keys: str = setting(
        "", doc="Folder in which services publish their public keys, and nothing else, to each other; empty: DATA/keys."
    )
    jwks_url: str = setting(
        "", doc="Where the log-in service publishes its keys; empty: PUBLIC_URL/gateway/.well-known."
    )
    secret_key: str = setting(
        "",
        doc="Key that encrypts stored secrets and that the service's own key is derived from; empty: made under DATA.",
        secret=True,
    )
    time_zone: str = setting("Asia/Shanghai", doc="The company's time zone: what a day, week and month is.")
    base_currency: str = setting(
        "CNY",
        doc="Currency that thresholds, totals and reports are counted in, one for the company: CRM_BASE_CURRENCY.",
    )
    clock_offset: float = setting(0.0, doc="Seconds added to the clock; for rehearsals and tests.")
    clock_offset_file: str = setting(
        "", doc="File that holds such seconds and is looked at again and again, so that running processes follow it."
    )
    log_level: str = setting("INFO", doc="Least severe level written to the log.")
    trace_endpoint: str = setting("", doc="OTLP/HTTP endpoint for traces; empty: spans are not exported.")
    trace_ratio: float = setting(0.05, doc="Share of requests without an incoming trace that are sampled.")

    @property
    def data_path(self) -> Path:
        return Path(self.data).absolute()

    @property
    def keys_path(self) -> Path:
        return Path(self.keys).absolute() if self.keys else self.data_path / "keys"

    @property
    def private_path(self) -> Path:
        """Folder of what no other service may read: private keys, and the key of stored secrets."""
        return self.data_path / "private"

    @property
    def database(self) -> str:
        """The database URL, with the embedded default filled in."""
        return self.database_url or f"sqlite:///{self.data_path / (self.service + '.db')}"


S = typing.TypeVar("S", bound=Settings)


def env_prefix(service: str) -> str:
    """`service-desk` → `SERVICE_DESK`."""
    return service.upper().replace("-", "_")


def load(cls: type[S], service: str, env: Mapping[str, str] | None = None, **given: object) -> S:
    """Build settings for `service`; `given` wins over the environment. SettingsError names a bad variable."""
    env = os.environ if env is None else env
    hints = typing.get_type_hints(cls)
    values: dict[str, object] = {"service": service}
    for item in fields(cls):
        if item.name == "service":
            continue
        for variable in (f"{env_prefix(service)}_{item.name.upper()}", f"CRM_{item.name.upper()}"):
            if variable in env:
                values[item.name] = _parse(variable, env[variable], hints[item.name])
                break
    return cls(**(values | given))  # type: ignore[arg-type]


def documented(cls: type[Settings]) -> list[Field[typing.Any]]:
    """The settings of `cls` in order, for the generated reference."""
    return [item for item in fields(cls) if item.name != "service"]


def _parse(variable: str, text: str, kind: type) -> object:
    try:
        if kind is bool:
            lowered = text.strip().lower()
            if lowered in _TRUE | _FALSE:
                return lowered in _TRUE
            raise ValueError
        return kind(text)
    except ValueError:
        raise SettingsError(f"{variable}={text!r} is not a valid {kind.__name__}") from None
