"""An answer counts when AWS says that an approver gave it, in time, about this very plan."""

from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from functions.approve import app
from responder.aws.approvals import Approvals
from responder.aws.incidents import Incidents
from responder.aws.ledger import Ledger
from responder.domain.approval import ApprovalStatus
from responder.domain.errors import Refused, Unavailable
from responder.domain.principal import Principal, PrincipalKind
from responder.steps.verdict import Verdict
from tests.asking import (
    ALICE,
    COUNSEL,
    LATER,
    ONCALL,
    SOON,
    Asking,
    Executions,
    an_asked_order,
    emptied,
)
from tests.builders import HOME, INCIDENT_ID, SHOP, a_finding, a_session, a_user, an_order
from tests.vaults import DiedHereError, Life

MALLORY = f"arn:aws:iam::{HOME}:user/mallory"
STRONGER = "ord-" + "5" * 20
OTHER = "99999999-2222-3333-4444-000000000000"


def _person(arn: str | None, session: str | None) -> Principal:
    """A person of Identity Center; one without an ARN is told by name alone."""
    return Principal(
        kind=PrincipalKind.IDENTITY_CENTER,
        account=SHOP,
        arn=arn,
        name="carol" if arn is None else arn.split("/")[1],
        session_name=session,
    )


PARTIES = [
    pytest.param(
        a_user("counsel").model_copy(update={"account": HOME, "arn": COUNSEL}), COUNSEL, id="user"
    ),
    pytest.param(
        a_session("oncall", "alice").model_copy(
            update={"account": HOME, "arn": f"arn:aws:iam::{HOME}:role/oncall"}
        ),
        f"arn:aws:sts::{HOME}:assumed-role/oncall/bob",
        id="another-session-of-the-role",
    ),
    pytest.param(
        _person(f"arn:aws:sts::{SHOP}:assumed-role/AWSReservedSSO_Dev_01/carol", "carol"),
        f"arn:aws:sts::{HOME}:assumed-role/AWSReservedSSO_Sec_02/carol",
        id="a-person-by-another-permission-set",
    ),
    pytest.param(
        _person(None, None),
        f"arn:aws:sts::{HOME}:assumed-role/AWSReservedSSO_Sec_02/carol",
        id="a-person-by-name-alone",
    ),
]


@pytest.fixture
def asking(ledger: Ledger) -> Asking:
    asking = Asking(ledger)
    asking.ask()
    return asking


def test_a_yes_is_recorded_with_its_person_and_lets_the_execution_go_on(asking: Asking) -> None:
    asking.console.decide()
    answer = asking.approve()
    approval = asking.approval
    assert (answer.status, answer.verdict) == (ApprovalStatus.APPROVED, Verdict.COUNTS)
    assert approval.status is ApprovalStatus.APPROVED
    assert approval.decided_by == ALICE
    assert approval.decided_at == SOON
    assert approval.comment == "I know this role."
    [(operation, given)] = asking.executions.told
    assert operation == "SendTaskSuccess"
    assert given == {"taskToken": "token-1", "output": '{"approved": true}'}
    event = asking.happened()["answered"]
    assert event.by == ALICE
    assert event.text == "Approved the order: I know this role."


def test_a_no_is_recorded_and_leaves_the_order_to_a_person(asking: Asking) -> None:
    asking.console.decide("Reject", comment="Black Friday.\nNot now, \u202eask me first.")
    asking.approve()
    assert asking.approval.status is ApprovalStatus.DENIED
    assert asking.approval.decided_by == ALICE
    [(operation, given)] = asking.executions.told
    assert (operation, given["error"]) == ("SendTaskFailure", "Refused")
    assert given["cause"] == f"Denied by {ALICE}: Black Friday. Not now, ask me first."


def test_a_no_counts_also_where_aws_does_not_say_whose_it_is(asking: Asking) -> None:
    asking.console.decide("Reject")
    asking.console.steps[asking.automation_id] |= {"StepStatus": "Rejected", "Outputs": {}}
    asking.approve()
    assert asking.approval.status is ApprovalStatus.DENIED
    assert [operation for operation, _ in asking.executions.told] == ["SendTaskFailure"]


def test_twice_is_once(asking: Asking) -> None:
    asking.console.decide()
    first = asking.approve()
    recorded = asking.approval
    assert asking.approve() == first
    assert asking.approval == recorded
    assert len(asking.executions.told) == 1
    assert set(asking.happened()) == {"asked", "answered"}


