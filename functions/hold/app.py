"""Hold all of an incident in the vault, because counsel says so, and what is put there later."""

from datetime import UTC, datetime, timedelta
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from responder import wiring
from responder.steps.hold import HoldRequest, hold

logger = Logger()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """How each hold stands, and what is left to do."""
    request = HoldRequest.model_validate(event)
    if request.incident_id is not None:
        logger.append_keys(incident_id=request.incident_id)
    answer = hold(
        request,
        incidents=wiring.incidents(),
        evidence=wiring.evidence(),
        holds=wiring.holds(),
        versions=wiring.version_holds(),
        timeline=wiring.timeline(),
        read_at=lambda: datetime.now(UTC),
        ends_at=datetime.now(UTC) + timedelta(milliseconds=context.get_remaining_time_in_millis()),
    )
    logger.info("held", incidents=len(answer.incidents))
    return answer.model_dump(mode="json")
