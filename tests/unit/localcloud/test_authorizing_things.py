"""Instances, groups, databases and functions are judged by their ARN, their tags and what is set.

Each user holds one right, as narrow as IAM can write it.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from localcloud.stack import Unsupported
from tests.builders import HOME, REGION
from tests.unit.localcloud.judging import World, a_world, allow, code, deny

HERE = f"{REGION}:{HOME}"
OURS = {"StringEquals": {"aws:ResourceTag/team": "shop"}}
REFUSED = "UnauthorizedOperation"


@pytest.fixture
def world() -> Iterator[World]:
    with a_world() as world:
        yield world


@pytest.fixture
def ec2(world: World) -> Any:
    return world.operator("ec2")


def tags(kind: str, team: str = "shop") -> list[dict[str, Any]]:
    return [{"ResourceType": kind, "Tags": [{"Key": "team", "Value": team}]}]


def a_group(ec2: Any, name: str, **given: Any) -> str:
    made: str = ec2.create_security_group(GroupName=name, Description=name, **given)["GroupId"]
    return made


def an_instance(ec2: Any) -> str:
    launched = ec2.run_instances(ImageId="ami-12c6146b", MinCount=1, MaxCount=1)
    instance_id: str = launched["Instances"][0]["InstanceId"]
    return instance_id


def test_a_condition_on_a_tag_is_about_the_group_that_is_asked_for(world: World, ec2: Any) -> None:
    ours = a_group(ec2, "ours", TagSpecifications=tags("security-group"))
    theirs = a_group(ec2, "theirs")
    deletes = allow("ec2:DeleteSecurityGroup", Condition=OURS)
    user = world.user("user", deletes)("ec2")
    assert code(user.delete_security_group, GroupId=theirs) == REFUSED
    assert code(user.delete_security_group, GroupId=ours) is None


@pytest.mark.parametrize(
    ("made_by", "team", "answer"),
    [
        ("CreateSecurityGroup", "shop", None),
        ("CreateSecurityGroup", "other", REFUSED),
        ("CreateNetworkAcl", "shop", REFUSED),
        (None, "shop", REFUSED),
    ],
)
def test_what_is_made_with_a_tag_needs_the_right_to_tag_it(
    world: World, ec2: Any, made_by: str | None, team: str, answer: str | None
) -> None:
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    group = f"arn:aws:ec2:{HERE}:security-group/*"
    tagged = {"StringEquals": {"aws:RequestTag/team": "shop"}}
    rights = [
        allow("ec2:CreateSecurityGroup", f"arn:aws:ec2:{HERE}:vpc/{vpc}"),
        allow("ec2:CreateSecurityGroup", group, Condition=tagged),
    ]
    if made_by is not None:
        while_made = {"StringEquals": {"ec2:CreateAction": made_by}}
        rights.append(allow("ec2:CreateTags", group, Condition=while_made))
    user = world.user("user", *rights)("ec2")
    given = {"GroupName": "new", "Description": "new", "VpcId": vpc}
    found = code(
        user.create_security_group, TagSpecifications=tags("security-group", team), **given
    )
    assert found == answer
    assert code(user.create_security_group, **given | {"GroupName": "bare"}) == REFUSED


def test_an_attribute_is_told_by_its_name_and_as_a_parameter(world: World, ec2: Any) -> None:
    instance = an_instance(ec2)
    user = world.user(
        "user",
        allow("ec2:ModifyInstanceAttribute"),
        deny("ec2:ModifyInstanceAttribute", Condition={"Null": {"ec2:Attribute/UserData": False}}),
        deny(
            "ec2:ModifyInstanceAttribute",
            Condition={"StringEqualsIgnoreCase": {"ec2:Attribute": "USERDATA"}},
        ),
    )("ec2")
    change = user.modify_instance_attribute
    assert code(change, InstanceId=instance, UserData={"Value": b"#!"}) == REFUSED
    assert code(change, InstanceId=instance, Attribute="userData", Value="IyE=") == REFUSED
    assert code(change, InstanceId=instance, DisableApiStop={"Value": True}) is None


def test_every_thing_that_a_call_touches_is_asked_for(world: World, ec2: Any) -> None:
    instance, web, other = an_instance(ec2), a_group(ec2, "web"), a_group(ec2, "other")
    shown = ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]
    interface = shown["NetworkInterfaces"][0]["NetworkInterfaceId"]
    touched = (f"network-interface/{interface}", f"instance/{instance}", f"security-group/{web}")
    change = "ec2:ModifyNetworkInterfaceAttribute"
    rights = [allow(change, f"arn:aws:ec2:{HERE}:{one}") for one in touched]
    given = {"NetworkInterfaceId": interface}
    all_of_them = world.user("all", *rights)("ec2").modify_network_interface_attribute
    assert code(all_of_them, Groups=[web], **given) is None
    assert code(all_of_them, Groups=[web, other], **given) == REFUSED
    for number in range(len(rights)):
        fewer = world.user(f"but-{number}", *rights[:number], *rights[number + 1 :])("ec2")
        assert code(fewer.modify_network_interface_attribute, Groups=[web], **given) == REFUSED


def test_a_profile_is_put_on_by_who_may_pass_its_role(world: World, ec2: Any) -> None:
    instance, iam = an_instance(ec2), world.operator("iam")
    role = world.role("web")
    iam.create_instance_profile(InstanceProfileName="web")
    iam.add_role_to_instance_profile(InstanceProfileName="web", RoleName="web")
    puts = allow("ec2:AssociateIamInstanceProfile", f"arn:aws:ec2:{HERE}:instance/{instance}")
    given = {"InstanceId": instance, "IamInstanceProfile": {"Name": "web"}}
    bare = world.user("bare", puts)("ec2")
    assert code(bare.associate_iam_instance_profile, **given) == REFUSED
    passes = allow("iam:PassRole", role)
    user = world.user("passes", puts, passes)("ec2")
    assert code(user.associate_iam_instance_profile, **given) is None


def test_a_subnet_is_moved_by_who_may_touch_it_and_both_acls(world: World, ec2: Any) -> None:
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
    new = ec2.create_network_acl(VpcId=vpc)["NetworkAcl"]["NetworkAclId"]
    [old] = ec2.describe_network_acls(
        Filters=[{"Name": "association.subnet-id", "Values": [subnet]}]
    )["NetworkAcls"]
    [association] = [one for one in old["Associations"] if one["SubnetId"] == subnet]
    given = {
        "AssociationId": association["NetworkAclAssociationId"],
        "NetworkAclId": new,
    }
    moves = "ec2:ReplaceNetworkAclAssociation"
    touched = (f"network-acl/{new}", f"network-acl/{old['NetworkAclId']}", f"subnet/{subnet}")
    rights = [allow(moves, f"arn:aws:ec2:{HERE}:{one}") for one in touched]
    for number in range(len(rights)):
        fewer = world.user(f"but-{number}", *rights[:number], *rights[number + 1 :])("ec2")
        assert code(fewer.replace_network_acl_association, **given) == REFUSED
    user = world.user("all", *rights)("ec2")
    assert code(user.replace_network_acl_association, **given) is None


def test_a_setting_of_a_group_is_told_only_where_it_is_changed(world: World, ec2: Any) -> None:
    scaling = world.operator("autoscaling")
    scaling.create_auto_scaling_group(
        AutoScalingGroupName="web",
        InstanceId=an_instance(ec2),
        MinSize=0,
        MaxSize=4,
        AvailabilityZones=[f"{REGION}a"],
    )
    group = f"arn:aws:autoscaling:{HERE}:autoScalingGroup:*:autoScalingGroupName/web"
    lowers = allow(
        "autoscaling:UpdateAutoScalingGroup",
        group,
        Condition={"Null": {"autoscaling:MaxSize": True}},
    )
    change = world.user("user", lowers)("autoscaling").update_auto_scaling_group
    assert code(change, AutoScalingGroupName="web", MinSize=0, MaxSize=5) == "AccessDenied"
    assert code(change, AutoScalingGroupName="web", MinSize=0) is None


def test_databases_are_looked_at_one_by_one_or_all(world: World) -> None:
    one, every = f"arn:aws:rds:{HERE}:db:orders", f"arn:aws:rds:{HERE}:db:*"
    narrow = world.user("narrow", allow("rds:DescribeDBInstances", one))("rds")
    wide = world.user("wide", allow("rds:DescribeDBInstances", every))("rds")
    asked = {"DBInstanceIdentifier": "orders"}
    assert code(narrow.describe_db_instances, **asked) == "DBInstanceNotFound"
    assert code(narrow.describe_db_instances) == "AccessDenied"
    assert code(wide.describe_db_instances) is None


@pytest.mark.parametrize(
    ("service", "operation", "given"),
    [
        ("ec2", "create_key_pair", {"KeyName": "web"}),
        ("autoscaling", "delete_auto_scaling_group", {"AutoScalingGroupName": "web"}),
        ("elbv2", "delete_target_group", {"TargetGroupArn": "arn:aws:x"}),
        ("rds", "delete_db_instance", {"DBInstanceIdentifier": "orders"}),
        ("rds", "modify_db_instance", {"DBInstanceIdentifier": "a", "OptionGroupName": "b"}),
    ],
)
def test_what_is_not_listed_is_refused_by_name(
    world: World, service: str, operation: str, given: dict[str, Any]
) -> None:
    user = world.user("user", allow("*"))(service)
    with pytest.raises(Unsupported, match=operation.split("_")[0].title()):
        getattr(user, operation)(**given)


def test_a_key_of_another_call_is_refused_by_name(world: World, ec2: Any) -> None:
    """EC2 tells an attribute of other calls too; here it is known of one."""
    group = a_group(ec2, "web")
    condition = {"StringEquals": {"ec2:Attribute": "GroupId"}}
    user = world.user("user", allow("ec2:DeleteSecurityGroup", Condition=condition))("ec2")
    with pytest.raises(Unsupported, match="the condition key ec2:Attribute"):
        user.delete_security_group(GroupId=group)
