"""A function is stopped under every name it has, and starts again as it was."""

import io
import json
import zipfile
from typing import Any

import pytest

from responder.actions import lambda_stop_function as action
from responder.domain.errors import Broken, Refused, Unavailable
from responder.domain.order import Order, Receipt, ReceiptStatus
from tests.builders import REGION, SHOP
from tests.containing import a_small_member_account
from tests.things import Reach, an_order_about, holds_through_every_death, observed

NAME = "orders-export"
ARN = f"arn:aws:lambda:{REGION}:{SHOP}:function:{NAME}"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}


@pytest.fixture
def clients(aws: None, monkeypatch: pytest.MonkeyPatch) -> Reach:
    a_small_member_account(monkeypatch)
    return Reach()


class Account:
    """The shop's functions and their event sources."""

    def __init__(self, clients: Reach) -> None:
        self.functions: Any = clients.lambda_(SHOP, REGION)
        self._queues: Any = clients._in_member("sqs", SHOP, REGION)
        self._role: str = clients.iam(SHOP).create_role(
            RoleName="lambda", AssumeRolePolicyDocument=json.dumps(TRUST)
        )["Role"]["Arn"]
        for name in (NAME, f"{NAME}-2"):
            self._make(name)

    def source(self, queue: str, *, is_on: bool = True, function: str = NAME) -> str:
        """A queue that invokes a function."""
        url = self._queues.create_queue(QueueName=queue)["QueueUrl"]
        arn = self._queues.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        uuid: str = self.functions.create_event_source_mapping(
            EventSourceArn=arn["Attributes"]["QueueArn"], FunctionName=function, Enabled=is_on
        )["UUID"]
        return uuid

    def reserve(self, executions: int) -> None:
        self.functions.put_function_concurrency(
            FunctionName=NAME, ReservedConcurrentExecutions=executions
        )

    def standing(self) -> tuple[int | None, dict[str, str]]:
        found = self.functions.get_function_concurrency(FunctionName=NAME)
        sources = self.functions.list_event_source_mappings()["EventSourceMappings"]
        return (
            found.get("ReservedConcurrentExecutions"),
            {one["UUID"]: one["State"] for one in sources},
        )

    def _make(self, name: str) -> None:
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as packed:
            packed.writestr("app.py", "def handler(event, context): ...")
        self.functions.create_function(
            FunctionName=name,
            Runtime="python3.13",
            Role=self._role,
            Handler="app.handler",
            Code={"ZipFile": archive.getvalue()},
            Publish=True,
        )


@pytest.fixture
def account(clients: Reach) -> Account:
    return Account(clients)


@pytest.fixture
def order(account: Account) -> Order:
    return an_order_about(action, ARN)


@pytest.mark.parametrize("reserved", [None, 7])
def test_it_is_stopped_and_starts_again_as_it_was_whenever_we_die(
    account: Account, clients: Reach, order: Order, reserved: int | None
) -> None:
    account.source("orders")
    account.source("returns")
    account.source("paused", is_on=False)
    if reserved is not None:
        account.reserve(reserved)
    holds_through_every_death(action, order, clients, account.standing)


def test_twice_is_the_same_as_once(account: Account, clients: Reach, order: Order) -> None:
    on, off = account.source("orders"), account.source("paused", is_on=False)
    receipt = observed(action, order, clients)
    assert not action.verify(receipt, clients)
    action.apply(receipt, clients)
    once = account.standing()
    action.apply(receipt, clients)
    assert account.standing() == once == (0, {on: "Disabled", off: "Disabled"})
    assert action.verify(receipt, clients)


def test_a_stop_that_stood_before_us_stays(account: Account, clients: Reach, order: Order) -> None:
    account.reserve(0)
    receipt = observed(action, order, clients)
    assert receipt.before is not None
    assert receipt.before.state["in_force"]
    action.apply(receipt, clients)
    assert not action.release(receipt, clients)
    assert account.standing() == (0, {})


def test_sources_of_an_alias_are_switched_off_and_those_of_another_function_are_not(
    account: Account, clients: Reach, order: Order
) -> None:
    account.functions.create_alias(FunctionName=NAME, Name="live", FunctionVersion="1")
    of_alias = account.source("orders", function=f"{NAME}:1")
    of_other = account.source("returns", function=f"{NAME}-2")
    action.apply(observed(action, order, clients), clients)
    assert account.standing()[1] == {of_alias: "Disabled", of_other: "Enabled"}


