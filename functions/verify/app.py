"""Look again, and say whether the cut holds."""

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from responder import actions, wiring
from responder.steps.verify import VerifyRequest, verify

logger = Logger()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001
    """One read of one order."""
    request = VerifyRequest.model_validate(event)
    logger.append_keys(incident_id=request.incident_id, order_id=request.order_id)
    answer = verify(
        request,
        actions=actions.BY_ID,
        simulated=actions.SIMULATED,
        clients=wiring.contain_clients(),
        receipts=wiring.receipts(),
        timeline=wiring.timeline(),
    )
    return answer.model_dump(mode="json")
