"""Whatever an event says, it is a finding whose fields hold, or an error of ours that names where.

The error repeats nothing of what was sent, and neither takes long.
"""

import json
from typing import Any

import pytest
from hypothesis import given

from responder.domain.errors import Broken
from responder.domain.trail_event import read_event
from responder.sources import feeds
from tests.events import an_event
from tests.hostile.corpus import nested
from tests.hostile.damage import damaged, few
from tests.hostile.holding import (
    MOST_BYTES,
    holds,
    in_time,
    is_a_finding_or_broken,
    is_a_touch_or_broken,
    leads_to_what_aws_could_name,
    told_plainly,
)
from tests.hostile.saved import RECORDS, SAVED, TOUCH


@few(250)
@given(damaged(an_event, SAVED))
def test_a_damaged_finding_is_a_finding_or_says_where_it_is_broken(event: Any) -> None:
    is_a_finding_or_broken(event)


@few(300)
@given(damaged(lambda _: TOUCH, ["touch"]))
def test_a_damaged_touch_names_whom_iam_could_name_or_says_where_it_is_broken(event: Any) -> None:
    is_a_touch_or_broken(event)


@few(300)
@given(damaged(lambda name: RECORDS[name], sorted(RECORDS)))
def test_a_damaged_record_leads_nowhere_or_to_what_iam_could_name(record: Any) -> None:
    text = json.dumps(record)
    if len(text) > MOST_BYTES:
        return
    with in_time():
        try:
            event = read_event(text)
        except ValueError:
            return
        leads_to_what_aws_could_name(event)


@pytest.mark.parametrize("deep", [50, 900, 5_000, 90_000])
@pytest.mark.parametrize(
    "place",
    [
        ("service", "additionalInfo"),
        ("service", "detection"),
        ("resource",),
        ("resource", "s3BucketDetails"),
        ("title",),
        ("junk",),
    ],
)
def test_no_depth_is_too_deep(place: tuple[str, ...], deep: int) -> None:
    """Written by hand, because the writer of JSON gives up long before the reader does."""
    event = an_event()
    part = event["detail"]
    for step in place[:-1]:
        part = part[step]
    part[place[-1]] = "HERE"
    inner = "[" * deep + "]" * deep
    text = json.dumps(event).replace('"HERE"', inner)
    _reads_or_breaks(text)
    _reads_or_breaks(text.replace(inner, '{"sample":' * deep + "1" + "}" * deep))


@pytest.mark.parametrize("deep", [50, 900, 5_000])
def test_no_depth_of_a_product_field_is_too_deep(deep: int) -> None:
    event = an_event("security-hub/exfiltration-s3-anomalousbehavior")
    fields = event["detail"]["findings"][0]["ProductFields"]
    for name in ("aws/guardduty/service/count", "aws/guardduty/service/additionalInfo/sample"):
        fields[name] = "HERE"
    inner = "[" * deep + "]" * deep
    _reads_or_breaks(json.dumps(event).replace('"HERE"', inner))


def _reads_or_breaks(text: str) -> None:
    with in_time():
        try:
            for finding in feeds.read_text(text):
                holds(finding)
        except Broken as error:
            told_plainly(error)


def test_the_last_of_two_keys_counts_and_a_prototype_is_a_key_like_any() -> None:
    text = json.dumps(an_event())
    twice = text[:-1] + ', "detail-type": "Something else"}'
    with pytest.raises(Broken, match="detail-type"):
        feeds.read_text(twice)
    event = an_event(__proto__={"accountId": "999988887777"})
    [finding] = feeds.read_text(json.dumps(event))
    assert finding.account == "111122223333"


def test_ten_thousand_of_everything_is_read_in_time() -> None:
    event = an_event("guardduty/attacksequence-s3-compromiseddata")
    sequence = event["detail"]["service"]["detection"]["sequence"]
    for name in ("actors", "resources", "endpoints", "signals"):
        sequence[name] = (sequence.get(name) or [{}]) * 10_000
    event["detail"]["resource"]["s3BucketDetails"] = [
        {"name": f"b{n}", "s3ObjectDetails": [{"key": f"k{n}"}]} for n in range(10_000)
    ]
    is_a_finding_or_broken(event)
    hub = an_event("security-hub/exfiltration-s3-anomalousbehavior")
    found = hub["detail"]["findings"][0]
    found["Resources"] = found["Resources"] * 10_000
    found["ProductFields"] |= {f"field-{n}": nested(3) for n in range(10_000)}
    is_a_finding_or_broken(hub)
