"""Close an incident, because a person says that it is over. Refused while anything of it is not."""

from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from responder import wiring
from responder.steps.close import CloseRequest, Reads, close
from responder.steps.console import request_of

logger = Logger()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001
    """Who closed it first and why, and what stays cut."""
    request = request_of(CloseRequest, event, wiring.console)
    logger.append_keys(incident_id=request.incident_id)
    answer = close(
        request,
        reads=Reads(wiring.records(), wiring.receipts(), wiring.approvals(), wiring.evidence()),
        closings=wiring.closings(),
        machine=wiring.machine(),
        timeline=wiring.timeline(),
        reporter=wiring.reporter(),
        now=datetime.now(UTC),
    )
    return answer.model_dump(mode="json")
