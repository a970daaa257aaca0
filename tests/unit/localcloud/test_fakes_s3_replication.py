"""A bucket gives its replication back as it was put, to whoever may hand its role to S3."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.builders import HOME, REGION
from tests.unit.localcloud.judging import World, a_world, allow, code

BUCKET, ROLE = "shop-orders", f"arn:aws:iam::{HOME}:role/replication"
COPIES: dict[str, Any] = {
    "Role": ROLE,
    "Rules": [
        {
            "ID": "copy",
            "Priority": 1,
            "Status": "Enabled",
            "Filter": {"Prefix": ""},
            "Destination": {"Bucket": "arn:aws:s3:::shop-orders-copy"},
            "DeleteMarkerReplication": {"Status": "Enabled"},
        }
    ],
}
PUT: dict[str, Any] = {"Bucket": BUCKET, "ReplicationConfiguration": COPIES}
NOT_FOUND = "ReplicationConfigurationNotFoundError"


@pytest.fixture
def world() -> Iterator[World]:
    with a_world() as world:
        where = {"LocationConstraint": REGION}
        world.operator("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration=where)
        yield world


def test_it_is_kept_as_it_was_put(world: World) -> None:
    s3 = world.operator("s3")
    assert code(s3.put_bucket_replication, **PUT) == "InvalidRequest"
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    assert code(s3.get_bucket_replication, Bucket=BUCKET) == NOT_FOUND
    s3.put_bucket_replication(**PUT)
    assert s3.get_bucket_replication(Bucket=BUCKET)["ReplicationConfiguration"] == COPIES
    s3.delete_bucket_replication(Bucket=BUCKET)
    assert code(s3.get_bucket_replication, Bucket=BUCKET) == NOT_FOUND
    assert code(s3.get_bucket_replication, Bucket="of-nobody") == "NoSuchBucket"


def test_the_role_that_replicates_is_passed_to_s3(world: World) -> None:
    world.operator("s3").put_bucket_versioning(
        Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"}
    )
    puts = allow("s3:PutReplicationConfiguration")
    to = {"StringEquals": {"iam:PassedToService": "s3.amazonaws.com"}}
    elsewhere = {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}
    for number, (rights, answer) in enumerate(
        (
            ([puts], "AccessDenied"),
            ([puts, allow("iam:PassRole", ROLE, Condition=elsewhere)], "AccessDenied"),
            ([puts, allow("iam:PassRole", ROLE, Condition=to)], None),
        )
    ):
        s3 = world.user(f"user-{number}", *rights)("s3")
        assert code(s3.put_bucket_replication, **PUT) == answer
