"""What stands in the shop's account, as its owner sees it: one line for each thing that is so."""

import json
import re
from collections.abc import Collection, Iterator
from typing import Any

from responder_cli.drill import world
from tests.shown import LEFT_OUT, bucket_shown, databases_shown, functions_shown, key_shown, text
from tests.workflow.nights import Night

# When an identity was last used is no effect of ours.
_NO_EFFECT = ("PasswordLastUsed", "ResponseMetadata", "RoleLastUsed", "UserId")
# A deny of sessions holds the instant of the cut.
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|\+00:00)")
# Of a function: when an event source was changed; of a database: the time of day. Of a key: what
# counts from the instant of the release.
_MOVES = (
    "LastModified",
    "LatestRestorableTime",
    *LEFT_OUT["kms.keep_key"],
    *LEFT_OUT["kms.revoke_grants"],
    "DaysLeft",
)
_PROTECTION = (
    "disableApiTermination",
    "disableApiStop",
    "instanceInitiatedShutdownBehavior",
)
_RULES = ("IpPermissions", "IpPermissionsEgress", "VpcId")
_GROUP = re.compile(r"\bsg-[0-9a-f]{8,17}\b")


class _Owner:
    """Whoever owns the shop's account."""

    def __init__(self, night: Night) -> None:
        def client(service: str) -> Any:
            return night.cloud.client(service, account=world.SHOP)

        self.ec2, self.rds, self.s3 = client("ec2"), client("rds"), client("s3")
        self.functions, self.scaling = client("lambda"), client("autoscaling")
        self.elb, self.elbv2 = client("elb"), client("elbv2")
        self.ecs, self.kms = client("ecs"), client("kms")


def identities(night: Night) -> list[str]:
    """Every user and role of the shop: what is attached to it, written on it, and its keys."""
    iam, found = night.cloud.client("iam", account=world.SHOP), list[str]()
    for user in iam.list_users()["Users"]:
        name = {"UserName": user["UserName"]}
        who = json.dumps(name)
        attached = iam.list_attached_user_policies(**name)["AttachedPolicies"]
        keys = iam.list_access_keys(**name)["AccessKeyMetadata"]
        found += [
            _line("user", iam.get_user(**name)["User"]),
            *(_line(f"{who} has attached", one) for one in attached),
            *(_line(f"{who} has", one) for one in keys),
            *(
                _line(f"{who} has inline", iam.get_user_policy(**name, PolicyName=policy))
                for policy in iam.list_user_policies(**name)["PolicyNames"]
            ),
        ]
    for role in iam.list_roles()["Roles"]:
        name = {"RoleName": role["RoleName"]}
        who = json.dumps(name)
        attached = iam.list_attached_role_policies(**name)["AttachedPolicies"]
        found += [
            _line("role", iam.get_role(**name)["Role"]),
            *(_line(f"{who} has attached", one) for one in attached),
            *(
                _line(f"{who} has inline", iam.get_role_policy(**name, PolicyName=policy))
                for policy in iam.list_role_policies(**name)["PolicyNames"]
            ),
        ]
    return found


def _line(what: str, held: Any) -> str:
    kept = held
    if isinstance(held, dict):
        kept = {name: each for name, each in held.items() if name not in _NO_EFFECT}
    return f"{what}: {_INSTANT.sub('…', json.dumps(kept, sort_keys=True, default=str))}"


def things(night: Night) -> list[str]:
    """What else there is: servers, tasks and whom they serve, networks, functions, databases,
    buckets, keys, and what is shared.

    Nothing where no test put any: moto makes a network of its own for whoever looks first.
    """
    if not night.things:
        return []
    owner = _Owner(night)
    groups = owner.ec2.describe_security_groups()["SecurityGroups"]
    found = [
        *_servers(owner),
        *_tasks(owner),
        *_services(owner),
        *_networks(owner),
        *_shared(owner, night.things.values()),
        *(_shown(f"group {one['GroupName']}", {key: one[key] for key in _RULES}) for one in groups),
        *_functions(owner),
        *_databases(owner),
        *(
            _shown(f"bucket {one['Name']}", bucket_shown(owner.s3, one["Name"]))
            for one in owner.s3.list_buckets()["Buckets"]
        ),
        *(
            _shown(f"key {one['KeyId']}", key_shown(owner.kms, one["KeyId"]))
            for one in owner.kms.list_keys()["Keys"]
        ),
    ]
    names = {one["GroupId"]: one["GroupName"] for one in groups}
    return [_GROUP.sub(lambda hit: names.get(hit[0], hit[0]), line) for line in found]


