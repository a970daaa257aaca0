"""How an incident's orders about one thing stand, from the first to the last."""

from datetime import timedelta

from responder.domain.ladder import DEACTIVATE_KEY, DENY_USER
from responder.domain.order import Order, OrderMode, Receipt, ReceiptStatus
from responder.domain.standing import standings
from tests.builders import INCIDENT_ID, NOON, a_user, an_order


def after(order: Order, mode: OrderMode) -> Order:
    order_id = Order.make_id(order.incident_id, *order.about, order.order_id)
    return order.model_copy(update={"order_id": order_id, "mode": mode, "replaces": order.order_id})


def test_the_last_order_is_the_one_that_none_replaces_even_if_it_is_weaker() -> None:
    cut = an_order()
    asked = after(cut, OrderMode.APPROVAL)
    [standing] = standings([asked, cut], []).values()
    assert standing.last == asked


def test_of_orders_that_name_no_predecessor_the_strongest_is_the_last() -> None:
    cut = an_order()
    asked = an_order(order_id="ord-" + "1" * 20, mode=OrderMode.APPROVAL)
    [standing] = standings([cut, asked], []).values()
    assert standing.last == cut


def test_a_users_two_keys_are_two_things_and_the_user_is_one() -> None:
    users = [a_user(), a_user(access_key_id="AKIAEXAMPLEEXAMPLE99")]
    orders = [
        an_order(action, principal=user) for user in users for action in (DENY_USER, DEACTIVATE_KEY)
    ]
    assert len(standings(orders, [])) == 3


def test_a_cut_that_a_person_is_releasing_does_not_stand() -> None:
    order = an_order()
    cut = Receipt(order=order, status=ReceiptStatus.CONTAINED)
    [stands] = standings([order], [cut]).values()
    assert (stands.is_carried_out, stands.is_given_back) == (True, False)
    [released] = standings([order], [cut.model_copy(update={"released_by": "oncall"})]).values()
    assert (released.is_carried_out, released.is_given_back) == (False, True)


def test_what_was_given_back_once_is_remembered_by_the_orders_after_it() -> None:
    order = an_order()
    asked = after(order, OrderMode.APPROVAL)
    released = Receipt(order=order, status=ReceiptStatus.RELEASED)
    [standing] = standings([order, asked], [released]).values()
    assert (standing.was_given_back, standing.is_given_back) == (True, False)
    assert order.incident_id == INCIDENT_ID


def test_a_finding_that_comes_at_the_instant_of_the_release_or_after_it_is_news() -> None:
    order = an_order()
    released = Receipt(order=order, status=ReceiptStatus.RELEASED, released_at=NOON)
    [standing] = standings([order], [released]).values()
    second = timedelta(seconds=1)
    asked = [standing.may_be_asked_again(NOON + at) for at in (-second, 0 * second, second)]
    assert asked == [False, True, True]
    [cut] = standings([order], [Receipt(order=order, status=ReceiptStatus.CONTAINED)]).values()
    assert not cut.may_be_asked_again(NOON)
