"""Silence does what the plan said, and only what AWS confirms to be silence."""

from datetime import timedelta

import pytest

from responder.aws.approvals import Approvals
from responder.aws.ledger import Ledger
from responder.domain.approval import ApprovalStatus
from responder.domain.errors import Refused, Unavailable
from responder.domain.order import Silence
from responder.steps.expire import ExpireAnswer
from tests.asking import LATER, SOON, Asking, an_asked_order, emptied
from tests.builders import INCIDENT_ID
from tests.consoles import Topic, refusing
from tests.vaults import DiedHereError, Life


class DyingTopic(Topic):
    """The run that claimed the page ends before it is sent."""

    def publish(self, **given: object) -> dict[str, object]:
        raise DiedHereError


def silent(ledger: Ledger, on_silence: Silence) -> Asking:
    asking = Asking(ledger, an_asked_order(on_silence=on_silence))
    asking.ask()
    asking.time_out()
    return asking


@pytest.mark.parametrize(
    ("on_silence", "proceed", "pages", "words"),
    [
        (Silence.LEAVE, False, 0, "leaves it to a person"),
        (Silence.ESCALATE, False, 1, "people were paged"),
        (Silence.PROCEED, True, 0, "carry it out without an answer"),
    ],
)
def test_silence_does_what_the_plan_said(
    ledger: Ledger, on_silence: Silence, proceed: bool, pages: int, words: str
) -> None:
    asking = silent(ledger, on_silence)
    assert asking.expire() == ExpireAnswer(proceed=proceed, status=ApprovalStatus.EXPIRED)
    assert asking.approval.status is ApprovalStatus.EXPIRED
    assert len(asking.topic.messages) == pages
    event = asking.happened()["expired"]
    assert "Nobody answered within 30 min" in event.text
    assert words in event.text
    assert event.at == LATER


def test_the_page_says_what_was_not_done_and_what_to_do_now(ledger: Ledger) -> None:
    asking = silent(ledger, Silence.ESCALATE)
    asking.expire()
    [page] = asking.topic.messages
    assert page["Subject"].startswith("[NO ANSWER] End the sessions of the role")
    for part in (INCIDENT_ID, asking.order.order_id, asking.order.resource, "111122223333"):
        assert part in page["Message"]
    assert "was not carried out" in page["Message"]
    assert "cut it by hand" in page["Message"]


def test_twice_is_once(ledger: Ledger) -> None:
    asking = silent(ledger, Silence.ESCALATE)
    assert asking.expire() == asking.expire()
    assert len(asking.topic.messages) == 1


def test_nobody_can_answer_what_has_expired(ledger: Ledger) -> None:
    asking = silent(ledger, Silence.PROCEED)
    asking.expire()
    assert asking.console.steps[asking.automation_id]["StepStatus"] == "Cancelled"
    assert asking.approve().status is ApprovalStatus.EXPIRED


def test_a_run_that_dies_at_any_call_is_completed_by_the_next(ledger: Ledger) -> None:
    whole = Life()
    silent(ledger, Silence.ESCALATE).expire(life=whole)
    assert whole.calls >= 10
    pages = set()
    for ends_at in range(whole.calls):
        asking = silent(emptied(ledger), Silence.ESCALATE)
        with pytest.raises(DiedHereError):
            asking.expire(life=Life(ends_at))
        assert asking.expire() == ExpireAnswer(proceed=False, status=ApprovalStatus.EXPIRED)
        assert set(asking.happened()) == {"asked", "expired"}
        pages.add(len(asking.topic.messages))
    assert pages == {1, 2}  # two only where it died between the page and its receipt


def test_an_approval_that_could_not_be_handed_in_is_not_silence(ledger: Ledger) -> None:
    asking = silent(ledger, Silence.LEAVE)
    asking.console.decide()
    assert asking.expire() == ExpireAnswer(proceed=True, status=ApprovalStatus.APPROVED)
    assert set(asking.happened()) == {"asked", "answered"}
    assert asking.topic.messages == []


def test_an_approval_on_record_proceeds(ledger: Ledger) -> None:
    asking = silent(ledger, Silence.LEAVE)
    asking.console.decide()
    asking.approve()
    assert asking.expire() == ExpireAnswer(proceed=True, status=ApprovalStatus.APPROVED)


def test_a_denial_that_could_not_be_handed_in_does_not_proceed(ledger: Ledger) -> None:
    asking = silent(ledger, Silence.PROCEED)
    asking.console.decide("Reject")
    assert asking.expire() == ExpireAnswer(proceed=False, status=ApprovalStatus.DENIED)
    assert set(asking.happened()) == {"asked", "answered"}


@pytest.mark.parametrize("verb", ["Approve", "Reject"])
@pytest.mark.parametrize(
    ("on_silence", "proceed"), [(Silence.PROCEED, True), (Silence.LEAVE, False)]
)
def test_an_answer_that_does_not_count_is_silence_and_is_paged(
    ledger: Ledger, on_silence: Silence, proceed: bool, verb: str
) -> None:
    asking = silent(ledger, on_silence)
    itself = "arn:aws:sts::111122223333:assumed-role/web-tier-role/somebody"
    asking.console.decide(verb, by=itself)
    assert asking.expire() == ExpireAnswer(proceed=proceed, status=ApprovalStatus.EXPIRED)
    assert set(asking.happened()) == {"asked", "answered-void", "expired"}
    assert "No answer that counts came within 30 min." in asking.happened()["expired"].text
    assert [page["Subject"][:22] for page in asking.topic.messages] == ["[ANSWER DOES NOT COUNT"]


