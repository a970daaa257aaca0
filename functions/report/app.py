"""Write the page that an engineer and a lawyer can both read."""

from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from responder import actions, collectors, wiring
from responder.report.model import Here
from responder.steps.report import ReportRequest, report

logger = Logger()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """One page about one incident, as it stands now."""
    request = ReportRequest.model_validate(event)
    logger.append_keys(incident_id=request.incident_id, generation=request.generation)
    settings = wiring.settings()
    answer = report(
        request,
        records=wiring.records(),
        receipts=wiring.receipts(),
        approvals=wiring.approvals(),
        uses=wiring.uses(),
        evidence=wiring.evidence(),
        timeline=wiring.timeline(),
        progress=wiring.progress(),
        reports=wiring.reports(),
        vault=wiring.vault(),
        titles={action.ID: action.TITLE for action in actions.ACTIONS},
        collectors=collectors.COLLECTORS,
        privilege=settings.privilege_label,
        by=context.invoked_function_arn,
        asked=context.aws_request_id,
        now=request.now or datetime.now(UTC),
        here=Here(region=settings.aws_region, release_function=settings.release_function),
    )
    return answer.model_dump(mode="json")
