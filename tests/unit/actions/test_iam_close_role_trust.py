"""The trust of a role is closed by one statement, and comes back byte for byte.

The pretend IAM has no quota on a trust policy and does not ask whether its principals exist;
`Instead` answers as if it did. Whether a Deny shuts somebody out is for AWS to say: what is tested
is the policy that stands.
"""

import json
from collections.abc import Callable
from typing import Any

import pytest

from responder.actions import iam_close_role_trust as action
from responder.aws.trust_policies import trust_text
from responder.domain.errors import Refused
from responder.domain.order import Order
from tests.builders import SHOP, an_order
from tests.consoles import refusing
from tests.containing import ROLE, Member, Shop, a_small_member_account
from tests.unit.actions.proving import (
    SORTED,
    Instead,
    crowded,
    cuts_twice_as_once,
    observed,
    sorts_what_iam_answers,
    survives_a_crash_before_any_call,
)

GITHUB = f"arn:aws:iam::{SHOP}:oidc-provider/token.actions.githubusercontent.com"
SAML = f"arn:aws:iam::{SHOP}:saml-provider/staff"
ALLOW_ACCOUNT: dict[str, Any] = {
    "Sid": "",
    "Effect": "Allow",
    "Principal": {"AWS": f"arn:aws:iam::{SHOP}:root"},
    "Action": "sts:AssumeRole",
}
ALLOW_GITHUB: dict[str, Any] = {
    "Effect": "Allow",
    "Principal": {"Federated": GITHUB},
    "Action": "sts:AssumeRoleWithWebIdentity",
    "Condition": {"StringLike": {"token.actions.githubusercontent.com:sub": "repo:shop/*"}},
}
ALLOW_STAFF: dict[str, Any] = {
    "Effect": "Allow",
    "Principal": {"Federated": [SAML]},
    "Action": ["sts:AssumeRoleWithSAML", "sts:TagSession"],
}
ALLOW_MACHINES: dict[str, Any] = {
    "Effect": "Allow",
    "Principal": {"Service": ["rolesanywhere.amazonaws.com"]},
    "Action": ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"],
}
ALLOW_LAMBDA: dict[str, Any] = {
    "Effect": "Allow",
    "Principal": {"Service": "lambda.amazonaws.com"},
    "Action": "sts:AssumeRole",
}


