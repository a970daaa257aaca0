"""Security Hub CSPM: GuardDuty's findings passed on in ASFF, and those a person sent us.

AWS: Security Hub CSPM User Guide, "EventBridge event formats" and "AWS Security Finding Format".
"""

from typing import Any

from pydantic import Field

from responder.domain.custom_action import request_of
from responder.domain.errors import Broken
from responder.domain.finding import Finding, Request, Resource, Severity, Source
from responder.domain.finding_types import ATTACK_SEQUENCE, MEANINGS
from responder.domain.identifiers import AccountId
from responder.domain.instants import Instant
from responder.domain.principal import Principal
from responder.sources import attack_sequence
from responder.sources.envelope import (
    MOST,
    OURS,
    Envelope,
    Key,
    Long,
    Name,
    Pascal,
    a_region,
    addresses,
    parsed,
)
from responder.sources.principals import classify, distinct, partition_of
from responder.sources.type_names import guardduty_type
from responder.sources.worth import worth_of

EVENT_SOURCE = "aws.securityhub"
IMPORTED = "Security Hub Findings - Imported"
CUSTOM_ACTION = "Security Hub Findings - Custom Action"
DETAIL_TYPES = frozenset({IMPORTED, CUSTOM_ACTION})
PRODUCT = "product/aws/guardduty"
# `RecordState` says the product archived it, `Workflow` that a person is done with it.
_DONE = ("SUPPRESSED", "RESOLVED")
_KEY_PREFIX = "AWS::IAM::AccessKey:"


class _Severity(Pascal):
    label: Name | None = None
    normalized: float | None = None


class _Issuer(Pascal):
    arn: Name | None = None


class _SessionContext(Pascal):
    session_issuer: _Issuer | None = None


class _AccessKey(Pascal):
    access_key_id: Name | None = None
    account_id: Name | None = None
    principal_id: Name | None = None
    principal_name: Name | None = None
    principal_type: Name | None = None
    user_name: Name | None = None
    session_context: _SessionContext | None = None


class _Details(Pascal):
    aws_iam_access_key: _AccessKey | None = None


class _Resource(Pascal):
    type: Name
    id: Name
    region: Name | None = None
    tags: Any = None
    details: _Details | None = None


class _Remote(Pascal):
    ip_address_v4: Name | None = None


class _Call(Pascal):
    remote_ip_details: _Remote | None = None


class _Action(Pascal):
    aws_api_call_action: _Call | None = None
    network_connection_action: _Call | None = None


class _Note(Pascal):
    updated_by: Name | None = None
    updated_at: Instant | None = None


class _Workflow(Pascal):
    status: Name | None = None


class _Asff(Pascal):
    id: Key
    product_arn: Name
    aws_account_id: AccountId
    region: Name | None = None
    types: list[Name] = Field(default_factory=list, max_length=50)
    created_at: Instant
    updated_at: Instant
    first_observed_at: Instant | None = None
    last_observed_at: Instant | None = None
    severity: _Severity = _Severity()
    title: Name | None = None
    description: Long | None = None
    product_fields: dict[Name, Any] | None = None
    resources: list[_Resource] = Field(default_factory=list)
    action: _Action | None = None
    note: _Note | None = None
    workflow: _Workflow | None = None
    record_state: Name | None = None
    sample: bool | None = None
    detection: Any = None


class _Detail(Pascal):
    findings: list[_Asff] = Field(alias="findings", min_length=1, max_length=100)
    action_name: Name | None = Field(default=None, alias="actionName")


def read(envelope: Envelope) -> tuple[Finding, ...]:
    """Every finding of an event. AWS sends one; a test event may hold more."""
    detail = parsed(_Detail, envelope.detail, "detail")
    asked = None
    if envelope.detail_type == CUSTOM_ACTION:
        asked = detail.action_name or "custom action"
    return tuple(
        _finding(asff, envelope, asked, place) for place, asff in enumerate(detail.findings)
    )


