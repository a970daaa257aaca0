"""Snapshots of volumes that are ours: which they are, and that they are locked."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from responder.aws.errors import asking_aws
from responder.collectors.collector import Scene
from responder.collectors.copies import COPY_OF, our_tags
from responder.domain.errors import Broken, Unavailable

_MOST_OF_EACH = 3  # of a volume: ours, and one or two that a run made again or somebody tagged


def _tagged(scene: Scene, ec2: Any) -> Iterator[Any]:
    """Those of the client's account and region with the tags of this incident and run.

    Tags are written by whoever may: the caller has to ask for more than that. An incident's own
    are not older than it.
    """
    filters = [
        {"Name": f"tag:{one['Key']}", "Values": [one["Value"]]}
        for one in our_tags(scene.incident.id, scene.generation)
    ]
    pages = ec2.get_paginator("describe_snapshots").paginate(OwnerIds=["self"], Filters=filters)
    for page in pages:
        for one in page["Snapshots"]:
            if one["StartTime"] >= scene.incident.opened_at:
                yield one


def made_of(scene: Scene, ec2: Any, volumes: set[str]) -> list[Any]:
    """Those of these volumes that we made for this run of the response: no copies of them.

    Of each volume the first ones, and not as many as somebody else cares to tag.
    """
    found = [one for one in _tagged(scene, ec2) if one["VolumeId"] in volumes and not _is_copy(one)]
    of = defaultdict[str, list[Any]](list)
    for one in sorted(found, key=lambda each: (each["StartTime"], each["SnapshotId"])):
        of[one["VolumeId"]].append(one)
    return [one for every in of.values() for one in every[:_MOST_OF_EACH]]


def _is_copy(snapshot: Any) -> bool:
    """Whether it is a copy of another, as we note it on copies."""
    return any(tag["Key"] == COPY_OF for tag in snapshot.get("Tags", ()))


def lock(scene: Scene, ec2: Any, snapshot_ids: list[str]) -> dict[str, str]:
    """Lock each, as far as the options say so. What could not be locked, and why."""
    mode, days = scene.options.snapshot_lock_mode, scene.options.snapshot_lock_days
    failed = dict[str, str]()
    for one in snapshot_ids if mode else ():
        try:
            with asking_aws(f"locking {one}"):
                ec2.lock_snapshot(SnapshotId=one, LockMode=mode, LockDuration=days)
        except (Broken, Unavailable) as error:
            failed[one] = str(error)
    return failed


def lock_gaps(
    scene: Scene, snapshot_ids: list[str], locked: list[Any] | None, failed: dict[str, str]
) -> Iterator[str]:
    """What is not locked as it was asked for. `locked` is None where that could not be read."""
    mode = scene.options.snapshot_lock_mode
    if not mode:
        yield "the snapshots are not locked: SnapshotLockMode is none"
        return
    states = {one["SnapshotId"]: one.get("LockState") for one in locked or []}
    for one in snapshot_ids:
        why = f": {failed[one]}" if one in failed else ""
        if states.get(one) != mode and locked is not None:
            yield f"{one} is not locked in {mode} mode{why}"
