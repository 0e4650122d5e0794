"""S3 for tests: one bucket in memory over HTTP, every request's Signature Version 4 and content hash checked as S3 does.

Written from the S3 API reference; an independent client (minio) is run against it, so that it stays honest.
"""

import hashlib
import hmac
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit
from xml.sax.saxutils import escape

KEY_ID, SECRET, BUCKET, REGION = "AKIDEXAMPLE0000001", "test-only-secret-access-key", "crm-files", "cn-north-1"
EMPTY = hashlib.sha256(b"").hexdigest()


class S3Fake:
    """The bucket: `objects` by key; `failing` answers that many requests with 503; `calls` are (method, key)."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.types: dict[str, str] = {}
        self.calls: list[tuple[str, str]] = []
        self.failing = 0
        self.lock = threading.Lock()

    def answer(
        self, method: str, target: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        """(status, headers, content) of a request."""
        parts = urlsplit(target)
        bucket, _slash, key = unquote(parts.path).lstrip("/").partition("/")
        with self.lock:
            self.calls.append((method, key))
            if self.failing:
                self.failing -= 1
                return _error(503, "SlowDown", "Please reduce your request rate.")
        refusal = refused(method, parts.path, parts.query, headers, body)
        if refusal:
            return _error(403 if refusal != "XAmzContentSHA256Mismatch" else 400, refusal, "The request was refused.")
        if bucket != BUCKET:
            return _error(404, "NoSuchBucket", "The specified bucket does not exist")
        if not key:
            return self._bucket(method, dict(parse_qsl(parts.query, keep_blank_values=True)))
        return self._object(method, key, headers, body)

    def _bucket(self, method: str, query: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        if method == "GET" and "location" in query:
            xml = f'<LocationConstraint xmlns="http://s3.amazonaws.com/doc/2006-03-01/">{REGION}</LocationConstraint>'
            return 200, {"Content-Type": "application/xml"}, xml.encode()
        if method == "GET":
            names = sorted(key for key in self.objects if key.startswith(query.get("prefix", "")))
            rows = "".join(
                f"<Contents><Key>{escape(key)}</Key><Size>{len(self.objects[key])}</Size>"
                f"<ETag>&quot;{_etag(self.objects[key])}&quot;</ETag><LastModified>2026-01-01T00:00:00.000Z</LastModified>"
                "</Contents>"
                for key in names
            )
            xml = (
                '<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
                f"<Name>{BUCKET}</Name><IsTruncated>false</IsTruncated>{rows}</ListBucketResult>"
            )
            return 200, {"Content-Type": "application/xml"}, xml.encode()
        return (200, {}, b"") if method == "HEAD" else _error(405, "MethodNotAllowed", "Not allowed")

    def _object(self, method: str, key: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
        if method == "PUT":
            self.objects[key] = body
            self.types[key] = headers.get("content-type", "binary/octet-stream")
            return 200, {"ETag": f'"{_etag(body)}"'}, b""
        if method == "DELETE":
            self.objects.pop(key, None)
            return 204, {}, b""
        found = self.objects.get(key)
        if found is None:
            return _error(404, "NoSuchKey", "The specified key does not exist.")
        about = {
            "ETag": f'"{_etag(found)}"',
            "Content-Type": self.types[key],
            "Last-Modified": "Thu, 01 Jan 2026 00:00:00 GMT",
        }
        return 200, about, found


class Running:
    """A fake listening in a thread; `with Running(S3Fake()) as url`."""

    def __init__(self, fake: S3Fake):
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(fake))
        self.server.daemon_threads = True
        self.server.block_on_close = False

    def __enter__(self) -> str:
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()


def refused(method: str, path: str, query: str, headers: dict[str, str], body: bytes) -> str:
    """S3's error code for a request whose signature or content hash is wrong, empty when both are right."""
    given = headers.get("authorization", "")
    if not given.startswith("AWS4-HMAC-SHA256 "):
        return "AccessDenied"
    parts = dict(item.strip().split("=", 1) for item in given.split(" ", 1)[1].split(","))
    key_id, _slash, scope = parts["Credential"].partition("/")
    if key_id != KEY_ID:
        return "InvalidAccessKeyId"
    digest = headers.get("x-amz-content-sha256", "")
    if digest not in ("UNSIGNED-PAYLOAD", hashlib.sha256(body).hexdigest()):
        return "XAmzContentSHA256Mismatch"
    names = parts["SignedHeaders"].split(";")
    if "host" not in names or any(name.startswith("x-amz-") and name not in names for name in headers):
        return "AccessDenied"
    pairs = sorted((quote(k, safe="-_.~"), quote(v, safe="-_.~")) for k, v in parse_qsl(query, keep_blank_values=True))
    canonical = "\n".join(
        (
            method,
            quote(unquote(path), safe="/-_.~"),
            "&".join(f"{name}={value}" for name, value in pairs),
            "".join(f"{name}:{' '.join(headers.get(name, '').split())}\n" for name in names),
            parts["SignedHeaders"],
            digest,
        )
    )
    stamp = headers.get("x-amz-date", "")
    day, region, service, _end = scope.split("/")
    if region != REGION or not stamp.startswith(day):
        return "AuthorizationHeaderMalformed"
    wanted = "\n".join(("AWS4-HMAC-SHA256", stamp, scope, hashlib.sha256(canonical.encode()).hexdigest()))
    key = ("AWS4" + SECRET).encode()
    for part in (day, region, service, "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    signature = hmac.new(key, wanted.encode(), hashlib.sha256).hexdigest()
    return "" if hmac.compare_digest(signature, parts["Signature"]) else "SignatureDoesNotMatch"


def _etag(body: bytes) -> str:
    return hashlib.md5(body, usedforsecurity=False).hexdigest()


def _error(status: int, code: str, message: str) -> tuple[int, dict[str, str], bytes]:
    xml = f'<?xml version="1.0"?><Error><Code>{code}</Code><Message>{message}</Message><RequestId>1</RequestId></Error>'
    return status, {"Content-Type": "application/xml"}, xml.encode()


def _handler(fake: S3Fake) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, sent, content = fake.answer(self.command, self.path, headers, body)
            self.send_response(status)
            for name, value in ({"Content-Length": str(len(content))} | sent).items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        do_GET = do_PUT = do_DELETE = do_HEAD = _answer  # noqa: N815

        def log_message(self, *_: Any) -> None:
            """Quiet: `calls` tells what came in."""

    return Handler
