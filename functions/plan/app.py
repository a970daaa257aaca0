"""Decide what to cut, what to ask, and what to leave to a person."""

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from responder import wiring
from responder.steps.plan import PlanRequest, plan

logger = Logger()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """One generation of one incident, planned. Changes nothing in any account."""
    request = PlanRequest.model_validate(event)
    logger.append_keys(incident_id=request.incident_id, generation=request.generation)
    answer = plan(
        request,
        incidents=wiring.incidents(),
        correlations=wiring.correlations(),
        receipts=wiring.receipts(),
        timeline=wiring.timeline(),
        breaker=wiring.breaker(),
        lineages=wiring.lineages(),
        policy=wiring.rule_store().policy(),
        protect=wiring.protect_list(context.invoked_function_arn),
        approvers=wiring.settings().approvers,
        mode=wiring.settings().mode,
    )
    return answer.model_dump(mode="json")
