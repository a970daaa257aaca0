"""Whatever arrives in the queue is on record, or fails by itself and goes to the dead letters."""

import copy
import json
from collections.abc import Iterator
from itertools import batched, islice
from typing import Any

import pytest

from functions.intake import app as intake
from functions.watch import app as watching
from responder.aws.ledger import Ledger
from responder.domain.errors import Broken
from responder.domain.escaping import one_line
from responder.sources import feeds, touches
from tests.events import an_event
from tests.hostile.attacked import about_another, an_event_of, chunks
from tests.hostile.corpus import SHORT
from tests.hostile.places import changed
from tests.hostile.saved import TOUCH
from tests.taking_in import Context, a_stack, batch, failed

FEEDS = {
    "guardduty/unauthorizedaccess-iamuser-instancecredentialexfiltration-outsideaws": 61,
    "security-hub/exfiltration-s3-anomalousbehavior": 97,
    "security-hub-v2/exfiltration-s3-anomalousbehavior": 89,
}
REMARKABLE = {one_line(text, 400) for text in SHORT} | set(SHORT)


@pytest.fixture
def stack(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ledger]:
    with a_stack(ledger, monkeypatch):
        yield ledger


def messages() -> Iterator[str]:
    """Events with attacks, each about a finding of its own."""
    for name, every in FEEDS.items():
        for event in islice(changed(an_event(name)), None, None, every):
            yield json.dumps(event)
    for text in chunks():
        yield json.dumps(an_event_of(text))


def read(text: str) -> list[str] | None:
    """The keys of the findings in a message; None where it cannot be read."""
    try:
        return [finding.key for finding in feeds.read_text(text)]
    except Broken:
        return None


def can_be_read(text: str) -> bool:
    try:
        touches.read_text(text)
    except Broken:
        return False
    return True


def lines(caplog: pytest.LogCaptureFixture, logger: Any) -> list[str]:
    """As CloudWatch gets them."""
    records = [record for record in caplog.records if record.name == logger.name]
    return [logger.registered_formatter.format(record) for record in records]


def of_the_log(line: str) -> None:
    assert line.splitlines() == [line]
    assert line.isascii() or line.isprintable()
    said = json.loads(line)
    assert said["level"] in ("INFO", "ERROR")
    for attack in REMARKABLE:
        if len(attack) > 12:
            assert attack not in json.dumps(said, ensure_ascii=False), ascii(attack)


def test_no_message_is_lost_and_no_line_of_the_log_is_forged(
    stack: Ledger, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    sent = [about_another(text, number) for number, text in enumerate(messages())]
    assert len(sent) > 60
    unread = 0
    for ten in batched(sent, 10, strict=False):
        refused = set(failed(intake.handler(batch(*ten), Context())))  # type: ignore[arg-type]
        items = stack.client.scan(TableName=stack.table)["Items"]
        known = {item["sk"]["S"].removeprefix("FINDING#") for item in items}
        for place, text in enumerate(ten):
            keys = read(text)
            unread += keys is None
            assert (str(place) in refused) == (keys is None), text[:300]
            assert set(keys or ()) <= known
    assert unread > 3
    for line in lines(caplog, intake.logger):
        of_the_log(line)


def test_no_touch_is_lost_and_none_stops_the_others(
    stack: Ledger, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level("INFO")
    monkeypatch.setenv("MEMBER_CONTAIN_ROLE", "breach-responder-contain")
    sent = [json.dumps(one) for one in islice(changed(copy.deepcopy(TOUCH)), None, None, 5)]
    for ten in batched(sent, 10, strict=False):
        refused = failed(watching.handler(batch(*ten), Context()))  # type: ignore[arg-type]
        assert refused == [str(place) for place, text in enumerate(ten) if not can_be_read(text)]
    for line in lines(caplog, watching.logger):
        of_the_log(line)
