"""A finding passed on by either Security Hub is the same finding: key, type and principal."""

from typing import Any

import pytest

from responder.domain.finding import Finding, Severity, Source
from responder.domain.finding_types import MEANINGS
from responder.domain.principal import PrincipalKind
from responder.sources.type_names import guardduty_type
from tests.builders import SHOP
from tests.events import an_event, the_finding

STOLEN = "exfiltration-s3-anomalousbehavior"
ROLE = "unauthorizedaccess-iamuser-instancecredentialexfiltration-outsideaws"


def shared(finding: Finding) -> tuple[Any, ...]:
    names = [(p.kind, p.arn, p.access_key_id) for p in finding.principals]
    things = [r.id for r in finding.resources if r.kind == "S3Bucket"]
    return (finding.key, finding.type, finding.severity, finding.account, names, things)


@pytest.mark.parametrize("feed", ["security-hub", "security-hub-v2"])
@pytest.mark.parametrize("name", [STOLEN, ROLE])
def test_a_copy_says_the_same_as_the_original(feed: str, name: str) -> None:
    copy, original = the_finding(f"{feed}/{name}"), the_finding(f"guardduty/{name}")
    assert shared(copy) == shared(original)
    assert copy.known_type
    assert copy.addresses == original.addresses
    assert (copy.first_seen_at, copy.updated_at) == (original.first_seen_at, original.updated_at)
    assert copy.source.value == feed


@pytest.mark.parametrize("feed", ["security-hub", "security-hub-v2"])
def test_a_suppressed_finding_is_archived(feed: str) -> None:
    assert the_finding(f"{feed}/{STOLEN}-suppressed").archived


@pytest.mark.parametrize(
    ("state", "workflow", "archived"),
    [
        ("ARCHIVED", "NEW", True),
        ("ACTIVE", "SUPPRESSED", True),
        ("ACTIVE", "RESOLVED", True),
        ("ACTIVE", "NOTIFIED", False),
        (None, None, False),
    ],
)
def test_a_record_that_somebody_is_done_with_is_archived(
    state: str | None, workflow: str | None, archived: bool
) -> None:
    event = an_event(f"security-hub/{STOLEN}")
    event["detail"]["findings"][0] |= {"RecordState": state, "Workflow": {"Status": workflow}}
    assert the_finding(event).archived is archived


def test_our_own_note_is_a_write_back_until_the_detector_has_news() -> None:
    name = f"security-hub/{STOLEN}-own-note"
    assert the_finding(name).own_write_back
    event = an_event(name)
    event["detail"]["findings"][0]["UpdatedAt"] = "2026-11-23T12:30:00Z"
    assert not the_finding(event).own_write_back
    event["detail"]["findings"][0]["Note"]["UpdatedBy"] = "somebody"
    assert not the_finding(event).own_write_back


def test_our_own_comment_is_a_write_back() -> None:
    assert the_finding(f"security-hub-v2/{STOLEN}-own-comment").own_write_back
    assert not the_finding(f"security-hub-v2/{STOLEN}").own_write_back


def test_a_custom_action_says_what_the_person_asked_for() -> None:
    finding = the_finding("security-hub/recon-iamuser-maliciousipcaller-custom-action")
    assert finding.source is Source.SECURITY_HUB_ACTION
    assert finding.requested_action == "Respond to breach"


@pytest.mark.parametrize(
    ("resources", "asked"),
    [
        (["arn:aws:securityhub:us-west-2:111122223333:action/custom/BreachContain"], "contain"),
        (["arn:aws:securityhub:us-west-2:111122223333:action/custom/BreachKnown"], "known"),
        (["arn:aws:securityhub:us-west-2:111122223333:action/custom/Respond"], None),
        ([], None),
        ({"0": "arn"}, None),
        (["arn:aws:securityhub:us-west-2:111122223333:action/custom/BreachContain"] * 2, None),
    ],
)
def test_what_a_custom_action_asks_for_is_read_from_its_arn_and_no_name(
    resources: object, asked: str | None
) -> None:
    event = an_event("security-hub/recon-iamuser-maliciousipcaller-custom-action")
    event["detail"]["actionName"] = "Breach contain"
    assert the_finding(event | {"resources": resources}).request == asked


def test_a_finding_that_nobody_sent_asks_for_nothing() -> None:
    button = "arn:aws:securityhub:us-west-2:111122223333:action/custom/BreachContain"
    assert the_finding(an_event(f"security-hub/{STOLEN}") | {"resources": [button]}).request is None


def test_a_sample_is_a_sample_in_both_hubs() -> None:
    event = an_event(f"security-hub/{STOLEN}")
    event["detail"]["findings"][0]["Sample"] = True
    assert the_finding(event).sample
    event = an_event(f"security-hub-v2/{STOLEN}")
    event["detail"]["findings"][0]["finding_info"]["title"] = "[SAMPLE] x"
    assert the_finding(event).sample


