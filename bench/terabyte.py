"""What it would cost to look for one principal in a terabyte of packed logs, in AWS.

    python bench/terabyte.py

How long a packed byte takes is measured here, with our reader, on objects of each size; everything
that this machine cannot tell is assumed, and printed. `bench/prices.py` says where prices are from.
"""

import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.table import Table

from bench import prices
from bench.racing import MEGABYTE
from bench.trail_corpus import THIEF, lay
from responder.scan.needles import Needles
from responder.scan.seeking import seek

_TERABYTE = 1_000_000 * MEGABYTE
_CORPORA = ((2000, 20), (200, 100), (8, 600))  # records of an object, and how many are read here
_LISTED = 1000  # keys of one page (S3 API Reference, "ListObjectsV2")


@dataclass(frozen=True)
class Assumed:
    """What is not measured. One object is fetched after the other, and read then."""

    core: float = 0.5  # a Lambda vCPU, as a part of a core of this machine
    memory_gb: float = 1769 / 1024  # at which a function has one vCPU (Lambda Developer Guide)
    network_bytes: float = 65 * MEGABYTE  # a second, of one function: published 400-700 Mbit/s
    get_seconds: float = 0.03  # until an object's first byte
    run_seconds: float = 600  # that one run reads
    transitions: int = 3  # of the machine for each run
    readings: float = 2.1  # two rounds of looking; then a tenth of the objects once more, counted
    at_once: int = 1000  # runs


@dataclass(frozen=True)
class Cost:
    """Counts of one terabyte of objects of one size."""

    objects: float
    seconds: float  # of all runs, added up
    assumed: Assumed

    def lines(self) -> Iterator[tuple[str, float, prices.Price]]:
        """How many of each, and what one costs."""
        gets = self.objects * self.assumed.readings
        runs = max(1.0, self.seconds / self.assumed.run_seconds)
        yield "gets", gets, prices.GET
        yield "lists", gets / _LISTED, prices.LIST
        yield "GB-seconds", self.seconds * self.assumed.memory_gb, prices.GB_SECOND
        yield "runs", runs, prices.INVOCATION
        yield "transitions", runs * self.assumed.transitions, prices.STATE_TRANSITION

    @property
    def usd(self) -> float:
        """All of it."""
        return sum(number * price.usd for _, number, price in self.lines())


def main(words: Sequence[str]) -> int:
    """Always 0."""
    if words:
        raise SystemExit("no argument is known")
    assumed = Assumed()
    table = Table("object, packed", "objects", "what", "number", "USD", title="1 TB of packed logs")
    for records, number in _CORPORA:
        size, took = _measured(records, number)
        computed = took / assumed.core
        fetched = size / assumed.network_bytes + assumed.get_seconds
        objects = _TERABYTE / size
        cost = Cost(objects, objects * (computed + fetched) * assumed.readings, assumed)
        share = computed / (computed + fetched)
        passing = cost.seconds / assumed.at_once
        name, many = f"{size / 1000:,.1f} kB, {share:.0%} computing", f"{objects:,.0f}"
        for what, count, price in cost.lines():
            table.add_row(name, many, what, f"{count:,.0f}", f"{count * price.usd:,.2f}")
            name = many = ""
        table.add_row("", "", "all", f"{passing:,.0f} s", f"{cost.usd:,.2f}", end_section=True)
    console = Console()
    console.print(table)
    console.print(f"assumed: {assumed}; prices as of {prices.AS_OF}", soft_wrap=True)
    return 0


def _measured(records: int, number: int) -> tuple[float, float]:
    """How large an object is, and how long it takes to look into it, in the mean."""
    needles = Needles([THIEF])
    with TemporaryDirectory() as folder:
        paths = lay(Path(folder), number, records, 3, thief=0.1, share=0.02)
        objects = [path.read_bytes() for path in paths]
    best = min(_took(objects, needles) for _ in range(3))
    return sum(map(len, objects)) / number, best / number


def _took(objects: Sequence[bytes], needles: Needles) -> float:
    began = time.process_time()
    for packed in objects:
        seek("", packed, needles)
    return time.process_time() - began


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
