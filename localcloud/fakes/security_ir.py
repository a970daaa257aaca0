"""Security Incident Response: cases of an account whose organization has a membership.

AWS: Security Incident Response API Reference, "CreateCase", "CreateCaseComment", "CloseCase". The
same token with another request is a conflict, as its kind of error says, and so is closing a case
twice; what AWS does about either is not written.
"""

import itertools
from typing import Any, Final

from localcloud.fault import Fault
from localcloud.switchboard import Asked, Fake

_NONE: Final = "Security Incident Response is not active for this account."


class Cases:
    """The cases of every account. None has a membership until one is created."""

    def __init__(self) -> None:
        self._members: dict[str, str] = {}
        self._cases: dict[str, dict[str, dict[str, Any]]] = {}
        self._comments: dict[str, list[dict[str, Any]]] = {}
        self._tokens: dict[tuple[str, str], tuple[dict[str, Any], str]] = {}
        self._number = itertools.count(1)

    def operations(self) -> dict[str, Fake]:
        """What this serves."""
        return {
            "CreateMembership": self._join,
            "ListMemberships": self._memberships,
            "CreateCase": self._create,
            "CreateCaseComment": self._comment,
            "GetCase": self._get,
            "CloseCase": self._close,
            "ListComments": self._list_comments,
        }

    def _join(self, asked: Asked) -> dict[str, Any]:
        if asked.account in self._members:
            raise Fault("ConflictException", "There is a membership", status=409)
        self._members[asked.account] = f"m-{next(self._number):010d}"
        return {"membershipId": self._members[asked.account]}

    def _memberships(self, asked: Asked) -> dict[str, Any]:
        here = self._members.get(asked.account)
        items = [{"membershipId": here, "accountId": asked.account, "membershipStatus": "Active"}]
        return {"items": items if here else []}

    def _once(self, asked: Asked, make: str) -> str:
        """The name that the same token was answered with, or a new one."""
        token = (asked.account, asked.params["clientToken"])
        before = self._tokens.setdefault(token, (dict(asked.params), make))
        if before[0] != asked.params:
            raise Fault("ConflictException", "Another request had this token", status=409)
        return before[1]

    def _create(self, asked: Asked) -> dict[str, Any]:
        self._demand(asked)
        reference = self._once(asked, f"{next(self._number):010d}")
        kept = {name: one for name, one in asked.params.items() if name != "clientToken"}
        case = {
            **kept,
            "caseArn": f"arn:aws:security-ir:{asked.region}:{asked.account}:case/{reference}",
            "caseStatus": "Submitted",
            "createdDate": asked.at,
        }
        self._cases.setdefault(asked.account, {}).setdefault(reference, case)
        return {"caseId": reference}

    def _comment(self, asked: Asked) -> dict[str, Any]:
        self._case(asked)
        made = f"{next(self._number):06d}"
        comment_id = self._once(asked, made)
        if comment_id == made:
            comment = {"commentId": made, "body": asked.params["body"], "createdDate": asked.at}
            self._comments.setdefault(asked.params["caseId"], []).append(comment)
        return {"commentId": comment_id}

    def _get(self, asked: Asked) -> dict[str, Any]:
        return self._case(asked)

    def _close(self, asked: Asked) -> dict[str, Any]:
        case = self._case(asked)
        if case["caseStatus"] == "Closed":
            raise Fault("ConflictException", "It is closed already", status=409)
        case |= {"caseStatus": "Closed", "closedDate": asked.at}
        return {"caseStatus": "Closed", "closedDate": asked.at}

    def _list_comments(self, asked: Asked) -> dict[str, Any]:
        self._case(asked)
        return {"items": self._comments.get(asked.params["caseId"], [])}

    def _case(self, asked: Asked) -> dict[str, Any]:
        self._demand(asked)
        reference = asked.params["caseId"]
        found = self._cases.get(asked.account, {}).get(reference)
        if found is None:
            raise Fault("ResourceNotFoundException", f"There is no case {reference}", status=404)
        return found

    def _demand(self, asked: Asked) -> None:
        if asked.account not in self._members:
            raise Fault("SecurityIncidentResponseNotActiveException", _NONE)
