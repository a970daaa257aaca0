"""Call the next person while nobody answers the page of an incident."""

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from responder import wiring
from responder.steps.escalate import EscalateRequest, escalate

logger = Logger()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001
    """Whether an answer is still waited for, and when to look again."""
    request = EscalateRequest.model_validate(event)
    logger.append_keys(incident_id=request.incident_id)
    answer = escalate(
        request,
        incidents=wiring.incidents(),
        approvals=wiring.approvals(),
        escalations=wiring.escalations(),
        timeline=wiring.timeline(),
        pager=wiring.pager(),
        escalation=wiring.escalation_pager(),
        snoozable=wiring.snoozable(),
        rotas=wiring.rota_store(),
        desk=wiring.desk(),
        mode=wiring.settings().mode,
    )
    logger.info("escalated", waiting=answer.waiting)
    return answer.model_dump(mode="json")
