"""Every machine, read as a graph; and each defect that the reading is there to find, planted."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from tests.template.asl import misspelt, problems
from tests.template.templates import ROOT, machine, states

# What Lambda may answer when it is not our code that failed (Step Functions Developer Guide, "Best
# practices", "Handle transient Lambda service exceptions"), and our own word for the same.
PASSING = {
    "Unavailable",
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.ClientExecutionTimeoutException",
    "Lambda.SdkClientException",
    "Lambda.TooManyRequestsException",
    "Lambda.Unknown",  # the function died; every step may run twice
    "Runtime.ExitError",  # the same, as Lambda itself calls it
    "Sandbox.Timedout",
}
# The keys of its input, and what may fail the whole execution, which an alarm then tells of.
MACHINES: dict[str, dict[str, Any]] = {
    "incident-response": {
        "given": ["incident_id", "generation"],
        # Bounded by MAX_LENGTH of responder/steps/collect.py, and by LOOKED_AT_AFTER of plan.py.
        "waits": ["WaitForMore", "LetTheOthersBeWeighed"],
        "uncaught": ["Report"],  # there is no report left that could say so: ResponseFailed pages
    },
    "hold-order": {
        "given": ["incident_id", "order_id"],
        "uncaught": ["Leave"],  # nobody else is left to hand the order to: HoldFailed pages
    },
    "deadline-tracker": {
        "given": ["incident_id"],
        "uncaught": ["Tick"],  # the sweep ticks what has no tracker, and TrackerFailed pages
        "waits": ["WaitForMilestone"],  # a day at most: responder/steps/tick.py
    },
    "breach-analysis": {
        "given": ["incident_id", "generation", "whole"],
        # Without a turn nobody knows what is next: AnalysisFailed pages. A reader that fails fails
        # its own execution, and the map takes any number of those.
        "uncaught": ["Scope", "Scan"],
    },
    "page-escalation": {
        "given": ["incident_id"],
        "waits": ["WaitForAnAnswer"],  # a day at most: `answer_within_minutes` of domain/rota.py
    },
}


def told(name: str, definition: dict[str, Any]) -> list[str]:
    return problems(definition, retried=PASSING, **MACHINES[name])


def test_every_machine_is_read() -> None:
    found = {path.name.removesuffix(".asl.yaml") for path in (ROOT / "statemachines").iterdir()}
    assert found == set(MACHINES)


@pytest.mark.parametrize("name", MACHINES)
def test_nothing_is_wrong_with_a_machine(name: str) -> None:
    assert told(name, machine(name)) == []
    assert list(misspelt(machine(name))) == []


def test_a_field_that_a_state_does_not_have_is_told() -> None:
    definition = copy.deepcopy(machine("hold-order"))
    states(definition)["Contain"]["TimeOutSeconds"] = 9
    assert "'TimeOutSeconds' was unexpected" in str(list(misspelt(definition)))


def _drop(*keys: str) -> Callable[[dict[str, Any]], None]:
    def plant(state: dict[str, Any]) -> None:
        for key in keys:
            del state[key]

    return plant


def _put(**values: Any) -> Callable[[dict[str, Any]], None]:
    return lambda state: state.update(values)


def _retry(**values: Any) -> Callable[[dict[str, Any]], None]:
    return lambda state: state["Retry"][0].update(values)


def _seconds_from_input(state: dict[str, Any]) -> None:
    del state["Seconds"]
    state["SecondsPath"] = "$.order_id"


@pytest.mark.parametrize(
    ("name", "state", "plant", "wrong"),
    [
        ("hold-order", "IsItCut", _put(Default="Nowhere"), "Nowhere is no state of its level"),
        ("hold-order", "IsItCut", _drop("Default"), "IsItCut has no default"),
        ("hold-order", "Verify", _drop("TimeoutSeconds"), "Verify has no time-out"),
        ("incident-response", "Ask", _drop("TimeoutSecondsPath"), "Ask has no time-out"),
        ("incident-response", "TrackDeadlines", _drop("TimeoutSeconds"), "has no time-out"),
        ("hold-order", "Verify", _drop("Catch"), "Verify fails its execution, and nobody says"),
        ("hold-order", "Verify", _drop("Retry"), "Verify is never tried again"),
        ("hold-order", "Verify", _retry(ErrorEquals=["Unavailable"]), "Verify is tried again aft"),
        ("hold-order", "Verify", _retry(MaxAttempts=0), "Verify is not tried again between"),
        ("hold-order", "LetItPropagate", _seconds_from_input, "LetItPropagate waits as long as"),
        ("hold-order", "Verify", _drop("ResultPath"), "Leave reads $.incident_id, which no way"),
        ("hold-order", "LookAgain", _put(ResultPath="$.read"), "IsItCut reads $.receipt"),
        ("incident-response", "Plan", _put(ResultPath="$.planned"), "CarryOutOrders reads $.plan"),
        (
            "incident-response",
            "CarryOutOrders",
            _put(ItemSelector={"order.$": "$$.Map.Item.Value"}),
            "Ask reads $.incident_id",
        ),
        ("deadline-tracker", "AreClocksRunning", _put(Default="Tick"), "AllEnded is never reached"),
        ("deadline-tracker", "AreClocksRunning", _put(Default="Tick"), "Tick never leads to an"),
    ],
)
def test_a_defect_that_is_planted_is_told(
    name: str, state: str, plant: Callable[[dict[str, Any]], None], wrong: str
) -> None:
    definition = copy.deepcopy(machine(name))
    plant(states(definition)[state])
    assert wrong in " | ".join(told(name, definition))


def test_an_exception_that_excepts_nothing_is_told() -> None:
    given = MACHINES["hold-order"]["given"]
    found = problems(
        machine("hold-order"),
        given=given,
        retried=PASSING,
        uncaught=["Leave", "Verify"],
        waits=["LetItPropagate"],
    )
    assert found == [
        "LetItPropagate may wait as long as its input says, and does not",
        "Verify may fail its execution, and does not",
    ]
