"""What of an end is a difference, and what goes with what went wrong."""

from tests.proof.differences import Excuse, differing
from tests.proof.ends import FAILED_EXECUTIONS, REST, WHOLE

CLEAN = {WHOLE: {"effects": ["page: [MISSED] x1"], FAILED_EXECUTIONS: list[str]()}}
TRACKER = "breach-responder-DeadlineTracker-3hbxGAhcSN6u: inc-1-20261123T14: FAILED"
RESPONSE = "breach-responder-incident-response: inc-1: FAILED"
FAILED = {WHOLE: {"effects": ["page: [MISSED] x2"], FAILED_EXECUTIONS: [RESPONSE, TRACKER]}}
PAGES = [
    "effects: missing: page: [MISSED] x1",
    "effects: more: page: [MISSED] x2",
]
OF_TRACKER = f"{FAILED_EXECUTIONS}: more: {TRACKER}"
OF_RESPONSE = f"{FAILED_EXECUTIONS}: more: {RESPONSE}"


def test_without_an_excuse_everything_is_told() -> None:
    assert differing(CLEAN, CLEAN, Excuse()) == []
    assert differing(CLEAN, FAILED, Excuse()) == [*PAGES, OF_RESPONSE, OF_TRACKER]


def test_a_tracker_that_lacks_a_right_fails_and_nothing_else_does() -> None:
    excuse = Excuse(denied=["Tick dynamodb:Query"])
    assert differing(CLEAN, FAILED, excuse) == [*PAGES, OF_RESPONSE]


def test_a_report_that_lacks_a_right_fails_the_response() -> None:
    assert differing(CLEAN, FAILED, Excuse(denied=["Report s3:PutObject"])) == [OF_TRACKER]
    assert len(differing(CLEAN, FAILED, Excuse(denied=["Contain iam:GetUser"]))) == 2


def test_a_part_is_named_and_a_page_again_is_none() -> None:
    one, other = ({REST: end[WHOLE]} for end in (CLEAN, FAILED))
    excuse = Excuse(pages=1)
    assert differing(one, other, excuse) == [f"{REST}: {OF_RESPONSE}", f"{REST}: {OF_TRACKER}"]
