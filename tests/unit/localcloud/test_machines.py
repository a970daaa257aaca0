import json
import re
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from botocore.exceptions import ClientError
from moto import mock_aws
from moto.core.exceptions import JsonRESTError

from localcloud.asl_repairs import from_timestamp
from localcloud.asl_subset import refuse_unsupported
from localcloud.machines import HISTORY_EVENTS, engine_modules, executing
from localcloud.scheduler import Scheduler
from localcloud.stack import Unsupported
from localcloud.virtual_time import VirtualTime
from tests.builders import HOME, REGION
from tests.unit.localcloud.engine import BEGIN, Engine, an_engine

ROOT = Path(__file__).parents[3]
SECOND, MINUTE, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(days=1)
SHOP = "111122223333"
INVOKE = "arn:aws:states:::lambda:invoke"
ALL = {"ErrorEquals": ["States.ALL"], "ResultPath": "$.failure", "Next": "Caught"}
CAUGHT = {"Type": "Pass", "End": True}


class Unavailable(Exception):
    pass


class Refused(Exception):
    pass


@pytest.fixture
def engine() -> Iterator[Engine]:
    before = set(threading.enumerate())
    with an_engine() as engine:
        yield engine
    assert set(threading.enumerate()) == before


def one(state: dict[str, Any], **others: dict[str, Any]) -> dict[str, Any]:
    """A machine of this state, called Only, and of others."""
    return {"StartAt": "Only", "States": {"Only": state, **others}}


def asking(function: str, **more: Any) -> dict[str, Any]:
    """A task that gives its token to the function and waits for an answer."""
    parameters = {
        "FunctionName": function,
        "Payload": {"token.$": "$$.Task.Token", "now.$": "$$.State.EnteredTime"},
    }
    task = {"Type": "Task", "Resource": f"{INVOKE}.waitForTaskToken", "Parameters": parameters}
    return {**task, "TimeoutSeconds": 1800, **more}


def raising(error: Exception) -> Any:
    def function(_: Any) -> Any:
        raise error

    return function


# Tasks


def test_a_task_gives_its_parameters_to_the_function_and_keeps_the_rest_of_the_document(
    engine: Engine,
) -> None:
    function = engine.function("plan", lambda given: {"orders": [given["incident"]]})
    described = engine.run(
        one(
            {
                "Type": "Task",
                "Resource": function,
                "Parameters": {"incident.$": "$.id", "now.$": "$$.State.EnteredTime"},
                "ResultPath": "$.plan",
                "End": True,
            }
        ),
        {"id": "i-1", "kept": [1]},
    )
    assert described["status"] == "SUCCEEDED"
    assert described["output"] == {"id": "i-1", "kept": [1], "plan": {"orders": ["i-1"]}}
    assert described["stopDate"] == BEGIN


def test_the_optimised_invoke_answers_with_the_payload_and_more(engine: Engine) -> None:
    function = engine.function("plan", lambda given: given["n"] + 1)
    parameters = {"FunctionName": function, "Payload": {"n.$": "$.n"}}
    described = engine.run(
        one({"Type": "Task", "Resource": INVOKE, "Parameters": parameters, "End": True}), {"n": 4}
    )
    assert described["output"]["Payload"] == 5
    assert described["output"]["StatusCode"] == 200


def test_times_in_the_context_are_as_aws_writes_them(engine: Engine) -> None:
    seen: list[Any] = []
    function = engine.function("look", seen.append)
    parameters = {"entered.$": "$$.State.EnteredTime", "started.$": "$$.Execution.StartTime"}
    task = {"Type": "Task", "Resource": function, "Parameters": parameters, "End": True}
    engine.run(
        {
            "StartAt": "Wait",
            "States": {"Wait": {"Type": "Wait", "Seconds": 15, "Next": "Only"}, "Only": task},
        }
    )
    assert seen == [{"entered": "2026-03-02T09:30:15.250Z", "started": "2026-03-02T09:30:00.250Z"}]


def test_an_unavailable_function_is_tried_again_with_growing_pauses(engine: Engine) -> None:
    tries: list[timedelta] = []

    def function(_: Any) -> str:
        tries.append(datetime.now(UTC) - BEGIN)
        if len(tries) < 4:
            raise Unavailable("throttled")
        return "done"

    retry = {"IntervalSeconds": 2, "MaxAttempts": 5, "BackoffRate": 2}
    described = engine.run(
        one(
            {
                "Type": "Task",
                "Resource": engine.function("contain", function),
                "Retry": [{"ErrorEquals": ["Unavailable", "Lambda.ServiceException"], **retry}],
                "End": True,
            }
        )
    )
    assert described["output"] == "done"
    assert tries == [0 * SECOND, 2 * SECOND, 6 * SECOND, 14 * SECOND]