def policy(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


# As a person types it: with room, tabs, an escape, and one statement that is not in a list.
TYPED = (
    "{\n\t"
    '"Statement" : '
    + json.dumps(ALLOW_ACCOUNT | {"Sid": "Caf\u00e9"}, indent=2)
    + ',\n  "Version": "2012-10-17"\n}\n'
)
DOCUMENTS = [
    json.dumps(policy(ALLOW_ACCOUNT, ALLOW_GITHUB, ALLOW_STAFF, ALLOW_LAMBDA)),
    TYPED,
    TYPED.replace("\\u00e9", "\u00e9"),
    TYPED.replace("\\u00e9", "\\u30ab\\u30d5\\u30a7"),  # no character of Latin-1
]


@pytest.fixture
def shop(aws: None, monkeypatch: pytest.MonkeyPatch) -> Shop:
    a_small_member_account(monkeypatch)
    shop = Shop()
    trust(shop, DOCUMENTS[0])
    return shop


@pytest.fixture
def order(shop: Shop) -> Order:
    return an_order(action.ID, principal=shop.session)


def trust(shop: Shop, document: str | dict[str, Any]) -> None:
    text = document if isinstance(document, str) else json.dumps(document)
    shop.iam.update_assume_role_policy(RoleName=ROLE, PolicyDocument=text)


def standing(shop: Shop) -> Callable[[], Any]:
    return lambda: shop.standing() | {"trust": trust_text(shop.iam, ROLE)}


def statements(shop: Shop) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(trust_text(shop.iam, ROLE))["Statement"]
    return found


def test_it_appends_one_deny_that_names_every_door_but_aws_services(
    shop: Shop, order: Order
) -> None:
    action.apply(observed(action, order), Member())
    assert statements(shop) == [
        ALLOW_ACCOUNT,
        ALLOW_GITHUB,
        ALLOW_STAFF,
        ALLOW_LAMBDA,
        {
            "Sid": f"BreachResponder{order.order_id[4:]}",
            "Effect": "Deny",
            "Principal": {"AWS": "*", "Federated": [GITHUB, SAML]},
            "Action": ["sts:AssumeRole", "sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity"],
            "Condition": {
                "StringEqualsIfExists": {"aws:PrincipalServiceName": "rolesanywhere.amazonaws.com"}
            },
        },
    ]
    assert f"BreachResponder{order.order_id[4:]}".isalnum()


@pytest.mark.parametrize("document", DOCUMENTS)
def test_twice_is_once_and_release_leaves_every_byte(
    shop: Shop, order: Order, document: str
) -> None:
    trust(shop, document)
    assert standing(shop)()["trust"] == document
    cuts_twice_as_once(action, order, standing(shop))


def test_a_crash_anywhere_ends_the_same(shop: Shop, order: Order) -> None:
    survives_a_crash_before_any_call(action, order, standing(shop))


@pytest.mark.parametrize("does", ["takes it away", "weakens it", "turns it around"])
def test_what_the_attacker_undid_is_seen_and_put_back(shop: Shop, order: Order, does: str) -> None:
    receipt = observed(action, order)
    action.apply(receipt, Member())
    cut = standing(shop)()
    *others, ours = statements(shop)
    changed = {
        "takes it away": [],
        "weakens it": [ours | {"Action": ["sts:AssumeRole"]}],
        "turns it around": [ours | {"Effect": "Allow"}],
    }[does]
    trust(shop, policy(*others, *changed))
    assert not action.verify(receipt, Member())
    action.apply(receipt, Member())
    assert standing(shop)() == cut
    assert action.verify(receipt, Member())


def test_a_provider_that_is_trusted_since_is_shut_out_too(shop: Shop, order: Order) -> None:
    receipt = observed(action, order)
    action.apply(receipt, Member())
    theirs = f"arn:aws:iam::{SHOP}:oidc-provider/idp.example.com"
    added = ALLOW_GITHUB | {"Principal": {"Federated": theirs}}
    trust(shop, policy(*statements(shop), added))
    assert not action.verify(receipt, Member())
    action.apply(receipt, Member())
    assert statements(shop)[-1]["Principal"]["Federated"] == sorted([GITHUB, SAML, theirs])
    assert action.verify(receipt, Member())
    assert action.release(receipt, Member())
    assert statements(shop) == [ALLOW_ACCOUNT, ALLOW_GITHUB, ALLOW_STAFF, ALLOW_LAMBDA, added]


def test_an_edit_made_since_the_look_is_kept_by_the_cut_and_by_the_release(
    shop: Shop, order: Order
) -> None:
    receipt = observed(action, order)
    narrowed = ALLOW_ACCOUNT | {"Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}}
    trust(shop, policy(narrowed, ALLOW_LAMBDA))
    edited = standing(shop)()
    action.apply(receipt, Member())
    assert statements(shop)[:2] == [narrowed, ALLOW_LAMBDA]
    assert action.release(receipt, Member())
    assert json.loads(standing(shop)()["trust"]) == json.loads(edited["trust"])
    assert not action.release(receipt, Member())


def test_what_iam_tells_in_another_order_is_still_ours(shop: Shop, order: Order) -> None:
    """It keeps no order of principals, and may tell one for a list of one."""
    untouched, receipt = standing(shop)(), observed(action, order)
    action.apply(receipt, Member())
    *others, ours = statements(shop)
    principal = {"Federated": [SAML, GITHUB], "AWS": ["*"]}
    others[2] = ALLOW_STAFF | {"Principal": {"Federated": SAML}}
    trust(shop, policy(*others, ours | {"Principal": principal}))
    assert action.verify(receipt, Member())
    assert action.release(receipt, Member())
    assert standing(shop)() == untouched


@pytest.mark.parametrize(
    "principal",
    [
        {"AWS": "*"},
        {"AWS": f"arn:aws:iam::{SHOP}:root", "Service": "lambda.amazonaws.com"},
        {"Federated": "cognito-identity.amazonaws.com"},
        {"Service": "rolesanywhere.amazonaws.com"},
        {"Service": ["lambda.amazonaws.com", "rolesanywhere.amazonaws.com"]},
    ],
)
def test_each_door_that_it_closes_is_worth_closing(
    shop: Shop, order: Order, principal: dict[str, Any]
) -> None:
    trust(shop, policy(ALLOW_ACCOUNT | {"Principal": principal}))
    cuts_twice_as_once(action, order, standing(shop))


@pytest.mark.parametrize(
    "document",
    [
        policy(ALLOW_LAMBDA),
        policy(ALLOW_LAMBDA | {"Principal": {"Service": ["ec2.amazonaws.com"]}}),
        policy(ALLOW_LAMBDA, ALLOW_ACCOUNT | {"Effect": "Deny"}),
    ],
)
def test_a_role_that_only_services_assume_is_refused(
    shop: Shop, order: Order, document: dict[str, Any]
) -> None:
    trust(shop, document)
    untouched = standing(shop)()
    with pytest.raises(Refused, match="only AWS services may assume"):
        action.observe(order, Member())
    assert standing(shop)() == untouched


def test_a_cut_that_shuts_out_nobody_any_more_can_still_be_looked_at_and_released(
    shop: Shop, order: Order
) -> None:
    """Somebody took every other door away since."""
    receipt = observed(action, order)
    action.apply(receipt, Member())
    trust(shop, policy(ALLOW_LAMBDA, statements(shop)[-1]))
    left = action.observe(order, Member())
    assert left.state["trust"] == trust_text(shop.iam, ROLE)
    assert action.release(receipt, Member())
    assert statements(shop) == [ALLOW_LAMBDA]


def test_a_policy_without_room_is_left_to_a_person(shop: Shop, order: Order) -> None:
    receipt, untouched = observed(action, order), standing(shop)()
    with pytest.raises(Refused, match=r"no room .* nothing was changed\. Have the quota"):
        action.apply(receipt, crowded("update_assume_role_policy"))
    assert standing(shop)() == untouched


def test_a_policy_that_names_a_deleted_principal_is_left_to_a_person(
    shop: Shop, order: Order
) -> None:
    """IAM tells the id of a principal that is gone, and takes it from nobody."""
    receipt, untouched = observed(action, order), standing(shop)()
    calls = {"update_assume_role_policy": refusing("MalformedPolicyDocument")}
    clients = Member(lambda client: Instead(client, **calls))
    with pytest.raises(Refused, match="names a principal that was deleted since"):
        action.apply(receipt, clients)
    assert standing(shop)() == untouched
    action.apply(receipt, Member())
    cut = standing(shop)()
    with pytest.raises(Refused, match="Take the statement BreachResponder"):
        action.release(receipt, clients)
    assert standing(shop)() == cut


def test_another_role_of_that_name_is_left_alone(shop: Shop, order: Order) -> None:
    receipt = observed(action, order)
    shop.remake_role()
    untouched = standing(shop)()
    for step in (action.apply, action.verify, action.release):
        with pytest.raises(Refused, match="another identity of the same name"):
            step(receipt, Member())
    assert standing(shop)() == untouched


def test_a_role_that_is_gone_is_refused_and_has_nothing_to_release(
    shop: Shop, order: Order
) -> None:
    receipt = observed(action, order)
    shop.iam.delete_role_policy(RoleName=ROLE, PolicyName="own")
    shop.iam.delete_role(RoleName=ROLE)
    with pytest.raises(Refused, match="does not exist any more"):
        action.observe(order, Member())
    with pytest.raises(Refused, match="does not exist any more"):
        action.apply(receipt, Member())
    assert not action.verify(receipt, Member())
    assert not action.release(receipt, Member())


@pytest.mark.parametrize(("code", "error"), SORTED)
def test_what_iam_answers_is_sorted(
    shop: Shop, order: Order, code: str, error: type[Exception]
) -> None:
    sorts_what_iam_answers(action, order, code, error)