def test_a_run_that_dies_at_any_call_is_completed_by_the_next(ledger: Ledger) -> None:
    whole = Life()
    first = Asking(ledger)
    first.ask()
    first.console.decide()
    first.approve(whole)
    assert whole.calls >= 8
    for ends_at in range(whole.calls):
        asking = Asking(emptied(ledger))
        asking.ask()
        asking.console.decide()
        with pytest.raises(DiedHereError):
            asking.approve(Life(ends_at))
        told = bool(asking.executions.told)
        assert asking.approve().status is ApprovalStatus.APPROVED
        assert [operation for operation, _ in asking.executions.told] == ["SendTaskSuccess"]
        # One that handed it in and died before it said so cannot be told from a wait that ended.
        assert set(asking.happened()) - {"asked", "answered"} == ({"unheard"} if told else set())
        assert len(asking.topic.messages) == told


def test_while_nobody_has_decided_nothing_happens(asking: Asking) -> None:
    before = asking.approval
    answer = asking.approve()
    assert (answer.status, answer.verdict) == (ApprovalStatus.WAITING, None)
    assert asking.approval == before
    assert asking.executions.told == []
    assert set(asking.happened()) == {"asked"}


def test_a_step_that_ran_out_is_no_answer(asking: Asking) -> None:
    asking.console.steps[asking.automation_id] |= {
        "StepStatus": "TimedOut",
        "ExecutionEndTime": LATER,
        "Outputs": {"ApprovalStatus": ["Waiting"]},
    }
    assert asking.approve().status is ApprovalStatus.WAITING
    assert asking.executions.told == []


@pytest.mark.parametrize(
    "step",
    [
        {"StepStatus": "Failed", "FailureMessage": "SNS refused"},
        {"StepStatus": "Success"},
        {"StepStatus": "Success", "Outputs": {"ApproverDecisions": ["{"]}},
        {"StepStatus": "Success", "Outputs": {"ApproverDecisions": ['"yes"']}},
        {"StepStatus": "Success", "Outputs": {"ApproverDecisions": ['{"Decision": "Maybe"}']}},
        {"StepStatus": "Failed", "Outputs": {"ApproverDecisions": ['{"Decision": "Approve"}']}},
    ],
)
def test_an_end_without_a_decision_that_can_be_read_is_never_a_yes(
    asking: Asking, step: dict[str, object]
) -> None:
    asking.console.steps[asking.automation_id] |= {"ExecutionEndTime": SOON} | step
    died = asking.automation_id
    assert asking.approve().status is ApprovalStatus.WAITING
    assert asking.executions.told == []
    assert asking.approval.ended == (died,)
    assert asking.approval.automation_id == asking.automation_id != died
    [page] = asking.topic.messages
    assert page["Subject"].startswith("[QUESTION DIED] ")


def test_an_id_nobody_gave_out_changes_nothing(asking: Asking) -> None:
    asking.console.decide()
    before = asking.approval
    with pytest.raises(Refused, match="no such request"):
        asking.approve(approval_id="apr-" + "0" * 32)
    with pytest.raises(Refused, match="asked about elsewhere"):
        asking.approve(automation_id=OTHER)
    assert asking.approval == before
    assert asking.executions.told == []


def test_an_automation_of_another_document_is_not_believed(asking: Asking) -> None:
    asking.console.decide()
    asking.console.document = "my-own-approval"
    with pytest.raises(Refused, match="another document"):
        asking.approve()
    assert asking.approval.status is ApprovalStatus.WAITING
    assert asking.executions.told == []


def test_a_request_without_its_automation_yet_is_tried_again(asking: Asking) -> None:
    automation_id = asking.automation_id
    Approvals(asking.ledger).replace(asking.approval, automation_id=None)
    with pytest.raises(Unavailable):
        asking.approve(automation_id=automation_id)


@pytest.mark.parametrize(
    "by",
    [
        f"arn:aws:sts::{HOME}:assumed-role/oncall/alice",  # the role is listed with its path
        f"arn:aws:sts::{HOME}:assumed-role/oncall/bob",
        ONCALL,
        COUNSEL,
    ],
)
def test_an_approver_may_be_a_user_a_role_or_a_session_of_it(asking: Asking, by: str) -> None:
    asking.console.decide(by=by)
    asking.approve()
    assert asking.approval.status is ApprovalStatus.APPROVED
    assert asking.approval.decided_by == by