def test_a_function_that_stays_unavailable_is_caught_with_error_and_cause(engine: Engine) -> None:
    tries: list[int] = []

    def function(_: Any) -> None:
        tries.append(1)
        raise Unavailable("throttled")

    retry = {"IntervalSeconds": 2, "MaxAttempts": 2, "BackoffRate": 2}
    described = engine.run(
        one(
            {
                "Type": "Task",
                "Resource": engine.function("contain", function),
                "Retry": [{"ErrorEquals": ["Unavailable"], **retry}],
                "Catch": [ALL],
                "End": True,
            },
            Caught=CAUGHT,
        ),
        {"id": "i-1"},
    )
    assert len(tries) == 3
    assert described["output"]["id"] == "i-1"
    failure = described["output"]["failure"]
    assert failure["Error"] == "Unavailable"
    assert json.loads(failure["Cause"])["errorMessage"] == "throttled"


def test_an_error_that_no_retry_names_is_not_tried_again(engine: Engine) -> None:
    tries: list[int] = []

    def function(_: Any) -> None:
        tries.append(1)
        raise Refused("break-glass")

    described = engine.run(
        one(
            {
                "Type": "Task",
                "Resource": engine.function("contain", function),
                "Retry": [{"ErrorEquals": ["Unavailable"]}],
                "End": True,
            }
        )
    )
    assert tries == [1]
    assert described["status"] == "FAILED"
    assert described["error"] == "Refused"
    assert json.loads(described["cause"])["errorMessage"] == "break-glass"
    assert engine.history(described["executionArn"])[-1] == (timedelta(), "ExecutionFailed")


@pytest.mark.parametrize("resource", ["direct", INVOKE])
@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("TooManyRequestsException", "Lambda.TooManyRequestsException"),
        ("ServiceException", "Lambda.ServiceException"),
        ("AccessDeniedException", "Lambda.AWSLambdaException"),
    ],
)
def test_what_lambda_itself_refuses_is_named_as_aws_names_it(
    engine: Engine, resource: str, code: str, name: str
) -> None:
    engine.invoked = raising_at_invoke(JsonRESTError(code, "no"))
    function = engine.function("contain", lambda _: None)
    task: dict[str, Any] = {"Type": "Task", "Resource": function, "Catch": [ALL], "End": True}
    if resource == INVOKE:
        task |= {"Resource": INVOKE, "Parameters": {"FunctionName": function}}
    described = engine.run(one(task, Caught=CAUGHT))
    assert described["output"]["failure"]["Error"] == name
    assert f"Error Code: {code}" in described["output"]["failure"]["Cause"]


def raising_at_invoke(error: Exception) -> Any:
    def invoked(*_: Any) -> bytes:
        raise error

    return invoked


def test_a_path_that_leads_nowhere_fails_the_execution_past_every_catch(engine: Engine) -> None:
    # AWS: States.ALL does not catch States.Runtime.
    function = engine.function("plan", lambda _: None)
    task = {"Type": "Task", "Resource": function, "Catch": [ALL], "End": True}
    described = engine.run(one({**task, "Parameters": {"a.$": "$.missing"}}, Caught=CAUGHT))
    assert described["status"] == "FAILED"
    assert described["error"] == "States.Runtime"
    assert "$.missing" in described["cause"]


def test_calls_are_made_with_a_session_of_the_machines_role(engine: Engine) -> None:
    keys: list[str] = []

    def invoked(_: Any, __: Any, headers: Any, ___: Any) -> bytes:
        keys.append(dict(headers)["Authorization"].split("Credential=")[1].split("/")[0])
        return b"{}"

    engine.invoked = invoked
    function = engine.function("plan", lambda _: None)
    task = {"Type": "Task", "Resource": function}
    wait = {"Type": "Wait", "Seconds": 7200, "Next": "Again"}
    engine.run(one({**task, "Next": "W"}, W=wait, Again={**task, "End": True}))
    engine.advance(2 * 60 * MINUTE)
    assert len(keys) == 2
    assert keys[0] != keys[1]  # an hour is over: the session is a new one
    for key in keys:
        assert key.startswith("ASIA")


# Waits


def test_a_wait_until_a_timestamp_ends_at_it_and_not_before(engine: Engine) -> None:
    seen: list[datetime] = []
    function = engine.function("tick", lambda _: seen.append(datetime.now(UTC)))
    wait = {"Type": "Wait", "TimestampPath": "$.at", "Next": "Tick"}
    tick = {"Type": "Task", "Resource": function, "End": True}
    engine.run(one(wait, Tick=tick), {"at": "2026-03-02T10:00:00.900100Z"})
    assert seen == [datetime(2026, 3, 2, 10, 0, 0, 901_000, tzinfo=UTC)]


