"""Count what woke people in a week, what was told quietly, and what led to nothing."""

from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from responder import wiring
from responder.steps.tally import TallyRequest, tally

logger = Logger()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001
    """The noise of so many days."""
    request = TallyRequest.model_validate(event)
    answer = tally(
        request,
        incidents=wiring.incidents(),
        notices=wiring.notices(),
        silences=wiring.silences(),
        ledger=wiring.ledger(),
        quiet=wiring.quiet_pager(),
        now=request.now or datetime.now(UTC),
    )
    logger.info("counted", incidents=answer.incidents)
    return answer.model_dump(mode="json")
