"""Hash what the vault has again, and say what is not as it was recorded."""

from datetime import UTC, datetime, timedelta
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from responder import wiring
from responder.steps.rehash import RehashRequest, rehash

logger = Logger()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """How many incidents were looked at, and in how many something is wrong."""
    request = RehashRequest.model_validate(event)
    answer = rehash(
        request,
        incidents=wiring.incidents(),
        evidence=wiring.evidence(),
        rehashes=wiring.rehashes(),
        reader=wiring.version_reader(),
        timeline=wiring.timeline(),
        pager=wiring.pager(),
        by=context.invoked_function_arn,
        read_at=lambda: datetime.now(UTC),
        ends_at=datetime.now(UTC) + timedelta(milliseconds=context.get_remaining_time_in_millis()),
    )
    logger.info("rehashed", incidents=answer.incidents, ended=answer.ended, wrong=answer.wrong)
    return answer.model_dump(mode="json")
