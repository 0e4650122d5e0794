"""K3Cloud's WebAPI: every call is a POST, HTTP 200 says nothing, the result's ResponseStatus does."""

import secrets
import threading
from typing import Any
from urllib.parse import urlsplit

from chassis import clock
from integration_gateway.connectors import http
from integration_gateway.connectors.contract import ConnectorError
from integration_gateway.connectors.kingdee.signing import Identity, headers, login_signature

STUBS = "Kingdee.BOS.WebApi.ServicesStub."
SESSION_LOST = 1  # ResponseStatus.MsgCode
QUERY_LIMIT = 2000
READ_SECONDS = 60.0  # saving a long order takes K3Cloud tens of seconds


class K3Cloud:
    """One integration user on one data centre. `auth`: `signed` (stateless), or a session by `app_secret`,
    `login_signature` or `password`.

    K3Cloud logs an integration user out when it logs in elsewhere, so all threads share the one session.
    """

    def __init__(
        self,
        *,
        url: str,
        identity: Identity,
        auth: str = "signed",
        password: str = "",
        read_seconds: float = READ_SECONDS,
    ):
        base = url.rstrip("/")
        self.url = base if base.lower().endswith("/k3cloud") else f"{base}/k3cloud"
        self.identity = identity
        self.auth = auth
        self._password = password
        self._read_seconds = read_seconds
        self._lock = threading.Lock()
        self._session = ""

    def save(self, form: str, model: dict[str, Any]) -> dict[str, Any]:
        """Save a document; returns {Id, Number}."""
        data = {
            "NeedUpDateFields": [],
            "NeedReturnFields": [],
            "IsDeleteEntry": "true",
            "IsVerifyBaseDataField": "true",
            "Model": model,
        }
        return self._operate("Save", form, data, writes=True)

    def submit(self, form: str, number: str) -> dict[str, Any]:
        return self._operate("Submit", form, {"Numbers": [number]}, writes=True)

    def audit(self, form: str, number: str) -> dict[str, Any]:
        return self._operate("Audit", form, {"Numbers": [number]}, writes=True)

    def view(self, form: str, number: str) -> dict[str, Any]:
        """A whole document."""
        result = self._operate("View", form, {"Number": number}, writes=False)
        return dict(result["Result"])

    def query(
        self, form: str, keys: list[str], *, where: str, order: str = "", start: int = 0, limit: int = QUERY_LIMIT
    ) -> list[dict[str, Any]]:
        """Rows of ExecuteBillQuery as dictionaries. `where` is built with `equals`/`since`, never from raw text."""
        data = {
            "FormId": form,
            "FieldKeys": ",".join(keys),
            "FilterString": where,
            "OrderString": order,
            "StartRow": start,
            "Limit": limit,
        }
        rows = self._call("DynamicFormService.ExecuteBillQuery", {"data": data}, writes=False)
        if not isinstance(rows, list):
            raise ConnectorError(f"{form}: unexpected answer to a query", code="bad_answer")
        return [dict(zip(keys, row, strict=True)) for row in rows]

    def _operate(self, operation: str, form: str, data: dict[str, Any], *, writes: bool) -> dict[str, Any]:
        answer = self._call(f"DynamicFormService.{operation}", {"formid": form, "data": data}, writes=writes)
        if not isinstance(answer, dict) or not isinstance(answer.get("Result"), dict):
            raise ConnectorError(f"{operation} {form}: unexpected answer", code="bad_answer", uncertain=writes)
        return dict(answer["Result"])

    def _call(self, method: str, body: dict[str, Any], *, writes: bool) -> Any:
        """One call; a lost session is replaced once, then the call repeated once."""
        for attempt in (1, 2):
            session = self._current_session()
            answer = self._post(STUBS + method, body, writes, session)
            status = _status(answer)
            if status is None or str(status.get("IsSuccess")).lower() == "true":
                return answer
            lost = status.get("MsgCode") == SESSION_LOST
            if lost and attempt == 1 and self.auth != "signed":
                self._forget(session)
                continue
            raise _failure(method, status, lost)
        raise AssertionError("unreachable")

    def _post(self, method: str, body: dict[str, Any], writes: bool, session: str = "") -> Any:
        address = f"{self.url}/{method}.common.kdsvc"
        sent = {"kdservice-sessionid": session, "Cookie": f"kdservice-sessionid={session}"} if session else {}
        if self.auth == "signed":
            moment = int(clock.timestamp())
            sent = headers(self.identity, urlsplit(address).path, timestamp=moment, nonce=secrets.token_hex(8))
        answer = http.call("POST", address, json=body, headers=sent, writes=writes, read_seconds=self._read_seconds)
        if answer.body.startswith(b"response_error:"):
            text = answer.body[15:215].decode("utf-8", "replace").strip()
            raise ConnectorError(f"{method}: {text}", code="response_error", uncertain=writes)
        return answer.json()

    def _current_session(self) -> str:
        if self.auth == "signed":
            return ""
        with self._lock:
            if not self._session:
                self._session = self._login()
            return self._session

    def _forget(self, session: str) -> None:
        with self._lock:
            if self._session == session:
                self._session = ""

    def _login(self) -> str:
        who = self.identity
        if self.auth == "password":
            method, given = "ValidateUser", [who.acct_id, who.user, self._password, who.lcid]
        elif self.auth == "login_signature":
            moment = str(int(clock.timestamp()))
            signature = login_signature(who.acct_id, who.user, who.app_id, who.app_secret, moment)
            method, given = "LoginBySign", [who.acct_id, who.user, who.app_id, moment, signature, who.lcid]
        else:
            method, given = "LoginByAppSecret", [who.acct_id, who.user, who.app_id, who.app_secret, who.lcid]
        answer = self._post(f"{STUBS}AuthService.{method}", {"parameters": given}, False)
        if not isinstance(answer, dict) or answer.get("LoginResultType") != 1:
            text = answer.get("Message") if isinstance(answer, dict) else "unexpected answer"
            raise ConnectorError(f"{method}: {text}", code="login_refused", permanent=True)
        return str(answer["KDSVCSessionId"])


def equals(field: str, value: str) -> str:
    """`field='value'` with quotes doubled."""
    escaped = value.replace("'", "''")
    return f"{field}='{escaped}'"


def since(field: str, moment: str) -> str:
    """`field>='moment'`."""
    escaped = moment.replace("'", "''")
    return f"{field}>='{escaped}'"


def _status(answer: Any) -> dict[str, Any] | None:
    """The ResponseStatus of an answer; a failed query hides it in a 1×1 table."""
    if isinstance(answer, list) and len(answer) == 1 and isinstance(answer[0], list) and len(answer[0]) == 1:
        answer = answer[0][0]
    if isinstance(answer, dict) and isinstance(answer.get("Result"), dict):
        status = answer["Result"].get("ResponseStatus")
        return status if isinstance(status, dict) else None
    return None


def _failure(method: str, status: dict[str, Any], lost: bool) -> ConnectorError:
    """K3Cloud publishes no table of error codes: the fields and messages are the explanation, never matched on."""
    errors = [f"{one.get('FieldName') or '-'}: {one.get('Message')}" for one in status.get("Errors") or []]
    text = f"{method}: {'; '.join(errors) or 'refused without a reason'}"
    return ConnectorError(text, code="session_lost" if lost else "refused", permanent=not lost)