def _finding(asff: _Asff, envelope: Envelope, asked: str | None, place: int) -> Finding:
    regions = (asff.region, *(r.region for r in asff.resources), envelope.region)
    region = a_region(*regions)
    if region is None:
        raise Broken(f"field detail.findings[{place}].Region: not a region")
    from_guardduty = asff.product_arn.endswith(PRODUCT)
    told = asff.types[0] if asff.types else "Unknown"
    type_ = guardduty_type(told) if from_guardduty else told
    fields = asff.product_fields or {}
    partition = partition_of(asff.id)
    sequence = attack_sequence.read(
        asff.detection, account=asff.aws_account_id, partition=partition
    )
    principals = [
        _principal(resource, asff.aws_account_id, partition, type_) for resource in asff.resources
    ]
    count = str(fields.get("aws/guardduty/service/count") or "1")
    return Finding(
        key=asff.id,
        type=type_,
        severity=_severity(asff.severity),
        account=asff.aws_account_id,
        region=region,
        source=Source.SECURITY_HUB if asked is None else Source.SECURITY_HUB_ACTION,
        title=asff.title or type_,
        description=asff.description or "",
        sample=bool(asff.sample) or _sample(asff, fields),
        archived=_archived(asff),
        replayed=envelope.replayed,
        own_write_back=asked is None and _own_write_back(asff),
        known_type=from_guardduty and type_ in MEANINGS and sequence.readable,
        count=int(count) if count.isascii() and count.isdecimal() and len(count) < 10 else 1,
        created_at=asff.created_at,
        updated_at=asff.updated_at,
        first_seen_at=asff.first_observed_at or asff.created_at,
        last_seen_at=asff.last_observed_at or asff.updated_at,
        principals=distinct([*principals, *sequence.principals], MOST),
        resources=(
            *(
                Resource(
                    kind=r.type.removeprefix("Aws"),
                    id=r.id,
                    account=asff.aws_account_id,
                    region=a_region(r.region),
                    tagged=worth_of(r.tags),
                )
                for r in asff.resources
                if r.type != "AwsIamAccessKey"
            ),
            *sequence.resources,
        )[:MOST],
        addresses=addresses((*_remote(asff, fields), *sequence.addresses)),
        sequence_key=asff.id if type_.startswith(ATTACK_SEQUENCE) else None,
        requested_action=asked,
        request=None if asked is None else _request(envelope),
    )


def _request(envelope: Envelope) -> Request | None:
    """By the action's ARN and not its name: names are anybody's to choose, and to change."""
    match envelope.resources:
        case [str(arn)]:
            return request_of(arn)
    return None


def _principal(
    resource: _Resource, account: str, partition: str, finding_type: str
) -> Principal | None:
    if resource.type != "AwsIamAccessKey":
        return None
    key = (resource.details and resource.details.aws_iam_access_key) or _AccessKey()
    issuer = key.session_context and key.session_context.session_issuer
    return classify(
        account=account,
        partition=partition,
        user_type=key.principal_type,
        user_name=key.principal_name or key.user_name,
        principal_id=key.principal_id,
        access_key_id=key.access_key_id or resource.id.removeprefix(_KEY_PREFIX),
        owner=key.account_id,
        role_arn=issuer.arn if issuer else None,
        finding_type=finding_type,
    )


def _severity(told: _Severity) -> Severity:
    """ASFF, "Severity": five labels, or 0 to 100."""
    try:
        return Severity((told.label or "").casefold())
    except ValueError:
        pass
    number = told.normalized or 0
    bands = ((90, Severity.CRITICAL), (70, Severity.HIGH), (40, Severity.MEDIUM), (1, Severity.LOW))
    return next((name for least, name in bands if number >= least), Severity.INFORMATIONAL)


def _sample(asff: _Asff, fields: dict[str, Any]) -> bool:
    if (asff.title or "").lstrip().casefold().startswith("[sample]"):
        return True
    return str(fields.get("aws/guardduty/service/additionalInfo/sample")).casefold() == "true"


def _archived(asff: _Asff) -> bool:
    done = asff.workflow is not None and asff.workflow.status in _DONE
    return done or asff.record_state == "ARCHIVED"


def _own_write_back(asff: _Asff) -> bool:
    """Whether this update is our own note. An update of the detector after our note is news."""
    note = asff.note
    if note is None or note.updated_by != OURS:
        return False
    return note.updated_at is None or note.updated_at >= asff.updated_at


def _remote(asff: _Asff, fields: dict[str, Any]) -> list[str | None]:
    action = asff.action or _Action()
    calls = (action.aws_api_call_action, action.network_connection_action)
    told = [c.remote_ip_details.ip_address_v4 for c in calls if c and c.remote_ip_details]
    told += [
        value
        for name, value in fields.items()
        if name.endswith("/remoteIpDetails/ipAddressV4") and isinstance(value, str)
    ]
    return told
