"""Collect one kind of evidence about an incident and keep it in the vault."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from responder import collectors, wiring
from responder.steps.collect import CollectRequest, collect

logger = Logger()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """One collector for one incident."""
    request = CollectRequest.model_validate(event)
    logger.append_keys(incident_id=request.incident_id, collector_id=request.collector_id)
    answer = collect(
        request,
        collectors=collectors.BY_ID,
        incidents=wiring.incidents(),
        receipts=wiring.receipts(),
        evidence=wiring.evidence(),
        vault=wiring.vault(),
        progress=wiring.progress(),
        clients=wiring.collect_clients(),
        copies=wiring.preserve_clients(),
        keeps=wiring.keep_clients(),
        options=wiring.collect_options(),
        by=context.invoked_function_arn,
        read_at=lambda: datetime.now(UTC),
        ends_at=datetime.now(UTC) + timedelta(milliseconds=context.get_remaining_time_in_millis()),
        pause=time.sleep,
    )
    return answer.model_dump(mode="json")
