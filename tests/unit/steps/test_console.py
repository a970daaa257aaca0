"""What comes by the console bears the name that AWS has for whoever runs the document."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError
from pydantic import ValidationError

from responder.aws.automations import Automations
from responder.domain.errors import Broken, Refused
from responder.steps.console import request_of
from responder.steps.cut import CutRequest
from responder.steps.release import ReleaseRequest
from tests.builders import INCIDENT_ID

ALICE = "arn:aws:sts::444455556666:assumed-role/on-call/alice@example.com"
RUN = "0a1b2c3d-0000-4000-8000-0123456789ab"
ORDER = "ord-73582855c3ddaecacb10"


@dataclass
class Console:
    """Systems Manager, with one run of one document; None for no run of that id."""

    run: dict[str, Any] | None = field(default_factory=dict)

    def get_automation_execution(self, *, AutomationExecutionId: str) -> Any:  # noqa: N803
        if self.run is None:
            raise ClientError(
                {"Error": {"Code": "AutomationExecutionNotFoundException", "Message": "none"}},
                "GetAutomationExecution",
            )
        assert AutomationExecutionId == RUN
        plain = {
            "DocumentName": "breach-responder-release",
            "AutomationExecutionStatus": "InProgress",
            "ExecutedBy": ALICE,
            "Parameters": {
                "IncidentId": [INCIDENT_ID],
                "OrderId": ["all"],
                "Reason": ["it was ours"],
                "KeyWasNeverOut": ["yes"],
                "DespiteChanges": ["no"],
            },
        }
        return {"AutomationExecution": plain | self.run}

    def automations(self) -> Automations:
        client: Any = self
        return Automations(client, "breach-responder-release")


def test_the_fields_of_the_page_are_the_fields_of_the_request() -> None:
    event = {"automation_id": RUN, "by": "arn:aws:iam::444455556666:root"}
    assert request_of(ReleaseRequest, event, Console().automations) == ReleaseRequest(
        incident_id=INCIDENT_ID,
        order_id=None,
        by=ALICE,
        reason="it was ours",
        key_was_never_out=True,
        despite_changes=False,
    )


def test_a_field_that_is_filled_in_is_taken_and_a_wrong_one_is_named() -> None:
    def asked(order_id: str) -> ReleaseRequest:
        run = {"Parameters": {"IncidentId": [INCIDENT_ID], "OrderId": [order_id], "Reason": ["x"]}}
        return request_of(ReleaseRequest, {"automation_id": RUN}, Console(run).automations)

    assert asked(ORDER).order_id == ORDER
    with pytest.raises(ValidationError, match="order_id"):
        asked("ord-1")


def test_a_direct_call_asks_the_console_for_nothing() -> None:
    def never() -> Automations:
        raise AssertionError("a direct call was looked up")

    event = {
        "incident_id": INCIDENT_ID,
        "action_id": "iam.deny_role",
        "resource": "arn:aws:iam::111122223333:role/web-tier-role",
        "by": ALICE,
        "reason": "it came back",
    }
    assert request_of(CutRequest, event, never) == CutRequest.model_validate(event)


@pytest.mark.parametrize(
    ("run", "kind", "says"),
    [
        ({"DocumentName": "something-else"}, Refused, "another document"),
        ({"AutomationExecutionStatus": "Success"}, Refused, "has ended"),
        ({"ExecutedBy": ""}, Broken, "does not say who"),
        (None, Refused, "there is no automation"),
    ],
)
def test_a_run_that_speaks_for_nobody_is_refused(
    run: dict[str, Any] | None, kind: type[Exception], says: str
) -> None:
    with pytest.raises(kind, match=says):
        request_of(ReleaseRequest, {"automation_id": RUN}, Console(run).automations)


@pytest.mark.parametrize("automation_id", ["", "x", f"{RUN} ", 7, None])
def test_what_is_no_id_of_a_run_is_never_looked_up(automation_id: object) -> None:
    with pytest.raises(ValidationError, match="automation_id"):
        request_of(ReleaseRequest, {"automation_id": automation_id}, Console(None).automations)
