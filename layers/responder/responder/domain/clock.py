"""The countdown that one rule starts for one incident."""

from datetime import UTC, date, datetime
from enum import StrEnum

from pydantic import AwareDatetime, BaseModel, ConfigDict

from responder.domain.identifiers import IncidentId


class ClockKind(StrEnum):
    """Where a date comes from."""

    LAW = "law"
    CONTRACT = "contract"  # agreed: card brands, insurers, customers
    POLICY = "policy"  # our own target where the law names no number of days


class Standing(StrEnum):
    """How sure the facts behind a clock are."""

    PROVISIONAL = "provisional"  # from the first finding, before anybody determined anything
    CONFIRMED = "confirmed"  # counsel recorded the facts


class ClockState(StrEnum):
    """Where a clock stands."""

    RUNNING = "running"
    WAITING = "waiting"  # its anchor has not happened yet, so it has no date
    FULFILLED = "fulfilled"
    NOT_OWED = "not-owed"
    MISSED = "missed"  # ran out; still owed, and still open until a person fulfils it


class Anchor(BaseModel):
    """The instant a countdown is counted from, and what it stands for in the rule."""

    model_config = ConfigDict(frozen=True)

    name: str  # a clock name of the regime data: discovery, determination, individual_notice_sent
    at: AwareDatetime | None = None
    assumed: bool = False  # True: nobody recorded it; the earliest known instant stands in


class Clock(BaseModel):
    """One deadline, with where it comes from. `due_at` is the last instant, in UTC."""

    model_config = ConfigDict(frozen=True)

    clock_id: str  # stable for one rule in one incident, for example us-ca-individuals
    incident_id: IncidentId
    jurisdiction: str  # US-CA
    jurisdiction_name: str
    recipient: str  # individuals, attorney_general
    recipient_name: str
    kind: ClockKind
    standing: Standing
    state: ClockState
    line: str = ""  # the whole of it on one line, as counsel would write it
    rule: str  # in one sentence: what must be done within what, counted from what
    citation: str
    sources: tuple[str, ...]
    confidence: str
    verified_on: date | None
    anchor: Anchor
    due_at: AwareDatetime | None  # None: no number in law and no policy target, or still waiting
    act_by: date | None  # last business day on or before the limit
    time_zone: str = "UTC"  # IANA name of the zone whose day ends at `due_at`, to show it there
    why: tuple[str, ...]  # each step of the reasoning, as a sentence
    started_at: AwareDatetime  # when we started counting, for the share that has passed
    milestones_sent: tuple[str, ...] = ()
    milestones_skipped: tuple[str, ...] = ()  # passed while a more urgent one was already due
    ask_from: AwareDatetime | None = (
        None  # no date, though one is expected: ask each week from then
    )
    asked_at: AwareDatetime | None = None  # when people were last asked
    ended_at: AwareDatetime | None = None
    ended_by: str | None = None
    history: tuple[str, ...] = ()  # each earlier date, with when and why it changed


def continued(before: Clock, counted: Clock, *, now: datetime) -> Clock:
    """A clock that was counted again: the new answer, and everything that happened to it before.

    A date that moves, and an answer taken back, are kept in the history with the reason, and people
    are told as if the clock had just started: no date moves silently.
    """
    kept = {
        "started_at": before.started_at,
        "milestones_sent": before.milestones_sent,
        "milestones_skipped": before.milestones_skipped,
        "asked_at": before.asked_at,
        "history": before.history,
    }
    again = before.ended_at is not None and counted.ended_at is None
    if before.due_at == counted.due_at and not again:
        return counted.model_copy(update=kept)
    changes = []
    if again:
        changes.append(f"{before.state.value} until {_told(now)}, then open again.")
    if before.due_at != counted.due_at:
        moved = f"{_told(before.due_at)} until {_told(now)}, then {_told(counted.due_at)}"
        if before.due_at is not None and counted.due_at is not None:
            moved += ", later" if counted.due_at > before.due_at else ", earlier"
        changes.append(f"{moved}.")
    kept |= {
        "milestones_sent": (),
        "milestones_skipped": (),
        "history": (*before.history, " ".join([*changes, *counted.why[:2]])),
    }
    if before.due_at is None:
        kept["started_at"] = now  # it had no date to count towards before
    return counted.model_copy(update=kept)


def _told(at: datetime | None) -> str:
    return "no date" if at is None else at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