@pytest.mark.parametrize(
    "by",
    [
        f"arn:aws:iam::{HOME}:user/mallory",
        f"arn:aws:iam::{SHOP}:user/counsel",
        f"arn:aws:iam::{HOME}:role/counsel",
        f"arn:aws:iam::{HOME}:user/oncall",
        f"arn:aws:sts::{HOME}:assumed-role/oncall-other/alice",
        f"arn:aws:sts::{SHOP}:assumed-role/oncall/alice",
        f"arn:aws-cn:sts::{HOME}:assumed-role/oncall/alice",
        f"arn:aws:sts::{HOME}:federated-user/counsel",
        f"arn:aws:iam::{HOME}:root",
        "counsel",
        "",
    ],
)
def test_nobody_else_is_an_approver(asking: Asking, by: str) -> None:
    asking.console.decide(by=by)
    asking.approve()
    _does_not_count(asking)


def test_a_listed_session_is_that_session_alone(asking: Asking) -> None:
    asking.approvers = (f"arn:aws:sts::{HOME}:assumed-role/oncall/bob",)
    asking.console.decide(by=ALICE)
    asking.approve()
    _does_not_count(asking)


def test_without_approvers_nobody_is_one(asking: Asking) -> None:
    asking.approvers = ()
    asking.console.decide()
    asking.approve()
    _does_not_count(asking)


def test_no_session_of_the_role_that_is_cut_approves_for_itself(ledger: Ledger) -> None:
    asking = Asking(ledger)
    asking.approvers = (f"arn:aws:iam::{SHOP}:role/service/web-tier-role",)
    asking.ask()
    asking.console.decide(by=f"arn:aws:sts::{SHOP}:assumed-role/web-tier-role/somebody-else")
    asking.approve()
    _does_not_count(asking)
    assert "is a principal of this incident" in asking.happened()["answered-void"].text


def test_no_user_approves_its_own_containment_whatever_its_path(ledger: Ledger) -> None:
    order = an_asked_order("iam.deny_user", principal=a_user("counsel"))
    asking = Asking(ledger, order)
    asking.approvers = (f"arn:aws:iam::{SHOP}:user/legal/counsel",)
    asking.ask()
    asking.console.decide(by=f"arn:aws:iam::{SHOP}:user/legal/counsel")
    asking.approve()
    _does_not_count(asking)


@pytest.mark.parametrize("verb", ["Approve", "Reject"])
@pytest.mark.parametrize(("party", "by"), PARTIES)
def test_no_principal_of_the_incident_decides_about_any_order_of_it(
    ledger: Ledger, party: Principal, by: str, verb: str
) -> None:
    """The order is about another principal; a finding of the same incident names this one."""
    asking = Asking(ledger, finding=a_finding(principals=(a_session(), party)))
    asking.approvers = (*asking.approvers, f"arn:aws:iam::{HOME}:role/AWSReservedSSO_Sec_02")
    asking.ask()
    asking.console.decide(verb, by=by)
    asking.approve()
    _does_not_count(asking)
    assert asking.happened()["answered-void"].by == by


def test_a_no_of_the_one_who_would_be_contained_is_no_veto(ledger: Ledger) -> None:
    order = an_asked_order(
        "iam.deny_user",
        principal=a_user("counsel").model_copy(update={"account": HOME, "arn": COUNSEL}),
    )
    asking = Asking(ledger, order)
    asking.ask()
    asking.console.decide("Reject", by=COUNSEL)
    asking.approve()
    _does_not_count(asking)


def test_whom_an_order_names_decides_nothing_whatever_the_order_cuts(ledger: Ledger) -> None:
    """The findings may have been told anew without this principal since."""
    itself = a_user("counsel").model_copy(update={"account": HOME, "arn": COUNSEL})
    order = an_asked_order(principal=itself, resource=f"arn:aws:iam::{SHOP}:role/web-tier-role")
    asking = Asking(ledger, order)
    asking.ask()
    asking.console.decide("Reject", by=COUNSEL)
    asking.approve()
    _does_not_count(asking)


def test_a_person_is_not_held_for_whoever_shares_the_permission_set(ledger: Ledger) -> None:
    role = f"arn:aws:sts::{HOME}:assumed-role/AWSReservedSSO_Sec_02"
    asking = Asking(ledger, finding=a_finding(principals=(_person(f"{role}/carol", "carol"),)))
    asking.approvers = (f"arn:aws:iam::{HOME}:role/AWSReservedSSO_Sec_02",)
    asking.ask()
    asking.console.decide(by=f"{role}/dave")
    assert asking.approve().verdict is Verdict.COUNTS
    assert asking.approval.status is ApprovalStatus.APPROVED


