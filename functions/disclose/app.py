"""Say where evidence is, to a named person with a purpose, and put that into the custody log."""

from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from responder import wiring
from responder.steps.disclose import DiscloseRequest, disclose

logger = Logger()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001
    """Pointers, and where to ask on."""
    request = DiscloseRequest.model_validate(event)
    logger.append_keys(incident_id=request.incident_id)
    answer = disclose(
        request,
        incidents=wiring.incidents(),
        evidence=wiring.evidence(),
        timeline=wiring.timeline(),
        account=wiring.settings().evidence_account,
        now=datetime.now(UTC),
    )
    logger.info("disclosed", pointers=len(answer.pointers))
    return answer.model_dump(mode="json")