def engine_arn(engine: Engine) -> str:
    return f"arn:aws:states:{REGION}:{engine.account}:stateMachine"


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-03-02T10:00:00Z", datetime(2026, 3, 2, 10, tzinfo=UTC)),
        ("2026-03-02T10:00:00.5Z", datetime(2026, 3, 2, 10, 0, 0, 500_000, tzinfo=UTC)),
        ("2026-03-02T10:00:00-08:00", datetime(2026, 3, 2, 18, tzinfo=UTC)),
        ("2026-03-02 10:00:00Z", None),
        ("2026-03-02T10:00:00", None),
        ("2026-13-02T10:00:00Z", None),
        ("next week", None),
        (None, None),
    ],
)
def test_timestamps_are_read_as_the_states_language_writes_them(
    text: str, at: datetime | None
) -> None:
    assert from_timestamp(text) == at


def test_a_wait_until_a_time_that_has_passed_is_none(engine: Engine) -> None:
    described = engine.run(
        one({"Type": "Wait", "TimestampPath": "$.at", "End": True}), {"at": "2020-01-01T00:00:00Z"}
    )
    assert described["status"] == "SUCCEEDED"
    assert described["stopDate"] == BEGIN


def test_a_wait_for_what_is_no_time_fails_the_execution(engine: Engine) -> None:
    described = engine.run(
        one({"Type": "Wait", "TimestampPath": "$.at", "End": True}), {"at": "soon"}
    )
    assert described["status"] == "FAILED"
    assert described["error"] == "States.Runtime"


def test_seconds_can_come_from_the_document(engine: Engine) -> None:
    described = engine.run(one({"Type": "Wait", "SecondsPath": "$.s", "End": True}), {"s": 90})
    assert described["stopDate"] == BEGIN + 90 * SECOND


# Choices and ends


@pytest.mark.parametrize(
    ("given", "chosen"),
    [
        ({"held": True, "mode": "approval"}, "Held"),
        ({"held": False, "mode": "approval"}, "Asked"),
        ({"held": False, "mode": "now"}, "Done"),
    ],
)
def test_a_choice_goes_by_its_first_rule_that_holds(
    engine: Engine, given: dict[str, Any], chosen: str
) -> None:
    choice = {
        "Type": "Choice",
        "Choices": [
            {"Variable": "$.held", "BooleanEquals": True, "Next": "Held"},
            {"Variable": "$.mode", "StringEquals": "approval", "Next": "Asked"},
        ],
        "Default": "Done",
    }
    ends = {name: {"Type": "Pass", "Result": name, "End": True} for name in ("Held", "Asked")}
    described = engine.run(
        one(choice, **ends, Done={"Type": "Pass", "Result": "Done", "Next": "Over"}, Over=OVER),
        given,
    )
    assert described["status"] == "SUCCEEDED"
    assert described["output"] == chosen


OVER: dict[str, Any] = {"Type": "Succeed"}


def test_a_fail_state_fails_the_execution_with_its_words(engine: Engine) -> None:
    described = engine.run(one({"Type": "Fail", "Error": "NoPlan", "Cause": "no orders"}))
    assert (described["status"], described["error"]) == ("FAILED", "NoPlan")
    assert described["cause"] == "no orders"


def test_a_machine_that_takes_too_long_is_ended_with_what_it_waits_for(engine: Engine) -> None:
    machine = one({"Type": "Wait", "Seconds": 86_400, "End": True}) | {"TimeoutSeconds": 60}
    described = engine.run(machine)
    assert described["status"] == "TIMED_OUT"
    assert engine.history(described["executionArn"])[-1] == (MINUTE, "ExecutionTimedOut")
    assert engine.scheduler.alive() == []


def test_a_machine_that_goes_in_circles_fails_when_its_history_is_full() -> None:
    circle = {"A": {"Type": "Pass", "Next": "B"}, "B": {"Type": "Pass", "Next": "A"}}
    with an_engine(history_events=500) as engine:
        described = engine.run({"StartAt": "A", "States": circle})
        assert described["status"] == "FAILED"
        assert "maximum number of history events (500)" in described["cause"]
        assert 500 <= len(engine.history(described["executionArn"])) < 510
    assert HISTORY_EVENTS == 25_000


def test_stopping_an_execution_ends_what_waits_in_it(engine: Engine) -> None:
    function = engine.function("ask", lambda _: None)
    branch = {"StartAt": "Ask", "States": {"Ask": asking(function, End=True)}}
    execution = engine.start(
        engine.machine(one({"Type": "Parallel", "Branches": [branch, branch], "End": True}))
    )
    engine.advance(MINUTE)
    stopped = engine.states.stop_execution(executionArn=execution, error="Mine", cause="a drill")
    assert stopped["stopDate"] == BEGIN + MINUTE
    engine.scheduler.settle()
    described = engine.describe(execution)
    assert described["status"] == "ABORTED"
    assert (described["error"], described["cause"]) == ("Mine", "a drill")
    assert engine.history(execution)[-1] == (MINUTE, "ExecutionAborted")
    assert engine.scheduler.alive() == []
    assert engine.scheduler.next_at() is None


