"""What the role that cuts things may not do, if somebody else ever holds it.

Each is asked of IAM with a session of that very role. What it can do all the same, because IAM has
no condition for it, is written in the comments of stacks/member-role.yaml.
"""

from collections.abc import Callable
from typing import Any

import pytest

from tests.builders import REGION, SHOP
from tests.instances import PARTNER, SCALED
from tests.tasks import CLUSTER
from tests.unit.actions import test_rds_quarantine_instance as databases
from tests.unit.actions.test_s3_hold_deletes import COPY
from tests.workflow.ladder_account import answer, policy
from tests.workflow.ladder_table import Row
from tests.workflow.ladder_things import Things, things

__all__ = ["things"]
COLLECTS = f"arn:aws:iam::{SHOP}:role/breach-responder-collect"
WORLD = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
OURS = [{"Key": "breach-responder", "Value": "quarantine"}]
OF_EC2, DENIED, JSON_DENIED = "UnauthorizedOperation", "AccessDenied", "AccessDeniedException"
type Call = Callable[[Things], Any]
type Attempt = tuple[str, str, Call]


def ec2(things: Things) -> Any:
    return things.clients.ec2(SHOP, REGION)


def change(**given: Any) -> Call:
    return lambda things: ec2(things).modify_instance_attribute(
        InstanceId=things.fleet.instance, **given
    )


def scale(**given: Any) -> Call:
    def call(things: Things) -> Any:
        assert things.service.standing()["sizes"][2] == 4
        scaling = things.clients.autoscaling(SHOP, REGION)
        return scaling.update_auto_scaling_group(AutoScalingGroupName=SCALED, **given)

    return call


def give_an_instance_our_role(things: Things) -> Any:
    iam = things.iam
    iam.create_instance_profile(InstanceProfileName="ours")
    iam.add_role_to_instance_profile(
        InstanceProfileName="ours", RoleName=COLLECTS.rpartition("/")[2]
    )
    return ec2(things).associate_iam_instance_profile(
        InstanceId=things.twin, IamInstanceProfile={"Name": "ours"}
    )


def replicate_with(role: str) -> Call:
    def call(things: Things) -> Any:
        name = f"copies-{role.rpartition('/')[2]}"
        things.bucket(name, versions=True)
        copies: Any = {"Role": role, "Rules": [COPY]}
        return things.clients.s3(SHOP, REGION).put_bucket_replication(
            Bucket=name, ReplicationConfiguration=copies
        )

    return call


def of_a_bucket_that_lets_us_in(name: str, operation: str) -> Call:
    def call(things: Things) -> Any:
        owner, arn = things.bucket(name, account=PARTNER), f"arn:aws:s3:::{name}"
        everything = {"Effect": "Allow", "Action": "s3:*", "Resource": [arn, f"{arn}/*"]}
        us = {"Principal": {"AWS": things.role_that_cuts}}
        owner.put_bucket_policy(Bucket=name, Policy=policy({**everything, **us}))
        return getattr(things.clients.s3(SHOP, REGION), operation)(Bucket=name)

    return call


def read_a_bucket(things: Things) -> Any:
    things.bucket("shop-secrets")
    return things.clients.s3(SHOP, REGION).get_object(Bucket="shop-secrets", Key="orders/1.csv")


def switch_off_a_key_of_another_account(things: Things) -> Any:
    allowed = {"Effect": "Allow", "Action": "kms:*", "Resource": "*"}
    principal = {"Principal": {"AWS": [things.role_that_cuts, f"arn:aws:iam::{PARTNER}:root"]}}
    kms = things.cloud.client("kms", account=PARTNER)
    key = kms.create_key(Policy=policy({**allowed, **principal}))["KeyMetadata"]["Arn"]
    return things.clients.kms(SHOP, REGION).disable_key(KeyId=key)


def read_with_a_key(things: Things) -> Any:
    kms = things.cloud.client("kms", account=SHOP)
    locked = kms.encrypt(KeyId=kms.create_key()["KeyMetadata"]["KeyId"], Plaintext=b"of an order")
    return things.clients.kms(SHOP, REGION).decrypt(CiphertextBlob=locked["CiphertextBlob"])


def of_the_responder(operation: str, **given: Any) -> Call:
    def call(things: Things) -> Any:
        name = things.functions("breach-responder")["Orders"]
        functions = things.clients.lambda_(SHOP, REGION)
        return getattr(functions, operation)(FunctionName=name, **given)

    return call


def silence_the_responder(things: Things) -> Any:
    name = things.functions("breach-responder")["Orders"]
    [source] = things.cloud.client("lambda", account=SHOP).list_event_source_mappings(
        FunctionName=name
    )["EventSourceMappings"]
    functions = things.clients.lambda_(SHOP, REGION)
    return functions.update_event_source_mapping(UUID=source["UUID"], Enabled=False)


def make_a_group(things: Things) -> Any:
    given = {"GroupName": "theirs", "Description": "theirs", "VpcId": things.fleet.vpc}
    return ec2(things).create_security_group(**given)


def tag(things: Things, what: str) -> Any:
    return ec2(things).create_tags(Resources=[what], Tags=OURS)


def tag_an_acl(things: Things) -> Any:
    return tag(things, things.fleet.acl_of(things.fleet.subnet))


