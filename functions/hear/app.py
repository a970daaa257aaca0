"""Note on the timeline what somebody made of an incident where it is open."""

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from responder import wiring
from responder.steps.close import Reads
from responder.steps.hear import HearRequest, hear

logger = Logger()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001
    """One OpsItem or incident record that somebody changed."""
    request = HearRequest.model_validate(event)
    answer = hear(
        request,
        reads=Reads(wiring.records(), wiring.receipts(), wiring.approvals(), wiring.evidence()),
        ledger=wiring.ledger(),
        desk=wiring.desk(),
    )
    logger.info("heard", extra=answer.model_dump(mode="json"))
    return answer.model_dump(mode="json")
