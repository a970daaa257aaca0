"""Find what stolen credentials assumed and made, and start the response again for what is new."""

import time
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from responder import wiring
from responder.steps.trace import TraceRequest, trace

logger = Logger()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """One incident, traced through event history. Changes nothing in any account."""
    request = TraceRequest.model_validate(event)
    logger.append_keys(incident_id=request.incident_id, generation=request.generation)
    answer = trace(
        request,
        incidents=wiring.incidents(),
        lineages=wiring.lineages(),
        generations=wiring.generations(),
        timeline=wiring.timeline(),
        clients=wiring.collect_clients(),
        policy=wiring.rule_store().policy(),
        protect=wiring.protect_list(context.invoked_function_arn),
        mode=wiring.settings().mode,
        pause=time.sleep,
    )
    return answer.model_dump(mode="json")
