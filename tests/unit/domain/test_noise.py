"""Whether an incident pages: severity, how sure the detector can be, and what a thing is worth."""

from typing import Any

import pytest

from responder.domain.asset import Asset, Assets, Value
from responder.domain.decision import Disposition, decide
from responder.domain.errors import Broken
from responder.domain.finding import Finding, Resource, Severity
from responder.domain.noise import Attention, Confidence, attention, confidence_of
from responder.domain.policy import DEFAULT_POLICY
from responder.domain.protection import ProtectList
from responder.sources.rulebook import read_assets
from tests.builders import SHOP, a_finding, a_user

CLUSTER = Resource(kind="EKSCluster", id=f"arn:aws:eks:us-west-2:{SHOP}:cluster/orders")
STAGING = Asset(value=Value.LOW, accounts=(SHOP,))
CROWN = Asset(value=Value.HIGH, patterns=("arn:aws:s3:::orders*", "arn:aws:eks:*:*:cluster/orders"))


def about_a_thing(type_: str, severity: Severity, **given: Any) -> Finding:
    plain: dict[str, Any] = {"principals": (), "resources": (CLUSTER,)}
    return a_finding(type=type_, severity=severity, **(plain | given))


def acts(finding: Finding) -> bool:
    led_to = decide(finding, DEFAULT_POLICY, ProtectList(), "respond")
    return led_to.disposition is Disposition.CONTAIN


def of(*findings: Finding, assets: Assets | None = None) -> Attention:
    return attention(findings, assets or Assets(), acts)


_BRUTE = "UnauthorizedAccess:EC2/SSHBruteForce"
_ROOT = "Policy:IAMUser/RootCredentialUsage"
_ODD = "Impact:EC2/AnomalousBehavior"


@pytest.mark.parametrize(
    ("type_", "severity", "asset", "loud"),
    [
        (_BRUTE, Severity.INFORMATIONAL, None, False),
        (_BRUTE, Severity.LOW, None, False),
        (_BRUTE, Severity.LOW, CROWN, True),
        (_BRUTE, Severity.MEDIUM, None, True),
        (_BRUTE, Severity.MEDIUM, STAGING, False),
        (_BRUTE, Severity.HIGH, None, True),
        (_BRUTE, Severity.HIGH, STAGING, True),
        (_BRUTE, Severity.CRITICAL, STAGING, True),
        # It happened: root was used, whatever GuardDuty calls it.
        (_ROOT, Severity.LOW, None, True),
        (_ROOT, Severity.LOW, STAGING, False),
        # Something is unusual.
        (_ODD, Severity.MEDIUM, None, False),
        (_ODD, Severity.MEDIUM, CROWN, True),
        (_ODD, Severity.HIGH, None, True),
        (_ODD, Severity.HIGH, STAGING, False),
        (_ODD, Severity.CRITICAL, STAGING, True),
    ],
)
def test_severity_confidence_and_value_decide_together(
    type_: str, severity: Severity, asset: Asset | None, loud: bool
) -> None:
    finding = about_a_thing(type_, severity)
    told = of(finding, assets=Assets(assets=() if asset is None else (asset,)))
    assert told.loud is loud
    assert f"{type_} ({severity.value})" in told.reason
    assert told.reason.startswith("Pages for " if loud else "Quiet: ")
    assert "\n" not in told.reason


@pytest.mark.parametrize("severity", [Severity.MEDIUM, Severity.HIGH, Severity.CRITICAL])
def test_what_is_cut_or_asked_about_pages_whatever_it_is_worth(severity: Severity) -> None:
    told = of(a_finding(severity=severity), assets=Assets(assets=(STAGING,)))
    assert told.loud
    assert "it is cut, or somebody is asked to" in told.reason


def test_an_incident_pages_for_the_one_finding_that_does() -> None:
    low, high = about_a_thing(_BRUTE, Severity.LOW), about_a_thing(_BRUTE, Severity.HIGH)
    assert not of(low, low).loud
    assert of(low, high).loud
    assert of(high, low) == of(low, high)


def test_an_incident_without_a_finding_pages() -> None:
    assert of().loud


def test_a_type_that_nobody_here_knows_is_not_held_to_be_unsure() -> None:
    assert confidence_of(a_finding(type="Collection:Drone/Swarm")) is Confidence.LIKELY


@pytest.mark.parametrize(
    ("resources", "value"),
    [
        (("arn:aws:s3:::test-a",), Value.LOW),
        (("arn:aws:s3:::test-a", "arn:aws:s3:::mail"), Value.NORMAL),
        (("arn:aws:s3:::test-a", "arn:aws:s3:::orders"), Value.HIGH),
        ((), Value.NORMAL),
    ],
)
def test_low_needs_all_that_is_named_and_high_any_of_it(
    resources: tuple[str, ...], value: Value
) -> None:
    assets = Assets(assets=(Asset(value=Value.LOW, patterns=("arn:aws:s3:::test-*",)), CROWN))
    things = tuple(Resource(kind="S3Bucket", id=one) for one in resources)
    assert assets.value_of(a_finding(resources=things, principals=())) is value


def test_what_a_session_calls_itself_is_worth_nothing() -> None:
    session = a_user().model_copy(update={"session_name": "test-session", "name": None})
    assets = Assets(assets=(Asset(value=Value.LOW, patterns=("test-*",)),))
    assert assets.value_of(a_finding(principals=(session,))) is Value.NORMAL


def test_the_document_is_read_as_yaml_and_nothing_in_it_is_guessed() -> None:
    read = read_assets("assets:\n- {value: high, accounts: ['111122223333']}\n")
    assert read == Assets(assets=(Asset(value=Value.HIGH, accounts=(SHOP,)),))
    assert read_assets("none") == read_assets("") == Assets()
    for text, says in (
        ("[]", "not an object"),
        ("assets: [{value: low}]", "say which accounts, or which patterns"),
        ("assets: [{value: huge, accounts: ['111122223333']}]", "line 1"),
        ("assets: [{value: low, accounts: [shop]}]", "12 digits are wanted"),
    ):
        with pytest.raises(Broken, match=says):
            read_assets(text)
