"""Chapter twelve: what belongs to one seller does not exist for another."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from demo.story import Stage

PATHS = {
    "lead": "/leads/api/v1/leads/{}",
    "account": "/sales/api/v1/accounts/{}",
    "opportunity": "/sales/api/v1/opportunities/{}",
    "quote": "/sales/api/v1/quotes/{}",
    "contract": "/sales/api/v1/contracts/{}",
    "approval": "/approvals/api/v1/instances/{}",
    "ticket": "/service-desk/api/v1/tickets/{}",
}


def others_do_not_see_it(stage: "Stage") -> None:
    """Each record answers 404 to a colleague, and 200 to its owner where it is his."""
    tell, owner, other = stage.narration, stage.seller, stage.stranger
    tell.chapter(f"12. {other.name} is a seller too, and sees none of it")
    for kind, path in PATHS.items():
        address = path.format(stage.ids[kind])
        theirs, own = other.get(address).status, owner.get(address).status
        tell.check(theirs == 404, f"{kind} {stage.ids[kind]}: {theirs} for {other.name} ({own} for {owner.name})")
