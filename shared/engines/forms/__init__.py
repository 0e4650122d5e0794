"""Forms: the company's own fields on every kind of record, and kinds of records of its own, without code."""

from engines.forms.definition import Compiled, FormWrong
from engines.forms.filling import fill, said
from engines.forms.in_force import kinds, of, own_keys
from engines.forms.rolling import begun

__all__ = ["Compiled", "FormWrong", "begun", "fill", "kinds", "of", "own_keys", "said"]
