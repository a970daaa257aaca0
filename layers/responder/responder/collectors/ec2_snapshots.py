"""Snapshots of all volumes of an instance, of one moment, locked.

Crash consistent: as if the plug had been pulled, because nothing on the instance is asked to hold
still. Made once for an instance and run of the response: a snapshot of ours is found by its tags,
and all are made where there is none of a volume. Only one that EC2 did not list yet could be made a
second time. Never deleted: not by the responder.
AWS: EC2 API Reference, "CreateSnapshots", "LockSnapshot" ("you can lock a snapshot that is
pending"); EBS User Guide, "Amazon EBS snapshot lock".
"""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from botocore.exceptions import ClientError

from responder.aws.errors import asking_aws, code_of
from responder.collectors import instances, snapshots
from responder.collectors.collector import Collected, Later, Scene
from responder.collectors.contents import as_json
from responder.collectors.copies import Estimate, Price, our_tags
from responder.collectors.instances import Place
from responder.collectors.reads import Reads
from responder.collectors.rounds import Started
from responder.domain.errors import Broken, Unavailable

ID = "ec2.snapshots"
TITLE = "Snapshots of the instances' volumes"
KINDS: tuple[str, ...] = (instances.KIND,)
PERMISSIONS = frozenset(
    {
        "ec2:DescribeInstanceTypes",
        "ec2:DescribeInstances",
        "ec2:DescribeLockedSnapshots",
        "ec2:DescribeSnapshots",
        "ec2:DescribeVolumes",
    }
)
COPIES = frozenset({"ec2:CreateSnapshots", "ec2:CreateTags", "ec2:LockSnapshot"})
KEEPS: frozenset[str] = frozenset()
LIMITS = (
    "the blocks are in the snapshots, in the account of the instance; here is the record of them,"
    " without a hash of what they hold",
    "what only memory held when the snapshots were made: caches, encrypted volumes' open keys",
    "instance store volumes, which no snapshot can hold",
    "a lock in governance mode is taken off by whoever holds ec2:UnlockSnapshot there",
    "a locked snapshot is lost with its encryption key, and 90 days after its account is closed",
)

PRICE = Price(
    Decimal("0.05"), "Amazon EBS pricing, snapshots, standard tier, us-east-1", date(2026, 11, 30)
)
ASK_AGAIN = timedelta(minutes=2)
AT_MOST = timedelta(hours=8)  # what is pending then is left to be completed, and said to be
_COVERS = "which snapshots were made of the instance, of which volumes, and how they are locked"
# Limits that pass: of snapshots at a time, and of one a volume in some seconds.
_NOT_NOW = frozenset({"ConcurrentSnapshotLimitExceeded", "SnapshotCreationPerVolumeRateExceeded"})
_TAGS_FULL = "TagLimitExceeded"  # the volume's tags and ours are more than 50


def collect(scene: Scene) -> Iterator[Collected | Later]:
    """One item for each instance, when its snapshots are completed, or were not made."""
    yield from instances.copied(
        scene, ID, _COVERS, start=_start, look=_look, ask_again=ASK_AGAIN, at_most=AT_MOST
    )


def _start(scene: Scene, place: Place, is_late: bool) -> Started | None:
    """The snapshots that were made, now or before; or why there are none."""
    ec2: Any = scene.clients.ec2(place.account, place.region)
    try:
        with asking_aws(f"making snapshots of {place.instance_id}"):
            try:
                return _made(scene, place, ec2)
            except ClientError as error:
                if code_of(error) not in _NOT_NOW or is_late:
                    raise
                return None
    except Broken as error:
        return {"gap": f"no snapshot was made: {error}"}


def _made(scene: Scene, place: Place, ec2: Any) -> Started:
    attached = [{"Name": "attachment.instance-id", "Values": [place.instance_id]}]
    volumes = ec2.describe_volumes(Filters=attached)["Volumes"]
    if not volumes:
        return {"gap": "no snapshot was made: EC2 names no volume that is attached to it"}
    estimate = Estimate(sum(one["Size"] for one in volumes), PRICE)
    begun: Started = {
        "estimate": estimate.shown(),
        "devices": {one["VolumeId"]: one["Attachments"][0].get("Device", "") for one in volumes},
    }
    found = snapshots.made_of(scene, ec2, {one["VolumeId"] for one in volumes})
    request_id = None
    # EC2 makes those of all volumes together. Whoever may tag can make one, and has not ours.
    if {one["VolumeId"] for one in volumes} - {one["VolumeId"] for one in found}:
        gap = estimate.too_much(scene.options.snapshot_monthly_limit, _by_hand(scene, place))
        if gap is not None and not found:
            return {**begun, "gap": gap}
        if gap is None:
            made, request_id = _make(scene, place)
            found += made
    snapshot_ids = sorted(one["SnapshotId"] for one in found)
    locks = snapshots.lock(scene, scene.copies.ec2(place.account, place.region), snapshot_ids)
    return {**begun, "snapshots": snapshot_ids, "request_id": request_id, "not_locked": locks}


