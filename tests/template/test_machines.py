"""The machines: each state calls its own function, says what it does, and fails to a person."""

import json
import re
from typing import Any

import pytest

from localcloud.patterns import matches
from responder.aws.timeline import PREFIX as TIMELINE
from tests.template.templates import (
    ROOT,
    as_list,
    event_of,
    functions,
    machine,
    resources,
    role_statements,
    states,
    template,
)

MACHINES = {
    "incident-response": "IncidentResponse",
    "deadline-tracker": "DeadlineTracker",
    "hold-order": "HoldOrder",
    "page-escalation": "PageEscalation",
    "breach-analysis": "BreachAnalysis",
}
SECOND = {"LookAgain": "Verify"}  # a state that is another use of a function
STARTING = (
    "TrackDeadlines",
    "CallUntilAnswered",
    "ReadLogsWhole",
)  # tasks that start a machine: no functions


def tasks(name: str) -> dict[str, dict[str, Any]]:
    """The tasks of a machine that are functions of ours."""
    found = states(machine(name)).items()
    return {key: state for key, state in found if state["Type"] == "Task" and key not in STARTING}


def caught(state: dict[str, Any]) -> set[str]:
    return {error for catch in state.get("Catch", []) for error in catch["ErrorEquals"]}


@pytest.mark.parametrize("name", MACHINES)
def test_each_task_calls_the_function_of_its_own_name(name: str) -> None:
    for state_name, state in tasks(name).items():
        called = state.get("Parameters", {}).get("FunctionName", state["Resource"])
        assert called == f"${{{SECOND.get(state_name, state_name)}FunctionArn}}"


@pytest.mark.parametrize("name", MACHINES)
def test_a_machine_is_told_each_name_it_uses_and_no_other(name: str) -> None:
    """AWS leaves a name that nobody gives as it stands, and refuses what it then reads."""
    text = (ROOT / f"statemachines/{name}.asl.yaml").read_text()
    properties = resources("AWS::Serverless::StateMachine")[MACHINES[name]]
    assert set(re.findall(r"\$\{(.+?)\}", text)) == set(properties["DefinitionSubstitutions"])
    for told, value in properties["DefinitionSubstitutions"].items():
        if told.endswith("FunctionArn"):
            assert value == {"Fn::GetAtt": [told.removesuffix("Arn"), "Arn"]}


@pytest.mark.parametrize("name", MACHINES)
def test_the_role_of_a_machine_may_run_its_functions_and_no_others(name: str) -> None:
    role = resources("AWS::IAM::Role")[f"{MACHINES[name]}Role"]
    invoked = [
        resource
        for statement in role_statements(role)
        if "lambda:InvokeFunction" in statement["Action"]
        for resource in statement["Resource"]
    ]
    called = {SECOND.get(task, task) for task in tasks(name)}
    own = [{"Fn::GetAtt": [f"{function}Function", "Arn"]} for function in called]
    assert sorted(map(str, invoked)) == sorted(map(str, own))


@pytest.mark.parametrize("name", MACHINES)
def test_a_task_waits_longer_than_its_function_may_run(name: str) -> None:
    usual = template()["Globals"]["Function"]["Timeout"]
    for state_name, state in tasks(name).items():
        if state["Resource"].endswith(".waitForTaskToken"):
            assert state["TimeoutSecondsPath"] == "$.order.answer_within_seconds"
            continue
        function = SECOND.get(state_name, state_name).lower()
        runs = functions()[function].get("Timeout", usual)
        assert state["TimeoutSeconds"] > runs, state_name


def test_no_branch_of_the_response_can_end_another() -> None:
    """Every task inside the parallel catches everything, so the parallel itself cannot fail."""
    respond = machine("incident-response")["States"]["Respond"]
    for branch in respond["Branches"]:
        inside = states(branch)
        assert "Fail" not in {state["Type"] for state in inside.values()}
        for name, state in inside.items():
            if state["Type"] == "Task":
                assert "States.ALL" in caught(state), name


def test_an_order_that_fails_goes_to_a_person() -> None:
    """Whatever an order meets on its way leads to `Leave`; only Leave's own failure does not."""
    inside = states(machine("incident-response"))
    for name in ("Ask", "Expire", "Contain", "Verify"):
        last = inside[name]["Catch"][-1]
        assert (last["ErrorEquals"], last["Next"]) == (["States.ALL"], "Leave"), name


@pytest.mark.parametrize("name", MACHINES)
def test_top_level_states_and_tasks_say_what_they_do(name: str) -> None:
    assert machine(name)["Comment"]
    for state_name, state in machine(name)["States"].items():
        assert state.get("Comment"), state_name


def test_the_response_may_start_the_machines_it_does_not_wait_for_and_no_other() -> None:
    role = resources("AWS::IAM::Role")["IncidentResponseRole"]
    starts = [
        statement["Resource"]
        for policy in role["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
        if "states:StartExecution" in as_list(statement["Action"])
    ]
    machines = ("DeadlineTracker", "PageEscalation", "BreachAnalysis")
    assert starts == [[{"Ref": name} for name in machines]]


def test_orders_that_wait_for_a_person_hold_up_no_other() -> None:
    assert states(machine("incident-response"))["CarryOutOrders"]["MaxConcurrency"] == 0


def test_a_cut_has_time_to_be_undone_before_it_is_read() -> None:
    """Twice: contained means two clean reads, and each comes after this wait."""
    assert states(machine("incident-response"))["LetItPropagate"]["Seconds"] >= 15


def test_the_sweep_looks_every_hour() -> None:
    events = resources("AWS::Serverless::Function")["SweepFunction"]["Events"]
    [schedule] = [event["Properties"] for event in events.values()]
    assert schedule["ScheduleExpression"] == "rate(1 hour)"
    assert schedule.get("State", "ENABLED") == "ENABLED"


def test_the_mirror_is_sent_each_new_timeline_event_and_nothing_else() -> None:
    mapping = resources("AWS::Serverless::Function")["MirrorFunction"]["Events"]["Timeline"]
    [given] = mapping["Properties"]["FilterCriteria"]["Filters"]
    pattern = json.loads(given["Pattern"])

    def passes(name: str, sk: str) -> bool:
        return matches(pattern, {"eventName": name, "dynamodb": {"Keys": {"sk": {"S": sk}}}})

    assert all(matches(pattern, record) for record in event_of("mirror")["Records"])
    assert passes("INSERT", f"{TIMELINE}found:1")
    assert not passes("MODIFY", f"{TIMELINE}found:1")
    assert not passes("REMOVE", f"{TIMELINE}found:1")
    for other in ("META", "MIRRORED#found:1", "CUSTODY#TIMELINE#1", "TIMELINE"):
        assert not passes("INSERT", other), other