def test_an_execution_can_be_stopped_before_its_first_turn(engine: Engine) -> None:
    called: list[Any] = []
    task = {"Type": "Task", "Resource": engine.function("f", called.append), "Next": "Wait"}
    wait = {"Type": "Wait", "Seconds": 60, "End": True}
    execution = engine.start(engine.machine(one(task, Wait=wait)))
    engine.states.stop_execution(executionArn=execution)
    engine.scheduler.settle()
    assert engine.describe(execution)["status"] == "ABORTED"
    assert called == []
    assert engine.scheduler.alive() == []


# Parallel and Map


def test_branches_that_catch_their_own_fail_apart(engine: Engine) -> None:
    bad = engine.function("bad", raising(Refused("no")))
    good = engine.function("good", lambda given: {"fine": given["id"]})

    def branch(function: str) -> dict[str, Any]:
        task = {"Type": "Task", "Resource": function, "Catch": [ALL], "End": True}
        return one(task, Caught=CAUGHT)

    described = engine.run(
        one(
            {
                "Type": "Parallel",
                "Branches": [branch(bad), branch(good)],
                "ResultPath": "$.response",
                "End": True,
            }
        ),
        {"id": "i-1"},
    )
    first, second = described["output"]["response"]
    assert first["failure"]["Error"] == "Refused"
    assert second == {"fine": "i-1"}
    assert described["output"]["id"] == "i-1"


@pytest.mark.parametrize(
    ("failing", "error"),
    [
        ({"Type": "Fail", "Error": "Refused", "Cause": "no"}, "Refused"),
        ({"Type": "Fail", "Error": "States.Timeout", "Cause": "no"}, "States.Timeout"),
    ],
)
def test_a_branch_that_fails_ends_its_siblings_and_can_be_caught(
    engine: Engine, failing: dict[str, Any], error: str
) -> None:
    ask = engine.function("ask", lambda _: None)
    waiting = {"StartAt": "Ask", "States": {"Ask": asking(ask, End=True)}}
    late = {
        "StartAt": "Wait",
        "States": {"Wait": {"Type": "Wait", "Seconds": 60, "Next": "Fail"}, "Fail": failing},
    }
    parallel = {"Type": "Parallel", "Branches": [waiting, late], "Catch": [ALL], "End": True}
    execution = engine.start(engine.machine(one(parallel, Caught=CAUGHT)))
    engine.advance(MINUTE)
    described = engine.describe(execution)
    assert described["status"] == "SUCCEEDED"
    assert described["output"]["failure"] == {"Error": error, "Cause": "no"}
    assert engine.scheduler.alive() == []
    assert engine.scheduler.next_at() is None


def test_a_map_gives_each_item_its_place_and_keeps_the_order(engine: Engine) -> None:
    seen: list[tuple[timedelta, Any]] = []

    def function(given: Any) -> Any:
        seen.append((datetime.now(UTC) - BEGIN, given))
        return given["order"] * 10

    wait = {"Type": "Wait", "SecondsPath": "$.order", "Next": "Contain"}
    parameters = {"order.$": "$.order", "again.$": "$$.Map.Item.Value", "id.$": "$.id"}
    task = {
        "Type": "Task",
        "Resource": engine.function("contain", function),
        "Parameters": parameters,
        "End": True,
    }
    processor = {"StartAt": "Wait", "States": {"Wait": wait, "Contain": task}}
    described = engine.run(
        one(
            {
                "Type": "Map",
                "ItemsPath": "$.plan.orders",
                "MaxConcurrency": 2,
                "ItemSelector": {"id.$": "$.id", "order.$": "$$.Map.Item.Value"},
                "ItemProcessor": processor,
                "ResultPath": "$.receipts",
                "End": True,
            }
        ),
        {"id": "i-1", "plan": {"orders": [30, 10, 20]}},
    )
    assert described["output"]["receipts"] == [300, 100, 200]
    # Two at a time: the third begins when the second has ended.
    assert [(at, given["order"]) for at, given in seen] == [
        (10 * SECOND, 10),
        (30 * SECOND, 30),
        (30 * SECOND, 20),
    ]
    assert all(
        given == {"order": given["again"], "again": given["again"], "id": "i-1"}
        for _, given in seen
    )


