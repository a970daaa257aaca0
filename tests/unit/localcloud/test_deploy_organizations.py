"""Policies of an organization are deployed whole, and bind from then on."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from localcloud.deploy import deploy
from localcloud.organization import found
from localcloud.stack import Stack, TemplateError, Unsupported
from tests.builders import REGION, SHOP
from tests.unit.localcloud.judging import World, a_world, allow, code

MANAGER = "222233334444"


@pytest.fixture
def world() -> Iterator[World]:
    with a_world() as world:
        yield world


@pytest.fixture
def organizations(world: World) -> None:
    found(world.operator("organizations", MANAGER), [SHOP])


def deployed(world: World, tmp_path: Path, content: str, *, kind: str, more: str = "") -> Stack:
    path = tmp_path / "guard.yaml"
    path.write_text(f"""
Resources:
  Guard:
    Type: AWS::Organizations::Policy
    Properties:
      Name: guard
      Type: {kind}
      TargetIds: ["{SHOP}"]
      Content: {content}
      {more}
Outputs:
  Id: {{Value: !Ref Guard}}
  Arn: {{Value: !GetAtt Guard.Arn}}
""")
    return deploy(
        path,
        stack_name="guard",
        parameters={},
        account=MANAGER,
        region=REGION,
        registry=world.registry,
        clients=world.accounts,
    )


NO_LISTS = (
    '{Version: "2012-10-17", Statement: [{Effect: Deny, Action: "iam:List*", Resource: "*"}]}'
)
SCP = "SERVICE_CONTROL_POLICY"


@pytest.mark.usefixtures("organizations")
def test_a_policy_binds_its_targets_and_nobody_else(world: World, tmp_path: Path) -> None:
    stack = deployed(world, tmp_path, NO_LISTS, kind=SCP, more="Description: No lists")
    organizations = world.operator("organizations", MANAGER)
    held = organizations.describe_policy(PolicyId=stack.outputs["Id"])["Policy"]["PolicySummary"]
    assert (held["Name"], held["Description"]) == ("guard", "No lists")
    assert held["Arn"] == stack.outputs["Arn"]
    bound = world.user("admin", allow("*"), account=SHOP)
    free = world.user("admin", allow("*"), account=MANAGER)
    assert code(bound("iam").list_users) == "AccessDenied"
    assert code(bound("iam").get_user, UserName="admin") is None
    assert code(free("iam").list_users) is None


@pytest.mark.usefixtures("organizations")
def test_a_policy_that_nobody_would_ask_is_refused_by_name(world: World, tmp_path: Path) -> None:
    with pytest.raises(Unsupported, match=r"Type in Guard.*RESOURCE_CONTROL_POLICY"):
        deployed(world, tmp_path, NO_LISTS, kind="RESOURCE_CONTROL_POLICY")


@pytest.mark.usefixtures("organizations")
def test_a_property_that_is_not_applied_is_refused_by_name(world: World, tmp_path: Path) -> None:
    with pytest.raises(Unsupported, match="Inheritance in Guard"):
        deployed(world, tmp_path, NO_LISTS, kind=SCP, more="Inheritance: none")


@pytest.mark.usefixtures("organizations")
@pytest.mark.parametrize(
    ("content", "why"),
    [
        (NO_LISTS.replace("Action", "Principal: '*', Action"), "names a principal"),
        (NO_LISTS.replace("iam:List*", "iam:" + "x" * 10_240), "has 103.. characters"),
    ],
)
def test_what_organizations_would_refuse_is_refused(
    world: World, tmp_path: Path, content: str, why: str
) -> None:
    with pytest.raises(TemplateError, match=why):
        deployed(world, tmp_path, content, kind=SCP)


def test_an_account_without_an_organization_has_no_policies(world: World, tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match="AWSOrganizationsNotInUseException"):
        deployed(world, tmp_path, NO_LISTS, kind=SCP)


@pytest.mark.usefixtures("organizations")
def test_an_organization_that_has_policies_switched_off_takes_none(
    world: World, tmp_path: Path
) -> None:
    organizations = world.operator("organizations", MANAGER)
    root = organizations.list_roots()["Roots"][0]["Id"]
    organizations.disable_policy_type(RootId=root, PolicyType=SCP)
    with pytest.raises(TemplateError, match="is not switched on"):
        deployed(world, tmp_path, NO_LISTS, kind=SCP)
