"""The flat XML of WeCom callbacks as dictionaries. A document type declaration is refused: no entities, no XXE."""

from typing import Any
from xml.parsers import expat


class BadXml(Exception):
    """Not well formed, or carries a document type declaration."""


def parse(text: str | bytes) -> dict[str, Any]:
    """Children of the root by name: text, or a dict for a nested element; a repeated name becomes a list."""
    root: dict[str, Any] = {}
    stack: list[tuple[str, dict[str, Any], list[str]]] = [("", root, [])]

    def start(name: str, _attributes: object) -> None:
        stack.append((name, {}, []))

    def end(name: str) -> None:
        _, children, texts = stack.pop()
        parent = stack[-1][1]
        value: Any = children or "".join(texts)
        if name in parent:
            kept = parent[name]
            parent[name] = [*kept, value] if isinstance(kept, list) else [kept, value]
        else:
            parent[name] = value

    def refuse(*_: object) -> None:
        raise BadXml("document type declaration")

    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = lambda data: stack[-1][2].append(data)
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(text, True)
    except (expat.ExpatError, UnicodeDecodeError) as error:
        raise BadXml(str(error)) from None
    content = next(iter(root.values()), None)
    if not isinstance(content, dict):
        raise BadXml("empty")
    return content
