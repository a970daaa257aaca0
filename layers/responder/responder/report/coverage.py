"""What was looked at, and what was not: nobody is told that nothing happened where none looked."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from responder.report.model import Looked, Report


class Seen(StrEnum):
    """How far a collector came. The value is what the reader sees."""

    WHOLE = "kept"
    WITH_GAPS = "kept, with gaps"
    NOTHING = "nothing was kept"
    UNFINISHED = "had not come to its end when this page was made"
    NOT_CALLED_FOR = "not called for: no finding names such a thing"


@dataclass(frozen=True)
class Line:
    """One collector, with what its items cover, and what they and it do not show."""

    title: str
    collector_id: str
    seen: Seen
    items: int
    covers: tuple[str, ...]
    gaps: tuple[str, ...]
    limits: tuple[str, ...]
    failures: tuple[str, ...]


def lines(report: Report) -> list[Line]:
    """Every collector there is, in its order; those that nothing called for come last."""
    every = [_line(report, one) for one in report.looked]
    return sorted(every, key=lambda line: line.seen is Seen.NOT_CALLED_FOR)


def summary(every: Sequence[Line]) -> str:
    """How much of it has a gap, as a sentence."""
    asked = [one for one in every if one.seen is not Seen.NOT_CALLED_FOR]
    unfinished = [one for one in asked if one.seen is Seen.UNFINISHED]
    short = [one for one in asked if one.seen in (Seen.WITH_GAPS, Seen.NOTHING)]
    if not asked:
        return "No collector was called for."
    if not short and not unfinished:
        return f"All {len(asked)} kinds of evidence that were called for were kept without a gap."
    going_on = (
        f" {len(unfinished)} had not come to {'its' if len(unfinished) == 1 else 'their'} end when"
        " this page was made."
        if unfinished
        else ""
    )
    return (
        f"Of {len(asked)} kinds of evidence that were called for, {len(short)} "
        f"{'has' if len(short) == 1 else 'have'} gaps.{going_on} Where nobody looked, nobody can "
        "say that nothing happened."
    )


def _line(report: Report, one: Looked) -> Line:
    items = [item for item in report.evidence if item.collector_id == one.collector_id]
    gaps = tuple(dict.fromkeys(gap for item in items for gap in item.gaps))
    if one.called_for and not one.ended:
        seen = Seen.UNFINISHED
    elif items:
        seen = Seen.WITH_GAPS if gaps or one.failures else Seen.WHOLE
    else:
        seen = Seen.NOTHING if one.called_for else Seen.NOT_CALLED_FOR
    return Line(
        title=one.title,
        collector_id=one.collector_id,
        seen=seen,
        items=len(items),
        covers=tuple(dict.fromkeys(item.covers for item in items)),
        gaps=gaps,
        limits=one.limits if items else (),
        failures=one.failures,
    )
