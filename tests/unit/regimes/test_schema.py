"""An entry that cites nothing, that nobody read, or that is out of date, does not pass."""

from datetime import UTC, datetime, timedelta
from importlib import resources
from typing import Any

import pytest
import yaml

from responder.domain.errors import Broken
from responder.regimes import BY_JURISDICTION, REGIMES
from responder.regimes.regime import STALE_AFTER, Kind, Regime, read_regime

FILES = sorted(
    entry.name
    for entry in resources.files("responder.regimes").joinpath("data").iterdir()
    if entry.name.endswith(".yaml")
)
REVIEWED = datetime(2026, 11, 25, 12, tzinfo=UTC)  # when somebody last looked through the entries


def entry(name: str = "us-ca.yaml") -> dict[str, Any]:
    text = resources.files("responder.regimes").joinpath("data", name).read_text("utf-8")
    loaded: dict[str, Any] = yaml.safe_load(text)
    return loaded


def test_each_entry_is_listed_and_each_that_is_listed_is_an_entry() -> None:
    assert {f"{regime.jurisdiction.lower()}.yaml" for regime in REGIMES} == set(FILES)
    assert len(BY_JURISDICTION) == len(REGIMES)


@pytest.mark.parametrize("name", FILES)
def test_an_entry_is_cited_and_was_read_or_says_that_it_was_not(name: str) -> None:
    regime = Regime.model_validate(entry(name))
    read = [source for source in regime.sources if source.read]
    if regime.verified_on is None:
        assert not read
        assert regime.confidence != "high"
    else:
        assert read
        assert not regime.is_stale(now=REVIEWED)
    for rule in regime.rules:
        assert len(rule.citation) > 5


def test_every_state_and_territory_is_there() -> None:
    states = [regime for regime in REGIMES if regime.kind is Kind.STATE]
    assert len(states) == 54
    assert all(regime.covers == (regime.jurisdiction,) for regime in states)
    assert all(regime.rules[0].recipient == "individuals" for regime in states)
    everywhere = [place for regime in REGIMES if regime.in_force for place in regime.covers]
    assert len(set(everywhere)) == len(everywhere)


def test_an_entry_is_stale_when_nobody_read_it_for_half_a_year_or_at_all() -> None:
    regime = BY_JURISDICTION["US-CA"]
    read = datetime(2026, 11, 23, 20, tzinfo=UTC)
    assert not regime.is_stale(now=read + STALE_AFTER)
    assert regime.is_stale(now=read + STALE_AFTER + timedelta(days=1))
    assert BY_JURISDICTION["CARD-AMEX"].is_stale(now=read)


def _without(key: str) -> dict[str, Any]:
    whole = entry()
    del whole[key]
    return whole


def _with_rule(**given: Any) -> dict[str, Any]:
    whole = entry()
    whole["rules"][1] |= given
    return whole


@pytest.mark.parametrize(
    ("bad", "field"),
    [
        (_without("citation"), "citation"),
        (_without("verified_on"), "verified_on"),
        (entry() | {"sources": []}, "none of the sources was read"),
        (entry() | {"verified_on": None}, "nothing was read"),
        (entry() | {"holidays": "XX"}, "holidays"),
        (entry() | {"sources": [{**entry()["sources"][0], "read": False}]}, "read"),
        (entry() | {"time_zone": "America/Nowhere"}, "time_zone"),
        (entry() | {"surprise": 1}, "surprise"),
        (_with_rule(citation=""), "rules.1.citation"),
        (_with_rule(due=[]), "rules.1"),
        (_with_rule(target={"within": 1, "unit": "hours"}), "rules.1"),
        (_with_rule(due=[{"within": 1, "unit": "hours", "after": "filing"}]), "after_rule"),
        (_with_rule(max_affected=500), "max_affected"),
        (_with_rule(presumed=True), "presumed"),
        (_with_rule(due=[{"within": 0, "unit": "hours", "after": "discovery"}]), "rules.1.due"),
        (_with_rule(due=[{"within": 1, "unit": "weeks", "after": "discovery"}]), "rules.1.due"),
        (_with_rule(due=[{"relation": "before", "of": "us-ca-attorney-general"}]), "before it"),
        (_with_rule(extensions=[{"reason": "a_busy_week"}]), "rules.1.extensions"),
        (
            _with_rule(
                due=[{"relation": "not_later_than", "of": "us-ca-individuals"}],
                extensions=[{"reason": "good_cause"}],
            ),
            "moves only with it",
        ),
        (entry() | {"extensions": [{"reason": "good_cause"}]}, "extensions"),
        (_with_rule(id="us-ca-individuals"), "same id"),
        (_with_rule(id="us-ny-individuals"), "not of US-CA"),
    ],
)
def test_an_entry_that_lacks_something_is_broken_and_names_it(
    bad: dict[str, Any], field: str
) -> None:
    with pytest.raises(Broken, match=r"us-ca\.yaml") as raised:
        read_regime(yaml.safe_dump(bad), "us-ca.yaml")
    assert field in str(raised.value)


def test_an_entry_that_is_no_yaml_is_broken() -> None:
    with pytest.raises(Broken, match=r"us-ca\.yaml"):
        read_regime("rules: [", "us-ca.yaml")
