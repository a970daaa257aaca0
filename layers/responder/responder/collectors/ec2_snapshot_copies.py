"""Copies of an instance's snapshots in the evidence account, under a key of that account.

Whoever took the account of the instance over can delete what is in it, and the keys of what is
locked. So each snapshot is copied twice: in its own account, encrypted anew with the key of the
evidence account, in the region of that key; and from there, shared with it, in the evidence
account. The copy between is needed because a snapshot under `aws/ebs` cannot be shared, and one
under a key of the shop could not be decrypted there; sharing does not leave a region.

A copy is known again by its description, which nobody can change afterwards, and by its key, which
nobody but our roles may encrypt a snapshot with. Tags are not asked: in the account of the instance
others write them. The volumes are noted before there are snapshots of them, so that none is
forgotten that is detached in between; of each, the first snapshot of ours is copied, and no other.
AWS: EBS User Guide, "Copy an Amazon EBS snapshot", "Share an Amazon EBS snapshot", "Share the KMS
key used to encrypt a shared Amazon EBS snapshot"; EC2 API Reference, "CopySnapshot" (a copy has an
arbitrary volume id).
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from responder.aws.errors import asking_aws, code_of
from responder.collectors import ec2_snapshots, instances, snapshots
from responder.collectors.collector import Collected, Later, Scene
from responder.collectors.contents import as_json
from responder.collectors.copies import COPY_OF, Estimate, our_tags
from responder.collectors.instances import Place
from responder.collectors.reads import Reads
from responder.collectors.rounds import Started
from responder.domain.errors import Broken, Unavailable

ID = "ec2.snapshot_copies"
TITLE = "Copies of the snapshots in the evidence account"
KINDS: tuple[str, ...] = (instances.KIND,)
# EBS User Guide, "Share the KMS key used to encrypt a shared Amazon EBS snapshot": of the key of a
# snapshot, and of that of its copy. EC2 uses both in the caller's name.
_BY_EC2 = frozenset(
    {
        "kms:CreateGrant",
        "kms:Decrypt",
        "kms:DescribeKey",
        "kms:GenerateDataKey",
        "kms:GenerateDataKeyWithoutPlaintext",
        "kms:ReEncryptFrom",
        "kms:ReEncryptTo",
    }
)
PERMISSIONS = frozenset({"ec2:DescribeSnapshots", "ec2:DescribeVolumes"})
COPIES = _BY_EC2 | {"ec2:CopySnapshot", "ec2:CreateTags", "ec2:ModifySnapshotAttribute"}
KEEPS = _BY_EC2 | {
    "ec2:CopySnapshot",
    "ec2:CreateTags",
    "ec2:DescribeLockedSnapshots",
    "ec2:DescribeSnapshots",
    "ec2:LockSnapshot",
}
LIMITS = (
    "the blocks are in the snapshots, in the evidence account; here is the record of them, without"
    " a hash of what they hold: that a copy is the same as what it was made of is EC2's word",
    "a copy has an arbitrary volume id: the record names the volume",
    "the copy between stays in the account of the instance, and is paid for, until somebody deletes"
    " it",
    "what is encrypted with a key whose policy does not let our role use it cannot be copied",
    "whoever makes themselves our role in the account of the instance can put another snapshot in"
    " the place of the copy between, until that is copied",
)

ASK_AGAIN = timedelta(minutes=2)
AT_MOST = timedelta(hours=11)  # what is pending then is left to be completed, and said to be
MADE_WITHIN = timedelta(hours=1)  # the snapshots themselves, or no more are expected
_COVERS = "which copies of an instance's snapshots were taken over into the evidence account"
# Limits that pass: of copies at a time, and of snapshots. And what was shared just now is not seen
# everywhere at once; what is gone is found out by looking.
_NOT_NOW = frozenset(
    {"ConcurrentSnapshotLimitExceeded", "InvalidSnapshot.NotFound", "ResourceLimitExceeded"}
)
_COPIES_OF_EACH = 2
_AGAIN_AT_MOST = 3  # a copy between that somebody deletes: each time costs, and they may go on
_OF_NO_KEY = (
    "no copies were taken over into the evidence account: CopiesKeyArn is empty"
    " (stacks/evidence-copies.yaml)"
)
_BY_HAND = 'see "Copies of snapshots" in docs/operating.md. The snapshots themselves are counted in'
_PENDING, _COMPLETED = "pending", "completed"
# Of a snapshot's path, by what it stands for in `Started` and in the item.
_SOURCE, _BETWEEN, _KEPT = "source", "between", "kept"


def collect(scene: Scene) -> Iterator[Collected | Later]:
    """One item for each instance, when its snapshots are taken over, or cannot be."""
    yield from instances.copied(
        scene,
        ID,
        _COVERS,
        start=_start,
        look=_look,
        ask_again=ASK_AGAIN,
        at_most=AT_MOST,
    )


def _start(scene: Scene, place: Place, _: bool) -> Started:
    """The volumes whose snapshots are to be copied; or why there is nothing to do."""
    if not scene.options.copies_key_arn:
        return {"gap": _OF_NO_KEY}
    ec2: Any = scene.clients.ec2(place.account, place.region)
    attached = [{"Name": "attachment.instance-id", "Values": [place.instance_id]}]
    try:
        with asking_aws(f"looking for the volumes of {place.instance_id}"):
            volumes = ec2.describe_volumes(Filters=attached)["Volumes"]
    except Broken as error:
        return {"gap": f"no copies were made: {error}"}
    if not volumes:
        return {"gap": "no copies were made: EC2 names no volume that is attached to it"}
    gib = sum(one["Size"] for one in volumes)
    estimate = Estimate(_COPIES_OF_EACH * gib, ec2_snapshots.PRICE)
    whole = Estimate((_COPIES_OF_EACH + 1) * gib, ec2_snapshots.PRICE)
    gap = whole.too_much(scene.options.snapshot_monthly_limit, _BY_HAND)
    if gap is not None:
        return {"estimate": estimate.shown(), "gap": gap}
    return {
        "estimate": estimate.shown(),
        "attached": sorted(one["VolumeId"] for one in volumes),
        "until": (scene.read_at() + MADE_WITHIN).isoformat(),
        "sources": {},
        _BETWEEN: {},
        _KEPT: {},
        "failed": {},
        "listed": [],
        "again": {},
    }


def _look(scene: Scene, place: Place, begun: Started, is_late: bool) -> Collected | None:
    """The item, or None while a copy is pending and it is not late. Notes in `begun` how far."""
    if "gap" in begun:
        return _item(scene, place, begun, {}, [begun["gap"]])
    try:
        stands = _stands(scene, place, begun)
    except Broken as error:
        what = "how far the copies are is not known" if begun[_KEPT] else "nothing was taken over"
        return _item(scene, place, begun, {}, [f"{what}: {error}", *_locks(scene, begun)])
    unanswered = dict[str, str]()
    for source in begun["sources"]:
        if source not in begun["failed"]:
            try:
                _go_on(scene, place, begun, stands, source)
            except Unavailable as error:
                unanswered[source] = f": {error}"
            except Broken as error:
                begun["failed"][source] = str(error)
    waits = [
        source
        for source in begun["sources"]
        if source not in begun["failed"] and _state(begun, stands, _KEPT, source) != _COMPLETED
    ]
    unmade = _unmade(begun)
    if not is_late and (waits or (unmade and scene.read_at() <= _until(begun))):
        return None
    gaps = [f"{source} was not taken over: {why}" for source, why in begun["failed"].items()]
    gaps += [
        f"{source} was not taken over after {AT_MOST}{unanswered.get(source, '')}"
        for source in waits
    ]
    gaps += _never_made(begun, unmade)
    return _item(scene, place, begun, stands, [*gaps, *_locks(scene, begun)])


def _until(begun: Started) -> datetime:
    return datetime.fromisoformat(begun["until"])


def _unmade(begun: Started) -> list[str]:
    """Volumes of which there is no snapshot to copy yet."""
    there = set(begun["sources"].values())
    return [volume for volume in begun["attached"] if volume not in there]


def _never_made(begun: Started, unmade: list[str]) -> Iterator[str]:
    if not begun["sources"]:
        yield f"no copies were made: there was no snapshot of ours to copy within {MADE_WITHIN}"
        return
    for volume in unmade:
        yield f"there was no snapshot of ours of {volume} to copy within {MADE_WITHIN}"


def _stands(scene: Scene, place: Place, begun: Started) -> dict[str, dict[str, Any]]:
    """What EC2 says of the snapshots, the copies between and those that are kept, by id."""
    home = scene.clients.region
    there: Any = scene.clients.ec2(place.account, place.region)
    between: Any = scene.clients.ec2(place.account, home)
    keeps: Any = scene.keeps.ec2(scene.options.evidence_account, home)
    with asking_aws(f"looking at the copies of {place.instance_id}"):
        _find_sources(scene, there, begun)
        if not begun["sources"]:
            return {_SOURCE: {}, _BETWEEN: {}, _KEPT: {}}
        # A filter, and no list of ids: EC2 refuses the whole list where one is gone.
        by_id = [{"Name": "snapshot-id", "Values": list(begun["sources"])}]
        sources = there.describe_snapshots(Filters=by_id)["Snapshots"]
        found = {
            _SOURCE: {one["SnapshotId"]: one for one in sources},
            _BETWEEN: _of_our_key(scene, between, begun),
            _KEPT: _of_our_key(scene, keeps, begun),
        }
    of = {_description(scene, source): source for source in begun["sources"]}
    for kind in (_BETWEEN, _KEPT):
        for name, one in found[kind].items():
            begun[kind].setdefault(of[one["Description"]], name)
    _forget_deleted(begun, found[_BETWEEN])
    return found


def _find_sources(scene: Scene, ec2: Any, begun: Started) -> None:
    """Note the first snapshot of each volume that had none: whoever may tag can make more."""
    unmade = _unmade(begun)
    if not unmade or scene.read_at() > _until(begun):
        return
    for one in snapshots.made_of(scene, ec2, set(unmade)):  # the first of each is the first
        if one["VolumeId"] not in begun["sources"].values():
            begun["sources"][one["SnapshotId"]] = one["VolumeId"]


def _of_our_key(scene: Scene, ec2: Any, begun: Started) -> dict[str, Any]:
    wanted = [_description(scene, source) for source in begun["sources"]]
    pages = ec2.get_paginator("describe_snapshots").paginate(
        OwnerIds=["self"], Filters=[{"Name": "description", "Values": wanted}]
    )
    return {
        one["SnapshotId"]: one
        for page in pages
        for one in page["Snapshots"]
        if one["Description"] in wanted and one.get("KmsKeyId") == scene.options.copies_key_arn
    }


def _description(scene: Scene, source: str) -> str:
    """Of a copy. No call of EC2 changes it."""
    return f"Evidence of {scene.incident.id}, run {scene.generation}: {source}"


def _forget_deleted(begun: Started, there: dict[str, Any]) -> None:
    """A copy between that EC2 listed and lists no more is made again, but not for ever."""
    for source, name in list(begun[_BETWEEN].items()):
        if name in there:
            if name not in begun["listed"]:
                begun["listed"].append(name)
        elif name in begun["listed"] and source not in begun[_KEPT]:
            again = begun["again"].get(source, 0) + 1
            if again <= _AGAIN_AT_MOST:
                begun["again"][source] = again
                del begun[_BETWEEN][source]
            else:
                begun["failed"].setdefault(source, f"the copy between was deleted {again} times")


def _go_on(
    scene: Scene, place: Place, begun: Started, stands: dict[str, dict[str, Any]], source: str
) -> None:
    """Make the next copy of this snapshot, if the one before is completed.

    Raises `Broken` where a copy failed or cannot be made.
    """
    home, account = scene.clients.region, scene.options.evidence_account
    between = begun[_BETWEEN].get(source)
    if source in begun[_KEPT]:
        _state(begun, stands, _KEPT, source)
        return
    member: Any = scene.copies.ec2(place.account, home)
    if between is None:
        if _state(begun, stands, _SOURCE, source) == _COMPLETED:
            made = _copied(scene, member, source, place.region, source)
            if made is not None:
                begun[_BETWEEN][source] = made
        return
    if _state(begun, stands, _BETWEEN, source) != _COMPLETED:
        return
    with asking_aws(f"sharing {between} with account {account}"):
        member.modify_snapshot_attribute(
            SnapshotId=between,
            Attribute="createVolumePermission",
            OperationType="add",
            UserIds=[account],
        )
    made = _copied(scene, scene.keeps.ec2(account, home), between, home, source)
    if made is not None:
        begun[_KEPT][source] = made


def _state(begun: Started, stands: dict[str, dict[str, Any]], kind: str, source: str) -> str | None:
    """Of the snapshot, or of a copy of it: None where EC2 does not list it, or it is not made.

    Raises `Broken` if it failed, or if EC2 lists a snapshot no more.
    """
    name = source if kind == _SOURCE else begun[kind].get(source)
    one = stands[kind].get(name)
    if one is None and kind == _SOURCE:
        raise Broken(f"EC2 does not list {source} any more")
    state = None if one is None else str(one["State"])
    if state not in (None, _PENDING, _COMPLETED):
        raise Broken(f"{name} is {state}: it holds nothing to rely on")
    return state


def _copied(scene: Scene, ec2: Any, snapshot_id: str, region: str, source: str) -> str | None:
    """The copy that was begun, or None where EC2 has no room for it just now."""
    tags = [*our_tags(scene.incident.id, scene.generation), {"Key": COPY_OF, "Value": source}]
    with asking_aws(f"copying {snapshot_id}"):
        try:
            answer = ec2.copy_snapshot(
                SourceRegion=region,
                SourceSnapshotId=snapshot_id,
                Encrypted=True,
                KmsKeyId=scene.options.copies_key_arn,
                Description=_description(scene, source),
                TagSpecifications=[{"ResourceType": "snapshot", "Tags": tags}],
            )
        except ClientError as error:
            if code_of(error) not in _NOT_NOW:
                raise
            return None
    return str(answer["SnapshotId"])


def _locks(scene: Scene, begun: Started) -> list[str]:
    """Lock what is kept, and say what is not locked."""
    ids = sorted(begun[_KEPT].values())
    if not ids:
        return []
    ec2: Any = scene.keeps.ec2(scene.options.evidence_account, scene.clients.region)
    failed, reads = snapshots.lock(scene, ec2, ids), Reads(scene.read_at)
    locked = reads.ask("locks", ec2, "describe_locked_snapshots", "Snapshots", SnapshotIds=ids)
    if isinstance(reads.failure, Unavailable):
        raise reads.failure
    begun["locks"] = reads.values
    return [*reads.gaps, *snapshots.lock_gaps(scene, ids, locked, failed)]


def _item(
    scene: Scene, place: Place, begun: Started, stands: dict[str, dict[str, Any]], gaps: list[str]
) -> Collected:
    member, keeps = scene.copies.member_role, scene.keeps.member_role
    account = scene.options.evidence_account
    content = as_json(
        {
            "incident_id": scene.incident.id,
            "instance_id": place.instance_id,
            "account": place.account,
            "region": place.region,
            "evidence_account": account,
            "evidence_region": scene.clients.region,
            "key": scene.options.copies_key_arn,
            "volumes": begun.get("sources", {}),
            "copies": [
                {
                    _SOURCE: stands.get(_SOURCE, {}).get(source, source),
                    _BETWEEN: _shown(begun, stands, _BETWEEN, source),
                    _KEPT: _shown(begun, stands, _KEPT, source),
                }
                for source in begun.get("sources", ())
            ],
            "estimate": begun.get("estimate"),
            "locks": begun.get("locks"),
            "copied_by": None if member is None else member.arn(place.account),
            "kept_by": None if keeps is None else keeps.arn(account),
        }
    )
    name = f"{ID}/{scene.generation:04d}/{place.instance_id}/copies"
    return Collected(name, content, _COVERS, tuple(gaps))


def _shown(begun: Started, stands: dict[str, dict[str, Any]], kind: str, source: str) -> Any:
    """As EC2 describes it, or its id where EC2 did not list it yet; None where it was not made."""
    name = begun[kind].get(source)
    return stands.get(kind, {}).get(name, name)
