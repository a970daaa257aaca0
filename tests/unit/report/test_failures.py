import json
from typing import Any

from responder.report.failures import failures

CAUGHT = {
    "Error": "Broken",
    "Cause": json.dumps({"errorType": "Broken", "errorMessage": "no role to assume"}),
}
TRACKED_ALREADY = {"Error": "StepFunctions.ExecutionAlreadyExistsException", "Cause": "exists"}


def a_response(
    opened: Any = None,
    contained: Any = None,
    preserved: Any = None,
    clocked: Any = None,
    traced: Any = None,
) -> list[Any]:
    """What the five branches hand over when all is well, but for what is given."""
    well = [
        {"opened": {"channel": "ops_center", "reference": "oi-1"}, "escalation": {}},
        [],
        {"preserved": [{"manifest_key": "m", "manifest_version_id": "v"}]},
        {"incident_id": "i", "clocks": {"clocks": 5}, "tracker": {"ExecutionArn": "arn"}},
        {"incident_id": "i", "trace": {"nodes": 1, "edges": 0, "gaps": [], "generation": None}},
    ]
    given = (opened, contained, preserved, clocked, traced)
    return [well[place] if one is None else one for place, one in enumerate(given)]


def test_a_response_in_which_all_went_well_has_no_failures() -> None:
    assert failures(a_response()) == []


def test_each_branch_that_failed_is_named_with_what_its_function_said() -> None:
    for response, word in (
        (a_response(opened={"incident_id": "i", "failure": CAUGHT}), "opened"),
        (a_response(opened={"incident_id": "i", "unescalated": CAUGHT}), "called"),
        (a_response(contained={"incident_id": "i", "plan": CAUGHT}), "planned"),
        (a_response(preserved={"unsurveyed": CAUGHT, "preserved": [{}]}), "called for"),
        (a_response(preserved={"preserved": [{}, {"failure": CAUGHT}]}), "sealed"),
        (a_response(clocked={"incident_id": "i", "clocks": CAUGHT}), "clock"),
        (a_response(clocked={"clocks": {"clocks": 3}, "failure": CAUGHT}), "tracker"),
        (a_response(traced={"incident_id": "i", "failure": CAUGHT}), "traced"),
    ):
        [failure] = failures(response)
        assert word in failure.what
        assert (failure.error, failure.cause) == ("Broken", "no role to assume")


def test_a_collector_that_failed_is_named_when_nothing_could_be_sealed() -> None:
    items = [{"collector_id": "iam.principal", "failure": CAUGHT}, {"collector_id": "x"}]
    part = {"evidence": items, "failure": CAUGHT}
    found = failures(a_response(preserved={"preserved": [part]}))
    assert [f.what for f in found][1:] == ["Evidence was not collected: iam.principal"]


def test_an_order_that_was_left_is_a_failure_only_when_that_could_not_be_recorded() -> None:
    left = {"order": {"order_id": "o"}, "failure": CAUGHT, "left": {}}
    assert failures(a_response(contained=[left])) == []
    [failure] = failures(a_response(contained=[left | {"left_unrecorded": CAUGHT}]))
    assert "recorded" in failure.what


def test_a_tracker_that_runs_already_is_no_failure() -> None:
    clocked = {"clocks": {"clocks": 3}, "tracker": TRACKED_ALREADY}
    assert failures(a_response(clocked=clocked)) == []


def test_a_branch_that_handed_over_something_unknown_is_a_failure() -> None:
    for nonsense in (None, "text", 7):
        response = a_response()
        response[0] = nonsense
        assert len(failures(response)) == 1
    assert len(failures([])) == 6  # five branches, one of which promises two things


def test_a_cause_that_is_not_json_is_shown_as_it_is() -> None:
    [failure] = failures(
        a_response(opened={"failure": {"Error": "States.Timeout", "Cause": "took 120 s"}})
    )
    assert failure.cause == "took 120 s"
