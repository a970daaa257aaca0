"""Which regimes a breach touches: by where people live, by what we are, and by what is listed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from holidays import list_supported_countries

from responder.domain.facts import Facts
from responder.domain.statement import EVERYWHERE, Statement
from responder.regimes.regime import Regime

_HOME = "US"  # where each state and territory is known, and must be named
# Codes that are used as well, and would miss the entry of the place.
_MEANT = {
    "AS": "US-AS",
    "EL": "GR",
    "GU": "US-GU",
    "MP": "US-MP",
    "PR": "US-PR",
    "UK": "GB",
    "UM": "US-UM",
    "VI": "US-VI",
}


def covering(place: str, regimes: Sequence[Regime]) -> list[Regime]:
    """The regimes in force for people who live there: of the province, or else of the country."""
    own = [one for one in regimes if one.in_force and place in one.covers]
    if any(place == one.jurisdiction for one in regimes):
        return own  # a regime, and perhaps no place
    country = place.split("-")[0]
    return own or [one for one in regimes if one.in_force and country in one.covers]


def touched(facts: Facts, regimes: Sequence[Regime]) -> list[Regime]:
    """The regimes that these facts bring in, in their order."""
    found = {one.jurisdiction for place in facts.places for one in covering(place, regimes)}
    return [one for one in regimes if one.in_force and _brought_in(one, facts, found)]


def _brought_in(regime: Regime, facts: Facts, by_place: set[str]) -> bool:
    return (
        regime.jurisdiction in by_place
        or regime.jurisdiction in facts.places
        or regime.of_our_own
        or any(facts.holds_true(one) for one in regime.conditions)
    )


def uncovered(facts: Facts, regimes: Sequence[Regime]) -> list[str]:
    """The places for which we hold no law."""
    named = {regime.jurisdiction for regime in regimes}
    return [one for one in facts.places if one not in named and not covering(one, regimes)]


def unknown(said: Statement, regimes: Sequence[Regime]) -> tuple[str, str] | None:
    """The first field of a statement that names a place which is none, and why."""
    for field, codes in _named(said):
        for code in codes:
            why = problem(code, regimes)
            if why is not None:
                return f"{field}.{code}", why
    return None


def problem(code: str, regimes: Sequence[Regime]) -> str | None:
    """Why a code is neither a place nor a regime; None if it is one of them."""
    if code == EVERYWHERE or any(code == one.jurisdiction for one in regimes):
        return None
    if code in _MEANT:
        return f"write {_MEANT[code]}"
    country, _, part = code.partition("-")
    known = list_supported_countries()
    if country not in known:
        return "no country has this code (ISO 3166-1), and no regime here is called so"
    if country == _HOME:
        if not part:
            return "name the state, for example US-CA"
        if part not in known[_HOME]:
            return "no state or territory of the United States has this code"
    return None


@dataclass(frozen=True)
class Counts:
    """Who was counted where. Made once for all rules: it goes through every place and regime."""

    people: Mapping[str, int]  # by place
    missing: tuple[str, ...]  # places where people may live, and nobody counted them
    laws: Mapping[str, frozenset[str]]  # of each of these places, the regimes that cover it


def counts(facts: Facts, regimes: Sequence[Regime]) -> Counts:
    """The people counted in each place.

    A number recorded for a regime that is of places, such as EU-GDPR, stands for those of its
    people who were not counted by place. A number for another regime is of no place.
    """
    apart = _apart(regimes)
    people = {place: told.value for place, told in facts.residents.items() if place not in apart}
    missing = [one for one in facts.places if one not in facts.residents and one not in apart]
    laws = {
        place: frozenset(one.jurisdiction for one in covering(place, regimes))
        for place in (*people, *missing)
    }
    for regime in regimes:
        name = regime.jurisdiction
        whole = facts.residents.get(name)
        if whole is None or not regime.covers or name in regime.covers:
            continue
        by_place = sum(n for place, n in people.items() if name in laws[place])
        people[name] = max(0, whole.value - by_place)
        laws[name] = frozenset({name})
    return Counts(people, tuple(missing), laws)


def _apart(regimes: Sequence[Regime]) -> set[str]:
    """The names of regimes that are no places."""
    return {one.jurisdiction for one in regimes if one.jurisdiction not in one.covers}


def letters_to[V](said: dict[str, V], regime: Regime, regimes: Sequence[Regime]) -> list[V]:
    """What was said of the notices to people of this regime; of any, if it is of no place."""

    def theirs(place: str) -> bool:
        return not regime.covers or regime in covering(place, regimes)

    return [one for place, one in said.items() if place != EVERYWHERE and theirs(place)]


def _named(said: Statement) -> list[tuple[str, Iterable[str]]]:
    return [
        ("residents", said.residents),
        ("notices_sent_at", said.notices_sent_at),
        ("notices_planned_at", said.notices_planned_at),
        ("holds", (place for one in said.holds for place in one.jurisdictions)),
        ("harm", (place for one in said.harm for place in one.jurisdictions)),
    ]
