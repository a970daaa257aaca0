"""By when: the earliest date that a rule's limits give, and what a person may move it by."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from responder.domain.clock import Anchor
from responder.domain.facts import Facts
from responder.domain.statement import AnchorName, Fulfilled
from responder.regimes.anchor import Found, find, first_letter, instant
from responder.regimes.counting import end_of_day, limit, trigger_day
from responder.regimes.regime import Regime
from responder.regimes.rule import (
    INDIVIDUALS,
    AfterRule,
    Bound,
    Limit,
    Relation,
    Rule,
    Span,
    Standard,
    Unit,
    Within,
)
from responder.regimes.words import after_words, relation_words, span_words, standard_words, words

_EACH_WEEK = timedelta(days=7)
_LATEST = datetime.max.replace(tzinfo=UTC)
# Targets of our own, where a law has no number: 30 days is the shortest of the states' own numbers.
_TARGET = Span(within=30, unit=Unit.CALENDAR_DAYS)
_AT_ONCE = Span(within=24, unit=Unit.HOURS)
_TARGETS = {Standard.IMMEDIATELY: _AT_ONCE, Standard.BEFORE_RELYING_ON_IT: _AT_ONCE}


@dataclass(frozen=True)
class Counted:
    """A date, or none while its anchor has not happened, and how it came about."""

    anchor: Anchor
    due_at: datetime | None
    why: tuple[str, ...]
    span: str  # as the explain line has it: 30 calendar days from discovery 2026-11-23 (Denver)
    by_law: bool = True
    hold: str = "none"
    ask_from: datetime | None = None  # while it has no date, and one is expected


def counted(rule: Rule, regime: Regime, facts: Facts, dated: Mapping[str, Counted]) -> Counted:
    """The date of a rule, after those of `dated`, which stand before it."""
    if rule.due:
        found = [_by(one, rule, regime, facts, dated) for one in rule.due]
    else:
        found = [_target(rule, regime, facts)]
    first = min(found, key=lambda one: one.due_at or _LATEST)
    return _held(_extended(first, rule, regime, facts), rule, regime, facts)


def _by(
    one: Limit, rule: Rule, regime: Regime, facts: Facts, dated: Mapping[str, Counted]
) -> Counted:
    match one:
        case Bound():
            return _bound(one, dated[one.of], regime, facts)
        case AfterRule():
            return _after_rule(one, regime, facts)
        case Within():
            return _within(one, find(one.after, rule, regime, facts), regime)


def _target(rule: Rule, regime: Regime, facts: Facts) -> Counted:
    """A target of our own: of a filing about harm from that decision, else from the discovery."""
    assert rule.standard is not None  # the schema asks for one where there is no number
    span = rule.target or _TARGETS.get(rule.standard, _TARGET)
    after = AnchorName.HARM_DETERMINATION if rule.no_harm_filing else AnchorName.DISCOVERY
    within = Within(within=span.within, unit=span.unit, after=after)
    made = _within(within, find(after, rule, regime, facts), regime)
    said, *rest = made.why
    rest = ["The law names no number; this is a target of our own. " + one for one in rest[:1]]
    return replace(
        made,
        why=(said, *rest),
        span=f"no number in the law ({standard_words(rule.standard)}); our own target, {made.span}",
        by_law=False,
    )


def _within(span: Within, found: Found, regime: Regime) -> Counted:
    length, after = span_words(span), after_words(span.after)
    if found.at is None:
        why = (found.said, f"{length} are counted from then.")
        return Counted(found.anchor, None, why, f"{length} from {after}")
    return _dated(span, found, f"{length} from {after}", regime)


def _dated(span: Span, found: Found, named: str, regime: Regime) -> Counted:
    assert found.at is not None
    zone = regime.zone
    due = limit(span, found.at, zone, regime.holidays)
    length, taken = span_words(span), ", taken to be" if found.assumed else ""
    if span.unit is Unit.HOURS:
        count = f"{length}, elapsed, after it is {instant(due)}."
        local = found.at.astimezone(zone)
        return Counted(
            found.anchor,
            due,
            (found.said, count),
            f"{named}{taken} {local:%Y-%m-%d %H:%M} ({_city(regime)})",
        )
    first, last = trigger_day(found.at, zone), due.astimezone(zone).date()
    there = found.at.astimezone(zone).date()
    where = (
        f" in {regime.time_zone}"
        if first == there
        else f" where it was recorded, {there} in {regime.time_zone},"
    )
    count = f"{length} after {first}{where} is {last}, to the end of that day."
    return Counted(
        found.anchor, due, (found.said, count), f"{named}{taken} {first} ({_city(regime)})"
    )


def _after_rule(span: AfterRule, regime: Regime, facts: Facts) -> Counted:
    """A span after another notice was given, as its answer says."""
    other = next(rule for rule in regime.rules if rule.id == span.after_rule)
    called = f"the notice to {other.recipient_name}"
    told = facts.answers.get(other.id)
    named = f"{span_words(span)} from {called}"
    if told is None or not isinstance(told.value, Fulfilled):
        said = f"Nobody recorded {called} ({other.id}) yet; it has no date before that."
        return Counted(Anchor(name=AnchorName.FILING), None, (said,), named)
    said = f"{called[:1].upper()}{called[1:]} was given at {instant(told.value.at)}."
    return _dated(span, Found(AnchorName.FILING, told.value.at, said), named, regime)


def _bound(bound: Bound, others: Counted, regime: Regime, facts: Facts) -> Counted:
    """Bound to the individuals' notices: when the first went, is to go, or at the latest must."""
    relation, zone = relation_words(bound.relation), regime.zone
    day, how, certain = None, "", False
    sent, planned = first_letter(regime, facts), facts.planned_at(regime.jurisdiction)
    why: tuple[str, ...] = others.why
    anchor = others.anchor
    if sent.at is not None:
        day, how, certain = trigger_day(sent.at, zone), "sent", True
        why, anchor = (sent.said,), sent.anchor
    elif planned is not None:
        day, how, certain = trigger_day(planned.value, zone), "planned for", True
        why = (f"The notices are planned for {instant(planned.value)}, as {planned.by} recorded.",)
        anchor = Anchor(
            name=AnchorName.INDIVIDUAL_NOTICE_PLANNED,
            at=planned.value.astimezone(UTC),
            assumed=True,
        )
    outer = None if others.due_at is None else others.due_at.astimezone(zone).date()
    if day is None or (outer is not None and outer < day):
        if outer is None:
            said = f"It goes {relation} the notices to individuals, and these have no date yet."
            return replace(
                others,
                why=(*others.why, said),
                span=f"{relation} the notices to individuals",
                hold="none",
            )
        day, how, certain = outer, "due", others.by_law
        why, anchor = others.why, others.anchor
    before = bound.relation is Relation.BEFORE
    last = day - timedelta(days=1) if before else day
    said = f"It goes {relation} the notices to individuals, {how} {day}: by {last}, to its end."
    return Counted(
        anchor,
        end_of_day(last, zone),
        (*why, said),
        f"{relation} the notices to individuals, {how} {day} ({_city(regime)})",
        by_law=certain,
    )


