"""Record what stands, then cut."""

from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from responder import actions, wiring
from responder.steps.contain import ContainRequest, contain

logger = Logger()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """One order, carried out if no rule says no."""
    request = ContainRequest.model_validate(event)
    logger.append_keys(incident_id=request.incident_id, order_id=request.order_id)
    answer = contain(
        request,
        actions=actions.BY_ID,
        clients=wiring.contain_clients(),
        incidents=wiring.incidents(),
        approvals=wiring.approvals(),
        receipts=wiring.receipts(),
        timeline=wiring.timeline(),
        protect=wiring.protect_list(context.invoked_function_arn),
        mode=wiring.settings().mode,
        stopped=wiring.rule_store().is_stopped(),
        now=datetime.now(UTC),
    )
    return answer.model_dump(mode="json")
