"""Ask what the principals of an incident did, by a trail's logs, and join what readers found."""

from datetime import timedelta
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from responder import wiring
from responder.steps.scope import ScopeRequest, scope

logger = Logger()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """One turn of one run."""
    request = ScopeRequest.model_validate(event)
    logger.append_keys(incident_id=request.incident_id, turn=request.turn)
    answer = scope(
        request,
        incidents=wiring.incidents(),
        lineages=wiring.lineages(),
        timeline=wiring.timeline(),
        evidence=wiring.evidence(),
        vault=wiring.vault,
        policy=wiring.rule_store().policy,
        results=wiring.results,
        logs=wiring.trail_logs,
        trail=wiring.trail_place(),
        by=context.invoked_function_arn,
        remaining=lambda: timedelta(milliseconds=context.get_remaining_time_in_millis()),
    )
    return answer.model_dump(mode="json")
