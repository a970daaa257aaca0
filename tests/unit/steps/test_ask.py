"""People are asked once about an order, and shown what they decide about."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from functions.ask import app
from responder.aws import timeline
from responder.aws.approvals import Approvals
from responder.aws.ledger import Ledger
from responder.aws.uses import Uses
from responder.domain.approval import ApprovalStatus
from responder.domain.errors import Broken, Refused, Unavailable
from responder.domain.order import OrderMode, Silence
from responder.domain.use import Use
from responder.steps.ask import AskRequest
from tests.asking import LATER, SOON, Asking, an_asked_order, emptied
from tests.builders import INCIDENT_ID, NOON, a_session, a_user
from tests.consoles import refusing
from tests.vaults import DiedHereError, Life


@pytest.fixture
def asking(ledger: Ledger) -> Asking:
    return Asking(ledger)


def test_asking_records_the_plan_the_time_and_the_automation(asking: Asking) -> None:
    answer = asking.ask()
    approval = asking.approval
    assert answer.approval_id == approval.approval_id
    assert answer.automation_id == approval.automation_id == asking.automation_id
    assert approval.status is ApprovalStatus.WAITING
    assert approval.plan_hash == asking.plan.hash
    assert approval.expires_at == NOON + asking.order.answer_within
    assert "Asked the approvers" in asking.happened()["asked"].text


def test_the_approver_reads_what_where_why_silence_and_the_undo(asking: Asking) -> None:
    asking.ask()
    shown = asking.console.started[asking.automation_id]["Parameters"]
    assert shown["ApprovalId"] == [asking.approval.approval_id]
    [cut], [why], [silence], [undo] = (shown[n] for n in ("Cut", "Why", "Silence", "Undo"))
    assert "End the sessions of the role" in cut
    assert asking.order.resource in cut
    assert "111122223333" in cut
    assert INCIDENT_ID in cut
    assert why == asking.order.reason
    assert silence == (
        "Without an answer until 2026-11-23 12:30:00 UTC, it is not carried out, and people are"
        " paged."
    )
    assert undo.startswith("aws lambda invoke ")
    assert undo.endswith("/dev/stdout")
    assert asking.order.order_id in undo


def test_the_approver_reads_what_else_uses_it_and_what_nobody_could_read(asking: Asking) -> None:
    found = Use(
        incident_id=INCIDENT_ID,
        order_id=asking.order.order_id,
        looked_at=NOON,
        holders=("Lambda function send-orders",),
        unknown=("which instances have it: AWS answered AccessDenied",),
    )
    Uses(asking.ledger).first(found)
    asking.ask()
    shown = asking.console.started[asking.automation_id]["Parameters"]
    assert shown["Uses"] == ["What else uses it: Held by Lambda function send-orders."]
    assert shown["NotKnown"] == ["Not known: which instances have it: AWS answered AccessDenied."]


def test_a_look_that_ends_after_the_question_changes_nothing_in_it(asking: Asking) -> None:
    asking.ask()
    shown = asking.console.started[asking.automation_id]["Parameters"]
    assert "nobody could look, or not in time" in shown["NotKnown"][0]
    late = Use(incident_id=INCIDENT_ID, order_id=asking.order.order_id, looked_at=SOON)
    assert "nobody could look" in str(Uses(asking.ledger).first(late).unknown)
    asking.ask("token-2")  # the console refuses the same token with other words
    assert len(asking.console.started) == 1


@pytest.mark.parametrize(
    ("silence", "words"),
    [(Silence.LEAVE, "left to a person"), (Silence.PROCEED, "CARRIED OUT WITHOUT AN ANSWER")],
)
def test_what_silence_means_is_said_before_it_happens(
    ledger: Ledger, silence: Silence, words: str
) -> None:
    asking = Asking(ledger, an_asked_order(on_silence=silence))
    asking.ask()
    assert words in asking.console.started[asking.automation_id]["Parameters"]["Silence"][0]


def test_the_key_that_would_be_switched_off_is_named(ledger: Ledger) -> None:
    order = an_asked_order("iam.deactivate_key", principal=a_user())
    asking = Asking(ledger, order)
    asking.ask()
    [cut] = asking.console.started[asking.automation_id]["Parameters"]["Cut"]
    assert "access key AKIAEXAMPLEEXAMPLE00" in cut


def test_what_an_attacker_wrote_is_one_short_line_that_systems_manager_does_not_fill_in(
    ledger: Ledger,
) -> None:
    evil = "{{ssm:/prod/password}}\n\u202e{{ automation:EXECUTION_ID }}" + "x" * 2000
    principal = a_session(session="{{ssm:a}}\r\nApprove this")
    asking = Asking(ledger, an_asked_order(reason=evil, principal=principal))
    asking.ask()  # the console refuses braces, and values that are too long
    for [text] in asking.console.started[asking.automation_id]["Parameters"].values():
        assert text.isprintable()


def test_asked_twice_it_is_one_request_and_one_automation_with_the_newest_token(
    asking: Asking,
) -> None:
    first = asking.ask()
    again = asking.ask("token-2")
    assert first == again
    assert len(asking.console.started) == 1
    assert Approvals(asking.ledger).token(first.approval_id) == "token-2"


def test_an_answer_that_came_before_the_retry_goes_to_the_new_token(asking: Asking) -> None:
    asking.ask()
    asking.console.decide()
    asking.time_out()
    asking.approve()
    assert asking.executions.told == []
    asking.executions.open.add("token-2")
    assert asking.ask("token-2").status is ApprovalStatus.APPROVED
    [(operation, given)] = asking.executions.told
    assert (operation, given["taskToken"]) == ("SendTaskSuccess", "token-2")


def test_a_denial_that_came_before_the_retry_goes_to_the_new_token(asking: Asking) -> None:
    asking.ask()
    asking.console.decide("Reject")
    asking.time_out()
    asking.approve()
    asking.executions.open.add("token-2")
    assert asking.ask("token-2").status is ApprovalStatus.DENIED
    assert [operation for operation, _ in asking.executions.told] == ["SendTaskFailure"]


def test_people_are_not_asked_again_about_what_they_left_unanswered(asking: Asking) -> None:
    asking.ask()
    with pytest.raises(Refused, match="not asked again"):
        asking.ask("token-2", now=LATER)
    asking.expire()
    with pytest.raises(Refused, match="not asked again"):
        asking.ask("token-3", now=SOON)
    assert len(asking.console.started) == 1


def test_where_nobody_can_be_asked_no_question_is_left_behind(asking: Asking) -> None:
    gone = refusing("AutomationDefinitionNotFoundException")
    asking.console.start_automation_execution = gone  # type: ignore[method-assign]
    with pytest.raises(Broken):
        asking.ask()
    assert asking.approval.status is ApprovalStatus.EXPIRED
    with pytest.raises(Refused, match="not asked again"):
        asking.ask("token-2")


def test_a_question_that_cannot_be_recorded_is_taken_back(asking: Asking) -> None:
    with pytest.raises(Broken):
        asking.ask(life=WithoutTimeline())
    assert asking.console.steps[asking.automation_id]["StepStatus"] == "Cancelled"
    assert asking.approval.status is ApprovalStatus.EXPIRED
    assert asking.happened() == {}


def test_a_question_that_was_asked_for_too_long_ago_is_taken_back(asking: Asking) -> None:
    asking.ask()
    with pytest.raises(Refused):
        asking.ask("token-2", now=LATER)
    assert asking.approval.status is ApprovalStatus.EXPIRED
    assert asking.console.steps[asking.automation_id]["StepStatus"] == "Cancelled"


def test_a_question_is_not_taken_back_while_aws_is_busy(asking: Asking) -> None:
    busy = refusing("ThrottlingException")
    started = asking.console.start_automation_execution
    asking.console.start_automation_execution = busy  # type: ignore[method-assign]
    with pytest.raises(Unavailable):
        asking.ask()
    assert asking.approval.status is ApprovalStatus.WAITING
    asking.console.start_automation_execution = started  # type: ignore[method-assign]
    assert asking.ask("token-2").status is ApprovalStatus.WAITING


def test_a_run_that_dies_at_any_call_is_completed_by_the_next(ledger: Ledger) -> None:
    whole = Life()
    Asking(ledger).ask(life=whole)
    assert whole.calls >= 7
    for ends_at in range(whole.calls):
        asking = Asking(emptied(ledger))
        with pytest.raises(DiedHereError):
            asking.ask(life=Life(ends_at))
        asking.ask("token-2", now=NOON + timedelta(seconds=2))
        assert len(asking.console.started) == 1
        approval = asking.approval
        assert approval.automation_id == asking.automation_id
        assert Approvals(ledger).token(approval.approval_id) == "token-2"
        assert list(asking.happened()) == ["asked"]


@pytest.mark.parametrize("given", [{"held": True}, {"mode": OrderMode.AUTOMATIC}])
def test_nobody_is_asked_about_what_needs_no_answer(ledger: Ledger, given: object) -> None:
    asking = Asking(ledger, an_asked_order(**given))  # type: ignore[arg-type]
    with pytest.raises(Refused):
        asking.ask()
    assert asking.console.started == {}
    assert Approvals(ledger).all(INCIDENT_ID) == []


def test_too_many_automations_are_tried_again_and_a_missing_document_is_not(
    asking: Asking,
) -> None:
    busy = refusing("AutomationExecutionLimitExceededException")
    asking.console.start_automation_execution = busy  # type: ignore[method-assign]
    with pytest.raises(Unavailable):
        asking.ask()
    gone = refusing("AutomationDefinitionNotFoundException")
    asking.console.start_automation_execution = gone  # type: ignore[method-assign]
    with pytest.raises(Broken):
        asking.ask()


def test_an_error_about_the_input_does_not_show_the_token() -> None:
    with pytest.raises(ValidationError) as caught:
        AskRequest.model_validate({"incident_id": INCIDENT_ID, "task_token": "a-secret-token"})
    assert "a-secret-token" not in str(caught.value)
    assert "a-secret-token" not in repr(caught.value)
    request = AskRequest(
        incident_id=INCIDENT_ID, order_id=an_asked_order().order_id, task_token="secret", now=NOON
    )
    assert "secret" not in repr(request)


def test_the_handler_parses_before_it_touches_anything() -> None:
    with pytest.raises(ValidationError):
        app.handler({"incident_id": "../etc"}, _Context())  # type: ignore[arg-type]


class WithoutTimeline(Life):
    """The table refuses every event of a timeline."""

    def call(self, operation: Callable[..., Any], given: dict[str, Any]) -> Any:
        if given.get("Item", {}).get("sk", {}).get("S", "").startswith(timeline.PREFIX):
            refusing("AccessDeniedException")()
        return super().call(operation, given)


class _Context:
    function_name = memory_limit_in_mb = invoked_function_arn = aws_request_id = "test"
