"""The member role of the template may do what these actions do, and nothing to our own roles."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from responder.actions import (
    iam_close_role_trust,
    iam_cut_console_sign_in,
    iam_cut_user_sessions,
    iam_deactivate_credentials,
    iam_deny_role,
    iam_deny_role_session,
)
from responder.actions.action import Action
from responder.domain.errors import Broken
from tests.builders import NOON, REGION, SHOP, a_session, a_user, an_order
from tests.consoles import refusing
from tests.containing import Member
from tests.template.templates import resources
from tests.unit.actions.proving import Instead, observed
from tests.unit.localcloud.judging import World, a_world

ROLE_ACTIONS = (iam_close_role_trust, iam_deny_role, iam_deny_role_session)
USER_ACTIONS = (iam_cut_console_sign_in, iam_cut_user_sessions, iam_deactivate_credentials)
CONTAIN, COLLECT = "breach-responder-contain", "breach-responder-collect"
# Here is no vault, so its custodian is told to nobody, and this is no resource.
CUSTODIAN = {"Fn::If": ["HasCustodian", {"Ref": "CustodianRoleArn"}, {"Ref": "AWS::NoValue"}]}
_NAMES = {
    "${AWS::Partition}": "aws",
    "${AWS::AccountId}": SHOP,
    "${ContainRoleName}": CONTAIN,
    "${CollectRoleName}": COLLECT,
    "${PreserveRoleName}": "breach-responder-preserve",
    "${KeepRoleName}": "breach-responder-keep",
    "${ResponderStackName}": "breach-responder",
}


@pytest.fixture
def world() -> Iterator[World]:
    with a_world() as world:
        yield world


def written(value: Any) -> Any:
    """A part of the template with its names put in."""
    if isinstance(value, dict) and list(value) == ["Fn::Sub"]:
        text: str = value["Fn::Sub"]
        for name, real in _NAMES.items():
            text = text.replace(name, real)
        return text
    if isinstance(value, dict):
        return {key: written(one) for key, one in value.items()}
    if not isinstance(value, list):
        return value
    return [written(one) for one in value if one != CUSTODIAN]


def contain_role(world: World, *full: str) -> Member:
    """Clients with a session of the role, as the template writes it."""
    role = world.role(CONTAIN, account=SHOP)
    [policy] = resources("AWS::IAM::Role", "stacks/member-role.yaml")["ContainRole"]["Policies"]
    document = json.dumps(written(policy["PolicyDocument"]))
    assert "${" not in document
    world.operator("iam", SHOP).put_role_policy(
        RoleName=CONTAIN, PolicyName="contain", PolicyDocument=document
    )
    calls = {name: refusing("LimitExceeded") for name in full}
    clients = Member(lambda client: Instead(client, **calls))
    clients._member["iam", SHOP, REGION] = world.session(role)("iam")
    return clients


def works(action: Action, order: Any, clients: Member) -> None:
    receipt = observed(action, order, clients)
    action.apply(receipt, clients)
    assert action.verify(receipt, clients)
    assert action.release(receipt, clients)


@pytest.mark.parametrize("action", ROLE_ACTIONS)
def test_it_may_cut_roles_and_undo_it(world: World, action: Action) -> None:
    clients = contain_role(world)
    world.role("web-tier-role", account=SHOP)
    works(action, an_order(action.ID, principal=nameless("web-tier-role")), clients)


def test_it_may_deny_by_a_boundary_and_take_it_away(world: World) -> None:
    clients = contain_role(world, "attach_role_policy", "put_role_policy")
    world.role("web-tier-role", account=SHOP)
    order = an_order(iam_deny_role.ID, principal=nameless("web-tier-role"))
    works(iam_deny_role, order, clients)


@pytest.mark.parametrize("action", USER_ACTIONS)
def test_it_may_cut_users_and_undo_it(world: World, action: Action) -> None:
    clients, iam = contain_role(world), world.operator("iam", SHOP)
    iam.create_user(UserName="orders-export")
    iam.create_login_profile(UserName="orders-export", Password="Not-a-secret-1")
    iam.upload_ssh_public_key(UserName="orders-export", SSHPublicKeyBody="ssh-rsa AAAA")
    for service in ("codecommit.amazonaws.com", "bedrock.amazonaws.com"):
        iam.create_service_specific_credential(UserName="orders-export", ServiceName=service)
    key = iam.create_access_key(UserName="orders-export")["AccessKey"]["AccessKeyId"]
    world.clock.traveller.shift(60)
    act_at = world.clock.now()
    order = an_order(action.ID, principal=a_user("orders-export", key), act_at=act_at)
    works(action, order, clients)


@pytest.mark.parametrize("action", ROLE_ACTIONS)
@pytest.mark.parametrize(
    "own", [CONTAIN, COLLECT, "breach-responder-ContainFunctionRole-1ABCDEFGHIJKL"]
)
def test_it_may_cut_no_role_of_the_responder(world: World, action: Action, own: str) -> None:
    clients = contain_role(world)
    if own != CONTAIN:
        world.role(own, account=SHOP)
    order = an_order(action.ID, principal=nameless(own), act_at=NOON)
    receipt = observed(action, order, clients)
    with pytest.raises(Broken, match="AccessDenied"):
        action.apply(receipt, clients)
    assert not action.verify(receipt, clients)


def nameless(role: str) -> Any:
    """A session of a role whose id the finding leaves out."""
    return a_session(role).model_copy(update={"principal_id": None})
