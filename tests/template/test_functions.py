"""One word, five places: state, function, folder, step and event carry the same name."""

import json
from importlib import import_module

import pytest

from tests.template.templates import (
    ROOT,
    as_list,
    docstring_of,
    functions,
    machine,
    resources,
    statements,
    states,
)

VERBS = sorted(functions())


def test_every_function_folder_is_in_the_template_and_back() -> None:
    folders = {path.parent.name for path in (ROOT / "functions").glob("*/app.py")}
    assert folders == set(VERBS)


@pytest.mark.parametrize("verb", VERBS)
def test_logical_id_step_and_event_carry_the_functions_name(verb: str) -> None:
    logical_id = "".join(part.capitalize() for part in verb.split("_")) + "Function"
    assert logical_id in resources("AWS::Serverless::Function")
    assert (ROOT / f"layers/responder/responder/steps/{verb}.py").is_file()
    json.loads((ROOT / f"events/steps/{verb}.json").read_text())


@pytest.mark.parametrize("verb", VERBS)
def test_the_console_describes_a_function_in_the_words_of_its_code(verb: str) -> None:
    said = docstring_of(ROOT / f"functions/{verb}/app.py")
    assert functions()[verb]["Description"] == said


@pytest.mark.parametrize("verb", VERBS)
def test_a_role_may_do_what_its_step_calls_and_nothing_else(verb: str) -> None:
    allowed = {
        action
        for statement in statements(functions()[verb])
        for action in as_list(statement["Action"])
    }
    assert allowed == set(import_module(f"responder.steps.{verb}").PERMISSIONS)


@pytest.mark.parametrize("verb", VERBS)
def test_every_statement_of_a_role_says_why_and_names_its_resources(verb: str) -> None:
    for statement in statements(functions()[verb]):
        assert statement["Sid"]
        assert statement["Effect"] == "Allow"
        assert "*" not in as_list(statement["Resource"]), statement["Sid"]
        assert not [action for action in as_list(statement["Action"]) if "*" in action]


@pytest.mark.parametrize("name", ["incident-response", "deadline-tracker"])
def test_each_task_of_a_machine_calls_the_function_of_its_own_name(name: str) -> None:
    for state_name, state in states(machine(name)).items():
        if state["Type"] != "Task" or state_name == "TrackDeadlines":
            continue
        function = state.get("Parameters", {}).get("FunctionName", state["Resource"])
        assert function == f"${{{state_name}FunctionArn}}"


@pytest.mark.parametrize("name", ["incident-response", "deadline-tracker"])
def test_tasks_retry_what_may_pass_and_are_bounded_in_time(name: str) -> None:
    for state_name, state in states(machine(name)).items():
        if state["Type"] != "Task":
            continue
        retried = {error for retry in state["Retry"] for error in retry["ErrorEquals"]}
        assert retried & {"Unavailable", "StepFunctions.ThrottlingException"}, state_name
        assert "States.ALL" not in retried, state_name
        if state_name != "TrackDeadlines":
            assert {"TimeoutSeconds", "TimeoutSecondsPath"} & set(state), state_name


def test_no_branch_of_the_response_can_end_another() -> None:
    """Every task inside the parallel catches everything, so the parallel itself cannot fail."""
    respond = machine("incident-response")["States"]["Respond"]
    for branch in respond["Branches"]:
        for name, state in states(branch).items():
            if state["Type"] == "Task":
                caught = {error for catch in state["Catch"] for error in catch["ErrorEquals"]}
                assert "States.ALL" in caught, name


def test_top_level_states_say_what_they_do() -> None:
    for name in ("incident-response", "deadline-tracker"):
        for state_name, state in machine(name)["States"].items():
            assert state.get("Comment"), f"{name}: {state_name}"
