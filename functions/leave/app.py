"""Record why an order now waits for a person."""

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from responder import actions, wiring
from responder.steps.leave import LeaveRequest, leave

logger = Logger()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001
    """One order that the workflow gave up."""
    request = LeaveRequest.model_validate(event)
    logger.append_keys(incident_id=request.incident_id, order_id=request.order_id)
    answer = leave(
        request,
        incidents=wiring.incidents(),
        approvals=wiring.approvals(),
        receipts=wiring.receipts(),
        pager=wiring.snoozable(),
        timeline=wiring.timeline(),
        titles={action.ID: action.TITLE for action in actions.ACTIONS},
    )
    return answer.model_dump(mode="json")
