"""Kinds of fields: text, numbers, dates, choices, references … each one object that reads, writes, shows and finds values."""

from engines.fields.kind import Kind, Notation, Spec, Wrong
from engines.fields.reading import FAMILIES, KINDS, FieldShape, SpecWrong, spec_of
from engines.fields.world import World, kind_of

__all__ = [
    "FAMILIES",
    "KINDS",
    "FieldShape",
    "Kind",
    "Notation",
    "Spec",
    "SpecWrong",
    "World",
    "Wrong",
    "kind_of",
    "spec_of",
]
