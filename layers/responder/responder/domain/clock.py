"""The countdown that one rule starts for one incident, and what happened to it so far."""

from datetime import date
from enum import StrEnum

from pydantic import AwareDatetime, ConfigDict, Field

from responder.domain.identifiers import IncidentId
from responder.domain.model import Model


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
    NOT_OWED = "not-owed"  # the law does not ask it of us this time
    WAIVED = "waived"  # it may be owed; counsel decided not to pursue it
    MISSED = "missed"  # ran out; still owed, and still open until a person fulfils it


class Anchor(Model):
    """The instant a countdown is counted from, and what it stands for in the rule."""

    model_config = ConfigDict(frozen=True)

    name: str  # a clock name of the regime data: discovery, determination, individual_notice_sent
    at: AwareDatetime | None = None
    assumed: bool = False  # True: nobody recorded it; the earliest known instant stands in


class Acknowledgement(Model):
    """Somebody said "seen, I own it". It ends nothing, and no date moves by it."""

    model_config = ConfigDict(frozen=True)

    by: str
    at: AwareDatetime
    why: str | None = None


class Change(Model):
    """What one count changed on a clock, why, and by whose statement."""

    model_config = ConfigDict(frozen=True)

    at: AwareDatetime
    what: str  # each value before and after it, as sentences
    why: str
    by: str = ""  # empty: no person; time passed, a finding came, or the release changed
    moved: bool = False  # the date moved, or it counts again: reminders begin anew

    @property
    def text(self) -> str:
        """All of it as people read it."""
        whose = f" By {self.by}." if self.by else ""
        return " ".join(part for part in (self.what + whose, self.why) if part)


class Clock(Model):
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
    held: bool = False  # an agency holds it, or held it, or what it is bound to
    ask_from: AwareDatetime | None = (
        None  # no date, though one is expected: ask each week from then
    )
    asked_at: AwareDatetime | None = None  # when people were last asked
    told_missed_at: dict[str, AwareDatetime] = Field(default_factory=dict)  # by audience, the last
    acknowledged: Acknowledgement | None = None
    ended_at: AwareDatetime | None = None
    ended_by: str | None = None
    ended_how: str | None = None  # the proof that it was done, or why it is not pursued
    # A later date that the rules now give and no person accepted: `due_at` is the earlier one.
    later_at: AwareDatetime | None = None
    heard: int = 0  # how many statements about the incident were on record when it was counted
    moves: int = 0  # how often its reminders began anew
    history: tuple[Change, ...] = ()  # the first, and the latest of the others
    history_left_out: int = 0  # changes after the first that are not in `history` any more

    @property
    def is_open(self) -> bool:
        """Whether it may still be owed: nothing ended it."""
        return self.state in _OPEN

    @property
    def is_owned(self) -> bool:
        """Whether somebody acknowledged that it was missed.

        What was said before it ran out does not count: they owned a deadline, and missed it.
        """
        seen, due = self.acknowledged, self.due_at
        return seen is not None and due is not None and seen.at > due


_OPEN = (ClockState.RUNNING, ClockState.WAITING, ClockState.MISSED)
