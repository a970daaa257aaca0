"""Undo one order from its receipt, or each of an incident. A person runs it."""

from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from responder import actions, wiring
from responder.steps.console import request_of
from responder.steps.release import ReleaseRequest, release_asked

logger = Logger()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001
    """What was asked to be undone, and what stays."""
    request = request_of(ReleaseRequest, event, wiring.console)
    logger.append_keys(incident_id=request.incident_id, order_id=request.order_id)
    answer = release_asked(
        request,
        actions=actions.BY_ID,
        clients=wiring.contain_clients(),
        receipts=wiring.receipts(),
        correlations=wiring.correlations(),
        timeline=wiring.timeline(),
        now=datetime.now(UTC),
    )
    return answer.model_dump(mode="json")
