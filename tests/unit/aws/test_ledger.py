"""The table keeps the first write, and never loses a second writer's work silently."""

from datetime import timedelta

import pytest

from responder.aws.ledger import Due, Ledger
from responder.aws.timeline import Timeline
from responder.domain.errors import Unavailable
from tests.builders import INCIDENT_ID, NOON, an_incident


def test_the_first_write_of_an_item_wins(ledger: Ledger) -> None:
    assert ledger.add("p", "s", an_incident(title="first"))
    assert not ledger.add("p", "s", an_incident(title="second"))
    found = ledger.get("p", "s")
    assert found is not None
    assert '"title":"first"' in found.body


def test_replacing_an_item_that_somebody_wrote_since_is_refused(ledger: Ledger) -> None:
    ledger.add("p", "s", an_incident())
    seen = ledger.get("p", "s")
    assert seen is not None
    ledger.replace(seen, an_incident(title="theirs"))
    with pytest.raises(Unavailable, match="written by another"):
        ledger.replace(seen, an_incident(title="ours"))
    found = ledger.get("p", "s")
    assert found is not None
    assert '"title":"theirs"' in found.body


def test_due_items_are_found_until_they_are_written_without_a_date(ledger: Ledger) -> None:
    ledger.add("p", "s", an_incident(), due=Due("CLOCKS", NOON))
    assert ledger.due("CLOCKS", until=NOON) == [("p", "s")]
    assert ledger.due("CLOCKS", until=NOON - timedelta(seconds=1)) == []
    seen = ledger.get("p", "s")
    assert seen is not None
    ledger.replace(seen, an_incident())
    assert ledger.due("CLOCKS", until=NOON) == []


def test_a_timeline_event_written_twice_is_one_event_at_its_first_time(ledger: Ledger) -> None:
    timeline = Timeline(ledger)
    for minutes in (5, 9):
        at = NOON + timedelta(minutes=minutes)
        timeline.record(INCIDENT_ID, "opened", at=at, by="open", text="Opened.")
    timeline.record(INCIDENT_ID, "found", at=NOON, by="GuardDuty", text="Found.")
    events = timeline.events(INCIDENT_ID)
    assert [(event.key, event.at) for event in events] == [
        ("found", NOON),
        ("opened", NOON + timedelta(minutes=5)),
    ]
