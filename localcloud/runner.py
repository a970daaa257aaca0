"""Run the deployed Lambda functions in this process, from the source tree.

Moto ends every invocation at one method; this replaces it. Each function has sandboxes and the
keys of its own role. What Lambda limits, reports and retries is here. A handler takes no virtual
time but what it sleeps; only a sleep can bring it to its time-out.
"""

import base64
import json
import threading
import time
import traceback
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import uuid4

from moto.awslambda.models import LambdaFunction, lambda_backends
from moto.core.exceptions import JsonRESTError

from localcloud.admission import Open
from localcloud.deliveries import Deliveries, invoked_by
from localcloud.retries import Answer, Retries
from localcloud.sandbox import CannotStart, Context, Sandbox
from localcloud.seams import replaced
from localcloud.stack import Function, Registry, Unsupported

# Lambda quotas: 6 MB each way of a synchronous invocation, 1 MB of an asynchronous one.
_SYNCHRONOUS_BYTES: Final = 6_291_556
_ASYNCHRONOUS_BYTES: Final = 1_048_576
_APART: Final = timedelta(milliseconds=1)  # two deliveries do not begin at the same instant
_TAIL_BYTES: Final = 4096  # of the log, returned to a caller who asks


@dataclass(frozen=True)
class Invocation:
    """One run of a function."""

    at: datetime
    function_name: str
    logical_id: str
    event_source: str  # "lambda:Invoke", or which queue, stream, rule or schedule
    request_id: str
    error: str | None  # the error's type, as a state machine would match it
    message: str | None
    took: timedelta  # of real time, with the import of a cold start
    cold: bool
    log: str


@dataclass(frozen=True)
class _Running:
    """A handler that has not returned."""

    thread: int
    ends_at: datetime  # when Lambda would end it
    again: Callable[[str | None], object]  # runs the function once more, with this event or its own
    sandbox: Sandbox


class _TimedOut(BaseException):
    """Ends a handler where it sleeps. Not an error that a handler could catch."""