@pytest.mark.parametrize("undo", ["concurrency", "deleted", "source", "another source"])
def test_what_an_attacker_undoes_is_seen_and_put_back(
    account: Account, clients: Reach, order: Order, undo: str
) -> None:
    source = account.source("orders")
    receipt = observed(action, order, clients)
    untouched = account.standing()
    action.apply(receipt, clients)
    made = None
    if undo == "concurrency":
        account.reserve(50)
    elif undo == "deleted":
        account.functions.delete_function_concurrency(FunctionName=NAME)
    elif undo == "source":
        account.functions.update_event_source_mapping(UUID=source, Enabled=True)
    else:
        made = account.source("theirs")
    assert not action.verify(receipt, clients)
    action.apply(receipt, clients)
    assert action.verify(receipt, clients)
    assert action.release(receipt, clients)
    stands, sources = account.standing()
    if made is not None:
        assert sources.pop(made) == "Disabled"
    assert (stands, sources) == untouched


def test_a_reservation_that_a_person_made_since_stays(
    account: Account, clients: Reach, order: Order
) -> None:
    receipt = observed(action, order, clients)
    action.apply(receipt, clients)
    account.reserve(3)
    assert not action.release(receipt, clients)
    assert account.standing() == (3, {})


def test_a_source_that_is_gone_since_is_not_missed(
    account: Account, clients: Reach, order: Order
) -> None:
    source = account.source("orders")
    receipt = observed(action, order, clients)
    action.apply(receipt, clients)
    account.functions.delete_event_source_mapping(UUID=source)
    assert action.release(receipt, clients)
    assert account.standing() == (None, {})


def test_a_version_in_the_order_stops_the_whole_function(account: Account, clients: Reach) -> None:
    order = an_order_about(action, f"{ARN}:live")
    receipt = observed(action, order, clients)
    assert receipt.before is not None
    assert receipt.before.state["arn"] == ARN
    action.apply(receipt, clients)
    assert account.standing() == (0, {})


def test_provisioned_concurrency_is_refused_with_what_to_do(
    account: Account, clients: Reach, order: Order
) -> None:
    account.source("orders")
    untouched = account.standing()
    faulty = clients.answering("InvalidParameterValueException", "put_function_concurrency")
    with pytest.raises(Refused, match="provisioned concurrency"):
        action.apply(observed(action, order, clients), faulty)
    assert account.standing() == untouched


def test_a_reservation_that_the_account_cannot_give_any_more_is_refused(
    account: Account, clients: Reach, order: Order
) -> None:
    account.reserve(500)
    receipt = observed(action, order, clients)
    action.apply(receipt, clients)
    faulty = clients.answering("InvalidParameterValueException", "put_function_concurrency")
    with pytest.raises(Refused, match="had 500 concurrent executions"):
        action.release(receipt, faulty)
    assert account.standing() == (0, {})


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("ResourceNotFoundException", Refused),
        ("AccessDeniedException", Broken),
        ("ResourceConflictException", Unavailable),
        ("ResourceInUseException", Unavailable),
        ("TooManyRequestsException", Unavailable),
        ("ServiceException", Unavailable),
    ],
)
def test_each_answer_of_aws_is_one_of_three_errors(
    account: Account, clients: Reach, order: Order, code: str, kind: type[Exception]
) -> None:
    receipt = observed(action, order, clients)
    faulty = clients.answering(code, status=500 if code == "ServiceException" else 400)
    with pytest.raises(kind):
        action.observe(order, faulty)
    with pytest.raises(kind):
        action.apply(receipt, faulty)
    with pytest.raises(kind):
        action.release(receipt, faulty)
    if kind is Refused:
        assert not action.verify(receipt, faulty)
    else:
        with pytest.raises(kind):
            action.verify(receipt, faulty)


@pytest.mark.parametrize(
    "resource",
    [
        f"arn:aws:lambda:{REGION}:999988887777:function:{NAME}",
        f"arn:aws:lambda:eu-central-1:{SHOP}:function:{NAME}",
        f"arn:aws:lambda:{REGION}:{SHOP}:function:a b",
        f"arn:aws:lambda:{REGION}:{SHOP}:layer:{NAME}",
    ],
)
def test_what_can_be_no_function_of_the_account_is_never_asked_about(
    clients: Reach, resource: str
) -> None:
    with pytest.raises(Broken, match="names no function"):
        action.observe(an_order_about(action, resource), clients)


def test_what_stood_before_can_be_filed(account: Account, clients: Reach, order: Order) -> None:
    on, off = account.source("orders"), account.source("paused", is_on=False)
    state = action.observe(order, clients).state
    assert json.loads(json.dumps(state)) == {
        "arn": ARN,
        "reserved_concurrency": None,
        "event_sources": {on: True, off: False},
        "in_force": False,
    }


def test_nothing_that_was_never_carried_out_is_released(
    account: Account, clients: Reach, order: Order
) -> None:
    with pytest.raises(Refused, match="never carried out"):
        action.release(Receipt(order=order, status=ReceiptStatus.LEFT), clients)
    assert account.standing() == (None, {})