def test_a_map_over_nothing_answers_nothing(engine: Engine) -> None:
    processor = {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}
    machine = one({"Type": "Map", "ItemsPath": "$.o", "ItemProcessor": processor, "End": True})
    assert engine.run(machine, {"o": []})["output"] == []


def test_an_iteration_that_fails_ends_the_others_and_can_be_caught(engine: Engine) -> None:
    def function(given: Any) -> None:
        if given["n"] == 2:
            raise Refused("no")

    task = {"Type": "Task", "Resource": engine.function("contain", function), "Next": "Wait"}
    wait = {"Type": "Wait", "Seconds": 86_400, "End": True}
    processor = {"StartAt": "Only", "States": {"Only": task, "Wait": wait}}
    machine = one(
        {
            "Type": "Map",
            "ItemsPath": "$.items",
            "ItemSelector": {"n.$": "$$.Map.Item.Value"},
            "ItemProcessor": processor,
            "Catch": [ALL],
            "End": True,
        },
        Caught=CAUGHT,
    )
    described = engine.run(machine, {"items": [1, 2, 3]})
    assert described["output"]["failure"]["Error"] == "Refused"
    assert engine.scheduler.alive() == []


# Waiting for a person


def test_an_approval_at_minute_five_goes_on_at_minute_five(engine: Engine) -> None:
    tokens: list[str] = []
    ask = engine.function("ask", lambda given: tokens.append(given["token"]))
    contain = engine.function("contain", lambda given: given["answer"]["approver"])
    execution = engine.start(
        engine.machine(
            one(
                asking(ask, ResultPath="$.answer", Next="Contain"),
                Contain={"Type": "Task", "Resource": contain, "End": True},
            )
        )
    )
    engine.advance(5 * MINUTE)
    assert engine.describe(execution)["status"] == "RUNNING"
    assert engine.scheduler.next_at() == BEGIN + 30 * MINUTE
    engine.states.send_task_success(taskToken=tokens[0], output='{"approver": "alice"}')
    engine.scheduler.settle()
    described = engine.describe(execution)
    assert described["output"] == "alice"
    assert described["stopDate"] == BEGIN + 5 * MINUTE
    assert engine.scheduler.next_at() is None


def test_an_answer_from_inside_the_asking_function_is_taken(engine: Engine) -> None:
    def ask(given: Any) -> None:
        engine.states.send_task_success(taskToken=given["token"], output='"at once"')

    described = engine.run(one(asking(engine.function("ask", ask), End=True)))
    assert described["output"] == "at once"
    assert described["stopDate"] == BEGIN


def test_a_denial_carries_its_error_and_its_cause(engine: Engine) -> None:
    tokens: list[str] = []
    ask = engine.function("ask", lambda given: tokens.append(given["token"]))
    machine = one(asking(ask, Catch=[ALL], End=True), Caught=CAUGHT)
    execution = engine.start(engine.machine(machine))
    engine.advance(MINUTE)
    engine.states.send_task_failure(taskToken=tokens[0], error="Refused", cause="not the plan")
    engine.scheduler.settle()
    failure = engine.describe(execution)["output"]["failure"]
    assert failure == {"Error": "Refused", "Cause": "not the plan"}


def test_silence_expires_at_the_time_the_order_says(engine: Engine) -> None:
    tokens: list[str] = []
    ask = engine.function("ask", lambda given: tokens.append(given["token"]))
    task = asking(ask, TimeoutSecondsPath="$.wait", ResultPath="$.answer", Next="Caught")
    del task["TimeoutSeconds"]
    expired = {"ErrorEquals": ["States.Timeout"], "ResultPath": "$.failure", "Next": "Expire"}
    expire = {"Type": "Pass", "Result": "expired", "ResultPath": "$.end", "End": True}
    machine = one({**task, "Catch": [expired, ALL]}, Caught=CAUGHT, Expire=expire)
    described = engine.run(machine, {"wait": 900})
    assert described["output"]["end"] == "expired"
    assert described["output"]["failure"]["Error"] == "States.Timeout"
    assert described["stopDate"] == BEGIN + 15 * MINUTE
    assert (15 * MINUTE, "TaskTimedOut") in engine.history(described["executionArn"])
    assert engine.scheduler.alive() == []
    assert refusal(engine, tokens[0]) == "TaskTimedOut"


def refusal(engine: Engine, token: str) -> str:
    with pytest.raises(ClientError) as caught:
        engine.states.send_task_success(taskToken=token, output="{}")
    return str(caught.value.response["Error"]["Code"])


