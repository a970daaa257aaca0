"""Whether enough people are affected for a duty. A number that nobody counted is taken as met."""

from collections.abc import Sequence
from dataclasses import dataclass

from responder.domain.facts import Facts
from responder.regimes.places import covering, persons_by_place
from responder.regimes.regime import Regime
from responder.regimes.rule import Rule


@dataclass(frozen=True)
class Threshold:
    """Whether it is met, None if nobody knows; and a sentence about it."""

    met: bool | None
    said: str


def threshold(rule: Rule, regime: Regime, facts: Facts, regimes: Sequence[Regime]) -> Threshold:
    """Count as the rule counts, with what people recorded so far."""
    number, whole = _number(rule, regime, facts, regimes)
    least, most = rule.min_affected, rule.max_affected
    bound = most is not None and whole and number is not None and number <= most
    if not regime.covers and regime.jurisdiction not in facts.residents:
        if least == 1 and most is None:
            return Threshold(True, "It does not depend on how many are affected.")
        # Of all the people counted, nobody said how many this regime is about: so many at the most.
        whole = whole and number is not None and (number < least or bound)
        number = number if whole else None
    if number is None or (not whole and (number < least or most is not None)):
        return Threshold(None, f"Nobody counted everybody; that it is {_range(rule)} is assumed.")
    whose = {
        "residents": "residents are affected",
        "all_persons": "persons are affected in all",
        "one_place": "residents of one place are affected at most",
    }[rule.counted]
    said = f"{number:,} {whose}, as recorded"
    begins = f"the duty begins at {least:,}"
    if number < least:
        return Threshold(False, f"{said}, which is too few: {begins}.")
    if most is not None and number > most:
        return Threshold(False, f"{said}, which is too many: this duty ends at {most:,}.")
    return Threshold(True, f"{said}; {begins}.")


def _number(
    rule: Rule, regime: Regime, facts: Facts, regimes: Sequence[Regime]
) -> tuple[int | None, bool]:
    """The number, None if nobody counted; and whether nobody is left to count."""
    own = facts.residents.get(regime.jurisdiction)
    elsewhere = regime.jurisdiction not in regime.covers
    if own is not None and (rule.counted == "residents" or elsewhere):
        return own.value, True
    counted = persons_by_place(facts, regimes)
    uncounted = [place for place in facts.places if place not in facts.residents]
    if rule.counted == "residents" and regime.covers:
        here = {place for place in counted if regime in covering(place, regimes)}
        counted = {place: counted[place] for place in here}
        uncounted = [place for place in uncounted if regime in covering(place, regimes)]
    elif rule.counted == "residents":
        return None, False  # whose data it is, no place says
    if not counted:
        return None, False
    number = max(counted.values()) if rule.counted == "one_place" else sum(counted.values())
    return number, not uncounted


def _range(rule: Rule) -> str:
    if rule.max_affected is None:
        return f"{rule.min_affected:,} or more"
    return f"{rule.min_affected:,} to {rule.max_affected:,}"
