"""Tick every open clock, in case a tracker died, and start another tracker where one did."""

from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from responder import wiring
from responder.steps.sweep import SweepRequest, sweep
from responder.steps.wake import Wake

logger = Logger()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001
    """Every incident that has something due."""
    request = SweepRequest.model_validate(event)
    answer = sweep(
        records=wiring.records(),
        timeline=wiring.timeline(),
        pager=wiring.pager(),
        escalation=wiring.escalation_pager(),
        snoozable=wiring.snoozable(),
        trackers=wiring.trackers(),
        wake=Wake(wiring.incidents(), wiring.approvals(), wiring.receipts(), wiring.snoozable()),
        closings=wiring.closings(),
        now=request.now or datetime.now(UTC),
    )
    logger.info("swept", incidents=answer.incidents, trackers=answer.trackers)
    return answer.model_dump(mode="json")