def _make(scene: Scene, place: Place) -> tuple[list[Any], str | None]:
    copies: Any = scene.copies.ec2(place.account, place.region)
    asked: dict[str, Any] = {
        "InstanceSpecification": {"InstanceId": place.instance_id, "ExcludeBootVolume": False},
        "Description": f"Evidence of {scene.incident.id}, run {scene.generation}",
        "TagSpecifications": [
            {
                "ResourceType": "snapshot",
                "Tags": our_tags(scene.incident.id, scene.generation),
            }
        ],
    }
    try:
        answer = copies.create_snapshots(CopyTagsFromSource="volume", **asked)
    except ClientError as error:
        if code_of(error) != _TAGS_FULL:
            raise
        answer = copies.create_snapshots(**asked)
    return answer["Snapshots"], answer.get("ResponseMetadata", {}).get("RequestId")


def _by_hand(scene: Scene, place: Place) -> str:
    """Nothing in it was chosen by anybody else: ids of ours and of EC2, and a region."""
    tags = ",".join(
        f"{{Key={one['Key']},Value={one['Value']}}}"
        for one in our_tags(scene.incident.id, scene.generation)
    )
    return (
        f"aws ec2 create-snapshots --region {place.region}"
        f" --instance-specification InstanceId={place.instance_id}"
        f" --tag-specifications 'ResourceType=snapshot,Tags=[{tags}]'"
    )


def _look(scene: Scene, place: Place, begun: Started, is_late: bool) -> Collected | None:
    """The item, or None while a snapshot is pending and it is not late."""
    reads = Reads(scene.read_at)
    ec2: Any = scene.clients.ec2(place.account, place.region)
    if "gap" in begun:
        return _item(scene, place, begun, reads, [begun["gap"]])
    ids: list[str] = begun["snapshots"]
    found = reads.ask("snapshots", ec2, "describe_snapshots", "Snapshots", SnapshotIds=ids)
    if isinstance(reads.failure, Unavailable):
        raise reads.failure
    pending = [one["SnapshotId"] for one in found or [] if one["State"] == "pending"]
    if pending and not is_late:
        return None
    locked = reads.ask("locks", ec2, "describe_locked_snapshots", "Snapshots", SnapshotIds=ids)
    _read_instance(ec2, place, reads)
    gaps = [*reads.gaps, *_gaps(scene, begun, found or [], locked)]
    gaps += [f"{one} was still pending after {AT_MOST}" for one in pending]
    gaps += _instance_store(reads)
    return _item(scene, place, begun, reads, gaps)


def _read_instance(ec2: Any, place: Place, reads: Reads) -> None:
    reservations = reads.ask(
        "instance", ec2, "describe_instances", "Reservations", InstanceIds=[place.instance_id]
    )
    kinds = sorted(
        {each["InstanceType"] for one in reservations or [] for each in one["Instances"]}
    )
    if kinds:
        reads.ask(
            "instance type", ec2, "describe_instance_types", "InstanceTypes", InstanceTypes=kinds
        )


def _gaps(scene: Scene, begun: Started, found: list[Any], locked: Any) -> Iterator[str]:
    of = {one["VolumeId"] for one in found}
    for volume, device in begun["devices"].items():
        if volume not in of:
            yield f"no snapshot of volume {volume} ({device or 'no device'})"
    for one in found:
        if one["State"] not in ("completed", "pending"):
            yield f"{one['SnapshotId']} is {one['State']}: it holds nothing to rely on"
    yield from snapshots.lock_gaps(scene, begun["snapshots"], locked, begun["not_locked"])


def _instance_store(reads: Reads) -> Iterator[str]:
    for kind in reads.values.get("instance type", {}).get("value") or []:
        if kind.get("InstanceStorageSupported"):
            size = kind.get("InstanceStorageInfo", {}).get("TotalSizeInGB", "some")
            yield (
                f"its type {kind['InstanceType']} has {size} GB of instance store, which is in no"
                " snapshot, and gone when the instance stops"
            )


def _item(scene: Scene, place: Place, begun: Started, reads: Reads, gaps: list[str]) -> Collected:
    role = scene.copies.member_role
    content = as_json(
        {
            "incident_id": scene.incident.id,
            "instance_id": place.instance_id,
            "account": place.account,
            "region": place.region,
            "made": {key: value for key, value in begun.items() if key != "gap"},
            "made_by": None if role is None else role.arn(place.account),
            "lock": {
                "mode": scene.options.snapshot_lock_mode,
                "days": scene.options.snapshot_lock_days,
            },
            "reads": reads.values,
        }
    )
    name = f"{ID}/{scene.generation:04d}/{place.instance_id}/snapshots"
    return Collected(name, content, _COVERS, tuple(gaps))
