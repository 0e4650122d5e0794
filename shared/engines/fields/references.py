"""Kinds whose values point at something: a person, a department, other records, files of the record."""

from typing import Any

from marshmallow import fields as shapes
from marshmallow import validate

from chassis.i18n import Text
from chassis.i18n import lazy as _
from engines.fields.choosing import cells, listed
from engines.fields.kind import Kind, Notation, Spec, Wrong, is_empty
from engines.fields.world import World
from engines.objects import ObjectType

MAX_FILES = 20


class Person(Kind):
    name, label, family, icon = "person", {"zh": "人员", "en": "Person"}, "references", "user"
    stored, widget = "person", "person"
    sortable = False
    nobody, several = _("There is nobody called %(name)s."), _("Several are called %(name)s: give the id or e-mail.")

    def load(self, spec: Spec, given: Any, world: World) -> Any:
        return None if is_empty(given) else _only(given, self.found(world, given), self.nobody, self.several)

    def found(self, world: World, given: Any) -> list[str]:
        """Ids of what is meant."""
        return world.person(given) if isinstance(given, str) else []

    def called(self, world: World, stored: str) -> str:
        """What people call it."""
        return world.person_name(stored)

    def cell(self, spec: Spec, stored: Any, world: World) -> Any:
        return {"id": stored, "name": self.called(world, stored)} if stored else None

    def to_text(self, spec: Spec, stored: Any, world: World, notation: Notation) -> str:
        name = self.called(world, stored) if stored else ""
        return name if not stored or len(self.found(world, name)) == 1 else stored

    def shape(self, spec: Spec) -> dict[str, Any]:
        return {"type": "string", "maxLength": 64}


class Department(Person):
    name, label, icon = "department", {"zh": "部门", "en": "Department"}, "sitemap"
    stored, widget = "department", "department"
    nobody, several = (
        _("There is no department %(name)s."),
        _("Several departments are called %(name)s: give the path or id."),
    )

    def found(self, world: World, given: Any) -> list[str]:
        return world.department(given) if isinstance(given, str) else []

    def called(self, world: World, stored: str) -> str:
        return world.department_name(stored)


class Lookup(Kind):
    """A record of another kind of the same service, built in or the company's own."""

    name, label, family, icon = "lookup", {"zh": "关联记录", "en": "Lookup"}, "references", "link-plus"
    options = {"object": shapes.String(required=True, validate=validate.Length(1, 60))}
    stored, widget = "id", "lookup"
    sortable = False
    nobody, several = (
        _("There is no record %(name)s."),
        _("Several records are called %(name)s: give the number."),
    )

    def check(self, spec: Spec) -> dict[str, Text]:
        return {} if spec.options.get("object") else {"object": _("Choose a kind of record.")}

    def kind(self, spec: Spec, world: World) -> ObjectType:
        """The kind of record it points at; Wrong when there is none any more."""
        found = world.kind(spec.options["object"])
        if found is None:
            raise Wrong(_("The kind of record %(name)s is no longer there.", name=spec.options["object"]))
        return found

    def one(self, spec: Spec, given: Any, world: World) -> str:
        """The id of the readable record that is meant; Wrong."""
        found = world.called(self.kind(spec, world), given) if isinstance(given, str) and given else []
        return _only(given, found, self.nobody, self.several)

    def load(self, spec: Spec, given: Any, world: World) -> Any:
        return None if is_empty(given) else self.one(spec, given, world)

    def shown(self, spec: Spec, id_: str, world: World) -> dict[str, str]:
        """A record as id and name; only the id where the reader may not read it."""
        kind = world.kind(spec.options["object"])
        if kind is None or not world.readable(kind, [id_]):
            return {"id": id_, "name": "…"}
        return {"id": id_, "name": world.record_name(kind, id_)}

    def cell(self, spec: Spec, stored: Any, world: World) -> Any:
        return self.shown(spec, stored, world) if stored else None

    def text(self, spec: Spec, id_: str, world: World) -> str:
        """What a file calls the record: its name where that is clear, else its id."""
        kind = world.kind(spec.options["object"])
        if kind is None or not world.readable(kind, [id_]):
            return id_
        name = world.record_name(kind, id_)
        return name if world.called(kind, name) == [id_] and ";" not in name else id_

    def to_text(self, spec: Spec, stored: Any, world: World, notation: Notation) -> str:
        return self.text(spec, stored, world) if stored else ""

    def shape(self, spec: Spec) -> dict[str, Any]:
        return {"type": "string", "maxLength": 36}


