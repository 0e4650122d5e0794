"""Copy the console's scripts and styles into a folder, named as the pages ask for them, with their gzips beside them."""

import sys
from pathlib import Path

from console import assets


def export(folder: Path) -> int:
    """Fill `folder`; returns how many files pages can ask for."""
    assets.check()
    folder.mkdir(parents=True, exist_ok=True)
    found = assets.read_all().values()
    for asset in found:
        target = folder / asset.url.rpartition("/")[2]
        target.write_bytes(asset.path.read_bytes())
        target.with_name(target.name + ".gz").write_bytes(assets.packed(asset))
    return len(found)


if __name__ == "__main__":
    print(f"{export(Path(sys.argv[1]))} files in {sys.argv[1]}")
