"""What became of a burst."""

from collections import Counter
from dataclasses import dataclass


@dataclass(frozen=True)
class Outcome:
    """What became of a burst."""

    findings: int
    campaigns: int
    lost: list[str]
    incidents: int
    in_two_incidents: int
    recorded: int
    redriven: int
    throttled: int
    cuts: int
    most_cuts_in_an_hour: int
    asked: int
    failed: list[str]
    seconds: float
    write_units: float
    read_units: float
    transitions: int
    invocations: Counter[str]
    log_bytes: int
    calls: Counter[str]
    pages: int
