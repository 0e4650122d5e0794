"""The whole suite with demo data, once per process."""

from collections.abc import Iterator

import pytest

from tests import together


@pytest.fixture(scope="session")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[together.Together]:
    with together.running(tmp_path_factory.mktemp("suite")) as made:
        yield made
