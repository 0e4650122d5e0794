"""The records of this service that carry a timeline, comments, files, tags and followers, and how their events are told."""

from engines.record_kit import Happening, Kept, keep
from leads import progress
from leads.objects import LEAD


def _said(zh: str, en: str, icon: str, colour: str = "blue") -> Happening:
    return Happening({"zh": zh, "en": en}, icon, colour)


KINDS = keep(
    "leads",
    [
        Kept(
            kind=LEAD,
            page="/leads/leads/{id}",
            after_activity=progress.after_activity,
            happenings={
                "lead.captured": _said("线索进入", "Captured", "plus"),
                "lead.assigned": _said("分配", "Assigned", "user-plus", "indigo"),
                "lead.contacted": _said("首次跟进", "First contact", "phone", "teal"),
                "lead.qualified": _said("确认有效", "Qualified", "circle-check", "green"),
                "lead.disqualified": _said("放弃线索", "Given up", "circle-x", "red"),
                "lead.merged": _said("合并线索", "Merged", "git-branch", "purple"),
                "lead.unmerged": _said("撤销合并", "Merge undone", "arrow-back-up", "purple"),
                "lead.conversion_requested": _said("发起转化", "Conversion requested", "arrow-right", "yellow"),
                "lead.conversion_failed": _said("转化失败", "Conversion failed", "alert-triangle", "red"),
                "lead.converted": _said("已转化", "Converted", "trophy", "green"),
            },
        ),
    ],
)