def of_a_group(operation: str, **given: Any) -> Call:
    return lambda things: getattr(ec2(things), operation)(GroupId=things.fleet.web, **given)


def of_an_acl(operation: str, **given: Any) -> Call:
    def call(things: Things) -> Any:
        acl = things.fleet.acl_of(things.fleet.subnet)
        return getattr(ec2(things), operation)(NetworkAclId=acl, **given)

    return call


def take_a_snapshot_of_a_database(things: Things) -> Any:
    assert things.databases.name == databases.NAME
    return things.clients.rds(SHOP, REGION).create_db_snapshot(
        DBInstanceIdentifier=databases.NAME, DBSnapshotIdentifier="theirs"
    )


def of_tasks(operation: str, account: str = SHOP, **given: Any) -> Call:
    """Of a task of the shop, or of an account with one of the same cluster and id."""

    def call(things: Things) -> Any:
        task = things.tasks.task.replace(SHOP, account)
        ecs = things.clients.ecs(SHOP, REGION)
        return getattr(ecs, operation)(cluster=CLUSTER, task=task, **given)

    return call


ENTRY = {"RuleNumber": 1, "Egress": False}
OPEN_ENTRY = ENTRY | {"Protocol": "-1", "RuleAction": "allow", "CidrBlock": "0.0.0.0/0"}
ATTEMPTS: tuple[Attempt, ...] = (
    ("run a program on an instance", OF_EC2, change(UserData={"Value": b"#!/bin/sh"})),
    ("run one, by name", OF_EC2, change(Attribute="userData", Value="IyEvYmluL3No")),
    ("end an instance", OF_EC2, lambda t: ec2(t).terminate_instances(InstanceIds=[t.twin])),
    ("stop an instance", OF_EC2, lambda t: ec2(t).stop_instances(InstanceIds=[t.twin])),
    ("give an instance our role", OF_EC2, give_an_instance_our_role),
    ("make a group without our tag", OF_EC2, make_a_group),
    (
        "tag a group as ours",
        OF_EC2,
        lambda t: ec2(t).create_tags(Resources=[t.fleet.web], Tags=OURS),
    ),
    ("open a group", OF_EC2, of_a_group("authorize_security_group_ingress", IpPermissions=WORLD)),
    ("let a group out", OF_EC2, of_a_group("authorize_security_group_egress", IpPermissions=WORLD)),
    ("close a group", OF_EC2, of_a_group("revoke_security_group_ingress", IpPermissions=WORLD)),
    ("shut a group in", OF_EC2, of_a_group("revoke_security_group_egress", IpPermissions=WORLD)),
    ("delete a group", OF_EC2, of_a_group("delete_security_group")),
    ("make an ACL without our tag", OF_EC2, lambda t: ec2(t).create_network_acl(VpcId=t.fleet.vpc)),
    ("tag an ACL as ours", OF_EC2, tag_an_acl),
    ("delete an ACL", OF_EC2, of_an_acl("delete_network_acl")),
    ("write an entry of an ACL", OF_EC2, of_an_acl("create_network_acl_entry", **OPEN_ENTRY)),
    ("take an entry out of an ACL", OF_EC2, of_an_acl("delete_network_acl_entry", **ENTRY)),
    ("start more instances", DENIED, scale(MaxSize=9)),
    ("start others", DENIED, scale(LaunchConfigurationName="theirs")),
    ("start others by a template", DENIED, scale(LaunchTemplate={"LaunchTemplateName": "theirs"})),
    ("start others of any type", DENIED, scale(MixedInstancesPolicy={"InstancesDistribution": {}})),
    ("start them elsewhere", DENIED, scale(VPCZoneIdentifier="subnet-0abc1234")),
    ("replicate with our role", DENIED, replicate_with(COLLECTS)),
    (
        "look at a bucket of another account",
        DENIED,
        of_a_bucket_that_lets_us_in("looked-at", "get_bucket_policy"),
    ),
    (
        "open a bucket of another account",
        DENIED,
        of_a_bucket_that_lets_us_in("opened", "delete_bucket_policy"),
    ),
    ("read a bucket", DENIED, read_a_bucket),
    ("switch off a key of another account", JSON_DENIED, switch_off_a_key_of_another_account),
    ("read with a key", JSON_DENIED, read_with_a_key),
    (
        "stop a function of ours",
        JSON_DENIED,
        of_the_responder("put_function_concurrency", ReservedConcurrentExecutions=0),
    ),
    ("start one of ours", JSON_DENIED, of_the_responder("delete_function_concurrency")),
    ("invoke one of ours", JSON_DENIED, of_the_responder("invoke")),
    ("switch off what invokes ours", JSON_DENIED, silence_the_responder),
    ("stop a task of another account", JSON_DENIED, of_tasks("stop_task", PARTNER)),
    ("take a snapshot that is not ours", DENIED, take_a_snapshot_of_a_database),
)


@pytest.mark.parametrize(("what", "refused", "call"), ATTEMPTS, ids=[one[0] for one in ATTEMPTS])
def test_the_role_that_cuts_may_not(things: Things, what: str, refused: str, call: Call) -> None:
    seen = answer(lambda: call(things))
    assert seen == refused
    things.rows.append(Row(what, "the role that cuts, in other hands", seen))
