"""Put a snooze or a known activity in force, end one, or list them. A person asks."""

from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from responder import wiring
from responder.steps.silence import SilenceRequest, silence

logger = Logger()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001
    """What is quiet, and until when."""
    answer = silence(
        SilenceRequest.model_validate(event),
        incidents=wiring.incidents(),
        silences=wiring.silences(),
        timeline=wiring.timeline(),
        pager=wiring.pager(),
        quiet=wiring.quiet_pager(),
        now=datetime.now(UTC),
    )
    logger.info("silences", silences=[one.silence_id for one in answer.silences])
    return answer.model_dump(mode="json")
