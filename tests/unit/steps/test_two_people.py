"""What the policy lists is carried out when two different people said yes, and not before."""

from datetime import timedelta
from typing import Any

import pytest

from responder.aws.incidents import FINDING
from responder.aws.ledger import Ledger, incident_pk
from responder.domain.approval import ApprovalStatus
from responder.domain.order import Silence
from responder.domain.principal import Principal, PrincipalKind
from responder.steps.verdict import Verdict
from tests.asking import DOCUMENT, LATER, SOON, Asking, an_asked_order, emptied
from tests.builders import HOME, INCIDENT_ID, a_finding
from tests.vaults import DiedHereError, Life

SSO = f"arn:aws:iam::{HOME}:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Ops_0a"
ALICE, BOB = (
    f"arn:aws:sts::{HOME}:assumed-role/AWSReservedSSO_Ops_0a/{name}@example.com"
    for name in ("alice", "bob")
)


def asked(ledger: Ledger, **given: Any) -> Asking:
    order = an_asked_order(people_needed=2, **given)
    asking = Asking(ledger, order, approvers=(SSO,))
    asking.ask()
    return asking


@pytest.fixture
def asking(ledger: Ledger) -> Asking:
    return asked(ledger)


def shown(asking: Asking) -> str:
    [text] = asking.console.started[asking.automation_id]["Parameters"]["People"]
    return str(text)


def test_the_first_yes_is_kept_and_another_person_is_asked(asking: Asking) -> None:
    assert shown(asking) == "2 different people have to approve it; one no denies it."
    asking.console.decide(by=ALICE)
    answer = asking.approve()
    assert (answer.status, answer.verdict) == (ApprovalStatus.WAITING, Verdict.ONE_OF_MORE)
    assert asking.executions.told == []
    assert [yes.by for yes in asking.approval.yeses] == [ALICE]
    assert shown(asking) == (
        "2 different people have to approve it; one no denies it. "
        f"1 of 2 said yes: {ALICE}. Another person is needed."
    )
    assert asking.topic.messages == []


def test_the_second_yes_of_another_lets_the_execution_go_on(asking: Asking) -> None:
    asking.console.decide(by=ALICE)
    asking.approve()
    asking.console.decide(by=BOB)
    answer = asking.approve()
    assert (answer.status, answer.verdict) == (ApprovalStatus.APPROVED, Verdict.COUNTS)
    assert asking.approval.who == f"{ALICE} and {BOB}"
    assert [operation for operation, _ in asking.executions.told] == ["SendTaskSuccess"]
    assert {"answered-one", "answered-2"} <= set(asking.happened())


def test_a_second_yes_of_the_same_person_counts_for_nothing_and_another_is_asked(
    asking: Asking,
) -> None:
    asking.console.decide(by=ALICE)
    asking.approve()
    asking.console.decide(by=ALICE)
    assert asking.approve().verdict is Verdict.VOID
    assert asking.executions.told == []
    [page] = asking.topic.messages
    assert "another person is needed" in page["Message"]
    asking.console.decide(by=BOB)
    assert asking.approve().status is ApprovalStatus.APPROVED


def test_a_first_yes_of_somebody_whom_a_later_finding_names_counts_no_more(
    asking: Asking,
) -> None:
    asking.console.decide(by=ALICE)
    asking.approve()
    alice = Principal(
        kind=PrincipalKind.IDENTITY_CENTER,
        account=HOME,
        arn=ALICE,
        session_name="alice@example.com",
    )
    found = a_finding(key="0" * 32, principals=(alice,))
    asking.ledger.add(incident_pk(INCIDENT_ID), FINDING + found.key, found)
    asking.console.decide(by=BOB)
    assert asking.approve().verdict is Verdict.ONE_OF_MORE
    assert asking.executions.told == []
    assert [yes.by for yes in asking.approval.yeses] == [BOB]
    assert f"The yes of {ALICE} counts no more" in asking.happened()["answered-one-2"].text
    asking.console.decide(by=ALICE.replace("alice", "carol"))
    assert asking.approve().status is ApprovalStatus.APPROVED


def test_the_last_answer_that_does_not_count_is_paged_too(asking: Asking) -> None:
    asking.console.decide(by=ALICE)
    asking.approve()
    for _ in range(4):
        asking.console.decide(by=ALICE)
        assert asking.approve().verdict is Verdict.VOID
    said = [page["Message"] for page in asking.topic.messages]
    assert [one.count("Nobody else can answer any more") for one in said] == [0, 1]


def test_a_no_of_the_second_denies_it(asking: Asking) -> None:
    asking.console.decide(by=ALICE)
    asking.approve()
    asking.console.decide("Reject", by=BOB)
    assert asking.approve().status is ApprovalStatus.DENIED
    assert [operation for operation, _ in asking.executions.told] == ["SendTaskFailure"]
    assert asking.approval.who == BOB


def test_one_yes_alone_is_silence(ledger: Ledger) -> None:
    asking = asked(ledger, on_silence=Silence.ESCALATE)
    asking.console.decide(by=ALICE)
    asking.approve()
    answer = asking.expire()
    assert (answer.proceed, answer.status) == (False, ApprovalStatus.EXPIRED)
    assert f"{ALICE} approved it, and no second person did" in asking.happened()["expired"].text


def test_a_first_yes_that_nobody_took_in_is_no_more_at_the_end(asking: Asking) -> None:
    asking.console.decide(by=ALICE)  # and the step that hands it in failed
    assert asking.expire().proceed is False
    assert [yes.by for yes in asking.approval.yeses] == [ALICE]


