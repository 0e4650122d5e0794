"""Requests carry comments, files, tags and followers: whoever may read one may write to it."""

from approvals.objects import APPROVAL
from engines.record_kit import Happening, Kept, keep

KINDS = keep(
    "approvals",
    [
        Kept(
            kind=APPROVAL,
            page="/approvals/instances/{id}",
            write="read",
            happenings={
                "instance.started": Happening({"zh": "提交审批", "en": "Submitted"}, "player-play", "blue"),
                "instance.resubmitted": Happening({"zh": "重新提交", "en": "Submitted again"}, "refresh", "blue"),
                "instance.returned": Happening({"zh": "退回", "en": "Returned"}, "arrow-back-up", "orange"),
                "instance.completed": Happening({"zh": "审批结束", "en": "Decided"}, "flag", "green"),
            },
        )
    ],
)
