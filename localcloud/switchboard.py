"""Every AWS call of a pretend cloud passes here: it is recorded, judged, and sent where it belongs.

The hooks are botocore's own events, put in place before any session exists; so the SDK checks the
parameters, signs, parses and raises as it always does. A call goes in this order: who calls, may
they, does a lock forbid it, does a fake serve it; and what is left reaches moto. What neither a
fake nor moto serves is an error with the name of the operation, never an empty answer.
"""

import uuid
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from types import SimpleNamespace
from typing import Any, Final, Literal, NoReturn, Protocol

from botocore import handlers
from moto.core.models import botocore_stubber

from localcloud.fault import Fault
from localcloud.stack import Unsupported

# ARN of the Lambda function whose handler runs. The runner sets it around each handler.
current_function: ContextVar[str | None] = ContextVar("current_function", default=None)

_TEXT: Final = 1024  # characters of one recorded value
_ITEMS: Final = 50  # of one recorded list or mapping
_DEPTH: Final = 4
_ANSWERS_KEPT: Final = frozenset({"iam", "sts"})
_MOTO: Final = ("before-send", botocore_stubber)
_SLOT: Final = "localcloud.call"
_PARAMS: Final = "localcloud.params"

type Kind = Literal["operator", "function", "user", "session", "service", "anonymous"]


@dataclass(frozen=True)
class Caller:
    """Whose credentials a call was signed with.

    The operator owns the pretend cloud; a service is moto calling itself. Neither is enforced.
    """

    kind: Kind
    arn: str
    account: str
    access_key_id: str
    user_id: str = ""

    @property
    def enforced(self) -> bool:
        """Whether IAM decides what this caller may do."""
        return self.kind not in ("operator", "service")


@dataclass
class Call:
    """One call, and how it was answered."""

    at: datetime
    caller: Caller
    service: str  # as boto3 names it
    operation: str
    actions: tuple[str, ...]  # the IAM actions it needs, its own first: "s3:GetObject"
    resources: tuple[str, ...]
    account: str
    region: str
    params: dict[str, Any]  # bounded: no bodies, no long texts
    function: str | None  # ARN of the function whose handler made it
    error: str | None = "Unanswered"  # the error's code, or None once it was answered well
    faked: bool = False
    answer: dict[str, Any] = field(default_factory=dict)  # bounded; of identities only
    id: str = field(default_factory=lambda: str(uuid.uuid4()))

    @property
    def action(self) -> str:
        """The IAM action that is the call's own."""
        return self.actions[0]

    @property
    def name(self) -> str:
        """The operation with its service."""
        return f"{self.service}:{self.operation}"


@dataclass(frozen=True)
class Published:
    """One message that a topic accepted."""

    at: datetime
    topic_arn: str
    account: str
    subject: str
    message: str


@dataclass(frozen=True)
class Asked:
    """A call as judges and fakes see it: with the parameters whole."""

    service: str
    operation: str
    params: dict[str, Any]
    region: str
    caller: Caller
    at: datetime
    model: Any  # botocore's OperationModel

    @property
    def account(self) -> str:
        """Whose account the call lands in: the caller's own."""
        return self.caller.account


type Fake = Callable[[Asked], dict[str, Any] | None]
type Seen = Callable[[Asked, dict[str, Any]], None]


class Judge(Protocol):
    """Says who calls and whether they may."""

    def caller(self, access_key_id: str, secret: str, token: str | None, service: str) -> Caller:
        """Whose keys these are. Raises `Fault` for keys AWS would not accept."""

    def needs(self, asked: Asked) -> tuple[tuple[str, str], ...]:
        """The IAM actions and resources of a call, the first one being the call's own."""

    def check(self, asked: Asked) -> None:
        """Raises `Fault` when IAM denies the call, `Unsupported` when that cannot be told."""


class Disturbance(Protocol):
    """Something that goes wrong with a call, from outside. Told of each; what it raises happens."""

    def before(self, call: Call) -> None:
        """The call is allowed and not carried out yet. A `Fault` is how AWS then answers it."""

    def after(self, call: Call) -> None:
        """The call was carried out, and its caller does not know how it was answered."""


