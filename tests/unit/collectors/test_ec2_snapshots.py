"""All volumes of an instance are copied once, locked, and nobody is surprised by the bill."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from moto.ec2.models import ec2_backends

from localcloud.fakes import snapshots as fake
from responder.collectors import ec2_snapshots
from responder.collectors.collector import Collected, Later
from responder.collectors.copies import TAG_KEY, TAG_VALUE, our_tags
from responder.domain.collecting import Options
from responder.domain.errors import Unavailable
from tests.builders import INCIDENT_ID, REGION, SHOP
from tests.collecting import document_of
from tests.copying import DiedError, Shop, a_shop

LOCKED = Options(snapshot_monthly_limit=100, snapshot_lock_mode="governance", snapshot_lock_days=30)
READS = {
    "DescribeInstanceTypes": "instance type",
    "DescribeInstances": "instance",
    "DescribeLockedSnapshots": "locks",
    "DescribeSnapshots": "snapshots",
}


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    with a_shop(monkeypatch) as shop:
        is_of_type(shop, "m5.large")
        yield shop


def is_of_type(shop: Shop, name: str) -> None:
    ec2_backends[SHOP][REGION].get_instance(shop.instance).instance_type = name


def made(shop: Shop) -> list[Any]:
    found: list[Any] = shop.fleet.ec2.describe_snapshots(
        Filters=[{"Name": f"tag:{TAG_KEY}", "Values": [TAG_VALUE]}]
    )["Snapshots"]
    return found


def volumes(shop: Shop) -> dict[str, int]:
    attached = [{"Name": "attachment.instance-id", "Values": [shop.instance]}]
    found = shop.fleet.ec2.describe_volumes(Filters=attached)["Volumes"]
    return {one["VolumeId"]: one["Size"] for one in found}


def kept(shop: Shop, options: Options = LOCKED, **given: Any) -> Collected:
    [(name, item)] = shop.collected(ec2_snapshots, options=options, **given).items()
    assert name == f"{shop.instance}/snapshots"
    return item


def test_every_volume_is_copied_tagged_locked_and_waited_for(shop: Shop) -> None:
    shop.fleet.ec2.create_tags(
        Resources=[shop.fleet.volume], Tags=[{"Key": "team", "Value": "shop"}]
    )
    began_at = shop.world.clock.now()
    item = kept(shop)
    assert item.gaps == ()
    found = document_of(item)
    assert (
        {one["VolumeId"] for one in made(shop)}
        == set(volumes(shop))
        == set(found["made"]["devices"])
    )
    assert found["made"]["snapshots"] == sorted(one["SnapshotId"] for one in made(shop))
    for one in found["reads"]["snapshots"]["value"]:
        tags = {tag["Key"]: tag["Value"] for tag in one["Tags"]}
        assert tags["breach-responder-incident"] == INCIDENT_ID
        assert tags["breach-responder-generation"] == "0001"
        assert ("team" in tags) is (one["VolumeId"] == shop.fleet.volume)
        assert one["State"] == "completed"
    locks = found["reads"]["locks"]["value"]
    assert {(one["LockState"], one["LockDuration"]) for one in locks} == {("governance", 30)}
    assert shop.world.clock.now() - began_at == timedelta(minutes=6)
    gib = sum(volumes(shop).values())
    assert found["made"]["estimate"]["gib"] == gib
    assert found["made"]["estimate"]["usd_per_month_at_most"] == f"{gib * 0.05:.2f}"


def test_the_item_is_the_same_when_it_is_collected_again(shop: Shop) -> None:
    once = document_of(kept(shop))
    again = document_of(kept(shop))
    assert len(made(shop)) == len(volumes(shop))
    assert once["made"]["snapshots"] == again["made"]["snapshots"]


def test_it_is_made_once_whenever_a_run_dies(shop: Shop) -> None:
    list(ec2_snapshots.collect(shop.scene(options=LOCKED)))
    deaths = 0
    for at in range(len(shop.calls)):
        shop.calls.clear()
        shop.dies_at = at
        try:
            list(ec2_snapshots.collect(shop.scene(options=LOCKED, generation=2)))
        except DiedError:
            deaths += 1
    shop.dies_at = None
    assert deaths > 3  # also after they were made, and between two locks
    assert kept(shop, generation=2).gaps == ()
    assert len(made(shop)) == 2 * len(volumes(shop))  # of each run once


def test_above_the_limit_a_person_is_told_how_to_make_them(shop: Shop) -> None:
    [gap] = kept(shop, Options(snapshot_monthly_limit=0)).gaps
    assert "SnapshotMonthlyLimit" in gap
    command = re.search(r"aws ec2 create-snapshots .*", gap)
    assert command is not None
    assert f"--region {REGION} --instance-specification InstanceId={shop.instance}" in command[0]
    assert "CreateSnapshots" not in shop.calls
    assert made(shop) == []


def test_what_a_person_made_by_that_command_is_taken_for_ours(shop: Shop) -> None:
    tags = our_tags(INCIDENT_ID, 1)
    shop.fleet.ec2.create_snapshots(
        InstanceSpecification={"InstanceId": shop.instance},
        TagSpecifications=[{"ResourceType": "snapshot", "Tags": tags}],
    )
    assert kept(shop, Options(snapshot_monthly_limit=0)).gaps == (
        "the snapshots are not locked: SnapshotLockMode is none",
    )
    assert len(made(shop)) == len(volumes(shop))


def test_tags_on_a_snapshot_of_another_volume_or_time_do_not_deceive(shop: Shop) -> None:
    ec2, tags = shop.fleet.ec2, our_tags(INCIDENT_ID, 1)
    other = ec2.create_volume(Size=1, AvailabilityZone=f"{REGION}a")["VolumeId"]
    foreign = ec2.create_snapshot(VolumeId=other)["SnapshotId"]
    older = ec2.create_snapshot(VolumeId=shop.fleet.volume)["SnapshotId"]
    held = ec2_backends[SHOP][REGION].snapshots[older]
    held.start_time = held.start_time - timedelta(days=1)
    ec2.create_tags(Resources=[foreign, older], Tags=tags)
    item = kept(shop)
    assert item.gaps == ()
    assert {foreign, older}.isdisjoint(document_of(item)["made"]["snapshots"])


def test_a_volume_full_of_tags_is_copied_without_them(shop: Shop) -> None:
    tags = [{"Key": f"t{n}", "Value": "x"} for n in range(50)]
    shop.fleet.ec2.create_tags(Resources=[shop.fleet.volume], Tags=tags)
    assert kept(shop).gaps == ()
    assert len(made(shop)) == len(volumes(shop))


@pytest.mark.parametrize("mode", ["governance", "compliance"])
def test_what_cannot_be_locked_is_said_with_the_reason(shop: Shop, mode: Any) -> None:
    shop.refused = {"LockSnapshot"}
    item = kept(shop, Options(snapshot_monthly_limit=100, snapshot_lock_mode=mode))
    assert len(item.gaps) == len(volumes(shop))
    assert all(f"is not locked in {mode} mode: " in gap for gap in item.gaps)
    assert all("AccessDenied" in gap for gap in item.gaps)


def test_what_is_pending_for_too_long_is_said_to_be(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fake, "TAKES", timedelta(hours=20))
    item = kept(shop)
    assert len(item.gaps) == len(volumes(shop))
    assert all("was still pending after 8:00:00" in gap for gap in item.gaps)


def test_a_snapshot_that_failed_is_said_to_hold_nothing(shop: Shop) -> None:
    [later] = list(ec2_snapshots.collect(shop.scene(options=LOCKED)))
    assert isinstance(later, Later)
    [first, *_] = later.bookmark["started"][shop.instance]["snapshots"]
    ec2_backends[SHOP][REGION].snapshots[first].status = "error"
    shop.world.clock.advance(timedelta(minutes=6))
    [item] = list(ec2_snapshots.collect(shop.scene(options=LOCKED, bookmark=later.bookmark)))
    assert isinstance(item, Collected)
    assert item.gaps == (f"{first} is error: it holds nothing to rely on",)


@pytest.mark.prove
@pytest.mark.parametrize("code", sorted(ec2_snapshots._NOT_NOW))
def test_a_limit_that_passes_is_waited_for(shop: Shop, code: str) -> None:
    shop.refused, shop.code = {"CreateSnapshots"}, code
    [later] = list(ec2_snapshots.collect(shop.scene(options=LOCKED)))
    assert later == Later(
        {"began_at": shop.world.clock.now().isoformat(), "started": {}, "done": []},
        ec2_snapshots.ASK_AGAIN,
    )
    shop.refused = set()
    assert kept(shop).gaps == ()
    shop.refused = {"CreateSnapshots"}
    [gap] = kept(shop, generation=2).gaps  # for hours
    assert code in gap


@pytest.mark.parametrize(("operation", "read"), READS.items())
def test_a_read_that_is_refused_is_a_gap_that_names_it(
    shop: Shop, operation: str, read: str
) -> None:
    [later] = list(ec2_snapshots.collect(shop.scene(options=LOCKED)))
    assert isinstance(later, Later)
    shop.world.clock.advance(timedelta(minutes=6))
    shop.refused = {operation}
    [item] = list(ec2_snapshots.collect(shop.scene(options=LOCKED, bookmark=later.bookmark)))
    assert isinstance(item, Collected)
    assert any(gap.startswith(f"{read} could not be read: ") for gap in item.gaps)


@pytest.mark.parametrize("operation", ["CreateSnapshots", "DescribeSnapshots", "DescribeVolumes"])
def test_what_keeps_them_from_being_made_is_a_gap(shop: Shop, operation: str) -> None:
    shop.refused = {operation}
    [gap] = kept(shop).gaps
    assert gap.startswith("no snapshot was made: ")
    assert "AccessDenied" in gap
    shop.refused = set()
    assert made(shop) == []


def test_an_instance_without_volumes_or_that_is_gone_has_nothing_to_copy(shop: Shop) -> None:
    found = shop.collected(ec2_snapshots, "i-0123456789abcdef0", options=LOCKED)
    [item] = found.values()
    assert item.gaps == ("no snapshot was made: EC2 names no volume that is attached to it",)


def test_instance_store_is_named_since_no_snapshot_holds_it(shop: Shop) -> None:
    is_of_type(shop, "i3.large")
    [gap] = kept(shop).gaps
    assert "i3.large has 475 GB of instance store" in gap


def test_what_is_not_available_is_tried_again(shop: Shop) -> None:
    shop.refused, shop.code = {"CreateSnapshots"}, "ThrottlingException"
    with pytest.raises(Unavailable):
        kept(shop)


def test_one_that_somebody_else_tagged_keeps_none_of_ours_from_being_made(shop: Shop) -> None:
    """The tags stand on what an earlier run made, for everybody of the account to read."""
    theirs = shop.fleet.ec2.create_snapshot(
        VolumeId=shop.fleet.volume,
        TagSpecifications=[{"ResourceType": "snapshot", "Tags": our_tags(INCIDENT_ID, 1)}],
    )["SnapshotId"]
    item = kept(shop)
    assert item.gaps == ()
    ours = [one for one in made(shop) if one["SnapshotId"] != theirs]
    assert {one["VolumeId"] for one in ours} == set(volumes(shop))
    recorded = document_of(item)["made"]["snapshots"]
    assert {one["SnapshotId"] for one in ours} <= set(recorded)


def test_of_very_many_that_somebody_tagged_a_few_are_locked(shop: Shop) -> None:
    """Else a run would end before it had locked them all, and so would the next."""
    assert kept(shop).gaps == ()
    ours = {one["SnapshotId"] for one in made(shop)}
    shop.world.clock.advance(timedelta(minutes=1))
    for _ in range(20):
        shop.fleet.ec2.create_snapshot(
            VolumeId=shop.fleet.volume,
            TagSpecifications=[{"ResourceType": "snapshot", "Tags": our_tags(INCIDENT_ID, 1)}],
        )
    shop.calls.clear()
    again = document_of(kept(shop))
    assert ours <= set(again["made"]["snapshots"])
    assert shop.calls.count("LockSnapshot") == len(again["made"]["snapshots"]) == len(ours) + 2


def test_of_a_part_that_is_there_above_the_limit_the_rest_is_a_gap(shop: Shop) -> None:
    shop.fleet.ec2.create_snapshot(
        VolumeId=shop.fleet.volume,
        TagSpecifications=[{"ResourceType": "snapshot", "Tags": our_tags(INCIDENT_ID, 1)}],
    )
    [gap, _] = kept(shop, Options(snapshot_monthly_limit=0)).gaps
    [other] = set(volumes(shop)) - {shop.fleet.volume}
    assert gap.startswith(f"no snapshot of volume {other}")
    assert "CreateSnapshots" not in shop.calls
