"""What ended a clock: a person's answer or decision, or facts by which the duty does not arise.

Only what a person recorded ends one. What kind of data it was, and that it was encrypted, do so
once the breach was determined, and where we are sure of the law's own list.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from responder.domain.clock import ClockState
from responder.domain.facts import Facts, Said
from responder.domain.statement import Element, Fulfilled, NotOwed, Reopened, Role
from responder.regimes.anchor import instant
from responder.regimes.regime import Regime
from responder.regimes.rule import Rule
from responder.regimes.threshold import Threshold
from responder.regimes.words import words

type Answer = Fulfilled | NotOwed | Reopened
COUNT = "count"  # what ended a clock that no person answered: the number of people was too small
AGAIN = "If it changes, record it, and the clock counts again."


@dataclass(frozen=True)
class Ended:
    """How a clock ended, when, by whom, and why."""

    state: ClockState
    at: datetime
    by: str
    why: str


def ended(
    rule: Rule, regime: Regime, facts: Facts, enough: Threshold, due: datetime | None
) -> Ended | None:
    """The first of the reasons for which this clock counts no more; None while it counts."""
    told = facts.answers.get(rule.id)
    if told is not None and not isinstance(told.value, Reopened):
        return answered(told.value, told, due)
    found = _role(rule, facts) or _condition(rule, regime, facts) or _count(enough, facts)
    if told is not None:  # opened again: what kind of data it was is for counsel to say
        return found
    return found or _harm(rule, regime, facts) or _data(regime, facts) or _encrypted(regime, facts)


def answered(answer: Fulfilled | NotOwed, told: Said[Answer], due: datetime | None) -> Ended:
    """A person's answer about this clock."""
    if isinstance(answer, NotOwed):
        why = f"Not owed, as {told.by} recorded: {answer.why}"
        return Ended(ClockState.NOT_OWED, told.at, told.by, why)
    why = f"Fulfilled at {instant(answer.at)}, as {told.by} recorded: {answer.how}"
    if due is not None and answer.at > due:
        why += f". That is after its deadline, {instant(due)}."
    return Ended(ClockState.FULFILLED, answer.at.astimezone(UTC), told.by, why)


def data_said(regime: Regime, facts: Facts) -> list[str]:
    """What the kind of data, and its encryption, mean here, where they end nothing."""
    said = []
    if facts.elements is not None and not regime.personal_information.everything:
        covered = _covered(regime, facts.elements.value)
        if covered:
            said.append(f"Of the data recorded, this protects: {', '.join(map(words, covered))}.")
        elif regime.personal_information.any_that_suffices:
            said.append("Any data that is enough for identity theft is protected: counsel decides.")
        else:
            said.append("None of the data recorded is on the list: counsel may answer not owed.")
    if facts.encrypted is not None and facts.encrypted.value and regime.encryption_safe_harbor:
        said.append(
            f"All of it was encrypted and the key was not taken, recorded by {facts.encrypted.by}:"
            " there is a safe harbor, and counsel may answer not owed."
        )
    return said


def _role(rule: Rule, facts: Facts) -> Ended | None:
    if facts.role is None or facts.role.value in (Role.BOTH, rule.role):
        return None
    ours = words(facts.role.value)
    why = f"Not owed: we are the {ours} of this data, recorded by {facts.role.by}. {AGAIN}"
    return Ended(ClockState.NOT_OWED, facts.role.at, facts.role.by, why)


def _condition(rule: Rule, regime: Regime, facts: Facts) -> Ended | None:
    wanted = [rule.condition] if rule.condition is not None else []
    answers = [facts.conditions.get(one) for one in wanted or regime.conditions]
    if not answers or not all(told is not None and not told.value for told in answers):
        return None
    if not wanted and regime.covers:
        return None  # people live there, whatever we are
    told = max((told for told in answers if told is not None), key=lambda one: one.at)
    names = ", ".join(words(one) for one in wanted or regime.conditions)
    why = f"Not owed: it was recorded by {told.by} that this does not hold: {names}."
    return Ended(ClockState.NOT_OWED, told.at, told.by, why)


def _count(enough: Threshold, facts: Facts) -> Ended | None:
    if enough.met is not False:
        return None
    last = max(facts.residents.values(), key=lambda one: one.at)
    return Ended(ClockState.NOT_OWED, last.at, COUNT, f"Not owed at this number. {AGAIN}")


def _harm(rule: Rule, regime: Regime, facts: Facts) -> Ended | None:
    """A person decided that no harm is likely, and this law lets that end the duty."""
    decided, way = facts.harm_at(regime.jurisdiction), regime.risk_of_harm
    if decided is None or rule.role is Role.SERVICE_PROVIDER:
        return None  # what the owner is told does not depend on it
    harm = decided.value
    if rule.no_harm_filing:
        if harm.harm == "unlikely":
            return None
        why = f"Not owed: harm is likely, as {decided.by} recorded, so nobody goes untold."
        return Ended(ClockState.NOT_OWED, decided.at, decided.by, why)
    if harm.harm == "likely" or way is None or not way.ends_a_duty:
        return None
    kept = f" Keep it for {way.retention_years} years." if way.retention_years else ""
    why = (
        f"Not owed: no harm is likely, as {decided.by} decided at {instant(harm.determined_at)}:"
        f" {harm.how}. No duty here where: {way.standard}.{kept}"
    )
    return Ended(ClockState.NOT_OWED, decided.at, decided.by, why)


def _data(regime: Regime, facts: Facts) -> Ended | None:
    told, protected = facts.elements, regime.personal_information
    open_ended = protected.everything or protected.any_that_suffices
    if told is None or open_ended or not _settled(regime, facts) or _covered(regime, told.value):
        return None
    names = ", ".join(map(words, told.value))
    why = f"Not owed: none of the data recorded by {told.by} is on the list ({names}). {AGAIN}"
    return Ended(ClockState.NOT_OWED, told.at, told.by, why)


def _encrypted(regime: Regime, facts: Facts) -> Ended | None:
    told = facts.encrypted
    if told is None or not told.value or not regime.encryption_safe_harbor:
        return None
    if not _settled(regime, facts):
        return None
    why = (
        f"Not owed: all of it was encrypted and the key was not taken, recorded by {told.by}."
        f" {AGAIN}"
    )
    return Ended(ClockState.NOT_OWED, told.at, told.by, why)


def _settled(regime: Regime, facts: Facts) -> bool:
    """Whether the breach was determined, and we are sure of the list."""
    return facts.determined_at is not None and regime.sure_of("personal_information")


def _covered(regime: Regime, elements: Sequence[Element]) -> list[Element]:
    return sorted(set(elements) & regime.personal_information.all)
