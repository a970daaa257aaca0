"""Contained means two clean reads, one wait apart; an undone cut is cut again, and not for ever."""

import json
from contextlib import suppress
from pathlib import Path

import pytest
import yaml
from moto.iam.models import iam_backends

from responder.aws.ledger import Ledger
from responder.domain.errors import Broken, Refused
from responder.domain.ladder import (
    CUT_ROLE_SESSIONS,
    CUT_USER_SESSIONS,
    DEACTIVATE_KEY,
    DENY_ROLE,
    DENY_ROLE_SESSION,
    DENY_USER,
)
from responder.domain.order import Order, ReceiptStatus
from responder.steps.contain import MOST_UNDONE, MOST_WITHOUT_EFFECT
from responder.steps.verify import APART, Verdict
from tests.builders import INCIDENT_ID, NOON, SHOP
from tests.consoles import refusing
from tests.containing import ACTION_IDS, DENY_ALL, USER, World, a_small_member_account, after
from tests.vaults import DiedHereError, Life

MACHINE = Path(__file__).parents[3] / "statemachines/incident-response.asl.yaml"


@pytest.fixture(autouse=True)
def _member_account(monkeypatch: pytest.MonkeyPatch) -> None:
    a_small_member_account(monkeypatch)


@pytest.fixture
def world(ledger: Ledger) -> World:
    return World(ledger)


def cut(world: World, action_id: str = DENY_USER) -> Order:
    order = world.ordered(action_id)
    world.contain(order)
    return order


def attacker_detaches(world: World) -> None:
    world.shop.iam.detach_user_policy(UserName=USER, PolicyArn=DENY_ALL)


def attacker_deletes(world: World, order: Order) -> None:
    name = f"BreachResponder-{order.order_id}"
    world.shop.iam.delete_user_policy(UserName=USER, PolicyName=name)


def test_the_wait_of_the_machine_is_the_one_between_two_reads() -> None:
    [branch] = [
        one
        for one in yaml.safe_load(MACHINE.read_text())["States"]["Respond"]["Branches"]
        if one["StartAt"] == "Plan"
    ]
    inside = branch["States"]["CarryOutOrders"]["ItemProcessor"]["States"]
    assert inside["LetItPropagate"]["Seconds"] == int(APART.total_seconds())


def test_what_is_contained_is_read_again_only_when_somebody_touched_it(world: World) -> None:
    order = cut(world)
    world.verify(order, after(seconds=15))
    world.verify(order, after(seconds=30))
    contained = world.receipt(order)
    assert contained.after is not None
    assert contained.after.state["attached"] is True
    later = after(hours=1)
    assert world.verify(order, later, contained_too=True).verdict is Verdict.CONTAINED
    assert world.receipt(order) == contained
    attacker_detaches(world)
    assert world.verify(order, later).verdict is Verdict.CONTAINED
    assert world.verify(order, later, contained_too=True).verdict is Verdict.CUT_AGAIN
    assert world.receipt(order).status is ReceiptStatus.OBSERVED
    world.contain(order, after(hours=1, seconds=1))
    world.verify(order, after(hours=1, seconds=16))
    world.verify(order, after(hours=1, seconds=31))
    again = world.receipt(order)
    assert again.contained_at == after(hours=1, seconds=31)
    assert again.before == contained.before


@pytest.mark.parametrize("action_id", ACTION_IDS)
def test_two_clean_reads_are_contained_at_the_second(world: World, action_id: str) -> None:
    order = cut(world, action_id)
    first = world.verify(order, after(seconds=15))
    assert (first.verdict, first.clean_reads) == (Verdict.READ_AGAIN, 1)
    assert world.receipt(order).contained_at is None
    second = world.verify(order, after(seconds=30))
    assert (second.verdict, second.contained_at) == (Verdict.CONTAINED, after(seconds=30))
    receipt = world.receipt(order)
    assert receipt.status is ReceiptStatus.CONTAINED
    assert receipt.contained_at == after(seconds=30)
    assert [event.key for event in world.told()] == [
        f"cut:{order.order_id}",
        f"contained:{order.order_id}",
    ]


