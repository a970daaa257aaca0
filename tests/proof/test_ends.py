"""What of an end is a difference where a right was missing."""

from tests.proof.ends import FAILED_EXECUTIONS, visibly

TRACKER = f"{FAILED_EXECUTIONS}: more: breach-responder-DeadlineTracker-…: inc-1-T14: FAILED"
RESPONSE = f"{FAILED_EXECUTIONS}: more: breach-responder-incident-response: inc-1: FAILED"
PAGE = "effects: missing: page: [MISSED] x1"


def test_a_tracker_that_lacks_a_right_fails_and_nothing_else_does() -> None:
    why = [TRACKER, RESPONSE, PAGE]
    assert visibly(why, ["Tick dynamodb:Query"]) == [RESPONSE, PAGE]
    assert visibly(why, ["Report s3:PutObject"]) == [TRACKER, PAGE]
    assert visibly(why, ["Contain iam:GetUser"]) == why
    assert visibly(why, []) == why
