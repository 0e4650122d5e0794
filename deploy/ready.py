"""Health check of a container: exit status 0 when the address given answers 200."""

import sys
import urllib.error
import urllib.request

try:
    with urllib.request.urlopen(sys.argv[1], timeout=4) as answer:  # noqa: S310 - the address is ours
        sys.exit(0 if answer.status == 200 else 1)
except (urllib.error.URLError, OSError) as problem:
    sys.exit(f"{sys.argv[1]}: {problem}")
