"""The pictures of README: `python -m tests.browser.pictures` puts what the browser tests saw last in their place."""

import shutil
from pathlib import Path

from tests.browser.conftest import SHOTS

IMAGES = Path(__file__).parents[2] / "docs" / "images"
PICTURES = {
    **{f"main-{name}": f"main-{name}-zh-desktop-light" for name in ("leads", "lead", "board", "approval", "ticket", "dashboard")},
    "main-contract": "main-contract-approved-zh-desktop-light",
    "main-phone": "main-board-en-phone-light",
    "console-conditions": "builder-zh-desktop-light",
}  # fmt: skip


def main() -> None:
    for name, shot in PICTURES.items():
        shutil.copyfile(SHOTS / f"{shot}.png", IMAGES / f"{name}.png")


if __name__ == "__main__":
    main()
