"""Which people AWS shows, and whose yes therefore counts beside another's."""

import pytest

from responder.domain.answer import Answer, may_give, objection
from responder.domain.approval import Approval, Yes
from tests.builders import HOME, INCIDENT_ID, NOON, an_order

ROLE = f"arn:aws:iam::{HOME}:role/people/oncall"
SSO = f"arn:aws:iam::{HOME}:role/aws-reserved/sso.amazonaws.com/us-west-2/AWSReservedSSO_Ops_0a"
OTHER_SSO = f"arn:aws:iam::{HOME}:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Sec_0b"
SAML_BOB = f"arn:aws:sts::{HOME}:assumed-role/saml/bob"
APPROVERS = (ROLE, SSO, OTHER_SSO, SAML_BOB, f"arn:aws:iam::{HOME}:user/alice")


def session(role: str, name: str) -> str:
    return f"arn:aws:sts::{HOME}:assumed-role/{role}/{name}"


ALICE = f"arn:aws:iam::{HOME}:user/alice"
ALICE_SSO = session("AWSReservedSSO_Ops_0a", "alice@example.com")
CAROL_SSO = session("AWSReservedSSO_Ops_0a", "carol@example.com")
CAROL_ELSEWHERE = session("AWSReservedSSO_Sec_0b", "Carol@example.com")
SHARED_CAROL, SHARED_DAVE = session("oncall", "carol"), session("oncall", "dave")


def against(
    by: str, *yeses: str, people_needed: int = 2, asked_for_by: tuple[str, ...] = ()
) -> str | None:
    order = an_order()
    approval = Approval(
        approval_id="apr-1",
        incident_id=INCIDENT_ID,
        order_id=order.order_id,
        plan_hash="ab",
        requested_at=NOON,
        expires_at=NOON,
        yeses=tuple(Yes(by=one, at=NOON, automation_id=str(n)) for n, one in enumerate(yeses)),
    )
    return objection(
        Answer(approves=True, by=by, decided_at=NOON),
        approval,
        "ab",
        APPROVERS,
        people_needed=people_needed,
        asked_for_by=asked_for_by,
        orders=(),
        findings=(),
    )


@pytest.mark.parametrize(
    ("first", "second"),
    [(ALICE, CAROL_SSO), (CAROL_SSO, ALICE_SSO), (SAML_BOB, ALICE), (CAROL_SSO, SAML_BOB)],
)
def test_two_people_whom_aws_shows_are_two(first: str, second: str) -> None:
    assert against(first) is None
    assert against(second, first) is None


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (ALICE, ALICE),
        (CAROL_SSO, CAROL_SSO),
        (CAROL_SSO, CAROL_ELSEWHERE),  # by another permission set
        (ALICE, ALICE_SSO),  # as a user, and by Identity Center
    ],
)
def test_one_person_twice_is_one(first: str, second: str) -> None:
    assert "another person is needed" in (against(second, first) or "")


@pytest.mark.parametrize("by", [SHARED_CAROL, SHARED_DAVE, ROLE])
def test_a_session_that_anybody_may_call_so_is_nobody_of_two(by: str) -> None:
    assert "different people are needed" in (against(by) or "")
    assert "different people are needed" in (against(by, CAROL_SSO) or "")
    assert against(by, people_needed=1) is None


@pytest.mark.parametrize("needed", [1, 2])
@pytest.mark.parametrize(
    ("by", "asked"),
    [
        (ALICE, ALICE),
        (ALICE, ALICE_SSO),
        (CAROL_SSO, CAROL_ELSEWHERE),
        (SHARED_CAROL, SHARED_CAROL),
        (SHARED_CAROL, session("oncall", "Carol@example.com")),
        (ALICE, "alice"),  # a direct call says of itself what it likes
    ],
)
def test_whoever_asked_for_it_does_not_approve_it(by: str, asked: str, needed: int) -> None:
    said = against(by, people_needed=needed, asked_for_by=(asked,))
    assert said == f"{by} asked for this cut, and so does not approve it."


def test_another_may_approve_what_somebody_asked_for() -> None:
    assert against(CAROL_SSO, people_needed=1, asked_for_by=(ALICE,)) is None
    assert against(SHARED_DAVE, people_needed=1, asked_for_by=(SHARED_CAROL,)) is None


@pytest.mark.parametrize(
    ("approvers", "may"),
    [
        ((), False),
        ((ROLE,), False),
        ((ROLE, f"arn:aws:iam::{HOME}:role/another"), False),
        ((ALICE,), False),
        ((ALICE, session("saml", "alice")), False),
        ((ALICE, SAML_BOB), True),
        ((SSO,), True),
    ],
)
def test_which_approvers_can_ever_be_two_people(approvers: tuple[str, ...], *, may: bool) -> None:
    assert may_give(approvers, 2) is may
    assert may_give(approvers, 1)
