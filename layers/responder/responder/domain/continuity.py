"""A clock that was counted again: the new answer, and everything that happened to it before.

No date moves silently, and none that a law sets moves later without a person and a reason. What
changes because time passed, a finding came or the law in this release is another one, leaves the
earlier of the two dates standing and says so; a person may accept the later one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from responder.domain.clock import Change, Clock, ClockKind, ClockState
from responder.domain.escaping import one_line
from responder.domain.facts import Fact
from responder.domain.statement import Accepted, AnchorName, Extended

MOST_CHANGES = 50  # of about 1.7 KB at most: an item holds 400 KB (DynamoDB, "Constraints")
_LONGEST = 700  # characters of one part of a change
_LATEST = datetime.max.replace(tzinfo=UTC)  # a clock without a date is later than any with one


@dataclass(frozen=True)
class Heard:
    """What people said since a clock was last counted, and what it would be without that."""

    total: int = 0  # statements on record in all
    new: Sequence[Fact] = ()
    due_without: datetime | None = None  # by today's rules, from what was known before `new`

    @property
    def by(self) -> str:
        """Whoever said something, the first first."""
        return ", ".join(dict.fromkeys(fact.by for fact in self.new))


def is_later(due: datetime | None, than: datetime | None) -> bool:
    """Whether a date is later than another. None, no date at all, is later than every date."""
    return (due or _LATEST) > (than or _LATEST)


def continued(before: Clock, counted: Clock, *, now: datetime, heard: Heard) -> Clock:
    """`counted`, with the past of `before`. What changed is kept, with the reason and the person.

    A date that moves, and an answer taken back, are told anew, as if the clock had just started.
    The same count again changes nothing.
    """
    reason = _reason(before.clock_id, counted.due_at, heard)
    if _must_stay(before, counted) and reason is None:
        counted = _kept(before, counted, now)
    again = before.ended_at is not None and counted.ended_at is None
    moved = again or before.due_at != counted.due_at
    after = counted.model_copy(
        update={
            "started_at": before.started_at,
            "milestones_sent": before.milestones_sent,
            "milestones_skipped": before.milestones_skipped,
            "asked_at": before.asked_at,
            "told_missed_at": before.told_missed_at,
            "heard": heard.total,
            "moves": before.moves,
            "history": before.history,
            "history_left_out": before.history_left_out,
        }
    )
    what = _what(before, after, now)
    if not what:
        return after
    said = [line for line in after.why if line not in before.why] or after.why[:2]
    change = Change(
        at=now,
        what=one_line(" ".join(what), _LONGEST),
        why=one_line(" ".join([*([reason] if reason else []), *said]), _LONGEST),
        by=one_line(heard.by, 200),
        moved=moved,
    )
    return after.model_copy(update=_with(change, before, now))


def _with(change: Change, before: Clock, now: datetime) -> dict[str, object]:
    """The history with one more; beyond the bound, the second is left out and counted."""
    history = (*before.history, change)
    over = max(0, len(history) - MOST_CHANGES)
    kept: dict[str, object] = {
        "history": (*history[:1], *history[1 + over :]),
        "history_left_out": before.history_left_out + over,
    }
    if change.moved:
        kept |= {
            "milestones_sent": (),
            "milestones_skipped": (),
            "told_missed_at": {},
            "moves": before.moves + 1,
        }
        if before.due_at is None:
            kept["started_at"] = now  # it had no date to count towards before
    return kept


def is_firm(clock: Clock) -> bool:
    """Whether its date may not move later without a reason: no target, and no plan, of our own."""
    planned = clock.anchor.name == AnchorName.INDIVIDUAL_NOTICE_PLANNED
    return clock.kind is not ClockKind.POLICY and not planned


def _must_stay(before: Clock, counted: Clock) -> bool:
    return is_firm(before) and is_later(counted.due_at, before.due_at)


def _reason(clock_id: str, due: datetime | None, heard: Heard) -> str | None:
    """Why a person let the date of a clock move later; None if nobody did."""
    for fact in reversed(heard.new):
        claims: tuple[Accepted | Extended, ...] = (*fact.said.accepted, *fact.said.extended)
        for claim in claims:
            if claim.clock_id == clock_id:
                return f"{fact.by} let it move: {claim.reason_given}"
    if not is_later(due, heard.due_without):
        return None  # nothing that was said moved it later
    for fact in reversed(heard.new):
        if fact.said.reason_to_move is not None:
            return f"{fact.by} let it move: {fact.said.reason_to_move}"
    return None


def _kept(before: Clock, counted: Clock, now: datetime) -> Clock:
    """The earlier date, while nobody accepted the later one."""
    due = before.due_at
    assert due is not None  # nothing is later than no date
    state = counted.state
    if counted.is_open:
        state = ClockState.MISSED if now > due else ClockState.RUNNING
    said = (
        f"By the rules and findings as they are now it would be {_told(counted.due_at)}. No person"
        f" asked for a later date, so {_told(due)} stands; record `accepted` for this clock to"
        " move it."
    )
    return counted.model_copy(
        update={
            "kind": before.kind,
            "line": before.line,
            "due_at": due,
            "act_by": before.act_by,
            "time_zone": before.time_zone,
            "state": state,
            "later_at": counted.due_at,
            "why": (*counted.why, said),
            "ask_from": None,
        }
    )


def _what(before: Clock, after: Clock, now: datetime) -> list[str]:
    changed = []
    again = before.ended_at is not None and after.ended_at is None
    if again:
        changed.append(f"{before.state.value} until {_told(now)}, then open again.")
    if before.due_at != after.due_at:
        moved = f"{_told(before.due_at)} until {_told(now)}, then {_told(after.due_at)}"
        if before.due_at is not None and after.due_at is not None:
            moved += ", later" if after.due_at > before.due_at else ", earlier"
        changed.append(f"{moved}.")
    if before.state is not after.state and not again:
        changed.append(f"{before.state.value} until {_told(now)}, then {after.state.value}.")
    owner = after.acknowledged
    if owner is not None and owner != before.acknowledged:
        changed.append(f"Owned by {owner.by} since {_told(owner.at)}.")
    if before.standing is not after.standing:
        changed.append(f"{before.standing.value}, then {after.standing.value}.")
    if (before.rule, before.citation) != (after.rule, after.citation):
        changed.append(f"Before: {before.rule} {before.citation}.")
    if not changed and set(before.why) != set(after.why):
        gone = [line for line in before.why if line not in after.why]
        changed.append(f"Counted otherwise. Before: {' '.join(gone) or 'nothing of this.'}")
    return changed


def _told(at: datetime | None) -> str:
    return "no date" if at is None else at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