def test_a_token_counts_once(engine: Engine) -> None:
    tokens: list[str] = []
    ask = engine.function("ask", lambda given: tokens.append(given["token"]))
    wait = {"Type": "Wait", "Seconds": 600, "End": True}
    execution = engine.start(engine.machine(one(asking(ask, Next="Wait"), Wait=wait)))
    engine.advance(MINUTE)
    engine.states.send_task_heartbeat(taskToken=tokens[0])
    engine.states.send_task_success(taskToken=tokens[0], output='"yes"')
    assert refusal(engine, tokens[0]) == "TaskTimedOut"  # answered, though not yet taken
    engine.advance(MINUTE)
    assert refusal(engine, tokens[0]) == "TaskTimedOut"  # the task is over
    engine.advance(60 * MINUTE)
    assert refusal(engine, tokens[0]) == "TaskTimedOut"  # the execution is over
    assert engine.describe(execution)["output"] == "yes"
    assert refusal(engine, "made-up") == "InvalidToken"


def test_an_answer_that_is_no_json_is_refused_and_the_task_waits_on(engine: Engine) -> None:
    tokens: list[str] = []
    ask = engine.function("ask", lambda given: tokens.append(given["token"]))
    execution = engine.start(engine.machine(one(asking(ask, End=True))))
    engine.scheduler.settle()
    with pytest.raises(ClientError, match="InvalidOutput"):
        engine.states.send_task_success(taskToken=tokens[0], output="yes")
    engine.scheduler.settle()
    assert engine.describe(execution)["status"] == "RUNNING"


def test_every_attempt_has_a_token_of_its_own(engine: Engine) -> None:
    tokens: list[str] = []

    def ask(given: Any) -> None:
        tokens.append(given["token"])
        if len(tokens) == 1:
            raise Unavailable("throttled")

    retry = [{"ErrorEquals": ["Unavailable"], "IntervalSeconds": 2}]
    task = asking(engine.function("ask", ask), Retry=retry, End=True)
    execution = engine.start(engine.machine(one(task)))
    engine.advance(MINUTE)
    assert len(set(tokens)) == 2
    assert refusal(engine, tokens[0]) == "TaskTimedOut"
    engine.states.send_task_success(taskToken=tokens[1], output='"yes"')
    engine.scheduler.settle()
    assert engine.describe(execution)["output"] == "yes"


# Starting


def test_a_machine_starts_another_which_outlives_it(engine: Engine) -> None:
    tracker = engine.machine(one({"Type": "Wait", "Seconds": 7200, "End": True}), "tracker")
    start = {
        "Type": "Task",
        "Resource": "arn:aws:states:::states:startExecution",
        "Parameters": {
            "StateMachineArn": tracker,
            "Name.$": "$.id",
            "Input": {"id.$": "$.id"},
        },
        "Catch": [
            {
                "ErrorEquals": ["StepFunctions.ExecutionAlreadyExistsException"],
                "ResultPath": "$.tracker",
                "Next": "AlreadyTracked",
            },
            ALL,
        ],
        "ResultPath": "$.tracker",
        "End": True,
    }
    already = {"Type": "Pass", "Result": "already", "ResultPath": "$.end", "End": True}
    responder = engine.machine(one(start, AlreadyTracked=already, Caught=CAUGHT))
    first = engine.start(responder, {"id": "i-1"})
    engine.scheduler.settle()
    tracked = engine.describe(first)["output"]["tracker"]
    assert set(tracked) == {"ExecutionArn", "StartDate"}
    assert tracked["ExecutionArn"].endswith(":execution:tracker:i-1")
    assert engine.describe(tracked["ExecutionArn"])["input"] == '{"id":"i-1"}'
    assert engine.describe(tracked["ExecutionArn"])["status"] == "RUNNING"

    engine.advance(3 * 60 * MINUTE)
    assert engine.describe(tracked["ExecutionArn"])["status"] == "SUCCEEDED"
    second = engine.start(responder, {"id": "i-1"})
    engine.scheduler.settle()
    output = engine.describe(second)["output"]
    assert output["end"] == "already"
    assert output["tracker"]["Error"] == "StepFunctions.ExecutionAlreadyExistsException"


def test_the_same_name_and_input_while_it_runs_is_the_same_execution(engine: Engine) -> None:
    machine = engine.machine(one({"Type": "Wait", "Seconds": 60, "End": True}))
    first = engine.start(machine, {"id": 1}, name="i-1")
    assert engine.start(machine, {"id": 1}, name="i-1") == first
    with pytest.raises(ClientError, match="ExecutionAlreadyExists"):
        engine.start(machine, {"id": 2}, name="i-1")
    engine.advance(2 * MINUTE)
    with pytest.raises(ClientError, match="ExecutionAlreadyExists"):
        engine.start(machine, {"id": 1}, name="i-1")


def test_executions_without_a_name_are_different_ones(engine: Engine) -> None:
    machine = engine.machine(one({"Type": "Pass", "End": True}))
    assert engine.start(machine, {"n": 1}) != engine.start(machine, {"n": 2})


