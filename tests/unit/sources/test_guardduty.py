"""What GuardDuty sends is read whole: who acted, on what, and whether it is to be acted upon."""

from typing import Any

import pytest

from responder.domain.finding import Severity, Source
from responder.domain.principal import Principal, PrincipalKind
from tests.builders import REGION, SHOP
from tests.events import EVENTS, an_event, the_finding

DETECTOR = f"arn:aws:guardduty:{REGION}:{SHOP}:detector/aaaabbbbccccddddeeeeffff00001111"
FILES = sorted(path.stem for path in (EVENTS / "guardduty").glob("*.json"))


def of(name: str) -> Principal:
    [principal] = the_finding(f"guardduty/{name}").principals
    return principal


@pytest.mark.parametrize("name", FILES)
def test_each_saved_event_is_a_finding_of_the_shop(name: str) -> None:
    finding = the_finding(f"guardduty/{name}")
    assert (finding.account, finding.region) == (SHOP, REGION)
    assert finding.source is Source.GUARDDUTY
    assert finding.key.startswith(f"{DETECTOR}/finding/")
    assert finding.principals or finding.resources
    assert finding.known_type is ("swarm" not in name)


def test_the_stolen_key_is_read_whole() -> None:
    finding = the_finding()
    assert finding.type == "Exfiltration:S3/AnomalousBehavior"
    assert finding.severity is Severity.HIGH
    assert finding.principals == (
        Principal(
            kind=PrincipalKind.IAM_USER,
            account=SHOP,
            arn=f"arn:aws:iam::{SHOP}:user/orders-export",
            name="orders-export",
            access_key_id="AKIAEXAMPLEEXAMPLE00",
            principal_id="AIDAEXAMPLEEXAMPLE00",
        ),
    )
    assert [(r.kind, r.id) for r in finding.resources] == [
        ("S3Bucket", "arn:aws:s3:::customer-exports")
    ]
    assert finding.addresses == ("203.0.113.7",)
    assert finding.first_seen_at < finding.last_seen_at < finding.created_at
    assert not any((finding.sample, finding.archived, finding.replayed))


def test_a_role_session_is_its_role_and_its_session() -> None:
    session = of("unauthorizedaccess-iamuser-instancecredentialexfiltration-outsideaws")
    assert session.kind is PrincipalKind.ASSUMED_ROLE
    assert session.arn == f"arn:aws:iam::{SHOP}:role/web-tier-role"
    assert (session.name, session.session_name) == ("web-tier-role", "i-0abc1234def567890")


def test_credentials_used_from_the_thiefs_account_are_still_our_role() -> None:
    session = of("unauthorizedaccess-iamuser-instancecredentialexfiltration-insideaws")
    assert session.kind is PrincipalKind.ASSUMED_ROLE
    assert session.account == SHOP


@pytest.mark.parametrize(
    ("name", "kind", "arn"),
    [
        (
            "policy-iamuser-rootcredentialusage",
            PrincipalKind.ROOT,
            f"arn:aws:iam::{SHOP}:root",
        ),
        (
            "unauthorizedaccess-iamuser-consoleloginsuccess-b-identity-center",
            PrincipalKind.IDENTITY_CENTER,
            f"arn:aws:sts::{SHOP}:assumed-role/AWSReservedSSO_AdministratorAccess_0123456789abcdef"
            "/sam@example.com",
        ),
        (
            "discovery-iamuser-anomalousbehavior-service-linked",
            PrincipalKind.SERVICE_LINKED_ROLE,
            f"arn:aws:iam::{SHOP}:role/AWSServiceRoleForSupport",
        ),
        (
            "persistence-iamuser-anomalousbehavior-federated",
            PrincipalKind.FEDERATED_USER,
            f"arn:aws:sts::{SHOP}:federated-user/partner-feed",
        ),
        (
            "discovery-s3-maliciousipcaller-anotheraccount",
            PrincipalKind.AWS_ACCOUNT,
            "arn:aws:iam::999900001111:root",
        ),
        (
            "privilegeescalation-kubernetes-anomalousbehavior-rolebindingcreated",
            PrincipalKind.KUBERNETES_USER,
            None,
        ),
        (
            "credentialaccess-rds-anomalousbehavior-successfulbruteforce",
            PrincipalKind.DATABASE_USER,
            None,
        ),
    ],
)
def test_each_kind_of_identity_is_told_apart(
    name: str, kind: PrincipalKind, arn: str | None
) -> None:
    principal = of(name)
    assert (principal.kind, principal.arn) == (kind, arn)


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("cryptocurrency-ec2-bitcointool-b", ["Instance", "InstanceProfile"]),
        ("cryptocurrency-runtime-bitcointool-b-ecs", ["ECSCluster", "ECSTask"]),
        ("execution-ecs-maliciousfile", ["EBSVolume", "ECSCluster", "ECSTask"]),
        ("unauthorizedaccess-lambda-torclient", ["Lambda", "Role"]),
        ("object-s3-maliciousfile", ["S3Bucket", "S3Object"]),
        ("execution-ec2-maliciousfile-snapshot", ["EBSSnapshot"]),
        ("impact-iamuser-costharvesting", ["Model"]),
        (
            "execution-runtime-reverseshell",
            ["Instance", "InstanceProfile", "EKSCluster", "KubernetesWorkload", "Container"],
        ),
    ],
)
def test_each_kind_of_resource_is_a_resource_and_its_role_no_principal(
    name: str, kinds: list[str]
) -> None:
    finding = the_finding(f"guardduty/{name}")
    assert [resource.kind for resource in finding.resources] == kinds
    roles = [p for p in finding.principals if p.kind is not PrincipalKind.ASSUMED_ROLE]
    assert roles == []


