"""Read a trail's bucket by readers that are killed all the time, and hold it to one who is not.

The shipped template is deployed into the local engine, and its machine runs the distributed map.
One call in so many of any reader, or of whoever asks, ends it: before the call, after it, by the
time-out, or by a refusal of S3. The answer has to be the one that `responder scope` gives about the
same objects in a folder, by Python's own decoders.

    python bench/analysis.py --objects 5000 --one-in 400
"""

import argparse
import logging
import sys
import tempfile
import time
from collections import Counter
from datetime import datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.analysing import STEPS, an_analysis, by_hand
from tests.killing import Killer
from tests.trail_buckets import corpus


def main() -> int:
    """1 where the two answers are not the same."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--objects", type=int, default=5000)
    parser.add_argument(
        "--one-in", type=int, default=400, help="calls, one of which ends its caller"
    )
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    logging.disable()  # each death would be told at length
    objects = corpus(given.objects)
    killer = Killer(given.seed, one_in=given.one_in, functions=STEPS)
    began = time.process_time()
    with an_analysis(objects) as analysis:
        analysis.cloud.disturb(killer)
        ended = analysis.ends(analysis.start())
        analysis.cloud.disturb(None)
        if ended != "SUCCEEDED":
            sys.stderr.write(f"the execution ended as {ended}\n")
            return 1
        kept = analysis.kept()
        runs = Counter((one.logical_id, one.error or "done") for one in analysis.cloud.invocations)
    took = time.process_time() - began
    until = datetime.fromisoformat(kept["answer"]["until"])
    with tempfile.TemporaryDirectory() as folder:
        same = by_hand(Path(folder), objects, until) == kept["answer"]
    table = Table(title=f"{given.objects} objects, seed {given.seed}")
    for column in ("what", "how often"):
        table.add_column(column)
    for (function, how), times in sorted(runs.items()):
        if function.removesuffix("Function") in STEPS:
            table.add_row(f"{function}: {how}", f"{times:,}")
    for way, times in sorted(killer.killed.items()):
        table.add_row(f"a caller {way}", f"{times:,}")
    answer = kept["answer"]
    table.add_row("objects listed", f"{kept['listed']['objects']:,}")
    table.add_row("objects read", f"{answer['read']['objects']:,}")
    table.add_row("records", f"{answer['read']['records']:,}")
    table.add_row("calls of the lineage", f"{answer['events']:,}")
    table.add_row("gaps", f"{len(answer['gaps']):,}")
    table.add_row("seconds of CPU, with the engine", f"{took:.0f}")
    table.add_row("the same answer as by hand", "yes" if same else "NO")
    Console().print(table)
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
