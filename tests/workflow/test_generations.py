"""A finding that asks for more than is being done runs the response again, and only then."""

import json
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from responder.domain.approval import ApprovalStatus
from responder.domain.order import OrderMode, ReceiptStatus
from responder_cli.drill import world
from responder_cli.drill.events import told_of
from tests.builders import NOON
from tests.workflow.nights import Night, a_night

EXFILTRATION, SEQUENCE = "Exfiltration:S3/AnomalousBehavior", "AttackSequence:"
ASKS_THEN_CUTS = json.dumps(
    {
        "rules": [
            {"types": [f"{SEQUENCE}*"], "then": "automatic"},
            {"types": ["*"], "then": "approval", "answer_within_minutes": 20},
        ]
    }
)


def found(night: Night, kind: str) -> dict[str, Any]:
    """What GuardDuty sends about the theft, of one type."""
    return next(
        event
        for event in told_of(NOON, night.shop, night.thief.session_key_id)
        if event["source"] == "aws.guardduty" and event["detail"]["type"].startswith(kind)
    )


def comes(night: Night, event: dict[str, Any]) -> None:
    night.cloud.deliver(event, account=world.HOME)
    night.cloud.settle()


def are_asked(night: Night) -> tuple[list[str], int]:
    """The questions that people are asked, and how many orders they are about."""
    night.watch.until(lambda: bool(night.asks()), at_most=timedelta(minutes=1))
    [incident] = night.watch.incidents()
    answers = night.watch.approvals.all(incident.id)
    return night.asks(), sum(one.status is ApprovalStatus.WAITING for one in answers)


def _generation(night: Night) -> int:
    [incident] = night.watch.incidents()
    return incident.generation


def test_a_worse_finding_cuts_while_the_question_of_the_first_still_waits() -> None:
    with a_night(Policy=ASKS_THEN_CUTS) as night:
        comes(night, found(night, EXFILTRATION))
        questions, asked = are_asked(night)
        assert night.key_status() == "Active"
        for _ in range(2):  # delivered twice, as EventBridge may
            comes(night, found(night, SEQUENCE))
        assert _generation(night) == 2
        night.watch.until(lambda: night.key_status() == "Inactive", at_most=timedelta(minutes=2))
        assert night.asks() == questions  # nobody had to answer
        night.ends()
        receipts = night.receipts()
        replaced = [r for r in receipts if r.replaced_by]
        assert Counter(r.status for r in replaced) == {ReceiptStatus.LEFT: asked}
        cut = [r for r in receipts if not r.replaced_by]
        assert {r.status for r in cut} == {ReceiptStatus.CONTAINED}
        assert {r.replaced_by for r in replaced} <= {r.order.order_id for r in cut}
        # The questions ended without a page: what they asked about is done.
        [incident] = night.watch.incidents()
        answers = night.watch.approvals.all(incident.id)
        assert {answer.status for answer in answers} == {ApprovalStatus.EXPIRED}
        assert not [p.subject for p in night.cloud.published if "NO ANSWER" in p.subject]
        assert not [p.subject for p in night.cloud.published if "LEFT TO" in p.subject]


@pytest.mark.prove
def test_after_a_release_a_new_finding_asks_and_its_update_does_not() -> None:
    with a_night(Policy=ASKS_THEN_CUTS) as night:
        sequence = found(night, SEQUENCE)
        comes(night, sequence)
        night.ends()
        assert {r.status for r in night.receipts()} == {ReceiptStatus.CONTAINED}
        for receipt in night.receipts():
            _release(night, receipt.order.incident_id, receipt.order.order_id)
        assert night.key_status() == "Active"
        released = len(night.receipts())
        sequence["detail"]["updatedAt"] = (NOON + timedelta(hours=4)).isoformat()
        comes(night, sequence)
        assert (_generation(night), night.asks()) == (1, [])

        later = found(night, SEQUENCE)
        last = later["detail"]["id"]
        later = json.loads(json.dumps(later).replace(last, "f" * len(last)))
        comes(night, later)
        assert _generation(night) == 2
        assert are_asked(night)[1] == released
        night.ends()
        assert night.key_status() == "Active"  # silence is no yes
        asked = [r for r in night.receipts() if r.status is ReceiptStatus.LEFT]
        assert {r.order.mode for r in asked} == {OrderMode.APPROVAL}


def _release(night: Night, incident_id: str, order_id: str) -> None:
    request = {
        "incident_id": incident_id,
        "order_id": order_id,
        "by": "alice@example.com",
        "reason": "the job is ours",
        "key_was_never_out": True,
    }
    answer = night.cloud.client("lambda", account=world.HOME).invoke(
        FunctionName=night.stacks.responder.resources["ReleaseFunction"],
        Payload=json.dumps(request),
    )
    assert "FunctionError" not in answer, answer["Payload"].read()
