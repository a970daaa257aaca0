"""Snapshots are taken over into the evidence account: each once, under its key, as roles allow."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.ec2.models import ec2_backends

from localcloud.fakes.snapshots import TAKES
from responder.collectors import ec2_snapshot_copies, ec2_snapshots
from responder.collectors.collector import Collected, Later
from responder.collectors.copies import COPY_OF, TAG_KEY, TAG_VALUE, our_tags
from responder.domain.collecting import Options
from responder.domain.errors import Unavailable
from tests.builders import INCIDENT_ID, REGION, SHOP
from tests.collecting import document_of
from tests.copying import COPIES_KEY, DiedError, Shop, a_shop
from tests.template.roles import VAULT
from tests.unit.localcloud.judging import allow, deny, policy

OPTIONS = Options(
    snapshot_monthly_limit=100,
    snapshot_lock_mode="governance",
    snapshot_lock_days=30,
    evidence_account=VAULT,
    copies_key_arn=COPIES_KEY,
)
TAGS = {tag["Key"]: tag["Value"] for tag in our_tags(INCIDENT_ID, 1)}


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    with a_shop(monkeypatch) as shop:
        ec2_backends[SHOP][REGION].get_instance(shop.instance).instance_type = "m5.large"
        yield shop


@pytest.fixture
def copied(shop: Shop) -> Shop:
    """One whose snapshots are made, and completed."""
    shop.collected(ec2_snapshots, options=OPTIONS)
    shop.calls.clear()
    return shop


def in_account(shop: Shop, account: str, region: str = REGION) -> dict[str, Any]:
    """The copies there, by what each is a copy of."""
    found = shop.world.operator("ec2", account, region).describe_snapshots(OwnerIds=["self"])
    tags = [
        ({tag["Key"]: tag["Value"] for tag in one.get("Tags", ())}, one)
        for one in found["Snapshots"]
    ]
    return {held[COPY_OF]: one for held, one in tags if COPY_OF in held}


def sources(shop: Shop) -> set[str]:
    """The snapshots that are no copies."""
    filters = [{"Name": f"tag:{TAG_KEY}", "Values": [TAG_VALUE]}]
    found = shop.world.operator("ec2", SHOP).describe_snapshots(Filters=filters)["Snapshots"]
    return {one["SnapshotId"] for one in found} - {
        one["SnapshotId"] for one in in_account(shop, SHOP).values()
    }


def kept(shop: Shop, options: Options = OPTIONS, **given: Any) -> Collected:
    [(name, item)] = shop.collected(ec2_snapshot_copies, options=options, **given).items()
    assert name == f"{shop.instance}/copies"
    return item


def test_every_snapshot_is_taken_over_under_the_key_of_the_evidence_account(copied: Shop) -> None:
    item = kept(copied)
    assert item.gaps == ()
    found = document_of(item)
    assert len(sources(copied)) == 2
    there = in_account(copied, VAULT)
    assert set(there) == set(in_account(copied, SHOP)) == sources(copied)
    for one in there.values():
        tags = {tag["Key"]: tag["Value"] for tag in one["Tags"]}
        assert (one["KmsKeyId"], one["Encrypted"], one["State"]) == (COPIES_KEY, True, "completed")
        assert tags.items() >= TAGS.items()
    locks = found["locks"]["locks"]["value"]
    assert {(one["SnapshotId"], one["LockState"]) for one in locks} == {
        (one["SnapshotId"], "governance") for one in there.values()
    }
    for path in found["copies"]:
        source = path["source"]["SnapshotId"]
        assert path["between"]["SnapshotId"] == in_account(copied, SHOP)[source]["SnapshotId"]
        assert path["kept"]["SnapshotId"] == there[source]["SnapshotId"]
        assert found["volumes"][source] == path["source"]["VolumeId"]


def test_it_is_shared_with_the_evidence_account_and_nobody_else(copied: Shop) -> None:
    kept(copied)
    held = ec2_backends[SHOP][REGION].snapshots
    for source, one in in_account(copied, SHOP).items():
        assert held[one["SnapshotId"]].create_volume_permission_userids == {VAULT}
        assert held[one["SnapshotId"]].create_volume_permission_groups == set()
        assert held[source].create_volume_permission_userids == set()


def test_it_waits_for_snapshots_that_are_being_made(shop: Shop) -> None:
    list(ec2_snapshots.collect(shop.scene(options=OPTIONS)))
    began_at = shop.world.clock.now()
    assert kept(shop).gaps == ()
    assert shop.world.clock.now() - began_at >= 3 * TAKES


def test_it_is_made_once_whenever_a_run_dies(copied: Shop) -> None:
    kept(copied, generation=2)  # nothing was made for that run, so nothing is copied
    assert in_account(copied, SHOP) == in_account(copied, VAULT) == {}
    deaths, bookmark, at = 0, dict[str, Any](), 0
    while True:
        copied.calls.clear()
        copied.dies_at = at
        scene = copied.scene(options=OPTIONS, bookmark=bookmark)
        try:
            told = list(ec2_snapshot_copies.collect(scene))
        except DiedError:
            deaths, at = deaths + 1, at + 1
            continue
        [one] = told
        if not isinstance(one, Later):
            break
        bookmark, at = {}, 0  # and what the run before noted is lost as well
        copied.world.clock.advance(one.wait)
    assert deaths > 30
    for account in (SHOP, VAULT):
        snapshots = copied.world.operator("ec2", account).describe_snapshots(OwnerIds=["self"])
        copies = [
            one
            for one in snapshots["Snapshots"]
            if COPY_OF in {tag["Key"] for tag in one.get("Tags", ())}
        ]
        assert len(copies) == len(sources(copied))


def test_without_a_key_it_says_so_and_asks_nobody(shop: Shop) -> None:
    [gap] = kept(shop, replace(OPTIONS, copies_key_arn="")).gaps
    assert "CopiesKeyArn is empty" in gap
    assert shop.calls == []


@pytest.mark.parametrize("times", [1, 2])
def test_above_the_limit_nothing_is_copied(copied: Shop, times: int) -> None:
    """The two copies cost twice as much as the snapshots, and those are paid for as well."""
    for volume in ec2_backends[SHOP][REGION].volumes.values():
        volume.size *= 10
    made = document_of(
        copied.collected(ec2_snapshots, options=OPTIONS)[f"{copied.instance}/snapshots"]
    )
    once = float(made["made"]["estimate"]["usd_per_month_at_most"])
    limit = int(once * times) + 1
    assert once * times < limit < once * 3
    [gap] = kept(copied, replace(OPTIONS, snapshot_monthly_limit=limit)).gaps
    assert "SnapshotMonthlyLimit" in gap
    assert "docs/operating.md" in gap
    assert in_account(copied, SHOP) == {}


def test_where_no_snapshot_was_made_it_gives_up_within_the_hour(shop: Shop) -> None:
    began_at = shop.world.clock.now()
    [gap] = kept(shop).gaps
    assert "there was no snapshot of ours to copy within 1:00:00" in gap
    took = shop.world.clock.now() - began_at
    assert timedelta(hours=1) < took < timedelta(hours=2)


@pytest.mark.parametrize(
    ("operation", "says"),
    [
        ("CopySnapshot", "copying snap-"),
        ("ModifySnapshotAttribute", f"with account {VAULT}"),
        ("DescribeVolumes", "looking for the volumes of"),
    ],
)
def test_what_is_refused_is_a_gap_that_names_it(copied: Shop, operation: str, says: str) -> None:
    copied.refused = {operation}
    gaps = kept(copied).gaps
    assert gaps
    assert all(says in gap and "AccessDenied" in gap for gap in gaps)
    assert in_account(copied, VAULT) == {}


def test_a_lock_that_is_refused_is_a_gap_and_the_copy_is_kept(copied: Shop) -> None:
    copied.refused = {"LockSnapshot"}
    gaps = kept(copied).gaps
    assert [("is not locked in governance mode" in gap) for gap in gaps] == [True, True]
    assert set(in_account(copied, VAULT)) == sources(copied)


@pytest.mark.parametrize("operation", ["DescribeSnapshots", "DescribeVolumes"])
def test_what_does_not_answer_is_tried_again(copied: Shop, operation: str) -> None:
    copied.refused, copied.code = {operation}, "RequestLimitExceeded"
    with pytest.raises(Unavailable):
        list(ec2_snapshot_copies.collect(copied.scene(options=OPTIONS)))


@pytest.mark.parametrize(
    ("operation", "code"),
    [
        ("CopySnapshot", "ResourceLimitExceeded"),
        ("CopySnapshot", "InvalidSnapshot.NotFound"),  # shared, and not seen everywhere yet
        ("CopySnapshot", "RequestLimitExceeded"),
    ],
)
def test_what_passes_is_waited_for(copied: Shop, operation: str, code: str) -> None:
    copied.refused, copied.code = {operation}, code
    [later] = ec2_snapshot_copies.collect(copied.scene(options=OPTIONS))
    assert isinstance(later, Later)
    copied.refused.clear()
    assert kept(copied, bookmark=later.bookmark).gaps == ()


@pytest.mark.prove
def test_a_limit_that_does_not_pass_is_a_gap_in_the_end(copied: Shop) -> None:
    copied.refused, copied.code = {"CopySnapshot"}, "ResourceLimitExceeded"
    gaps = kept(copied).gaps
    assert ["was not taken over after 11:00:00" in gap for gap in gaps] == [True, True]


@pytest.mark.parametrize("kind", ["source", "between"])
def test_a_snapshot_that_failed_is_said_to_hold_nothing(copied: Shop, kind: str) -> None:
    held = ec2_backends[SHOP][REGION].snapshots
    if kind == "source":
        spoiled = min(sources(copied))
    else:
        list(ec2_snapshot_copies.collect(copied.scene(options=OPTIONS)))
        spoiled = str(min(one["SnapshotId"] for one in in_account(copied, SHOP).values()))
        copied.world.clock.advance(TAKES)
    held[spoiled].status = "error"
    [gap] = kept(copied).gaps
    assert f"{spoiled} is error: it holds nothing to rely on" in gap
    assert len(in_account(copied, VAULT)) == 1


def test_what_an_attacker_tags_as_ours_is_not_taken_over(copied: Shop) -> None:
    """Whoever holds the shop's account can write our tags, and has not the key."""
    [source, *_] = sorted(sources(copied))
    ec2 = copied.world.operator("ec2", SHOP)
    forged = ec2.copy_snapshot(
        SourceRegion=REGION,
        SourceSnapshotId=source,
        TagSpecifications=[
            {
                "ResourceType": "snapshot",
                "Tags": [*our_tags(INCIDENT_ID, 1), {"Key": COPY_OF, "Value": source}],
            }
        ],
    )["SnapshotId"]
    copied.world.clock.advance(TAKES)
    assert kept(copied).gaps == ()
    assert ec2_backends[SHOP][REGION].snapshots[forged].create_volume_permission_userids == set()
    assert len(in_account(copied, VAULT)) == 2


