"""Loading and dumping an event's data by a marshmallow schema, the short way for data that plainly fits."""

from collections.abc import Mapping
from typing import Any

from marshmallow import EXCLUDE, Schema, fields, missing

_PLAIN: dict[type, type] = {fields.String: str, fields.Integer: int, fields.Boolean: bool, fields.Dict: dict}


class Loader:
    """What `schema.load(data, unknown=EXCLUDE)` answers. Build it once.

    Where a schema has nothing but plain fields without validators and each value is of its field's type already, the
    members are copied; everything else, and every error, is marshmallow's.
    """

    def __init__(self, schema: Schema):
        self.schema = schema
        names = [(name, field.data_key or name, field) for name, field in schema.load_fields.items()]
        hooks = any("load" in hook or "validates" in hook for hook, found in schema._hooks.items() if found)
        self._kinds = {name: kind for name, _key, field in names if not field.validators and (kind := _plain(field))}
        self._simple = not hooks and len(self._kinds) == len(names)
        self._fields = [(name, key, self._kinds.get(name), field) for name, key, field in names]

    def __call__(self, data: Mapping[str, Any]) -> dict[str, Any]:
        loaded = self._copied(data) if self._simple else None
        return self.schema.load(data, unknown=EXCLUDE) if loaded is None else loaded

    def _copied(self, data: Mapping[str, Any]) -> dict[str, Any] | None:
        """None when a value has to be looked at."""
        copied = {}
        for name, key, kind, field in self._fields:
            value = data.get(key, missing)
            if type(value) is kind or (value is None and field.allow_none):
                copied[name] = value
            elif value is not missing or field.required:
                return None
            elif field.load_default is not missing:
                copied[name] = field.load_default() if callable(field.load_default) else field.load_default
        return copied


class Dumper:
    """What `schema.dump(data)` answers for a dict. Build it once.

    Values that are of their plain field's type already are taken as they are, the others serialised by their field.
    """

    def __init__(self, schema: Schema):
        self.schema = schema
        self._hooked = any("dump" in hook for hook, found in schema._hooks.items() if found)
        self._fields = [
            (name, field.data_key or name, _plain(field), field) for name, field in schema.dump_fields.items()
        ]

    def __call__(self, data: Mapping[str, Any]) -> dict[str, Any]:
        if self._hooked:
            return dict(self.schema.dump(data))
        dumped = {}
        for name, key, kind, field in self._fields:
            value = data.get(name, missing)
            if kind is None or (type(value) is not kind and value is not None):
                value = field.serialize(name, data)
            if value is not missing:
                dumped[key] = value
        return dumped


def _plain(field: fields.Field[Any]) -> type | None:
    """The type a value may have to be taken as it is; None when the field has more to say."""
    if field.attribute is not None or getattr(field, "as_string", False):
        return None
    if type(field) is fields.Dict and (field.key_field is not None or field.value_field is not None):
        return None
    return _PLAIN.get(type(field))
