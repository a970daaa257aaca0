"""What the role that cuts is kept from, beyond what its actions need."""

import json
from typing import Any

import pytest

from tests.template.templates import as_list, resources

MEMBER = "stacks/member-role.yaml"


def _statements(effect: str) -> list[dict[str, Any]]:
    role = resources("AWS::IAM::Role", MEMBER)["ContainRole"]
    return [
        statement
        for policy in role["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Effect"] == effect
    ]


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
        and not action.startswith(("iam:Get", "iam:List"))
    }
    deny = _never("NeverTheResponderItself")
    assert "Condition" not in deny
    assert set(deny["Action"]) == writes
    denied = json.dumps(deny["Resource"])
    for name in ("role/${ContainRoleName}", "role/${CollectRoleName}", "-*Role-*"):
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


def test_it_passes_a_role_to_s3_alone() -> None:
    [passing] = [s for s in _statements("Allow") if "iam:PassRole" in s["Action"]]
    assert passing["Action"] == ["iam:PassRole"]
    assert passing["Condition"] == {"StringEquals": {"iam:PassedToService": "s3.amazonaws.com"}}


def test_it_makes_and_empties_no_security_group_but_the_closed_one() -> None:
    conditions = {
        action: statement.get("Condition")
        for statement in _statements("Allow")
        for action in as_list(statement["Action"])
        if ":security-group/" in json.dumps(statement["Resource"])
    }
    ours = "breach-responder:quarantine"
    emptied = {"StringEquals": {f"aws:ResourceTag/{ours}": "closed"}}
    assert conditions == {
        "ec2:CreateSecurityGroup": {"StringEquals": {f"aws:RequestTag/{ours}": "closed"}},
        "ec2:CreateTags": {"StringEquals": {"ec2:CreateAction": "CreateSecurityGroup"}},
        "ec2:RevokeSecurityGroupEgress": emptied,
        "ec2:RevokeSecurityGroupIngress": emptied,
    }


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