def _servers(owner: _Owner) -> Iterator[str]:
    """Each instance, its protection, and the groups of each interface."""
    for each in owner.ec2.describe_instances()["Reservations"]:
        for one in each["Instances"]:
            name = one["InstanceId"]
            for attribute in _PROTECTION:
                told = owner.ec2.describe_instance_attribute(InstanceId=name, Attribute=attribute)
                yield _shown(f"{name}: {attribute}", told)
            yield _shown(f"{name}: metadata", one["MetadataOptions"])
            # The pretend EC2 shows the id of the association for that of the profile.
            yield _shown(f"{name}: profile", one.get("IamInstanceProfile", {}).get("Arn"))
    for one in owner.ec2.describe_network_interfaces()["NetworkInterfaces"]:
        groups = sorted(group["GroupName"] for group in one["Groups"])
        yield f"{one['NetworkInterfaceId']}: {groups}"


def _tasks(owner: _Owner) -> Iterator[str]:
    """Whether each task runs, and is protected."""
    for cluster in owner.ecs.list_clusters()["clusterArns"]:
        held = [
            one
            for status in ("RUNNING", "STOPPED")
            for one in owner.ecs.list_tasks(cluster=cluster, desiredStatus=status)["taskArns"]
        ]
        for one in owner.ecs.describe_tasks(cluster=cluster, tasks=held)["tasks"]:
            kept = {key: one.get(key) for key in ("lastStatus", "desiredStatus", "stoppedReason")}
            yield _shown(one["taskArn"], kept)
        told = owner.ecs.get_task_protection(cluster=cluster, tasks=held)["protectedTasks"]
        for one in told:
            yield _shown(f"{one['taskArn']}: protected", one["protectionEnabled"])


def _networks(owner: _Owner) -> Iterator[str]:
    """What each network ACL lets through, and of which subnets. One of ours is told by its name."""
    for one in owner.ec2.describe_network_acls()["NetworkAcls"]:
        names = [tag["Value"] for tag in one["Tags"] if tag["Key"] == "Name"]
        subnets = sorted(each["SubnetId"] for each in one["Associations"])
        held = {"Entries": one["Entries"], "Tags": one["Tags"], "subnets": subnets}
        yield _shown(f"network ACL {[*names, one['NetworkAclId']][0]}", held)


def _shared(owner: _Owner, arns: Collection[str]) -> Iterator[str]:
    """Whom each snapshot and image among these is shared with. The pretend EC2 has hundreds."""
    for kind, name in [one.rpartition(":")[2].split("/") for one in arns if ":ec2:" in one]:
        if kind == "snapshot":
            told = owner.ec2.describe_snapshot_attribute(
                SnapshotId=name, Attribute="createVolumePermission"
            )["CreateVolumePermissions"]
        elif kind == "image":
            told = owner.ec2.describe_image_attribute(ImageId=name, Attribute="launchPermission")[
                "LaunchPermissions"
            ]
        else:
            continue
        yield _shown(f"{name}: shared with", sorted(map(str, told)))


def _services(owner: _Owner) -> Iterator[str]:
    """Who is in each Auto Scaling group, and behind each load balancer."""
    for one in owner.scaling.describe_auto_scaling_groups()["AutoScalingGroups"]:
        sizes = {key: one[key] for key in ("MinSize", "DesiredCapacity", "MaxSize")}
        yield _shown(f"scaled {one['AutoScalingGroupName']}", sizes)
    for one in owner.scaling.describe_auto_scaling_instances()["AutoScalingInstances"]:
        yield f"scaled: {one['InstanceId']} is {one['LifecycleState']}"
    for one in owner.elb.describe_load_balancers()["LoadBalancerDescriptions"]:
        serving = sorted(each["InstanceId"] for each in one["Instances"])
        yield f"{one['LoadBalancerName']} is served by {serving}"
    for one in owner.elbv2.describe_target_groups()["TargetGroups"]:
        arn = one["TargetGroupArn"]
        told = owner.elbv2.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
        for each in told:
            yield _shown(f"{one['TargetGroupName']} is served", each["Target"])


def _functions(owner: _Owner) -> Iterator[str]:
    names = [one["FunctionName"] for one in owner.functions.list_functions()["Functions"]]
    if not names:
        return
    for kind, shown in functions_shown(owner.functions, *names).items():
        yield from (_shown(f"{kind} of functions", one) for one in shown)


def _databases(owner: _Owner) -> Iterator[str]:
    shown = databases_shown(owner)
    for kind in ("Instances", "Clusters"):
        yield from (_shown(f"{kind} of databases", one) for one in shown[kind])
    for kind in ("Snapshots", "ClusterSnapshots"):
        yield from (f"{kind} of databases: {name}" for name in shown[kind])


def _shown(what: str, held: Any) -> str:
    return _line(what, json.loads(text(held, _MOVES)))
