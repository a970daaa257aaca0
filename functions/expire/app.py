"""Do what the plan said silence would mean."""

from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from responder import actions, wiring
from responder.steps.expire import ExpireRequest, expire

logger = Logger()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001
    """One order that nobody answered for in time."""
    request = ExpireRequest.model_validate(event)
    logger.append_keys(incident_id=request.incident_id, order_id=request.order_id)
    answer = expire(
        request,
        incidents=wiring.incidents(),
        approvals=wiring.approvals(),
        questions=wiring.questions(),
        receipts=wiring.receipts(),
        automations=wiring.automations(),
        pager=wiring.pager(),
        timeline=wiring.timeline(),
        approvers=wiring.settings().approvers,
        titles={action.ID: action.TITLE for action in actions.ACTIONS},
        now=datetime.now(UTC),
    )
    logger.info("expired", extra={"status": answer.status, "proceed": answer.proceed})
    return answer.model_dump(mode="json")