def test_a_retry_of_a_read_counts_once(world: World) -> None:
    order = cut(world)
    for _ in range(3):
        answer = world.verify(order, after(seconds=15))
        assert (answer.verdict, answer.clean_reads) == (Verdict.READ_AGAIN, 1)


@pytest.mark.parametrize("soon", [0, 5, 14.999])
def test_reads_that_are_too_close_together_count_once(world: World, soon: float) -> None:
    order = cut(world)
    assert world.verify(order, after(seconds=soon)).clean_reads == 0
    world.verify(order, after(seconds=15))
    answer = world.verify(order, after(seconds=15 + soon))
    assert (answer.verdict, answer.clean_reads) == (Verdict.READ_AGAIN, 1)


def test_a_read_after_it_is_contained_changes_nothing(world: World) -> None:
    order = cut(world)
    world.verify(order, after(seconds=15))
    world.verify(order, after(seconds=30))
    receipt, told = world.receipt(order), world.told()
    attacker_detaches(world)
    assert world.verify(order, after(minutes=5)).verdict is Verdict.CONTAINED
    assert (world.receipt(order), world.told()) == (receipt, told)


def test_a_cut_that_was_undone_is_cut_again_and_the_count_starts_over(world: World) -> None:
    order = cut(world)
    world.verify(order, after(seconds=15))
    attacker_detaches(world)
    for _ in range(2):  # and its retry
        answer = world.verify(order, after(seconds=30))
        assert (answer.verdict, answer.clean_reads) == (Verdict.CUT_AGAIN, 0)
    assert world.receipt(order).undone == 1
    world.contain(order, after(seconds=31))
    assert DENY_ALL in world.shop.standing()["attached"]
    assert world.verify(order, after(seconds=46)).verdict is Verdict.READ_AGAIN
    assert world.verify(order, after(seconds=61)).verdict is Verdict.CONTAINED
    assert [event.key for event in world.told()] == [
        f"cut:{order.order_id}",
        f"undone:{order.order_id}:1",
        f"cut:{order.order_id}:1",
        f"contained:{order.order_id}",
    ]


def test_what_stood_before_outlives_an_attackers_undo(world: World) -> None:
    order = cut(world, DEACTIVATE_KEY)
    before = world.receipt(order).before
    world.shop.iam.update_access_key(UserName=USER, AccessKeyId=world.shop.key_id, Status="Active")
    world.verify(order, after(seconds=15))
    world.contain(order, after(seconds=16))
    assert world.receipt(order).before == before


def test_somebody_who_keeps_undoing_it_is_for_a_person(world: World) -> None:
    """And is left to that person cut, not open."""
    order = cut(world)
    untouched, at = {"own"}, 0
    for round_ in range(MOST_UNDONE):
        attacker_detaches(world)
        if round_:
            attacker_deletes(world, order)
        assert set(world.shop.standing()["inline"]) == untouched
        for _ in range(2):  # and its retry
            assert world.verify(order, after(seconds=at + 15)).verdict is Verdict.CUT_AGAIN
        if round_ < MOST_UNDONE - 1:
            world.contain(order, after(seconds=at + 16))
        at += 20
    for _ in range(2):
        with pytest.raises(Refused, match=r"found undone 5 times.*It was made once more"):
            world.contain(order, after(seconds=at))
        assert DENY_ALL in world.shop.standing()["attached"]
        assert f"BreachResponder-{order.order_id}" in world.shop.standing()["inline"]
    receipt = world.receipt(order)
    assert (receipt.undone, receipt.status) == (MOST_UNDONE, ReceiptStatus.APPLIED)


