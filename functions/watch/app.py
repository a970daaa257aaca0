"""Look again at what we hold, when somebody touches it."""

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
from responder.sources import touches
from responder.steps.watch import watch

logger = Logger()
processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """EventBridge events from the queue. One that cannot be read fails by itself."""
    return process_partial_response(  # type: ignore[return-value]
        event, _one, processor, context
    )


def _one(record: SQSRecord) -> None:
    logger.append_keys(message_id=record.message_id)
    try:
        touch = touches.read_text(record.body)
        if touch is None:
            return
        answer = watch(
            touch,
            correlations=wiring.correlations(),
            receipts=wiring.receipts(),
            timeline=wiring.timeline(),
            pager=wiring.pager(),
            machine=wiring.holder(),
            own_role=wiring.settings().member_contain_role,
            now=datetime.fromtimestamp(
                int(record.attributes.approximate_first_receive_timestamp) / 1000, UTC
            ),
        )
        logger.info("touched", extra=answer.model_dump(mode="json"))
    except ResponderError as error:
        # Names the field and none of its content. The message goes to the dead-letter queue.
        logger.error("not read", extra={"problem": str(error), "kind": type(error).__name__})
        raise
    except Exception as error:
        logger.error("not read: our bug", extra={"kind": type(error).__name__})
        raise
