"""What of an end is a difference, and what goes with what went wrong."""

from tests.proof.differences import Excuse, differing
from tests.proof.ends import CUSTODY, FAILED_EXECUTIONS, REST, WHOLE, Parts

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


SEALED = "64 objects: 62 ok, 1 BROKEN; "
UNSIGNED = f"{SEALED}manifest/0001-{'c7' * 32}.json: there is no signature of it"
WITHOUT = f"{SEALED}manifest/0003-{'9a' * 32}.json: follows manifest 0001-kept, which is missing"
ALTERED = f"{UNSIGNED}; iam.principal/0001/a: is not what was sealed: its SHA-256 differs"


def test_a_seal_that_lacks_a_right_leaves_a_manifest_unsigned_and_breaks_nothing_else() -> None:
    clean: Parts = {WHOLE: {CUSTODY: []}}
    for line in (UNSIGNED, WITHOUT, ALTERED):
        found: Parts = {WHOLE: {CUSTODY: [line]}}
        told = [f"{CUSTODY}: more: {line}"]
        assert differing(clean, found, Excuse()) == told
        assert differing(clean, found, Excuse(denied=["Collect s3:PutObject"])) == told
        of_seal = differing(clean, found, Excuse(denied=["Seal kms:Sign"]))
        assert of_seal == (told if line is ALTERED else [])


def test_a_case_of_which_nothing_was_sealed_is_none_for_want_of_a_signature() -> None:
    line = "60 objects: 1 BROKEN, 57 not checked, 3 note; custody: there is no custody log"
    clean: Parts = {WHOLE: {CUSTODY: []}}
    found: Parts = {WHOLE: {CUSTODY: [line]}}
    told = [f"{CUSTODY}: more: {line}"]
    assert differing(clean, found, Excuse(denied=["Seal dynamodb:PutItem"])) == []
    assert differing(clean, found, Excuse(denied=["Seal kms:Sign"])) == told
    assert differing(clean, found, Excuse(denied=["Collect s3:PutObject"])) == told


def test_whoever_is_called_is_no_difference_where_time_passed_otherwise() -> None:
    page = "page: [NOBODY ANSWERED] the opening x1"
    clean: Parts = {WHOLE: {"effects": [page]}}
    found: Parts = {WHOLE: {"effects": []}}
    assert differing(clean, found, Excuse()) == [f"effects: missing: {page}"]
    assert differing(clean, found, Excuse(whoever=True)) == []


def test_a_part_is_named_and_a_page_again_is_none() -> None:
    one, other = ({REST: end[WHOLE]} for end in (CLEAN, FAILED))
    excuse = Excuse(pages=1)
    assert differing(one, other, excuse) == [f"{REST}: {OF_RESPONSE}", f"{REST}: {OF_TRACKER}"]
