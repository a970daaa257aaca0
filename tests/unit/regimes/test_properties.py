"""Whatever is recorded: each clock is cited, keeps its order, and no knowledge makes it later."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from responder.domain.clock import Clock, ClockKind, ClockState
from responder.domain.facts import Fact, standing, untrue
from responder.domain.statement import INSTANTS as INSTANTS_SAID
from responder.domain.statement import Condition, Element, Reason, Role, Statement
from responder.regimes import BY_JURISDICTION, REGIMES
from responder.regimes.places import unknown
from responder.regimes.rule import Bound, Relation, Rule, Unit, Within
from tests.unit.regimes.saying import clocks_of, facts_of

PLACES = sorted({place for regime in REGIMES for place in regime.covers} | {"JP", "CA-ON"})
RULES: dict[str, Rule] = {rule.id: rule for regime in REGIMES for rule in regime.rules}
INSTANTS = st.integers(0, 10 * 366 * 86_400).map(
    lambda seconds: datetime(2025, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)
COUNTS = st.sampled_from([0, 1, 49, 50, 249, 250, 499, 500, 501, 999, 1000, 1001, 10_000, 10_001])
RESIDENTS = st.dictionaries(st.sampled_from(PLACES), COUNTS, min_size=1, max_size=6)


@st.composite
def told(draw: st.DrawFn) -> dict[str, Any]:
    """A statement with the anchors in an order that can be."""
    found = draw(INSTANTS)
    said: dict[str, Any] = {"discovered_at": found.isoformat(), "residents": draw(RESIDENTS)}
    for name in ("determined_at", "scope_identified_at", "material_at", "threshold_known_at"):
        days = draw(st.none() | st.integers(0, 40))
        if days is not None:
            said[name] = (found + timedelta(days=days)).isoformat()
    sent = draw(st.none() | st.integers(0, 80))
    if sent is not None:
        said["notices_sent_at"] = (found + timedelta(days=sent)).isoformat()
    said["conditions"] = draw(st.dictionaries(st.sampled_from(Condition), st.booleans()))
    said["role"] = draw(st.none() | st.sampled_from(Role))
    said["elements"] = draw(st.lists(st.sampled_from(Element), max_size=4, unique=True))
    return said


def _now(said: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(said["discovered_at"])


@settings(max_examples=150)
@given(told())
def test_every_clock_is_cited_explained_and_ends_with_a_day_or_counts_hours(
    said: dict[str, Any],
) -> None:
    for clock in clocks_of(facts_of(said), now=_now(said)).values():
        assert clock.citation
        assert clock.why
        assert clock.citation in clock.line or clock.clock_id.endswith("-unlisted")
        if clock.due_at is None:
            assert clock.state in (ClockState.WAITING, ClockState.FULFILLED, ClockState.NOT_OWED)
            continue
        if clock.state is ClockState.WAITING:
            raise AssertionError(clock.clock_id)
        rule = RULES.get(clock.clock_id)
        if rule is None or clock.kind is ClockKind.POLICY or _counts_hours(rule):
            continue
        local = clock.due_at.astimezone(ZoneInfo(clock.time_zone))
        assert local.strftime("%H:%M:%S") == "23:59:59"


def _counts_hours(rule: Rule) -> bool:
    return any(not isinstance(one, Bound) and one.unit is Unit.HOURS for one in rule.due)


@settings(max_examples=150)
@given(told())
def test_the_order_of_recipients_is_kept(said: dict[str, Any]) -> None:
    clocks = clocks_of(facts_of(said), now=_now(said))
    for clock in clocks.values():
        rule = RULES.get(clock.clock_id)
        for limit in rule.due if rule else ():
            if not isinstance(limit, Bound) or limit.of not in clocks:
                continue
            theirs = clocks[limit.of].due_at
            assert clock.due_at is not None
            assert theirs is not None
            assert clock.due_at <= theirs
            if limit.relation is Relation.BEFORE:
                assert theirs - clock.due_at >= timedelta(hours=23)


def _dates(clocks: dict[str, Clock]) -> dict[str, datetime]:
    return {one: clock.due_at for one, clock in clocks.items() if clock.due_at is not None}


@settings(max_examples=100)
@given(told(), st.integers(1, 30))
def test_an_earlier_discovery_never_makes_a_date_later(said: dict[str, Any], days: int) -> None:
    now = _now(said)
    before = _dates(clocks_of(facts_of(said), now=now))
    earlier = said | {"discovered_at": (now - timedelta(days=days)).isoformat()}
    for clock_id, due in _dates(clocks_of(facts_of(earlier), now=now)).items():
        assert due <= before[clock_id]


@settings(max_examples=100)
@given(told(), st.sampled_from(PLACES))
def test_more_people_never_end_a_duty(said: dict[str, Any], place: str) -> None:
    now = _now(said)
    more = said | {"residents": said["residents"] | {place: 1_000_000}}
    before, after = clocks_of(facts_of(said), now=now), clocks_of(facts_of(more), now=now)
    for clock_id, clock in before.items():
        rule = RULES.get(clock_id)
        small_only = rule is not None and rule.max_affected is not None
        if clock.state is not ClockState.NOT_OWED and not small_only:
            assert after[clock_id].state is not ClockState.NOT_OWED


@settings(max_examples=100)
@given(told())
def test_what_nobody_recorded_never_makes_a_date_later(said: dict[str, Any]) -> None:
    """A later anchor may be left out, and then an earlier one stands in."""
    now = _now(said)
    whole = _dates(clocks_of(facts_of(said), now=now))
    for name in ("determined_at", "scope_identified_at"):
        less = {key: value for key, value in said.items() if key != name}
        for clock_id, due in _dates(clocks_of(facts_of(less), now=now)).items():
            assert due <= whole[clock_id]


@settings(max_examples=100)
@given(told())
def test_the_same_facts_give_the_same_clocks(said: dict[str, Any]) -> None:
    now = _now(said)
    assert clocks_of(facts_of(said), now=now) == clocks_of(facts_of(said), now=now)


def test_a_leap_day_counts_and_a_year_ends_like_any_day() -> None:
    for day, due in (("2028-02-10", "2028-03-11"), ("2027-02-10", "2027-03-12")):
        zone = ZoneInfo(BY_JURISDICTION["US-CO"].time_zone)
        at = datetime.fromisoformat(f"{day}T12:00").replace(tzinfo=zone).isoformat()
        facts = facts_of({"discovered_at": at, "determined_at": at, "residents": {"US-CO": 5}})
        clock = clocks_of(facts)["us-co-individuals"]
        assert clock.due_at is not None
        assert clock.due_at.astimezone(zone).date().isoformat() == due


def test_every_rule_that_counts_has_a_number_or_a_standard() -> None:
    for rule in RULES.values():
        assert rule.due or rule.standard
        for limit in rule.due:
            if isinstance(limit, Within):
                assert limit.within > 0


PLACE = st.sampled_from([*PLACES, "*", *sorted(BY_JURISDICTION)])
CLOCK = st.sampled_from([*sorted(RULES), "jp-unlisted"])
WHEN = st.one_of(
    INSTANTS.map(lambda at: at.isoformat()),
    st.sampled_from(
        ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59-12:00", "2028-02-29T23:59:59+14:00"]
    ),
)


def _of_places(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    places = st.lists(PLACE, min_size=1, max_size=3)
    return st.lists(st.fixed_dictionaries({"jurisdictions": places, **fields}), max_size=2)


def _of_clocks(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(st.fixed_dictionaries({"clock_id": CLOCK, **fields}), max_size=2)


WORDS = st.just("a memo of counsel")
ANYTHING: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(INSTANTS_SAID, WHEN),
        "notices_sent_at": st.dictionaries(PLACE, WHEN, max_size=3),
        "notices_planned_at": st.dictionaries(PLACE, WHEN, max_size=3),
        "residents": st.dictionaries(st.sampled_from([*PLACES, *BY_JURISDICTION]), COUNTS),
        "elements": st.lists(st.sampled_from(Element), max_size=4),
        "encrypted": st.booleans(),
        "role": st.sampled_from(Role),
        "conditions": st.dictionaries(st.sampled_from(Condition), st.booleans()),
        "holds": _of_places(agency=WORDS, requested_at=WHEN, ended_at=st.none() | WHEN, how=WORDS),
        "harm": _of_places(
            harm=st.sampled_from(["likely", "unlikely"]), determined_at=WHEN, how=WORDS
        ),
        "fulfilled": _of_clocks(at=WHEN, how=WORDS),
        "not_owed": _of_clocks(why=WORDS),
        "extended": _of_clocks(until=WHEN, reason=st.sampled_from(Reason), how=WORDS),
        "waived": _of_clocks(why=WORDS),
    },
)


@settings(max_examples=150)
@given(st.lists(ANYTHING, min_size=1, max_size=3), st.lists(PLACE, max_size=4))
def test_whatever_is_said_is_refused_or_counted(
    statements: list[dict[str, Any]], places: list[str]
) -> None:
    now = datetime(2027, 1, 15, 12, tzinfo=UTC)
    here = tuple(place for place in places if place != "*")
    facts = facts_of(jurisdictions=here)
    for told_now in statements:
        try:
            said = Statement.model_validate(told_now)
        except ValidationError:
            continue
        if unknown(said, REGIMES) is None and untrue(said, facts, now=now) is None:
            fact = Fact(incident_id=facts.incident_id, by="counsel", at=now, said=said)
            facts = standing(facts, [fact])
        for clock in clocks_of(facts, now=now).values():
            assert clock.line
            assert ",," not in clock.line
