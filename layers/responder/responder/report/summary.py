"""What happened, in sentences, and what waits for a person."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from responder.domain.approval import ApprovalStatus
from responder.domain.clock import Clock, ClockKind, ClockState, Standing
from responder.domain.question import ONE_BY_ONE
from responder.report import commands
from responder.report.commands import Command
from responder.report.model import Report
from responder.report.order_lines import OrderLine, Stands, next_step, on_silence, why_left
from responder.report.wording import (
    called,
    closed,
    counted,
    in_utc,
    listed,
    plain,
    span,
    there,
    until,
)

_TOUCHED = (Stands.CONTAINED, Stands.CUT, Stands.BEGUN)


class Whose(StrEnum):
    """Who decides. The value is what the reader sees."""

    APPROVERS = "The approvers"
    ON_CALL = "Whoever is on call"
    COUNSEL = "Counsel"


_EACH = f"To be asked about each by itself, deny with the comment: {ONE_BY_ONE}."


@dataclass(frozen=True)
class Decision:
    """Something that only a person can decide, and how they do it."""

    title: str
    why: str
    next_step: str
    whose: Whose = Whose.ON_CALL
    until: datetime | None = None
    commands: tuple[Command, ...] = ()
    address: str | None = None
    each: tuple[str, ...] = ()  # what it is about, where one answer decides about several
    so_far: str = ""  # where several people have to approve: how many did


def what_happened(report: Report) -> list[str]:
    """The findings and the incident."""
    incident = report.incident
    sentences = []
    if report.findings:
        first = min(report.findings, key=lambda finding: (finding.created_at, finding.key))
        sentences.append(
            f"{first.type} was reported in account {first.account} ({first.region}) with"
            f" {first.severity.value} severity: {closed(first.title)}"
        )
        if len(report.findings) > 1:
            sentences.append(f"{len(report.findings)} findings belong to this incident.")
        named = {called(p): None for finding in report.findings for p in finding.principals}
        if named:
            sentences.append(f"Acting in it: {listed(list(named))}.")
    else:
        sentences.append(f"{closed(incident.title)} No finding of it is on record.")
    sentences.append(
        f"The detector first saw it at {in_utc(incident.first_seen_at)}; the incident was opened"
        f" {span(incident.opened_at - incident.first_seen_at)} later,"
        f" at {in_utc(incident.opened_at)}."
    )
    if incident.follows:
        sentences.append(f"It follows {listed(list(incident.follows))}, about the same.")
    if incident.closed is not None:
        over = incident.closed
        sentences.append(f"{over.by} closed it at {in_utc(over.at)}: {closed(over.why)}")
    return sentences


def what_was_cut(report: Report, lines: Sequence[OrderLine]) -> list[str]:
    """How much of it is contained, and since when that is certain."""
    if not lines:
        return ["Nothing was cut, because nothing was planned. Look at the refusals and failures."]
    by_standing = {
        stands: [line for line in lines if line.stands is stands]
        for stands in Stands
        if any(line.stands is stands for line in lines)
    }
    held = by_standing.get(Stands.HELD, [])
    if len(held) == len(lines):
        return [
            f"Nothing was cut: this stack runs in monitor mode."
            f" {counted(len(held), 'order is', 'orders are')} planned and held."
        ]
    sentences = []
    contained = by_standing.get(Stands.CONTAINED, [])
    times = [line.receipt.contained_at for line in contained if line.receipt is not None]
    known = [at for at in times if at is not None]
    if known:
        sentences.append(
            f"{len(contained)} of {counted(len(lines), 'order')}"
            f" {'is' if len(contained) == 1 else 'are'} verified contained: each was read clean"
            f" twice, the last at {in_utc(max(known))},"
            f" {span(max(known) - report.incident.opened_at)} after the incident was opened."
        )
    else:
        sentences.append("Nothing is verified contained.")
    for stands, says in (
        (Stands.CUT, "cut, but not verified yet: do not count on it"),
        (Stands.BEGUN, "begun, and nobody knows yet whether the cut was made"),
        (Stands.WAITING, "waiting for approval"),
        (Stands.PLANNED, "planned and not begun"),
        (Stands.HELD, "held, because the stack was in monitor mode when it was planned"),
        (Stands.LEFT, "left to a person"),
        (Stands.RELEASED, "released: what stood before was put back"),
    ):
        number = len(by_standing.get(stands, []))
        if number:
            sentences.append(f"{counted(number, 'order is', 'orders are')} {says}.")
    return sentences


def what_waits(decisions: Sequence[Decision]) -> str:
    """How much waits for a person."""
    if not decisions:
        return "Nothing waits for a person."
    first = min((one.until for one in decisions if one.until is not None), default=None)
    waits = counted(len(decisions), "decision waits", "decisions wait")
    return f"{waits} for a person" + (f", the first until {in_utc(first)}." if first else ".")


def next_date(report: Report) -> list[str]:
    """The next date the law sets, and any that was missed."""
    sentences = []
    late = missed(report)
    if late:
        names = listed([f"{name_of(clock)} ({owed(clock)})" for clock in late])
        sentences.append(f"Missed: {names}.")
    clock = next_clock(report)
    if clock is None or clock.due_at is None:
        if not report.clocks:
            return ["No legal clock was started. Do not read that as: nothing is owed."]
        return [*sentences, "No clock that is running has a date yet."]
    what = _DATES[clock.kind]
    sentences.append(
        f"The next {what} is {there(clock.due_at, clock.time_zone) or in_utc(clock.due_at)}"
        f" ({until(clock.due_at, now=report.made_at)}): {name_of(clock)}, {clock.standing.value}."
        + (f" Act by {clock.act_by.isoformat()}." if clock.act_by else "")
    )
    return sentences


_DATES = {
    ClockKind.LAW: "legal date",
    ClockKind.CONTRACT: "date, of a contract,",
    ClockKind.POLICY: "date, a target of our own policy,",
}


def missed(report: Report) -> list[Clock]:
    """Clocks that ran out before anybody ended them, our own targets last."""
    late = [clock for clock in report.clocks if clock.state is ClockState.MISSED]
    return sorted(late, key=lambda clock: clock.kind is ClockKind.POLICY)


def owed(clock: Clock) -> str:
    """Whether a clock that ran out is owed, as far as anybody knows."""
    if clock.kind is ClockKind.POLICY:
        return "a target of our own"
    if clock.standing is Standing.PROVISIONAL:
        return "perhaps owed: counsel has not said"
    return "still owed"


def next_clock(report: Report) -> Clock | None:
    """The running clock with the earliest date still to come; our own targets last."""
    running = [
        clock
        for clock in report.clocks
        if clock.state is ClockState.RUNNING
        and clock.due_at is not None
        and clock.due_at > report.made_at
    ]
    binding = [clock for clock in running if clock.kind is not ClockKind.POLICY]
    return min(binding or running, key=_due, default=None)


def name_of(clock: Clock) -> str:
    """California, individuals."""
    return f"{clock.jurisdiction_name}, {clock.recipient_name or plain(clock.recipient)}"


def decisions(report: Report, lines: Sequence[OrderLine]) -> list[Decision]:
    """What a person decides now: what is late, approvals, what was left, then counsel's facts."""
    return [
        *[_late(clock) for clock in missed(report)],
        *[_approval(report, asked) for asked in _questions(lines)],
        *[_left(line) for line in lines if line.stands is Stands.LEFT and not is_denied(line)],
        *[
            Decision(f"Not done by machine: {one.resource}", one.reason, one.next_step)
            for one in report.refusals
        ],
        *_held(lines),
        *_facts(report),
    ]


