"""Where moto's Step Functions differs from AWS: each repair is one named place in moto.

Moto is pinned for these. Each says what AWS does, and a contract test shows it. What no state
machine here needs is not repaired but refused: see `asl_subset.py`.
"""

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import uuid4

from moto.core.exceptions import AWSError
from moto.core.responses import ActionResult, EmptyResult
from moto.stepfunctions.exceptions import InvalidToken
from moto.stepfunctions.parser.api import (
    ExecutionStatus,
    HistoryEventType,
    InvalidDefinition,
)
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import (
    FailureEvent,
    FailureEventException,
)
from moto.stepfunctions.parser.asl.component.eval_component import EvalComponent
from moto.stepfunctions.parser.asl.component.program.program import Program
from moto.stepfunctions.parser.asl.component.state import state
from moto.stepfunctions.parser.asl.component.state.exec.execute_state import ExecutionState
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.resource import (
    ResourceCondition,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service import (  # noqa: E501
    StateTaskService,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_sfn import (  # noqa: E501
    StateTaskServiceSfn,
)
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.timestamp import Timestamp
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.wait_function import (
    WaitFunction,
)
from moto.stepfunctions.parser.asl.eval.callback.callback import (
    CallbackConsumerLeft,
    CallbackOutcome,
    CallbackOutcomeFailure,
    CallbackOutcomeSuccess,
)
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.eval.program_state import ProgramStopped, ProgramTimedOut
from moto.stepfunctions.parser.asl.utils.encoding import to_json_str
from moto.stepfunctions.parser.backend import execution_worker
from moto.stepfunctions.parser.backend.execution import BaseExecutionWorkerCommunication
from moto.stepfunctions.parser.models import StepFunctionsParserBackend
from moto.stepfunctions.responses import StepFunctionResponse

from localcloud import asl_errors, distributed_maps
from localcloud.asl_errors import Seam, details, error_name
from localcloud.asl_subset import refuse_unsupported
from localcloud.baton import Baton
from localcloud.scheduler import Scheduler

_RFC_3339: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", re.ASCII)


def seams(scheduler: Scheduler, baton: Baton, *, history_events: int) -> Iterator[Seam]:
    """Each place in moto, and what belongs there: an owner, a name and a value."""
    yield from _times(scheduler)
    yield from _endings(scheduler, baton, history_events)
    yield from _tokens()
    yield from asl_errors.seams()
    yield from _calls()
    yield from distributed_maps.seams(scheduler, baton)


def _times(scheduler: Scheduler) -> Iterator[Seam]:
    def wait_interval(_: WaitFunction, env: Environment, wait_seconds: float) -> None:
        # Moto counts whole seconds in floats, and waits one more when a float falls short.
        # Never early: AWS's own times have milliseconds, so a wait ends on the next full one.
        until = _next_millisecond(scheduler.now() + timedelta(seconds=wait_seconds))
        while env.is_running() and (left := until - scheduler.now()) > timedelta():
            env.program_state_event.wait(left.total_seconds())

    def wait_seconds(self: Timestamp, env: Environment) -> float:
        # Moto drops the fraction, and so ends up to a second early; it takes local time for UTC.
        self.string.eval(env=env)
        text = env.stack.pop()
        at = from_timestamp(text)
        if at is None:
            raise FailureEventException(self._create_failure_event(env, text))
        return (at - scheduler.now()).total_seconds()

    def state_data(**data: Any) -> dict[str, Any]:
        # AWS: milliseconds and a Z. Moto: microseconds and an offset.
        return data | {"EnteredTime": _aws_time(data["EnteredTime"])}

    def execution_data(**data: Any) -> dict[str, Any]:
        # Moto leaves a datetime here, which is no JSON.
        return data | {"StartTime": _aws_time(data["StartTime"])}

    yield WaitFunction, "_wait_interval", wait_interval
    yield Timestamp, "_from_timestamp_string", staticmethod(from_timestamp)
    yield Timestamp, "_get_wait_seconds", wait_seconds
    yield state, "StateData", state_data
    yield execution_worker, "ExecutionData", execution_data


def from_timestamp(text: str) -> datetime | None:
    """An instant as the Amazon States Language writes it: RFC 3339 with T, and Z or an offset."""
    if not isinstance(text, str) or not _RFC_3339.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except ValueError:
        return None


def _aws_time(at: datetime | str) -> str:
    moment = datetime.fromisoformat(at) if isinstance(at, str) else at
    return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"


def _next_millisecond(at: datetime) -> datetime:
    return at + timedelta(microseconds=-at.microsecond % 1000)


def _endings(scheduler: Scheduler, baton: Baton, history_events: int) -> Iterator[Seam]:
    def run(self: Program, env: Environment) -> None:
        # AWS: when an execution is stopped or times out, or a sibling branch or iteration fails,
        # whatever runs or waits inside it ends at once. Moto leaves it waiting in its thread.
        def evaluate() -> None:
            try:
                EvalComponent.eval(self, env)
            finally:
                env.program_state_event.set()
                env.program_state_event.clear()

        if env.program_state() is not None and not env.is_running():
            return  # it was stopped before it began
        env.next_state_name = self.start_at.start_at_name
        worker = baton.Thread(target=evaluate, name=f"states from {env.next_state_name}")
        worker.start()
        span = self.timeout_seconds.timeout_seconds if self.timeout_seconds else None
        until = None if span is None else scheduler.now() + timedelta(seconds=span)
        while worker.is_alive() and env.is_running():
            left = None if until is None else (until - scheduler.now()).total_seconds()
            if left is not None and left <= 0:
                env.set_timed_out()
            else:
                env.program_state_event.wait(left)
        if worker.is_alive():
            worker.end()
            worker.join()
            _tell_the_end(env)

    def evaluate_state(self: state.CommonStateField, env: Environment) -> None:
        # Here a machine that goes in circles at one instant would otherwise never end.
        if len(env.event_manager._history_event_list) >= history_events:
            cause = f"The execution reached the maximum number of history events ({history_events})"
            raise FailureEventException(
                FailureEvent(
                    env=env,
                    error_name=error_name("States.Runtime"),
                    event_type=HistoryEventType.ExecutionFailed,
                    event_details=details(
                        "executionFailed", error="States.Runtime", cause=f"{cause}."
                    ),
                )
            )
        original_evaluate_state(self, env)

    def stop_execution(self: StepFunctionResponse) -> ActionResult:
        # Moto drops why it is stopped, and cannot stop what has not had its first turn.
        execution: Any = self.stepfunction_backend.describe_execution(
            self._get_param("executionArn")
        )
        at, error, cause = scheduler.now(), self._get_param("error"), self._get_param("cause")
        baton.DetachedThread(target=execution.stop, args=(at, error, cause)).start()
        return ActionResult({"stopDate": at})

    def reflect(self: Any) -> None:
        # AWS: the output is JSON. Moto answers a text as it stands, and nothing for null.
        original_reflect(self)
        execution = self.execution
        if execution.exec_status == ExecutionStatus.SUCCEEDED:
            execution.output = to_json_str(execution.output, separators=(",", ":"))
        elif execution.exec_status == ExecutionStatus.ABORTED:
            stopped = execution.exec_worker.env.program_state()
            execution.error, execution.cause = stopped.error, stopped.cause

    original_evaluate_state = state.CommonStateField._eval_body
    original_reflect: Any = BaseExecutionWorkerCommunication._reflect_execution_status
    yield Program, "eval", run
    yield StepFunctionResponse, "stop_execution", stop_execution
    yield BaseExecutionWorkerCommunication, "_reflect_execution_status", reflect
    yield state.CommonStateField, "_eval_body", evaluate_state


def _tell_the_end(env: Environment) -> None:
    """The last event of an execution whose states could not tell it themselves any more."""
    if env.is_frame():
        return
    ended = env.program_state()
    if isinstance(ended, ProgramStopped):
        env.event_history_context.source_event_id = 0
        env.event_manager.add_event(
            context=env.event_history_context,
            event_type=HistoryEventType.ExecutionAborted,
            event_details=details("executionAborted", error=ended.error, cause=ended.cause),
        )
    elif isinstance(ended, ProgramTimedOut):
        env.event_manager.add_event(
            context=env.event_history_context,
            event_type=HistoryEventType.ExecutionTimedOut,
            event_details=details("executionTimedOut"),
        )


def _tokens() -> Iterator[Seam]:
    def attempt(self: ExecutionState, env: Any) -> None:
        # AWS: every attempt has a token of its own, which is closed when the attempt ends. Moto
        # reuses the token, takes answers to it for ever, and drops them.
        resource = getattr(self, "resource", None)
        if getattr(resource, "condition", None) != ResourceCondition.WaitForTaskToken:
            original_attempt(self, env)
            return
        context = env.states.context_object
        if context.context_object_data["State"]["RetryCount"]:
            env.callback_pool_manager.add(context.update_task_token())
        token = context.context_object_data["Task"]["Token"]
        try:
            original_attempt(self, env)
        finally:
            env.callback_pool_manager.get(token).report(CallbackConsumerLeft())

    def success(self: StepFunctionsParserBackend, task_token: str, outcome: str) -> None:
        try:
            json.loads(outcome)
        except ValueError as error:
            raise AWSError(f"Invalid Output: '{error}'", "InvalidOutput") from error
        _answer(self, task_token, CallbackOutcomeSuccess(task_token, outcome))

    def failure(
        self: Any,
        task_token: str,
        error: str | None = None,
        cause: str | None = None,
    ) -> None:
        _answer(self, task_token, CallbackOutcomeFailure(task_token, error, cause))

    def heartbeat(self: StepFunctionsParserBackend, task_token: str) -> None:
        _answer(self, task_token, None)

    def failure_with_cause(self: StepFunctionResponse) -> EmptyResult:
        # Moto forgets to pass the cause on.
        token, error = self._get_param("taskToken"), self._get_param("error")
        failure(self.stepfunction_backend, token, error, self._get_param("cause"))
        return EmptyResult()

    original_attempt = ExecutionState._evaluate_with_timeout
    yield ExecutionState, "_evaluate_with_timeout", attempt
    yield StepFunctionsParserBackend, "send_task_success", success
    yield StepFunctionsParserBackend, "send_task_failure", failure
    yield StepFunctionsParserBackend, "send_task_heartbeat", heartbeat
    yield StepFunctionResponse, "send_task_failure", failure_with_cause


def _answer(backend: Any, token: str, outcome: CallbackOutcome | None) -> None:
    """Give the outcome to whoever waits for this token; none: only say that it is being worked on.

    API reference of SendTaskSuccess: TaskTimedOut is for a token that "has either expired or the
    task associated with the token has already been closed". Moto's own errors cannot be raised.
    """
    for machine in backend.state_machines:
        for execution in machine.executions:
            env = execution.exec_worker.env if execution.exec_worker else None
            endpoint = env.callback_pool_manager.get(token) if env else None
            if endpoint is None:
                continue
            closed = endpoint.consumer_error is not None or endpoint.get_outcome() is not None
            if closed or execution.status != ExecutionStatus.RUNNING:
                text = "Task Timed Out: 'Provided task does not exist anymore'"
                raise AWSError(text, "TaskTimedOut")
            if outcome is not None:
                endpoint.notify(outcome)
            return
    raise InvalidToken("'Invalid token'")


def _calls() -> Iterator[Seam]:
    def validate(definition: str) -> None:
        refuse_unsupported(definition)
        try:
            original_validate(definition)
        except InvalidDefinition as error:  # which moto raises without its name
            text = f"Invalid State Machine Definition: '{error.message}'"
            raise AWSError(text, "InvalidDefinition") from error

    def start_execution(
        self: StepFunctionsParserBackend,
        state_machine_arn: str,
        name: str | None = None,
        execution_input: str | None = None,
        trace_header: str | None = None,
    ) -> Any:
        # AWS names an execution that is given no name; moto calls each of them None.
        name = name or str(uuid4())
        self._validate_name(name)
        return original_start(self, state_machine_arn, name, execution_input, trace_header)

    def request(self: StateTaskService, parameters: dict[str, Any], *_: Any, **__: Any) -> None:
        # AWS: members begin with a capital letter. The SDK's StartExecution wants small ones.
        if isinstance(self, StateTaskServiceSfn):
            _rename(parameters, lambda key: key[0].lower() + key[1:])

    def response(self: StateTaskService, response: Any, *_: Any, **__: Any) -> None:
        if isinstance(self, StateTaskServiceSfn) and isinstance(response, dict):
            _rename(response, lambda key: key[0].upper() + key[1:])

    def inner_frame(cls: Any, /, env: Environment, **given: Any) -> Any:
        # AWS: $$.Map is there for every state of an iteration. Moto: only for the ItemSelector.
        frame = original_frame.__func__(cls, env=env, **given)
        context = env.states.context_object.context_object_data
        if "Map" in context:
            frame.states.context_object.context_object_data["Map"] = context["Map"]
        return frame

    original_validate = StepFunctionsParserBackend._validate_definition
    original_start: Any = StepFunctionsParserBackend.start_execution
    original_frame = vars(Environment)["as_inner_frame_of"]
    yield StepFunctionsParserBackend, "_validate_definition", staticmethod(validate)
    yield StepFunctionsParserBackend, "start_execution", start_execution
    yield StateTaskService, "_normalise_parameters", request
    yield StateTaskService, "_normalise_response", response
    yield Environment, "as_inner_frame_of", classmethod(inner_frame)


def _rename(members: dict[str, Any], to: Callable[[str], str]) -> None:
    for key in list(members):
        value = members.pop(key)
        members[to(key)] = _aws_time(value) if isinstance(value, datetime) else value
