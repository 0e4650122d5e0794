"""The company of the demo: who works there, under which ids, so that every service's demo data names the same people."""

from functools import lru_cache
from importlib.resources import files
from typing import Any

import orjson


@lru_cache(maxsize=1)
def load() -> dict[str, Any]:
    """`company`, `departments`, `people`, `clients` and the common `password`; the suite's demo/people.json is a copy."""
    return orjson.loads(files(__package__).joinpath("demo_people.json").read_bytes())


def person(key: str) -> dict[str, Any]:
    """One person by key ("zhang.wei"); KeyError when there is none."""
    return {item["key"]: item for item in load()["people"]}[key]
