"""One request for each order, found by its id alone, and a token that nothing shows."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from responder.aws.approvals import Approvals
from responder.aws.ledger import Ledger
from responder.domain.approval import Approval, ApprovalStatus
from responder.domain.errors import Broken, Unavailable
from tests.builders import INCIDENT_ID, NOON, an_order
from tests.vaults import Life

TOKEN = "a-secret-token"


def an_approval(number: int = 1, **given: Any) -> Approval:
    plain: dict[str, Any] = {
        "approval_id": f"apr-{number:032x}",
        "incident_id": INCIDENT_ID,
        "order_id": an_order().order_id,
        "plan_hash": "a" * 64,
        "requested_at": NOON,
        "expires_at": NOON + timedelta(minutes=30),
    }
    return Approval(**(plain | given))


def test_a_request_is_found_by_its_order_and_by_its_id(ledger: Ledger) -> None:
    approvals = Approvals(ledger)
    approval = approvals.create(an_approval(), TOKEN)
    assert approvals.of_order(INCIDENT_ID, approval.order_id) == approval
    assert approvals.find(approval.approval_id) == approval
    assert approvals.all(INCIDENT_ID) == [approval]
    assert approvals.token(approval.approval_id) == TOKEN


def test_what_was_never_asked_is_not_found(ledger: Ledger) -> None:
    approvals = Approvals(ledger)
    approvals.create(an_approval(), TOKEN)
    assert approvals.find(f"apr-{2:032x}") is None
    assert approvals.of_order(INCIDENT_ID, an_order("iam.deactivate_key").order_id) is None
    assert approvals.all("inc-20261123-ffffffffff") == []
    with pytest.raises(Broken):
        approvals.token(f"apr-{2:032x}")


def test_the_first_request_stays_and_the_newest_token_is_kept(ledger: Ledger) -> None:
    approvals = Approvals(ledger)
    first = approvals.create(an_approval(1), TOKEN)
    assert approvals.create(an_approval(2), "a-newer-token") == first
    assert approvals.all(INCIDENT_ID) == [first]
    assert approvals.token(first.approval_id) == "a-newer-token"
    assert approvals.find(f"apr-{2:032x}") is None
    approvals.create(an_approval(3), "a-newer-token")
    assert approvals.token(first.approval_id) == "a-newer-token"


def test_an_answer_that_came_in_while_the_token_was_kept_is_seen(ledger: Ledger) -> None:
    """Whoever writes second sees the other: the token first, or the answer first."""
    approvals = Approvals(ledger)
    first = approvals.create(an_approval(), TOKEN)

    class Racing:
        """Lets a person answer just after the new token was written."""

        def __getattr__(self, name: str) -> Any:
            call = getattr(ledger.client, name)
            if name != "put_item":
                return call

            def put_item(**given: Any) -> Any:
                written = call(**given)
                approvals.replace(first, status=ApprovalStatus.APPROVED)
                return written

            return put_item

    racing = Approvals(replace(ledger, client=Racing()))  # type: ignore[arg-type]
    assert racing.create(an_approval(2), "a-newer-token").status is ApprovalStatus.APPROVED


def test_the_request_holds_no_token(ledger: Ledger) -> None:
    approvals = Approvals(ledger)
    approval = approvals.create(an_approval(), TOKEN)
    assert TOKEN not in approval.model_dump_json()
    held = [
        (row["pk"]["S"], row["sk"]["S"])
        for row in ledger.client.scan(TableName=ledger.table)["Items"]
        if TOKEN in row["body"]["S"]
    ]
    assert held == [(f"APPROVAL#{approval.approval_id}", "TOKEN")]


def test_only_who_saw_the_latest_replaces_it(ledger: Ledger) -> None:
    approvals = Approvals(ledger)
    seen = approvals.create(an_approval(), TOKEN)
    latest = approvals.replace(seen, status=ApprovalStatus.EXPIRED)
    with pytest.raises(Unavailable):
        approvals.replace(seen, status=ApprovalStatus.APPROVED)
    assert approvals.find(seen.approval_id) == latest


def test_a_request_and_its_token_are_written_together_or_not_at_all(ledger: Ledger) -> None:
    life = Life()
    Approvals(replace(ledger, client=life.of(ledger.client))).create(an_approval(), TOKEN)
    assert life.calls == 1
