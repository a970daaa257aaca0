"""Everything that may go wrong with an AWS call, done to one call of a run.

The SDK's own retries come before any of this: what is injected is what reaches our code after them.
"""

import time
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import NoReturn

from botocore.exceptions import ReadTimeoutError

from localcloud.cloud import Cloud
from localcloud.fault import Fault
from localcloud.switchboard import Call

_LONG = timedelta(hours=1)  # more than any function may run
_KILLED = 137  # the exit status of a process that was killed


class Kind(StrEnum):
    """What goes wrong."""

    ERROR = "error before"  # the service fails, and nothing was changed
    LOST = "effect, then error"  # it was carried out, and the answer never came
    THROTTLE = "throttle"
    TIMEOUT = "time-out"  # it was carried out, and the function then waits until Lambda ends it
    DEATH = "process death"  # it was carried out, and the function's process is gone
    DENIED = "denied from then on"  # a right is missing: the same call of the same function, always
    RIVAL = "rival"  # another finding is taken in, all of it, just before; only where one is
    TWIN = "twin"  # a second run of the same invocation happens, all of it, just before


# What each service says; the SDK turns both into the same exception.
_ERRORS = {
    "dynamodb": "InternalServerError",
    "iam": "ServiceFailure",
    "kms": "KMSInternalException",
    "s3": "InternalError",
    "sns": "InternalError",
    "ssm": "InternalServerError",
}
_THROTTLES = {"iam": "Throttling", "s3": "SlowDown", "sns": "Throttling", "sts": "Throttling"}
# Of a call that changes nothing, it makes no difference whether it was carried out.
_OF_A_READ = (Kind.ERROR, Kind.DEATH, Kind.DENIED, Kind.TWIN)
_OF_A_WRITE = tuple(kind for kind in Kind if kind is not Kind.RIVAL)
_READS = ("Describe", "Get", "Head", "List", "Lookup", "Query", "Scan")


def kinds_for(call: Call) -> tuple[Kind, ...]:
    """The faults that can make a difference to a call."""
    found = _OF_A_READ if call.operation.startswith(_READS) else _OF_A_WRITE
    return (*found, Kind.RIVAL) if "IntakeFunction" in (call.function or "") else found


def shown(call: Call) -> str:
    """Which call it is, and whose, for people: "Contain iam:AttachUserPolicy"."""
    function = (call.function or "").rpartition(":")[2].partition("Function")[0].rpartition("-")[2]
    return f"{function} {call.name}"


def strike_before(kind: Kind, call: Call, cloud: Cloud, rival: str) -> None:
    """What goes wrong before a call is carried out, if that is when it does."""
    match kind:
        case Kind.ERROR:
            code = _ERRORS.get(call.service, "InternalFailure")
            raise Fault(code, "We encountered an internal error.", status=500)
        case Kind.THROTTLE:
            code = _THROTTLES.get(call.service, "ThrottlingException")
            raise Fault(code, "Rate exceeded", status=503 if code == "SlowDown" else 400)
        case Kind.TWIN:
            cloud.run_inside()
        case Kind.RIVAL:
            cloud.run_inside(rival)


def strike_after(kind: Kind, call: Call) -> None:
    """What goes wrong once a call was carried out, if that is when it does."""
    match kind:
        case Kind.LOST:
            raise ReadTimeoutError(endpoint_url=f"https://{call.service}.amazonaws.com")
        case Kind.TIMEOUT:
            time.sleep(_LONG.total_seconds())  # the engine's sleep: it takes no real time
        case Kind.DEATH:
            raise SystemExit(_KILLED)


def refuse() -> NoReturn:
    """As IAM does where a right is missing."""
    raise Fault("AccessDenied", "not authorized to perform this operation", status=403)


@dataclass
class Saboteur:
    """Does one thing to one of the calls that functions make; 1 is the first of them.

    `at` = 0 does nothing, and counts.
    """

    cloud: Cloud
    at: int = 0
    kind: Kind = Kind.ERROR
    seen: int = 0
    hit: Call | None = None
    rival: str = "{}"  # the event that the same function is given in the middle of another

    def before(self, call: Call) -> None:
        """As the engine tells of each call."""
        if call.function is None:
            return
        self.seen += 1
        if self.seen == self.at:
            self.hit = call
        if self._is_denied(call):
            refuse()
        if call is self.hit:
            strike_before(self.kind, call, self.cloud, self.rival)

    def _is_denied(self, call: Call) -> bool:
        if self.kind is not Kind.DENIED or self.hit is None:
            return False
        return (call.function, call.name) == (self.hit.function, self.hit.name)

    def after(self, call: Call) -> None:
        """The same, of what was carried out."""
        if call is self.hit:
            strike_after(self.kind, call)
