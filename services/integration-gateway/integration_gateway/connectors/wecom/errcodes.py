"""What WeCom's error codes mean for us (developer.work.weixin.qq.com/document/path/90313). HTTP is 200 for all of them."""

from integration_gateway.connectors.contract import ConnectorError

BAD_SECRET = 40001
TOKEN = frozenset({40014, 42001, BAD_SECRET})
TOO_LARGE = 45029
WAIT_SECONDS = {-1: 5.0, 6000: 2.0, 45009: 60.0, 45011: 60.0, 45033: 10.0}

SAID = {
    BAD_SECRET: "the app's secret is wrong",
    41001: "no access token was sent",
    48002: "the app may not call this interface",
    60011: "the app may not see this member or department",
    60020: "this server's address is not on the app's list of trusted addresses",
    60111: "there is no such member",
    60123: "there is no such department",
    81013: "none of the receivers exists or can see the app",
    301002: "the token belongs to another app",
    45009: "call limit reached",
    45033: "too many calls at the same time",
    TOO_LARGE: "the answer would be too large",
}


def failure(path: str, code: int, message: str) -> ConnectorError:
    """The error for a code other than 0. WeCom rejected the request, so the outcome is certain."""
    text = f"{path}: {code} {SAID.get(code, message)}"
    if code in WAIT_SECONDS:
        return ConnectorError(text, code=str(code), retry_after=WAIT_SECONDS[code])
    expired = code in TOKEN and code != BAD_SECRET
    return ConnectorError(text, code=str(code), permanent=not expired)
