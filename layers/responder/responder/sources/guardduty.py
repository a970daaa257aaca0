"""GuardDuty's own events: one finding each, new or updated.

AWS: GuardDuty User Guide, "Processing GuardDuty findings with Amazon EventBridge"; the names of
the fields are those of the GuardDuty API Reference, "Finding".
"""

import json
import re
from typing import Any

from pydantic import Field

from responder.domain.errors import Broken
from responder.domain.finding import Finding, Severity, Source
from responder.domain.finding_types import ATTACK_SEQUENCE, MEANINGS
from responder.domain.identifiers import AccountId
from responder.domain.instants import Instant
from responder.domain.principal import Principal, PrincipalKind
from responder.sources import attack_sequence
from responder.sources.envelope import (
    MOST,
    Camel,
    Envelope,
    Key,
    Long,
    Name,
    a_region,
    addresses,
    parsed,
)
from responder.sources.guardduty_resources import Resources, unknown_blocks
from responder.sources.principals import classify, distinct, inside, partition_of

EVENT_SOURCE = "aws.guardduty"
DETAIL_TYPES = frozenset({"GuardDuty Finding"})
_DETECTOR = re.compile(r"[0-9A-Za-z]{1,300}")  # API Reference, "GetDetector"


class _Ip(Camel):
    ip_address_v4: Name | None = None
    ip_address_v6: Name | None = None


class _RemoteAccount(Camel):
    account_id: Name | None = None


class _Call(Camel):
    remote_ip_details: _Ip | None = None
    remote_account_details: _RemoteAccount | None = None


class _Probes(Camel):
    port_probe_details: list[_Call] | None = None


class _Action(Camel):
    aws_api_call_action: _Call | None = None
    network_connection_action: _Call | None = None
    kubernetes_api_call_action: _Call | None = None
    rds_login_attempt_action: _Call | None = None
    port_probe_action: _Probes | None = None

    def addresses(self) -> tuple[str, ...]:
        """Where it came from, or went to."""
        calls = [
            self.aws_api_call_action,
            self.network_connection_action,
            self.kubernetes_api_call_action,
            self.rds_login_attempt_action,
            *((self.port_probe_action and self.port_probe_action.port_probe_details) or []),
        ]
        remote = [call.remote_ip_details for call in calls if call and call.remote_ip_details]
        return addresses(a for ip in remote for a in (ip.ip_address_v4, ip.ip_address_v6))


class _Service(Camel):
    archived: bool = False
    count: int = Field(default=1, ge=0)
    event_first_seen: Instant | None = None
    event_last_seen: Instant | None = None
    action: _Action | None = None
    additional_info: Any = None
    detection: Any = None  # read by `attack_sequence`, which is sure of no casing


class _Detail(Camel):
    account_id: AccountId
    region: Name | None = None
    partition: Name = "aws"
    id: Key | None = None
    arn: Key | None = None
    type: Key
    severity: float = Field(ge=0, le=10)
    created_at: Instant
    updated_at: Instant
    title: Name | None = None
    description: Long | None = None
    resource: Resources = Resources()
    service: _Service = _Service()
    associated_attack_sequence_arn: Key | None = None


