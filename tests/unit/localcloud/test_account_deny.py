"""The role that denies accounts, as it ships: one policy, on accounts, and never on ours."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from localcloud.deploy import deploy
from localcloud.organization import found
from localcloud.stack import Stack
from tests.builders import HOME, REGION, SHOP
from tests.unit.localcloud.judging import World, a_world, allow, code, policy

MANAGER, VAULT = "222233334444", "333344445555"
REFUSED = "AccessDeniedException"
STACK = Path(__file__).parents[3] / "stacks/account-deny.yaml"


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with a_world() as world:
        found(world.operator("organizations", MANAGER), [SHOP, HOME, VAULT])
        yield world


@pytest.fixture(scope="module")
def stack(world: World) -> Stack:
    return deploy(
        STACK,
        stack_name="account-deny",
        parameters={
            "ResponderAccount": HOME,
            "EvidenceAccount": VAULT,
            "ExternalId": "an-external-id-of-16",
        },
        account=MANAGER,
        region=REGION,
        registry=world.registry,
        clients=world.accounts,
    )


@pytest.fixture(scope="module")
def denies(world: World, stack: Stack) -> Any:
    return world.session(stack.outputs["DenyAccountsRoleArn"])("organizations")


@pytest.fixture(scope="module")
def prepared(stack: Stack) -> str:
    return stack.outputs["AccountDenyPolicyArn"].rpartition("/")[2]


def test_it_attaches_the_policy_to_an_account_and_takes_it_off(denies: Any, prepared: str) -> None:
    for operation in (denies.attach_policy, denies.detach_policy):
        assert code(operation, PolicyId=prepared, TargetId=SHOP) is None


@pytest.mark.parametrize("account", [HOME, VAULT])
def test_it_never_denies_the_responders_account_or_the_vaults(
    denies: Any, prepared: str, account: str
) -> None:
    assert code(denies.attach_policy, PolicyId=prepared, TargetId=account) == REFUSED
    assert code(denies.detach_policy, PolicyId=prepared, TargetId=account) is None


def _root(world: World) -> str:
    return str(world.operator("organizations", MANAGER).list_roots()["Roots"][0]["Id"])


def _unit(world: World) -> str:
    made = world.operator("organizations", MANAGER).create_organizational_unit(
        ParentId=_root(world), Name="shops"
    )
    return str(made["OrganizationalUnit"]["Id"])


@pytest.mark.parametrize("target", [_root, _unit])
def test_it_reaches_no_more_than_one_account_at_once(
    world: World, denies: Any, prepared: str, target: Callable[[World], str]
) -> None:
    assert code(denies.attach_policy, PolicyId=prepared, TargetId=target(world)) == REFUSED


def test_it_moves_no_other_policy(world: World, denies: Any) -> None:
    made = world.operator("organizations", MANAGER).create_policy(
        Name="guard",
        Type="SERVICE_CONTROL_POLICY",
        Description="d",
        Content=policy(allow("*")),
    )["Policy"]["PolicySummary"]["Id"]
    for operation in (denies.attach_policy, denies.detach_policy):
        for other in (made, "p-FullAWSAccess"):
            assert code(operation, PolicyId=other, TargetId=SHOP) == REFUSED
    assert code(denies.describe_policy, PolicyId=made) == REFUSED
