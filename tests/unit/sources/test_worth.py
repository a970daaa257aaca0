"""A thing's own tag says what it is worth, in each feed; it raises that, and never lowers it."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from responder.domain.asset import Asset, Assets, Value
from responder.domain.finding import Finding, Resource
from responder.sources import feeds
from responder.sources.worth import TAG, worth_of
from tests.builders import SHOP, a_finding
from tests.events import EVENTS

LOW = Assets(assets=(Asset(value=Value.LOW, accounts=(SHOP,)),))
CROWN = Assets(assets=(Asset(value=Value.HIGH, accounts=(SHOP,)),))


def read(name: str, change: Callable[[Any], object]) -> Finding:
    event = json.loads((EVENTS / f"{name}.json").read_text())
    change(event["detail"])
    [finding] = feeds.read_text(json.dumps(event))
    return finding


def tag(value: str, name: str = "key") -> list[dict[str, str]]:
    return [{name: "team", "value": "orders"}, {name: TAG, "value": value}]


FEEDS: dict[str, Callable[[Any], object]] = {
    "guardduty/exfiltration-s3-anomalousbehavior": lambda detail: detail["resource"][
        "s3BucketDetails"
    ][0].update(tags=tag("high")),
    "guardduty/cryptocurrency-ec2-bitcointool-b": lambda detail: detail["resource"][
        "instanceDetails"
    ].update(tags=tag("high")),
    "guardduty/unauthorizedaccess-lambda-torclient": lambda detail: detail["resource"][
        "lambdaDetails"
    ].update(tags=tag("high")),
    "security-hub/exfiltration-s3-anomalousbehavior": lambda detail: detail["findings"][0][
        "Resources"
    ][1].update(Tags={TAG: "high", "team": "orders"}),
    "security-hub-v2/exfiltration-s3-anomalousbehavior": lambda detail: detail["findings"][0][
        "resources"
    ][1].update(tags=tag("high", "name")),
}


@pytest.mark.parametrize("name", FEEDS)
def test_each_feed_tells_the_tag_of_a_thing(name: str) -> None:
    tagged, plain = read(name, FEEDS[name]), read(name, lambda _: None)
    assert [one.tagged for one in tagged.resources if one.tagged] == ["high"]
    assert [one.tagged for one in plain.resources if one.tagged] == []
    assert Assets().value_of(tagged) is Value.HIGH
    assert LOW.value_of(tagged) is Value.HIGH
    assert LOW.value_of(plain) is Value.LOW


@pytest.mark.parametrize(
    "tags",
    [
        None,
        "high",
        7,
        [],
        {},
        [None, 7, "x", []],
        [{"key": TAG}],
        [{"key": TAG, "value": ["high"]}],
        [{"key": TAG, "value": {"high": 1}}],
        [{"key": TAG, "value": "low"}],
        [{"key": TAG, "value": "HIGH"}],
        [{"key": [TAG], "value": "high"}],
        {TAG: None},
        {TAG.upper(): "high"},
    ],
)
def test_any_other_tag_says_nothing_and_keeps_no_finding_back(tags: Any) -> None:
    assert worth_of(tags) is None
    name = "guardduty/exfiltration-s3-anomalousbehavior"
    finding = read(name, lambda detail: detail["resource"]["s3BucketDetails"][0].update(tags=tags))
    assert [one.tagged for one in finding.resources] == [None]


@pytest.mark.parametrize(
    ("assets", "tagged", "value"),
    [
        (LOW, "normal", Value.NORMAL),
        (LOW, "high", Value.HIGH),
        (Assets(), "normal", Value.NORMAL),
        (CROWN, "normal", Value.HIGH),
    ],
)
def test_a_tag_raises_what_the_shop_says_and_never_lowers_it(
    assets: Assets, tagged: Any, value: Value
) -> None:
    thing = Resource(kind="S3Bucket", id="arn:aws:s3:::orders", tagged=tagged)
    assert assets.value_of(a_finding(resources=(thing,))) is value


def test_the_highest_of_two_tags_counts() -> None:
    assert (
        worth_of([*tag("normal"), *tag("high")]) == worth_of([*tag("high"), *tag("low")]) == "high"
    )
