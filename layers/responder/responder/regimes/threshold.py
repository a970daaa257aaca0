"""Whether enough people are affected for a duty. A number that nobody counted is taken as met."""

from dataclasses import dataclass

from responder.domain.facts import Facts
from responder.regimes.places import Counts
from responder.regimes.regime import Regime
from responder.regimes.rule import Rule


@dataclass(frozen=True)
class Threshold:
    """Whether it is met, None if nobody knows; and a sentence about it."""

    met: bool | None
    said: str


def threshold(rule: Rule, regime: Regime, facts: Facts, counts: Counts) -> Threshold:
    """Count as the rule counts, with what people recorded so far."""
    number, whole = _number(rule, regime, facts, counts)
    least, most = rule.min_affected, rule.max_affected
    if not regime.covers and regime.jurisdiction not in facts.residents:
        if least == 1 and most is None:
            return Threshold(True, "It does not depend on how many are affected.")
        if rule.counted == "own":
            number = None
        # Of all the people counted, nobody said how many this regime is about: so many at the most.
        few = number is not None and (number < least or (most is not None and number <= most))
        number, whole = (number, True) if whole and few else (None, False)
    if number is None or (not whole and (number < least or most is not None)):
        return Threshold(None, f"Nobody counted everybody; that it is {_range(rule)} is assumed.")
    said = f"{_people(number, rule)}, as recorded"
    begins = f"the duty begins at {least:,}"
    if number < least:
        return Threshold(False, f"{said}, which is too few: {begins}.")
    if most is not None and number > most:
        return Threshold(False, f"{said}, which is too many: this duty ends at {most:,}.")
    return Threshold(True, f"{said}; {begins}.")


def _people(number: int, rule: Rule) -> str:
    one = number == 1
    match rule.counted:
        case "residents":
            return f"{number:,} {'resident is' if one else 'residents are'} affected"
        case "all_persons":
            return f"{number:,} {'person is' if one else 'persons are'} affected in all"
        case "one_place":
            return f"{number:,} {'is' if one else 'are'} the most affected in one place"
        case "own":
            return f"{number:,} {'is' if one else 'are'} affected, of what this rule counts"


def _number(rule: Rule, regime: Regime, facts: Facts, counts: Counts) -> tuple[int | None, bool]:
    """The number, None if nobody counted; and whether nobody is left to count."""
    own = facts.residents.get(regime.jurisdiction)
    if own is not None and not regime.covers:
        return own.value, True
    counted, missing = list(counts.people), list(counts.missing)
    if rule.counted == "residents" and regime.covers:
        counted = [place for place in counted if regime.jurisdiction in counts.laws[place]]
        missing = [place for place in missing if regime.jurisdiction in counts.laws[place]]
    numbers = [counts.people[place] for place in counted]
    if not numbers:
        return None, False
    return (max if rule.counted == "one_place" else sum)(numbers), not missing


def _range(rule: Rule) -> str:
    if rule.max_affected is None:
        return f"{rule.min_affected:,} or more"
    return f"{rule.min_affected:,} to {rule.max_affected:,}"
