"""Which regimes may oblige us, and by when: facts and law in, clocks out. Pure, no legal advice.

Not knowing is never good news: a threshold nobody counted is taken as met, and an instant nobody
recorded is replaced by the earliest one we know. Only what a person recorded ends a clock.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from responder.domain.clock import Clock, ClockKind, ClockState, Standing
from responder.domain.facts import Facts
from responder.domain.statement import AnchorName, Reopened, Role
from responder.regimes.counting import last_business_day
from responder.regimes.dating import Case, Counted, counted
from responder.regimes.ending import Ended, answered, data_said, ended
from responder.regimes.notice import services_said
from responder.regimes.places import Counts, counts, touched, uncovered
from responder.regimes.regime import STALE_AFTER, Kind, Regime
from responder.regimes.rule import INDIVIDUALS, Rule
from responder.regimes.threshold import Threshold, threshold
from responder.regimes.unlisted import unlisted
from responder.regimes.words import holds_words, sentence, who

_A_DAY = timedelta(days=1)
# What must come about, or be decided, after every breach: nobody may wait for it in silence.
_EXPECTED = (AnchorName.THRESHOLD_KNOWN, AnchorName.MATERIALITY_DETERMINATION)
_GONE = "The facts or this release no longer give rise to it: its date stands, and counsel decides."


def assess(facts: Facts, regimes: Sequence[Regime], *, now: datetime) -> list[Clock]:
    """A clock for each duty that the facts may give rise to, as it stands at `now`.

    The same facts give the same clocks, but for what `now` decides: running or missed.
    """
    case, people = Case(facts, regimes, now), counts(facts, regimes)
    clocks = [clock for one in touched(facts, regimes) for clock in _of(one, case, people)]
    return clocks + [unlisted(place, facts, now=now) for place in uncovered(facts, regimes)]


def still(clock: Clock, facts: Facts, *, now: datetime) -> Clock:
    """A clock whose rule is gone: its date as it was, its state by the answers and the time."""
    told = facts.answers.get(clock.clock_id)
    if told is None and clock.ended_at is not None:
        return clock  # a number ended it, and nobody opened it again
    end = None
    if told is not None and not isinstance(told.value, Reopened):
        end = answered(told.value, told, clock.due_at)
    why = [*clock.why, _GONE, *([end.why] if end else [])]
    return clock.model_copy(
        update={
            "standing": Standing.CONFIRMED if end else Standing.PROVISIONAL,
            "state": end.state if end else _state(clock.due_at, now),
            "why": tuple(dict.fromkeys(why)),
            "ended_at": end.at if end else None,
            "ended_by": end.by if end else None,
        }
    )


def _of(regime: Regime, case: Case, people: Counts) -> list[Clock]:
    clocks: list[Clock] = []
    dated: dict[str, Counted] = {}
    facts, now = case.facts, case.now
    for rule in regime.rules:
        dated[rule.id] = counted(rule, regime, case, dated)
        if _asked(rule, regime, facts):
            enough = threshold(rule, regime, facts, people)
            clocks.append(_clock(rule, regime, facts, dated[rule.id], enough, now))
    return [_asking(clock, clocks, facts) for clock in clocks]


def _asked(rule: Rule, regime: Regime, facts: Facts) -> bool:
    """Whether a rule is counted at all: what nobody said we are, or did, is only named."""
    holds = rule.condition is not None and facts.holds_true(rule.condition)
    if rule.role is Role.SERVICE_PROVIDER and facts.role is None and not holds:
        return False
    if rule.no_harm_filing and facts.harm_at(regime.jurisdiction) is None:
        return False
    if rule.condition is None or rule.presumed or rule.condition in facts.conditions:
        return True
    # Named for itself, though nobody said what we are: then each of what brings it in may be so.
    said = any(one in facts.conditions for one in regime.conditions)
    return rule.condition in regime.conditions and regime.jurisdiction in facts.places and not said


def _asking(clock: Clock, clocks: Sequence[Clock], facts: Facts) -> Clock:
    """From when people are asked about a clock that waits, lest it waits forever.

    One that waits for letters is asked about once the individuals' own time is over.
    """
    if clock.state is not ClockState.WAITING or clock.ask_from is not None:
        return clock
    if clock.anchor.name == AnchorName.INDIVIDUAL_NOTICE_SENT:
        over = [one.ended_at or one.due_at for one in clocks if one.recipient == INDIVIDUALS]
        ask_from = min((at for at in over if at is not None), default=None)
    elif clock.anchor.name in _EXPECTED:
        found = facts.discovered_at
        ask_from = (found.value if found else facts.earliest_at).astimezone(UTC) + _A_DAY
    else:
        return clock
    return clock.model_copy(update={"ask_from": ask_from})


def _clock(
    rule: Rule,
    regime: Regime,
    facts: Facts,
    made: Counted,
    enough: Threshold,
    now: datetime,
) -> Clock:
    due = made.due_at
    act_by = None
    if due is not None:
        last = due.astimezone(regime.zone).date()
        act_by = last_business_day(last, regime.holidays)
        if made.anchor.at is not None and act_by < made.anchor.at.astimezone(regime.zone).date():
            act_by = last  # a weekend is no excuse where hours are counted
    end = ended(rule, regime, facts, enough, due)
    known = due is not None and enough.met is not None and not made.anchor.assumed
    why = [*made.why, *_act_by(due, act_by, regime.zone), enough.said]
    why += data_said(regime, facts) if end is None else [end.why]
    why += services_said(regime, facts) if rule.recipient == INDIVIDUALS else []
    why += _unasked(rule, regime, facts) + _trust(regime, now)
    return Clock(
        clock_id=rule.id,
        incident_id=facts.incident_id,
        jurisdiction=regime.jurisdiction,
        jurisdiction_name=regime.name,
        recipient=rule.recipient,
        recipient_name=rule.recipient_name,
        kind=_kind(regime, made),
        standing=Standing.CONFIRMED if end is not None or known else Standing.PROVISIONAL,
        state=end.state if end else _state(due, now),
        rule=sentence(rule),
        line=_line(rule, regime, made, act_by, end),
        citation=rule.citation,
        sources=tuple(source.url for source in regime.sources),
        confidence=regime.confidence,
        verified_on=regime.verified_on,
        anchor=made.anchor,
        due_at=due,
        act_by=act_by,
        time_zone=regime.time_zone,
        why=tuple(why),
        started_at=now,
        held=made.held,
        ask_from=made.ask_from,
        ended_at=end.at if end else None,
        ended_by=end.by if end else None,
    )


def _kind(regime: Regime, made: Counted) -> ClockKind:
    if not made.by_law:
        return ClockKind.POLICY
    return ClockKind.CONTRACT if regime.kind is Kind.CONTRACT else ClockKind.LAW


def _state(due: datetime | None, now: datetime) -> ClockState:
    if due is None:
        return ClockState.WAITING
    return ClockState.MISSED if now > due else ClockState.RUNNING


def _line(rule: Rule, regime: Regime, made: Counted, act_by: date | None, end: Ended | None) -> str:
    """The whole of a clock on one line, as counsel would write it."""
    if made.due_at is None:
        date_is = "no date yet"
    else:
        local = made.due_at.astimezone(regime.zone)
        ends = local.strftime("%H:%M:%S") == "23:59:59"
        date_is = f"{local:%Y-%m-%d}, end of day" if ends else f"{local:%Y-%m-%d %H:%M}"
        if act_by is not None and act_by != local.date():
            date_is += f", act by {act_by}"
        if rule.timely_when == "received":
            date_is += ", when it must have arrived"
    said = f"{who(rule, regime)}: {made.span} → {date_is}; {rule.citation}; hold: {made.hold}."
    return said if end is None else f"{said} {end.short}"


def _act_by(due: datetime | None, act_by: date | None, zone: ZoneInfo) -> list[str]:
    if due is None or due.astimezone(zone).date() == act_by:
        return []
    return [f"{due.astimezone(zone).date()} is no business day: act by {act_by}."]


def _unasked(rule: Rule, regime: Regime, facts: Facts) -> list[str]:
    """On the first clock of a regime: the duties that nobody said we might have."""
    if rule is not regime.rules[0]:
        return []
    said = [
        f"Not counted, because nobody recorded that {holds_words(one.condition)}"
        f" ({one.condition}): {one.recipient_name}."
        for one in regime.rules
        if one.condition is not None and not _asked(one, regime, facts)
    ]
    if facts.role is None and any(one.role is Role.SERVICE_PROVIDER for one in regime.rules):
        said.append("The data is taken to be our own, because nobody recorded role.")
    return said


def _trust(regime: Regime, now: datetime) -> list[str]:
    said = []
    if regime.confidence != "high":
        said.append(f"Our confidence in this rule is {regime.confidence}: read the official text.")
    if regime.verified_on is None:
        said.append("Nobody read a source of this rule yet: read it before relying on the date.")
    elif regime.is_stale(now=now):
        said.append(
            f"This rule was last read on {regime.verified_on}, more than {STALE_AFTER.days} days"
            " ago: read it again before relying on the date."
        )
    return said
