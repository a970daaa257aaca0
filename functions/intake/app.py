"""Turn findings into incidents, and start the response to each."""

from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,
)
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from responder import wiring
from responder.domain.errors import ResponderError
from responder.sources import feeds
from responder.steps.intake import Intake, policy_or_none

logger = Logger()
processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """EventBridge events from the queue. One that cannot be read fails by itself."""
    intake = Intake(
        incidents=wiring.incidents(),
        correlations=wiring.correlations(),
        receipts=wiring.receipts(),
        timeline=wiring.timeline(),
        generations=wiring.generations(),
        notices=wiring.notices(),
        opener=wiring.opener(),
        policy=policy_or_none(wiring.rule_store(), tell=logger.error),
        mode=wiring.settings().mode,
    )
    return process_partial_response(  # type: ignore[return-value]
        event, lambda record: _one(record, intake), processor, context
    )


def _one(record: SQSRecord, intake: Intake) -> None:
    logger.append_keys(message_id=record.message_id)
    try:
        for finding in feeds.read_text(record.body):
            outcome = intake.take(finding, now=datetime.now(UTC))
            logger.info("taken in", extra=outcome.model_dump(mode="json"))
    except ResponderError as error:
        # Names the field and none of its content. The message goes to the dead-letter queue.
        logger.error("not taken in", extra={"problem": str(error), "kind": type(error).__name__})
        raise
    except Exception as error:
        logger.error("not taken in: our bug", extra={"kind": type(error).__name__})
        raise
