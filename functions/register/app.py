"""Answer with the register of all breaches. A person asks."""

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from responder import wiring
from responder.steps.register import RegisterRequest, register

logger = Logger()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001
    """Some rows, and after which to ask on."""
    request = RegisterRequest.model_validate(event)
    answer = register(request, records=wiring.records(), receipts=wiring.receipts())
    logger.info("registered", rows=len(answer.rows))
    return answer.model_dump(mode="json")