def contained_from_to(lines: Sequence[OrderLine]) -> tuple[datetime, datetime] | None:
    """When the first and the last order were verified cut; None while anything is open."""
    aimed_at = [line for line in lines if line.stands is not Stands.RELEASED]
    times = [
        line.receipt.contained_at
        for line in aimed_at
        if line.stands is Stands.CONTAINED and line.receipt is not None
    ]
    known = [at for at in times if at is not None]
    return (min(known), max(known)) if known and len(known) == len(aimed_at) else None


def touched(lines: Sequence[OrderLine]) -> list[OrderLine]:
    """Orders that changed something, or may have; released ones are shown apart."""
    return [line for line in lines if line.stands in _TOUCHED]


def is_left(line: OrderLine) -> bool:
    """Whether it is not cut now, and nobody was asked about it."""
    return line.stands in (Stands.LEFT, Stands.HELD, Stands.RELEASED, Stands.PLANNED)


def is_denied(line: OrderLine) -> bool:
    """Whether a person said no to it: then nothing waits."""
    return line.approval is not None and line.approval.status is ApprovalStatus.DENIED


def _late(clock: Clock) -> Decision:
    due = clock.due_at
    return Decision(
        title=f"Missed: {name_of(clock)}",
        why=f"{clock.rule} {clock.citation}. It ran out"
        + (f" at {there(due, clock.time_zone) or in_utc(due)}." if due else "."),
        next_step=f"It is {owed(clock)}. {_owner(clock)}Tell counsel now; send it, and record what"
        " was sent, or record why it is not owed, or is waived.",
        whose=Whose.COUNSEL,
    )


