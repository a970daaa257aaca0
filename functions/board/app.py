"""Show one part of the incident board, as a widget of a CloudWatch dashboard."""

from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from responder import actions, wiring
from responder.report.model import Here
from responder.steps.board import BoardRequest, Documents, Reads, board
from responder.steps.readiness import Places

logger = Logger()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> str:
    """One part, as HTML."""
    request = BoardRequest.model_validate(event)
    logger.append_keys(view=request.view, incident_id=request.incident_id)
    settings = wiring.settings()
    return board(
        request,
        reads=Reads(
            records=wiring.records(),
            receipts=wiring.receipts(),
            approvals=wiring.approvals(),
            uses=wiring.uses(),
            evidence=wiring.evidence(),
            rehashes=wiring.rehashes(),
            escalations=wiring.escalations(),
            correlations=wiring.correlations(),
            silences=wiring.silences(),
            machine=wiring.machine(),
            trackers=wiring.trackers(),
            queues=wiring.queues(),
            rules=wiring.rule_store(),
            rota=wiring.rota_store(),
        ),
        places=Places(
            intake=settings.intake_queue_url,
            touches=settings.touch_queue_url,
            dead_letters=settings.dead_letter_queue_url,
        ),
        titles={action.ID: action.TITLE for action in actions.ACTIONS},
        mode=settings.mode,
        here=Here(region=settings.aws_region, release_function=settings.release_function),
        documents=Documents(
            release=settings.release_document, acknowledge=settings.acknowledge_document
        ),
        endpoint=context.invoked_function_arn,
        now=datetime.now(UTC),
    )
