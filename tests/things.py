"""Orders about things of the shop's account, and clients that may fail or die on the way there."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from responder.actions.action import Action
from responder.aws.clients import Clients, MemberRole
from responder.domain.finding import Resource
from responder.domain.order import Order, OrderMode, Receipt, ReceiptStatus
from tests.builders import INCIDENT_ID, NOON, REGION, SHOP
from tests.vaults import DiedHereError, Life

Through = Callable[[str, Any], Any]


class Reach(Clients):
    """Every service of the shop's account. `through` may put something in between, by service."""

    def __init__(self, through: Through = lambda service, client: client) -> None:
        role = MemberRole(
            "breach-responder-contain", "an-external-id", reader="breach-responder-collect"
        )
        super().__init__(REGION, role)
        self._through = through

    def _in_member(self, service: str, account: str, region: str) -> Any:
        return self._through(service, super()._in_member(service, account, region))

    def organizations(self) -> tuple[Any, str]:
        client, policy_arn = super().organizations()
        return self._through("organizations", client), policy_arn

    def living(self, life: Life) -> "Reach":
        """The same clients, which may die at any call."""
        return self._but(lambda service, client: life.of(self._through(service, client)))

    def answering(self, code: str, *operations: str, status: int = 400) -> "Reach":
        """The same clients, where these operations, or all of them, end with an error code."""
        return self._but(
            lambda service, client: _Faulty(
                self._through(service, client), code, operations, status
            )
        )

    def _but(self, through: Through) -> "Reach":
        changed = Reach(through)
        changed._member, changed.account_deny = self._member, self.account_deny
        return changed


class _Faulty:
    def __init__(self, client: Any, code: str, operations: tuple[str, ...], status: int) -> None:
        self._client, self._code = client, code
        self._operations, self._status = operations, status

    def __getattr__(self, name: str) -> Any:
        if name == "get_paginator":
            return lambda operation: _Pages(getattr(self, operation), self._client, operation)
        if not self._operations or name in self._operations:
            return self._fail
        return getattr(self._client, name)

    def _fail(self, **given: Any) -> Any:
        answer: Any = {
            "Error": {"Code": self._code, "Message": "no"},
            "ResponseMetadata": {"HTTPStatusCode": self._status},
        }
        raise ClientError(answer, "Operation")


class _Pages:
    def __init__(self, operation: Any, client: Any, name: str) -> None:
        self._operation, self._client, self._name = operation, client, name

    def paginate(self, **given: Any) -> Any:
        if getattr(self._operation, "__func__", None) is _Faulty._fail:
            self._operation()
        return self._client.get_paginator(self._name).paginate(**given)


def an_order_about(action: Action, resource: str, **given: Any) -> Order:
    """An order about a thing, which names no identity."""
    plain: dict[str, Any] = {
        "order_id": Order.make_id(INCIDENT_ID, action.ID, resource, None),
        "incident_id": INCIDENT_ID,
        "action_id": action.ID,
        "resource": resource,
        "account": SHOP,
        "region": REGION,
        "thing": Resource(kind="thing", id=resource, account=SHOP, region=REGION),
        "mode": OrderMode.AUTOMATIC,
        "held": False,
        "reason": "A finding of high severity names this thing.",
    }
    return Order(**(plain | given))


def observed(action: Action, order: Order, clients: Clients) -> Receipt:
    """A receipt with what stands now."""
    return Receipt(
        order=order,
        status=ReceiptStatus.APPLIED,
        before=action.observe(order, clients),
        observed_at=NOON,
        applied_at=NOON,
    )


def each_step_ends_with(
    kind: type[Exception], action: Action, receipt: Receipt, clients: Clients
) -> None:
    """Whatever is tried with these clients, somebody learns who has to act."""
    with pytest.raises(kind):
        action.observe(receipt.order, clients)
    for step in (action.apply, action.verify, action.release):
        with pytest.raises(kind):
            step(receipt, clients)


def holds_through_every_death(
    action: Action, order: Order, clients: Reach, standing: Callable[[], Any]
) -> None:
    """Cut and release, dying before each call in turn: run again, both end as if nothing was."""
    untouched = standing()
    receipt = observed(action, order, clients)
    # What is made once and stays, a snapshot or a group, is made before calls are counted.
    action.apply(receipt, clients)
    action.release(receipt, clients)
    assert standing() == untouched
    whole = Life()
    action.apply(receipt, clients.living(whole))
    cut = standing()
    assert cut != untouched
    whole_release = Life()
    action.release(receipt, clients.living(whole_release))
    assert standing() == untouched
    assert whole.calls
    assert whole_release.calls
    for ends_at in range(whole.calls):
        with pytest.raises(DiedHereError):
            action.apply(receipt, clients.living(Life(ends_at)))
        action.apply(receipt, clients)
        assert standing() == cut
        assert action.verify(receipt, clients)
        action.release(receipt, clients)
        assert standing() == untouched
    for ends_at in range(whole.calls):
        with pytest.raises(DiedHereError):
            action.apply(receipt, clients.living(Life(ends_at)))
        action.release(receipt, clients)
        assert standing() == untouched
    for ends_at in range(whole_release.calls):
        action.apply(receipt, clients)
        with pytest.raises(DiedHereError):
            action.release(receipt, clients.living(Life(ends_at)))
        action.release(receipt, clients)
        assert standing() == untouched
        assert not action.release(receipt, clients)