class Switchboard:
    """The recorder and the dispatcher of one pretend cloud."""

    def __init__(self, now: Callable[[], datetime], judge: Judge) -> None:
        self._now, self._judge = now, judge
        self._fakes: dict[tuple[str, str], Fake] = {}
        self._guards: list[Callable[[Asked], None]] = []
        self._listeners: list[Seen] = []
        self.tell: Callable[[Call], None] | None = None  # of each call that succeeded, at its end
        # What a service tells the default bus of an account and a region by itself.
        self.announce: Callable[[dict[str, Any], str, str], None] | None = None
        self.disturbance: Disturbance | None = None
        self._used: set[str] = set()
        self._open = False
        self.calls: list[Call] = []
        self.published: list[Published] = []
        self.unsupported: list[str] = []  # what was asked for and cannot be shown here

    @property
    def faked(self) -> tuple[str, ...]:
        """The operations that a fake really served so far."""
        return tuple(sorted(self._used))

    def serve(self, service: str, operation: str, fake: Fake) -> None:
        """Answer this operation with `fake`. One that returns None leaves the call to moto."""
        self._fakes[service, operation] = fake

    def guard(self, check: Callable[[Asked], None]) -> None:
        """Ask `check` before a call is carried out. It refuses by raising `Fault`."""
        self._guards.append(check)

    def listen(self, seen: Seen) -> None:
        """Tell `seen` of each call that succeeded, with its answer, which it may complete."""
        self._listeners.append(seen)

    # ---- botocore's events

    def open(self) -> None:
        """Put the hooks where each new session finds them."""
        handlers.BUILTIN_HANDLERS[:0] = self._hooks()
        # botocore runs every handler of before-send: moto's own would do each call once more.
        handlers.BUILTIN_HANDLERS.remove(_MOTO)
        self._open = True

    def close(self) -> None:
        """Take the hooks away. Clients that were made meanwhile reach nothing any more."""
        for hook in self._hooks():
            handlers.BUILTIN_HANDLERS.remove(hook)
        handlers.BUILTIN_HANDLERS.append(_MOTO)
        self._open = False

    def _hooks(self) -> list[tuple[str, Callable[..., Any]]]:
        return [
            ("before-parameter-build", self._keep),
            ("before-call", self._take),
            ("before-send", self._send),
            ("after-call", self._close_call),
        ]

    def _keep(self, *, params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
        # The SDK's own handlers change this very mapping after us, so it is read later.
        context[_PARAMS] = params

    def _take(
        self, *, model: Any, context: dict[str, Any], request_signer: Any, **_: Any
    ) -> tuple[Any, dict[str, Any]] | None:
        service = model.service_model.service_name
        params = context.get(_PARAMS) or {}
        if not self._open:
            raise RuntimeError(f"{service}:{model.name} was called after its cloud was closed")
        region = str(context.get("client_region") or "us-east-1")
        try:
            caller = self._caller(request_signer, service)
        except Fault as fault:
            stranger = Caller("anonymous", "", "", _key_of(request_signer))
            asked = Asked(service, model.name, params, region, stranger, self._now(), model)
            context[_SLOT] = (asked, self._record(asked))
            return _answer(fault, asked)
        asked = Asked(service, model.name, params, region, caller, self._now(), model)
        call = self._record(asked)
        context[_SLOT] = (asked, call)
        try:
            if caller.enforced:
                self._judge.check(asked)
            for check in self._guards:
                check(asked)
            if self.disturbance is not None:
                self.disturbance.before(call)
                for check in self._guards:  # what stands may be another thing by now
                    check(asked)
            body = self._served(asked, call)
        except Fault as fault:
            return _answer(fault, asked)
        except Unsupported as gap:
            call.error = "Unsupported"
            self.unsupported.append(str(gap))
            raise
        return None if body is None else _ok(body)

    def _caller(self, request_signer: Any, service: str) -> Caller:
        credentials = request_signer._credentials  # botocore keeps them nowhere public
        if credentials is None:
            return Caller("anonymous", "", "", "")
        keys = credentials.get_frozen_credentials()
        return self._judge.caller(keys.access_key, keys.secret_key, keys.token, service)

    def _served(self, asked: Asked, call: Call) -> dict[str, Any] | None:
        fake = self._fakes.get((asked.service, asked.operation))
        body = None if fake is None else fake(asked)
        if body is not None:
            call.faked = True
            self._used.add(call.name)
        return body

    def _record(self, asked: Asked) -> Call:
        needs = self._judge.needs(asked)
        call = Call(
            at=asked.at,
            caller=asked.caller,
            service=asked.service,
            operation=asked.operation,
            actions=tuple(dict.fromkeys(action for action, _ in needs)),
            resources=tuple(dict.fromkeys(resource for _, resource in needs)),
            account=asked.account,
            region=asked.region,
            params={key: _bounded(value, _DEPTH) for key, value in asked.params.items()},
            function=current_function.get(),
        )
        self.calls.append(call)
        return call

    def _send(self, *, event_name: str, request: Any, **more: Any) -> Any:
        name = ":".join(event_name.split(".")[1:])
        if not self._open:
            raise RuntimeError(f"{name} was sent after its cloud was closed")
        try:
            answer = botocore_stubber(event_name, request, **more)
        except NotImplementedError as error:
            self._missing(f"{name}: moto has no such operation ({error})", error)
        if answer is None:
            self._missing(f"{name}: moto does not know the address it is sent to")
        if answer.status_code == 404 and answer.content == b"Not yet implemented":
            self._missing(f"{name}: moto does not have this service")
        return answer

    def _missing(self, what: str, error: Exception | None = None) -> NoReturn:
        self.unsupported.append(what)
        raise Unsupported(what) from error

    def _close_call(
        self, *, http_response: Any, parsed: dict[str, Any], context: dict[str, Any], **_: Any
    ) -> None:
        slot = context.get(_SLOT)
        if slot is None:
            return
        asked, call = slot
        if http_response.status_code >= 300:
            call.error = str(parsed.get("Error", {}).get("Code", http_response.status_code))
        else:
            self._succeeded(asked, call, parsed)
        if self.disturbance is not None:
            self.disturbance.after(call)

    def _succeeded(self, asked: Asked, call: Call, parsed: dict[str, Any]) -> None:
        call.error = None
        if asked.service in _ANSWERS_KEPT:
            told = {key: value for key, value in parsed.items() if key != "ResponseMetadata"}
            call.answer = {key: _bounded(value, _DEPTH) for key, value in told.items()}
        if (asked.service, asked.operation) == ("sns", "Publish"):
            self._note(asked)
        for seen in self._listeners:
            seen(asked, parsed)
        if self.tell is not None:
            self.tell(call)

    def _note(self, asked: Asked) -> None:
        given = asked.params
        topic = str(given.get("TopicArn") or given.get("TargetArn") or "")
        account = topic.split(":")[4] if topic.count(":") >= 5 else asked.account
        subject, message = str(given.get("Subject", "")), str(given["Message"])
        self.published.append(Published(asked.at, topic, account, subject, message))


def _key_of(request_signer: Any) -> str:
    credentials = request_signer._credentials
    return "" if credentials is None else str(credentials.get_frozen_credentials().access_key)


def _answer(fault: Fault, asked: Asked) -> tuple[Any, dict[str, Any]]:
    # The answer to a HEAD request has no body, so the SDK knows nothing but the status.
    bodiless = asked.service == "s3" and asked.operation in ("HeadBucket", "HeadObject")
    code = str(fault.status) if bodiless else fault.code
    error = {"Code": code, "Message": fault.message, "Type": "Sender"}
    return _response(fault.status, {"Error": error, "message": fault.message, **fault.more})


def _ok(body: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    return _response(200, dict(body))


def _response(status: int, body: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    body["ResponseMetadata"] = {
        "RequestId": str(uuid.uuid4()),
        "HTTPStatusCode": status,
        "HTTPHeaders": {},
        "RetryAttempts": 0,
    }
    return SimpleNamespace(status_code=status, headers={}), body


def _bounded(value: Any, depth: int) -> Any:
    """A copy that is small, whatever was sent."""
    if isinstance(value, str):
        return value if len(value) <= _TEXT else f"{value[:_TEXT]}… ({len(value)} characters)"
    if isinstance(value, bytes | bytearray):
        return f"({len(value)} bytes)"
    if value is None or isinstance(value, bool | int | float | datetime):
        return value
    if depth and isinstance(value, dict):
        return {str(k): _bounded(v, depth - 1) for k, v in list(value.items())[:_ITEMS]}
    if depth and isinstance(value, list | tuple):
        return [_bounded(one, depth - 1) for one in list(value)[:_ITEMS]]
    return f"({type(value).__name__})"
