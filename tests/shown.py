"""Everything that a service shows of a thing, to be compared byte for byte.

What is left out is what a release cannot put back. Where a service keeps no order, neither do we.
"""

import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import Any

from botocore.exceptions import ClientError

from responder.aws.errors import code_of
from tests.instances import Fleet, Service, Shared
from tests.tasks import Service as TasksService

_NOBODY_HAS_IT = frozenset(
    {
        "NoSuchBucketPolicy",
        "NoSuchLifecycleConfiguration",
        "NoSuchPublicAccessBlockConfiguration",
        "NoSuchTagSet",
        "ServerSideEncryptionConfigurationNotFoundError",
        "ReplicationConfigurationNotFoundError",
    }
)
# What a release cannot put back, by action: the names that the comparison leaves out, and why.
# Nothing else is left out anywhere.
LEFT_OUT: dict[str, dict[str, str]] = {
    "iam.cut_console_sign_in": {"Password": "nobody knows the new one, nor ever had the old one"},
    "ec2.detach_profile": {"AssociationId": "EC2 gives a profile that is put on a new one"},
    "ec2.quarantine_instance": {
        "breach-responder-*": "a group of ours that no interface uses is deleted, whoever made it"
    },
    "ec2.close_subnet": {"NetworkAclAssociationId": "EC2 gives each association a new one"},
    "ecs.protect_task": {
        "expirationDate": "ECS takes whole minutes, counted from the release",
    },
    "ecs.close_subnet": {"NetworkAclAssociationId": "EC2 gives each association a new one"},
    "ecs.stop_task": {
        "tasks": "nobody can start a task again",
        "Interfaces": "and its network interface went with it",
        "Protection": "and so did its protection",
    },
    "rds.quarantine_instance": {
        "breach-responder-ord-*": "the snapshot stays: it is evidence",
        "LatestRestorableTime": "it is the time of day, and moves by itself",
        "breach-responder-closed-*": "the group stays, for the next cut in the same network",
    },
    "lambda.stop_function": {"LastModified": "Lambda says when an event source was changed last"},
    "kms.keep_key": {"DeletionDate": "KMS takes whole days, counted from the release"},
    "kms.revoke_grants": {
        "GrantId": "KMS gives a grant that is made again a new one",
        "CreationDate": "and the day it was made again",
    },
}


def text(shown: Any, left_out: Iterable[str] = ()) -> str:
    """All that is shown but what the table leaves out."""
    return json.dumps(_without(shown, tuple(left_out)), default=str, indent=1, ensure_ascii=False)


def fleet_shown(fleet: Fleet) -> dict[str, Any]:
    """All that EC2 shows of an instance and its network. Groups by name: ids are given anew.

    EC2 keeps no order of the groups of an interface. The pretend one shows the id of a profile's
    association for the profile's own, and repeats the interfaces of the instance wrongly.
    """
    ec2, seen = fleet.ec2, fleet.described()
    if "IamInstanceProfile" in seen:
        seen["IamInstanceProfile"].pop("Id")
    return {
        "Instance": {key: one for key, one in seen.items() if key != "NetworkInterfaces"},
        "Protection": {
            name: fleet.attribute(name)
            for name in (
                "disableApiTermination",
                "disableApiStop",
                "instanceInitiatedShutdownBehavior",
            )
        },
        "Interfaces": [
            one | {"Groups": sorted(group["GroupName"] for group in one["Groups"])}
            for one in ec2.describe_network_interfaces()["NetworkInterfaces"]
        ],
        "Groups": {
            _named(one): {key: of for key, of in one.items() if not key.startswith("GroupId")}
            for one in ec2.describe_security_groups()["SecurityGroups"]
        },
        "Profiles": _sorted(
            ec2.describe_iam_instance_profile_associations()["IamInstanceProfileAssociations"],
            "InstanceId",
        ),
        "Volumes": ec2.describe_volumes()["Volumes"],
    }


def service_shown(service: Service) -> dict[str, Any]:
    """And of its place in an Auto Scaling group and behind load balancers."""
    elb, elbv2, scaling = service.elb, service.elbv2, service.scaling
    groups = elbv2.describe_target_groups()["TargetGroups"]
    balancers = elb.describe_load_balancers()["LoadBalancerDescriptions"]
    scaled = scaling.describe_auto_scaling_groups()["AutoScalingGroups"]
    for one in (*balancers, *scaled):
        one["Instances"] = _sorted(one["Instances"], "InstanceId")
    return fleet_shown(service.fleet) | {
        "Scaling": scaled,
        "Members": _sorted(
            scaling.describe_auto_scaling_instances()["AutoScalingInstances"], "InstanceId"
        ),
        "Classic": balancers,
        "TargetGroups": groups,
        "Targets": [_targets(elbv2, one["TargetGroupArn"]) for one in groups],
    }


def tasks_shown(service: TasksService, made_again: str = "") -> dict[str, Any]:
    """All that ECS shows of every task, its protection, network and place behind load balancers.

    A network ACL that is made again, told by its name, has another id.
    """
    ec2, elbv2, held = service.ec2, service.elbv2, service.tasks()
    groups = elbv2.describe_target_groups()["TargetGroups"]
    return {
        **{key: service.described_all(held)[key] for key in ("tasks", "failures")},
        "Protection": [service.protection(one) for one in held],
        "Interfaces": _sorted(
            ec2.describe_network_interfaces()["NetworkInterfaces"], "NetworkInterfaceId"
        ),
        "Groups": _sorted(ec2.describe_security_groups()["SecurityGroups"], "GroupId"),
        "Acls": _acls(ec2, made_again),
        "TargetGroups": groups,
        "Targets": [_targets(elbv2, one["TargetGroupArn"]) for one in groups],
    }


