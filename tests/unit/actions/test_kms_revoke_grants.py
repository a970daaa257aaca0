"""Another account loses what a key's grants gave it, and gets it back on the same terms."""

import json
from typing import Any

import pytest

from responder.actions import kms_revoke_grants as action
from responder.domain.errors import Broken, Refused, Unavailable
from responder.domain.order import Order, Receipt, ReceiptStatus
from tests.builders import REGION, SHOP
from tests.containing import a_small_member_account
from tests.things import (
    Reach,
    an_order_about,
    each_step_ends_with,
    holds_through_every_death,
    observed,
)

FOREIGN = "arn:aws:iam::999988887777:role/backup"
OURS = f"arn:aws:iam::{SHOP}:role/web"
SERVICE = "rds.us-west-2.amazonaws.com"
CONTEXT = {"EncryptionContextSubset": {"shop": "orders"}}


@pytest.fixture
def clients(aws: None, monkeypatch: pytest.MonkeyPatch) -> Reach:
    a_small_member_account(monkeypatch)
    return Reach()


class Account:
    """One key of the shop, and its grants."""

    def __init__(self, clients: Reach) -> None:
        self.kms: Any = clients.kms(SHOP, REGION)
        made = self.kms.create_key()["KeyMetadata"]
        self.id, self.arn = made["KeyId"], made["Arn"]

    def grant(self, to: str, **given: Any) -> str:
        plain: dict[str, Any] = {"Operations": ["Decrypt"]}
        made: str = self.kms.create_grant(KeyId=self.id, GranteePrincipal=to, **(plain | given))[
            "GrantId"
        ]
        return made

    def standing(self) -> list[dict[str, Any]]:
        """Every grant but its id, which KMS gives."""
        found = self.kms.list_grants(KeyId=self.id)["Grants"]
        terms = [{k: v for k, v in one.items() if k != "GrantId" and v} for one in found]
        return sorted(terms, key=repr)


@pytest.fixture
def account(clients: Reach) -> Account:
    account = Account(clients)
    account.grant(OURS)
    account.grant(SERVICE)
    return account


@pytest.fixture
def order(account: Account) -> Order:
    return an_order_about(action, account.arn)


def with_foreign(account: Account) -> None:
    account.grant(FOREIGN, Name="backup", RetiringPrincipal=OURS, Constraints=CONTEXT)
    account.grant(FOREIGN, Operations=["Decrypt", "DescribeKey"])
    for _ in range(2):
        account.grant(FOREIGN)


def test_they_are_revoked_and_granted_again_whenever_we_die(
    account: Account, clients: Reach, order: Order
) -> None:
    with_foreign(account)
    holds_through_every_death(action, order, clients, account.standing)


def test_only_foreign_grants_are_revoked_and_twice_is_the_same_as_once(
    account: Account, clients: Reach, order: Order
) -> None:
    kept = account.standing()
    with_foreign(account)
    receipt = observed(action, order, clients)
    assert not action.verify(receipt, clients)
    for _ in range(2):
        action.apply(receipt, clients)
        assert account.standing() == kept
        assert action.verify(receipt, clients)


def test_a_grant_that_an_attacker_makes_since_is_revoked_and_never_granted_again(
    account: Account, clients: Reach, order: Order
) -> None:
    with_foreign(account)
    untouched = account.standing()
    receipt = observed(action, order, clients)
    action.apply(receipt, clients)
    account.grant("arn:aws:iam::999988887777:root", Operations=["Decrypt", "CreateGrant"])
    assert not action.verify(receipt, clients)
    action.apply(receipt, clients)
    assert action.verify(receipt, clients)
    assert action.release(receipt, clients)
    assert account.standing() == untouched


def test_what_somebody_granted_again_already_is_not_granted_twice(
    account: Account, clients: Reach, order: Order
) -> None:
    account.grant(FOREIGN)
    untouched = account.standing()
    receipt = observed(action, order, clients)
    action.apply(receipt, clients)
    account.grant(FOREIGN)
    assert not action.release(receipt, clients)
    assert account.standing() == untouched


def test_a_key_without_foreign_grants_is_left_alone(
    account: Account, clients: Reach, order: Order
) -> None:
    untouched = account.standing()
    receipt = observed(action, order, clients)
    assert receipt.before is not None
    assert receipt.before.state["in_force"]
    action.apply(receipt, clients)
    assert not action.release(receipt, clients)
    assert account.standing() == untouched


@pytest.mark.parametrize(
    ("code", "says"), [("InvalidArnException", FOREIGN), ("DisabledException", "enable the key")]
)
def test_a_grant_that_cannot_be_made_again_is_refused(
    account: Account, clients: Reach, order: Order, code: str, says: str
) -> None:
    kept = account.standing()
    account.grant(FOREIGN)
    receipt = observed(action, order, clients)
    action.apply(receipt, clients)
    with pytest.raises(Refused, match=says):
        action.release(receipt, clients.answering(code, "create_grant"))
    assert account.standing() == kept


def test_a_grant_that_its_grantee_retired_meanwhile_is_revoked(
    account: Account, clients: Reach, order: Order
) -> None:
    account.grant(FOREIGN)
    receipt = observed(action, order, clients)
    action.apply(receipt, clients.answering("NotFoundException", "revoke_grant"))
    assert not action.verify(receipt, clients)  # here it stands, whatever the answer said


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("AccessDeniedException", Broken),
        ("KMSInvalidStateException", Unavailable),
        ("DependencyTimeoutException", Unavailable),
        ("ThrottlingException", Unavailable),
    ],
)
def test_each_answer_of_aws_is_one_of_the_errors(
    account: Account, clients: Reach, order: Order, code: str, kind: type[Exception]
) -> None:
    account.grant(FOREIGN)
    receipt = observed(action, order, clients)
    each_step_ends_with(kind, action, receipt, clients.answering(code))
    with pytest.raises(kind):
        action.apply(receipt, clients.answering(code, "revoke_grant"))
    action.apply(receipt, clients)
    with pytest.raises(kind):
        action.release(receipt, clients.answering(code, "create_grant"))


def test_a_key_that_is_gone_is_refused_and_grants_nothing(
    account: Account, clients: Reach, order: Order
) -> None:
    receipt = observed(action, order, clients)
    faulty = clients.answering("NotFoundException")
    with pytest.raises(Refused, match="does not exist any more"):
        action.observe(order, faulty)
    for step in (action.apply, action.release):
        with pytest.raises(Refused, match="does not exist any more"):
            step(receipt, faulty)
    assert action.verify(receipt, faulty)


def test_what_stood_before_can_be_filed(account: Account, clients: Reach, order: Order) -> None:
    account.grant(FOREIGN, Name="backup", RetiringPrincipal=OURS, Constraints=CONTEXT)
    assert json.loads(json.dumps(action.observe(order, clients).state)) == {
        "arn": account.arn,
        "foreign_grants": [
            {
                "Name": "backup",
                "GranteePrincipal": FOREIGN,
                "RetiringPrincipal": OURS,
                "Operations": ["Decrypt"],
                "Constraints": CONTEXT,
            }
        ],
        "in_force": False,
    }


def test_nothing_that_was_never_carried_out_is_released(
    account: Account, clients: Reach, order: Order
) -> None:
    untouched = account.standing()
    with pytest.raises(Refused, match="never carried out"):
        action.release(Receipt(order=order, status=ReceiptStatus.LEFT), clients)
    assert account.standing() == untouched
