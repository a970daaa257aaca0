"""Answers as trailscraper reads logs, in a process and a virtual environment of its own.

Run by the bench: each line asks once more, each answer is one line of JSON.
"""

import json
import sys
import time
from pathlib import Path

from trailscraper.cloudtrail import LogFile  # type: ignore[import-not-found, unused-ignore]

from bench.facts import Facts


def main(folder: str, key: str) -> None:
    """Read every log of a folder, as often as asked."""
    paths = sorted(Path(folder).iterdir())
    for _ in sys.stdin:
        began, facts = time.process_time(), Facts(key)
        for path in paths:
            records = LogFile(str(path)).records()
            facts.add(len(records), (one.raw_source for one in records))
        told = {"answer": facts.digest(), "seconds": time.process_time() - began}
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
