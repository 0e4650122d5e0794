"""Pages of the gateway, a file per area."""

from integration_gateway.pages import (
    administration,
    demo,
    erasures,
    first_run,
    hand_overs,
    log_in,
    profile,
    roles,
    work,
)

log_in.pages.blueprint.after_app_request(log_in.renew)
BLUEPRINTS = [
    module.pages.blueprint
    for module in (log_in, work, profile, hand_overs, administration, erasures, first_run, demo, roles)
]
