"""Tell which collectors the findings of an incident call for, in order of volatility."""

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from responder import collectors, wiring
from responder.steps.survey import SurveyRequest, survey

logger = Logger()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001
    """The parts to collect and seal."""
    request = SurveyRequest.model_validate(event)
    logger.append_keys(incident_id=request.incident_id)
    answer = survey(request, collectors=collectors.COLLECTORS, incidents=wiring.incidents())
    return answer.model_dump(mode="json")
