"""Tickets carry a timeline, comments, files, tags and followers; how their events are told."""

from engines.record_kit import Happening, Kept, keep
from service_desk.objects import TICKET


def _said(zh: str, en: str, icon: str, colour: str = "blue") -> Happening:
    return Happening({"zh": zh, "en": en}, icon, colour)


KINDS = keep(
    "service-desk",
    [
        Kept(
            kind=TICKET,
            page="/service-desk/tickets/{id}",
            happenings={
                "ticket.created": _said("工单创建", "Came in", "plus"),
                "ticket.assigned": _said("分配", "Assigned", "user-plus", "indigo"),
                "ticket.replied": _said("回复客户", "Answered", "send", "green"),
                "ticket.solved": _said("已解决", "Solved", "check", "green"),
                "ticket.closed": _said("已关闭", "Closed", "archive"),
                "ticket.breached": _said("SLA 超时", "SLA missed", "alert-triangle", "red"),
            },
        )
    ],
)
