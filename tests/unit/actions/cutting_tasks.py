"""A service of tasks in a cloud of our own, and cuts of the first of them."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from responder.actions import network_acl
from responder.actions.action import Action
from responder.domain.order import Order, Receipt, ReceiptStatus
from tests.builders import REGION, SHOP
from tests.shown import LEFT_OUT, tasks_shown, text
from tests.tasks import Service
from tests.things import Reach, an_order_about
from tests.unit.localcloud.judging import World, a_world


class Stage:
    """A service of two tasks, its clients, and orders about the first of them."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.clients = Reach()
        for service in ("ec2", "ecs", "elbv2"):
            self.clients._member[service, SHOP, REGION] = world.operator(service, SHOP)
        self.service = Service(self.clients)

    def order(self, action: Action, task: str | None = None, **given: Any) -> Order:
        plain: dict[str, Any] = {"act_at": datetime.now(UTC)}
        return an_order_about(action, task or self.service.task, **(plain | given))

    def observed(self, action: Action, task: str | None = None, **given: Any) -> Receipt:
        order = self.order(action, task, **given)
        return Receipt(
            order=order,
            status=ReceiptStatus.APPLIED,
            before=action.observe(order, self.clients),
            observed_at=datetime.now(UTC),
            applied_at=datetime.now(UTC),
        )

    def cut(self, action: Action, task: str | None = None, **given: Any) -> Receipt:
        receipt = self.observed(action, task, **given)
        action.apply(receipt, self.clients)
        assert action.verify(receipt, self.clients)
        return receipt

    def standing(self, action: Action) -> str:
        ours = network_acl.name_of(self.order(action))
        return text(tasks_shown(self.service, ours), LEFT_OUT.get(action.ID, {}))

    def instead(self, operation: str, **answer: Any) -> Reach:
        """The same clients, where ECS answers one operation with this."""
        return self.clients._but(
            lambda service, client: (
                _Instead(client, operation, answer) if service == "ecs" else client
            )
        )


class _Instead:
    def __init__(self, client: Any, operation: str, answer: dict[str, Any]) -> None:
        self._client, self._operation, self._answer = client, operation, answer

    def __getattr__(self, name: str) -> Any:
        return self._answered if name == self._operation else getattr(self._client, name)

    def _answered(self, **_: Any) -> dict[str, Any]:
        return self._answer


@pytest.fixture
def stage() -> Iterator[Stage]:
    with a_world() as world:
        yield Stage(world)


def state_of(receipt: Receipt) -> dict[str, Any]:
    assert receipt.before is not None
    return receipt.before.state
