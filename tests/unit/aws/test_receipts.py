"""The first state that was seen is the one on record, whoever comes second."""

import pytest

from responder.aws.ledger import Ledger
from responder.aws.receipts import Receipts
from responder.domain.errors import Broken, Unavailable
from responder.domain.order import Before, Receipt, ReceiptStatus
from tests.builders import INCIDENT_ID, NOON, a_session, an_order

ORDER = an_order()
FIRST = Receipt(
    order=ORDER,
    status=ReceiptStatus.OBSERVED,
    before=Before(state={"attached": False, "boundary": None}),
    observed_at=NOON,
)


@pytest.fixture
def receipts(ledger: Ledger) -> Receipts:
    return Receipts(ledger)


def test_nothing_begun_is_no_receipt(receipts: Receipts) -> None:
    assert receipts.get(INCIDENT_ID, ORDER.order_id) is None
    assert receipts.filed(INCIDENT_ID, ORDER.order_id) is None
    assert receipts.all(INCIDENT_ID) == []


def test_the_first_receipt_stands_and_the_second_writer_is_told_of_it(receipts: Receipts) -> None:
    second = FIRST.model_copy(update={"before": Before(state={"attached": True})})
    assert receipts.file(FIRST).receipt == FIRST
    assert receipts.file(second).receipt == FIRST
    assert receipts.get(INCIDENT_ID, ORDER.order_id) == FIRST


def test_what_stood_before_cannot_be_rewritten(receipts: Receipts) -> None:
    filed = receipts.file(FIRST)
    for change in (
        {"before": Before(state={"attached": True})},
        {"before": None},
        {"observed_at": None},
    ):
        with pytest.raises(Broken, match="what stood before"):
            receipts.replace(filed, FIRST.model_copy(update=change))
    assert receipts.all(INCIDENT_ID) == [FIRST]


def test_only_who_saw_the_latest_receipt_may_replace_it(receipts: Receipts) -> None:
    filed = receipts.file(FIRST)
    applied = FIRST.model_copy(update={"status": ReceiptStatus.APPLIED, "applied_at": NOON})
    after = receipts.replace(filed, applied)
    with pytest.raises(Unavailable):
        receipts.replace(filed, FIRST.model_copy(update={"status": ReceiptStatus.LEFT}))
    assert receipts.get(INCIDENT_ID, ORDER.order_id) == applied
    released = applied.model_copy(update={"status": ReceiptStatus.RELEASED, "released_at": NOON})
    assert receipts.replace(after, released).receipt == released


def test_a_receipt_is_of_one_order(receipts: Receipts) -> None:
    other = an_order("iam.cut_role_sessions", principal=a_session())
    filed = receipts.file(FIRST)
    with pytest.raises(Broken, match="not the order"):
        receipts.replace(filed, FIRST.model_copy(update={"order": other}))
    receipts.file(Receipt(order=other, status=ReceiptStatus.LEFT, note="It was denied."))
    assert {one.order.action_id for one in receipts.all(INCIDENT_ID)} == {
        "iam.deny_user",
        "iam.cut_role_sessions",
    }