def _extended(made: Counted, rule: Rule, regime: Regime, facts: Facts) -> Counted:
    """The date that a person claimed under a reason which this law knows; never an earlier one."""
    told = facts.extended.get(rule.id)
    if told is None or made.due_at is None or told.value.until <= made.due_at:
        return made
    claim = told.value
    reason = next((one for one in rule.extensions if one.reason is claim.reason), None)
    if reason is None:
        return made
    until = claim.until.astimezone(UTC)
    if reason.most is not None:
        until = min(until, limit(reason.most, made.due_at, regime.zone, regime.holidays))
    said = f"Moved to {instant(until)} for {words(claim.reason)}, by {told.by}: {claim.how}"
    return replace(
        made,
        due_at=until,
        why=(*made.why, said),
        span=f"{made.span}, put off for {words(claim.reason)}",
    )


def _held(made: Counted, rule: Rule, regime: Regime, facts: Facts) -> Counted:
    """While an agency of law enforcement wants it so, individuals are not told, and no date runs.

    When it lets go the duty resumes at once, or within the span that the law gives for it; a date
    that had not passed by then stands.
    """
    told = facts.held(regime.jurisdiction)
    if told is None or regime.law_enforcement_delay is None or rule.recipient != INDIVIDUALS:
        return made
    hold, zone = told.value, regime.zone
    since = f"{hold.agency}, since {hold.requested_at.astimezone(zone).date()}"
    if hold.ended_at is None:
        said = (
            f"{hold.agency} asked at {instant(hold.requested_at)} that they be told later, as"
            f" {told.by} recorded: {hold.how}. No date runs until it lets go."
        )
        return replace(
            made,
            due_at=None,
            why=(*made.why, said),
            hold=since,
            ask_from=hold.requested_at.astimezone(UTC) + _EACH_WEEK,
        )
    span = regime.law_enforcement_delay.within
    ended = hold.ended_at
    resumed = (
        end_of_day(ended.astimezone(zone).date(), zone)
        if span is None
        else limit(span, ended, zone, regime.holidays)
    )
    within = "at once" if span is None else f"within {span_words(span)}"
    said = (
        f"{hold.agency} let go at {instant(ended)}, as {told.by} recorded: {hold.how}. The duty"
        f" resumes {within}, and not before its own date."
    )
    due = resumed if made.due_at is None else max(made.due_at, resumed)
    until = f"{since} until {ended.astimezone(zone).date()}"
    return replace(made, due_at=due, why=(*made.why, said), hold=until)


def _city(regime: Regime) -> str:
    return regime.time_zone.rsplit("/", 1)[-1].replace("_", " ")
