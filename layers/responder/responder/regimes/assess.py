"""Which laws may oblige us, and by when: facts and law in, clocks out. Pure, and not legal advice.

Not knowing is never good news: a threshold nobody counted is taken as met, and an instant nobody
recorded is replaced by the earliest one we know. Only a recorded number or a person's answer ends a
clock; what kind of data it was, or that it was encrypted, is shown and left to counsel.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from responder.domain.clock import Anchor, Clock, ClockKind, ClockState, Standing
from responder.domain.facts import Facts, Said
from responder.domain.statement import AnchorName, Extended, Fulfilled, NotOwed, Reopened
from responder.regimes.anchor import find, first_letter, instant
from responder.regimes.counting import end_of_day, last_business_day, limit, trigger_day
from responder.regimes.regime import STALE_AFTER, NotLaterThan, Regime, Rule, Unit, Within
from responder.regimes.unlisted import unlisted

COUNT = "count"  # what ended a clock that no person answered: the number of people was too small
_GONE = "The rule of this clock is no longer in this release: its date stands, and counsel decides."


@dataclass(frozen=True)
class _Counted:
    """A date, or none while its anchor has not happened, and how it came about."""

    anchor: Anchor
    due_at: datetime | None
    why: tuple[str, ...]


@dataclass(frozen=True)
class _Ended:
    state: ClockState
    at: datetime
    by: str
    why: str


def assess(facts: Facts, regimes: Sequence[Regime], *, now: datetime) -> list[Clock]:
    """A clock for each duty that the facts may give rise to, as it stands at `now`.

    The same facts give the same clocks, but for what `now` decides: running or missed.
    """
    known = {regime.jurisdiction: regime for regime in regimes}
    clocks: list[Clock] = []
    for place in facts.places:
        regime = known.get(place)
        if regime is None:
            clocks.append(unlisted(place, facts, now=now))
        else:
            clocks += _of(regime, facts, now)
    return clocks


def _of(regime: Regime, facts: Facts, now: datetime) -> list[Clock]:
    clocks: list[Clock] = []
    dated: dict[str, _Counted] = {}
    for rule in regime.rules:
        if rule.condition is not None and rule.condition not in facts.conditions:
            continue
        counted = _extended(_counted(rule, regime, facts, dated), rule, facts)
        dated[rule.id] = counted
        clocks.append(_clock(rule, regime, facts, counted, now))
    return [_asking(clock, clocks) for clock in clocks]


def _asking(clock: Clock, clocks: Sequence[Clock]) -> Clock:
    """One that waits for letters is asked about once the individuals' own time is over."""
    name = AnchorName.INDIVIDUAL_NOTICE_SENT
    if clock.state is not ClockState.WAITING or clock.anchor.name != name:
        return clock
    over = [one.ended_at or one.due_at for one in clocks if one.recipient == "individuals"]
    ask_from = min((at for at in over if at is not None), default=None)
    return clock.model_copy(update={"ask_from": ask_from})


def answered(clock: Clock, facts: Facts, *, now: datetime) -> Clock:
    """A clock whose rule is gone: its date as it was, its state by the answers and the time."""
    told = facts.answers.get(clock.clock_id)
    if told is None and clock.ended_at is not None:
        return clock  # a number ended it, and nobody opened it again
    ended = None
    if told is not None and not isinstance(told.value, Reopened):
        ended = _answered(told.value, told, clock.due_at)
    why = [*clock.why, _GONE, *([ended.why] if ended else [])]
    return clock.model_copy(
        update={
            "standing": Standing.CONFIRMED if ended else Standing.PROVISIONAL,
            "state": ended.state if ended else _state(clock.due_at, now),
            "why": tuple(dict.fromkeys(why)),
            "ended_at": ended.at if ended else None,
            "ended_by": ended.by if ended else None,
        }
    )


