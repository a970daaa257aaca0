"""What every action is held to, whatever it cuts. Each asserts on what stands in the account."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from responder.actions.action import Action
from responder.domain.errors import Broken, Refused, Unavailable
from responder.domain.order import Order, Receipt, ReceiptStatus
from tests.builders import NOON
from tests.consoles import refusing
from tests.containing import Member
from tests.vaults import DiedHereError, Life

type Standing = Callable[[], Any]

SORTED = [
    ("UnmodifiableEntity", Refused),
    ("ServiceFailure", Unavailable),
    ("Throttling", Unavailable),
    ("EntityTemporarilyUnmodifiable", Unavailable),
    ("AccessDenied", Broken),
]


class Instead:
    """IAM with some calls answered by a function of ours."""

    def __init__(self, client: Any, **calls: Any) -> None:
        self._client, self._calls = client, calls

    def __getattr__(self, name: str) -> Any:
        return self._calls.get(name) or getattr(self._client, name)


def crowded(*full: str) -> Member:
    """IAM where these calls find no room. The pretend IAM has no quotas on policies."""
    calls = {name: refusing("LimitExceeded") for name in full}
    return Member(lambda client: Instead(client, **calls))


def observed(action: Action, order: Order, clients: Member | None = None, **given: Any) -> Receipt:
    """A receipt with what stands now."""
    before = action.observe(order, clients or Member())
    plain = {"order": order, "status": ReceiptStatus.APPLIED, "before": before, "applied_at": NOON}
    return Receipt(**(plain | given))


def cuts_twice_as_once(
    action: Action, order: Order, standing: Standing, clients: Member | None = None
) -> None:
    """And releases once, to what stood before."""
    clients, untouched = clients or Member(), standing()
    receipt = observed(action, order, clients)
    assert standing() == untouched
    assert not action.verify(receipt, clients)
    action.apply(receipt, clients)
    cut = standing()
    assert cut != untouched
    action.apply(receipt, clients)
    assert standing() == cut
    assert action.verify(receipt, clients)
    for is_first in (True, False):
        assert action.release(receipt, clients) is is_first
        assert standing() == untouched
    assert not action.verify(receipt, clients)
    assert action.observe(order, clients) == receipt.before


def survives_a_crash_before_any_call(
    action: Action, order: Order, standing: Standing, clients: Member | None = None
) -> None:
    """A function killed before any call of `apply` or `release` ends the same when run again."""
    clients, untouched = clients or Member(), standing()
    receipt = observed(action, order, clients)
    action.apply(receipt, clients)
    cut = standing()
    action.release(receipt, clients)
    for step, end in ((action.apply, cut), (action.release, untouched)):
        whole = Life()
        step(receipt, clients.living(whole))
        assert whole.calls > 1
        for ends_at in range(whole.calls):
            (action.release if end == cut else action.apply)(receipt, clients)
            with pytest.raises(DiedHereError):
                step(receipt, clients.living(Life(ends_at)))
            step(receipt, clients)
            assert standing() == end
            assert action.verify(receipt, clients) is (end == cut)


def sorts_what_iam_answers(
    action: Action,
    order: Order,
    code: str,
    error: type[Exception],
    clients: Member | None = None,
) -> None:
    """Whichever call of whichever step it answers so."""
    clients = clients or Member()
    receipt = observed(action, order, clients)
    for step in (action.apply, action.verify, action.release):
        prepare = action.release if step == action.apply else action.apply
        prepare(receipt, clients)
        whole = Life()
        step(receipt, clients.living(whole))
        for fails_at in range(whole.calls):
            prepare(receipt, clients)
            with pytest.raises(error, match=re.escape(order.resource)):
                step(receipt, clients.living(_Failing(code, fails_at)))


class _Failing(Life):
    """A life in which one call is answered with an error."""

    def __init__(self, code: str, fails_at: int) -> None:
        super().__init__()
        self._refuse, self._fails_at = refusing(code), fails_at

    def call(self, operation: Callable[..., Any], given: dict[str, Any]) -> Any:
        if self.calls == self._fails_at:
            operation = self._refuse
        return super().call(operation, given)
