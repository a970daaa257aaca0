"""Show each event of an incident's timeline where people look at it, once, in order."""

from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,
)
from aws_lambda_powertools.utilities.data_classes.dynamo_db_stream_event import DynamoDBRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from responder import wiring
from responder.steps.mirror import incident_of, mirror
from responder.steps.resolve import resolve

logger = Logger()
processor = BatchProcessor(event_type=EventType.DynamoDBStreams)


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """New timeline items of any incident."""
    return process_partial_response(event, _one, processor, context)  # type: ignore[return-value]


def _one(record: DynamoDBRecord) -> None:
    incident_id = incident_of(record.dynamodb.keys if record.dynamodb else {})
    logger.append_keys(incident_id=incident_id)
    now = datetime.now(UTC)
    mirror(
        incident_id,
        incidents=wiring.incidents(),
        timeline=wiring.timeline(),
        ledger=wiring.ledger(),
        desk=wiring.desk(),
        now=now,
    )
    # What it was closed for stands there before it is resolved there.
    resolve(
        incident_id,
        incidents=wiring.incidents(),
        closings=wiring.closings(),
        timeline=wiring.timeline(),
        desk=wiring.desk(),
        now=now,
    )
