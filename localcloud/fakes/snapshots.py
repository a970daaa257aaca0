"""Snapshots take a while, carry their volume's tags, and can be locked. Moto knows none of it.

What a snapshot holds is on moto's own, so that it goes with it. AWS: EC2 API Reference,
"CopySnapshot", "CreateSnapshots", "LockSnapshot", "DescribeLockedSnapshots"; EBS User Guide, "Lock
a snapshot", "Share an Amazon EBS snapshot".
"""

from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any, Final

from moto.ec2.models import ec2_backends
from moto.ec2.models.elastic_block_store import Snapshot
from moto.ec2.utils import random_snapshot_id

from localcloud.authorizing.ec2 import readable, volumes_of
from localcloud.fault import Fault
from localcloud.switchboard import Asked, Fake

TAKES: Final = timedelta(minutes=5)
_MOST_TAGS: Final = 50
_MOST_VALUES: Final = 200  # EC2 User Guide, "Find your Amazon EC2 resources"
_NO_VOLUME: Final = "vol-ffffffff"  # a copy's volume id is arbitrary


def operations() -> dict[str, Fake]:
    """What this module serves."""
    return {"CopySnapshot": _copy, "DescribeLockedSnapshots": _locked, "LockSnapshot": _lock}


def fits(asked: Asked) -> None:
    """Refuse a snapshot that would carry more tags than any may; complete what is due."""
    if asked.service != "ec2":
        return
    for one in asked.params.get("Filters", ()):
        if len(one.get("Values", ())) > _MOST_VALUES:
            raise Fault("FilterLimitExceeded", f"More than {_MOST_VALUES} values in a filter.")
    if asked.operation == "DescribeSnapshots":
        for one in _all(asked):
            if getattr(one, "completes_at", asked.at) <= asked.at and one.status == "pending":
                one.status = "completed"
    if asked.operation == "CreateSnapshots" and asked.params.get("CopyTagsFromSource"):
        ours = {tag["Key"] for each in _specified(asked) for tag in each["Tags"]}
        for volume in volumes_of(asked):
            if len(ours | set(_tags(asked, volume))) > _MOST_TAGS:
                raise Fault("TagLimitExceeded", f"More than {_MOST_TAGS} tags.")


def begun(asked: Asked, answer: dict[str, Any]) -> None:
    """A snapshot that was just made is pending, and has the tags of its volume beside its own."""
    if (asked.service, asked.operation) != ("ec2", "CreateSnapshots"):
        return
    backend = ec2_backends[asked.account][asked.region]
    for shown in answer["Snapshots"]:
        one: Any = backend.snapshots[shown["SnapshotId"]]
        one.status, one.completes_at = "pending", asked.at + TAKES
        shown["State"] = "pending"
        if asked.params.get("CopyTagsFromSource"):
            own = _tags(asked, one.id)
            one.add_tags({**_tags(asked, one.volume.id), **own})


def _specified(asked: Asked) -> list[Any]:
    found: list[Any] = asked.params.get("TagSpecifications", [])
    return found


def _tags(asked: Asked, name: str) -> dict[str, str]:
    held: dict[str, str] = ec2_backends[asked.account][asked.region].tags.get(name, {})
    return held


def _all(asked: Asked) -> list[Any]:
    return list(ec2_backends[asked.account][asked.region].snapshots.values())


def _copy(asked: Asked) -> dict[str, Any]:
    """Also of what another account shared, which moto does not find. Only within a region."""
    given, source = asked.params, readable(asked)
    is_elsewhere = given["SourceRegion"] != asked.region
    if source is None or (source.owner_id != asked.account and is_elsewhere):
        raise Fault("InvalidSnapshot.NotFound", "The snapshot does not exist.")
    if source.status != "completed":
        raise Fault("IncorrectState", "The snapshot is not completed.")
    key = given.get("KmsKeyId") or source.kms_key_id
    backend = ec2_backends[asked.account][asked.region]
    copy: Any = Snapshot(
        backend,
        random_snapshot_id(),
        volume=SimpleNamespace(id=_NO_VOLUME, size=source.volume.size),
        description=given.get("Description", ""),
        encrypted=source.encrypted or bool(given.get("Encrypted")),
        kms_key_id=key,
    )
    copy.status, copy.completes_at = "pending", asked.at + TAKES
    backend.snapshots[copy.id] = copy
    for each in _specified(asked):
        copy.add_tags({tag["Key"]: tag["Value"] for tag in each["Tags"]})
    return {
        "SnapshotId": copy.id,
        "Tags": [tag for each in _specified(asked) for tag in each["Tags"]],
    }


def _lock(asked: Asked) -> dict[str, Any]:
    given = asked.params
    one: Any = ec2_backends[asked.account][asked.region].snapshots.get(given["SnapshotId"])
    if one is None:
        raise Fault("InvalidSnapshot.NotFound", "The snapshot does not exist.")
    if ("LockDuration" in given) == ("ExpirationDate" in given):
        raise Fault("InvalidParameterCombination", "Give a duration or an expiration date.")
    until = given.get("ExpirationDate") or asked.at + timedelta(days=given["LockDuration"])
    held: dict[str, Any] | None = getattr(one, "lock", None)
    is_final = held is not None and held["LockState"] == "compliance"
    is_weaker = given["LockMode"] != "compliance" or (held and until < held["LockExpiresOn"])
    if is_final and is_weaker:
        raise Fault("InvalidParameterValue", "A lock in compliance mode is only lengthened.")
    one.lock = _held(given, asked.at, until)
    return {"SnapshotId": one.id, **one.lock}


def _held(given: dict[str, Any], now: datetime, until: datetime) -> dict[str, Any]:
    cooling = given.get("CoolOffPeriod")
    state = "compliance-cooloff" if cooling else given["LockMode"]
    found = {"LockState": state, "LockCreatedOn": now, "LockExpiresOn": until}
    if "LockDuration" in given:
        found["LockDuration"] = given["LockDuration"]
    return found


def _locked(asked: Asked) -> dict[str, Any]:
    wanted = asked.params.get("SnapshotIds")
    return {
        "Snapshots": [
            {"SnapshotId": one.id, "OwnerId": asked.account, **one.lock}
            for one in _all(asked)
            if getattr(one, "lock", None) and (wanted is None or one.id in wanted)
        ]
    }
