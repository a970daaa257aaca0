"""A key is kept with its policy, its grants and its last use."""

import json
from collections.abc import Iterator

import pytest

from responder.collectors import kms_key
from responder.domain.errors import Broken, Unavailable
from responder.domain.finding import Finding, Resource
from tests.builders import REGION, SHOP, a_finding
from tests.collecting import Reading, a_scene, at_once, refused_in_turn, state_of
from tests.unit.localcloud.judging import World, a_world

GRANTEE = f"arn:aws:iam::{SHOP}:role/web-tier-role"


@pytest.fixture
def world() -> Iterator[World]:
    with a_world() as world:
        yield world


@pytest.fixture
def key(world: World) -> str:
    kms = world.operator("kms", SHOP)
    made: str = kms.create_key(Tags=[{"TagKey": "team", "TagValue": "orders"}])["KeyMetadata"][
        "Arn"
    ]
    kms.create_alias(AliasName="alias/orders", TargetKeyId=made)
    kms.create_grant(KeyId=made, GranteePrincipal=GRANTEE, Operations=["Decrypt"])
    return made


def about(*ids: str) -> Finding:
    return a_finding(resources=tuple(Resource(kind="KMSKey", id=one) for one in ids))


def test_a_key_is_kept_with_who_may_use_it(world: World, key: str) -> None:
    [item] = at_once(kms_key, a_scene(Reading(world), about(key, key.rpartition("/")[2])))
    reads = state_of(item)
    assert reads["grants"]["value"][0]["GranteePrincipal"] == GRANTEE
    assert json.loads(reads["policy"]["value"])["Statement"]
    assert reads["key"]["value"]["Arn"] == key
    assert [one["AliasName"] for one in reads["aliases"]["value"]] == ["alias/orders"]
    assert reads["tags"]["value"] == [{"TagKey": "team", "TagValue": "orders"}]
    assert reads["last use"]["value"]["TrackingStartDate"]
    assert reads["rotation"]["value"]["KeyRotationEnabled"] is False
    assert item.gaps == ()


def test_twice_has_the_same_names(world: World, key: str) -> None:
    one, other = (at_once(kms_key, a_scene(Reading(world), about(key))) for _ in range(2))
    assert [item.name for item in one] == [item.name for item in other]


def test_each_read_that_is_refused_is_a_gap(world: World, key: str) -> None:
    calls = sorted(one.partition(":")[2] for one in kms_key.PERMISSIONS)
    refused_in_turn(kms_key, world, (about(key),), *calls)


@pytest.mark.parametrize(
    ("code", "error"), [("AccessDeniedException", Broken), ("KMSInternalException", Unavailable)]
)
def test_when_nothing_can_be_read_the_collector_fails(
    world: World, key: str, code: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        list(kms_key.collect(a_scene(Reading(world, every=code), about(key))))


def test_a_key_that_is_gone_is_kept_as_that(world: World) -> None:
    gone = f"arn:aws:kms:{REGION}:{SHOP}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    [item] = at_once(kms_key, a_scene(Reading(world), about(gone)))
    assert "nothing of it is there (any more)" in item.gaps[0]
