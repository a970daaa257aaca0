"""Each part of an event in turn: taken away, replaced by what is no text, and attacked."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from responder.domain.principal import PrincipalKind
from responder.domain.trail_event import read_event
from responder.sources.envelope import addresses
from responder.sources.principals import classify
from tests.builders import SHOP
from tests.events import an_event
from tests.hostile.corpus import SHORT, STRINGS
from tests.hostile.holding import (
    is_a_finding_or_broken,
    is_a_touch_or_broken,
    is_named_as_aws_does,
    leads_to_what_aws_could_name,
)
from tests.hostile.places import AT_A_PLACE, changed, places
from tests.hostile.saved import RECORDS, TOUCH

# One of each shape, and those with the most in them.
EVENTS = {
    name: an_event(name)
    for name in (
        "guardduty/attacksequence-s3-compromiseddata",
        "guardduty/unauthorizedaccess-iamuser-instancecredentialexfiltration-outsideaws",
        "security-hub/recon-iamuser-maliciousipcaller-custom-action",
        "security-hub/unauthorizedaccess-iamuser-instancecredentialexfiltration-outsideaws",
        "security-hub-v2/unauthorizedaccess-iamuser-instancecredentialexfiltration-outsideaws",
    )
}


def _is_a_record_or_none(record: Any) -> None:
    try:
        event = read_event(json.dumps(record))
    except ValueError:
        return
    leads_to_what_aws_could_name(event)


@pytest.mark.parametrize("name", sorted(EVENTS))
def test_no_part_of_a_finding_can_be_anything_that_breaks_us(name: str) -> None:
    for event in changed(copy.deepcopy(EVENTS[name])):
        is_a_finding_or_broken(event)


@pytest.mark.parametrize(
    ("saved", "holds"),
    [(TOUCH, is_a_touch_or_broken), *((one, _is_a_record_or_none) for one in RECORDS.values())],
    ids=["touch", *RECORDS],
)
def test_no_part_of_a_touch_or_a_record_can(saved: Any, holds: Callable[[Any], None]) -> None:
    for event in changed(copy.deepcopy(saved)):
        holds(event)


def test_no_attack_is_a_name_of_an_identity() -> None:
    plain = {
        "user_name": "web",
        "principal_id": "AROAEXAMPLEEXAMPLE00:one",
        "access_key_id": "ASIAEXAMPLEEXAMPLE00",
        "role_arn": f"arn:aws:iam::{SHOP}:role/web",
        "owner": SHOP,
        "partition": "aws",
    }
    for kind in (kind.value for kind in PrincipalKind):
        for text in STRINGS:
            for field, value in plain.items():
                if field == "partition":
                    continue
                for attack in (text, value + text):
                    told = plain | {field: attack}
                    found = classify(account=SHOP, user_type=kind, **told)
                    assert found is not None
                    is_named_as_aws_does(found)


def test_no_attack_is_an_address() -> None:
    told = [*STRINGS] + [f"fe80::1%{text}" for text in STRINGS]
    assert set(addresses(told)) <= {"fe80::1"}
    assert addresses([f"203.0.113.7{text}" for text in STRINGS if text]) in ((), ("203.0.113.7",))


def test_each_attack_has_its_turn() -> None:
    turns = sum(len(places(event)) for event in EVENTS.values()) * AT_A_PLACE
    assert turns > 2 * len(SHORT)
