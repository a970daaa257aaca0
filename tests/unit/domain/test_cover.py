"""A rota covers every instant once: over a year, across clocks that change, with people away."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from responder.domain.cover import Shift, cover, on_call, problems
from responder.domain.rota import Rota

LOS_ANGELES, BERLIN = "America/Los_Angeles", "Europe/Berlin"
SINCE = datetime(2026, 12, 1, tzinfo=UTC)
YEAR = SINCE + timedelta(days=366)
PEOPLE = {name: {"name": name.title(), "email": f"{name}@example.com"} for name in "abcd"}


def a_turn(*people: str, zone: str = LOS_ANGELES, **more: Any) -> dict[str, Any]:
    first = {"people": people, "first_day": "2026-11-30", "time_zone": zone}
    return first | more


def a_rota(*turns: dict[str, Any], **more: Any) -> Rota:
    levels = more.pop("levels", [{"name": "primary", "turns": turns}])
    return Rota.model_validate({"people": PEOPLE, "levels": levels} | more)


def shifts(rota: Rota, since: datetime = SINCE, until: datetime = YEAR) -> list[Shift]:
    return cover(rota, rota.levels[0], since, until)


def told(rota: Rota, since: datetime, until: datetime) -> list[tuple[str | None, str]]:
    return [(one.person, f"{one.begins_at:%m-%d %H:%M}") for one in shifts(rota, since, until)]


def is_whole(found: list[Shift], since: datetime, until: datetime) -> bool:
    """From the first to the last instant, with no hole and no overlap."""
    return (
        (found[0].begins_at, found[-1].ends_at) == (since, until)
        and all(one.ends_at == other.begins_at for one, other in pairwise(found))
        and all(one.begins_at < one.ends_at for one in found)
    )


def test_a_year_of_weeks_has_no_gap_and_no_double_cover() -> None:
    rota = a_rota(a_turn("a", "b", "c", hand_over="09:00"))
    found = shifts(rota)
    assert is_whole(found, SINCE, YEAR)
    assert list(problems(rota, SINCE, YEAR)) == []
    assert [one.person for one in found[:4]] == ["a", "b", "c", "a"]
    hours = {(one.ends_at - one.begins_at) // timedelta(hours=1) for one in found[1:-1]}
    assert hours == {167, 168, 169}  # the weeks in which the clock changes


def test_hand_over_is_at_the_same_hour_of_the_clock_on_both_sides_of_a_change() -> None:
    """Los Angeles: on 14 March 2027 at 2:00, and on 7 November 2027 at 2:00."""
    rota = a_rota(a_turn("a", "b", hand_over="09:00"))
    march = [one.begins_at for one in shifts(rota) if one.begins_at.month == 3]
    assert march[1:3] == [
        datetime(2027, 3, 8, 17, tzinfo=UTC),
        datetime(2027, 3, 15, 16, tzinfo=UTC),
    ]
    november = [one.begins_at for one in shifts(rota) if one.begins_at.month == 11]
    assert november[0:2] == [
        datetime(2027, 11, 1, 16, tzinfo=UTC),
        datetime(2027, 11, 8, 17, tzinfo=UTC),
    ]


@pytest.mark.parametrize(
    ("hand_over", "day", "at"),
    [
        ("02:30", date(2027, 3, 14), datetime(2027, 3, 14, 10, 30, tzinfo=UTC)),  # skipped: 3:30
        ("01:30", date(2027, 11, 7), datetime(2027, 11, 7, 8, 30, tzinfo=UTC)),  # the first of two
    ],
)
def test_a_time_that_is_skipped_or_comes_twice_is_one_instant(
    hand_over: str, day: date, at: datetime
) -> None:
    rota = a_rota(a_turn("a", "b", first_day=day.isoformat(), hand_over=hand_over, days=1))
    around = shifts(rota, at - timedelta(hours=1), at + timedelta(hours=2))
    assert [(one.person, one.begins_at) for one in around[1:]] == [("a", at)]


def test_before_its_first_day_a_turn_goes_on_backwards() -> None:
    rota = a_rota(a_turn("a", "b", hand_over="09:00"))
    before = datetime(2026, 11, 25, tzinfo=UTC)
    assert told(rota, before, SINCE) == [("b", "11-25 00:00"), ("a", "11-30 17:00")]


def test_an_override_takes_the_level_and_gives_it_back() -> None:
    swap = {"level": "primary", "time_zone": LOS_ANGELES, "because": "swapped"}
    rota = a_rota(
        a_turn("a"),
        overrides=[
            swap | {"person": "b", "from": "2026-12-24T18:00", "to": "2026-12-26T18:00"},
            swap | {"person": "c", "from": "2026-12-25T00:00", "to": "2026-12-25T12:00"},
        ],
    )
    since, until = datetime(2026, 12, 24, tzinfo=UTC), datetime(2026, 12, 28, tzinfo=UTC)
    assert told(rota, since, until) == [
        ("a", "12-24 00:00"),
        ("b", "12-25 02:00"),
        ("c", "12-25 08:00"),
        ("b", "12-25 20:00"),
        ("a", "12-27 02:00"),
    ]
    assert {one.because for one in shifts(rota, since, until)} == {"", "swapped"}


def test_who_is_absent_is_stood_in_for_by_the_next_who_is_not() -> None:
    rota = a_rota(
        a_turn("a", "b", "c"),
        absences=[
            {"person": "a", "first_day": "2026-12-01", "last_day": "2026-12-03"},
            {"person": "b", "first_day": "2026-12-02", "last_day": "2026-12-02"},
        ],
    )
    until = datetime(2026, 12, 5, tzinfo=UTC)
    assert told(rota, SINCE, until) == [
        ("a", "12-01 00:00"),
        ("b", "12-01 08:00"),
        ("c", "12-02 08:00"),
        ("b", "12-03 08:00"),
        ("a", "12-04 08:00"),
    ]
    assert shifts(rota, SINCE, until)[2].because == "for a, who is absent"


def test_where_all_are_absent_nobody_is_called_and_it_is_said() -> None:
    away = {"first_day": "2026-12-24", "last_day": "2026-12-25"}
    rota = a_rota(a_turn("a", "b"), absences=[away | {"person": one} for one in "ab"])
    assert list(problems(rota, SINCE, YEAR)) == [
        "primary: nobody from 2026-12-24 08:00 to 2026-12-26 08:00 UTC"
    ]


def follow_the_sun(last: str) -> Rota:
    return a_rota(
        a_turn("a", zone=BERLIN, hours={"from": "08:00", "to": last}),
        a_turn("b", zone=LOS_ANGELES, hours={"from": "11:00", "to": "23:00"}),
    )


def test_two_zones_that_change_on_other_days_leave_a_gap_that_is_found() -> None:
    """Berlin is nine hours ahead, but for two weeks in March and one in autumn: then eight."""
    wrong = list(problems(follow_the_sun("20:00"), SINCE, YEAR))
    nobody = [one for one in wrong if "nobody" in one]
    assert len(wrong) == len(nobody) + len([one for one in wrong if "two turns" in one])
    assert "primary: two turns from 2027-03-14 18:00 to 2027-03-14 19:00 UTC" in wrong
    assert "primary: nobody from 2027-03-15 06:00 to 2027-03-15 07:00 UTC" in wrong
    days = {one[len("primary: nobody from ") :][:10] for one in nobody}
    in_march = {f"2027-03-{day}" for day in range(15, 28)}
    assert days == in_march | {"2027-10-31", *(f"2027-11-0{day}" for day in range(1, 8))}


def test_one_person_at_two_levels_is_said() -> None:
    levels = [
        {"name": "primary", "turns": [a_turn("a", "b")]},
        {"name": "secondary", "turns": [a_turn("b", "c")]},
        {"name": "manager", "turns": [a_turn("a", first_day="2026-12-07", days=366)]},
    ]
    rota = a_rota(levels=levels)
    wrong = list(problems(rota, SINCE, SINCE + timedelta(days=14)))
    assert wrong == [
        "a has primary and manager from 2026-12-01 00:00 to 2026-12-07 17:00 UTC",
        "a has primary and manager from 2026-12-14 17:00 to 2026-12-15 00:00 UTC",
    ]


def test_who_is_on_call_now_and_who_is_next() -> None:
    levels = [
        {"name": "primary", "turns": [a_turn("a", "b", hand_over="09:00")]},
        {"name": "manager", "turns": [a_turn("d")]},
    ]
    found = on_call(a_rota(levels=levels), SINCE)
    assert [(one.level, one.person, one.begins_at) for one in found] == [
        ("primary", "a", SINCE),
        ("primary", "b", datetime(2026, 12, 7, 17, tzinfo=UTC)),
        ("manager", "d", SINCE),
    ]


def _rotas() -> Iterator[st.SearchStrategy[Any]]:
    minute = st.builds(time, st.integers(0, 23), st.sampled_from([0, 30]))
    zone = st.sampled_from([LOS_ANGELES, BERLIN, "Australia/Lord_Howe", "UTC", "Asia/Kolkata"])
    day = st.dates(date(2026, 11, 1), date(2027, 11, 30))
    hours = st.none() | st.builds(lambda a, b: {"from": a, "to": b}, minute, minute)
    yield st.lists(
        st.fixed_dictionaries(
            {
                "people": st.permutations("abcd").map(lambda all_: all_[:3]),
                "first_day": day,
                "hand_over": minute,
                "days": st.integers(1, 14),
                "time_zone": zone,
                "hours": hours,
            }
        ),
        min_size=1,
        max_size=3,
    )
    yield st.lists(
        st.builds(
            lambda person, first, span: {
                "person": person,
                "first_day": first,
                "last_day": first + timedelta(days=span),
            },
            st.sampled_from("abcd"),
            day,
            st.integers(0, 20),
        ),
        max_size=3,
    )
    wall = st.builds(datetime.combine, day, minute)
    yield st.lists(
        st.builds(
            lambda person, begins, hours, zone: {
                "level": "primary",
                "person": person,
                "from": begins,
                "to": begins + timedelta(hours=hours),
                "time_zone": zone,
                "because": "a swap",
            },
            st.sampled_from("abcd"),
            wall,
            st.integers(3, 72),  # longer than any change of a clock
            zone,
        ),
        max_size=3,
    )


TURNS, ABSENCES, OVERRIDES = _rotas()


@settings(max_examples=60)
@given(TURNS, ABSENCES, OVERRIDES, st.integers(0, 365 * 24 * 60))
def test_any_rota_has_every_instant_once_and_the_same_from_wherever_it_is_looked_at(
    turns: Any, absences: Any, overrides: Any, minutes: int
) -> None:
    rota = a_rota(*turns, absences=absences, overrides=overrides)
    since = SINCE + timedelta(minutes=minutes)
    until = since + timedelta(days=30)
    found = shifts(rota, since, until)
    assert is_whole(found, since, until)
    for one in found:
        for instant in (one.begins_at, one.begins_at + (one.ends_at - one.begins_at) / 2):
            [alone, *_] = shifts(rota, instant, instant + timedelta(minutes=1))
            assert (alone.person, alone.because) == (one.person, one.because)


def test_an_override_by_somebody_who_is_absent_is_wrong() -> None:
    """It is said beforehand: whoever is called that night does not answer."""
    swap = {
        "level": "primary",
        "person": "c",
        "from": "2026-12-24T18:00",
        "to": "2026-12-26T18:00",
        "time_zone": LOS_ANGELES,
        "because": "swapped",
    }
    away = {"person": "c", "first_day": "2026-12-25", "last_day": "2026-12-25"}
    [wrong] = problems(a_rota(a_turn("a"), overrides=[swap], absences=[away]), SINCE, YEAR)
    assert wrong == (
        "primary: an override by c, who is absent, from 2026-12-25 08:00 to 2026-12-26 08:00 UTC"
    )
    assert list(problems(a_rota(a_turn("a"), overrides=[swap]), SINCE, YEAR)) == []
    late = a_rota(a_turn("a"), overrides=[swap], absences=[away | {"person": "b"}])
    assert list(problems(late, SINCE, YEAR)) == []


def test_hours_around_a_skipped_hour_that_overlap_are_told() -> None:
    turns = [
        a_turn(person, hours={"from": begins, "to": ends})
        for person, begins, ends in (
            ("a", "22:00", "02:15"),
            ("b", "02:15", "03:00"),
            ("c", "03:00", "22:00"),
        )
    ]
    assert list(problems(a_rota(*turns), SINCE, YEAR)) == [
        "primary: two turns from 2027-03-14 10:00 to 2027-03-14 10:15 UTC"
    ]
