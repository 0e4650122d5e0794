"""The story in chapters; each takes what the one before it made."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from demo import approving, capture, deal, figures, money, offer, scope, service
from demo.narration import Narration
from demo.outage import Outage
from demo.stand_ins import StandIns
from demo.suite import Person, Suite

SELLERS = ("wu.xiaotong", "zhang.wei")


@dataclass
class Stage:
    """What the chapters share: the suite, the teller, and what was made so far."""

    suite: Suite
    narration: Narration
    outage: Outage
    stand_ins: StandIns
    owner: Person | None = None
    ids: dict[str, str] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def seller(self) -> Person:
        """The owner of the lead and of all that came of it."""
        assert self.owner is not None
        return self.owner

    @property
    def stranger(self) -> Person:
        """A seller who has nothing to do with it."""
        return self.suite.log_in(next(key for key in SELLERS if key != self.seller.key))


def tell(suite: Suite, narration: Narration, outage: Outage, leads: Path) -> None:
    """The whole job; Broken ends it early."""
    stage = Stage(suite, narration, outage, StandIns.beside(suite))
    capture.leads_come_in(stage, leads)
    capture.one_lead_is_worked(stage)
    deal.the_lead_is_converted(stage)
    deal.the_deal_moves(stage)
    offer.the_quote_is_approved(stage)
    offer.the_customer_accepts(stage)
    with outage.of("reporting"):
        approving.the_contract_is_approved(stage)
        money.the_deal_is_won(stage)
        money.the_erp_takes_over(stage)
        money.the_customer_pays(stage)
        service.onboarding_begins(stage)
        service.the_customer_asks(stage)
    figures.the_figures_show_it(stage)
    scope.others_do_not_see_it(stage)
