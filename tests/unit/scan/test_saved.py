"""What was found can be put down, taken up and joined in any order, and stays what it was."""

from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from random import Random
from typing import Any

import pytest

from responder.domain.errors import Broken
from responder.domain.lineage import Lineage
from responder.domain.lineage_growth import Callers
from responder.scan import tally as bounds
from responder.scan.counting import count
from responder.scan.following import Following, begun
from responder.scan.needles import Needles
from responder.scan.pursuit import needles_of, seed_of_key
from responder.scan.saved import (
    FollowingForm,
    SoughtForm,
    TallyForm,
    following_of,
    following_told,
    packed,
    sought_of,
    sought_told,
    tally_of,
    tally_told,
    unpacked,
)
from responder.scan.seeking import Sought, seek
from responder.scan.tally import Tally
from tests.builders import SHOP
from tests.trail_logs import KEY, STARTS_AT, Logs, by_user


def save_sought(found: Sought) -> bytes:
    return packed(sought_told(found))


def load_sought(body: bytes) -> Sought:
    return sought_of(unpacked(body, SoughtForm))


def save_tally(found: Tally) -> bytes:
    return packed(tally_told(found))


def load_tally(body: bytes) -> Tally:
    return tally_of(unpacked(body, TallyForm))


OBJECTS = sorted(Logs().honest(hours=6, each=4).theft().objects().items())


def sought(texts: frozenset[str], objects: list[tuple[str, bytes]] = OBJECTS) -> list[Sought]:
    return [seek(name, body, Needles(texts)) for name, body in objects]


def followed() -> Following:
    following = begun([seed_of_key(KEY, SHOP)], since=None, until=None)
    while wanted := following.wanted:
        for (name, _), found in zip(OBJECTS, sought(wanted), strict=True):
            following.take(name, found, covers=not following.rounds)
        following.grow()
    return following


def tallies(lineage: Lineage) -> list[Tally]:
    found = []
    for _, body in OBJECTS:
        tally = Tally()
        count(tally, body, Needles(needles_of(lineage)), lineage, set())
        found.append(tally)
    return found


def test_what_an_object_had_is_read_as_it_was_written() -> None:
    for found in sought(frozenset({KEY})):
        again = load_sought(save_sought(found))
        assert replace(again, records=[]) == replace(found, records=[])
        assert save_sought(again) == save_sought(found)
    assert any(found.records for found in sought(frozenset({KEY})))


def test_how_far_following_is_survives_and_goes_on_alike() -> None:
    following = begun([seed_of_key(KEY, SHOP)], since=STARTS_AT, until=None)
    while wanted := following.wanted:
        for (name, _), found in zip(OBJECTS, sought(wanted), strict=True):
            again = load_sought(save_sought(found))
            following.take(name, again, covers=not following.rounds)
        following.grow()
        body = packed(following_told(following))
        following = following_of(unpacked(body, FollowingForm))
    straight = begun([seed_of_key(KEY, SHOP)], since=STARTS_AT, until=None)
    while wanted := straight.wanted:
        for (name, _), found in zip(OBJECTS, sought(wanted), strict=True):
            straight.take(name, found, covers=not straight.rounds)
        straight.grow()
    assert following == straight
    assert len(following.lineage.edges) == 3


def test_what_was_counted_and_what_was_reached_is_read_as_it_was_written() -> None:
    parts = tallies(followed().lineage)
    for part in parts:
        assert load_tally(save_tally(part)) == part
        assert save_tally(load_tally(save_tally(part))) == save_tally(part)
    assert any(one.items for part in parts for one in part.reach.things.values())


def test_tallies_are_the_same_in_whatever_order_they_are_joined() -> None:
    parts = [one for one in tallies(followed().lineage) if one.acts]
    assert len(parts) > 2
    wholes = set()
    for order in permutations(parts[:4]):
        whole = Tally()
        for part in order:
            whole.join(load_tally(save_tally(part)))
        wholes.add(save_tally(whole.settled()))
    assert len(wholes) == 1


def test_too_many_names_are_cut_alike_however_the_parts_were_cut(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bounds, "MOST_NAMES", 5)
    monkeypatch.setattr(bounds, "MOST_OBJECTS", 7)
    logs = Logs()
    for minute in range(60):
        who = by_user("orders-export", KEY)
        logs.call(minute, "s3", "GetObject", who, userAgent=f"agent-{minute % 23}")
        logs.call(minute, "ssm", "GetParameter", who, requestParameters={"name": f"n{minute % 31}"})
    records = [record for hour in logs.hours.values() for record in hour]
    for number, record in enumerate(records):
        if record["eventName"] == "GetObject":
            record["requestParameters"] = {"bucketName": f"b{number % 9}", "key": f"k{number}"}
    lineage = Lineage(
        since=STARTS_AT, until=STARTS_AT + timedelta(days=1), nodes=(seed_of_key(KEY, SHOP),)
    )
    told = set()
    for seed in range(5):
        Random(seed).shuffle(records)
        told.add(save_tally(_in_parts(records, 1 + seed * 7, lineage)))
    assert len(told) == 1
    whole = load_tally(told.pop())
    [acts] = whole.acts.values()
    assert len(acts.agents) == 6
    assert sum(span.times for span in acts.agents.values()) == acts.span.times == 120
    assert whole.cut
    assert sum(len(one.keys) for one in whole.buckets.values()) == 7
    assert sum(one.reads for one in whole.buckets.values()) == 60
    assert sum(span.times for span in whole.noted.values()) == 60


def _in_parts(records: list[dict[str, Any]], size: int, lineage: Lineage) -> Tally:
    whole = Tally()
    for at in range(0, len(records), size):
        part = Tally()
        part.take(records[at : at + size], Callers(lineage))
        whole.join(part)
    return whole.settled()


@pytest.mark.parametrize("wrong", [b"", b"half", packed({"objects": 1}), packed([])])
def test_half_a_result_is_none(wrong: bytes) -> None:
    with pytest.raises(Broken):
        load_sought(wrong)
    with pytest.raises(Broken):
        load_tally(wrong)


def test_a_result_that_is_cut_short_is_none() -> None:
    whole = save_sought(sought(frozenset({KEY}))[0])
    for end in range(len(whole)):
        with pytest.raises(Broken):
            load_sought(whole[:end])


def test_half_a_pair_of_surrogates_that_an_attacker_wrote_is_carried() -> None:
    logs = Logs()
    logs.call(1, "sts", "AssumeRole", by_user("x", KEY), requestParameters={"a": "\ud800"})
    [(name, body)] = logs.objects().items()
    found = seek(name, body, Needles({KEY}))
    assert load_sought(save_sought(found)).records[0]["requestParameters"] == {"a": "\ud800"}
    following = begun([seed_of_key(KEY, SHOP)], since=None, until=None)
    following.take(name, found, covers=not following.rounds)
    told = following_told(following)
    assert following_of(unpacked(packed(told), FollowingForm)) == following
