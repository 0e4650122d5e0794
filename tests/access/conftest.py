"""One company full of canaries for all tests of access: building it takes longer than most of them."""

from pathlib import Path
from typing import Any

import pytest

from tests.access import world


@pytest.fixture(scope="session")
def everything(tmp_path_factory: Any) -> Any:
    with world.built(Path(tmp_path_factory.mktemp("walk"))) as made:
        yield made
