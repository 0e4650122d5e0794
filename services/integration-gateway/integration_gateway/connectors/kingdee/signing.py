"""The headers that sign a K3Cloud Open API request with an app id and secret, as Kingdee's own SDK 8.2 does."""

import base64
import hashlib
import hmac
from dataclasses import dataclass
from urllib.parse import quote

MASK = b"0054f397c6234378b09ca7d3e5debce7"  # the key under which the gateway secret is hidden in the app id


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Who signs: data centre (账套), integration user, app, language and organisation."""

    acct_id: str
    user: str
    app_id: str
    app_secret: str
    lcid: int = 2052
    org: int = 0


def headers(identity: Identity, path: str, *, timestamp: int, nonce: str) -> dict[str, str]:
    """Headers for a POST to `path` (from the first slash)."""
    client_id, _, hidden = identity.app_id.partition("_")
    data = f"{identity.acct_id},{identity.user},{identity.lcid},{identity.org}"
    place = quote(path).replace("/", "%2F")
    text = f"POST\n{place}\n\nx-api-nonce:{nonce}\nx-api-timestamp:{timestamp}\n"
    return {
        "X-Api-ClientID": client_id,
        "X-Api-Auth-Version": "2.0",
        "x-api-timestamp": str(timestamp),
        "x-api-nonce": nonce,
        "x-api-signheaders": "x-api-timestamp,x-api-nonce",
        "X-Api-Signature": _mac(text, gateway_secret(hidden)),
        "X-Kd-Appkey": identity.app_id,
        "X-Kd-Appdata": base64.b64encode(data.encode()).decode(),
        "X-Kd-Signature": _mac(identity.app_id + data, identity.app_secret),
    }


def gateway_secret(hidden: str) -> str:
    """The gateway's secret hidden in the second part of an app id (32 letters of base64); empty for other lengths."""
    if len(hidden) != 32:
        return ""
    return base64.b64encode(bytes(a ^ b for a, b in zip(base64.b64decode(hidden), MASK, strict=False))).decode()


def login_signature(acct_id: str, user: str, app_id: str, app_secret: str, timestamp: str) -> str:
    """Signature of AuthService.LoginBySign."""
    return hashlib.sha256("".join(sorted((acct_id, user, app_id, app_secret, timestamp))).encode()).hexdigest()


def _mac(text: str, key: str) -> str:
    """Base64 of the hexadecimal HMAC-SHA256: unusual, but what the gateway expects."""
    return base64.b64encode(hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest().encode()).decode()