def test_a_deny_that_was_undone_is_made_in_two_ways_at_once(world: World) -> None:
    """So that one call of the attacker's does not undo it again."""
    order = cut(world)
    untouched = world.receipt(order).before
    attacker_detaches(world)
    world.verify(order, after(seconds=15))
    world.contain(order, after(seconds=16))
    attacker_detaches(world)
    assert world.verify(order, after(seconds=31)).verdict is Verdict.READ_AGAIN
    assert world.verify(order, after(seconds=46)).verdict is Verdict.CONTAINED
    assert world.receipt(order).before == untouched
    world.release(order)
    assert set(world.shop.standing()["inline"]) == {"own"}
    assert DENY_ALL not in world.shop.standing()["attached"]


def test_reads_count_from_the_cut_and_not_from_the_look_that_found_it_undone(
    world: World,
) -> None:
    order = cut(world)
    attacker_detaches(world)
    world.verify(order, after(seconds=15))
    world.contain(order, after(seconds=40))
    assert world.verify(order, after(seconds=50)).clean_reads == 0
    assert world.verify(order, after(seconds=55)).clean_reads == 1


def test_a_user_made_anew_is_not_called_contained(world: World) -> None:
    order = cut(world)
    world.shop.remake_user()
    with pytest.raises(Refused, match="another identity of the same name"):
        world.verify(order, after(seconds=15))
    assert world.receipt(order).status is ReceiptStatus.APPLIED


def test_a_user_that_is_gone_is_not_contained(world: World) -> None:
    order = cut(world)
    iam = world.shop.iam
    for key in world.shop.standing()["keys"]:
        iam.delete_access_key(UserName=USER, AccessKeyId=key)
    for arn in world.shop.standing()["attached"]:
        iam.detach_user_policy(UserName=USER, PolicyArn=arn)
    iam.delete_user_policy(UserName=USER, PolicyName="own")
    iam.delete_user(UserName=USER)
    assert world.verify(order, after(seconds=15)).verdict is Verdict.CUT_AGAIN
    with pytest.raises(Refused, match="does not exist any more"):
        world.contain(order, after(seconds=16))


def test_what_a_person_released_or_has_is_not_read(world: World) -> None:
    order = cut(world)
    world.release(order)
    with pytest.raises(Refused, match="was released by"):
        world.verify(order, after(seconds=15))
    key = world.order(DEACTIVATE_KEY)
    world.ledger.add(f"INCIDENT#{INCIDENT_ID}", f"ORDER#{key.order_id}", key)
    world.leave(key)
    with pytest.raises(Refused, match="was left to a person"):
        world.verify(key, after(seconds=15))


def test_an_order_that_was_never_carried_out_is_broken(world: World) -> None:
    with pytest.raises(Broken, match="never carried out"):
        world.verify(world.ordered(), NOON)


@pytest.mark.parametrize("undone", [False, True])
def test_a_death_at_any_call_and_a_retry_give_the_same(world: World, undone: bool) -> None:
    order = cut(world)
    world.verify(order, after(seconds=15))
    if undone:
        attacker_detaches(world)
    filed = world.receipts.filed(INCIDENT_ID, order.order_id)
    assert filed is not None
    start = filed.receipt
    whole = Life()
    expected = world.verify(order, after(seconds=30), life=whole)
    receipt, told = world.receipt(order), world.told()
    assert whole.calls >= 3
    for ends_at in range(whole.calls):
        latest = world.receipts.filed(INCIDENT_ID, order.order_id)
        assert latest is not None
        world.receipts.replace(latest, start)
        with pytest.raises(DiedHereError):
            world.verify(order, after(seconds=30), life=Life(ends_at))
        assert world.verify(order, after(seconds=30)) == expected
        assert (world.receipt(order), world.told()) == (receipt, told)


