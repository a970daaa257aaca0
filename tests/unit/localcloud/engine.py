"""A pretend Step Functions in virtual time, with functions that a test writes as callables."""

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import boto3
from moto import mock_aws
from moto.awslambda.models import LambdaFunction

from localcloud.deploy import Accounts
from localcloud.machines import executing
from localcloud.scheduler import Scheduler
from localcloud.seams import replaced
from localcloud.virtual_time import VirtualTime
from tests.builders import HOME, REGION

BEGIN = datetime(2026, 3, 2, 9, 30, 0, 250_000, tzinfo=UTC)
CONFIG: Any = {"stepfunctions": {"execute_state_machine": True}}
Function = Callable[[Any], Any]


@cache
def _client(service: str) -> Any:
    """Moto puts keys it does not know into the tests' account; a client is slow to make."""
    return boto3.Session("operator", "pretend", region_name=REGION).client(service)  # type: ignore[call-overload]


class Engine:
    """One account with a role for everything, its functions and its machines."""

    def __init__(self, scheduler: Scheduler, account: str) -> None:
        self.scheduler, self.account = scheduler, account
        self._accounts = Accounts()
        self._functions: dict[str, Function] = {}
        self.invoked: Callable[..., bytes] = self._run
        trust = {"Version": "2012-10-17", "Statement": []}
        self.role: str = self.client("iam").create_role(
            RoleName="machine", AssumeRolePolicyDocument=json.dumps(trust)
        )["Role"]["Arn"]
        self.states = self.client("stepfunctions")

    def client(self, service: str) -> Any:
        if self.account == HOME:
            return _client(service)
        return self._accounts.client(service, account=self.account, region=REGION)

    def function(self, name: str, code: Function) -> str:
        """A function that runs this; its ARN."""
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as file:
            file.writestr("app.py", "")
        arn: str = self.client("lambda").create_function(
            FunctionName=name,
            Runtime="python3.13",
            Role=self.role,
            Handler="app.handler",
            Code={"ZipFile": archive.getvalue()},
        )["FunctionArn"]
        self._functions[arn] = code
        return arn

    def _run(
        self, function: LambdaFunction, body: Any, headers: Any, response_headers: Any
    ) -> bytes:
        """Stands in for the runner at the method where moto ends every invocation."""
        try:
            return json.dumps(self._functions[function.function_arn](json.loads(body))).encode()
        except Exception as error:  # noqa: BLE001  what a function raises is its answer
            response_headers["x-amz-function-error"] = "Unhandled"
            answer = {"errorType": type(error).__name__, "errorMessage": str(error)}
            return json.dumps(answer).encode()

    def machine(self, definition: dict[str, Any], name: str = "machine") -> str:
        arn: str = self.states.create_state_machine(
            name=name, definition=json.dumps(definition), roleArn=self.role
        )["stateMachineArn"]
        return arn

    def start(self, machine: str, given: Any = None, name: str | None = None) -> str:
        more = {} if name is None else {"name": name}
        arn: str = self.states.start_execution(
            stateMachineArn=machine, input=json.dumps(given or {}), **more
        )["executionArn"]
        return arn

    def run(self, definition: dict[str, Any], given: Any = None) -> Any:
        """Start it, let an hour pass, and describe how it stands then."""
        execution = self.start(self.machine(definition), given)
        self.advance(timedelta(hours=1))
        return self.describe(execution)

    def advance(self, span: timedelta) -> None:
        self.scheduler.advance_to(self.scheduler.now() + span)

    def describe(self, execution: str) -> Any:
        described = self.states.describe_execution(executionArn=execution)
        if "output" in described:
            described["output"] = json.loads(described["output"])
        return described

    def history(self, execution: str) -> list[tuple[timedelta, str]]:
        """Each event of the execution: how long after the beginning, and its type."""
        events = self.states.get_execution_history(executionArn=execution)["events"]
        return [(event["timestamp"] - BEGIN, event["type"]) for event in events]


@contextmanager
def an_engine(account: str = HOME, **more: Any) -> Iterator[Engine]:
    """An empty pretend AWS that executes state machines, from the same beginning each time."""
    with ExitStack() as stack:
        time = stack.enter_context(VirtualTime(BEGIN))
        stack.enter_context(mock_aws(config=CONFIG))
        scheduler = Scheduler(time)
        stack.enter_context(executing(scheduler, **more))
        stack.callback(scheduler.close)
        engine = Engine(scheduler, account)
        stack.enter_context(replaced(LambdaFunction, "invoke", _invoke(engine)))
        yield engine


def _invoke(engine: Engine) -> Callable[..., bytes]:
    def invoke(function: LambdaFunction, body: Any, headers: Any, response_headers: Any) -> bytes:
        return engine.invoked(function, body, headers, response_headers)

    return invoke
