"""How much memory it takes to look into the largest object, in a process of its own.

    python bench/scan_memory.py

What is told is the most that the process ever held, the interpreter and every import with it.
"""

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.table import Table

from bench.peer import ROOT
from bench.racing import MEGABYTE, Promise, verdict
from bench.trail_corpus import THIEF, lay
from responder.scan.needles import Needles
from responder.scan.seeking import seek
from responder.scan.shelf import Shelf
from responder.scan.unpacking import unpack

_RECORDS = (500, 4_000, 30_000)
_BEFORE, _TIMES = 70, 1.3  # MB, and how often the largest object, unpacked


def main(words: Sequence[str]) -> int:
    """Always 0: what is too much is printed as missed."""
    if words:
        return _looked(*words)
    table = Table(
        "object", "unpacked, MB", "thief", "what is kept", "most held, MB", "may hold, MB"
    )
    promises = list[Promise]()
    for records in _RECORDS:
        for thief in (0.0, 1.0):
            with TemporaryDirectory() as folder, TemporaryDirectory() as index:
                [path] = lay(Path(folder), 1, records, 5, thief=thief, share=0.02)
                raw = len(unpack(path.read_bytes())) / MEGABYTE
                for kept in ("", index):
                    most, held = _BEFORE + _TIMES * raw, _held(path, kept)
                    who = "in it" if thief else "not in it"
                    row = (f"{path.stat().st_size / MEGABYTE:.1f} MB", f"{raw:.1f}", who)
                    table.add_row(*row, "made" if kept else "no", f"{held:.0f}", f"{most:.0f}")
                    what = f"{raw:.0f} MB, thief {who}{', kept' if kept else ''}"
                    promises.append(Promise(f"memory, {what}", held / most, 1, most=True))
    Console().print(table)
    verdict("", *promises)
    return 0


def _held(path: Path, index: str) -> float:
    ran = subprocess.run(  # noqa: S603 - our own words
        [sys.executable, __file__, str(path), index],
        check=True,
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    return float(ran.stdout)


def _looked(path: str, index: str) -> int:
    shelf = Shelf(Path(index)) if index else None
    seek(Path(path).name, Path(path).read_bytes(), Needles([THIEF]), shelf)
    # Not `getrusage`: that begins with what the process held that started this one.
    [most] = re.findall(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    print(int(most) * 1024 / MEGABYTE)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