def test_what_is_gone_after_it_was_copied_is_taken_over_all_the_same(copied: Shop) -> None:
    """The attacker deletes the snapshots that they know of."""
    [later] = ec2_snapshot_copies.collect(copied.scene(options=OPTIONS))
    assert isinstance(later, Later)
    gone = sources(copied)
    for one in gone:
        del ec2_backends[SHOP][REGION].snapshots[one]
    item = kept(copied, bookmark=later.bookmark)
    assert item.gaps == ()
    assert {path["source"] for path in document_of(item)["copies"]} == gone
    assert set(in_account(copied, VAULT)) == gone


@pytest.mark.parametrize(
    "asked",
    [
        {"UserIds": ["999988887777"], "OperationType": "add"},
        {"GroupNames": ["all"], "OperationType": "add"},
        {"CreateVolumePermission": {"Add": [{"Group": "all"}, {"UserId": VAULT}]}},
        {"CreateVolumePermission": {"Add": [{"UserId": VAULT}], "Remove": [{"UserId": "9" * 12}]}},
    ],
)
def test_the_role_that_copies_can_share_in_no_other_way(copied: Shop, asked: Any) -> None:
    kept(copied)
    [one, *_] = in_account(copied, SHOP).values()
    ec2 = copied.copies.ec2(SHOP, REGION)
    with pytest.raises(ClientError, match="UnauthorizedOperation"):
        ec2.modify_snapshot_attribute(
            SnapshotId=one["SnapshotId"], Attribute="createVolumePermission", **asked
        )


