"""Kinds whose values are places: a region of China, an address in it. Kept as one text from the province down."""

import re
from collections.abc import Mapping
from typing import Any

from chassis.i18n import lazy as _
from engines.fields.china import CITIES_OF, PROVINCES
from engines.fields.kind import Kind, Notation, Spec, Wrong, is_empty, text_of
from engines.fields.world import World

_PARTS = ("province", "city", "district", "detail")
_ENDS = re.compile(r"(特别行政区|维吾尔自治区|壮族自治区|回族自治区|自治区|省|市)$")
_PROVINCE = re.compile(
    "("
    + "|".join(sorted(PROVINCES, key=len, reverse=True))
    + ")(?:特别行政区|维吾尔自治区|壮族自治区|回族自治区|自治区|省|市)?"
)
_DISTRICT = re.compile(r"[^\s/,，]{1,12}?(?:区|县|市|旗)")


class Region(Kind):
    """Province, city and district: `{"province": "广东", "city": "深圳", "district": "南山区"}`.

    Stored as 广东/深圳/南山区, so that `starts_with` finds a province or a city with all in it.
    """

    name, label, family, icon = "region", {"zh": "地区", "en": "Region"}, "places", "map-2"
    widget = "region"
    parts: tuple[str, ...] = _PARTS[:3]

    def load(self, spec: Spec, given: Any, world: World) -> Any:
        if is_empty(given):
            return None
        if isinstance(given, str):
            return self.from_text(spec, given, world, Notation())
        if not isinstance(given, Mapping) or set(given) - set(self.parts):
            raise Wrong(_("Must have some of %(names)s.", names=", ".join(self.parts)))
        said = {
            name: text_of(given[name], 300 if name == "detail" else 40) if given.get(name) else ""
            for name in self.parts
        }
        return self._joined(said)

    def _joined(self, said: Mapping[str, str]) -> str | None:
        province, city = short(said["province"]), short(said["city"])
        if not any(said.values()):
            return None
        if province and province not in PROVINCES:
            raise Wrong(_("There is no province %(name)s.", name=province))
        if not province and city:
            province = next(
                (each for each, cities in CITIES_OF.items() if city in cities.split()),
                city if city in PROVINCES else "",
            )
        if not province:
            raise Wrong(_("The province is missing."))
        for name in ("province", "city", "district"):
            if "/" in said[name]:
                raise Wrong(_("A name must not have a slash."))
        rest = [said[name] for name in self.parts[2:]]
        return "/".join([province, city, *rest]).rstrip("/")

    def dump(self, spec: Spec, stored: Any) -> Any:
        if not isinstance(stored, str):
            return None
        return dict(zip(self.parts, [*stored.split("/", len(self.parts) - 1), "", "", ""], strict=False))

    def from_text(self, spec: Spec, text: str, world: World, notation: Notation) -> Any:
        bare = re.sub(r"\s+", " ", text).strip()
        if not bare:
            return None
        if "/" in bare:
            given = [part.strip() for part in bare.split("/", len(self.parts) - 1)]
            return self._joined(dict.fromkeys(self.parts, "") | dict(zip(self.parts, given, strict=False)))
        return self._joined(self._read(bare))

    def _read(self, text: str) -> dict[str, str]:
        """Province, city, district (and the rest) written without marks between: 广东省深圳市南山区科技园1号."""
        said = dict.fromkeys(self.parts, "")
        found = _PROVINCE.match(text)
        rest = text
        if found:
            said["province"], rest = found[1], text[found.end() :].strip(" ,，")
        cities = sorted(CITIES_OF.get(said["province"], " ".join(CITIES_OF.values())).split(), key=len, reverse=True)
        city = re.match("(" + "|".join(cities) + ")(?:市|地区|盟|州)?", rest) if cities else None
        if city:
            said["city"], rest = city[1], rest[city.end() :].strip(" ,，")
        district = _DISTRICT.match(rest)
        if district:
            said["district"], rest = district[0], rest[district.end() :].strip(" ,，")
        if rest and "detail" in said:
            said["detail"] = rest
        elif rest:
            said["district"] = said["district"] + rest if said["district"] else rest
        return said

    def to_text(self, spec: Spec, stored: Any, world: World, notation: Notation) -> str:
        return stored or ""

    def cell(self, spec: Spec, stored: Any, world: World) -> Any:
        return " ".join(part for part in str(stored or "").split("/", len(self.parts) - 1) if part)

    def typed(self, spec: Spec, stored: Any, world: World) -> Any:
        return self.dump(spec, stored) or {}

    def shape(self, spec: Spec) -> dict[str, Any]:
        return {
            "type": "object",
            "properties": {name: {"type": "string"} for name in self.parts},
            "additionalProperties": False,
        }


class Address(Region):
    """A region with street and number (`detail`)."""

    name, label, icon = "address", {"zh": "地址", "en": "Address"}, "map-pin"
    widget = "address"
    may_be_indexed = False
    parts = _PARTS


def short(name: str) -> str:
    """A province or city without 省, 市 and the like; as it is where nothing would be left."""
    return _ENDS.sub("", name) or name
