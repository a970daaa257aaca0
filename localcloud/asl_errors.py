"""How errors are named, carried and caught in a state machine, where moto differs from AWS."""

from collections.abc import Iterator
from typing import Any, Final

from botocore.exceptions import ClientError
from moto.stepfunctions.parser.api import (
    HistoryEventType,
)
from moto.stepfunctions.parser.asl.component.common.error_name.error_equals_decl import (
    ErrorEqualsDecl,
)
from moto.stepfunctions.parser.asl.component.common.error_name.error_name import ErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import (
    FailureEvent,
    FailureEventException,
)
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import (
    StatesErrorName,
)
from moto.stepfunctions.parser.asl.component.state.exec.execute_state import ExecutionState
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration import iteration_worker
from moto.stepfunctions.parser.asl.component.state.exec.state_parallel import branches_decl
from moto.stepfunctions.parser.asl.component.state.exec.state_task import state_task_lambda
from moto.stepfunctions.parser.asl.component.state.exec.state_task.lambda_eval_utils import (
    LambdaFunctionErrorException,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
    state_task_service_callback,
    state_task_service_lambda,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_sfn import (  # noqa: E501
    StateTaskServiceSfn,
)
from moto.stepfunctions.parser.asl.component.state.fail import state_fail
from moto.stepfunctions.parser.asl.eval.environment import Environment

type Seam = tuple[Any, str, Any]  # an owner, a name there, and what belongs in its place

# Step Functions guide, "Handling errors": States.ALL does not match these two.
_TERMINAL: Final = frozenset({"States.Runtime", "States.DataLimitExceeded"})


def seams() -> Iterator[Seam]:
    """Each place in moto, and what belongs there: an owner, a name and a value."""

    def matches(self: ErrorEqualsDecl, env: Environment) -> None:
        # AWS: States.ALL is for every error but the terminal ones. Moto: for every error.
        error = env.stack[-1]
        original_matches(self, env)
        name = None if error is None else error.error_name
        if name in _TERMINAL and not any(each.error_name == name for each in self.error_names):
            env.stack[-1] = False

    def lambda_failed(
        self: state_task_lambda.StateTaskLambda, env: Environment, ex: Exception
    ) -> FailureEvent:
        # AWS: Lambda.TooManyRequestsException and so on. Moto calls each of them Exception, and so
        # it calls what went wrong before anything was called, which AWS calls States.Runtime.
        if isinstance(ex, TimeoutError | FailureEventException | LambdaFunctionErrorException):
            return original_lambda_failed(self, env, ex)
        if not isinstance(ex, ClientError):
            return ExecutionState._from_error(self, env, ex)
        error, cause = service_error("Lambda", "AWSLambda", ex)
        return FailureEvent(
            env=env,
            error_name=error_name(error),
            event_type=HistoryEventType.LambdaFunctionFailed,
            event_details=details("lambdaFunctionFailed", error=error, cause=cause),
        )

    def lambda_error(ex: ClientError) -> tuple[str, str]:
        return service_error("Lambda", "AWSLambda", ex)

    def states_failed(self: StateTaskServiceSfn, env: Environment, ex: Exception) -> FailureEvent:
        # As for Lambda: moto adds Exception to whatever the code is.
        if not isinstance(ex, ClientError):
            return original_states_failed(self, env, ex)
        error, cause = service_error("StepFunctions", "AWSStepFunctions", ex)
        return FailureEvent(
            env=env,
            error_name=error_name(error),
            event_type=HistoryEventType.TaskFailed,
            event_details=details(
                "taskFailed",
                error=error,
                cause=cause,
                resource=self._get_sfn_resource(),
                resourceType=self._get_sfn_resource_type(),
            ),
        )

    original_matches = ErrorEqualsDecl._eval_body
    original_states_failed = StateTaskServiceSfn._from_error
    original_lambda_failed = state_task_lambda.StateTaskLambda._from_error
    yield ErrorEqualsDecl, "_eval_body", matches
    yield StateTaskServiceSfn, "_from_error", states_failed
    yield state_task_lambda.StateTaskLambda, "_from_error", lambda_failed
    yield (
        state_task_service_lambda.StateTaskServiceLambda,
        "_error_cause_from_client_error",
        staticmethod(lambda_error),
    )
    # Moto refuses to carry an error named States.… out of a branch or an iteration: it crashes.
    for module in (
        branches_decl,
        iteration_worker,
        state_fail,
        state_task_lambda,
        state_task_service_callback,
        state_task_service_lambda,
    ):
        yield module, "CustomErrorName", error_name


def error_name(error_name: str | None) -> ErrorName:
    """An error by its name, whoever it comes from."""
    try:
        return ErrorName(None) if error_name is None else StatesErrorName.from_name(error_name)
    except ValueError:  # not one of AWS's own
        return ErrorName(error_name)


def service_error(prefix: str, service: str, error: ClientError) -> tuple[str, str]:
    """Name and cause that a service's refusal has in a state machine.

    The name is that of the exception in the AWS SDK for Java. It has none for a denied call but
    the service's general one.
    """
    code = str(error.response["Error"]["Code"])
    metadata = error.response["ResponseMetadata"]
    if code.startswith("AccessDenied"):
        name = f"{service}Exception"
    else:
        name = code if code.endswith("Exception") else f"{code}Exception"
    cause = (
        f"{error.response['Error']['Message']} (Service: {service}; "
        f"Status Code: {metadata['HTTPStatusCode']}; Error Code: {code}; "
        f"Request ID: {metadata.get('RequestId', '')}; Proxy: null)"
    )
    return f"{prefix}.{name}", cause


def details(event: str, **members: Any) -> Any:
    """An event's details as moto keeps them: a TypedDict of which only one key is there."""
    return {f"{event}EventDetails": members}
