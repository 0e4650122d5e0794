"""S3-compatible storage by plain HTTP, signed with AWS Signature Version 4 (docs.aws.amazon.com, "SigV4 signing")."""

import hashlib
import hmac
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from urllib.parse import quote, urlsplit

import urllib3

from chassis import clock
from chassis.errors import Busy, NotFound
from chassis.i18n import lazy as _

CHUNK = 64 * 1024
EMPTY = hashlib.sha256(b"").hexdigest()
_TIMEOUT = urllib3.Timeout(connect=5, read=30)
_RETRIES = urllib3.Retry(
    total=2, backoff_factor=0.2, status_forcelist=(500, 502, 503), redirect=0, allowed_methods=None
)


class StorageUnavailable(Busy):
    code, title = "storage_unavailable", _("The file storage does not answer; try again in a moment")


class Bucket:
    """Contents as objects of a bucket, below `prefix`."""

    def __init__(
        self, endpoint: str, bucket: str, *, prefix: str, region: str, key_id: str, secret: str,
        virtual_host: bool = False, pool: urllib3.PoolManager | None = None,
    ):  # fmt: skip
        parts = urlsplit(endpoint.rstrip("/"))
        self.host = f"{bucket}.{parts.netloc}" if virtual_host else parts.netloc
        self.origin = f"{parts.scheme}://{self.host}"
        self.base = parts.path + ("" if virtual_host else f"/{bucket}") + (f"/{prefix}" if prefix else "")
        self.region, self.key_id, self.secret = region, key_id, secret
        self.pool = pool or urllib3.PoolManager(timeout=_TIMEOUT, maxsize=8)

    def put(self, key: str, path: Path, *, sha256: str, size: int) -> None:
        """Keep a file; the storage itself compares what arrives with the SHA-256 in the signature."""
        with path.open("rb") as file:
            answer = self._ask("PUT", key, body=file, digest=sha256, headers={"Content-Length": str(size)})
            answer.drain_conn()
        if answer.status not in (200, 201, 204):
            raise StorageUnavailable()

    def read(self, key: str) -> Iterator[bytes]:
        """The object in pieces; NotFound when it is not there."""
        answer = self._ask("GET", key, stream=True)
        if answer.status != 200:
            answer.drain_conn()
            raise NotFound() if answer.status == 404 else StorageUnavailable()
        return _pieces(answer)

    def remove(self, key: str) -> None:
        """Remove the object."""
        answer = self._ask("DELETE", key)
        if answer.status not in (200, 204, 404):
            raise StorageUnavailable()

    def _ask(
        self, method: str, key: str, *, body: object = None, digest: str = EMPTY, stream: bool = False,
        headers: Mapping[str, str] | None = None,
    ) -> urllib3.BaseHTTPResponse:  # fmt: skip
        path = quote(f"{self.base}/{key}")
        signed = self._signed(method, path, digest, clock.now())
        try:
            return self.pool.request(
                method, self.origin + path, body=body, headers={**signed, **(headers or {})},  # type: ignore[arg-type]
                preload_content=not stream, retries=_RETRIES, redirect=False,
            )  # fmt: skip
        except urllib3.exceptions.HTTPError:
            raise StorageUnavailable() from None

    def _signed(self, method: str, path: str, digest: str, at: datetime) -> dict[str, str]:
        """The headers of a request without query parameters."""
        stamp = at.strftime("%Y%m%dT%H%M%SZ")
        scope = f"{stamp[:8]}/{self.region}/s3/aws4_request"
        headers = {"host": self.host, "x-amz-content-sha256": digest, "x-amz-date": stamp}
        names = ";".join(headers)
        lines = "".join(f"{name}:{value}\n" for name, value in headers.items())
        canonical = "\n".join((method, path, "", lines, names, digest))
        wanted = "\n".join(("AWS4-HMAC-SHA256", stamp, scope, hashlib.sha256(canonical.encode()).hexdigest()))
        key = f"AWS4{self.secret}".encode()
        for part in (stamp[:8], self.region, "s3", "aws4_request"):
            key = _mac(key, part)
        signature = _mac(key, wanted).hex()
        return {
            **headers,
            "Authorization": f"AWS4-HMAC-SHA256 Credential={self.key_id}/{scope}, SignedHeaders={names}, "
            f"Signature={signature}",
        }


def _pieces(answer: urllib3.BaseHTTPResponse) -> Iterator[bytes]:
    try:
        yield from answer.stream(CHUNK)
    finally:
        answer.release_conn()


def _mac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()
