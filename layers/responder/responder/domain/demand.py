"""A cut that a person asked for by name, on top of what findings ask for. Pure.

It is planned like any other order, and always asked about in the console: who demands it is what
the caller says, and who approves it is what AWS says.
"""

from collections.abc import Sequence
from datetime import datetime

from pydantic import AwareDatetime

from responder.domain import next_steps
from responder.domain.decision import Mode, Proposal, proposed, protected_by
from responder.domain.errors import Refused
from responder.domain.escaping import one_line
from responder.domain.finding import Finding, Resource
from responder.domain.identifiers import IncidentId, OrderId
from responder.domain.ladder import ACCOUNT, DEACTIVATE_KEY, DENY_ACCOUNT, fitting
from responder.domain.named import KINDS, named, named_account
from responder.domain.order import Order, OrderMode, Refusal, Target
from responder.domain.policy import Rule, Then
from responder.domain.protection import ProtectList

_RULE = Rule(then=Then.APPROVAL)


class Demand(Target):
    """What a person asked to be cut. `order_id` is that of the one order that it leads to."""

    order_id: OrderId
    incident_id: IncidentId
    replaces: OrderId | None = None  # the order about the same that stood when it was asked for
    by: str
    reason: str
    asked_at: AwareDatetime


def target_of(
    action_id: str, resource: str, access_key_id: str | None, findings: Sequence[Finding]
) -> Target:
    """What an action and an ARN name. Raises `Refused`, naming what does not fit."""
    shown = one_line(resource, 300)
    if action_id == DENY_ACCOUNT:
        account = named_account(resource)
        if account is None:
            raise Refused(
                f"{shown} is no account; nothing was changed. A whole account is named by the ARN "
                "of its root, arn:PARTITION:iam::ACCOUNT:root"
            )
        return Target(action_id=action_id, resource=resource, thing=account)
    found = named(resource, access_key_id, findings)
    if found is None:
        raise Refused(
            f"{shown} is not the ARN of a user, a role, a role session, or a kind of thing that is "
            f"cut here ({', '.join(KINDS)}); nothing was changed"
        )
    if isinstance(found, Resource):
        principal, thing, arn = None, found, found.id
    else:
        refused = next_steps.kept_from_us(found)
        if refused is not None:
            raise Refused(refused.text)
        principal, thing, arn = found, None, found.arn or resource
    if action_id not in fitting(found):
        with_key = (
            f" Or name the access key too, and ask for {DEACTIVATE_KEY}."
            if principal is not None and access_key_id is None
            else ""
        )
        raise Refused(
            f"{one_line(action_id, 60)} is no cut of {shown}; nothing was changed. Ask for one of "
            f"these: {', '.join(fitting(found))}.{with_key}"
        )
    return Target(action_id=action_id, resource=arn, principal=principal, thing=thing)


def demand_of(
    target: Target,
    incident_id: IncidentId,
    last: Order | None,
    *,
    by: str,
    reason: str,
    at: datetime,
) -> Demand:
    """The demand for a target. `last` is the order about it that stands, if there is one.

    Two demands that nothing happened between are one: they lead to the same order.
    """
    replaces = None if last is None else last.order_id
    return Demand(
        action_id=target.action_id,
        resource=target.resource,
        principal=target.principal,
        thing=target.thing,
        order_id=Order.make_id(incident_id, *target.about, replaces),
        incident_id=incident_id,
        replaces=replaces,
        by=by,
        reason=reason,
        asked_at=at,
    )


def proposal_of(demand: Demand, protect: ProtectList, mode: Mode) -> Proposal | Refusal:
    """What a demand leads to: a question to the approvers, unless what it names is protected."""
    if demand.principal is not None:
        refused = protected_by(demand.principal, protect)
        if refused is not None:
            return refused
    elif demand.thing is not None:
        pattern = protect.match(demand.thing.id)
        if pattern is not None:
            return next_steps.protected_thing(demand.thing, pattern)
        if demand.thing.kind == ACCOUNT and protect.is_home(demand.thing.account):
            return next_steps.our_own_account(demand.thing)
    why = f"{one_line(demand.by, 120)} asks for it: {one_line(demand.reason, 120)}."
    return proposed(demand, OrderMode.APPROVAL, _RULE, why, held=mode == "monitor")
