"""A file through an import by the API, the worker's part done in between: for tests of every service."""

from io import BytesIO
from typing import Any

from engines.transfer import running


class Transfer:
    """Files of one service in and out for one client."""

    def __init__(self, client: Any, database: Any, settings: Any, *, service: str):
        self.client, self.database, self.settings = client, database, settings
        self.base = f"/{service}/api/v1"

    def bring(self, kind: str, content: bytes | str, *, name: str = "file.csv") -> dict[str, Any]:
        data = content.encode() if isinstance(content, str) else content
        address = f"{self.base}/imports?kind={kind}"
        if len(data) > 100_000:  # a form this large would lie in a file of the client's that nobody closes
            answer = self.client.post(f"{address}&file_name={name}", data=data, content_type="text/csv")
        else:
            form = {"file": (BytesIO(data), name)}
            answer = self.client.post(address, data=form, content_type="multipart/form-data")
        assert answer.status_code == 201, answer.text
        return dict(answer.json)

    def declare(self, job: dict[str, Any], **plan: Any) -> dict[str, Any]:
        kept = {name: value for name, value in job["plan"].items() if name != "headings"}
        dialect = kept["dialect"] | plan.pop("dialect", {})
        answer = self.client.put(f"{self.base}/imports/{job['id']}/plan", json=kept | plan | {"dialect": dialect})
        assert answer.status_code == 200, answer.text
        return dict(answer.json)

    def start(self, job: dict[str, Any], *, dry_run: bool = False) -> None:
        answer = self.client.post(f"{self.base}/imports/{job['id']}/start", json={"dry_run": dry_run})
        assert answer.status_code == 202, answer.text

    def work(self) -> None:
        while running.step(self.database, self.settings):
            pass

    def read(self, job: dict[str, Any]) -> dict[str, Any]:
        found = dict(self.client.get(f"{self.base}/imports/{job['id']}").json)
        assert found["rows"] == sum(found[name] for name in ("created", "updated", "skipped", "failed"))
        return found

    def take(
        self, kind: str, content: bytes | str, *, name: str = "file.csv", dry_run: bool = False, **plan: Any
    ) -> Any:
        """Bring a file, declare its plan, let the worker take it in; the import as it is then."""
        job = self.declare(self.bring(kind, content, name=name), **plan)
        self.start(job, dry_run=dry_run)
        self.work()
        return self.read(job)

    def rows(self, job: dict[str, Any], outcome: str = "") -> list[dict[str, Any]]:
        return list(self.client.get(f"{self.base}/imports/{job['id']}/rows?limit=2000&outcome={outcome}").json["items"])

    def undo(self, job: dict[str, Any]) -> dict[str, Any]:
        answer = self.client.post(f"{self.base}/imports/{job['id']}/undo")
        assert answer.status_code == 202, answer.text
        self.work()
        return self.read(job)

    def export(self, resource: str, form: str = "csv", **query: str) -> bytes:
        answer = self.client.get(f"{self.base}/{resource}/export.{form}", query_string=query)
        assert answer.status_code == 200, answer.text
        return bytes(answer.data)
