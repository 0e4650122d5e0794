"""Play the main job against a running suite, step by step, and check each result."""

import argparse
import sys
from pathlib import Path

from demo import story
from demo.narration import Broken, Narration
from demo.outage import SERVICES, Outage
from demo.suite import Suite


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="crm demo",
        description="Play the main job against a running suite: every step told with ids and explanations, and checked. "
        "Ends with status 1 when anything is missing.",
    )
    parser.add_argument("--url", default="http://127.0.0.1:8000", help="front door of the suite (default %(default)s)")
    parser.add_argument("--outage", choices=SERVICES, metavar="SERVICE", help="take this service away in the middle")
    parser.add_argument(
        "--leads", type=Path, metavar="FILE.csv", help="your own leads instead of the shipped ones (UTF-8)"
    )
    options = parser.parse_args()
    leads = options.leads or Path(__file__).parent / "leads.csv"
    if not leads.is_file():
        parser.error(f"{leads} is no file")
    narration, suite = Narration(), Suite(options.url)
    if suite.call("GET", "/healthz").status != 200:
        print(f"crm: no suite is ready at {options.url}; start one: ./crm up", file=sys.stderr)
        return 2
    try:
        story.tell(suite, narration, Outage(suite, narration, options.outage), leads)
    except Broken as missing:
        narration.end_early(str(missing))
    return narration.close()


if __name__ == "__main__":
    raise SystemExit(main())