def test_nobody_ends_a_question_before_its_time(ledger: Ledger) -> None:
    """Whatever instant the request names: the machine's word is for the record only."""
    asking = silent(ledger, Silence.PROCEED)
    with pytest.raises(Refused, match="can be answered until 2026-11-23 12:30:00 UTC"):
        asking.expire(real=LATER - timedelta(minutes=1))
    assert asking.approval.status is ApprovalStatus.WAITING
    assert asking.console.steps[asking.automation_id]["StepStatus"] == "Waiting"
    assert set(asking.happened()) == {"asked"}


def test_an_answer_that_is_on_record_is_given_whenever_it_is_asked_for(ledger: Ledger) -> None:
    asking = silent(ledger, Silence.LEAVE)
    asking.console.decide()
    asking.approve(now=LATER)
    assert asking.expire(real=SOON).proceed is True


def test_clocks_of_aws_that_differ_a_little_do_not_keep_a_question_open(ledger: Ledger) -> None:
    asking = silent(ledger, Silence.LEAVE)
    answer = asking.expire(real=LATER - timedelta(milliseconds=300))
    assert answer.status is ApprovalStatus.EXPIRED


def test_the_question_about_a_replaced_order_ends_quietly(ledger: Ledger) -> None:
    asking = silent(ledger, Silence.PROCEED)
    asking.leave("A stronger order took its place.", replaced_by="ord-" + "5" * 20)
    expected = ExpireAnswer(proceed=False, status=ApprovalStatus.EXPIRED)
    assert asking.expire() == expected
    assert asking.expire() == expected
    assert asking.console.steps[asking.automation_id]["StepStatus"] == "Cancelled"
    assert asking.topic.messages == []
    assert set(asking.happened()) == {"asked"}


def test_a_replaced_order_is_not_carried_out_whatever_was_answered(ledger: Ledger) -> None:
    asking = silent(ledger, Silence.PROCEED)
    asking.console.decide()
    asking.approve(now=LATER)
    asking.leave("A stronger order took its place.", replaced_by="ord-" + "5" * 20)
    assert asking.expire() == ExpireAnswer(proceed=False, status=ApprovalStatus.APPROVED)


def test_a_replaced_order_that_nobody_was_asked_about_ends_quietly(ledger: Ledger) -> None:
    asking = Asking(ledger)
    asking.leave("A stronger order took its place.", replaced_by="ord-" + "5" * 20)
    assert asking.expire() == ExpireAnswer(proceed=False, status=None)
    assert asking.topic.messages == []


def test_what_another_run_is_paging_is_not_said_to_be_paged(ledger: Ledger) -> None:
    asking = silent(ledger, Silence.ESCALATE)
    asking.topic = DyingTopic()
    with pytest.raises(DiedHereError):
        asking.expire()
    asking.topic = Topic()
    asking.expire(now=LATER + timedelta(seconds=1))
    assert "another run is paging people" in asking.happened()["expired"].text
    assert asking.topic.messages == []


def test_a_late_approval_is_silence(ledger: Ledger) -> None:
    asking = silent(ledger, Silence.LEAVE)
    asking.console.decide(at=LATER + timedelta(seconds=1))
    assert asking.expire() == ExpireAnswer(proceed=False, status=ApprovalStatus.EXPIRED)
    assert set(asking.happened()) == {"asked", "answered-late", "expired"}


def test_where_aws_cannot_say_nothing_is_carried_out_and_people_are_paged(ledger: Ledger) -> None:
    asking = silent(ledger, Silence.PROCEED)
    asking.console.get_automation_execution = refusing("AccessDeniedException")  # type: ignore[method-assign]
    expected = ExpireAnswer(proceed=False, status=ApprovalStatus.WAITING)
    assert asking.expire() == expected
    assert asking.expire() == expected
    assert len(asking.topic.messages) == 1
    assert "not known" in asking.happened()["expired"].text


def test_where_aws_is_busy_it_is_tried_again(ledger: Ledger) -> None:
    asking = silent(ledger, Silence.PROCEED)
    asking.console.stop_automation_execution = refusing("ThrottlingException")  # type: ignore[method-assign]
    with pytest.raises(Unavailable):
        asking.expire()
    assert asking.approval.status is ApprovalStatus.WAITING


def test_who_was_never_asked_cannot_be_silent(ledger: Ledger) -> None:
    asking = Asking(ledger, an_asked_order(on_silence=Silence.PROCEED))
    assert asking.expire() == ExpireAnswer(proceed=False, status=None)
    assert len(asking.topic.messages) == 1


def test_a_request_that_never_reached_the_console_is_not_silence(ledger: Ledger) -> None:
    asking = silent(ledger, Silence.PROCEED)
    Approvals(ledger).replace(asking.approval, automation_id=None)
    assert asking.expire() == ExpireAnswer(proceed=False, status=ApprovalStatus.WAITING)


def test_without_a_pager_topic_the_timeline_says_so(ledger: Ledger) -> None:
    asking = silent(ledger, Silence.ESCALATE)
    asking.topic_arn = ""
    asking.expire()
    assert "nobody was paged" in asking.happened()["expired"].text
