"""Which regimes a breach touches: by where people live, by what we are, and by what is listed."""

from collections.abc import Iterable, Sequence

from holidays import list_supported_countries

from responder.domain.facts import Facts
from responder.domain.statement import EVERYWHERE, Statement
from responder.regimes.regime import Regime

_HOME = "US"  # where each state and territory is known, and must be named


def covering(place: str, regimes: Sequence[Regime]) -> list[Regime]:
    """The regimes in force for people who live there: of the province, or else of the country."""
    own = [one for one in regimes if one.in_force and place in one.covers]
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


def persons_by_place(facts: Facts, regimes: Iterable[Regime]) -> dict[str, int]:
    """The people counted in each place. A number recorded for a regime is none of a place."""
    apart = {one.jurisdiction for one in regimes if one.jurisdiction not in one.covers}
    return {place: told.value for place, told in facts.residents.items() if place not in apart}


def _named(said: Statement) -> list[tuple[str, Iterable[str]]]:
    return [
        ("residents", said.residents),
        ("notices_sent_at", said.notices_sent_at),
        ("notices_planned_at", said.notices_planned_at),
        ("holds", (place for one in said.holds for place in one.jurisdictions)),
        ("harm", (place for one in said.harm for place in one.jurisdictions)),
    ]
