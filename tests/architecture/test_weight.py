"""What a browser has to load: a page with all its files the first time, and the page alone afterwards; compressed bytes."""

import gzip
import re

import pytest

from chassis import places
from console import assets
from tests.architecture.test_texts import walked

COLD, WARM = 150_000, 10_000
CHARTS = {"echarts.js", "charts.js"}  # loaded after the page, on pages that draw
FILE = re.compile(r"""(?:src|href)="(/assets/[^"#]+)""")
LONG = {  # what these may weigh by themselves
    # many columns, and the ids of twenty records, which do not compress
    "/leads/leads": 12_200,
    "/service-desk/tickets": 12_200,
    # every kind of event there is, to choose from
    **{f"/{place.name}/audit": 11_500 for place in places.places()},
    # every time zone there is; seen once in the life of an installation
    "/gateway/start/company": 11_500,
}


@pytest.fixture(scope="module")
def packed() -> dict[str, int]:
    """The size of each file as it is sent."""
    return {found.url: len(assets.packed(found)) for name, found in assets.read_all().items() if name not in CHARTS}


def test_every_page_is_light_at_first_sight_and_lighter_afterwards(suite, packed) -> None:
    heavy = []
    for address, _page, answer in walked("zh", suite):
        alone = len(gzip.compress(answer.data, 6))
        cold = alone + sum(packed.get(url, 0) for url in set(FILE.findall(answer.text)))
        most = next((size for start, size in LONG.items() if address.startswith(start)), WARM)
        if alone > most or cold > COLD:
            heavy.append((address, alone, cold))
    assert not heavy, "\n".join(
        f"{address}: {alone} bytes alone, {cold} with its files" for address, alone, cold in heavy
    )
