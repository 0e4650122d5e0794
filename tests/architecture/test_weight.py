"""What a browser has to load: a page with all its files the first time, and the page alone afterwards; compressed bytes."""

import gzip
import re

import pytest

from console import assets
from tests.architecture.test_texts import walked

COLD, WARM = 150_000, 10_000
DESIGNER = re.compile(r"^/[a-z-]+/record-forms/[a-z_]+$")  # knows 35 kinds of fields; a few administrators open it
DESIGNER_COLD, DESIGNER_WARM = 160_000, 13_000
CHARTS = {"echarts.js", "charts.js"}  # loaded after the page, on pages that draw
FILE = re.compile(r"""(?:src|href)="(/assets/[^"#]+)""")


@pytest.fixture(scope="module")
def packed() -> dict[str, int]:
    """The size of each file as it is sent."""
    return {found.url: len(assets.packed(found)) for name, found in assets.read_all().items() if name not in CHARTS}


def test_every_page_is_light_at_first_sight_and_lighter_afterwards(suite, packed) -> None:
    heavy = []
    for address, _page, answer in walked("zh", suite):
        alone = len(gzip.compress(answer.data, 6))
        cold = alone + sum(packed.get(url, 0) for url in set(FILE.findall(answer.text)))
        most_cold, most_warm = (DESIGNER_COLD, DESIGNER_WARM) if DESIGNER.match(address) else (COLD, WARM)
        if alone > most_warm or cold > most_cold:
            heavy.append((address, alone, cold))
    assert not heavy, "\n".join(
        f"{address}: {alone} bytes alone, {cold} with its files" for address, alone, cold in heavy
    )