DENIES = (DENY_USER, CUT_USER_SESSIONS, DENY_ROLE_SESSION, CUT_ROLE_SESSIONS, DENY_ROLE)
NOTHING = json.dumps({"Version": "2012-10-17", "Statement": []})


def loses_its_effect(world: World) -> None:
    """Everything that denies stands where it stood, and denies nothing any more."""
    user = iam_backends[SHOP]["aws"].users[world.shop.name]
    for version in user.managed_policies[DENY_ALL].versions:
        version.document = NOTHING
    for name in user.policies:
        user.policies[name] = NOTHING


@pytest.mark.parametrize("action_id", DENIES)
def test_what_iam_denies_is_contained(world: World, action_id: str) -> None:
    about_a_role = action_id in (DENY_ROLE_SESSION, CUT_ROLE_SESSIONS, DENY_ROLE)
    shop = world.shop
    order = world.ordered(action_id, principal=shop.session if about_a_role else shop.user)
    world.contain(order)
    world.verify(order, after(seconds=15))
    assert world.verify(order, after(seconds=30)).verdict is Verdict.CONTAINED
    assert world.receipt(order).still_allowed == ()


def test_a_deny_that_stands_and_denies_nothing_is_not_contained(world: World) -> None:
    order = cut(world)
    world.verify(order, after(seconds=15))
    loses_its_effect(world)
    assert world.verify(order, after(seconds=30)).verdict is Verdict.CUT_AGAIN
    receipt = world.receipt(order)
    assert (receipt.contained_at, receipt.after, receipt.undone) == (None, None, 1)
    assert receipt.still_allowed == ("iam:CreateAccessKey", "s3:GetObject", "sts:AssumeRole")
    said = world.told()[-1].text
    assert "s3:GetObject" in said
    assert "not contained" in said


def test_one_that_iam_denies_after_all_is_contained_and_says_nothing_else_any_more(
    world: World,
) -> None:
    order = cut(world)
    world.verify(order, after(seconds=15))
    loses_its_effect(world)
    world.verify(order, after(seconds=30))
    world.contain(order, after(seconds=31))  # by an inline deny too, which has its effect
    world.verify(order, after(seconds=46))
    assert world.verify(order, after(seconds=61)).verdict is Verdict.CONTAINED
    assert world.receipt(order).still_allowed == ()


def test_it_is_cut_once_more_and_then_a_person_learns_what_iam_allows(world: World) -> None:
    order = cut(world)
    for round_ in range(MOST_WITHOUT_EFFECT):
        world.verify(order, after(seconds=60 * round_ + 15))
        loses_its_effect(world)
        assert world.verify(order, after(seconds=60 * round_ + 30)).verdict is Verdict.CUT_AGAIN
        if round_ < MOST_WITHOUT_EFFECT - 1:
            world.contain(order, after(seconds=60 * round_ + 31))
    with pytest.raises(Refused, match="IAM does not deny iam:CreateAccessKey") as refused:
        world.contain(order, after(seconds=200))
    assert "service control policy" in str(refused.value)


def test_a_right_that_is_missing_is_named(world: World) -> None:
    order = cut(world)
    world.verify(order, after(seconds=15))
    event = "before-call.iam.SimulatePrincipalPolicy"
    world.member.iam(SHOP).meta.events.register_first(event, refusing("AccessDenied"))
    with pytest.raises(Broken, match="iam:SimulatePrincipalPolicy"):
        world.verify(order, after(seconds=30))
    assert world.receipt(order).contained_at is None


@pytest.mark.parametrize("ends_at", range(12))
def test_a_read_that_dies_while_iam_is_asked_is_read_again(world: World, ends_at: int) -> None:
    order = cut(world)
    world.verify(order, after(seconds=15))
    with suppress(DiedHereError):
        world.verify(order, after(seconds=30), life=Life(ends_at))
    assert world.verify(order, after(seconds=30)).verdict is Verdict.CONTAINED
    assert world.receipt(order).contained_at == after(seconds=30)