def test_where_only_the_permission_set_is_told_nobody_of_it_decides(ledger: Ledger) -> None:
    path = "role/aws-reserved/sso.amazonaws.com/us-west-2/AWSReservedSSO_Sec_02"
    party = _person(f"arn:aws:iam::{HOME}:{path}", None)
    asking = Asking(ledger, finding=a_finding(principals=(party,)))
    asking.approvers = (f"arn:aws:iam::{HOME}:{path}",)
    asking.ask()
    asking.console.decide(by=f"arn:aws:sts::{HOME}:assumed-role/AWSReservedSSO_Sec_02/dave")
    asking.approve()
    _does_not_count(asking)


@pytest.mark.prove
def test_an_answer_that_does_not_count_is_paged_wherever_a_run_dies(ledger: Ledger) -> None:
    whole, pages = Life(), set()
    first = Asking(ledger)
    first.ask()
    first.console.decide(by=MALLORY)
    first.approve(whole)
    for ends_at in range(whole.calls):
        asking = Asking(emptied(ledger))
        asking.ask()
        asking.console.decide(by=MALLORY)
        spent = asking.automation_id
        with pytest.raises(DiedHereError):
            asking.approve(Life(ends_at))
        assert asking.approve(automation_id=spent).verdict in (Verdict.VOID, None)
        assert asking.approval.ended == (spent,)
        assert list(asking.console.started) == [spent, asking.approval.automation_id]
        pages.add(len(asking.topic.messages))
    assert pages == {1, 2}  # two only where it died between the page and its receipt


def test_a_yes_to_another_plan_is_no_yes_to_this_one(asking: Asking) -> None:
    _change_the_plan(asking)
    asking.console.decide()
    asking.approve()
    _does_not_count(asking, asked_again=False)
    assert "The plan is not the one" in asking.happened()["answered-void"].text


def test_a_yes_after_its_time_is_recorded_and_cuts_nothing(asking: Asking) -> None:
    asking.console.decide(at=LATER + timedelta(seconds=1))
    answer = asking.approve()
    assert (answer.status, answer.verdict) == (ApprovalStatus.WAITING, Verdict.LATE)
    assert asking.executions.told == []
    assert "too late" in asking.happened()["answered-late"].text
    assert asking.expire().proceed is False


def test_a_yes_at_the_last_instant_counts(asking: Asking) -> None:
    asking.console.decide(at=LATER)
    assert asking.approve().status is ApprovalStatus.APPROVED


def test_a_no_counts_after_its_time_while_nothing_else_was_recorded(asking: Asking) -> None:
    asking.console.decide("Reject", at=LATER + timedelta(seconds=1))
    assert asking.approve().status is ApprovalStatus.DENIED


@pytest.mark.parametrize("verb", ["Approve", "Reject"])
def test_an_answer_to_an_expired_request_changes_nothing(asking: Asking, verb: str) -> None:
    Approvals(asking.ledger).replace(asking.approval, status=ApprovalStatus.EXPIRED)
    asking.console.decide(verb)
    answer = asking.approve()
    assert (answer.status, answer.verdict) == (ApprovalStatus.EXPIRED, Verdict.LATE)
    assert asking.executions.told == []
    text = asking.happened()["answered-late"].text
    assert ("release it" in text) is (verb == "Reject")


def test_a_yes_after_the_order_was_left_claims_nothing_and_pages(asking: Asking) -> None:
    asking.leave("Broken: the document is gone.")
    asking.time_out()
    asking.console.decide()
    for _ in range(2):
        answer = asking.approve()
        assert (answer.status, answer.verdict) == (ApprovalStatus.EXPIRED, Verdict.LATE)
    assert asking.approval.decided_by is None
    assert set(asking.happened()) == {"asked", "answered-late"}
    assert asking.happened()["answered-late"].text == (
        "Approved the order too late. A person has it already: Broken: the document is gone. "
        "Nothing was done because of the answer."
    )
    [page] = asking.topic.messages
    assert page["Subject"].startswith("[APPROVED TOO LATE] ")
    assert ALICE in page["Message"]
    assert "cut it by hand" in page["Message"]


def test_a_yes_that_the_order_was_left_before_it_was_handed_in_pages(asking: Asking) -> None:
    asking.executions = Closing(asking)
    asking.console.decide()
    assert asking.approve().status is ApprovalStatus.APPROVED
    assert "The yes reached nobody." in asking.happened()["unheard"].text
    assert [page["Subject"][:19] for page in asking.topic.messages] == ["[APPROVED TOO LATE]"]


