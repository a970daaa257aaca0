"""What the role that cuts is kept from, beyond what its actions need."""

import json
from typing import Any

import pytest

from responder.actions import iam_tag_quarantined
from responder.actions.security_group import TAG_KEY, TAG_VALUE
from tests.template.templates import as_list, resources

MEMBER = "stacks/member-role.yaml"


def _documents(logical_id: str = "ContainRole") -> dict[str, dict[str, Any]]:
    """What a role may do to identities, and to each kind of thing."""
    role = resources("AWS::IAM::Role", MEMBER)[logical_id]
    found = {
        name: policy["PolicyDocument"]
        for name, policy in resources("AWS::IAM::ManagedPolicy", MEMBER).items()
        if policy["Roles"] == [{"Ref": logical_id}]
    }
    if inline := role.get("Policies"):
        [policy] = inline
        found["inline"] = policy["PolicyDocument"]
    return found


def _statements(effect: str) -> list[dict[str, Any]]:
    return [
        statement
        for document in _documents().values()
        for statement in document["Statement"]
        if statement["Effect"] == effect
    ]


def test_each_policy_is_of_one_role() -> None:
    named = {name for role in resources("AWS::IAM::Role", MEMBER) for name in _documents(role)}
    assert named - {"inline"} == set(resources("AWS::IAM::ManagedPolicy", MEMBER))


@pytest.mark.parametrize("role", ["ContainRole", "CollectRole", "PreserveRole"])
def test_each_policy_is_as_small_as_iam_wants_it(role: str) -> None:
    """White space is not counted. IAM User Guide, "IAM and AWS STS quotas"."""
    for name, document in _documents(role).items():
        text = json.dumps(document, separators=(",", ":"))
        for written, stands in (
            ('{"Fn::Sub":"', '"'),
            ("${AWS::Partition}", "aws-us-gov"),
            ("${AWS::AccountId}", "1" * 12),
            ("${ResponderStackName}", "s" * 30),
        ):
            text = text.replace(written, stands)
        assert len(text) < (10_240 if name == "inline" else 6_144), name


@pytest.mark.parametrize("kind", ["User", "Role"])
def test_it_attaches_and_detaches_only_the_deny(kind: str) -> None:
    attaching, detaching = f"iam:Attach{kind}Policy", f"iam:Detach{kind}Policy"
    [attach] = [s for s in _statements("Allow") if attaching in s["Action"]]
    assert set(attach["Action"]) == {attaching, detaching}
    condition = attach["Condition"]["ArnEquals"]
    assert list(condition) == ["iam:PolicyARN"]
    assert "iam::aws:policy/AWSDenyAll" in json.dumps(condition)


@pytest.mark.parametrize("kind", ["User", "Role"])
def test_it_takes_away_no_boundary_but_the_deny(kind: str) -> None:
    deleting = f"iam:Delete{kind}PermissionsBoundary"
    [delete] = [s for s in _statements("Allow") if deleting in s["Action"]]
    assert delete["Action"] == [deleting]
    condition = delete["Condition"]["ArnEquals"]
    assert list(condition) == ["iam:PermissionsBoundary"]
    assert "iam::aws:policy/AWSDenyAll" in json.dumps(condition)


def _never(sid: str) -> dict[str, Any]:
    [deny] = [s for s in _statements("Deny") if s["Sid"] == sid]
    return deny


def test_every_role_it_may_write_to_is_not_the_responders() -> None:
    writes = {
        action
        for statement in _statements("Allow")
        for action in as_list(statement["Action"])
        if "role/" in json.dumps(statement["Resource"])
        and not action.startswith(("iam:Get", "iam:List", "iam:Simulate"))
    }
    deny = _never("NeverTheResponderItself")
    assert "Condition" not in deny
    assert set(deny["Action"]) == writes
    denied = json.dumps(deny["Resource"])
    for name in (
        *(f"role/${{{one}RoleName}}" for one in ("Contain", "Collect", "Preserve", "Keep")),
        "-*Role-*",
    ):
        assert name in denied