def test_the_roles_copy_nothing_that_is_not_ours(copied: Shop) -> None:
    ec2: Any = copied.world.operator("ec2", SHOP)
    other = ec2.create_snapshot(VolumeId=copied.fleet.volume)["SnapshotId"]
    ours: Any = [{"ResourceType": "snapshot", "Tags": our_tags(INCIDENT_ID, 1)}]
    asked: dict[str, Any] = {"SourceRegion": REGION, "SourceSnapshotId": other}
    with pytest.raises(ClientError, match="UnauthorizedOperation"):
        copied.copies.ec2(SHOP, REGION).copy_snapshot(TagSpecifications=ours, **asked)
    ec2.modify_snapshot_attribute(
        SnapshotId=other, Attribute="createVolumePermission", OperationType="add", UserIds=[VAULT]
    )
    with pytest.raises(ClientError, match="UnauthorizedOperation"):  # without our tag
        copied.keeps.ec2(VAULT, REGION).copy_snapshot(**asked)


@pytest.mark.parametrize("trusts", [SHOP, "999988887777"])
def test_a_snapshot_under_a_key_of_the_shop_needs_that_key(copied: Shop, trusts: str) -> None:
    """A key that leaves it to IAM lets our role in; one that names others does not."""
    who = {"AWS": f"arn:aws:iam::{trusts}:root"}
    key = copied.world.operator("kms", SHOP).create_key(
        Policy=policy(allow("kms:*", "*") | {"Principal": who})
    )["KeyMetadata"]["Arn"]
    [locked, _] = sorted(sources(copied))
    held: Any = ec2_backends[SHOP][REGION].snapshots[locked]
    held.encrypted, held.kms_key_id = True, key
    gaps = kept(copied).gaps
    if trusts == SHOP:
        assert gaps == ()
        assert set(in_account(copied, VAULT)) == sources(copied)
    else:
        [gap] = gaps
        assert gap.startswith(f"{locked} was not taken over: copying {locked}")
        assert set(in_account(copied, VAULT)) == sources(copied) - {locked}


