"""What a drill proved: each rule with what was seen, and what stood in the account at the end."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from responder.domain.clock import Clock
from responder.domain.evidence import EvidenceItem


@dataclass(frozen=True)
class Check:
    """One rule of the scenario, whether it held, and what was seen."""

    rule: str
    holds: bool
    seen: str


@dataclass(frozen=True)
class DrillResult:
    """The end of one drill. Everything but `checks` was read from the pretend account."""

    checks: tuple[Check, ...]
    incident_ids: tuple[str, ...]
    found_at: datetime | None  # when the first finding was delivered
    contained_at: tuple[datetime, ...]  # when each order was read clean twice; all, or none of them
    evidence: tuple[EvidenceItem, ...]  # the most volatile first
    manifest_sha256: tuple[str, ...]  # one for each generation
    clocks: tuple[Clock, ...]
    undo: Mapping[str, str]  # what was cut, and the command that undoes it
    report: Path | None
    faked: tuple[str, ...]
    set_aside: Mapping[str, int]  # why properties of the templates have no effect here; how many
    effects: tuple[str, ...]  # what the run changed, for comparing one run with another
    now: datetime  # on the virtual clock
    took: timedelta  # on a real one

    @property
    def holds(self) -> bool:
        """Whether every rule held. A drill without rules proved nothing."""
        return bool(self.checks) and all(check.holds for check in self.checks)
