"""Whatever arrives is a finding, or an error that names the field and repeats nothing hostile."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from responder.domain.errors import Broken
from responder.domain.finding import Finding
from responder.domain.principal import PrincipalKind
from responder.sources import feeds
from tests.events import EVENTS, an_event, the_finding

CONTAINED = (PrincipalKind.IAM_USER, PrincipalKind.ASSUMED_ROLE, PrincipalKind.ROLE)
BROKEN = {
    "malformed": "not JSON: line 3, column 1",
    "missing-arn-and-id": "field detail.arn: missing",
    "missing-detail": "field detail: ",
    "not-an-object": "the event is not a JSON object",
    "resource-is-a-text": "field detail.resource.accessKeyDetails: ",
    "security-hub-thirteen-digit-account": "field detail.findings[0].AwsAccountId: 12 digits",
    "security-hub-v2-uid-is-a-number": "field detail.findings[0].finding_info.uid: ",
    "thirteen-digit-account": "field detail.accountId: 12 digits",
    "unknown-detail-type": "field detail-type: ",
    "wrong-types": "field detail.severity: ",
}


@pytest.mark.parametrize("name", sorted(BROKEN))
def test_a_broken_event_is_told_by_its_field(name: str) -> None:
    with pytest.raises(Broken) as told:
        feeds.read_text((EVENTS / f"broken/{name}.json").read_text())
    assert str(told.value).startswith(BROKEN[name])


def test_each_broken_event_has_its_field_here() -> None:
    assert {path.stem for path in (EVENTS / "broken").glob("*.json")} == set(BROKEN)


def test_wrong_types_are_told_together() -> None:
    with pytest.raises(Broken, match=r"detail\.severity.*detail\.createdAt.*detail\.title"):
        feeds.read_text((EVENTS / "broken/wrong-types.json").read_text())


@pytest.mark.parametrize(
    "text",
    [
        b"\xff\xfe\x00",
        "",
        "nonsense " * 130_000,
        "[" * 100_000,
        '{"a":' * 50_000,
        "1" * 10_000,
        '{"detail-type": "GuardDuty Finding", "source": "aws.guardduty", "detail": "x"}',
        '{"detail-type": "GuardDuty Finding", "source": "aws.securityhub", "detail": {}}',
        '{"detail-type": 7, "source": null, "detail": []}',
        "NaN",
    ],
)
def test_nonsense_is_an_error_of_ours(text: str | bytes) -> None:
    with pytest.raises(Broken):
        feeds.read_text(text)


def test_a_megabyte_of_nonsense_inside_a_finding_is_cut_and_the_finding_read() -> None:
    event = an_event(title="A" * 1_000_000, junk=["x" * 1000] * 1000)
    assert len(the_finding(event).model_dump_json()) < 20_000


def test_an_error_repeats_nothing_that_was_sent() -> None:
    event = an_event(accountId="<script>alert(1)</script>", severity="<img>", region=["<b>"])
    with pytest.raises(Broken) as told:
        feeds.read(event)
    assert "<" not in str(told.value)


def test_what_a_finding_holds_can_always_be_stored() -> None:
    event = an_event(title="lone \ud800 surrogate", description="\udfff")
    event["detail"]["resource"]["s3BucketDetails"][0]["name"] = "\ud83d"
    finding = the_finding(event)
    assert Finding.model_validate_json(finding.model_dump_json()) == finding


def test_the_number_of_principals_resources_and_addresses_is_bounded() -> None:
    event = an_event("guardduty/attacksequence-s3-compromiseddata")
    sequence = event["detail"]["service"]["detection"]["sequence"]
    user = sequence["actors"][0]["user"]
    sequence["actors"] = [{"user": {**user, "name": f"u{n}"}} for n in range(5000)]
    sequence["endpoints"] = [{"ip": f"198.51.{n // 250}.{n % 250}"} for n in range(5000)]
    event["detail"]["resource"]["s3BucketDetails"] = [{"name": f"b{n}"} for n in range(5000)]
    finding = the_finding(event)
    assert max(map(len, (finding.principals, finding.resources, finding.addresses))) <= 100
    assert len(finding.principals) == 100


@pytest.mark.parametrize("zone", ["<img src=x onerror=alert(1)>", "\n\x1b[31m", "eth0"])
def test_the_zone_of_an_address_may_be_any_text_and_is_left_out(zone: str) -> None:
    event = an_event()
    call = event["detail"]["service"]["action"]["awsApiCallAction"]
    call["remoteIpDetails"] = {"ipAddressV6": f"fe80::1%{zone}"}
    assert the_finding(event).addresses == ("fe80::1",)


def test_a_key_is_made_of_nothing_but_what_aws_writes() -> None:
    event = an_event(partition="\n\x1b[31m", region="us-west-2")
    detail = event["detail"]
    del detail["arn"]
    detail["service"]["detectorId"] = "0af1"
    assert the_finding(event).key.startswith("arn:aws:guardduty:us-west-2:111122223333:detector/")
    detail["service"]["detectorId"] = "dé\u0660"
    with pytest.raises(Broken, match=r"detail\.arn"):
        feeds.read(event)


def test_a_partition_that_we_do_not_know_names_no_identity() -> None:
    event = an_event(arn="arn:aws-mallory:guardduty:us-west-2:111122223333:detector/a/finding/b")
    [principal] = the_finding(event).principals
    assert principal.arn == "arn:aws:iam::111122223333:user/orders-export"


def test_a_region_is_as_short_as_regions_are() -> None:
    event = an_event(region=None) | {"region": "us-" + "a" * 200_000 + "-1"}
    with pytest.raises(Broken, match="region"):
        feeds.read(event)


def test_a_finding_fits_into_an_item_whatever_its_names_are_made_of() -> None:
    event = an_event("guardduty/attacksequence-s3-compromiseddata")
    user = event["detail"]["service"]["detection"]["sequence"]["actors"][0]["user"]
    event["detail"]["service"]["detection"]["sequence"]["actors"] = [
        {"user": {**user, "name": f"u{n}", "uid": "AROAEXAMPLE:" + "\x01" * 290}}
        for n in range(200)
    ]
    event["detail"]["resource"]["s3BucketDetails"] = [
        {"name": f"{n}" + "\x01" * 290} for n in range(200)
    ]
    finding = the_finding(event)
    assert len(finding.principals) == 100
    assert finding.resources
    assert len(finding.model_dump_json().encode()) < 400_000 * 0.8


def test_instants_that_cannot_be_are_refused_by_name() -> None:
    for instant in ("9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+12:00", "1969-01-01T00:00Z"):
        with pytest.raises(Broken, match=r"detail\.updatedAt"):
            feeds.read(an_event(updatedAt=instant))
    with pytest.raises(Broken, match=r"detail\.updatedAt"):
        feeds.read(an_event(updatedAt="2026-11-23T11:41:02"))


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["111122223333", "us-west-2", "AssumedRole", "Root", "2026-11-23T11:41:02Z"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)
SAVED = sorted(
    str(path.relative_to(EVENTS).with_suffix(""))
    for feed in ("guardduty", "security-hub", "security-hub-v2")
    for path in (EVENTS / feed).glob("*.json")
)


def _paths(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [at] if at else []
    if isinstance(value, dict):
        for key, inner in value.items():
            found += _paths(inner, (*at, key))
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            found += _paths(inner, (*at, place))
    return found


@st.composite
def damaged(draw: st.DrawFn) -> Any:
    """A saved event with a few of its parts replaced by anything, or taken away."""
    event = an_event(draw(st.sampled_from(SAVED)))
    for _ in range(draw(st.integers(1, 3))):
        *way, last = draw(st.sampled_from(_paths(event)))
        part: Any = event
        for step in way:
            part = part[step]
        if draw(st.booleans()):
            part[last] = draw(JSON)
        else:
            del part[last]
    return event


@settings(max_examples=300)
@given(damaged())
def test_a_damaged_event_is_a_finding_that_can_be_stored_or_broken(event: Any) -> None:
    try:
        found = feeds.read(event)
    except Broken:
        return
    for finding in found:
        assert Finding.model_validate_json(finding.model_dump_json()) == finding
        for principal in finding.principals:
            if principal.kind in CONTAINED:
                assert re.fullmatch(r"[A-Za-z0-9_+=,.@-]{1,64}", principal.name or "")
                assert (principal.arn or "").endswith(f"/{principal.name}")


@settings(max_examples=200)
@given(JSON)
def test_anything_at_all_is_broken_and_nothing_else(event: Any) -> None:
    with pytest.raises(Broken):
        feeds.read(event)


@settings(max_examples=100)
@given(st.text(max_size=60) | st.binary(max_size=60))
def test_any_text_is_broken_and_nothing_else(text: str | bytes) -> None:
    with pytest.raises(Broken):
        feeds.read_text(text)


def test_a_saved_event_reads_the_same_from_text() -> None:
    assert feeds.read_text(json.dumps(an_event())) == (the_finding(),)


def test_the_catalog_lists_each_feed_of_its_folder() -> None:
    folder = Path(feeds.__file__).parent
    there = {path.stem for path in folder.glob("*.py") if "\nDETAIL_TYPES = " in path.read_text()}
    listed: Any = feeds.SOURCES
    assert {module.__name__.rpartition(".")[2] for module in listed} == there