def test_a_yes_for_which_no_execution_waits_pages(asking: Asking) -> None:
    asking.time_out()  # before its time: the execution was stopped
    asking.console.decide()
    asking.approve()
    assert "nothing was begun so far" in asking.happened()["unheard"].text
    [page] = asking.topic.messages
    assert "If it is not cut in a few minutes, nothing will cut it." in page["Message"]


def test_a_yes_that_was_handed_in_is_not_paged_about_again(asking: Asking) -> None:
    asking.console.decide()
    asking.approve()
    assert asking.approval.handed_in_at == SOON
    asking.leave("Refused: it is on the protect list.")
    assert asking.approve().verdict is Verdict.COUNTS
    assert asking.topic.messages == []
    assert set(asking.happened()) == {"asked", "answered"}


@pytest.mark.parametrize("by", [ALICE, f"arn:aws:sts::{SHOP}:assumed-role/web-tier-role/thief"])
@pytest.mark.parametrize("verb", ["Approve", "Reject"])
def test_an_answer_about_a_replaced_order_is_quietly_too_late(
    asking: Asking, verb: str, by: str
) -> None:
    asking.leave("A stronger order took its place.", replaced_by=STRONGER)
    asking.console.decide(verb, by=by)
    answer = asking.approve()
    assert (answer.status, answer.verdict) == (ApprovalStatus.EXPIRED, Verdict.LATE)
    assert STRONGER in asking.happened()["answered-late"].text
    assert asking.topic.messages == []


def test_an_execution_that_waits_no_more_finds_the_answer_on_record(asking: Asking) -> None:
    asking.console.decide()
    asking.time_out()
    assert asking.approve(now=LATER).status is ApprovalStatus.APPROVED
    assert asking.executions.told == []
    assert asking.topic.messages == []
    assert asking.expire().proceed is True


def test_an_answer_while_the_request_changes_hands_is_tried_again(asking: Asking) -> None:
    seen = asking.approval
    Approvals(asking.ledger).replace(seen, status=ApprovalStatus.EXPIRED)
    with pytest.raises(Unavailable):
        Approvals(asking.ledger).replace(seen, status=ApprovalStatus.APPROVED)


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"approval_id": "apr-1", "automation_id": OTHER},
        {"approval_id": "apr-" + "0" * 32, "automation_id": "*"},
        {"approval_id": "apr-" + "0" * 32 + "\n", "automation_id": OTHER},
    ],
)
def test_the_handler_refuses_ids_that_are_none(event: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        app.handler(event, _Context())  # type: ignore[arg-type]


class Closing(Executions):
    """The order is left after the answer was recorded, and before it is handed in."""

    def __init__(self, asking: Asking) -> None:
        super().__init__()
        self.asking = asking

    def send_task_success(self, **given: Any) -> dict[str, Any]:
        self.asking.leave("Refused: it is on the protect list.")
        self.open.clear()
        return super().send_task_success(**given)


class _Context:
    function_name = memory_limit_in_mb = invoked_function_arn = aws_request_id = "test"


def _does_not_count(asking: Asking, *, asked_again: bool = True) -> None:
    """It is on the timeline and paged, and the order waits as if nobody had answered.

    People are asked once more, unless it is of no use.
    """
    assert asking.approve().verdict is (None if asked_again else Verdict.VOID)
    assert len(asking.console.started) == 1 + asked_again
    approval = asking.approval
    assert (approval.status, approval.decided_by) == (ApprovalStatus.WAITING, None)
    assert asking.executions.told == []
    assert "does not count" in asking.happened()["answered-void"].text
    [page] = asking.topic.messages
    assert page["Subject"].startswith("[ANSWER DOES NOT COUNT] ")
    for part in (INCIDENT_ID, asking.order.order_id, "does not count", "people are paged."):
        assert part in page["Message"]
    silent = asking.expire()
    assert (silent.proceed, silent.status) == (False, ApprovalStatus.EXPIRED)
    assert "No answer that counts came" in asking.happened()["expired"].text


def _change_the_plan(asking: Asking) -> None:
    item = asking.ledger.get(f"INCIDENT#{INCIDENT_ID}", "PLAN#1")
    assert item is not None
    other = asking.plan.model_copy(
        update={"orders": (asking.order, an_order(principal=a_user("another")))}
    )
    asking.ledger.replace(item, other)
    saved = Incidents(asking.ledger).plan_of(INCIDENT_ID, asking.order.order_id)
    assert saved.hash != asking.approval.plan_hash