def subnets_shown(fleet: Fleet, made_again: str = "") -> dict[str, Any]:
    """And of every network ACL. One that is made again, told by its name, has another id."""
    return fleet_shown(fleet) | {"Acls": _acls(fleet.ec2, made_again)}


def shared_shown(shared: Shared) -> dict[str, Any]:
    """All that EC2 shows of a snapshot and an image, and whom they are shared with."""
    ec2 = shared.ec2
    return shared.standing() | {
        "Snapshots": ec2.describe_snapshots(SnapshotIds=[shared.snapshot])["Snapshots"],
        "Images": ec2.describe_images(ImageIds=[shared.image])["Images"],
    }


def bucket_shown(s3: Any, bucket: str) -> dict[str, Any]:
    """All settings of a bucket; None for one that it does not have."""

    def read(look: Callable[..., Any]) -> Any:
        try:
            return look(Bucket=bucket)
        except ClientError as error:
            if code_of(error) in _NOBODY_HAS_IT:
                return None
            raise

    return {
        "Policy": read(s3.get_bucket_policy),
        "Block": read(s3.get_public_access_block),
        "Acl": read(s3.get_bucket_acl),
        "Versioning": read(s3.get_bucket_versioning),
        "Tags": read(s3.get_bucket_tagging),
        "Lifecycle": read(s3.get_bucket_lifecycle_configuration),
        "Replication": read(s3.get_bucket_replication),
        "Encryption": read(s3.get_bucket_encryption),
    }


def functions_shown(functions: Any, *names: str) -> dict[str, Any]:
    """Some functions, the aliases of the first, and every event source."""
    return {
        "Functions": [functions.get_function(FunctionName=one) for one in names],
        "Concurrency": [functions.get_function_concurrency(FunctionName=one) for one in names],
        "Sources": functions.list_event_source_mappings()["EventSourceMappings"],
        "Aliases": functions.list_aliases(FunctionName=names[0])["Aliases"],
    }


def databases_shown(account: Any) -> dict[str, Any]:
    """Every database and cluster, their snapshots, and all groups. `account` has rds and ec2."""
    rds = account.rds
    return {
        "Instances": [_in_order(one) for one in rds.describe_db_instances()["DBInstances"]],
        "Clusters": [_in_order(one) for one in rds.describe_db_clusters()["DBClusters"]],
        "Snapshots": {
            one["DBSnapshotIdentifier"]: one for one in rds.describe_db_snapshots()["DBSnapshots"]
        },
        "ClusterSnapshots": {
            one["DBClusterSnapshotIdentifier"]: one
            for one in rds.describe_db_cluster_snapshots()["DBClusterSnapshots"]
        },
        "Groups": {
            _named(one): one for one in account.ec2.describe_security_groups()["SecurityGroups"]
        },
    }


def key_shown(kms: Any, key_id: str) -> dict[str, Any]:
    """A key, its policy and its grants. KMS sorts neither grants nor what they allow."""
    grants = [
        one | {"Operations": sorted(one["Operations"])}
        for one in kms.list_grants(KeyId=key_id)["Grants"]
    ]
    key = kms.describe_key(KeyId=key_id)["KeyMetadata"]
    deleted_at = key.get("DeletionDate")
    return {
        "Key": key,
        "DaysLeft": None if deleted_at is None else (deleted_at - datetime.now(UTC)).days,
        "Policy": kms.get_key_policy(KeyId=key_id, PolicyName="default")["Policy"],
        "Grants": sorted(grants, key=_without_id),
    }


def _targets(elbv2: Any, group: str) -> list[Any]:
    health = elbv2.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
    return sorted(health, key=lambda one: (one["Target"]["Id"], one["Target"]["Port"]))


def _acls(ec2: Any, made_again: str) -> list[Any]:
    found: list[Any] = ec2.describe_network_acls()["NetworkAcls"]
    for acl in found:
        acl["Associations"].sort(key=lambda one: one["SubnetId"])
        if {"Key": "Name", "Value": made_again} in acl["Tags"]:
            for one in (acl, *acl["Associations"]):
                one["NetworkAclId"] = made_again
    return found


def _sorted(found: list[Any], by: str) -> list[Any]:
    return sorted(found, key=lambda one: str(one[by]))


def _named(group: dict[str, Any]) -> str:
    """Two networks may have a group of one name each."""
    return f"{group['GroupName']} in {group['VpcId']}"


def _without_id(grant: dict[str, Any]) -> str:
    named = {key: one for key, one in grant.items() if key not in ("GrantId", "CreationDate")}
    return json.dumps(named, sort_keys=True, default=str)


def _in_order(database: dict[str, Any]) -> dict[str, Any]:
    """RDS keeps no order of groups."""
    groups = sorted(database["VpcSecurityGroups"], key=lambda one: one["VpcSecurityGroupId"])
    return database | {"VpcSecurityGroups": groups}


def _without(value: Any, names: tuple[str, ...]) -> Any:
    if isinstance(value, dict):
        return {
            key: _without(inner, names)
            for key, inner in value.items()
            if key != "ResponseMetadata" and not any(fnmatchcase(str(key), name) for name in names)
        }
    if isinstance(value, list | tuple):
        return [_without(inner, names) for inner in value]
    return value
