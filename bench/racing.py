"""Runs engines side by side, round by round, and says whether what was promised was reached.

What is measured is the time that the process computed, not what passed: others may use the
machine meanwhile. Medians of the rounds are compared, so only ratios mean anything. A promise that
is missed is printed as such; what fails is a run in which engines answer differently.
"""

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from rich.console import Console
from rich.progress import track
from rich.table import Table

MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Promise:
    """How many times better something has to be, or, where it is `most`, at most may be."""

    what: str
    ratio: float
    bound: float
    most: bool = False

    @property
    def kept(self) -> bool:
        """Whether it was reached."""
        return self.ratio <= self.bound if self.most else self.ratio >= self.bound


class Differing(Exception):
    """Two engines did not give the same answer: their times mean nothing."""


# What an engine answers: nothing, if it is a limit and no engine. One that runs in a process of its
# own says how long that one computed.
type Answer = str | tuple[str, float] | None


def race(engines: Mapping[str, Callable[[], Answer]], rounds: int) -> dict[str, float]:
    """Seconds that each took, in the median. Raises `Differing` if not all answered the same."""
    took: dict[str, list[float]] = {name: [] for name in engines}
    answers = dict[str, str]()
    bar = Console(stderr=True)
    for _ in track(range(rounds), "Racing", console=bar, transient=True):
        for name, engine in engines.items():
            began = time.process_time()
            answer = engine()
            seconds = time.process_time() - began
            if isinstance(answer, tuple):
                answer, seconds = answer
            took[name].append(seconds)
            if answer is not None and answers.setdefault(name, answer) != answer:
                raise Differing(f"{name} gave two answers")
    if len(set(answers.values())) > 1:
        raise Differing(", ".join(f"{name}: {answer}" for name, answer in answers.items()))
    return {name: statistics.median(seconds) for name, seconds in took.items()}


def show(title: str, seconds: Mapping[str, float], megabytes: float, *against: str) -> None:
    """Each engine, and how many times as fast as others."""
    table = Table("engine", "MB/s", *(f"x {name}" for name in against), title=title)
    for name, took in seconds.items():
        times = (f"{seconds[one] / took:.2f}" for one in against)
        table.add_row(name, f"{megabytes / took:.0f}", *times)
    Console().print(table)


def verdict(title: str, *promises: Promise) -> None:
    """Print which promises were kept, and which were not."""
    table = Table("what", "ratio", "floor", "verdict", title=title)
    for one in promises:
        sign = "at most " if one.most else "at least "
        told = "kept" if one.kept else "MISSED"
        table.add_row(one.what, f"{one.ratio:.2f}", f"{sign}{one.bound:g}", told)
    Console().print(table)
