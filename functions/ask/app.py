"""Ask a person, in the console, whether an order may be carried out."""

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from responder import actions, wiring
from responder.report.model import Here
from responder.steps.ask import AskRequest, ask

logger = Logger()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001
    """One question about one order. The execution waits until it is answered."""
    request = AskRequest.model_validate(event)
    logger.append_keys(incident_id=request.incident_id, order_id=request.order_id)
    settings = wiring.settings()
    answer = ask(
        request,
        incidents=wiring.incidents(),
        approvals=wiring.approvals(),
        questions=wiring.questions(),
        receipts=wiring.receipts(),
        automations=wiring.automations(),
        uses=wiring.uses(),
        waiting=wiring.waiting(),
        timeline=wiring.timeline(),
        approvers=settings.approvers,
        titles={action.ID: action.TITLE for action in actions.ACTIONS},
        here=Here(region=settings.aws_region, release_function=settings.release_function),
    )
    logger.info("asked", extra={"status": answer.status, "automation_id": answer.automation_id})
    return answer.model_dump(mode="json")
