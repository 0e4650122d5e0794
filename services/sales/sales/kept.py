"""The records of sales that carry a timeline, comments, files, tags and followers, and how their events are told."""

from engines.record_kit import Happening, Kept, keep
from sales.contacting import after_activity
from sales.objects import ACCOUNT, CONTACT, CONTRACT, OPPORTUNITY, PAYMENT, PRICE_BOOK, PRODUCT, QUOTE, RECEIVABLE


def _said(zh: str, en: str, icon: str, colour: str = "blue") -> Happening:
    return Happening({"zh": zh, "en": en}, icon, colour)


KINDS = keep(
    "sales",
    [
        Kept(
            kind=ACCOUNT,
            page="/sales/accounts/{id}",
            after_activity=after_activity,
            happenings={"account.tier_changed": _said("等级变更", "Tier changed", "award", "purple")},
        ),
        Kept(kind=CONTACT, page="/sales/records/contact/{id}", after_activity=after_activity),
        Kept(
            kind=OPPORTUNITY,
            page="/sales/opportunities/{id}",
            after_activity=after_activity,
            happenings={
                "opportunity.moved": _said("阶段推进", "Stage moved", "arrow-right", "indigo"),
                "opportunity.won": _said("赢单", "Won", "trophy", "green"),
                "opportunity.lost": _said("输单", "Lost", "circle-x", "red"),
                "opportunity.stalled": _said("停滞提醒", "Stalled", "hourglass", "orange"),
            },
        ),
        Kept(
            kind=QUOTE,
            page="/sales/quotes/{id}",
            after_activity=after_activity,
            happenings={
                "quote.revised": _said("新版本", "New version", "versions"),
                "quote.accepted": _said("客户接受", "Accepted", "circle-check", "green"),
                "quote.opened": _said("客户打开报价", "Opened by the customer", "eye", "teal"),
                "quote.approval_requested": _said("提交审批", "Approval asked", "send", "yellow"),
            },
        ),
        Kept(
            kind=CONTRACT,
            page="/sales/contracts/{id}",
            after_activity=after_activity,
            happenings={
                "contract.approval_requested": _said("提交审批", "Approval asked", "send", "yellow"),
                "contract.approved": _said("审批通过", "Approved", "circle-check", "green"),
                "contract.rejected": _said("审批退回", "Not approved", "circle-x", "red"),
                "contract.activated": _said("生效", "In force", "player-play", "green"),
                "contract.completed": _said("履行完毕", "Completed", "flag", "green"),
                "contract.terminated": _said("终止", "Terminated", "x", "red"),
            },
        ),
        Kept(
            kind=RECEIVABLE,
            page="/sales/records/receivable/{id}",
            happenings={
                "receivable.opened": _said("产生应收", "Opened", "plus"),
                "receivable.overdue": _said("逾期", "Overdue", "alert-triangle", "red"),
                "receivable.closed": _said("已结清", "Settled", "circle-check", "green"),
            },
        ),
        Kept(
            kind=PAYMENT,
            page="/sales/records/payment/{id}",
            happenings={"payment.recorded": _said("回款登记", "Recorded", "currency-yuan", "green")},
        ),
        Kept(kind=PRODUCT, page="/sales/records/product/{id}"),
        Kept(kind=PRICE_BOOK, page="/sales/records/price_book/{id}"),
    ],
)
