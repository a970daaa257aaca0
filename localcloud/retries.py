"""Asynchronous invocations: tried up to three times, then reported to where the function says."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

from botocore.exceptions import ClientError

from localcloud.admission import Open
from localcloud.deliveries import Deliveries
from localcloud.stack import Function

# Lambda guide, "Retry behavior": one minute before the first retry, two before the second.
_RETRY_AFTER: Final = (timedelta(minutes=1), timedelta(minutes=2))
_OLDEST: Final = timedelta(hours=6)


@dataclass(frozen=True)
class Answer:
    """What a function returned, or how it failed."""

    payload: str  # JSON
    error: str | None
    request_id: str
    log: str


class Invoke(Protocol):
    """Runs a function now."""

    def __call__(self, function: Function, payload: str, *, source: str) -> Answer:
        """What it returned."""


class Retries:
    """The queue that Lambda keeps of asynchronous invocations."""

    def __init__(
        self,
        invoke: Invoke,
        deliveries: Deliveries,
        *,
        role: Callable[[str], Open],
        now: Callable[[], datetime],
        later: Callable[..., None],
    ) -> None:
        self._invoke, self._deliveries, self._role = invoke, deliveries, role
        self._now, self._later = now, later

    def start(self, function: Function, payload: str, *, source: str) -> None:
        """Run it as soon as it is its turn."""
        self._attempt_later(function, payload, source, number=1, accepted_at=self._now(), at=None)

    def _attempt_later(
        self,
        function: Function,
        payload: str,
        source: str,
        *,
        number: int,
        accepted_at: datetime,
        at: datetime | None,
    ) -> None:
        def attempt() -> None:
            answer = self._invoke(function, payload, source=source)
            told = function.event_invoke
            if answer.error is None:
                if told is not None and told.on_success_arn is not None:
                    self._report(told.on_success_arn, "Success", function, payload, answer, number)
                return
            retries, oldest = 2, _OLDEST
            if told is not None and told.maximum_retry_attempts is not None:
                retries = told.maximum_retry_attempts
            if told is not None and told.maximum_event_age_seconds is not None:
                oldest = timedelta(seconds=told.maximum_event_age_seconds)
            if number > retries:
                self._give_up("RetriesExhausted", function, payload, answer, number)
                return
            next_at = self._now() + _RETRY_AFTER[number - 1]
            if next_at - accepted_at > oldest:
                self._give_up("EventAgeExceeded", function, payload, answer, number)
                return
            self._attempt_later(
                function, payload, source, number=number + 1, accepted_at=accepted_at, at=next_at
            )

        self._later(attempt, name=f"{function.logical_id}, attempt {number}", at=at)

    def _give_up(
        self, condition: str, function: Function, payload: str, answer: Answer, number: int
    ) -> None:
        """Both places are told (Lambda guide, "Retain records of asynchronous invocations")."""
        if function.dead_letter_arn is not None:
            failure = json.loads(answer.payload)
            self._send(
                function,
                function.dead_letter_arn,
                payload,
                attributes={
                    "RequestID": answer.request_id,
                    "ErrorCode": "200",
                    "ErrorMessage": str(failure.get("errorMessage"))[:1024] or "none",
                },
            )
        told = function.event_invoke
        if told is not None and told.on_failure_arn is not None:
            self._report(told.on_failure_arn, condition, function, payload, answer, number)

    def _report(
        self,
        arn: str,
        condition: str,
        function: Function,
        payload: str,
        answer: Answer,
        number: int,
    ) -> None:
        response: dict[str, Any] = {"statusCode": 200, "executedVersion": "$LATEST"}
        if answer.error is not None:
            response["functionError"] = "Unhandled"
        record = {
            "version": "1.0",
            "timestamp": self._now().isoformat(timespec="milliseconds"),
            "requestContext": {
                "requestId": answer.request_id,
                "functionArn": f"{function.arn}:$LATEST",
                "condition": condition,
                "approximateInvokeCount": number,
            },
            "requestPayload": json.loads(payload),
            "responseContext": response,
            "responsePayload": json.loads(answer.payload),
        }
        self._send(function, arn, json.dumps(record))

    def _send(
        self,
        function: Function,
        arn: str,
        body: str,
        *,
        attributes: Mapping[str, str] | None = None,
    ) -> None:
        """Lambda sends with the rights of the function's own role."""
        source = f"function/{function.name}"
        client = self._role(function.role_arn)
        try:
            self._deliveries.send(arn, body, source=source, attributes=attributes, sender=client)
        except ClientError as error:
            self._deliveries.give_up(source, arn, str(error))