class Lookups(Lookup):
    name, label, icon = "lookups", {"zh": "关联多条", "en": "Multi-lookup"}, "links"
    stored, widget = "texts", "lookups"

    def load(self, spec: Spec, given: Any, world: World) -> Any:
        return listed(given, lambda each: self.one(spec, each, world))

    def cell(self, spec: Spec, stored: Any, world: World) -> Any:
        return [self.shown(spec, each, world) for each in stored or ()]

    def from_text(self, spec: Spec, text: str, world: World, notation: Notation) -> Any:
        return self.load(spec, cells(text, notation), world)

    def to_text(self, spec: Spec, stored: Any, world: World, notation: Notation) -> str:
        return f"{notation.separator} ".join(self.text(spec, each, world) for each in stored or ())

    def shape(self, spec: Spec) -> dict[str, Any]:
        return {"type": "array", "items": {"type": "string", "maxLength": 36}, "uniqueItems": True}


class File(Kind):
    """Files of the record itself, by the ids of its attachments."""

    name, label, family, icon = "file", {"zh": "附件", "en": "File"}, "references", "paperclip"
    stored, widget = "texts", "files"
    sortable = False
    may_be_indexed = False
    endings: tuple[str, ...] = ()

    def load(self, spec: Spec, given: Any, world: World) -> Any:
        held = world.files() if not is_empty(given) else {}
        found = listed(given, lambda each: self._one(each, held))
        if found and len(found) > MAX_FILES:
            raise Wrong(_("More than %(n)s values.", n=MAX_FILES))
        return found

    def _one(self, given: Any, held: Any) -> str:
        if not isinstance(given, str):
            raise Wrong(_("There is no such file on this record."))
        matches = [id_ for id_, name in held.items() if given in (id_, name)]
        if len(matches) != 1:
            raise Wrong(_("There is no such file on this record."))
        if self.endings and not held[matches[0]].lower().endswith(self.endings):
            raise Wrong(_("%(name)s is no picture.", name=held[matches[0]]))
        return matches[0]

    def cell(self, spec: Spec, stored: Any, world: World) -> Any:
        names = world.file_names(stored or ())
        return [{"id": each, "name": names[each]} for each in stored or () if each in names]

    def from_text(self, spec: Spec, text: str, world: World, notation: Notation) -> Any:
        return self.load(spec, cells(text, notation), world)

    def to_text(self, spec: Spec, stored: Any, world: World, notation: Notation) -> str:
        names = world.file_names(stored or ())
        return f"{notation.separator} ".join(names.get(each, each) for each in stored or ())

    def shape(self, spec: Spec) -> dict[str, Any]:
        return {"type": "array", "items": {"type": "string", "maxLength": 36}, "maxItems": MAX_FILES}


class Image(File):
    """Pictures among the files of the record."""

    name, label, icon = "image", {"zh": "图片", "en": "Image"}, "photo"
    widget = "images"
    endings = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".bmp")


def _only(given: Any, found: list[str], nobody: Text, several: Text) -> str:
    """The one that is meant; Wrong where there is none or more than one."""
    if len(found) == 1:
        return found[0]
    text = several if found else nobody
    raise Wrong(Text(text.message, {"name": str(given)[:80]}))