def read(envelope: Envelope) -> tuple[Finding, ...]:
    """The one finding of an event."""
    detail = parsed(_Detail, envelope.detail, "detail")
    region = a_region(detail.region, envelope.region)
    if region is None:
        raise Broken("field detail.region: not a region")
    key = _key(detail, region, envelope.detail)
    partition = partition_of(key)
    sequence = attack_sequence.read(
        detail.service.detection, account=detail.account_id, partition=partition
    )
    resource = detail.resource
    called_from = detail.service.action.addresses() if detail.service.action else ()
    readable = sequence.readable and not unknown_blocks(envelope.detail.get("resource"))
    return (
        Finding(
            key=key,
            type=detail.type,
            severity=band(detail.severity),
            account=detail.account_id,
            region=region,
            source=Source.GUARDDUTY,
            title=detail.title or detail.type,
            description=detail.description or "",
            sample=_sample(detail),
            archived=detail.service.archived,
            replayed=envelope.replayed,
            own_write_back=False,  # nothing of ours writes into GuardDuty
            known_type=detail.type in MEANINGS and readable,
            count=detail.service.count,
            created_at=detail.created_at,
            updated_at=detail.updated_at,
            first_seen_at=detail.service.event_first_seen or detail.created_at,
            last_seen_at=detail.service.event_last_seen or detail.updated_at,
            principals=distinct([*_principals(detail, partition), *sequence.principals], MOST),
            resources=(
                *resource.resources(detail.account_id, region, partition),
                *sequence.resources,
            )[:MOST],
            addresses=addresses((*called_from, *sequence.addresses)),
            sequence_key=(
                key
                if detail.type.startswith(ATTACK_SEQUENCE)
                else detail.associated_attack_sequence_arn
            ),
        ),
    )


def band(severity: float) -> Severity:
    """GuardDuty User Guide, "Severity levels of GuardDuty findings"."""
    if severity >= 9:
        return Severity.CRITICAL
    if severity >= 7:
        return Severity.HIGH
    if severity >= 4:
        return Severity.MEDIUM
    return Severity.LOW if severity >= 1 else Severity.INFORMATIONAL


def _key(detail: _Detail, region: str, raw: dict[str, Any]) -> str:
    if detail.arn is not None:
        return detail.arn
    service = raw.get("service")
    detector = service.get("detectorId") if isinstance(service, dict) else None
    partition = partition_of(f"arn:{detail.partition}:")
    if detail.id is None or not isinstance(detector, str) or not _DETECTOR.fullmatch(detector):
        raise Broken("field detail.arn: missing, and so is what it is made of")
    return (
        f"arn:{partition}:guardduty:{region}:{detail.account_id}"
        f":detector/{detector}/finding/{detail.id}"
    )


def _principals(detail: _Detail, partition: str) -> list[Principal | None]:
    resource, found = detail.resource, list[Principal | None]()
    if access := resource.access_key_details:
        call = detail.service.action and detail.service.action.aws_api_call_action
        remote = call.remote_account_details if call else None
        # `remoteAccountDetails` names the account that the call came from, not the one the
        # identity belongs to: stolen credentials are used from the thief's account. Only of
        # `AWSAccount` are they the same.
        another = remote.account_id if remote and access.user_type == "AWSAccount" else None
        found.append(
            classify(
                account=detail.account_id,
                partition=partition,
                user_type=access.user_type,
                user_name=access.user_name,
                principal_id=access.principal_id,
                access_key_id=access.access_key_id,
                owner=another,
                finding_type=detail.type,
            )
        )
    kubernetes = resource.kubernetes_details
    if kubernetes and (user := kubernetes.kubernetes_user_details) and user.username:
        found.append(inside(PrincipalKind.KUBERNETES_USER, user.username, detail.account_id))
    database = resource.rds_db_user_details
    if database and database.user:
        found.append(inside(PrincipalKind.DATABASE_USER, database.user, detail.account_id))
    return found


def _sample(detail: _Detail) -> bool:
    """`CreateSampleFindings` marks the title, and a JSON text inside `additionalInfo`."""
    if (detail.title or "").lstrip().casefold().startswith("[sample]"):
        return True
    told = detail.service.additional_info
    if not isinstance(told, dict):
        return False
    inner = told.get("value")
    if isinstance(inner, str) and len(inner) < 65_536:
        try:
            inner = json.loads(inner)
        except (ValueError, RecursionError):
            inner = None
    marks = [told.get("sample"), inner.get("sample") if isinstance(inner, dict) else None]
    return any(mark is True or str(mark).casefold() == "true" for mark in marks)
