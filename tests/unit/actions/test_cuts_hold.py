"""What is cut is denied, and what is to go on goes on, by IAM as the local cloud has it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from localcloud.enforcement import service_may_assume
from responder.actions import iam_close_role_trust, iam_deny_role, iam_deny_role_session
from responder.domain.order import Order
from tests.builders import REGION, SHOP, a_session, an_order
from tests.consoles import refusing
from tests.containing import Member
from tests.unit.actions.proving import Instead, observed
from tests.unit.localcloud.judging import World, a_world, allow, code

TIER = "web-tier-role"


@pytest.fixture
def world() -> Iterator[World]:
    with a_world() as world:
        yield world


@pytest.fixture
def role(world: World) -> str:
    return world.role(TIER, allow("iam:ListUsers"), account=SHOP)


def member(world: World, *full: str) -> Member:
    calls = {name: refusing("LimitExceeded") for name in full}
    clients = Member(lambda client: Instead(client, **calls))
    clients._member["iam", SHOP, REGION] = world.operator("iam", SHOP)
    return clients


def may(session: Callable[..., Any]) -> bool:
    refused = code(session("iam").list_users)
    assert refused in (None, "AccessDenied")
    return refused is None


def test_one_session_is_denied_and_the_others_go_on(world: World, role: str) -> None:
    theirs, honest = world.session(role, "i-0abc"), world.session(role, "i-0abcd")
    order = an_order(iam_deny_role_session.ID, principal=a_session(TIER, "i-0abc"))
    order, clients = told(order, world), member(world)
    receipt = observed(iam_deny_role_session, order, clients)
    assert (may(theirs), may(honest)) == (True, True)
    iam_deny_role_session.apply(receipt, clients)
    assert (may(theirs), may(honest)) == (False, True)
    assert not may(world.session(role, "i-0abc"))
    iam_deny_role_session.release(receipt, clients)
    assert (may(theirs), may(honest)) == (True, True)


@pytest.mark.parametrize(
    "full", [(), ("attach_role_policy",), ("attach_role_policy", "put_role_policy")]
)
def test_every_session_of_a_denied_role_is_denied(
    world: World, role: str, full: tuple[str, ...]
) -> None:
    order = told(an_order(iam_deny_role.ID, principal=a_session(TIER)), world)
    clients, session = member(world, *full), world.session(role)
    receipt = observed(iam_deny_role, order, clients)
    iam_deny_role.apply(receipt, clients)
    assert not may(session)
    assert not may(world.session(role, "another"))
    iam_deny_role.release(receipt, clients)
    assert may(session)


def test_nobody_comes_back_through_a_closed_trust_and_sessions_go_on(
    world: World, role: str
) -> None:
    visitor = world.user("visitor", allow("sts:AssumeRole"), account=SHOP)
    given = {"RoleArn": role, "RoleSessionName": "back-again"}
    order = told(an_order(iam_close_role_trust.ID, principal=a_session(TIER)), world)
    clients, session = member(world), world.session(role)
    receipt = observed(iam_close_role_trust, order, clients)
    assert code(visitor("sts").assume_role, **given) is None
    iam_close_role_trust.apply(receipt, clients)
    assert code(visitor("sts").assume_role, **given) == "AccessDenied"
    assert may(session)
    iam_close_role_trust.release(receipt, clients)
    assert code(visitor("sts").assume_role, **given) is None


def test_services_of_aws_still_come_in_and_machines_from_outside_do_not(world: World) -> None:
    machines = "rolesanywhere.amazonaws.com"
    role = world.role(TIER, account=SHOP, trusts={"Service": ["lambda.amazonaws.com", machines]})
    order = told(an_order(iam_close_role_trust.ID, principal=a_session(TIER)), world)
    clients = member(world)
    receipt = observed(iam_close_role_trust, order, clients)
    assert service_may_assume(role, machines, SHOP)
    iam_close_role_trust.apply(receipt, clients)
    assert not service_may_assume(role, machines, SHOP)
    assert service_may_assume(role, "lambda.amazonaws.com", SHOP)


def told(order: Order, world: World) -> Order:
    """With the id that the pretend IAM gave the role."""
    assert order.principal is not None
    role = world.operator("iam", SHOP).get_role(RoleName=TIER)["Role"]
    unique = f"{role['RoleId']}:{order.principal.session_name}"
    principal = order.principal.model_copy(update={"principal_id": unique})
    return order.model_copy(update={"principal": principal})