def test_a_finding_of_another_product_is_of_no_known_type() -> None:
    event = an_event(f"security-hub/{STOLEN}")
    event["detail"]["findings"][0]["ProductArn"] = (
        "arn:aws:securityhub:us-west-2::product/aws/macie"
    )
    assert not the_finding(event).known_type
    event = an_event(f"security-hub-v2/{STOLEN}")
    event["detail"]["findings"][0]["metadata"]["product"]["uid"] = "productv2/aws/macie"
    assert not the_finding(event).known_type


def test_ocsf_instants_may_be_milliseconds() -> None:
    event = an_event(f"security-hub-v2/{STOLEN}")
    info = event["detail"]["findings"][0]["finding_info"]
    for name in ("created", "modified"):
        del info[f"{name}_time_dt"]
        info[f"{name}_time"] = 1795434062118
    finding = the_finding(event)
    assert finding.created_at.isoformat() == "2026-11-23T11:41:02.118000+00:00"


@pytest.mark.parametrize(
    ("told", "severity"),
    [
        ({"severity_id": 6}, Severity.CRITICAL),
        ({"severity_id": 99, "severity": "Medium"}, Severity.MEDIUM),
        ({"severity_id": None, "severity": None}, Severity.INFORMATIONAL),
    ],
)
def test_ocsf_severities_are_read_by_number_then_by_name(
    told: dict[str, Any], severity: Severity
) -> None:
    event = an_event(f"security-hub-v2/{STOLEN}")
    event["detail"]["findings"][0] |= told
    assert the_finding(event).severity is severity


def test_asff_severities_are_read_by_label_then_by_number() -> None:
    event = an_event(f"security-hub/{STOLEN}")
    event["detail"]["findings"][0]["Severity"] = {"Normalized": 90}
    assert the_finding(event).severity is Severity.CRITICAL


def test_an_ocsf_actor_is_the_principal_where_no_key_is_listed() -> None:
    event = an_event(f"security-hub-v2/{STOLEN}")
    ocsf = event["detail"]["findings"][0]
    ocsf["resources"] = ocsf["resources"][1:]
    user = {"name": "orders-export", "type": "IAMUser", "credential_uid": "AKIAEXAMPLEEXAMPLE00"}
    ocsf["evidences"][0]["actor"] = {"user": user}
    [principal] = the_finding(event).principals
    assert principal.kind is PrincipalKind.IAM_USER
    assert principal.arn == f"arn:aws:iam::{SHOP}:user/orders-export"


@pytest.mark.parametrize(
    ("asff", "type_"),
    [
        ("TTPs/Initial Access/UnauthorizedAccess:EC2-SSHBruteForce", None),
        (
            "TTPs/Credential Access/IAMUser-AnomalousBehavior",
            "CredentialAccess:IAMUser/AnomalousBehavior",
        ),
        ("TTPs/Discovery/RDS-MaliciousIPCaller", "Discovery:RDS/MaliciousIPCaller"),
        ("TTPs/DefenseEvasion/EC2:Unusual-DNS-Resolver", "DefenseEvasion:EC2/UnusualDNSResolver"),
        ("TTPs/PenTest:IAMUser/KaliLinux", None),
        ("TTPs/AttackSequence:IAM/CompromisedCredentials", None),
        ("TTPs/Command and Control/Backdoor:EC2-C&CActivity.B!DNS", None),
        (
            "TTPs/AnomalousBehavior/Execution:Kubernetes-ExecInPod",
            "Execution:Kubernetes/AnomalousBehavior.ExecInPod",
        ),
        (
            "TTPs/AnomalousBehavior/Persistence:Kubernetes-WorkloadDeployed!ContainerWithSensitiveMount",
            "Persistence:Kubernetes/AnomalousBehavior.WorkloadDeployed!ContainerWithSensitiveMount",
        ),
        (
            "Effects/Data Exfiltration/UnauthorizedAccess:IAMUser-"
            "InstanceCredentialExfiltration.OutsideAWS",
            None,
        ),
        (
            "Software and Configuration Checks/AWS Security Best Practices/"
            "Policy:Kubernetes-ExposedDashboard",
            None,
        ),
        ("TTPs/Impact/Impact:Runtime-SuspiciousDomainRequest.Reputatio", None),
    ],
)
def test_types_of_security_hub_become_guarddutys_again(asff: str, type_: str | None) -> None:
    found = guardduty_type(asff)
    assert found in MEANINGS
    if type_ is not None:
        assert found == type_


def test_every_known_type_survives_the_regular_rewriting() -> None:
    for type_ in MEANINGS:
        assert guardduty_type("TTPs/Somewhere/" + type_.replace("/", "-", 1)) == type_


@pytest.mark.parametrize("odd", ["", "/", ":", "a", "//::--", "TTPs/", "-:-/-:-", "a:b-c-d/e"])
def test_a_type_that_nobody_wrote_is_no_error(odd: str) -> None:
    assert guardduty_type(odd) not in MEANINGS
