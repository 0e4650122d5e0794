"""The sample service is what the web half of the chassis is tested on."""

import pytest
from shared.chassis.gadgets.app import SERVICE

from chassis.db import Base


@pytest.fixture(scope="session")
def service():
    return SERVICE


@pytest.fixture(scope="session")
def tables(service):
    """Without the engines' tables: the chassis must not need them."""
    from chassis.testing import import_all

    import_all("chassis")
    return [Base.metadata, service.metadata]
