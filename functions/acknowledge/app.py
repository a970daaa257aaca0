"""Record that a person has an incident in hand, so that nobody else is called about it."""

from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from responder import wiring
from responder.steps.acknowledge import AcknowledgeRequest, acknowledge
from responder.steps.console import request_of

logger = Logger()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001
    """Who had it in hand first, and since when."""
    request = request_of(AcknowledgeRequest, event, wiring.console)
    logger.append_keys(incident_id=request.incident_id)
    answer = acknowledge(
        request,
        incidents=wiring.incidents(),
        escalations=wiring.escalations(),
        timeline=wiring.timeline(),
        now=datetime.now(UTC),
    )
    return answer.model_dump(mode="json")