def test_every_function_it_may_stop_is_not_the_responders() -> None:
    writes = {
        action
        for statement in _statements("Allow")
        for action in as_list(statement["Action"])
        if ":function:" in json.dumps(statement["Resource"]) and not action.startswith("lambda:Get")
    }
    deny = _never("NeverTheRespondersFunctions")
    assert "Condition" not in deny
    assert set(deny["Action"]) == writes
    assert ":function:${ResponderStackName}-*" in json.dumps(deny["Resource"])
    sources = _never("NeverTheirEventSources")
    assert sources["Action"] == ["lambda:UpdateEventSourceMapping"]
    [(operator, keys)] = sources["Condition"].items()
    assert (operator, list(keys)) == ("ArnLike", ["lambda:FunctionArn"])
    assert ":function:${ResponderStackName}-*" in json.dumps(keys)


def test_its_snapshots_have_our_name() -> None:
    [snapshot] = [s for s in _statements("Allow") if "rds:CreateDBSnapshot" in s["Action"]]
    assert set(snapshot["Action"]) == {"rds:CreateDBClusterSnapshot", "rds:CreateDBSnapshot"}
    named = [r["Fn::Sub"] for r in snapshot["Resource"] if "snapshot:" in r["Fn::Sub"]]
    assert [arn.partition("}:")[2].rpartition("}:")[2] for arn in named] == [
        "cluster-snapshot:breach-responder-*",
        "snapshot:breach-responder-*",
    ]


# What it reaches, each of this account. A new kind of thing is a new line here.
KINDS = {
    "autoscaling:*:${AWS::AccountId}:autoScalingGroup:*:autoScalingGroupName/*",
    "ec2:*::image/*",
    "ec2:*::snapshot/*",
    "ec2:*:${AWS::AccountId}:instance/*",
    "ec2:*:${AWS::AccountId}:network-acl/*",
    "ec2:*:${AWS::AccountId}:network-interface/*",
    "ec2:*:${AWS::AccountId}:security-group-rule/*",
    "ec2:*:${AWS::AccountId}:subnet/*",
    "ec2:*:${AWS::AccountId}:volume/*",
    "ecs:*:${AWS::AccountId}:task/*",
    "elasticloadbalancing:*:${AWS::AccountId}:loadbalancer/*",
    "elasticloadbalancing:*:${AWS::AccountId}:targetgroup/*",
    "iam::${AWS::AccountId}:instance-profile/*",
    "iam::${AWS::AccountId}:role/*",
    "iam::${AWS::AccountId}:user/*",
    "ec2:*:${AWS::AccountId}:security-group/*",
    "ec2:*:${AWS::AccountId}:vpc/*",
    "kms:*:${AWS::AccountId}:key/*",
    "lambda:*:${AWS::AccountId}:event-source-mapping:*",
    "lambda:*:${AWS::AccountId}:function:*",
    "rds:*:${AWS::AccountId}:cluster-snapshot:*",
    "rds:*:${AWS::AccountId}:cluster-snapshot:breach-responder-*",
    "rds:*:${AWS::AccountId}:cluster:*",
    "rds:*:${AWS::AccountId}:db:*",
    "rds:*:${AWS::AccountId}:snapshot:*",
    "rds:*:${AWS::AccountId}:snapshot:breach-responder-*",
}


def test_it_reaches_these_kinds_of_things_in_its_own_account_and_nothing_else() -> None:
    reached = set()
    for statement in _statements("Allow"):
        for resource in as_list(statement["Resource"]):
            if resource == "*":
                # No other resource can be named for these, which `test_policies` sees to.
                assert all(
                    action.partition(":")[2].startswith(("Describe", "List"))
                    for action in as_list(statement["Action"])
                )
                continue
            arn = resource["Fn::Sub"]
            if arn == "arn:${AWS::Partition}:s3:::*":
                owner = statement["Condition"]["StringEquals"]["aws:ResourceAccount"]
                assert owner == {"Ref": "AWS::AccountId"}
                continue
            assert arn.startswith("arn:${AWS::Partition}:")
            reached.add(arn.removeprefix("arn:${AWS::Partition}:"))
    assert reached == KINDS


def test_it_changes_rules_of_no_group_but_the_responders() -> None:
    for action in (
        "ec2:AuthorizeSecurityGroupEgress",
        "ec2:AuthorizeSecurityGroupIngress",
        "ec2:DeleteSecurityGroup",
        "ec2:RevokeSecurityGroupEgress",
        "ec2:RevokeSecurityGroupIngress",
    ):
        conditions = _conditions(action, ":security-group/*")
        assert conditions == [{"StringEquals": {f"aws:ResourceTag/{TAG_KEY}": TAG_VALUE}}]
    assert _conditions("ec2:CreateSecurityGroup", ":security-group/*") == [
        {"StringEquals": {f"aws:RequestTag/{TAG_KEY}": TAG_VALUE}}
    ]


