"""A wider cut is thought of only when what was contained is seen again, one rung at a time."""

from datetime import timedelta
from typing import Any

import pytest

from responder.domain.finding import Resource
from responder.domain.ladder import (
    CLOSE_ROLE_TRUST,
    CLOSE_SUBNET,
    CLOSE_TASK_SUBNET,
    CUT_METADATA,
    CUT_ROLE_SESSIONS,
    DEACTIVATE_CREDENTIALS,
    DENY_ROLE,
    DENY_ROLE_SESSION,
    DENY_USER,
    LEAVE_TARGETS,
    PROTECT_TASK,
    QUARANTINE_INSTANCE,
    STOP_TASK,
    TAG_QUARANTINED,
    fitting,
)
from responder.domain.order import Order, Receipt, ReceiptStatus
from responder.domain.standing import standings
from responder.domain.widening import wider
from tests.builders import NOON, a_session, a_user, an_order

LATER = NOON + timedelta(hours=1)


def contained(order: Order, **given: Any) -> Receipt:
    plain: dict[str, Any] = {"status": ReceiptStatus.CONTAINED, "contained_at": NOON}
    return Receipt(**({"order": order} | plain | given))


def next_rung(target: Order, *receipts: Receipt, seen_at: Any = LATER, **given: bool) -> str | None:
    stands = standings([receipt.order for receipt in receipts], receipts)
    found = wider(target, seen_at, stands, **given)
    return None if found is None else found.target.action_id


SESSION = an_order(DENY_ROLE_SESSION, principal=a_session())


def test_a_session_that_is_seen_again_leads_from_rung_to_rung() -> None:
    cut = [contained(SESSION)]
    for rung in (CUT_ROLE_SESSIONS, CLOSE_ROLE_TRUST, DENY_ROLE):
        assert next_rung(SESSION, *cut) == rung
        cut.append(contained(an_order(rung, principal=a_session())))
    assert next_rung(SESSION, *cut) is None


def test_the_role_under_another_session_has_come_back_too() -> None:
    other = an_order(DENY_ROLE_SESSION, principal=a_session(session="another"))
    assert next_rung(other, contained(SESSION)) == CUT_ROLE_SESSIONS


def test_a_user_that_is_seen_again_loses_its_other_credentials_next() -> None:
    assert next_rung(an_order(), contained(an_order())) == DEACTIVATE_CREDENTIALS


def test_the_organizations_quarantine_is_the_last_rung_of_a_role_that_serves() -> None:
    rungs = (CUT_ROLE_SESSIONS, CLOSE_ROLE_TRUST, DENY_ROLE)
    cut = [contained(an_order(rung, principal=a_session())) for rung in rungs]
    assert next_rung(SESSION, contained(SESSION), *cut, guarded=True) == TAG_QUARANTINED


def test_an_instance_that_is_seen_again_loses_its_credentials_and_then_its_subnet() -> None:
    instance = Resource(kind="Instance", id="arn:aws:ec2:us-west-2:111122223333:instance/i-0a")

    def about(rung: str) -> Order:
        plain = an_order(rung, resource=instance.id)
        return plain.model_copy(update={"principal": None, "thing": instance})

    cut = [contained(about(QUARANTINE_INSTANCE))]
    for rung in (CUT_METADATA, CLOSE_SUBNET):
        assert next_rung(about(QUARANTINE_INSTANCE), *cut) == rung
        cut.append(contained(about(rung)))
    assert next_rung(about(QUARANTINE_INSTANCE), *cut) is None
    rungs = fitting(instance)
    assert rungs.index(QUARANTINE_INSTANCE) < rungs.index(CLOSE_SUBNET)


def test_a_task_that_is_seen_again_loses_its_subnet_and_is_stopped_last() -> None:
    task = Resource(kind="ECSTask", id="arn:aws:ecs:us-west-2:111122223333:task/shop/0a")

    def about(rung: str) -> Order:
        plain = an_order(rung, resource=task.id)
        return plain.model_copy(update={"principal": None, "thing": task})

    cut = [contained(about(PROTECT_TASK))]
    for rung in (CLOSE_TASK_SUBNET, STOP_TASK):
        assert next_rung(about(LEAVE_TARGETS), *cut) == rung
        cut.append(contained(about(rung)))
    assert next_rung(about(LEAVE_TARGETS), *cut) is None
    assert fitting(task) == (PROTECT_TASK, LEAVE_TARGETS, CLOSE_TASK_SUBNET, STOP_TASK)


@pytest.mark.parametrize(
    ("receipt", "seen_at"),
    [
        ({}, NOON),
        ({"status": ReceiptStatus.APPLIED, "contained_at": None}, LATER),
        ({"status": ReceiptStatus.RELEASED, "released_by": "alex"}, LATER),
        ({"status": ReceiptStatus.LEFT, "contained_at": None}, LATER),
    ],
)
def test_nothing_is_widened_that_was_not_contained_or_not_seen_since(
    receipt: dict[str, Any], seen_at: Any
) -> None:
    assert next_rung(SESSION, contained(SESSION, **receipt), seen_at=seen_at) is None


def test_a_rung_that_waits_or_was_refused_is_waited_for() -> None:
    asked = an_order(CUT_ROLE_SESSIONS, principal=a_session())
    for status in (ReceiptStatus.LEFT, ReceiptStatus.OBSERVED):
        left = contained(asked, status=status, contained_at=None)
        assert next_rung(SESSION, contained(SESSION), left) is None


def test_another_identity_is_not_meant() -> None:
    bob = an_order(DENY_USER, principal=a_user("bob"))
    assert next_rung(bob, contained(an_order())) is None
