"""An identity is only named when it can be named for sure; a hostile name gets into no ARN."""

from typing import Any

import pytest

from responder.domain.principal import Principal, PrincipalKind
from responder.sources.principals import classify
from tests.builders import SHOP


def classified(**given: Any) -> Principal:
    principal = classify(account=SHOP, **given)
    assert principal is not None
    return principal


@pytest.mark.parametrize(
    "name",
    [
        "../admin",
        "user/admin",
        "a b",
        "x" * 65,
        "*",
        "name\n",
        "orders-éxport",
        'x"}',
        "arn:aws:iam::1:user/x",
    ],
)
@pytest.mark.parametrize("kind", ["IAMUser", "AssumedRole", "Role", "FederatedUser"])
def test_a_name_that_iam_would_not_take_is_nobody_we_name(name: str, kind: str) -> None:
    principal = classified(user_type=kind, user_name=name, access_key_id="ASIAEXAMPLEEXAMPLE00")
    assert principal.kind is PrincipalKind.UNKNOWN
    assert (principal.name, principal.arn) == (None, None)
    assert principal.access_key_id == "ASIAEXAMPLEEXAMPLE00"


def test_a_session_name_that_sts_would_not_take_is_left_out() -> None:
    principal = classified(
        user_type="AssumedRole", user_name="web", principal_id="AROAEXAMPLE:<script>"
    )
    assert principal.kind is PrincipalKind.ASSUMED_ROLE
    assert principal.session_name is None


def test_an_access_key_id_that_is_none_is_left_out() -> None:
    principal = classified(user_type="IAMUser", user_name="u", access_key_id="AKIA'; drop")
    assert principal.access_key_id is None


@pytest.mark.parametrize(
    ("user_type", "kind"),
    [
        ("Role", PrincipalKind.ROLE),
        ("SAMLUser", PrincipalKind.FEDERATED_USER),
        ("WebIdentityUser", PrincipalKind.FEDERATED_USER),
        ("IdentityCenterUser", PrincipalKind.IDENTITY_CENTER),
        ("Directory", PrincipalKind.UNKNOWN),
        ("Something new", PrincipalKind.UNKNOWN),
        (None, PrincipalKind.UNKNOWN),
    ],
)
def test_types_of_identity_become_kinds(user_type: str | None, kind: PrincipalKind) -> None:
    assert classified(user_type=user_type, user_name="someone").kind is kind


def test_a_service_is_named_by_its_service_name_and_by_nothing_else() -> None:
    assert classified(user_type="AWSService", user_name="ec2.amazonaws.com").name
    assert classified(user_type="AWSService", user_name="evil.example.com").name is None


def test_without_a_type_the_unique_id_tells_users_from_roles() -> None:
    assert classified(user_name="u", principal_id="AIDAEXAMPLE").kind is PrincipalKind.IAM_USER
    session = classified(user_name="r", principal_id="AROAEXAMPLE:s1")
    assert session.kind is PrincipalKind.ASSUMED_ROLE


def test_a_long_term_key_without_a_type_may_be_roots_so_it_is_nobody() -> None:
    principal = classified(user_name="someone", access_key_id="AKIAEXAMPLEEXAMPLE00")
    assert principal.kind is PrincipalKind.UNKNOWN


def test_credentials_of_an_instance_are_a_roles_even_where_the_feed_leaves_that_out() -> None:
    principal = classified(
        user_name="web-tier-role",
        access_key_id="ASIAEXAMPLEEXAMPLE00",
        finding_type="UnauthorizedAccess:IAMUser/InstanceCredentialExfiltration.OutsideAWS",
    )
    assert principal.kind is PrincipalKind.ASSUMED_ROLE


def test_a_role_arn_with_a_path_is_kept_and_one_of_another_account_is_that_account() -> None:
    arn = f"arn:aws:iam::{SHOP}:role/team/web"
    mine = classified(user_type="AssumedRole", user_name="x", role_arn=arn)
    assert (mine.arn, mine.name) == (arn, "web")
    theirs = arn.replace(SHOP, "999900001111")
    other = classified(user_type="AssumedRole", user_name="x", role_arn=theirs)
    assert (other.kind, other.account) == (PrincipalKind.AWS_ACCOUNT, "999900001111")


def test_a_service_linked_role_is_told_by_its_path_too() -> None:
    arn = f"arn:aws:iam::{SHOP}:role/aws-service-role/x.amazonaws.com/Custom"
    principal = classified(user_type="AssumedRole", user_name="Custom", role_arn=arn)
    assert principal.kind is PrincipalKind.SERVICE_LINKED_ROLE


def test_nothing_told_is_no_principal() -> None:
    assert classify(account=SHOP, user_type="", user_name=None, access_key_id="") is None
