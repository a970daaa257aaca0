"""Tell people about an incident, once, by the best channel this account has."""

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from responder import wiring
from responder.steps.open import OpenRequest, open_incident

logger = Logger()


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001
    """One incident, opened and paged."""
    request = OpenRequest.model_validate(event)
    logger.append_keys(incident_id=request.incident_id)
    answer = open_incident(
        request,
        incidents=wiring.incidents(),
        timeline=wiring.timeline(),
        ledger=wiring.ledger(),
        pager=wiring.pager(),
        quiet=wiring.quiet_pager(),
        notices=wiring.notices(),
        silences=wiring.silences(),
        rules=wiring.rule_store(),
        rotas=wiring.rota_store(),
        desk=wiring.desk(),
        mode=wiring.settings().mode,
    )
    return answer.model_dump(mode="json")
