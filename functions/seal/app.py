"""Seal what was collected: manifest, signature, public key, custody log."""

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from responder import collectors, wiring
from responder.steps.seal import SealRequest, seal

logger = Logger()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """One manifest for one part of one generation."""
    request = SealRequest.model_validate(event)
    logger.append_keys(incident_id=request.incident_id, generation=request.generation)
    answer = seal(
        request,
        collectors=collectors.COLLECTORS,
        incidents=wiring.incidents(),
        evidence=wiring.evidence(),
        vault=wiring.vault(),
        signer=wiring.signer(),
        timeline=wiring.timeline(),
        rehashes=wiring.rehashes(),
        by=context.invoked_function_arn,
    )
    return answer.model_dump(mode="json")
