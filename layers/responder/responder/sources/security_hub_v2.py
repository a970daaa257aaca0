"""The new Security Hub: GuardDuty's findings passed on in OCSF.

The shape has been seen as OCSF 1.5.0 and 1.9.0, with additions between them, so little of it is
demanded. AWS: Security Hub User Guide, "EventBridge event formats" and "OCSF findings".
"""

from typing import Any

from pydantic import ConfigDict, Field

from responder.domain.errors import Broken
from responder.domain.finding import Finding, Resource, Severity, Source
from responder.domain.finding_types import ATTACK_SEQUENCE, MEANINGS
from responder.domain.identifiers import AccountId
from responder.domain.instants import Instant
from responder.domain.model import Model
from responder.domain.principal import Principal
from responder.sources.envelope import (
    MOST,
    OURS,
    Envelope,
    Key,
    Long,
    Name,
    a_region,
    addresses,
    parsed,
)
from responder.sources.principals import classify, distinct, partition_of
from responder.sources.worth import worth_of

EVENT_SOURCE = "aws.securityhub"
DETAIL_TYPES = frozenset({"Findings Imported V2"})
PRODUCT = "productv2/aws/guardduty"
# OCSF, "Detection Finding", `status_id`: 3 suppressed, 4 resolved, 5 archived.
_DONE = (3, 4, 5)
_SEVERITIES = {
    1: Severity.INFORMATIONAL,
    2: Severity.LOW,
    3: Severity.MEDIUM,
    4: Severity.HIGH,
    5: Severity.CRITICAL,
    6: Severity.CRITICAL,  # "Fatal"
}
_KEY_TYPES = ("AWS::IAM::AccessKey", "AwsIamAccessKey")


class _Part(Model):
    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


class _Account(_Part):
    uid: AccountId


class _Cloud(_Part):
    account: _Account
    region: Name | None = None


class _Info(_Part):
    uid: Key
    types: list[Name] | None = None
    title: Name | None = None
    desc: Long | None = None
    created_time_dt: Instant | None = None
    modified_time_dt: Instant | None = None
    first_seen_time_dt: Instant | None = None
    last_seen_time_dt: Instant | None = None
    # Milliseconds since 1970, where the text above is left out; pydantic reads them as instants.
    created_time: Instant | None = None
    modified_time: Instant | None = None
    first_seen_time: Instant | None = None
    last_seen_time: Instant | None = None


class _Product(_Part):
    uid: Name | None = None
    name: Name | None = None


class _Metadata(_Part):
    product: _Product = _Product()


class _User(_Part):
    name: Name | None = None
    type: Name | None = None
    uid: Name | None = None
    credential_uid: Name | None = None
    account: dict[str, Any] | None = None


class _Actor(_Part):
    user: _User | None = None


class _Endpoint(_Part):
    ip: Name | None = None


class _Evidence(_Part):
    actor: _Actor | None = None
    src_endpoint: _Endpoint | None = None


class _Owner(_Part):
    account: dict[str, Any] | None = None


class _Resource(_Part):
    type: Name | None = None
    uid: Name | None = None
    name: Name | None = None
    region: Name | None = None
    owner: _Owner | None = None
    tags: Any = None
    data: Any = None


class _Ocsf(_Part):
    cloud: _Cloud
    finding_info: _Info
    metadata: _Metadata = _Metadata()
    severity: Name | None = None
    severity_id: int | None = None
    status: Name | None = None
    status_id: int | None = None
    time_dt: Instant | None = None
    time: Instant | None = None
    count: int | None = Field(default=None, ge=0)
    comment: Long | None = None
    resources: list[_Resource] | None = None
    evidences: list[_Evidence] | None = None


class _Detail(_Part):
    findings: list[_Ocsf] = Field(min_length=1, max_length=100)


def read(envelope: Envelope) -> tuple[Finding, ...]:
    """Every finding of an event. AWS sends one; a test event may hold more."""
    detail = parsed(_Detail, envelope.detail, "detail")
    return tuple(
        _finding(ocsf, envelope, f"detail.findings[{place}]")
        for place, ocsf in enumerate(detail.findings)
    )


