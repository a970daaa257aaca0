"""The quarantine tag: shared by orders, put back as it was, and never another identity's."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ConnectTimeoutError

from responder.actions import iam_tag_quarantined as action
from responder.actions.action import acting
from responder.domain.errors import Broken, Refused, Unavailable
from responder.domain.order import Order, Receipt, ReceiptStatus
from responder.domain.principal import PrincipalKind
from tests.builders import NOON, an_order
from tests.consoles import refusing
from tests.containing import ROLE, USER, Member, Shop, a_small_member_account
from tests.vaults import DiedHereError, Life

KINDS = ("user", "role")
MIXED_CASE = "Breach-Responder-Quarantine"


@pytest.fixture
def shop(aws: None, monkeypatch: pytest.MonkeyPatch) -> Shop:
    a_small_member_account(monkeypatch)
    return Shop()


@pytest.fixture
def clients(shop: Shop) -> Member:
    return Member()


def order_of(shop: Shop, kind: str, **given: Any) -> Order:
    return an_order(action.ID, principal=shop.session if kind == "role" else shop.user, **given)


def another_order_of(shop: Shop, kind: str) -> Order:
    """About the same identity, of another incident."""
    return order_of(shop, kind, order_id="ord-ffffffffffffffffffff")


def observed(order: Order, clients: Member) -> Receipt:
    before = action.observe(order, clients)
    return Receipt(order=order, status=ReceiptStatus.APPLIED, before=before, applied_at=NOON)


def tag(shop: Shop, kind: str, value: str, key: str = action.KEY) -> None:
    tags = [{"Key": key, "Value": value}]
    if kind == "role":
        shop.iam.tag_role(RoleName=ROLE, Tags=tags)
    else:
        shop.iam.tag_user(UserName=shop.name, Tags=tags)


def untag(shop: Shop, kind: str, key: str = action.KEY) -> None:
    if kind == "role":
        shop.iam.untag_role(RoleName=ROLE, TagKeys=[key])
    else:
        shop.iam.untag_user(UserName=shop.name, TagKeys=[key])


def tags(shop: Shop, kind: str) -> dict[str, str]:
    if kind == "role":
        found = shop.iam.list_role_tags(RoleName=ROLE)["Tags"]
    else:
        found = shop.iam.list_user_tags(UserName=shop.name)["Tags"]
    return {one["Key"]: one["Value"] for one in found}


@pytest.mark.parametrize("kind", KINDS)
def test_twice_is_the_same_as_once(shop: Shop, clients: Member, kind: str) -> None:
    tag(shop, kind, "orders", key="team")
    receipt = observed(order_of(shop, kind), clients)
    assert not action.verify(receipt, clients)
    for _ in range(2):
        action.apply(receipt, clients)
        assert tags(shop, kind) == {"team": "orders", action.KEY: receipt.order.order_id}
        assert action.verify(receipt, clients)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "stood",
    [
        {},
        {"team": "orders"},
        {action.KEY: ""},
        {action.KEY: "ord-00000000000000000000"},
        {action.KEY: "two  spaces "},
        {MIXED_CASE: "by hand"},
        {MIXED_CASE: ""},
    ],
)
def test_release_leaves_what_was_there(
    shop: Shop, clients: Member, kind: str, stood: dict[str, str]
) -> None:
    for key, value in stood.items():
        tag(shop, kind, value, key)
    receipt = observed(order_of(shop, kind), clients)
    assert receipt.before is not None
    assert receipt.before.state["in_force"] is any(one.lower() == action.KEY for one in stood)
    assert tags(shop, kind) == stood
    action.apply(receipt, clients)
    assert action.verify(receipt, clients)
    assert len(tags(shop, kind)) == len(stood.keys() - {action.KEY, MIXED_CASE}) + 1
    for is_first in (True, False):
        assert action.release(receipt, clients) is is_first
        assert tags(shop, kind) == stood
    assert not action.verify(receipt, clients)
    assert action.observe(receipt.order, clients) == receipt.before


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("how", ["untags", "overwrites"])
def test_what_an_attacker_undoes_is_seen_and_put_back(
    shop: Shop, clients: Member, kind: str, how: str
) -> None:
    receipt = observed(order_of(shop, kind), clients)
    action.apply(receipt, clients)
    untag(shop, kind) if how == "untags" else tag(shop, kind, "mine-now")
    assert not action.verify(receipt, clients)
    assert action.release(receipt, clients) is False
    action.apply(receipt, clients)
    assert action.verify(receipt, clients)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("first_out", [0, 1])
def test_two_orders_share_the_quarantine_and_the_last_one_ends_it(
    shop: Shop, clients: Member, kind: str, first_out: int
) -> None:
    receipts = []
    for order in (order_of(shop, kind), another_order_of(shop, kind)):
        receipts.append(observed(order, clients))
        action.apply(receipts[-1], clients)
    assert all(action.verify(one, clients) for one in receipts)
    leaves, stays = receipts[first_out], receipts[1 - first_out]
    assert action.release(leaves, clients)
    assert tags(shop, kind) == {action.KEY: stays.order.order_id}
    assert (action.verify(leaves, clients), action.verify(stays, clients)) == (False, True)
    assert action.release(stays, clients)
    assert tags(shop, kind) == {}


@pytest.mark.parametrize("kind", KINDS)
def test_a_full_tag_is_left_as_it_is(shop: Shop, clients: Member, kind: str) -> None:
    full = " ".join(f"ord-{number:020d}" for number in range(10))
    tag(shop, kind, full)
    receipt = observed(order_of(shop, kind), clients)
    with pytest.raises(Refused, match="no room for another order"):
        action.apply(receipt, clients)
    assert tags(shop, kind) == {action.KEY: full}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("step", ["apply", "release"])
def test_after_a_crash_before_any_call_the_next_try_comes_to_the_same_end(
    shop: Shop, kind: str, step: str
) -> None:
    def make_ready() -> tuple[Receipt, Callable[[Receipt, Member], object]]:
        receipt = observed(order_of(shop, kind), Member())
        if step == "apply":
            return receipt, action.apply
        action.apply(receipt, Member())
        return receipt, action.release

    receipt, run = make_ready()
    whole = Life()
    run(receipt, Member(whole.of))
    end = tags(shop, kind)
    assert whole.calls >= 2
    untag(shop, kind)
    for ends_at in range(whole.calls):
        receipt, run = make_ready()
        with pytest.raises(DiedHereError):
            run(receipt, Member(Life(ends_at).of))
        run(receipt, Member())
        assert tags(shop, kind) == end
        untag(shop, kind)


class Answering:
    """IAM, with one operation that always answers the same."""

    def __init__(self, client: Any, operation: str, answer: Callable[..., Any]) -> None:
        self._client, self._operation, self._answer = client, operation, answer

    def __getattr__(self, name: str) -> Any:
        return self._answer if name == self._operation else getattr(self._client, name)


def _timing_out(**given: Any) -> Any:
    raise ConnectTimeoutError(endpoint_url="https://iam.example.com")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("operation", ["get", "tag", "untag"])
@pytest.mark.parametrize(
    ("answer", "kind_of_error"),
    [
        (refusing("Throttling"), Unavailable),
        (refusing("ServiceFailure"), Unavailable),
        (refusing("ConcurrentModification"), Unavailable),
        (_timing_out, Unavailable),
        (refusing("AccessDenied"), Broken),
        (refusing("InvalidInput"), Broken),
        (refusing("UnmodifiableEntity"), Refused),
    ],
)
def test_each_answer_of_iam_is_sorted_by_who_has_to_act(
    shop: Shop,
    clients: Member,
    kind: str,
    operation: str,
    answer: Callable[..., Any],
    kind_of_error: type[Exception],
) -> None:
    receipt = observed(order_of(shop, kind), clients)
    if operation == "untag":
        action.apply(receipt, clients)
    standing = tags(shop, kind)
    failing = Member(lambda iam: Answering(iam, f"{operation}_{kind}", answer))
    run = action.release if operation == "untag" else action.apply
    with pytest.raises(kind_of_error):
        run(receipt, failing)
    assert tags(shop, kind) == standing


@pytest.mark.parametrize("kind", KINDS)
def test_an_identity_with_fifty_tags_is_left_to_a_person(
    shop: Shop, clients: Member, kind: str
) -> None:
    """The pretend IAM knows no such limit."""
    receipt = observed(order_of(shop, kind), clients)
    full = Member(lambda iam: Answering(iam, f"tag_{kind}", refusing("LimitExceeded")))
    with pytest.raises(Refused, match=r"as many tags as IAM lets it have \(50\)"):
        action.apply(receipt, full)
    assert tags(shop, kind) == {}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("operation", ["tag", "untag"])
def test_what_is_renamed_or_deleted_in_the_middle_is_tried_again(
    shop: Shop, clients: Member, kind: str, operation: str
) -> None:
    receipt = observed(order_of(shop, kind), clients)
    if operation == "untag":
        action.apply(receipt, clients)
    answer = refusing("NoSuchEntity")
    gone = Member(lambda iam: Answering(iam, f"{operation}_{kind}", answer))
    with pytest.raises(Unavailable, match="was renamed or deleted"):
        (action.release if operation == "untag" else action.apply)(receipt, gone)


@pytest.mark.parametrize("kind", KINDS)
def test_what_does_not_exist_any_more_is_refused(shop: Shop, clients: Member, kind: str) -> None:
    receipt = observed(order_of(shop, kind), clients)
    nobody = {"name": "nobody", "access_key_id": "AKIAEXAMPLEEXAMPLE09"}
    principal = acting(receipt.order).model_copy(update=nobody)
    order = order_of(shop, kind).model_copy(update={"principal": principal})
    receipt = receipt.model_copy(update={"order": order})
    for run in (action.apply, action.release):
        with pytest.raises(Refused, match="does not exist any more"):
            run(receipt, clients)
    with pytest.raises(Refused, match="does not exist any more"):
        action.observe(order, clients)
    assert not action.verify(receipt, clients)


@pytest.mark.parametrize("kind", KINDS)
def test_another_identity_of_the_same_name_is_not_tagged(
    shop: Shop, clients: Member, kind: str
) -> None:
    receipt = observed(order_of(shop, kind), clients)
    shop.remake_role() if kind == "role" else shop.remake_user()
    for run in (action.apply, action.verify, action.release):
        with pytest.raises(Refused, match="another identity of the same name"):
            run(receipt, clients)
    assert tags(shop, kind) == {}


def test_a_user_that_was_renamed_is_followed_by_its_key(shop: Shop, clients: Member) -> None:
    receipt = observed(order_of(shop, "user"), clients)
    shop.rename_user("orders-exporter")
    shop.iam.create_user(UserName=USER)
    action.apply(receipt, clients)
    assert tags(shop, "user") == {action.KEY: receipt.order.order_id}
    assert shop.iam.list_user_tags(UserName=USER)["Tags"] == []
    assert action.verify(receipt, clients)
    assert action.release(receipt, clients)
    assert tags(shop, "user") == {}


@pytest.mark.parametrize("kind", [PrincipalKind.ROOT, PrincipalKind.FEDERATED_USER])
def test_what_has_no_tags_is_broken(shop: Shop, clients: Member, kind: PrincipalKind) -> None:
    principal = shop.user.model_copy(update={"kind": kind})
    order = order_of(shop, "user").model_copy(update={"principal": principal})
    with pytest.raises(Broken, match="has no tags"):
        action.observe(order, clients)


@pytest.mark.parametrize("kind", KINDS)
def test_an_order_without_a_name_is_broken(shop: Shop, clients: Member, kind: str) -> None:
    order = order_of(shop, kind)
    principal = acting(order).model_copy(update={"name": None})
    with pytest.raises(Broken, match="names no user or role"):
        action.observe(order.model_copy(update={"principal": principal}), clients)


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_that_was_never_carried_out_is_released(
    shop: Shop, clients: Member, kind: str
) -> None:
    receipt = Receipt(order=order_of(shop, kind), status=ReceiptStatus.LEFT)
    with pytest.raises(Refused, match="never carried out"):
        action.release(receipt, clients)
