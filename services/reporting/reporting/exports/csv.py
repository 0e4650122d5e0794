"""Plain tables, one below the other, in UTF-8 with a mark so that spreadsheets read Chinese."""

import csv
from io import StringIO

from engines.transfer.writing import safe
from reporting.exports.sheets import Document


def written(document: Document) -> bytes:
    """The .csv file."""
    out = StringIO()
    writer = csv.writer(out)
    writer.writerow([safe(document.title)])
    writer.writerows([safe(line)] for line in document.about)
    for block in document.blocks:
        writer.writerow([])
        writer.writerow([safe(block.title)])
        writer.writerow([safe(text) for text in (block.heading, *block.names)])
        for place, category in enumerate(block.categories):
            writer.writerow([safe(category), *(safe(values[place]) for values in block.figures)])
    return b"\xef\xbb\xbf" + out.getvalue().encode()
