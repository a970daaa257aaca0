"""A key is kept from deletion and works, and goes back to what it was."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from responder.actions import kms_keep_key as action
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


@pytest.fixture
def clients(aws: None, monkeypatch: pytest.MonkeyPatch) -> Reach:
    a_small_member_account(monkeypatch)
    return Reach()


class Account:
    """One key of the shop."""

    def __init__(self, clients: Reach) -> None:
        self.kms: Any = clients.kms(SHOP, REGION)
        made = self.kms.create_key()["KeyMetadata"]
        self.id, self.arn = made["KeyId"], made["Arn"]

    def make(self, state: str, days: int = 20) -> None:
        if state == "Disabled":
            self.kms.disable_key(KeyId=self.id)
        if state == "PendingDeletion":
            self.kms.schedule_key_deletion(KeyId=self.id, PendingWindowInDays=days)

    def standing(self) -> str:
        state: str = self.kms.describe_key(KeyId=self.id)["KeyMetadata"]["KeyState"]
        return state

    def days_left(self) -> int:
        deleted_at: datetime = self.kms.describe_key(KeyId=self.id)["KeyMetadata"]["DeletionDate"]
        return round((deleted_at - datetime.now(UTC)) / timedelta(days=1))


@pytest.fixture
def account(clients: Reach) -> Account:
    return Account(clients)


@pytest.fixture
def order(account: Account) -> Order:
    return an_order_about(action, account.arn)


def observed_now(order: Order, clients: Reach) -> Receipt:
    return observed(action, order, clients).model_copy(update={"observed_at": datetime.now(UTC)})


@pytest.mark.parametrize("state", ["Disabled", "PendingDeletion"])
def test_it_is_kept_and_goes_back_whenever_we_die(
    account: Account, clients: Reach, order: Order, state: str
) -> None:
    account.make(state)
    holds_through_every_death(action, order, clients, account.standing)


@pytest.mark.parametrize("state", ["Disabled", "PendingDeletion"])
def test_twice_is_the_same_as_once(
    account: Account, clients: Reach, order: Order, state: str
) -> None:
    account.make(state)
    receipt = observed(action, order, clients)
    assert not action.verify(receipt, clients)
    for _ in range(2):
        action.apply(receipt, clients)
        assert account.standing() == "Enabled"
        assert action.verify(receipt, clients)


@pytest.mark.parametrize("days", [7, 20, 30])
def test_a_deletion_gets_back_the_days_that_it_had_left(
    account: Account, clients: Reach, order: Order, days: int
) -> None:
    account.make("PendingDeletion", days)
    receipt = observed_now(order, clients)
    action.apply(receipt, clients)
    assert action.release(receipt, clients)
    assert (account.standing(), account.days_left()) == ("PendingDeletion", days)
    assert not action.release(receipt, clients)


def test_a_deletion_that_had_two_days_left_gets_seven(
    account: Account, clients: Reach, order: Order
) -> None:
    account.make("PendingDeletion", 7)
    late = datetime.now(UTC) + timedelta(days=5)
    receipt = observed(action, order, clients).model_copy(update={"observed_at": late})
    action.apply(receipt, clients)
    action.release(receipt, clients)
    assert account.days_left() == 7


@pytest.mark.parametrize("undo", ["Disabled", "PendingDeletion"])
@pytest.mark.parametrize("state", ["Disabled", "PendingDeletion"])
def test_what_an_attacker_undoes_is_seen_and_put_back(
    account: Account, clients: Reach, order: Order, state: str, undo: str
) -> None:
    account.make(state)
    receipt = observed(action, order, clients)
    action.apply(receipt, clients)
    account.make(undo)
    assert not action.verify(receipt, clients)
    action.apply(receipt, clients)
    assert action.verify(receipt, clients)
    assert action.release(receipt, clients)
    assert account.standing() == state


def test_a_key_that_works_is_left_alone(account: Account, clients: Reach, order: Order) -> None:
    receipt = observed(action, order, clients)
    assert receipt.before is not None
    assert receipt.before.state["in_force"]
    action.apply(receipt, clients)
    assert action.verify(receipt, clients)
    account.make("Disabled")  # by a person, since
    assert not action.release(receipt, clients)
    assert account.standing() == "Disabled"


class Telling:
    """KMS that says something else of a key than the pretend one can."""

    def __init__(self, client: Any, **said: str) -> None:
        self._client, self._said = client, said

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def describe_key(self, **given: Any) -> Any:
        answer = self._client.describe_key(**given)
        answer["KeyMetadata"] |= self._said
        return answer


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"KeyManager": "AWS"}, "AWS manages"),
        ({"KeyState": "PendingImport"}, "is PendingImport"),
        ({"KeyState": "Unavailable"}, "is Unavailable"),
    ],
)
def test_a_key_that_cannot_be_saved_this_way_is_refused(
    account: Account, order: Order, said: dict[str, str], reason: str
) -> None:
    telling = Reach(lambda service, client: Telling(client, **said))
    with pytest.raises(Refused, match=reason):
        action.observe(order, telling)


def test_a_primary_key_that_waits_for_its_replicas_is_saved(
    account: Account, clients: Reach, order: Order
) -> None:
    account.make("PendingDeletion")
    telling = Reach(lambda _, client: Telling(client, KeyState="PendingReplicaDeletion"))
    receipt = observed(action, order, telling)
    action.apply(receipt, telling)
    assert account.standing() == "Enabled"
    assert action.release(receipt, clients)
    assert account.standing() == "PendingDeletion"


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("AccessDeniedException", Broken),
        ("KMSInvalidStateException", Unavailable),
        ("DependencyTimeoutException", Unavailable),
        ("ThrottlingException", Unavailable),
        ("KMSInternalException", Unavailable),
    ],
)
def test_each_answer_of_aws_is_one_of_the_errors(
    account: Account, clients: Reach, order: Order, code: str, kind: type[Exception]
) -> None:
    account.make("PendingDeletion")
    receipt = observed(action, order, clients)
    each_step_ends_with(kind, action, receipt, clients.answering(code))
    with pytest.raises(kind):
        action.apply(receipt, clients.answering(code, "enable_key"))
    assert account.standing() == "Disabled"


def test_a_key_that_is_gone_is_refused(clients: Reach, order: Order) -> None:
    receipt = observed(action, order, clients)
    faulty = clients.answering("NotFoundException")
    with pytest.raises(Refused, match="does not exist any more"):
        action.observe(order, faulty)
    for step in (action.apply, action.release):
        with pytest.raises(Refused, match="does not exist any more"):
            step(receipt, faulty)
    assert not action.verify(receipt, faulty)


@pytest.mark.parametrize("what", ["alias/orders", "key/a b", "key/*"])
def test_what_can_be_no_key_of_the_account_is_never_asked_about(clients: Reach, what: str) -> None:
    with pytest.raises(Broken, match="names no key"):
        action.observe(an_order_about(action, f"arn:aws:kms:{REGION}:{SHOP}:{what}"), clients)


def test_what_stood_before_can_be_filed(account: Account, clients: Reach, order: Order) -> None:
    account.make("PendingDeletion")
    state = action.observe(order, clients).state
    deleted_at = datetime.fromisoformat(state.pop("deletion_at"))
    assert timedelta(days=19) < deleted_at - datetime.now(UTC) <= timedelta(days=20)
    assert json.loads(json.dumps(state)) == {
        "arn": account.arn,
        "key_state": "PendingDeletion",
        "in_force": False,
    }


def test_nothing_that_was_never_carried_out_is_released(
    account: Account, clients: Reach, order: Order
) -> None:
    account.make("Disabled")
    with pytest.raises(Refused, match="never carried out"):
        action.release(Receipt(order=order, status=ReceiptStatus.LEFT), clients)
    assert account.standing() == "Disabled"
