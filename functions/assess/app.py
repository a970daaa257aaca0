"""Start the clock of every law that may oblige us."""

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from responder import wiring
from responder.steps.assess import AssessRequest, start_clocks

logger = Logger()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001
    """One incident, assessed against the law of each place where customers live."""
    request = AssessRequest.model_validate(event)
    logger.append_keys(incident_id=request.incident_id)
    answer = start_clocks(request, records=wiring.records(), timeline=wiring.timeline())
    return answer.model_dump(mode="json")
