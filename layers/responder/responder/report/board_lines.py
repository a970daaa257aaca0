"""How incidents, and what waits in them, are put to whoever is on call: the most urgent first."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum

from responder.domain.clock import Clock, ClockKind
from responder.domain.custody import NOT_COLLECTED, verify_chain
from responder.domain.escalation import Escalation
from responder.domain.escaping import one_line
from responder.report import order_lines, summary
from responder.report.board import Case
from responder.report.model import Report
from responder.report.order_lines import OrderLine, Stands
from responder.report.summary import Decision, Whose
from responder.report.wording import counted, in_utc, until

_NEVER = datetime.max.replace(tzinfo=UTC)


class Pressure(StrEnum):
    """Why an incident stands where it stands in the list. The value is what the reader sees."""

    ASKED = "waits for an answer"
    MISSED = "a date was missed"
    LEFT = "left to a person"
    UNSURE = "not contained yet"
    UNANSWERED = "nobody answered the page"
    HELD = "held: monitor mode"
    RELEASED = "released"
    DENIED = "denied: nothing was cut"
    CONTAINED = "contained"
    NOTHING = "nothing was planned"


_LONGEST_NAME = 100  # of whoever answered
_PRESSURES = list(Pressure)
CALM = (Pressure.RELEASED, Pressure.DENIED, Pressure.CONTAINED, Pressure.NOTHING)
# As a reader looks for them: what a person can still do something about first.
_CUTS = (
    Stands.WAITING,
    Stands.LEFT,
    Stands.BEGUN,
    Stands.CUT,
    Stands.PLANNED,
    Stands.HELD,
    Stands.CONTAINED,
    Stands.RELEASED,
)


@dataclass(frozen=True)
class CaseLine:
    """One incident, as far as a list of many shows it."""

    report: Report
    lines: tuple[OrderLine, ...]
    decisions: tuple[Decision, ...]
    pressure: Pressure
    asked_until: datetime | None
    next_clock: Clock | None
    missed: tuple[Clock, ...]
    page: str  # whether somebody answered it; empty where nobody was called

    @property
    def contained(self) -> int:
        """How many orders are verified."""
        return sum(line.stands is Stands.CONTAINED for line in self.lines)


@dataclass(frozen=True)
class Wait:
    """Something that waits for a person: in one incident, or the same in several."""

    decision: Decision
    incident_ids: tuple[str, ...]


@dataclass(frozen=True)
class Cut:
    """One order with the incident it belongs to."""

    line: OrderLine
    report: Report

    @property
    def since(self) -> datetime | None:
        """Since when it stands so, where that is on record."""
        receipt, approval = self.line.receipt, self.line.approval
        if receipt is not None:
            return {
                Stands.CONTAINED: receipt.contained_at,
                Stands.CUT: receipt.applied_at,
                Stands.BEGUN: receipt.observed_at,
                Stands.RELEASED: receipt.released_at,
            }.get(self.line.stands)
        if self.line.stands is Stands.WAITING and approval is not None:
            return approval.requested_at
        return None


@dataclass(frozen=True)
class Kept:
    """The evidence of one incident, at a glance."""

    report: Report
    gaps: int  # items that do not show all they might
    not_collected: int
    fault: str | None  # where the chain of custody is broken
    rehashed: str
    wrong: int
    is_well: bool


def cases(every: Iterable[Case]) -> list[CaseLine]:
    """Each incident, the most urgent first."""
    return sorted(map(case_line, every), key=_urgency)


def case_line(case: Case) -> CaseLine:
    """One incident."""
    report, escalation = case.report, case.escalation
    lines = order_lines.lines(report)
    missed = [one for one in summary.missed(report) if one.kind is not ClockKind.POLICY]
    decisions = summary.decisions(report, lines)
    ends = [one.until for one in decisions if one.until is not None]
    return CaseLine(
        report=report,
        lines=tuple(lines),
        decisions=tuple(decisions),
        pressure=_pressure(case, lines, missed),
        asked_until=min(ends, default=None),
        next_clock=summary.next_clock(report),
        missed=tuple(missed),
        page=_page(escalation) if escalation is not None else "",
    )


def is_unanswered(case: Case) -> bool:
    """Whether somebody was called, and nobody said that they have it in hand."""
    return case.escalation is not None and case.escalation.acknowledged is None


def waits(every: Sequence[CaseLine]) -> dict[Whose, list[Wait]]:
    """What waits, by whom for; what ends first is first. The same in several incidents is one."""
    found = dict[Whose, dict[object, Wait]]()
    for case in every:
        for decision in case.decisions:
            group = found.setdefault(decision.whose, {})
            is_single = bool(decision.commands) or decision.whose is Whose.APPROVERS
            key = object() if is_single else (decision.title, decision.next_step)
            wait = group.get(key, Wait(decision, ()))
            group[key] = replace(wait, incident_ids=(*wait.incident_ids, case.report.incident.id))
    return {
        whose: sorted(found[whose].values(), key=lambda one: one.decision.until or _NEVER)
        for whose in Whose
        if whose in found
    }


def cuts(every: Iterable[CaseLine]) -> list[Cut]:
    """Every order, those first that a person can still do something about."""
    found = [Cut(line, case.report) for case in every for line in case.lines]
    return sorted(found, key=lambda cut: _CUTS.index(cut.line.stands))


def tally(every: Iterable[Cut]) -> dict[Stands, int]:
    """How many orders stand how; only what there is."""
    stands = [cut.line.stands for cut in every]
    return {one: stands.count(one) for one in _CUTS if one in stands}


def kept(case: Case, *, now: datetime) -> Kept:
    """How the evidence of one incident is."""
    report, rehash = case.report, case.rehash
    wrong = len(rehash.unanswered) if rehash is not None else 0
    gaps = sum(bool(item.gaps) for item in report.evidence)
    fault = verify_chain(report.custody) if report.custody else None
    not_collected = {one.subject for one in report.custody if one.event == NOT_COLLECTED}
    return Kept(
        report=report,
        gaps=gaps,
        not_collected=len(not_collected),
        fault=fault,
        rehashed=_rehashed(case, now),
        wrong=wrong,
        is_well=bool(report.seals) and not (wrong or gaps or fault or not_collected),
    )


def _rehashed(case: Case, now: datetime) -> str:
    rehash = case.rehash
    if rehash is None:
        return "Not planned: nothing was sealed yet"
    if rehash.last_began_at is None:
        late = "" if rehash.due_at > now else ", and late"
        return f"First round {until(rehash.due_at, now=now)}{late}"
    if rehash.unanswered:
        return f"{counted(len(rehash.unanswered), 'version')} not as recorded: look at once"
    late = ", and the next round is late" if rehash.due_at < now else ""
    return f"As recorded at {in_utc(rehash.last_began_at)}{late}"


def _page(escalation: Escalation) -> str:
    if escalation.acknowledged is not None:
        return f"answered by {one_line(escalation.acknowledged.by, _LONGEST_NAME)}"
    called = f"called {counted(len(escalation.calls), 'time')}"
    return f"{called}, nobody answered" + ("" if escalation.is_over else " yet")


def _pressure(case: Case, lines: Sequence[OrderLine], missed: Sequence[Clock]) -> Pressure:
    report = case.report
    stands = {line.stands for line in lines}
    left = [line for line in lines if line.stands is Stands.LEFT]
    holds = {
        Pressure.ASKED: Stands.WAITING in stands,
        Pressure.MISSED: bool(missed),
        Pressure.LEFT: any(not summary.is_denied(line) for line in left) or bool(report.refusals),
        Pressure.UNSURE: bool(stands & {Stands.BEGUN, Stands.CUT, Stands.PLANNED}),
        Pressure.UNANSWERED: is_unanswered(case),
        Pressure.HELD: Stands.HELD in stands,
        Pressure.CONTAINED: Stands.CONTAINED in stands,
        Pressure.RELEASED: Stands.RELEASED in stands,
        Pressure.DENIED: bool(stands),
    }
    return next((one for one, is_so in holds.items() if is_so), Pressure.NOTHING)


def _urgency(case: CaseLine) -> tuple[int, datetime, int, datetime, str]:
    due = case.next_clock.due_at if case.next_clock is not None else None
    return (
        _PRESSURES.index(case.pressure),
        case.asked_until or _NEVER,
        -case.report.incident.severity.rank,
        due or _NEVER,
        case.report.incident.id,
    )