def test_two_executions_side_by_side_do_not_disturb_each_other(engine: Engine) -> None:
    function = engine.function("double", lambda given: {"n": given["n"] * 2, "s": given["s"]})
    wait = {"Type": "Wait", "SecondsPath": "$.s", "Next": "Last"}
    task = {"Type": "Task", "Resource": function}
    machine = engine.machine(one({**task, "Next": "Wait"}, Wait=wait, Last={**task, "End": True}))
    slow = engine.start(machine, {"n": 1, "s": 90})
    fast = engine.start(machine, {"n": 10, "s": 30})
    engine.advance(10 * MINUTE)
    assert engine.describe(slow)["output"]["n"] == 4
    assert engine.describe(fast)["output"]["n"] == 40
    assert engine.describe(slow)["stopDate"] == BEGIN + 90 * SECOND
    assert engine.describe(fast)["stopDate"] == BEGIN + 30 * SECOND


def test_machines_run_in_whichever_account_they_stand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MOTO_ACCOUNT_ID")  # moto would put every call there
    with an_engine(SHOP) as engine:
        described = engine.run(
            one({"Type": "Task", "Resource": engine.function("f", lambda _: "shop"), "End": True})
        )
        assert described["output"] == "shop"
        assert f":{SHOP}:" in described["executionArn"]


# The engine itself


def tracker(engine: Engine, *, days: int) -> tuple[str, list[timedelta]]:
    """The shape of the deadline tracker: look, wait until the next milestone, look again."""
    ticks: list[timedelta] = []

    def tick(given: Any) -> dict[str, Any]:
        now = datetime.fromisoformat(given["now"])
        ticks.append(now - BEGIN)
        next_at = now + DAY
        return {
            "running": now < BEGIN + days * DAY,
            "next_at": next_at.isoformat().replace("+00:00", "Z"),
        }

    definition = yaml.safe_load(
        (ROOT / "statemachines" / "deadline-tracker.asl.yaml")
        .read_text(encoding="utf-8")
        .replace("${TickFunctionArn}", engine.function("tick", tick))
    )
    return engine.start(engine.machine(definition), {"incident_id": "i-1"}), ticks


def test_forty_days_of_a_deadline_tracker_pass_on_the_virtual_clock() -> None:
    with an_engine() as engine:
        execution, ticks = tracker(engine, days=40)
        engine.scheduler.settle()
        engine.advance(50 * DAY)
        assert ticks == [day * DAY for day in range(41)]
        described = engine.describe(execution)
        assert described["status"] == "SUCCEEDED"
        assert described["stopDate"] == BEGIN + 40 * DAY


def histories() -> list[Any]:
    with an_engine() as engine:
        ask = engine.function("ask", lambda _: None)
        function = engine.function("f", lambda given: given)
        processor = one({"Type": "Task", "Resource": function, "End": True})
        branches = [
            {
                "StartAt": "Ask",
                "States": {"Ask": asking(ask, Catch=[ALL], End=True)} | {"Caught": CAUGHT},
            },
            one({"Type": "Map", "ItemsPath": "$.n", "ItemProcessor": processor, "End": True}),
            one({"Type": "Wait", "Seconds": 1800, "End": True}),
        ]
        parallel = one({"Type": "Parallel", "Branches": branches, "End": True})
        machine = engine.machine(parallel)
        executions = [engine.start(machine, {"n": [1, 2, 3, 4]}) for _ in range(2)]
        executions.append(tracker_named(engine))
        engine.advance(5 * DAY)
        return [(engine.describe(each)["status"], engine.history(each)) for each in executions]


def tracker_named(engine: Engine) -> str:
    wait = {"Type": "Wait", "Seconds": 1800, "End": True}
    return engine.start(engine.machine(one(wait), "another"))


def test_the_same_day_has_the_same_history_every_time_in_one_process() -> None:
    before = set(threading.enumerate())
    first, second = histories(), histories()
    assert [status for status, _ in first] == ["SUCCEEDED"] * 3
    assert len(first[0][1]) > 40
    assert first == second
    assert set(threading.enumerate()) == before


def test_a_cloud_that_ends_in_the_middle_leaves_no_thread_behind() -> None:
    before = set(threading.enumerate())
    with an_engine() as engine:
        execution, _ = tracker(engine, days=40)
        ask = engine.function("ask", lambda _: None)
        engine.start(engine.machine(one(asking(ask, End=True))))
        engine.advance(DAY / 2)
        assert engine.describe(execution)["status"] == "RUNNING"
        assert set(threading.enumerate()) > before
    assert set(threading.enumerate()) == before