def _finding(ocsf: _Ocsf, envelope: Envelope, at: str) -> Finding:
    info, account = ocsf.finding_info, ocsf.cloud.account.uid
    region = a_region(ocsf.cloud.region, envelope.region)
    if region is None:
        raise Broken(f"field {at}.cloud.region: not a region")
    created = info.created_time_dt or info.created_time or ocsf.time_dt or ocsf.time
    if created is None:
        raise Broken(f"field {at}.finding_info.created_time_dt: missing")
    updated = info.modified_time_dt or info.modified_time or created
    type_ = info.types[0] if info.types else "Unknown"
    from_guardduty = (ocsf.metadata.product.uid or "").endswith(PRODUCT)
    resources = ocsf.resources or []
    return Finding(
        key=info.uid,
        type=type_,
        severity=_severity(ocsf),
        account=account,
        region=region,
        source=Source.SECURITY_HUB_V2,
        title=info.title or type_,
        description=info.desc or "",
        sample=(info.title or "").lstrip().casefold().startswith("[sample]")
        or any(_told(r.data, "sample", "issample") == "true" for r in resources),
        archived=ocsf.status_id in _DONE,
        replayed=envelope.replayed,
        # Who wrote the comment is not told, and it stays on later updates. Those are not lost:
        # GuardDuty sends them itself.
        own_write_back=(ocsf.comment or "").startswith(OURS),
        known_type=from_guardduty and type_ in MEANINGS,
        count=ocsf.count or 1,
        created_at=created,
        updated_at=updated,
        first_seen_at=info.first_seen_time_dt or info.first_seen_time or created,
        last_seen_at=info.last_seen_time_dt or info.last_seen_time or updated,
        principals=_principals(ocsf, account, partition_of(info.uid), type_),
        resources=tuple(
            dict.fromkeys(
                Resource(
                    kind=(r.type or "Unknown").removeprefix("AWS::").replace("::", ""),
                    id=r.uid or r.name or "",
                    name=r.name,
                    account=account,
                    region=a_region(r.region),
                    tagged=worth_of(r.tags),
                )
                for r in resources
                if r.type not in _KEY_TYPES and (r.uid or r.name)
            )
        )[:MOST],
        addresses=addresses(
            e.src_endpoint.ip for e in ocsf.evidences or () if e.src_endpoint is not None
        ),
        sequence_key=info.uid if type_.startswith(ATTACK_SEQUENCE) else None,
    )


def _principals(
    ocsf: _Ocsf, account: str, partition: str, finding_type: str
) -> tuple[Principal, ...]:
    keys = [
        classify(
            account=account,
            partition=partition,
            user_type=_told(r.data, "usertype", "principaltype"),
            user_name=r.name or _told(r.data, "username", "principalname"),
            principal_id=_told(r.data, "principalid"),
            access_key_id=r.uid,
            owner=_account(r.owner.account) if r.owner else None,
            finding_type=finding_type,
        )
        for r in ocsf.resources or ()
        if r.type in _KEY_TYPES
    ]
    if keys:
        return distinct(keys, MOST)
    users = [e.actor.user for e in ocsf.evidences or () if e.actor and e.actor.user]
    return distinct(
        [
            classify(
                account=account,
                partition=partition,
                user_type=user.type,
                user_name=user.name,
                principal_id=user.uid,
                access_key_id=user.credential_uid,
                owner=_account(user.account),
                finding_type=finding_type,
            )
            for user in users
        ],
        MOST,
    )


def _severity(ocsf: _Ocsf) -> Severity:
    if ocsf.severity_id in _SEVERITIES:
        return _SEVERITIES[ocsf.severity_id]
    try:
        return Severity((ocsf.severity or "").casefold())
    except ValueError:
        return Severity.INFORMATIONAL


def _told(data: Any, *names: str) -> str | None:
    """A text in the free part of a resource, whatever the casing of its name."""
    if not isinstance(data, dict):
        return None
    for name, value in data.items():
        if str(name).casefold().replace("_", "") in names and isinstance(value, str | bool):
            text = str(value).lower() if isinstance(value, bool) else value
            return text[:300].encode("utf-8", "replace").decode("utf-8")
    return None


def _account(told: dict[str, Any] | None) -> str | None:
    uid = (told or {}).get("uid")
    return uid if isinstance(uid, str) else None
