"""Send the reminders of one incident that are due."""

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from responder import wiring
from responder.steps.tick import TickRequest, tick

logger = Logger()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001
    """One look at the clocks of one incident."""
    request = TickRequest.model_validate(event)
    logger.append_keys(incident_id=request.incident_id)
    answer = tick(
        request,
        records=wiring.records(),
        timeline=wiring.timeline(),
        pager=wiring.pager(),
        escalation=wiring.escalation_pager(),
        snoozable=wiring.snoozable(),
    )
    return answer.model_dump(mode="json")
