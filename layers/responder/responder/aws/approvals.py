"""Requests for approval with their answers, and the task tokens that wait for them.

A request is kept with its incident; under its own id, which nobody can guess, are where to find it
and the task token. The token is a bearer secret: no `Approval` holds it, and no log line does.
"""

from dataclasses import dataclass
from typing import Any

from pydantic import AwareDatetime, ConfigDict

from responder.aws import ledger as table
from responder.aws.ledger import Item, Ledger, Write, incident_pk
from responder.domain.approval import Approval
from responder.domain.errors import Broken, Unavailable
from responder.domain.identifiers import IncidentId, OrderId
from responder.domain.model import Model

PERMISSIONS = table.PERMISSIONS
PREFIX = "APPROVAL#"
_WHERE, _TOKEN = "WHERE", "TOKEN"


class _Where(Model):
    """Which request an approval id is."""

    model_config = ConfigDict(frozen=True)

    incident_id: IncidentId
    order_id: OrderId


class _Token(Model):
    """What the waiting execution is told the answer with."""

    model_config = ConfigDict(frozen=True)

    task_token: str
    stored_at: AwareDatetime


@dataclass(frozen=True)
class Approvals:
    """Typed access to the items of approvals. There is one request for each order."""

    ledger: Ledger

    def all(self, incident_id: str) -> list[Approval]:
        """Every request of an incident."""
        found = self.ledger.items(incident_pk(incident_id), PREFIX)
        return [Approval.model_validate_json(item.body) for item in found]

    def of_order(self, incident_id: str, order_id: str) -> Approval | None:
        """The request about one order, as it stands now."""
        found = self._item(incident_id, order_id)
        return None if found is None else Approval.model_validate_json(found.body)

    def find(self, approval_id: str) -> Approval | None:
        """The request with this id, as it stands now. None for an id that we never gave out."""
        found = self.ledger.get(PREFIX + approval_id, _WHERE)
        if found is None:
            return None
        where = _Where.model_validate_json(found.body)
        approval = self.of_order(where.incident_id, where.order_id)
        if approval is None or approval.approval_id != approval_id:
            raise Broken(f"{approval_id} leads to {where.order_id}, which has another request")
        return approval

    def create(self, approval: Approval, task_token: str) -> Approval:
        """Record a request with its token. The first for an order stays; the answer is that one.

        A later attempt brings a new token for the same request, and the newest is kept.
        """
        where = _Where(incident_id=approval.incident_id, order_id=approval.order_id)
        token = _Token(task_token=task_token, stored_at=approval.requested_at)
        pk = PREFIX + approval.approval_id
        made = self.ledger.together(
            [
                Write(incident_pk(approval.incident_id), PREFIX + approval.order_id, approval),
                Write(pk, _WHERE, where),
                Write(pk, _TOKEN, token),
            ]
        )
        if made:
            return approval
        first = self.of_order(approval.incident_id, approval.order_id)
        if first is None:
            raise Unavailable(f"the request about {approval.order_id} is being written by another")
        self._keep(first.approval_id, token)
        # Read once more: an answer that came in meanwhile was sent with the token from before.
        return self._latest(first)

    def replace(self, seen: Approval, **changed: Any) -> Approval:
        """Write a request anew. Raises `Unavailable` if it is no longer as it was `seen`."""
        item = self._item(seen.incident_id, seen.order_id)
        if item is None:
            raise Broken(f"there is no request about {seen.order_id}")
        if Approval.model_validate_json(item.body) != seen:
            raise Unavailable(f"the request about {seen.order_id} was changed; read it again")
        new = Approval.model_validate(seen.model_dump() | changed)
        self.ledger.replace(item, new)
        return new

    def token(self, approval_id: str) -> str:
        """The newest task token of a request. Read it after the answer is saved, never before."""
        return _Token.model_validate_json(self._token(approval_id).body).task_token

    def _keep(self, approval_id: str, token: _Token) -> None:
        item = self._token(approval_id)
        if _Token.model_validate_json(item.body).task_token != token.task_token:
            self.ledger.replace(item, token)

    def _token(self, approval_id: str) -> Item:
        found = self.ledger.get(PREFIX + approval_id, _TOKEN)
        if found is None:
            raise Broken(f"{approval_id} has no task token")
        return found

    def _item(self, incident_id: str, order_id: str) -> Item | None:
        return self.ledger.get(incident_pk(incident_id), PREFIX + order_id)

    def _latest(self, approval: Approval) -> Approval:
        latest = self.of_order(approval.incident_id, approval.order_id)
        if latest is None:
            raise Broken(f"the request about {approval.order_id} is gone")
        return latest
