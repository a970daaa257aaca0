"""What is cut stays cut, and what may not be cut is left to a person."""

import json
from datetime import timedelta

import pytest

from responder.domain.clock import ClockState
from responder.domain.order import ReceiptStatus
from responder_cli.drill import world
from tests.workflow.nights import a_night

STOLEN_KEY = "GuardDuty Finding"
CUT_ALL = json.dumps({"rules": [{"types": ["*"], "then": "automatic"}]})


@pytest.mark.prove
def test_a_cut_that_the_thief_undoes_is_made_again() -> None:
    with a_night(Policy=CUT_ALL) as night:
        night.send(STOLEN_KEY)
        iam = night.cloud.client("iam", account=world.SHOP)
        night.watch.until(lambda: night.key_status() == "Inactive", at_most=timedelta(minutes=1))
        iam.update_access_key(UserName=world.USER, AccessKeyId=night.shop.key_id, Status="Active")
        night.ends()
        assert night.key_status() == "Inactive"
        assert {r.status for r in night.receipts()} == {ReceiptStatus.CONTAINED}


@pytest.mark.prove
def test_the_kill_switch_stops_the_next_cut_and_people_are_paged() -> None:
    with a_night(Policy=CUT_ALL) as night:
        night.cloud.client("ssm", account=world.HOME).put_parameter(
            Name="/breach-responder/stop", Value="stop", Overwrite=True
        )
        night.send(STOLEN_KEY)
        night.ends()
        assert (night.key_status(), night.user_policies()) == ("Active", [])
        assert {r.status for r in night.receipts()} == {ReceiptStatus.LEFT}
        assert all("kill switch" in (r.note or "") for r in night.receipts())
        night.cloud.deliver(
            {
                "source": "aws.ssm",
                "detail-type": "Parameter Store Change",
                "detail": {"operation": "Update", "name": "/breach-responder/stop"},
            },
            account=world.HOME,
        )
        night.cloud.settle()
        told = night.cloud.published[-1]
        assert "PagerTopic" in told.topic_arn
        assert "Update of /breach-responder/stop at 2026-11-23" in told.message


def test_monitor_mode_cuts_nothing_and_keeps_evidence_and_clocks() -> None:
    with a_night(Mode="monitor", Policy=CUT_ALL) as night:
        night.send()
        night.ends()
        [incident] = night.watch.incidents()
        orders = night.watch.records.orders(incident.id)
        assert orders
        assert all(order.held for order in orders)
        assert (night.receipts(), night.asks()) == ([], [])
        assert (night.key_status(), night.user_policies()) == ("Active", [])
        assert night.watch.evidence.items(incident.id)
        states = {clock.state for clock in night.watch.clocks.all(incident.id)}
        assert ClockState.RUNNING in states


@pytest.mark.prove
def test_a_protected_user_is_left_to_a_person_with_the_next_step() -> None:
    protected = json.dumps([f"arn:aws:iam::{world.SHOP}:user/{world.USER}"])
    with a_night(Policy=CUT_ALL, ProtectedPrincipals=protected) as night:
        night.send(STOLEN_KEY)
        night.ends()
        [incident] = night.watch.incidents()
        assert (night.key_status(), night.user_policies()) == ("Active", [])
        refusals = night.watch.records.refusals(incident.id)
        assert any(world.USER in refusal.resource for refusal in refusals)
        assert all(refusal.next_step for refusal in refusals)


@pytest.mark.prove
def test_people_are_paged_once_for_each_order_that_is_left_to_them() -> None:
    with a_night(Policy=CUT_ALL) as night:
        iam = night.cloud.client("iam", account=world.SHOP)
        iam.delete_access_key(UserName=world.USER, AccessKeyId=night.shop.key_id)
        for name in iam.list_user_policies(UserName=world.USER)["PolicyNames"]:
            iam.delete_user_policy(UserName=world.USER, PolicyName=name)
        iam.delete_user(UserName=world.USER)
        night.send(STOLEN_KEY)
        night.ends()
        left = [r for r in night.receipts() if r.status is ReceiptStatus.LEFT]
        assert [r.order.action_id for r in left] == ["iam.deny_user"]
        pages = [p for p in night.cloud.published if "LEFT TO A PERSON" in (p.subject or "")]
        assert len(pages) == 1
        assert "does not exist any more" in pages[0].message


@pytest.mark.prove
def test_evidence_that_cannot_be_kept_delays_no_cut_and_stops_no_clock() -> None:
    with a_night(Policy=CUT_ALL, EvidenceBucket="a-bucket-that-is-not-there") as night:
        night.send(STOLEN_KEY)
        night.ends()
        [incident] = night.watch.incidents()
        assert {r.status for r in night.receipts()} == {ReceiptStatus.CONTAINED}
        assert night.watch.evidence.items(incident.id) == []
        assert any(c.state is ClockState.RUNNING for c in night.watch.clocks.all(incident.id))
        # Without its vault nothing can keep the report: the alarm ResponseFailed pages for this.
        assert [name for name in night.watch.failed() if incident.id in name]


def test_a_released_order_puts_back_what_stood_and_stays_released() -> None:
    with a_night(Policy=CUT_ALL) as night:
        night.send(STOLEN_KEY)
        night.ends()
        invoke = night.cloud.client("lambda", account=world.HOME).invoke
        for receipt in night.receipts():
            request = {
                "incident_id": receipt.order.incident_id,
                "order_id": receipt.order.order_id,
                "by": "alice@example.com",
                "reason": "the job is ours",
                "key_was_never_out": True,
            }
            answer = invoke(
                FunctionName=night.stacks.responder.resources["ReleaseFunction"],
                Payload=json.dumps(request),
            )
            assert "FunctionError" not in answer, answer["Payload"].read()
        assert {r.status for r in night.receipts()} == {ReceiptStatus.RELEASED}
        iam = night.cloud.client("iam", account=world.SHOP)
        assert night.key_status() == "Active"
        assert night.user_policies() == []
        assert sorted(iam.list_user_policies(UserName=world.USER)["PolicyNames"]) == [
            "act-as-web-tier",
            "read-exports",
        ]
        assert iam.list_role_policies(RoleName=world.ROLE)["PolicyNames"] == ["read-exports"]
