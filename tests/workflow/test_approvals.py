"""A person is asked, and what they say, or do not say, is what happens."""

import json
from datetime import timedelta

import pytest

from responder.domain.approval import ApprovalStatus
from responder.domain.ladder import DEACTIVATE_KEY
from responder.domain.order import ReceiptStatus
from responder_cli.drill import world
from responder_cli.drill.approver import NAME
from responder_cli.drill.events import told_of
from tests.builders import NOON
from tests.workflow.nights import Night, a_night

STOLEN_KEY = "GuardDuty Finding"


def _asking(on_silence: str = "escalate") -> str:
    rule = {"types": ["*"], "then": "approval", "on_silence": on_silence}
    return json.dumps({"rules": [rule | {"answer_within_minutes": 20}]})


def _answers(night: Night) -> set[ApprovalStatus]:
    return {a.status for one in night.watch.incidents() for a in night.watch.approvals.all(one.id)}


def test_what_is_approved_is_cut_and_verified() -> None:
    with a_night(Policy=_asking()) as night:
        night.send(STOLEN_KEY)
        assert night.asks()
        assert night.key_status() == "Active"
        for automation_id in night.asks():
            night.answer(automation_id, "Approve")
        night.ends()
        assert {r.status for r in night.receipts()} == {ReceiptStatus.CONTAINED}
        assert night.key_status() == "Inactive"
        assert _answers(night) == {ApprovalStatus.APPROVED}


def test_orders_that_can_be_decided_together_are_one_question_and_one_yes_cuts_all() -> None:
    with a_night(Policy=_asking()) as night:
        night.send(STOLEN_KEY)
        [incident] = night.watch.incidents()
        orders = night.watch.records.orders(incident.id)
        [automation_id] = night.asks()
        [letter] = [p.message for p in night.cloud.published if "Approval request" in p.subject]
        assert len(orders) > 1
        assert f"{incident.id} asks about {len(orders)} orders AT ONCE" in letter
        for order in orders:
            assert order.order_id in letter
            assert order.resource in letter
        assert "nobody could look" not in letter
        night.answer(automation_id, "Approve")
        night.ends()
        assert [r.status for r in night.receipts()] == [ReceiptStatus.CONTAINED] * len(orders)
        told = [text for text in night.told() if f"Approved {len(orders)} orders" in text]
        assert len(told) == 1


def test_whoever_denies_one_by_one_is_asked_about_each_and_decides_each() -> None:
    with a_night(Policy=_asking()) as night:
        night.send(STOLEN_KEY)
        [incident] = night.watch.incidents()
        orders = night.watch.records.orders(incident.id)
        [automation_id] = night.asks()
        night.answer(automation_id, "Reject", "one by one")
        night.cloud.settle()
        assert len(night.asks()) == len(orders)
        [key] = [one for one in orders if one.action_id == DEACTIVATE_KEY]
        approval = night.watch.approvals.of_order(incident.id, key.order_id)
        assert approval is not None
        for automation_id in night.asks():
            verb = "Approve" if automation_id == approval.automation_id else "Reject"
            night.answer(automation_id, verb)
        night.ends()
        stands = {r.order.order_id: r.status for r in night.receipts()}
        assert stands.pop(key.order_id) is ReceiptStatus.CONTAINED
        assert set(stands.values()) == {ReceiptStatus.LEFT}
        assert (night.key_status(), night.user_policies()) == ("Inactive", [])


def test_what_is_denied_is_left_alone_and_says_who_denied_it_and_why() -> None:
    with a_night(Policy=_asking()) as night:
        night.send(STOLEN_KEY)
        for automation_id in night.asks():
            night.answer(automation_id, "Reject", "the export job is ours")
        night.ends()
        assert {r.status for r in night.receipts()} == {ReceiptStatus.LEFT}
        assert (night.key_status(), night.user_policies()) == ("Active", [])
        assert _answers(night) == {ApprovalStatus.DENIED}
        assert any("alice@example.com" in text and "ours" in text for text in night.told())


def test_silence_cuts_nothing_and_pages_once_more() -> None:
    with a_night(Policy=_asking("escalate")) as night:
        night.send(STOLEN_KEY)
        asked, pages = len(night.asks()), len(night.cloud.published)
        night.ends()
        assert asked > 0
        assert (night.key_status(), night.user_policies()) == ("Active", [])
        assert _answers(night) == {ApprovalStatus.EXPIRED}
        assert len(night.cloud.published) > pages


@pytest.mark.prove
def test_silence_that_means_yes_cuts() -> None:
    with a_night(Policy=_asking("proceed")) as night:
        night.send(STOLEN_KEY)
        assert night.key_status() == "Active"
        night.ends()
        assert {r.status for r in night.receipts()} == {ReceiptStatus.CONTAINED}
        assert night.key_status() == "Inactive"


@pytest.mark.prove
def test_an_answer_that_comes_too_late_cuts_nothing() -> None:
    with a_night(Policy=_asking("leave")) as night:
        night.send(STOLEN_KEY)
        late = night.asks()
        night.cloud.advance(timedelta(minutes=25))
        for automation_id in night.asks():
            night.answer(automation_id, "Approve")
        night.ends()
        assert late
        assert (night.key_status(), night.user_policies()) == ("Active", [])
        assert {r.status for r in night.receipts()} == {ReceiptStatus.LEFT}


@pytest.mark.prove
@pytest.mark.parametrize("signal", ["Approve", "Reject"])
def test_an_approver_whom_the_finding_names_decides_nothing_about_it(signal: str) -> None:
    with a_night(Policy=_asking("escalate")) as night:
        event = next(
            event
            for event in told_of(NOON, night.shop, night.thief.session_key_id)
            if event["detail-type"] == STOLEN_KEY
        )
        event["account"] = event["detail"]["accountId"] = world.HOME
        event["detail"]["arn"] = event["detail"]["arn"].replace(world.SHOP, world.HOME)
        event["detail"]["resource"]["accessKeyDetails"] |= {
            "userType": "AssumedRole",
            "userName": world.ON_CALL.rpartition("/")[2],
            "principalId": f"AROAEXAMPLEEXAMPLE99:{NAME}",
            "accessKeyId": "ASIAEXAMPLEEXAMPLE99",
        }
        night.cloud.deliver(event, account=world.HOME)
        night.cloud.settle()
        [automation_id] = night.asks()
        night.answer(automation_id, signal, "this is only me")
        night.cloud.settle()
        [page] = [p for p in night.cloud.published if "[ANSWER DOES NOT" in p.subject]
        assert "is a principal of this incident" in page.message
        night.ends()
        assert _answers(night) == {ApprovalStatus.EXPIRED}
        assert {r.status for r in night.receipts()} == {ReceiptStatus.LEFT}
        assert any("[NO ANSWER]" in p.subject for p in night.cloud.published)