def _clock(rule: Rule, regime: Regime, facts: Facts, counted: _Counted, now: datetime) -> Clock:
    due = counted.due_at
    act_by = None if due is None else last_business_day(due.astimezone(regime.zone).date())
    met, threshold = _threshold(rule, regime, facts)
    ended = _ended(rule, facts, met, due)
    known = due is not None and met is not None and not counted.anchor.assumed
    sure = ended is not None or known
    why = [*counted.why, *_act_by(due, act_by, regime.zone), threshold, *_data(regime, facts)]
    why += [ended.why] if ended else []
    why += _unasked(rule, regime, facts) + _trust(regime, now)
    return Clock(
        clock_id=rule.id,
        incident_id=facts.incident_id,
        jurisdiction=regime.jurisdiction,
        jurisdiction_name=regime.name,
        recipient=rule.recipient,
        recipient_name=rule.recipient_name,
        kind=ClockKind.LAW if rule.due else ClockKind.POLICY,
        standing=Standing.CONFIRMED if sure else Standing.PROVISIONAL,
        state=ended.state if ended else _state(due, now),
        rule=rule.rule,
        citation=rule.citation,
        sources=tuple(source.url for source in regime.sources),
        confidence=regime.confidence,
        verified_on=regime.verified_on,
        anchor=counted.anchor,
        due_at=due,
        act_by=act_by,
        time_zone=regime.time_zone,
        why=tuple(why),
        started_at=now,
        ended_at=ended.at if ended else None,
        ended_by=ended.by if ended else None,
    )


def _state(due: datetime | None, now: datetime) -> ClockState:
    if due is None:
        return ClockState.WAITING
    return ClockState.MISSED if now > due else ClockState.RUNNING


def _counted(rule: Rule, regime: Regime, facts: Facts, dated: dict[str, _Counted]) -> _Counted:
    """The earliest date that any of the rule's limits gives."""
    limits: Sequence[Within | NotLaterThan] = rule.due or ([rule.target] if rule.target else [])
    found = [
        _with_them(dated[one.not_later_than], regime, facts)
        if isinstance(one, NotLaterThan)
        else _within(one, regime, facts, law=bool(rule.due))
        for one in limits
    ]
    latest = datetime.max.replace(tzinfo=UTC)
    return min(found, key=lambda counted: counted.due_at or latest)


def _within(span: Within, regime: Regime, facts: Facts, *, law: bool) -> _Counted:
    found = find(span.after, regime, facts)
    anchor, said = found.anchor, found.said
    unit = span.unit.replace("_", " ")
    whose = "" if law else "The law names no number; this is a target of our own. "
    if found.at is None:
        return _Counted(anchor, None, (said, f"{whose}{span.within} {unit} are counted from then."))
    due = limit(span, found.at, regime.zone)
    if span.unit is Unit.HOURS:
        count = f"{span.within} hours, elapsed, after it is {instant(due)}."
    else:
        first, last = trigger_day(found.at, regime.zone), due.astimezone(regime.zone).date()
        there = found.at.astimezone(regime.zone).date()
        where = (
            f" in {regime.time_zone}"
            if first == there
            else f" where it was recorded, {there} in {regime.time_zone},"
        )
        count = f"{span.within} {unit} after {first}{where} is {last}, to the end of that day."
    return _Counted(anchor, due, (said, whose + count))


def _with_them(residents: _Counted, regime: Regime, facts: Facts) -> _Counted:
    """Not later than the residents' notices: on the day the first of them went, or their limit."""
    sent = first_letter(regime, facts)
    if sent.at is not None:
        due = end_of_day(trigger_day(sent.at, regime.zone), regime.zone)
        if residents.due_at is None or due < residents.due_at:
            bound = "Not later than they did: the end of that day."
            return _Counted(sent.anchor, due, (sent.said, bound))
    bound = "It goes not later than the notices to individuals, and their date is the latest."
    return _Counted(residents.anchor, residents.due_at, (*residents.why, bound))


def _threshold(rule: Rule, regime: Regime, facts: Facts) -> tuple[bool | None, str]:
    """Whether enough people are affected, None if nobody knows; and a sentence about it."""
    least = f"{rule.min_affected:,}"
    if rule.counted == "residents":
        told = facts.residents.get(regime.jurisdiction)
        if told is None:
            return None, f"Nobody counted the residents; that they are {least} or more is assumed."
        number = f"{told.value:,} residents are affected, recorded by {told.by}"
        met = told.value >= rule.min_affected
    else:
        total = sum(told.value for told in facts.residents.values())
        uncounted = [place for place in facts.places if place not in facts.residents]
        met = total >= rule.min_affected
        if not met and (uncounted or not facts.residents):
            return None, f"Nobody counted everybody; that they are {least} or more is assumed."
        number = f"{total:,} persons are affected in all, as recorded"
    begins = f"the duty begins at {least}."
    return met, f"{number}; {begins}" if met else f"{number}, which is too few: {begins}"


