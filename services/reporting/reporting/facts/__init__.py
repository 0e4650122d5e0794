"""The facts figures are made of: which columns a question may name, how they read, and whose the rows are."""

from reporting.facts.registry import FACTS, Fact, fact

__all__ = ["FACTS", "Fact", "fact"]
