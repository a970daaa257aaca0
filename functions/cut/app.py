"""Take in a cut that a person asks for by name. The approvers are asked; nothing is cut here."""

from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from responder import wiring
from responder.steps.console import request_of
from responder.steps.cut import CutRequest, cut

logger = Logger()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Which order the approvers will be asked about."""
    request = request_of(CutRequest, event, wiring.console)
    logger.append_keys(incident_id=request.incident_id, action_id=request.action_id)
    answer = cut(
        request,
        incidents=wiring.incidents(),
        receipts=wiring.receipts(),
        correlations=wiring.correlations(),
        generations=wiring.generations(),
        protect=wiring.protect_list(context.invoked_function_arn),
        denies_accounts=bool(wiring.settings().account_deny_policy_arn),
        mode=wiring.settings().mode,
        now=datetime.now(UTC),
    )
    return answer.model_dump(mode="json")
