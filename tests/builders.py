"""Builders take only what a test is about; the rest is the same plain incident every time."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from responder.domain.clock import Anchor, Clock, ClockKind, ClockState, Standing
from responder.domain.closing import Closed
from responder.domain.finding import Finding, Severity, Source, short_key
from responder.domain.incident import Incident, IncidentStatus
from responder.domain.order import Order, OrderMode
from responder.domain.principal import Principal, PrincipalKind

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
HOME = "444455556666"
SHOP = "111122223333"
REGION = "us-west-2"
INCIDENT_ID = "inc-20261123-0a1b2c3d4e"
FINDING_ARN = (
    f"arn:aws:guardduty:{REGION}:{SHOP}:detector/aaaabbbbccccddddeeeeffff00001111"
    "/finding/0123456789abcdef0123456789abcdef"
)


def a_user(name: str = "orders-export", access_key_id: str = "AKIAEXAMPLEEXAMPLE00") -> Principal:
    return Principal(
        kind=PrincipalKind.IAM_USER,
        account=SHOP,
        arn=f"arn:aws:iam::{SHOP}:user/{name}",
        name=name,
        access_key_id=access_key_id,
    )


def a_session(role: str = "web-tier-role", session: str = "i-0abc1234def567890") -> Principal:
    return Principal(
        kind=PrincipalKind.ASSUMED_ROLE,
        account=SHOP,
        arn=f"arn:aws:iam::{SHOP}:role/{role}",
        name=role,
        access_key_id="ASIAEXAMPLEEXAMPLE00",
        session_name=session,
        principal_id=f"AROAEXAMPLEEXAMPLE00:{session}",
    )


def a_finding(**given: Any) -> Finding:
    plain: dict[str, Any] = {
        "key": FINDING_ARN,
        "type": "Exfiltration:S3/AnomalousBehavior",
        "severity": Severity.HIGH,
        "account": SHOP,
        "region": REGION,
        "source": Source.GUARDDUTY,
        "title": "Unusual amount of data read from a bucket",
        "description": "A user read far more objects than it ever has.",
        "sample": False,
        "archived": False,
        "replayed": False,
        "own_write_back": False,
        "known_type": True,
        "count": 1,
        "created_at": NOON,
        "updated_at": NOON,
        "first_seen_at": NOON - timedelta(minutes=20),
        "last_seen_at": NOON - timedelta(minutes=5),
        "principals": (a_user(),),
        "addresses": ("203.0.113.7",),
    }
    return Finding(**(plain | given))


def an_incident(**given: Any) -> Incident:
    plain: dict[str, Any] = {
        "id": INCIDENT_ID,
        "title": "Unusual amount of data read from a bucket",
        "severity": Severity.HIGH,
        "account": SHOP,
        "region": REGION,
        "opened_at": NOON,
        "first_seen_at": NOON - timedelta(minutes=20),
    }
    return Incident(**(plain | given))


def a_closing(**given: Any) -> Closed:
    plain: dict[str, Any] = {
        "by": f"arn:aws:sts::{HOME}:assumed-role/OnCall/ana@example.com",
        "at": NOON + timedelta(hours=1),
        "why": "the key is replaced",
        "findings": (short_key(FINDING_ARN),),
        "severity": Severity.HIGH,
        "seen_until": NOON - timedelta(minutes=5),
    }
    return Closed(**(plain | given))


def closed(incident: Incident, **given: Any) -> Incident:
    update = {"status": IncidentStatus.CLOSED, "closed": a_closing(**given)}
    return incident.model_copy(update=update)


def an_order(action_id: str = "iam.deny_user", **given: Any) -> Order:
    principal: Principal = given.pop("principal", a_user())
    resource = given.pop("resource", principal.arn)
    plain: dict[str, Any] = {
        "order_id": Order.make_id(INCIDENT_ID, action_id, resource, principal.access_key_id),
        "incident_id": INCIDENT_ID,
        "action_id": action_id,
        "resource": resource,
        "account": SHOP,
        "region": REGION,
        "principal": principal,
        "mode": OrderMode.AUTOMATIC,
        "held": False,
        "reason": "A known exfiltration finding of high severity names this principal.",
    }
    return Order(**(plain | given))


def a_clock(clock_id: str = "us-ca-individuals", **given: Any) -> Clock:
    plain: dict[str, Any] = {
        "clock_id": clock_id,
        "incident_id": INCIDENT_ID,
        "jurisdiction": "US-CA",
        "jurisdiction_name": "California",
        "recipient": "individuals",
        "recipient_name": "individuals",
        "kind": ClockKind.LAW,
        "standing": Standing.PROVISIONAL,
        "state": ClockState.RUNNING,
        "line": "California residents: 30 calendar days from discovery 2026-11-23 (Los Angeles) →"
        " 2026-12-23, end of day; Cal. Civ. Code § 1798.82(a); hold: none.",
        "rule": "Tell each resident within 30 calendar days of discovery.",
        "citation": "Cal. Civ. Code § 1798.82(a)",
        "sources": ("https://leginfo.example.com/1798.82",),
        "confidence": "high",
        "verified_on": date(2026, 11, 23),
        "anchor": Anchor(name="discovery", at=NOON, assumed=True),
        "due_at": datetime(2026, 12, 24, 7, 59, 59, tzinfo=UTC),
        "act_by": date(2026, 12, 23),
        "time_zone": "America/Los_Angeles",
        "why": (
            "Nobody recorded the discovery; the first finding stands in.",
            "30 calendar days after 2026-11-23 is 2026-12-23.",
        ),
        "started_at": NOON,
    }
    return Clock(**(plain | given))