def test_it_makes_no_group_of_others_its_own_by_a_tag() -> None:
    tagging = [s for s in _statements("Allow") if "ec2:CreateTags" in as_list(s["Action"])]
    assert [s["Action"] for s in tagging] == [["ec2:CreateTags"]] * 2
    for kind, creating in (
        (":security-group/*", "CreateSecurityGroup"),
        (":network-acl/*", "CreateNetworkAcl"),
    ):
        assert _conditions("ec2:CreateTags", kind) == [
            {"StringEquals": {"ec2:CreateAction": creating}}
        ]


def test_it_empties_and_deletes_no_acl_but_the_responders_and_writes_no_entry() -> None:
    for action in ("ec2:DeleteNetworkAcl", "ec2:DeleteNetworkAclEntry"):
        assert _conditions(action, ":network-acl/*") == [
            {"StringEquals": {f"aws:ResourceTag/{TAG_KEY}": TAG_VALUE}}
        ]
    assert _conditions("ec2:CreateNetworkAcl", ":network-acl/*") == [
        {"StringEquals": {f"aws:RequestTag/{TAG_KEY}": TAG_VALUE}}
    ]
    allowed = {action for s in _statements("Allow") for action in as_list(s["Action"])}
    assert not allowed & {"ec2:CreateNetworkAclEntry", "ec2:ReplaceNetworkAclEntry"}


def test_it_passes_roles_to_instances_and_to_s3_and_to_nothing_else() -> None:
    passing = [s for s in _statements("Allow") if "iam:PassRole" in s["Action"]]
    assert [s["Action"] for s in passing] == [["iam:PassRole"]] * 2
    assert [s["Condition"] for s in passing] == [
        {"StringEquals": {"iam:PassedToService": {"Fn::Sub": "ec2.${AWS::URLSuffix}"}}},
        {"StringEquals": {"iam:PassedToService": "s3.amazonaws.com"}},
    ]


def test_it_never_writes_what_an_instance_runs() -> None:
    denied = [s for s in _statements("Deny") if "ec2:ModifyInstanceAttribute" in s["Action"]]
    assert [statement["Condition"] for statement in denied] == [
        {"Null": {"ec2:Attribute/UserData": "false"}},
        {"StringEqualsIgnoreCase": {"ec2:Attribute": "userData"}},
    ]


def test_it_changes_the_sizes_of_an_auto_scaling_group_and_not_what_that_starts() -> None:
    [condition] = _conditions("autoscaling:UpdateAutoScalingGroup", "autoScalingGroupName/*")
    assert list(condition) == ["Null"]
    assert set(condition["Null"].values()) == {"true"}
    assert {
        "autoscaling:LaunchConfigurationName",
        "autoscaling:LaunchTemplateVersionSpecified",
        "autoscaling:MaxSize",
    } <= set(condition["Null"])


def _conditions(action: str, resource_ends: str) -> list[dict[str, Any]]:
    """Of all statements that allow an action on a kind of resource."""
    return [
        statement.get("Condition", {})
        for statement in _statements("Allow")
        if action in as_list(statement["Action"])
        and any(resource_ends in json.dumps(one) for one in as_list(statement["Resource"]))
    ]


def test_it_writes_no_tag_but_the_quarantines() -> None:
    tagging = [s for s in _statements("Allow") if ":Tag" in json.dumps(s["Action"])]
    assert len(tagging) == 2
    for statement in tagging:
        assert statement["Condition"] == {
            "ForAllValues:StringEqualsIgnoreCase": {"aws:TagKeys": [iam_tag_quarantined.KEY]},
            "Null": {"aws:TagKeys": "false"},
        }


@pytest.mark.parametrize("role", ["ContainRole", "CollectRole", "PreserveRole"])
def test_no_role_has_more_policies_than_iam_attaches(role: str) -> None:
    """Ten, without asking AWS for more. IAM User Guide, "IAM and AWS STS quotas"."""
    assert len(_documents(role).keys() - {"inline"}) <= 10
