"""What the definition editor in the browser is told: the parts of a definition, and its own texts."""

from typing import Any

from chassis.i18n import gettext as _
from console.definitions import Part
from console.fields import words


def drawn(part: Part) -> dict[str, Any]:
    """A part as the editor in the browser reads it; what is not said is left out."""
    document = {
        "name": part.name, "label": words(part.label), "kind": part.kind, "help": words(part.help),
        "required": part.required, "choices": [[choice.value, words(choice.label)] for choice in part.choices],
        "lookup": part.lookup, "unit": words(part.unit), "minimum": part.minimum, "maximum": part.maximum,
        "about": part.about, "parts": [drawn(inner) for inner in part.parts], "shape": part.shape, "by": part.by,
        "variants": {name: [drawn(inner) for inner in inners] for name, inners in part.variants.items()},
        "head": part.head, "same": part.same, "add": words(part.add), "blank": part.blank, "key_kind": part.key_kind,
        "only_if": list(part.only_if) if part.only_if else None,
    }  # fmt: skip
    return {name: value for name, value in document.items() if value not in ("", None, [], {}, False)}


def texts() -> dict[str, str]:
    """What the editor in the browser says."""
    return {
        "saved": _("Draft saved"), "saving": _("Saving…"), "unsaved": _("Not saved yet; kept in this browser"),
        "offline": _("Offline: what you type is kept in this browser and saved when the connection is back"),
        "no_draft": _("No draft: this is what is in force"), "title": _("Title"),
        "zh": "中文", "en": "English", "add": _("Add"), "up": _("Move up"), "carry": _("Carry to another place"),
        "down": _("Move down"), "copy": _("Copy"), "remove": _("Remove"), "none": _("None yet."), "yes": _("Yes"),
        "choose": _("Choose…"), "find": _("Type to search"), "drop": _("Remove %(name)s"),
        "from": _("From"), "to": _("To"),
        "commas": _("Separate several values with commas"), "no_problems": _("Nothing stands against publishing it."),
        "problems": _("%(n)s to mend before publishing"), "warnings": _("%(n)s worth a look"),
        "no_changes": _("Nothing differs from what is in force."), "first": _("It was never published."),
        "changes": _("%(n)s changes against version %(v)s"), "bad_json": _("This is not readable as JSON: %(why)s"),
        "not_object": _("The document has to be an object."), "restored": _("What you typed earlier was put back."),
        "conflict": _("%(name)s saved this draft while you were editing it"), "yours": _("Yours"), "saved_one": _("Saved"),
        "added": _("added"), "removed": _("removed"), "moved": _("moved"), "changed": _("changed"), "key": _("Key"),
        "row": _("Entry %(n)s"), "base_moved": _("Version %(n)s was published after this draft was begun."),
    }  # fmt: skip
