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


def test_every_role_it_may_write_to_is_not_the_responders() -> None:
    writes = {
        action
        for statement in _statements("Allow")
        for action in as_list(statement["Action"])
        if "role/" in json.dumps(statement["Resource"])
        and not action.startswith(("iam:Get", "iam:List"))
    }
    [deny] = _statements("Deny")
    assert set(deny["Action"]) == writes
    assert "Condition" not in deny
    denied = json.dumps(deny["Resource"])
    for name in ("role/${ContainRoleName}", "role/${CollectRoleName}", "-*Role-*"):
        assert name in denied


def test_it_reaches_users_and_roles_and_nothing_else() -> None:
    for statement in _statements("Allow"):
        for resource in as_list(statement["Resource"]):
            text = json.dumps(resource)
            assert "${AWS::AccountId}:user/*" in text or "${AWS::AccountId}:role/*" in text
