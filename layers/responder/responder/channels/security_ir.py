"""Open a case with AWS Security Incident Response, beside where the incident is open for people.

Only where the organization has a membership, in its region. It takes no page's place: whoever is on
call is paged as without it. In a drill the case is for ourselves, whoever works on the others.
AWS: Security Incident Response User Guide, "Cases"; API Reference, "CreateCase".
"""

import hashlib
from collections.abc import Iterable
from datetime import datetime
from ipaddress import IPv4Address, ip_address
from typing import TYPE_CHECKING, Literal

from botocore.exceptions import ClientError
from pydantic import AwareDatetime, ConfigDict

from responder.aws.errors import code_of
from responder.channels.channel import Desk, opening
from responder.domain.escaping import one_line, unlinked
from responder.domain.finding import Finding
from responder.domain.identifiers import AccountId
from responder.domain.incident import Incident, TimelineEvent
from responder.domain.model import Model
from responder.domain.summary import Summary

if TYPE_CHECKING:
    from mypy_boto3_security_ir.type_defs import CreateCaseRequestTypeDef

ID = "security_ir"
TITLE = "Security Incident Response"
PERMISSIONS = frozenset({"security-ir:CreateCase", "security-ir:CreateCaseComment"})
NOTING = frozenset({"security-ir:CreateCaseComment"})
RESOLVING = frozenset({"security-ir:CloseCase", "security-ir:GetCase"})
# What whoever works on the case has to know to go on: cuts, undone cuts, what is left to do, and
# why we are done.
NOTED = ("contained:", "left:", "released:", "closed:")
_ADDRESSES = 200


class Case(Model):
    """What a case is asked for with. Kept before it is, so that asking again is the same request.

    `reference` is the id that AWS gave it.
    """

    model_config = ConfigDict(frozen=True)

    resolver: Literal["AWS", "Self"]
    title: str
    description: str
    began_at: AwareDatetime
    account: AccountId
    addresses: tuple[str, ...]
    reference: str | None = None
    opened_at: AwareDatetime | None = None
    closed_at: AwareDatetime | None = None  # by us: it takes no comment from then on


def case_of(incident: Incident, findings: Iterable[Finding], summary: Summary, desk: Desk) -> Case:
    """The case as it would be asked for now."""
    by_aws = desk.security_ir == "aws" and not incident.drill
    return Case(
        resolver="AWS" if by_aws else "Self",
        title=summary.title,
        description=unlinked(summary.text)[:8000],
        began_at=incident.first_seen_at,
        account=incident.account,
        addresses=_addresses(findings),
    )


def open(case: Case, incident_id: str, desk: Desk) -> str:  # noqa: A001 - what a channel does
    """The case's id. Asked twice, the first one. Raises `Broken` where there is no membership."""
    request: CreateCaseRequestTypeDef = {
        "clientToken": incident_id,
        "resolverType": case.resolver,
        "title": case.title,
        "description": case.description,
        "engagementType": "Security Incident",
        "reportedIncidentStartDate": case.began_at,
        "impactedAccounts": [case.account],
        "watchers": [],
    }
    if case.addresses:
        request["threatActorIpAddresses"] = [{"ipAddress": one} for one in case.addresses]
    with opening("opening a case"):
        answer = desk.clients.home("security-ir").create_case(**request)
    return answer["caseId"]


def note(reference: str, event: TimelineEvent, desk: Desk) -> None:
    """A comment on the case. The same event twice is one comment."""
    text = f"{_at(event.at)}: {one_line(event.text, 6000)} ({one_line(event.by, 900)})"
    with opening(f"noting {event.key} on the case"):
        desk.clients.home("security-ir").create_case_comment(
            caseId=reference,
            body=unlinked(text),
            clientToken=hashlib.sha256(f"{reference}\n{event.key}".encode()).hexdigest(),
        )


def resolve(reference: str, desk: Desk) -> None:
    """Close it, whoever works on it: nobody can open it again (User Guide, "Closing a case").

    `UpdateCaseStatus` sets no case to closed: its statuses stop before (API Reference,
    "SelfManagedCaseStatus"). That it is closed already is what was wanted.
    """
    client = desk.clients.home("security-ir")
    with opening("closing the case"):
        try:
            client.close_case(caseId=reference)
        except ClientError as error:
            if code_of(error) != "ConflictException":
                raise
            if client.get_case(caseId=reference)["caseStatus"] != "Closed":
                raise


def _at(at: datetime) -> str:
    return at.isoformat(timespec="seconds")


def _addresses(findings: Iterable[Finding]) -> tuple[str, ...]:
    """As the API writes them: of version 6 every digit, in capitals."""
    found = dict[str, None]()
    for text in (address for finding in findings for address in finding.addresses):
        try:
            address = ip_address(text)
        except ValueError:
            continue  # a name, or what somebody made up: no address to look for
        found[str(address) if isinstance(address, IPv4Address) else address.exploded.upper()] = None
    return tuple(found)[:_ADDRESSES]
