"""Reports for the tests of the page: one incident in the middle of its response."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from responder.domain.api_call import ApiCall
from responder.domain.approval import Approval
from responder.domain.clock import Acknowledgement, Anchor, Change, ClockKind, ClockState, Standing
from responder.domain.custody import next_entry
from responder.domain.evidence import CustodyEntry, EvidenceItem
from responder.domain.finding import Resource
from responder.domain.incident import TimelineEvent
from responder.domain.order import Before, Order, OrderMode, Receipt, ReceiptStatus, Refusal
from responder.report.model import Here, Looked, Report
from responder.report.register_row import Row
from tests.builders import (
    INCIDENT_ID,
    NOON,
    REGION,
    SHOP,
    a_clock,
    a_finding,
    a_session,
    an_incident,
    an_order,
)

HERE = Here(region=REGION, release_function="breach-responder-ReleaseFunction-1A2B3C")
COUNSEL = "counsel@example.com"
APPROVER = "arn:aws:iam::444455556666:role/on-call"
AUTOMATION = "4105a4fc-f944-11e6-9d32-0a1b2c3d495h"


def after(**span: float) -> datetime:
    return NOON + timedelta(**span)


def a_call(**given: Any) -> ApiCall:
    plain: dict[str, Any] = {
        "account": SHOP,
        "region": REGION,
        "service": "iam",
        "operation": "AttachUserPolicy",
        "at": after(seconds=4),
        "request_id": "7a62c49f-347e-4fc4-9331-6e8eEXAMPLE1",
        "status": 200,
    }
    return ApiCall(**(plain | given))


def a_row(**given: Any) -> Row:
    plain: dict[str, Any] = {
        "incident_id": INCIDENT_ID,
        "drill": False,
        "status": "open",
        "opened_at": NOON,
        "what": ("Orders read",),
        "discovered_at": NOON,
        "discovered_by": COUNSEL,
        "determined_at": None,
        "determined_by": None,
        "data": ("name", "driver license"),
        "encrypted": False,
        "people": {"US-CA": 1200, "US-TX": None},
        "effects": "1200 persons counted as affected. Not counted: US-TX.",
        "remedy": (),
        "decided_by": (COUNSEL,),
        "notified": ("California, attorney general: told 2026-11-24: portal receipt 17",),
        "not_notified": ("Visa: waived: by mail",),
        "still_open": (),
        "keep_until": date(2028, 11, 23),
    }
    return Row(**(plain | given))


LOOKED = (
    Looked(
        collector_id="iam.principal",
        title="What IAM says about the principals",
        limits=("SSH public keys are not read",),
        called_for=True,
    ),
    Looked(collector_id="cloudtrail.events", title="What they called", limits=(), called_for=True),
    Looked(
        collector_id="ec2.memory",
        title="Memory",
        limits=("what was swapped out",),
        called_for=True,
        failures=("Broken: the instance has no agent",),
    ),
    Looked(collector_id="rds.snapshots", title="Databases", limits=("x",), called_for=False),
)


def a_receipt(order: Order, **given: Any) -> Receipt:
    plain: dict[str, Any] = {
        "order": order,
        "status": ReceiptStatus.CONTAINED,
        "before": Before(state={"attached": []}),
        "observed_at": after(seconds=3),
        "applied_at": after(seconds=4),
        "clean_reads": 2,
        "last_read_at": after(seconds=35),
        "contained_at": after(seconds=35),
        "calls": (a_call(), a_call(operation="PutUserPolicy", status=400, error="LimitExceeded")),
    }
    return Receipt(**(plain | given))


def an_approval(order: Order, **given: Any) -> Approval:
    plain: dict[str, Any] = {
        "approval_id": "apr-1",
        "incident_id": INCIDENT_ID,
        "order_id": order.order_id,
        "plan_hash": "ab" * 32,
        "requested_at": after(seconds=3),
        "expires_at": after(minutes=30),
        "automation_id": AUTOMATION,
    }
    return Approval(**(plain | given))


def an_item(name: str = "iam/orders-export", **given: Any) -> EvidenceItem:
    sha256 = f"{len(name):02x}" * 32
    plain: dict[str, Any] = {
        "incident_id": INCIDENT_ID,
        "collector_id": "iam.principal",
        "name": name,
        "bucket": "evidence-vault-444455556666",
        "key": f"{INCIDENT_ID}/{name}-{sha256}.json",
        "version_id": "3sL4kqtJlcpXroDTDmJ.rmSpXd3dIbrHY",
        "size_bytes": 48213,
        "sha256": sha256,
        "collected_at": after(seconds=6),
        "covers": "Policies, keys and groups of the user as they stood before the cut.",
    }
    return EvidenceItem(**(plain | given))


def a_custody_log(items: list[EvidenceItem]) -> tuple[CustodyEntry, ...]:
    log: list[CustodyEntry] = []
    for item in items:
        log.append(
            next_entry(
                log[-1] if log else None,
                incident_id=INCIDENT_ID,
                at=item.collected_at,
                by="arn:aws:sts::444455556666:assumed-role/breach-responder-CollectFunctionRole/x",
                event="collected",
                subject=item.name,
                subject_sha256=item.sha256,
            )
        )
    return tuple(log)


def an_event(at: datetime, by: str, text: str) -> TimelineEvent:
    return TimelineEvent(incident_id=INCIDENT_ID, key=f"{at}{by}", at=at, by=by, text=text)


def a_report(**given: Any) -> Report:
    deny, key = an_order("iam.deny_user"), an_order("iam.deactivate_key")
    session = an_order(
        "iam.cut_role_sessions", principal=a_session(), mode=OrderMode.APPROVAL, reason="Asked."
    )
    items = [
        an_item(),
        an_item(
            "cloudtrail/orders-export",
            collector_id="cloudtrail.events",
            covers="Management events of the key in the last 24 hours.",
            gaps=("CloudTrail delivers late: the last 15 minutes may be missing.",),
        ),
    ]
    plain: dict[str, Any] = {
        "incident": an_incident(drill=True),
        "generation": 1,
        "made_at": after(minutes=2),
        "here": HERE,
        "version": 3,
        "privilege": "Privileged and confidential. Prepared at the direction of counsel.",
        "register_row": a_row(),
        "looked": LOOKED,
        "titles": {
            "iam.deny_user": "Deny the user everything",
            "iam.deactivate_key": "Switch the access key off",
            "iam.cut_role_sessions": "Cut the sessions of the role that began before now",
        },
        "findings": (
            a_finding(resources=(Resource(kind="S3Bucket", id="arn:aws:s3:::customer-exports"),)),
        ),
        "orders": (deny, key, session),
        "receipts": (a_receipt(deny), a_receipt(key)),
        "approvals": (an_approval(session),),
        "refusals": (
            Refusal(
                resource=f"arn:aws:iam::{SHOP}:role/aws-service-role/rds.amazonaws.com/RDS",
                reason="A service-linked role cannot be changed by us.",
                next_step="Ask the owner of the service whether its sessions are theirs.",
            ),
        ),
        "evidence": tuple(items),
        "seals": (an_item("manifest/0001", collector_id="seal", covers="what was kept"),),
        "custody": a_custody_log(items),
        "clocks": (
            a_clock(),
            a_clock(
                "us-ca-attorney-general",
                recipient="attorney_general",
                recipient_name="Attorney General",
                rule="File a copy within 15 calendar days of the notice to residents.",
                citation="Cal. Civ. Code § 1798.82(f)",
                state=ClockState.WAITING,
                anchor=Anchor(name="individual_notice_sent"),
                due_at=None,
                act_by=None,
            ),
            a_clock(
                "us-tx-attorney-general",
                jurisdiction="US-TX",
                jurisdiction_name="Texas",
                recipient="attorney_general",
                recipient_name="Attorney General",
                rule="Report within 30 days of determination.",
                citation="Tex. Bus. & Com. Code § 521.053(i)",
                standing=Standing.CONFIRMED,
                due_at=datetime(2027, 1, 3, 5, 59, 59, tzinfo=UTC),
                act_by=date(2026, 12, 31),
                time_zone="America/Chicago",
            ),
            a_clock(
                "us-ga-individuals",
                jurisdiction="US-GA",
                jurisdiction_name="Georgia",
                kind=ClockKind.POLICY,
                rule="Without unreasonable delay; our own target is 30 days.",
                citation="O.C.G.A. § 10-1-912",
                due_at=datetime(2026, 12, 24, 4, 59, 59, tzinfo=UTC),
                time_zone="America/New_York",
            ),
            a_clock(
                "contract-bank",
                jurisdiction="CONTRACT",
                jurisdiction_name="Contract",
                recipient="acquirer",
                recipient_name="acquiring bank",
                rule="Tell the acquirer within 24 hours.",
                citation="Merchant agreement, 9.2",
                state=ClockState.MISSED,
                due_at=after(minutes=1),
                act_by=None,
                time_zone="UTC",
                acknowledged=Acknowledgement(by=COUNSEL, at=after(minutes=2), why="on my desk"),
            ),
            a_clock(
                "contract-carrier",
                jurisdiction="CONTRACT",
                jurisdiction_name="Contract",
                recipient="carrier",
                recipient_name="carrier",
                kind=ClockKind.POLICY,
                state=ClockState.WAIVED,
                due_at=after(minutes=2),
                act_by=None,
                time_zone="UTC",
                ended_at=after(minutes=1),
                ended_by=COUNSEL,
                ended_how="the carrier waived it by mail",
                history=(
                    Change(
                        at=after(minutes=1),
                        what="running until 2026-11-23 12:01:00 UTC, then waived.",
                        why="Waived, though it may be owed.",
                        by=COUNSEL,
                    ),
                ),
                history_left_out=3,
            ),
        ),
        "timeline": (
            an_event(NOON, "intake", "Opened the incident because of the finding."),
            an_event(after(seconds=4), "contain", "Switched the access key off."),
            an_event(after(seconds=35), "verify", "Read clean twice: contained."),
            an_event(after(minutes=1), APPROVER, "Approved: “not one of ours”."),
        ),
        "faked": ("ssm:StartAutomationExecution", "cloudtrail:LookupEvents"),
    }
    return Report(**(plain | given))
