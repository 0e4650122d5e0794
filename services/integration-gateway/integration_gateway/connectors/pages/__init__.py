"""Pages of connectors and deliveries: what is set up, whether it works, what was delivered and what was not."""

from integration_gateway.connectors.pages import connectors, deliveries

BLUEPRINTS = [connectors.pages.blueprint, deliveries.pages.blueprint]
