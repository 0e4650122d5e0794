"""Catalogues: every text of a package's code and templates, collected into its .po, and what is not translated yet.

`python -m console.texts shared/console services/leads/leads` renews them in place; `--check` only compares.
"""

import argparse
import sys
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

CALLS = {"_": None, "gettext": None, "lazy": None, "both": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2)}
METHODS = [("**/templates/**.html", "jinja2.ext:babel_extract"), ("**.py", "python")]
HEAD = b"""msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\\n"
"Language: zh_Hans_CN\\n"
"Plural-Forms: nplurals=1; plural=0;\\n"

"""
OPTIONS = {"**/templates/**.html": {"trim_blocks": "true", "lstrip_blocks": "true"}}


def catalogue(package: Path) -> Path:
    """Where the Chinese texts of a package folder are."""
    return package / "locale" / "zh_Hans_CN" / "LC_MESSAGES" / "messages.po"


def collect(package: Path) -> Catalog:
    """All messages in the code and templates of a package, without translations, places by file only."""
    found = Catalog(locale="zh_Hans_CN", charset="utf-8", fuzzy=False)
    extracted = extract_from_dir(
        package, METHODS, OPTIONS, keywords=CALLS, comment_tags=("Translators:",), directory_filter=_wanted
    )
    for name, _line, message, comments, context in extracted:
        found.add(message, None, [(name, 0)], auto_comments=comments, context=context)
    return found


def renewed(package: Path) -> Catalog:
    """The package's catalogue with new messages added and those no longer used left out."""
    path = catalogue(package)
    if path.exists():
        with path.open("rb") as file:
            kept = read_po(file, locale="zh_Hans_CN")
    else:
        kept = Catalog(locale="zh_Hans_CN", charset="utf-8", fuzzy=False)
    kept.update(collect(package), no_fuzzy_matching=True)
    kept.obsolete.clear()
    return kept


def untranslated(found: Catalog) -> list[str]:
    """Messages that have no Chinese text, or only a guessed one."""
    missing = []
    for message in found:
        texts = message.string if isinstance(message.string, list | tuple) else [message.string]
        if message.id and (message.fuzzy or not all(texts)):
            missing.append(message.id if isinstance(message.id, str) else message.id[0])
    return missing


def written(found: Catalog) -> bytes:
    """The .po file: sorted, without line numbers and dates, so that it changes only with the texts."""
    out = BytesIO()
    write_po(out, found, width=116, omit_header=True, sort_output=True, include_lineno=False, no_location=True)
    return HEAD + out.getvalue()


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m console.texts", description=__doc__)
    parser.add_argument("packages", nargs="+", type=Path, help="package folders, such as services/leads/leads")
    parser.add_argument("--check", action="store_true", help="change nothing; fail when something is missing")
    asked = parser.parse_args(arguments)
    wrong = 0
    for package in asked.packages:
        found = renewed(package)
        missing = untranslated(found)
        if not asked.check:
            catalogue(package).parent.mkdir(parents=True, exist_ok=True)
            catalogue(package).write_bytes(written(found))
        elif not catalogue(package).exists() or catalogue(package).read_bytes() != written(found):
            print(f"{package}: the catalogue is out of date, run python -m console.texts {package}")
            wrong += 1
        print(f"{package}: {len(found)} texts, {len(missing)} untranslated")
        for text in missing:
            print(f"  {text}")
        wrong += len(missing)
    return 1 if asked.check and wrong else 0


def _wanted(folder: str) -> bool:
    return Path(folder).name not in {"node_modules", "__pycache__", "locale", "static", "migrations"}


if __name__ == "__main__":
    sys.exit(main())