def test_nobody_but_the_roles_may_encrypt_a_snapshot_with_the_key(copied: Shop) -> None:
    [source, *_] = sorted(sources(copied))
    thief = copied.world.user("thief", allow("*", "*"), account=SHOP)("ec2")
    asked = {"SourceRegion": REGION, "SourceSnapshotId": source}
    assert thief.copy_snapshot(**asked)["SnapshotId"]
    with pytest.raises(ClientError, match=r"AccessDenied|UnauthorizedOperation"):
        thief.copy_snapshot(Encrypted=True, KmsKeyId=COPIES_KEY, **asked)


def later_on(shop: Shop) -> datetime:
    return shop.world.clock.now() + timedelta(hours=3)


def ours(shop: Shop, volume: str, generation: int = 1) -> str:
    """A snapshot with our tags that somebody else made."""
    return str(
        shop.world.operator("ec2", SHOP).create_snapshot(
            VolumeId=volume,
            TagSpecifications=[
                {"ResourceType": "snapshot", "Tags": our_tags(INCIDENT_ID, generation)}
            ],
        )["SnapshotId"]
    )


@pytest.mark.prove
def test_one_volume_that_does_not_answer_does_not_stop_the_others(copied: Shop) -> None:
    """What AWS did not answer about is asked again, and named where it never does."""
    first, second = sorted(sources(copied))
    [later] = ec2_snapshot_copies.collect(copied.scene(options=OPTIONS))
    assert isinstance(later, Later)
    copied.world.clock.advance(TAKES)
    copied.refused, copied.code = {"ModifySnapshotAttribute"}, "InternalError"
    gaps = kept(copied, bookmark=later.bookmark).gaps
    assert len(gaps) == 2
    for source, gap in zip((first, second), sorted(gaps), strict=True):
        assert gap.startswith(f"{source} was not taken over after 11:00:00: sharing snap-")
        assert gap.endswith("AWS answered InternalError")


def test_a_volume_without_a_snapshot_is_a_gap_and_the_others_are_taken_over(copied: Shop) -> None:
    [gone, stays] = sorted(sources(copied))
    volume = ec2_backends[SHOP][REGION].snapshots.pop(gone).volume.id
    [gap] = kept(copied).gaps
    assert gap == f"there was no snapshot of ours of {volume} to copy within 1:00:00"
    assert set(in_account(copied, VAULT)) == {stays}


def test_a_snapshot_that_is_listed_later_is_taken_over_all_the_same(copied: Shop) -> None:
    held = ec2_backends[SHOP][REGION].snapshots
    late, _ = both = sorted(sources(copied))
    hidden = held.pop(late)
    [later] = ec2_snapshot_copies.collect(copied.scene(options=OPTIONS))
    assert isinstance(later, Later)
    held[late] = hidden
    assert kept(copied, bookmark=later.bookmark).gaps == ()
    assert set(in_account(copied, VAULT)) == set(both)


def test_volumes_that_are_detached_before_they_are_copied_are_not_forgotten(shop: Shop) -> None:
    """An instance that is terminated leaves no volumes to ask about."""
    [later] = ec2_snapshot_copies.collect(shop.scene(options=OPTIONS))
    assert isinstance(later, Later)
    list(ec2_snapshots.collect(shop.scene(options=OPTIONS)))
    made = sources(shop)
    for volume in ec2_backends[SHOP][REGION].volumes.values():
        volume.attachment = None
    assert kept(shop, bookmark=later.bookmark).gaps == ()
    assert set(in_account(shop, VAULT)) == made