@pytest.mark.parametrize(
    ("block", "kind"),
    [
        ({"rdsLimitlessDbDetails": {"dbShardGroupIdentifier": "orders"}}, "RDSLimitlessDB"),
        ({"ec2ImageDetails": {"imageArn": "arn:aws:ec2:us-west-2::image/ami-1"}}, "EC2Image"),
        ({"recoveryPointDetails": {"recoveryPointArn": "arn:aws:backup:x"}}, "RecoveryPoint"),
        ({"bedrockGuardrailDetails": {"guardrailArn": "arn:aws:bedrock:x"}}, "BedrockGuardrail"),
        ({"modelDetails": [{"modelId": "m-1"}]}, "Model"),
    ],
)
def test_the_rarer_blocks_are_read_too(block: dict[str, Any], kind: str) -> None:
    finding = the_finding(an_event(resource=block))
    assert [resource.kind for resource in finding.resources] == [kind]
    assert finding.known_type


def test_a_block_that_came_after_this_release_makes_the_type_unknown() -> None:
    resource = {"resourceType": "Drone", "droneDetails": {"droneId": "d-1"}}
    assert not the_finding(an_event(resource=resource)).known_type
    assert the_finding(an_event(resource={"droneDetails": None})).known_type


def test_an_attack_sequence_names_its_actors_things_and_addresses() -> None:
    finding = the_finding("guardduty/attacksequence-iam-compromisedcredentials")
    assert finding.severity is Severity.CRITICAL
    assert [(p.kind.value, p.name, p.access_key_id) for p in finding.principals] == [
        ("IAMUser", "orders-export", "AKIAEXAMPLEEXAMPLE00"),
        ("AssumedRole", "web-tier-role", "ASIAEXAMPLEEXAMPLE07"),
    ]
    assert [resource.id for resource in finding.resources] == ["arn:aws:s3:::customer-exports"]
    assert finding.addresses == ("203.0.113.7",)
    assert finding.sequence_key == finding.key


def test_an_attack_sequence_is_read_whatever_the_casing_of_its_fields() -> None:
    name = "guardduty/attacksequence-iam-compromisedcredentials"

    def shouted(value: Any) -> Any:
        if isinstance(value, dict):
            return {key[0].upper() + key[1:]: shouted(inner) for key, inner in value.items()}
        return [shouted(inner) for inner in value] if isinstance(value, list) else value

    event = an_event(name)
    service = event["detail"]["service"]
    service["detection"] = shouted(service["detection"])
    assert the_finding(event) == the_finding(name)


def test_an_attack_sequence_that_cannot_be_read_goes_to_a_person() -> None:
    event = an_event("guardduty/attacksequence-iam-compromisedcredentials")
    event["detail"]["service"]["detection"]["sequence"]["actors"] = {"actor-1": {}}
    assert not the_finding(event).known_type


def test_an_actor_of_another_account_is_that_account() -> None:
    event = an_event("guardduty/attacksequence-s3-compromiseddata")
    sequence = event["detail"]["service"]["detection"]["sequence"]
    sequence["actors"][0]["user"]["account"]["uid"] = "999900001111"
    sequence["resources"] = []
    [principal] = the_finding(event).principals
    assert principal.kind is PrincipalKind.AWS_ACCOUNT
    assert principal.account == "999900001111"


def test_a_finding_that_belongs_to_an_attack_sequence_says_which() -> None:
    sequence = f"{DETECTOR}/finding/fedcba"
    assert the_finding(an_event(associatedAttackSequenceArn=sequence)).sequence_key == sequence


@pytest.mark.parametrize(
    ("severity", "band"),
    [(0.5, "informational"), (1, "low"), (3.9, "low"), (4, "medium"), (7, "high"), (9, "critical")],
)
def test_severities_fall_into_guarddutys_bands(severity: float, band: str) -> None:
    assert the_finding(an_event(severity=severity)).severity.value == band


def test_a_sample_is_told_by_its_title_and_by_its_additional_information() -> None:
    assert the_finding("guardduty/unauthorizedaccess-iamuser-maliciousipcaller-sample").sample
    assert the_finding(an_event(title="[SAMPLE] x")).sample
    marked: list[Any] = [{"sample": True}, {"value": '{"sample": true}'}]
    for told in [*marked, {"value": '{"sample": "TRUE"}'}]:
        event = an_event()
        event["detail"]["service"]["additionalInfo"] = told
        assert the_finding(event).sample
    plain: list[Any] = [{"value": "not json"}, {"value": "[]"}, {"sample": "no"}, "text", None]
    for told in plain:
        event = an_event()
        event["detail"]["service"]["additionalInfo"] = told
        assert not the_finding(event).sample


def test_archived_and_replayed_findings_say_so() -> None:
    assert the_finding("guardduty/recon-iamuser-maliciousipcaller-archived").archived
    assert the_finding("guardduty/exfiltration-s3-anomalousbehavior-replayed").replayed


def test_a_finding_without_its_arn_is_keyed_by_what_the_arn_is_made_of() -> None:
    event = an_event()
    whole = event["detail"].pop("arn")
    assert the_finding(event).key == whole


def test_what_a_finding_keeps_of_endless_texts_is_bounded() -> None:
    finding = the_finding(an_event(title="t" * 100_000, description="d" * 100_000))
    assert (len(finding.title), len(finding.description)) == (300, 2048)
