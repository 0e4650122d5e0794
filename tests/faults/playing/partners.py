"""The ERP hangs, takes the order and drops the line, answers nonsense, is away, forgets us."""

from typing import Any

from tests.faults.catalogue import BOTH, EMBEDDED, fault
from tests.faults.stage import Stage

WAYS: dict[str, dict[str, Any]] = {
    "hangs": {"do": "hang", "seconds": 4, "times": 6},
    "takes effect and drops the line": {"do": "drop", "times": 6},
    "drops the line": {"do": "refuse", "times": 6},
    "answers 500": {"do": "status", "status": 500, "times": 6},
    "asks for less": {"do": "status", "status": 429, "headers": {"Retry-After": "2"}, "times": 4},
    "answers 200 with an error": {
        "do": "body",
        "times": 4,
        "body": {
            "Result": {
                "ResponseStatus": {
                    "ErrorCode": 500,
                    "IsSuccess": False,
                    "Errors": [{"FieldName": None, "Message": "会话信息已丢失，请重新登录", "DIndex": 0}],
                    "SuccessEntitys": [],
                    "SuccessMessages": [],
                    "MsgCode": 1,
                }
            }
        },
    },
    "answers 200 with a page": {"do": "body", "times": 4, "body": "<html>系统维护中</html>"},
}


ON_SERVERS = {"hangs", "takes effect and drops the line", "answers 500"}  # the rest is the same code on any database


def _partner(way: str, how: dict[str, Any]) -> None:
    @fault(f"the ERP {way}", BOTH if way in ON_SERVERS else (EMBEDDED,))
    def play(stage: Stage) -> None:
        stage.wait(0.3)
        stage.partner.misbehave(**how)
        stage.wait(5.0)
        stage.partner.behave()


for _way, _how in WAYS.items():
    _partner(_way, _how)


@fault("the ERP ends our session", (EMBEDDED,))
def session_ends(stage: Stage) -> None:
    for _ in range(5):
        stage.wait(0.7)
        stage.partner.expire_sessions()


@fault("the gateway is killed while the ERP hangs after effect")
def killed_while_writing(stage: Stage) -> None:
    """The order stands there, and nobody here knows."""
    stage.partner.misbehave("hang", on=".Save", seconds=3, times=4)
    for _ in range(3):
        stage.wait(stage.chance.uniform(1.0, 1.6))
        stage.family.kill("gateway-worker", stage.chance)
    stage.wait(1.0)
    stage.partner.behave()
