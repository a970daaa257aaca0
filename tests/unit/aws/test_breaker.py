"""The count of cuts that nobody was asked about."""

import json
from datetime import timedelta

import pytest

from responder.aws.breaker import Breaker
from responder.aws.ledger import Ledger
from responder.domain.order import Order
from tests.builders import NOON, a_user, an_order


def cuts(many: int, first: int = 0) -> list[Order]:
    return [an_order(principal=a_user(f"u{n:02d}")) for n in range(first, first + many)]


def test_only_what_is_beyond_the_most_is_told_and_a_rerun_tells_the_same(ledger: Ledger) -> None:
    breaker, orders = Breaker(ledger), cuts(5)
    beyond = breaker.beyond(orders, 3, now=NOON)
    assert len(beyond) == 2
    assert breaker.beyond(orders, 3, now=NOON + timedelta(minutes=1)) == beyond


def test_other_incidents_count_for_an_hour_over_the_clocks_hour(ledger: Ledger) -> None:
    breaker, late = Breaker(ledger), NOON + timedelta(minutes=40)
    assert breaker.beyond(cuts(3), 3, now=late) == frozenset()
    [fourth] = cuts(1, first=3)
    assert breaker.beyond([fourth], 3, now=late + timedelta(minutes=59)) == {fourth.order_id}
    [fifth] = cuts(1, first=4)
    assert breaker.beyond([fifth], 3, now=late + timedelta(minutes=61)) == frozenset()


def test_plans_of_one_instant_are_not_more_together_than_the_most(ledger: Ledger) -> None:
    """The order of their ids is by chance, and none may take the place of one that was told yes."""
    breaker, most = Breaker(ledger), 3
    told_yes = [
        order.order_id
        for order in cuts(12)
        if order.order_id not in breaker.beyond([order], most, now=NOON)
    ]
    assert len(told_yes) == most


def test_a_plan_that_is_made_again_comes_after_those_made_meanwhile(ledger: Ledger) -> None:
    breaker, began = Breaker(ledger), NOON - timedelta(seconds=5)
    assert breaker.beyond(cuts(3), 3, now=NOON) == frozenset()
    [late] = cuts(1, first=3)
    assert breaker.beyond([late], 3, now=began) == {late.order_id}


def test_nothing_to_cut_counts_nothing(ledger: Ledger) -> None:
    assert Breaker(ledger).beyond([], 0, now=NOON) == frozenset()


def test_what_is_held_back_is_told_and_only_then(
    ledger: Ledger, capsys: pytest.CaptureFixture[str]
) -> None:
    breaker, orders = Breaker(ledger), cuts(5)
    breaker.beyond(orders, 5, now=NOON)
    assert capsys.readouterr().out == ""
    breaker.beyond(orders, 3, now=NOON)
    line = json.loads(capsys.readouterr().out)
    assert line["CutsSlowed"] == [2.0]
    assert line["stack"] == "breach-responder"
