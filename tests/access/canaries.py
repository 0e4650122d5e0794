"""Values that occur nowhere else: whoever finds one in an answer knows which field of which record was shown."""

import re
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Canary:
    """Where a value was planted; `mine` when the walker owns that record. `field` is empty for what is no field."""

    service: str
    kind: str
    record_id: str
    field: str
    mine: bool


class Canaries:
    """Plants values and finds them again in texts, however they were formatted."""

    _WORD = re.compile(r"cnr([0-9]{6})x")
    _PHONE = re.compile(r"199(\d{8})")
    _MONEY = re.compile(r"7[\d,]{6,}(?:\.\d\d)?")

    def __init__(self) -> None:
        self.words: list[Canary] = []
        self.by_money: dict[int, Canary] = {}

    def planted(self, value: Any, mark: Canary) -> Any:
        """A value of the same shape that holds canaries."""
        if isinstance(value, bool) or value is None:
            return value
        if isinstance(value, int):
            number = 7_000_000_01 + len(self.by_money) * 7
            self.by_money[number] = mark
            return number
        if isinstance(value, str):
            return self._word(value, mark)
        if isinstance(value, list):
            return [self.planted(item, mark) for item in value]
        if isinstance(value, dict):
            kept = ("product_id", "currency", "discount_percent", "tax_percent", "quantity", "unit_price", "unit_cost")
            return {
                name: item
                if name in kept or not isinstance(item, str) or name.endswith("_id")
                else self._word(item, mark)
                for name, item in value.items()
            }
        return value

    def _word(self, value: str, mark: Canary) -> str:
        self.words.append(mark)
        number = len(self.words) - 1
        if re.fullmatch(r"\+?[\d -]{7,}", value):
            return f"+86199{number:08d}"
        return f"cnr{number:06d}x@canary.example" if "@" in value else f"cnr{number:06d}x"

    def found(self, text: str) -> set[Canary]:
        """Every canary that can be read in `text` in full."""
        seen = {self.words[int(number)] for number in self._WORD.findall(text) if int(number) < len(self.words)}
        bare = re.sub(r"(?<=\d)[ -](?=\d)", "", text)
        seen |= {self.words[int(n)] for n in self._PHONE.findall(bare) if int(n) < len(self.words)}
        for match in self._MONEY.findall(text):
            mark = self.by_money.get(int(re.sub(r"[,.]", "", match)))
            if mark is not None:
                seen.add(mark)
        return seen
