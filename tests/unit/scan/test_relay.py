"""Logs are cut into units so that each object is in one of them, and none is too large."""

from datetime import UTC, datetime

import pytest

from responder.scan import relay
from responder.scan.hours import hours
from responder.scan.log_names import read_name
from responder.scan.relay import Source, part_key, units_of
from tests.builders import REGION, SHOP
from tests.trail_logs import Logs


def told(sources: list[Source], listings: dict[str, list[tuple[str, int]]]) -> list[str]:
    return [key for one in sources for key, _ in listings[one.key][one.begin : one.end]]


@pytest.mark.parametrize("sizes", [[1] * 7, [5, 5, 5], [40], [1, 40, 1], [10, 0, 0, 1], []])
@pytest.mark.parametrize("cut", [1, 2, 100])
def test_each_object_is_in_one_unit_in_its_order(
    monkeypatch: pytest.MonkeyPatch, sizes: list[int], cut: int
) -> None:
    monkeypatch.setattr(relay, "MOST_UNIT_BYTES", 10)
    monkeypatch.setattr(relay, "MOST_UNIT_OBJECTS", 3)
    listed = [(f"k{number:03d}", size) for number, size in enumerate(sizes)]
    listings = {f"l{at:03d}": listed[at : at + cut] for at in range(0, len(listed), cut)}
    units = list(units_of(sorted(listings.items())))
    assert [key for unit in units for key in told(unit.sources, listings)] == [k for k, _ in listed]
    for unit in units:
        assert unit.objects == sum(one.end - one.begin for one in unit.sources) <= 3
        assert unit.size_bytes <= 10 or unit.objects == 1
    assert sum(unit.size_bytes for unit in units) == sum(sizes)


def test_a_part_has_one_key_and_no_other_part_has_it() -> None:
    keys = [part_key(q, u, at) for q in ("a", "b") for u in ("c", "d") for at in ("", "1", "2:x")]
    assert len(set(keys)) == len(keys)
    assert keys == [
        part_key(q, u, at) for q in ("a", "b") for u in ("c", "d") for at in ("", "1", "2:x")
    ]


def test_every_log_of_the_time_begins_with_one_of_the_hours() -> None:
    logs = Logs().honest(hours=26, each=1).objects()
    since, until = datetime(2026, 11, 23, 3, 30, tzinfo=UTC), datetime(2026, 11, 24, tzinfo=UTC)
    prefixes = list(hours("AWSLogs/", SHOP, REGION, since, until))
    for key in logs:
        name = read_name(key)
        assert name is not None
        within = since.replace(minute=0) <= name.delivered_at.replace(minute=0) <= until
        found = sum(key.startswith(prefix) for prefix in prefixes)
        assert found == 1 if within else found <= 1, key
    assert len(set(prefixes)) == len(prefixes)
