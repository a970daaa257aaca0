"""What each state's notice must and must not say, what must be offered, and what may replace it."""

import pytest

from responder.regimes import BY_JURISDICTION, REGIMES
from responder.regimes.notice import NoticeDemands, demands
from tests.unit.regimes.saying import facts_of, there

_FOUND = {"discovered_at": there("2026-11-23", "03:00")}


def _of(place: str, people: int = 5, cost: int | None = None, **told: object) -> NoticeDemands:
    facts = facts_of(_FOUND | {"residents": {place: people}} | told)
    [found] = demands(facts, REGIMES, cost_usd=cost)
    return found


def test_california_names_title_headings_and_the_size_of_type() -> None:
    content = _of("US-CA").content
    assert content.title == "Notice of Data Breach"
    assert content.headings == (
        "What Happened",
        "What Information Was Involved",
        "What We Are Doing",
        "What You Can Do",
        "For More Information",
    )
    assert content.smallest_type_points == 10


def test_what_one_state_forbids_another_demands() -> None:
    assert "nature_of_breach" in _of("US-MA").content.prohibited
    assert "number_of_residents_affected" in _of("US-IL").content.prohibited
    assert "number_of_affected" in _of("US-RI").content.required


@pytest.mark.parametrize(
    ("place", "elements", "months"),
    [
        ("US-CA", ["ssn"], 12),
        ("US-CT", ["ssn"], 24),
        ("US-MA", ["ssn"], 18),
        ("US-CA", ["medical"], None),
        ("US-TX", ["ssn"], None),
    ],
)
def test_protection_is_offered_for_the_data_that_the_law_names(
    place: str, elements: list[str], months: int | None
) -> None:
    offered = _of(place, elements=elements).services
    assert (offered and offered.months) == months


def test_while_nobody_recorded_the_data_the_offer_is_shown() -> None:
    assert _of("US-CA").services is not None


@pytest.mark.parametrize(
    ("people", "cost", "grounds"),
    [(500_000, 250_000, 1), (500_001, 250_000, 2), (500_001, 250_001, 3), (5, None, 1)],
)
def test_a_substitute_notice_needs_more_than_the_law_says(
    people: int, cost: int | None, grounds: int
) -> None:
    assert len(_of("US-CA", people, cost).substitute) == grounds


def test_every_state_says_when_a_substitute_may_go() -> None:
    states = [regime for regime in REGIMES if regime.covers == (regime.jurisdiction,)]
    assert all(one.substitute_notice is not None for one in states if one.kind == "state")
    assert BY_JURISDICTION["US-VT"].substitute_notice is not None


def test_a_negative_cost_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="cost_usd"):
        demands(facts_of(_FOUND), REGIMES, cost_usd=-1)