def _owner(clock: Clock) -> str:
    return f"{clock.acknowledged.by} owns it. " if clock.acknowledged is not None else ""


def _questions(lines: Sequence[OrderLine]) -> list[list[OrderLine]]:
    """The orders that wait, those together that one answer decides about."""
    found = dict[str, list[OrderLine]]()
    for line in lines:
        if line.stands is Stands.WAITING:
            group = line.order.group if line.approval is None else line.approval.group
            found.setdefault(group or line.order.order_id, []).append(line)
    return list(found.values())


def _approval(report: Report, asked: Sequence[OrderLine]) -> Decision:
    line = next((one for one in asked if one.approval is not None), asked[0])
    approval = line.approval
    automation_id = approval.automation_id if approval is not None else None
    about, needed = [_asked_about(one) for one in asked], line.order.people_needed
    so_far = list(dict.fromkeys(one.so_far for one in asked))
    several = f"{len(asked)} orders at once" if len(asked) > 1 else line.title
    return Decision(
        title=f"Approve or deny: {several}",
        why="One answer decides about all of them." if len(asked) > 1 else about[0],
        next_step=" ".join(
            filter(
                None,
                (
                    f"{needed} different people have to approve." if needed > 1 else "",
                    on_silence(asked),
                    _EACH if len(asked) > 1 else "",
                ),
            )
        ),
        whose=Whose.APPROVERS,
        until=min((one.approval.expires_at for one in asked if one.approval), default=None),
        commands=tuple(commands.decide(report.here, automation_id)) if automation_id else (),
        address=commands.console(report.here, automation_id) if automation_id else None,
        each=tuple(
            f"{one.order.order_id}: {one.title}. "
            + (f"{one.so_far} " if len(so_far) > 1 else "")
            + text
            for one, text in zip(asked, about, strict=True)
            if len(asked) > 1
        ),
        so_far=so_far[0] if len(so_far) == 1 else "How many said yes differs from order to order.",
    )


def _asked_about(line: OrderLine) -> str:
    return f"{line.subject[:1].upper()}{line.subject[1:]}. {line.order.reason}" + (
        f" What else uses it: {line.used}" if line.used else ""
    )


def _left(line: OrderLine) -> Decision:
    return Decision(
        title=f"Left to a person: {line.title}, {line.subject}",
        why=why_left(line),
        next_step=next_step(line),
        commands=(line.undo,) if line.undo is not None else (),
    )


def _held(lines: Sequence[OrderLine]) -> list[Decision]:
    held = [line for line in lines if line.stands is Stands.HELD]
    if not held:
        return []
    what = listed([f"{line.title} ({line.subject})" for line in held])
    return [
        Decision(
            "Monitor mode held every cut" if len(held) == len(lines) else "Some cuts were held",
            f"Planned and not carried out: {what}.",
            "If the finding is real, cut these by hand now. Mode=respond lets the stack do it.",
        )
    ]


def _facts(report: Report) -> list[Decision]:
    unsure = [
        clock
        for clock in report.clocks
        if clock.standing is Standing.PROVISIONAL
        and clock.state in (ClockState.RUNNING, ClockState.WAITING, ClockState.MISSED)
    ]
    if not unsure:
        return []
    return [
        Decision(
            "Counsel: record the facts that the law counts from",
            f"{counted(len(unsure), 'clock is', 'clocks are')} provisional: counted from the"
            " earliest instant we know, and assuming that personal data was taken. No date of a"
            " law moves later without a person and a reason, and each earlier one stays on record.",
            "Record when the breach was discovered and determined, which data it touched, and how"
            " many people live in each state.",
            whose=Whose.COUNSEL,
        )
    ]


def _due(clock: Clock) -> datetime:
    assert clock.due_at is not None
    return clock.due_at
