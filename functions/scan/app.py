"""Read one unit of a trail's logs for what some principals did, as far as time goes."""

from datetime import timedelta
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from responder import wiring
from responder.steps.scan import ScanRequest, scan

logger = Logger()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """One unit. Reads the logs, and writes what came of them beside what was asked."""
    request = ScanRequest.model_validate(event)
    logger.append_keys(incident_id=request.incident_id)
    answer = scan(
        request,
        results=wiring.results(),
        logs=wiring.trail_logs,
        remaining=lambda: timedelta(milliseconds=context.get_remaining_time_in_millis()),
    )
    return answer.model_dump(mode="json")