def test_the_last_step_of_the_first_automation_again_counts_nothing_twice(asking: Asking) -> None:
    first = asking.automation_id
    asking.console.decide(by=ALICE)
    asking.approve()
    before = asking.approval
    assert asking.approve(automation_id=first).verdict is None
    assert asking.approval == before


def test_wherever_a_run_dies_it_is_one_yes_and_one_further_question(ledger: Ledger) -> None:
    whole = Life()
    first = asked(ledger)
    first.console.decide(by=ALICE)
    first.approve(whole)
    for ends_at in range(whole.calls):
        asking = asked(emptied(ledger))
        asking.console.decide(by=ALICE)
        spent = asking.automation_id
        with pytest.raises(DiedHereError):
            asking.approve(Life(ends_at))
        asking.approve(automation_id=spent, now=SOON + timedelta(seconds=5))
        assert [yes.by for yes in asking.approval.yeses] == [ALICE]
        assert asking.approval.ended == (spent,)
        assert len(asking.console.started) == 2
        asking.console.decide(by=BOB)
        assert asking.approve().status is ApprovalStatus.APPROVED


def test_where_the_approvers_can_never_be_two_the_question_says_so(ledger: Ledger) -> None:
    asking = Asking(ledger, an_asked_order(people_needed=2))
    asking.approvers = (f"arn:aws:iam::{HOME}:role/people/oncall",)
    asking.ask()
    assert "THE APPROVERS OF THIS STACK CANNOT GIVE THAT" in shown(asking)


# ---- A question that died


def event(asking: Asking, **given: object) -> object:
    """As EventBridge tells it: no more than which automation ended."""
    plain = {"approval_id": None, "automation_id": asking.approval.automation_id}
    return asking.approve(**(plain | given))  # type: ignore[arg-type]


def test_a_stopped_question_is_asked_again_and_paged_once(ledger: Ledger) -> None:
    asking = Asking(ledger)
    asking.ask()
    died = asking.automation_id
    asking.console.stop_automation_execution(AutomationExecutionId=died, Type="Cancel")
    for _ in range(2):
        event(asking, automation_id=died)
    assert list(asking.console.started) == [died, asking.approval.automation_id]
    [page] = asking.topic.messages
    assert page["Subject"].startswith("[QUESTION DIED] ")
    assert "People are asked again." in page["Message"]
    asking.console.decide()
    assert asking.approve().status is ApprovalStatus.APPROVED


def test_whoever_goes_on_stopping_is_not_followed_for_ever(ledger: Ledger) -> None:
    asking = Asking(ledger)
    asking.ask()
    for _ in range(9):
        step = asking.console.steps[asking.automation_id]
        step["StepStatus"] = "Cancelled"
        event(asking)
    assert len(asking.console.started) == 5
    assert [
        page["Message"].count("Nobody is asked any more") for page in asking.topic.messages
    ] == [
        0,
        1,
    ]
    assert "Nobody is asked any more" in asking.happened()["question-died-5"].text
    assert asking.expire().proceed is False


def test_the_end_of_an_automation_that_was_taken_back_is_quiet(ledger: Ledger) -> None:
    asking = Asking(ledger)
    asking.ask()
    orphan = asking.console.start_automation_execution(
        DocumentName=DOCUMENT,
        Parameters={"ApprovalId": [asking.approval.approval_id]},
        ClientToken="5c1c5d3e-3a0b-5d7e-9a55-0f6c2f1f7c99",
    )["AutomationExecutionId"]
    before = asking.approval
    asking.console.stop_automation_execution(AutomationExecutionId=orphan, Type="Cancel")
    event(asking, automation_id=orphan)
    assert asking.approval == before
    assert (asking.topic.messages, set(asking.happened())) == ([], {"asked"})


@pytest.mark.parametrize("at", [LATER, LATER - timedelta(seconds=3)])
def test_at_the_end_of_its_time_a_stopped_question_is_the_machines(
    ledger: Ledger, at: object
) -> None:
    asking = Asking(ledger)
    asking.ask()
    asking.console.steps[asking.automation_id]["StepStatus"] = "Cancelled"
    event(asking, now=at)
    assert (len(asking.console.started), asking.topic.messages) == (1, [])
    assert set(asking.happened()) == {"asked"}


def test_an_order_that_was_left_is_not_asked_about_again(ledger: Ledger) -> None:
    asking = Asking(ledger)
    asking.ask()
    asking.leave("Broken: the machine was stopped.")
    asking.console.steps[asking.automation_id]["StepStatus"] = "Cancelled"
    event(asking)
    assert (len(asking.console.started), asking.topic.messages) == (1, [])


def test_an_answer_whose_last_step_failed_is_taken_in_by_the_event(ledger: Ledger) -> None:
    asking = Asking(ledger)
    asking.ask()
    asking.console.decide()
    event(asking)
    assert asking.approval.status is ApprovalStatus.APPROVED
    assert [operation for operation, _ in asking.executions.told] == ["SendTaskSuccess"]


@pytest.mark.prove
def test_wherever_a_run_dies_a_dead_question_is_asked_again_once(ledger: Ledger) -> None:
    whole = Life()
    first = Asking(ledger)
    first.ask()
    first.console.steps[first.automation_id]["StepStatus"] = "Cancelled"
    first.approve(whole)
    for ends_at in range(whole.calls):
        asking = Asking(emptied(ledger))
        asking.ask()
        died = asking.automation_id
        asking.console.steps[died]["StepStatus"] = "Cancelled"
        with pytest.raises(DiedHereError):
            asking.approve(Life(ends_at))
        asking.approve(automation_id=died, now=SOON + timedelta(minutes=1))
        assert list(asking.console.started) == [died, asking.approval.automation_id]
        assert 1 <= len(asking.topic.messages) <= 2