def _ended(rule: Rule, facts: Facts, met: bool | None, due: datetime | None) -> _Ended | None:
    """What ended the clock: a person's answer, or a recorded number or condition."""
    told = facts.answers.get(rule.id)
    if told is not None and not isinstance(told.value, Reopened):
        return _answered(told.value, told, due)
    if rule.condition is not None and not facts.conditions[rule.condition].value:
        said = facts.conditions[rule.condition]
        why = f"Not owed: {_words(rule.condition)} does not hold, recorded by {said.by}."
        return _Ended(ClockState.NOT_OWED, said.at, said.by, why)
    if met is False:
        counts = facts.residents.values()
        last = max(counts, key=lambda one: one.at)
        why = "Not owed at this number. If it grows, record it, and the clock counts again."
        return _Ended(ClockState.NOT_OWED, last.at, COUNT, why)
    return None


def _answered(
    answer: Fulfilled | NotOwed, told: Said[Fulfilled | NotOwed | Reopened], due: datetime | None
) -> _Ended:
    if isinstance(answer, NotOwed):
        why = f"Not owed, as {told.by} recorded: {answer.why}"
        return _Ended(ClockState.NOT_OWED, told.at, told.by, why)
    why = f"Fulfilled at {instant(answer.at)}, as {told.by} recorded: {answer.how}"
    if due is not None and answer.at > due:
        why += f". That is after its deadline, {instant(due)}."
    return _Ended(ClockState.FULFILLED, answer.at.astimezone(UTC), told.by, why)


def _extended(counted: _Counted, rule: Rule, facts: Facts) -> _Counted:
    """The date that a person claimed under a reason which this law knows; never an earlier one."""
    told = facts.extended.get(rule.id)
    if told is None or counted.due_at is None:
        return counted
    claim: Extended = told.value
    if claim.reason not in rule.extensions or claim.until <= counted.due_at:
        return counted
    said = (
        f"Moved to {instant(claim.until)} for {_words(claim.reason)}, claimed by {told.by}:"
        f" {claim.how}"
    )
    return _Counted(counted.anchor, claim.until.astimezone(UTC), (*counted.why, said))


def _act_by(due: datetime | None, act_by: object, zone: ZoneInfo) -> list[str]:
    if due is None or due.astimezone(zone).date() == act_by:
        return []
    return [f"{due.astimezone(zone).date()} is no business day: act by {act_by}."]


def _data(regime: Regime, facts: Facts) -> list[str]:
    said = []
    if facts.elements is not None:
        covered = sorted(set(facts.elements.value) & regime.personal_information.all)
        said.append(
            f"Of the data recorded, this law protects: {', '.join(map(_words, covered))}."
            if covered
            else "None of the data recorded is on this law's list: counsel may answer not owed."
        )
    if facts.encrypted is not None and facts.encrypted.value and regime.encryption_safe_harbor:
        said.append(
            f"All of it was encrypted and the key was not taken, recorded by {facts.encrypted.by}:"
            " this law has a safe harbor, and counsel may answer not owed."
        )
    return said


def _unasked(rule: Rule, regime: Regime, facts: Facts) -> list[str]:
    """On the first clock of a jurisdiction: the duties that nobody said we might have."""
    if rule is not regime.rules[0]:
        return []
    return [
        f"Not counted, because nobody recorded {one.condition}: {one.recipient_name}."
        for one in regime.rules
        if one.condition is not None and one.condition not in facts.conditions
    ]


def _trust(regime: Regime, now: datetime) -> list[str]:
    said = []
    if regime.confidence != "high":
        said.append(f"Our confidence in this rule is {regime.confidence}: read the official text.")
    if regime.is_stale(now=now):
        said.append(
            f"This rule was last read on {regime.verified_on}, more than {STALE_AFTER.days} days"
            " ago: read it again before relying on the date."
        )
    return said


def _words(identifier: str) -> str:
    return identifier.replace("_", " ")