class Runner:
    """Every deployed function, ready to run."""

    def __init__(
        self,
        registry: Registry,
        deliveries: Deliveries,
        *,
        keys: Callable[[Function], Mapping[str, str]],
        role: Callable[[str], Open],
        pass_time: Callable[[timedelta], None],
        running: ContextVar[str | None],
        now: Callable[[], datetime],
        later: Callable[..., None],
        start_takes: timedelta,
        stateless: tuple[str, ...],
        ran: Callable[["Invocation"], None],
    ) -> None:
        self._registry, self._keys, self._running = registry, keys, running
        self._now, self._pass_time = now, pass_time
        self._start_takes, self._stateless, self._ran = start_takes, stateless, ran
        self._retries = Retries(self.invoke, deliveries, role=role, now=now, later=later)
        self._sandboxes = defaultdict[str, list[Sandbox]](list)
        self._stack: list[_Running] = []  # the handlers that run now, nested
        self.invocations: list[Invocation] = []
        self.unsupported: list[Unsupported] = []  # met by a handler, whatever it made of it

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Moto's Lambda runs functions here, until the end of the block."""

        def invoke(function: LambdaFunction, body: Any, asked: Any, answered: Any) -> bytes:
            return self._invoked(function, body, asked, answered)

        with replaced(LambdaFunction, "invoke", invoke):
            yield

    def invoke(self, function: Function, payload: str, *, source: str) -> Answer:
        """Run it now, and return what it returned."""
        if _reserves_nothing(function):
            raise Unsupported(f"what becomes of an event for {function.name}, which is throttled")
        if len(payload.encode()) > _SYNCHRONOUS_BYTES:
            raise _too_large(len(payload.encode()), _SYNCHRONOUS_BYTES)
        thread = threading.get_ident()
        if self._stack and self._stack[-1].thread != thread:
            raise RuntimeError(f"{function.name} cannot run beside a handler of another thread")
        self._pass_time(self._start_takes)
        request_id, at, began = str(uuid4()), self._now(), time.perf_counter()
        sandbox, cold = self._sandbox(function)
        token = self._running.set(function.arn)
        calls_as = invoked_by.set(f"function/{function.name}")
        ends_at = at + timedelta(seconds=function.timeout_s)

        def again(other: str | None) -> None:
            self.invoke(function, payload if other is None else other, source=source)

        self._stack.append(_Running(thread, ends_at, again, sandbox))
        try:
            returned, error = self._run(sandbox, function, payload, request_id)
        finally:
            self._stack.pop()
            invoked_by.reset(calls_as)
            self._running.reset(token)
        log = sandbox.taken_log()
        message = None if error is None else str(json.loads(returned)["errorMessage"])
        invocation = Invocation(
            at=at,
            function_name=function.name,
            logical_id=function.logical_id,
            event_source=source,
            request_id=request_id,
            error=error,
            message=message,
            took=timedelta(seconds=time.perf_counter() - began),
            cold=cold,
            log=log,
        )
        self.invocations.append(invocation)
        self._ran(invocation)
        return Answer(returned, error, request_id, log)

    def warm_up(self) -> None:
        """Import what has not run yet. A function that cannot start says so when it is run."""
        for function in self._registry.functions:
            sandbox, _ = self._sandbox(function)
            with suppress(CannotStart), sandbox.entered():
                sandbox.handler()

    def run_inside(self, payload: str | None = None) -> None:
        """Run the function whose handler runs now with this event, or its own once more.

        As if it had been delivered beside the other, and were faster.
        """
        if not self._stack:
            raise RuntimeError("no handler runs that could have a twin")
        self._pass_time(_APART)
        self._stack[-1].again(payload)

    def queue(self, function: Function, payload: str, *, source: str) -> None:
        """Run it as soon as it is its turn; retry, and give up, as Lambda does."""
        if len(payload.encode()) > _ASYNCHRONOUS_BYTES:
            raise _too_large(len(payload.encode()), _ASYNCHRONOUS_BYTES)
        self._retries.start(function, payload, source=source)

    def _invoked(
        self, moto_function: LambdaFunction, body: Any, headers: Any, response_headers: Any
    ) -> bytes:
        """In place of `LambdaFunction.invoke`: what the Invoke API, or moto itself, asks for."""
        if not headers:
            raise Unsupported(
                f"moto's own delivery to the function {moto_function.function_name}: it is inline, "
                "once, and with a made-up event"
            )
        function = self._registry.function(moto_function.function_arn)
        payload = (body.decode() if isinstance(body, bytes) else body) or "{}"
        try:
            json.loads(payload)
        except ValueError as error:
            raise _refusal(400, "InvalidRequestContentException", str(error)) from error
        given = {key.lower(): value for key, value in dict(headers).items()}
        match given.get("x-amz-invocation-type", "RequestResponse"):
            case "DryRun":
                return b""
            case "RequestResponse" if _reserves_nothing(function):
                raise _refusal(429, "TooManyRequestsException", "Rate Exceeded.")
            case "Event":
                self.queue(function, payload, source=invoked_by.get())
                return b""
        answer = self.invoke(function, payload, source=invoked_by.get())
        if answer.error is not None:
            response_headers["x-amz-function-error"] = "Unhandled"
        tail = answer.log.encode()[-_TAIL_BYTES:]
        response_headers["x-amz-log-result"] = base64.b64encode(tail).decode()
        return answer.payload.encode()

    def _sleep(self, seconds: float) -> None:
        """In place of `time.sleep` for the handler that runs. Nothing else happens meanwhile."""
        left = max(self._stack[-1].ends_at - self._now(), timedelta(0))
        self._pass_time(min(timedelta(seconds=seconds), left))
        if timedelta(seconds=seconds) > left:
            raise _TimedOut

    def _sandbox(self, function: Function) -> tuple[Sandbox, bool]:
        """One in which nothing runs, and whether it is new: each serves one event at a time.

        AWS: Lambda guide, "Understanding Lambda function scaling".
        """
        busy = [running.sandbox for running in self._stack]
        for sandbox in self._sandboxes[function.arn]:
            if sandbox not in busy:
                return sandbox, False
        token = self._running.set(None)  # what it takes to start one is no call of a handler
        try:
            made = Sandbox(function, self._keys(function), self._stateless)
        finally:
            self._running.reset(token)
        self._sandboxes[function.arn].append(made)
        return made, True

    def _run(
        self, sandbox: Sandbox, function: Function, payload: str, request_id: str
    ) -> tuple[str, str | None]:
        """The function's answer and its error's type, as its runtime would send them."""
        try:
            with sandbox.entered(), replaced(time, "sleep", self._sleep):
                given = json.loads(payload)
                answer = _marshalled(sandbox.handler()(given, Context(function, request_id)))
        except SystemExit as error:
            self._sandboxes[function.arn].remove(sandbox)  # Lambda starts a new one after an exit
            text = f"Runtime exited with error: exit status {error.code}"
            return _failure("Runtime.ExitError", text, request_id), "Runtime.ExitError"
        except _TimedOut:
            self._sandboxes[function.arn].remove(sandbox)
            text = f"Error: Task timed out after {function.timeout_s:.2f} seconds"
            kind = "Sandbox.Timedout"
            return _failure(kind, f"RequestId: {request_id} {text}", request_id), kind
        except CannotStart as error:
            return _failure(error.kind, str(error), request_id), error.kind
        except Exception as error:  # noqa: BLE001 - whatever a handler raises is its answer
            if isinstance(error, Unsupported):
                self.unsupported.append(error)
            kind = type(error).__name__
            lines = traceback.format_tb(error.__traceback__)
            return _failure(kind, str(error), request_id, lines), kind
        if len(answer.encode()) > _SYNCHRONOUS_BYTES:
            kind = "Function.ResponseSizeTooLarge"
            text = f"Response payload size exceeded the maximum of {_SYNCHRONOUS_BYTES} bytes."
            return _failure(kind, text, request_id), kind
        return answer, None


def _marshalled(returned: Any) -> str:
    try:
        return json.dumps(returned, ensure_ascii=False)
    except (TypeError, ValueError) as error:
        raise CannotStart("Runtime.MarshalError", f"Unable to marshal response: {error}") from error


def _failure(kind: str, message: str, request_id: str, lines: list[str] | None = None) -> str:
    return json.dumps(
        {
            "errorMessage": message,
            "errorType": kind,
            "requestId": request_id,
            "stackTrace": lines or [],
        }
    )


def _reserves_nothing(function: Function) -> bool:
    """Whether it is throttled whole: Lambda guide, "Configuring reserved concurrency"."""
    held = lambda_backends[function.account][function.region].get_function(function.name)
    return held.reserved_concurrency == 0


def _too_large(size: int, most: int) -> JsonRESTError:
    text = f"{size} byte payload is too large for the invocation type (limit {most} bytes)"
    return _refusal(413, "RequestTooLargeException", text)


def _refusal(status: int, kind: str, message: str) -> JsonRESTError:
    error = JsonRESTError(kind, message)
    error.code = status
    return error
