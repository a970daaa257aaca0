"""The same shop with everything else that can be cut, and what leads to the wider and rarer cuts.

What was cut is seen again, twice, and with it a task, a snapshot, an image and a database of a
cluster are found. Or a person asks for what no finding asks for.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from responder.domain.ladder import (
    DETACH_PROFILE,
    KEEP_KEY,
    NOT_GIVEN_BACK,
    REVOKE_GRANTS,
    STOP_TASK,
)
from responder_cli.drill import world
from tests.builders import NOON, REGION, SHOP
from tests.instances import PARTNER, Shared
from tests.proof.people import answered, asks_for_cut
from tests.proof.things import Stock, bucket, database, found, stocked, told
from tests.tasks import CLUSTER
from tests.tasks import Service as Tasks
from tests.unit.actions import test_rds_quarantine_instance as databases
from tests.unit.actions.test_s3_hold_deletes import COPY, ROLE
from tests.workflow.ladder_account import policy
from tests.workflow.nights import Night

_SEEN = (timedelta(hours=3), timedelta(hours=6))  # each after what was cut before it stands
_BY_HAND = (
    (DETACH_PROFILE, "server"),
    (STOP_TASK, "task"),
    (KEEP_KEY, "lost key"),
    (REVOKE_GRANTS, "shared key"),
)
_PARTNER = f"arn:aws:iam::{PARTNER}:root"


def stocked_with_more(night: Night) -> None:
    """And a task, a cluster, a snapshot and an image that others may use, and two keys.

    One of the keys is to be deleted, and others may use the other one. Partners read the bucket,
    and it is copied elsewhere.
    """
    stock = stocked(night)
    shared, _ = Shared(stock.fleet), databases.Cluster(stock.databases)
    night.things |= {
        "task": Tasks(stock.owner).task,
        "member": f"arn:aws:rds:{REGION}:{SHOP}:db:member",
        "snapshot": f"arn:aws:ec2:{REGION}::snapshot/{shared.snapshot}",
        "image": f"arn:aws:ec2:{REGION}::image/{shared.image}",
        **_keys(stock),
    }
    _share_bucket(stock)
    night.cloud.settle()


def were_cut(night: Night) -> None:
    """The first things were found, asked about, and cut."""
    stocked_with_more(night)
    found(night)
    answered(night, "Approve")


def seen_again(night: Night) -> None:
    """It goes on, twice."""
    for span, event in zip(_SEEN, _events(night), strict=True):
        night.cloud.advance(max(NOON + span - night.cloud.now(), timedelta()))
        night.cloud.deliver(event, account=world.HOME)
        answered(night, "Approve")


def asked_for(night: Night) -> None:
    """A person asks for four cuts that no finding asks for, one after the other."""
    _ask(night, _BY_HAND)


def asked_for_what_can_be_undone(night: Night) -> None:
    """The same without the one that ends a task for good."""
    _ask(night, [one for one in _BY_HAND if one[0] not in NOT_GIVEN_BACK])


def _ask(night: Night, cuts: Sequence[tuple[str, str]]) -> None:
    for action_id, name in cuts:
        asks_for_cut(night, action_id, night.things[name])


def again(night: Night) -> None:
    """Each of the findings once more."""
    found(night)
    for event in _events(night):
        night.cloud.deliver(event, account=world.HOME)
    night.cloud.settle()


def _events(night: Night) -> list[dict[str, Any]]:
    cluster = {"arn": f"arn:aws:ecs:{REGION}:{SHOP}:cluster/{CLUSTER}", "name": CLUSTER}
    blocks = {
        **bucket(),
        **database(night.things["member"]),
        "ecsClusterDetails": cluster | {"taskDetails": {"arn": night.things["task"]}},
        "ebsSnapshotDetails": {"snapshotArn": night.things["snapshot"]},
        "ec2ImageDetails": {"imageArn": night.things["image"]},
    }
    return [
        told(night, blocks, number=number, at=NOON + span - timedelta(hours=1))
        for number, span in enumerate(_SEEN)
    ]


def _keys(stock: Stock) -> dict[str, str]:
    kms = stock.owner.kms(SHOP, REGION)
    lost, shared = (kms.create_key()["KeyMetadata"] for _ in range(2))
    kms.schedule_key_deletion(KeyId=lost["KeyId"], PendingWindowInDays=9)
    kms.create_grant(KeyId=shared["KeyId"], GranteePrincipal=_PARTNER, Operations=["Decrypt"])
    return {"lost key": lost["Arn"], "shared key": shared["Arn"]}


def _share_bucket(stock: Stock) -> None:
    s3: Any = stock.owner.s3(SHOP, REGION)
    objects = f"arn:aws:s3:::{world.BUCKET}/*"
    read = {"Effect": "Allow", "Principal": {"AWS": _PARTNER}, "Action": "s3:GetObject"}
    s3.put_bucket_policy(Bucket=world.BUCKET, Policy=policy(read | {"Resource": objects}))
    s3.put_bucket_versioning(Bucket=world.BUCKET, VersioningConfiguration={"Status": "Enabled"})
    copies = {"Role": ROLE, "Rules": [COPY]}
    s3.put_bucket_replication(Bucket=world.BUCKET, ReplicationConfiguration=copies)