def test_of_each_volume_one_snapshot_is_copied_however_many_are_tagged(copied: Shop) -> None:
    """Each more would be paid for twice, and no limit would count it."""
    before = sources(copied)
    copied.world.clock.advance(timedelta(minutes=1))
    for _ in range(3):
        ours(copied, copied.fleet.volume)
    copied.world.clock.advance(TAKES)
    assert kept(copied).gaps == ()
    assert set(in_account(copied, VAULT)) == before


def test_a_copy_of_one_volume_is_not_taken_for_that_of_another(copied: Shop) -> None:
    """An attacker writes on one that it is a copy of a snapshot that is not copied yet."""
    held: Any = ec2_backends[SHOP][REGION].snapshots
    first, second = sorted(sources(copied))
    held[second].status, held[second].completes_at = "pending", later_on(copied)
    [later] = ec2_snapshot_copies.collect(copied.scene(options=OPTIONS))
    assert isinstance(later, Later)
    [between] = in_account(copied, SHOP).values()
    copied.world.operator("ec2", SHOP).create_tags(
        Resources=[between["SnapshotId"]], Tags=[{"Key": COPY_OF, "Value": second}]
    )
    held[second].status = "completed"
    copied.world.clock.advance(TAKES)
    item = kept(copied, bookmark=later.bookmark)
    assert item.gaps == ()
    paths = {one["source"]["SnapshotId"]: one for one in document_of(item)["copies"]}
    names = {source: one["between"]["SnapshotId"] for source, one in paths.items()}
    assert names[first] == between["SnapshotId"] != names[second]


def test_tags_taken_off_a_copy_are_found_at_once_and_said(copied: Shop) -> None:
    [later] = ec2_snapshot_copies.collect(copied.scene(options=OPTIONS))
    assert isinstance(later, Later)
    copied.world.clock.advance(TAKES)
    between = [one["SnapshotId"] for one in in_account(copied, SHOP).values()]
    copied.world.operator("ec2", SHOP).delete_tags(Resources=between, Tags=[{"Key": TAG_KEY}])
    began_at = copied.world.clock.now()
    gaps = kept(copied, bookmark=later.bookmark).gaps
    assert ["sharing snap-" in gap for gap in gaps] == [True, True]
    assert copied.world.clock.now() - began_at < timedelta(minutes=10)


@pytest.mark.parametrize("times", [1, 4])
def test_a_copy_between_that_is_deleted_is_made_again_but_not_for_ever(
    copied: Shop, times: int
) -> None:
    made, bookmark, deleted = sources(copied), dict[str, Any](), 0
    while deleted < times:
        [later] = ec2_snapshot_copies.collect(copied.scene(options=OPTIONS, bookmark=bookmark))
        assert isinstance(later, Later)
        bookmark = dict(later.bookmark)
        there = [one["SnapshotId"] for one in in_account(copied, SHOP).values()]
        seen = bookmark["started"][copied.instance]["listed"]
        if there and set(there) <= set(seen):
            for one in there:
                del ec2_backends[SHOP][REGION].snapshots[one]
            deleted += 1
    began_at = copied.world.clock.now()
    gaps = kept(copied, bookmark=bookmark).gaps
    assert copied.world.clock.now() - began_at < timedelta(hours=1)
    if times == 1:
        assert gaps == ()
        assert set(in_account(copied, VAULT)) == made
    else:
        assert ["the copy between was deleted 4 times" in gap for gap in gaps] == [True, True]


def test_what_was_taken_over_is_locked_where_the_shop_answers_no_more(copied: Shop) -> None:
    """The attacker shuts our role out of the account of the instance."""
    bookmark = dict[str, Any]()
    while not in_account(copied, VAULT):
        [later] = ec2_snapshot_copies.collect(copied.scene(options=OPTIONS, bookmark=bookmark))
        assert isinstance(later, Later)
        bookmark = dict(later.bookmark)
        copied.world.clock.advance(later.wait)
    copied.world.operator("iam", SHOP).put_role_policy(
        RoleName="breach-responder-collect",
        PolicyName="out",
        PolicyDocument=policy(deny("ec2:*", "*")),
    )
    item = kept(copied, bookmark=bookmark)
    assert "how far the copies are is not known" in item.gaps[0]
    locks = document_of(item)["locks"]["locks"]["value"]
    assert {one["LockState"] for one in locks} == {"governance"}
    assert len(locks) == 2
