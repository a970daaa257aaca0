"""Record a fact or an answer of counsel, and count again."""

from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from responder import wiring
from responder.steps.record import read_request, record

logger = Logger()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001
    """One statement of a person, recorded at the time it came in."""
    request = read_request(event)
    logger.append_keys(incident_id=request.incident_id)
    answer = record(
        request,
        records=wiring.records(),
        timeline=wiring.timeline(),
        now=datetime.now(UTC),
    )
    logger.info("recorded", fact_id=answer.recorded, fields=request.said.names)
    return answer.model_dump(mode="json")
