"""What IAM's simulator answers, page by page, and what it is not to be asked about."""

from types import SimpleNamespace
from typing import Any

import boto3
import pytest

from responder.actions.iam_deny_user import ID as DENY_USER
from responder.actions.simulation import TELLING, called, issued_before, not_denied
from responder.domain.errors import Broken, Refused, Unavailable
from tests.builders import NOON, REGION, an_order

ARN = "arn:aws:iam::111122223333:user/orders/orders-export"
type Answer = tuple[int, dict[str, Any]]


def answering(*answers: Answer) -> tuple[Any, list[dict[str, str]]]:
    """IAM that gives these answers in turn, and what it was asked."""
    iam: Any = boto3.client("iam", region_name=REGION)
    left, asked = list(answers), list[dict[str, str]]()

    def answer(params: dict[str, Any], **_: Any) -> tuple[Any, dict[str, Any]]:
        asked.append(dict(params["body"]))
        status, body = left.pop(0) if len(left) > 1 else left[0]
        return SimpleNamespace(status_code=status, headers={}), body

    iam.meta.events.register("before-call.iam.SimulatePrincipalPolicy", answer)
    return iam, asked


def page(*decided: tuple[str, str], marker: str | None = None) -> Answer:
    results = [{"EvalActionName": name, "EvalDecision": decision} for name, decision in decided]
    more = {} if marker is None else {"Marker": marker}
    return 200, {"EvaluationResults": results, "IsTruncated": marker is not None, **more}


def error(code: str, status: int = 400) -> Answer:
    told = {"HTTPStatusCode": status}
    return status, {"Error": {"Code": code, "Message": "no"}, "ResponseMetadata": told}


DENIED = [(name, "explicitDeny") for name in TELLING]


def test_an_answer_in_pages_is_read_to_its_end(aws: None) -> None:
    iam, asked = answering(page(DENIED[0], marker="more"), page(*DENIED[1:]))
    assert not_denied(iam, an_order(DENY_USER), ARN) == ()
    assert [given.get("Marker") for given in asked] == [None, "more"]
    assert {given["PolicySourceArn"] for given in asked} == {ARN}


@pytest.mark.parametrize("decision", ["allowed", "implicitDeny"])
def test_only_an_explicit_deny_is_one(aws: None, decision: str) -> None:
    iam, _ = answering(page((TELLING[0], decision), *DENIED[1:]))
    assert not_denied(iam, an_order(DENY_USER), ARN) == (TELLING[0],)


def test_an_answer_that_leaves_out_what_was_asked_is_no_answer(aws: None) -> None:
    iam, _ = answering(page(*DENIED[1:]))
    with pytest.raises(Broken, match="IAM answered about"):
        not_denied(iam, an_order(DENY_USER), ARN)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (error("Throttling"), Unavailable),
        (error("ServiceFailure", 500), Unavailable),
        (error("PolicyEvaluation", 500), Unavailable),
        (error("AccessDenied", 403), Broken),
        (error("InvalidInput"), Broken),
        (error("NoSuchEntity", 404), Refused),
    ],
)
def test_each_error_is_somebodys(aws: None, answer: Answer, kind: type[Exception]) -> None:
    iam, _ = answering(answer)
    with pytest.raises(kind, match=r"SimulatePrincipalPolicy|does not exist"):
        not_denied(iam, an_order(DENY_USER), ARN)


@pytest.mark.parametrize(
    "entry", [called("AROAEXAMPLE:x"), issued_before(an_order(DENY_USER, act_at=NOON))]
)
def test_what_a_session_carries_is_told_by_its_kind(aws: None, entry: Any) -> None:
    iam, asked = answering(page(*DENIED))
    not_denied(iam, an_order(DENY_USER), ARN, entry)
    told = asked[0]
    assert told["ContextEntries.member.1.ContextKeyName"] == entry["ContextKeyName"]
    assert told["ContextEntries.member.1.ContextKeyType"] == entry["ContextKeyType"]
    [value] = entry["ContextKeyValues"]
    assert told["ContextEntries.member.1.ContextKeyValues.member.1"] == value
