"""Look what else uses what an order would cut, for whoever is asked about it."""

import time
from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from responder import wiring
from responder.steps.weigh import WeighRequest, weigh

logger = Logger()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001
    """One order, weighed. Changes nothing in any account."""
    request = WeighRequest.model_validate(event)
    logger.append_keys(incident_id=request.incident_id, order_id=request.order_id)
    answer = weigh(
        request,
        incidents=wiring.incidents(),
        uses=wiring.uses(),
        clients=wiring.collect_clients(),
        pause=time.sleep,
        read_at=lambda: datetime.now(UTC),
    )
    logger.info("weighed", extra={"found": answer.found, "unknown": answer.unknown})
    return answer.model_dump(mode="json")
