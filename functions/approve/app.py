"""Check a person's answer, and hand it to the waiting execution."""

from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from responder import actions, wiring
from responder.report.model import Here
from responder.steps.approve import ApproveRequest, approve

logger = Logger()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001
    """One answer, checked against what AWS says, and passed on."""
    request = ApproveRequest.model_validate(event)
    logger.append_keys(automation_id=request.automation_id)
    settings = wiring.settings()
    answer = approve(
        request,
        incidents=wiring.incidents(),
        approvals=wiring.approvals(),
        questions=wiring.questions(),
        receipts=wiring.receipts(),
        automations=wiring.automations(),
        uses=wiring.uses(),
        waiting=wiring.waiting(),
        timeline=wiring.timeline(),
        pager=wiring.pager(),
        approvers=settings.approvers,
        titles={action.ID: action.TITLE for action in actions.ACTIONS},
        here=Here(region=settings.aws_region, release_function=settings.release_function),
        now=datetime.now(UTC),
    )
    logger.append_keys(incident_id=answer.incident_id, order_id=answer.order_id, group=answer.group)
    logger.info("answered", extra={"status": answer.status, "verdict": answer.verdict})
    return answer.model_dump(mode="json")