def test_every_wait_of_the_engine_is_the_schedulers() -> None:
    real = {threading, time, threading.Thread, threading.Event, threading.Lock, threading.RLock}
    real.add(threading.Condition)

    def seen() -> set[str]:
        return {
            f"{module.__name__}.{name}"
            for module in engine_modules()
            for name, value in vars(module).items()
            if any(value is each for each in real)
        }

    before = seen()
    utils: Any = sys.modules["moto.stepfunctions.parser.utils"]
    workers = list(utils.TMP_THREADS)
    assert len(before) > 10
    with an_engine():
        assert seen() == set()
    assert seen() == before
    assert list(utils.TMP_THREADS) == workers


def test_moto_must_have_been_told_to_execute() -> None:
    with VirtualTime(BEGIN) as virtual, mock_aws():
        scheduler = Scheduler(virtual)
        with pytest.raises(RuntimeError, match="execute_state_machine"), executing(scheduler):
            pass


def test_an_error_inside_the_engine_is_not_lost(engine: Engine) -> None:
    class Gap(Exception):
        pass

    engine.invoked = raising_at_invoke(Gap("no such thing here"))
    function = engine.function("f", lambda _: None)
    described = engine.run(one({"Type": "Task", "Resource": function, "End": True}))
    assert described["status"] == "FAILED"
    assert "no such thing here" in described["cause"]


# What is refused


PASS: dict[str, Any] = {"Type": "Pass", "End": True}


@pytest.mark.parametrize(
    ("definition", "named"),
    [
        (one(PASS) | {"QueryLanguage": "JSONata"}, "JSONata"),
        (one({**PASS, "QueryLanguage": "JSONata"}), "the state Only: the query language JSONata"),
        (one({**PASS, "Assign": {"a": 1}}), "the state Only: Assign"),
        (one({**PASS, "Output": {}}), "the state Only: Output"),
        (one({"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:iam:listUsers"}), "aws-sdk"),
        (one({"Type": "Task", "Resource": "arn:aws:states:::sns:publish"}), "sns:publish"),
        (
            one({"Type": "Task", "Resource": "arn:aws:states:::states:startExecution.sync:2"}),
            "sync:2",
        ),
        (one({"Type": "Task", "Resource": INVOKE, "HeartbeatSeconds": 5}), "HeartbeatSeconds"),
        (one({"Type": "Task", "Resource": INVOKE, "Credentials": {}}), "Credentials"),
        (
            one({"Type": "Task", "Resource": INVOKE, "Retry": [{"JitterStrategy": "FULL"}]}),
            "a Retry of the state Only: JitterStrategy",
        ),
        (one({"Type": "Parallel", "Branches": [one({**PASS, "Assign": {}})]}), "Assign"),
        (
            one({"Type": "Map", "ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED"}}}),
            "DISTRIBUTED",
        ),
        (one({"Type": "Map", "ItemBatcher": {}, "ItemProcessor": {}}), "ItemBatcher"),
        (
            one({"Type": "Choice", "Choices": [{"And": [{"Condition": "{% true %}"}]}]}),
            "a rule of the state Only: Condition",
        ),
        (one({"Type": "Nap"}), "the type Nap"),
    ],
)
def test_what_is_not_known_to_run_as_on_aws_is_refused_by_name(
    definition: dict[str, Any], named: str
) -> None:
    with pytest.raises(Unsupported) as caught:
        refuse_unsupported(json.dumps(definition))
    assert named in str(caught.value)


def test_a_refused_definition_is_never_created(engine: Engine) -> None:
    with pytest.raises(Unsupported, match="HeartbeatSeconds"):
        engine.machine(one({"Type": "Task", "Resource": INVOKE, "HeartbeatSeconds": 5}))
    assert engine.states.list_state_machines()["stateMachines"] == []


def test_a_broken_definition_is_refused_as_aws_does(engine: Engine) -> None:
    for text in ("no json", '{"StartAt": "A"}', "[]"):
        with pytest.raises(ClientError, match="InvalidDefinition"):
            engine.states.create_state_machine(name="m", definition=text, roleArn=engine.role)


@pytest.mark.parametrize("path", sorted((ROOT / "statemachines").glob("*.yaml")), ids=str)
def test_the_shipped_machines_are_inside_the_subset(path: Path, engine: Engine) -> None:
    text = re.sub(
        r"\$\{(\w+)FunctionArn\}",
        lambda found: f"arn:aws:lambda:{REGION}:{HOME}:function:{found[1].lower()}",
        path.read_text(encoding="utf-8"),
    )
    text = re.sub(r"\$\{(AWS::)?Partition\}", "aws", text)
    text = text.replace("${DeadlineTrackerArn}", f"{engine_arn(engine)}:tracker")
    definition = yaml.safe_load(text)
    refuse_unsupported(json.dumps(definition))
    assert engine.machine(definition) == f"{engine_arn(engine)}:machine"
