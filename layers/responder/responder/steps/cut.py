"""Take in a cut that a person asks for by name. The approvers are asked; nothing is cut here.

Findings ask for the smallest cut that does. This is how a person asks for a wider one, or for
something that no finding names. From the console, `by` is whom AWS names; from a direct call it is
what the caller says of themselves. The answer that counts is the approvers'.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from pydantic import StringConstraints

from responder.aws import automations as console
from responder.aws import correlations as seats
from responder.aws import generations as runs
from responder.aws import ledger as table
from responder.aws import receipts as proof
from responder.aws import rule_store
from responder.aws import timeline as events
from responder.aws.correlations import Correlations
from responder.aws.generations import Generations
from responder.aws.incidents import Incidents, demanding
from responder.aws.receipts import Receipts
from responder.domain.correlation import owned_key
from responder.domain.decision import Mode
from responder.domain.demand import Demand, demand_of, proposal_of, target_of
from responder.domain.errors import Refused, Unavailable
from responder.domain.escaping import OneLine
from responder.domain.identifiers import AccessKeyId, IncidentId, OrderId
from responder.domain.incident import Incident, IncidentStatus
from responder.domain.ladder import DENY_ACCOUNT
from responder.domain.model import Model
from responder.domain.next_steps import NO_ACCOUNT_DENY
from responder.domain.order import Refusal, Target
from responder.domain.protection import ProtectList
from responder.domain.standing import standings
from responder.steps.ordering import account_of
from responder.steps.plan import open_owner

PERMISSIONS = (
    table.PERMISSIONS
    | seats.PERMISSIONS
    | events.PERMISSIONS
    | proof.PERMISSIONS
    | runs.PERMISSIONS
    | rule_store.PERMISSIONS
    | console.READING
)
_TRIES = 5  # the incident may be written by intake at the same moment


class CutRequest(Model):
    """What a person sends: what to cut, by which action, who they are, and why."""

    incident_id: IncidentId
    action_id: Annotated[str, StringConstraints(max_length=60)]
    resource: Annotated[str, StringConstraints(max_length=1600)]  # ARN
    access_key_id: AccessKeyId | None = None  # for `iam.deactivate_key`
    by: OneLine
    reason: OneLine


class CutAnswer(Model):
    """The order that the approvers will be asked about."""

    incident_id: IncidentId
    generation: int  # the run of the response that asks
    order_id: OrderId
    action_id: str
    resource: str


def cut(
    request: CutRequest,
    *,
    incidents: Incidents,
    receipts: Receipts,
    correlations: Correlations,
    generations: Generations,
    protect: ProtectList,
    denies_accounts: bool,
    mode: Mode,
    now: datetime,
) -> CutAnswer:
    """Record the demand with the next generation, and start that. Twice is once."""
    if mode == "monitor":
        raise Refused(
            "the responder is in monitor mode, where nothing is cut; nothing was changed. Deploy "
            "it with Mode=respond first"
        )
    if request.action_id == DENY_ACCOUNT and not denies_accounts:
        raise Refused(NO_ACCOUNT_DENY)
    for _ in range(_TRIES):
        item = incidents.item(request.incident_id)
        if item is None:
            raise Refused(f"there is no incident {request.incident_id}; nothing was changed")
        incident = Incident.model_validate_json(item.body)
        asked = incidents.demands(incident.id)
        demand = _demand(request, incident, asked, incidents, receipts, correlations, protect, now)
        if demand.order_id in {one.order_id for one in asked}:
            break
        text = f"{request.by} asks for {demand.action_id} on {demand.resource}: {request.reason}"
        if generations.claim(
            item, at=now, by=request.by, text=text, together_with=[demanding(demand)]
        ):
            break
    else:
        raise Unavailable(f"{request.incident_id} is being written by others; try again")
    incident = incidents.get(request.incident_id)
    generations.start(incident, now)
    return CutAnswer(
        incident_id=incident.id,
        generation=incident.generation,
        order_id=demand.order_id,
        action_id=demand.action_id,
        resource=demand.resource,
    )


def _demand(
    request: CutRequest,
    incident: Incident,
    asked: Sequence[Demand],
    incidents: Incidents,
    receipts: Receipts,
    correlations: Correlations,
    protect: ProtectList,
    now: datetime,
) -> Demand:
    """The demand that this request makes, or made before."""
    if incident.status is not IncidentStatus.OPEN:
        raise Refused(f"{incident.id} is closed; nothing was changed")
    target = target_of(
        request.action_id, request.resource, request.access_key_id, incidents.findings(incident.id)
    )
    filed = receipts.all(incident.id)
    so_far = standings(incidents.orders(incident.id), filed).get(target.about)
    last = None if so_far is None else so_far.last
    ended = {receipt.order.order_id for receipt in filed}
    if so_far is not None and so_far.is_carried_out:
        raise Refused(
            f"{so_far.last.order_id} cuts the same already; nothing was changed. Its receipt says "
            "how far it is"
        )
    if last is not None and not last.held and last.order_id not in ended:
        for before in asked:
            if before.order_id == last.order_id:
                return before
        raise Refused(
            f"{last.order_id} asks for the same, and waits for its answer or its turn; nothing was "
            "changed. Answer it in the Systems Manager console"
        )
    demand = demand_of(target, incident.id, last, by=request.by, reason=request.reason, at=now)
    led_to = proposal_of(demand, protect, "respond")
    if isinstance(led_to, Refusal):
        raise Refused(led_to.text)
    _is_free(incident, target, incidents, correlations, now)
    return demand


def _is_free(
    incident: Incident,
    target: Target,
    incidents: Incidents,
    correlations: Correlations,
    now: datetime,
) -> None:
    """Refuse what another open incident answers for: two never cut the same thing."""
    key = owned_key(account_of(target) or incident.account, target)
    owner = None if key is None else open_owner(key, incidents, correlations, now)
    if owner not in (None, incident.id):
        raise Refused(
            f"{owner} answers for {target.resource}; nothing was changed. Ask for the cut there"
        )
