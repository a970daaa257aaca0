"""What a person names by an ARN is what a finding would call it, and nothing else is taken."""

import pytest

from responder.domain.finding import Resource
from responder.domain.named import named
from responder.domain.principal import Principal, PrincipalKind
from tests.builders import SHOP, a_finding, a_session, a_user

KEY = "AKIAIOSFODNN7EXAMPLE"


def test_a_user_is_named_without_its_path_as_findings_do() -> None:
    found = named(f"arn:aws:iam::{SHOP}:user/team/orders-export", KEY, ())
    assert isinstance(found, Principal)
    assert found.arn == f"arn:aws:iam::{SHOP}:user/orders-export"
    assert (found.kind, found.name, found.access_key_id) == (
        PrincipalKind.IAM_USER,
        "orders-export",
        KEY,
    )


def test_the_id_that_a_finding_tells_goes_with_the_name() -> None:
    known = a_user().model_copy(update={"principal_id": "AIDAEXAMPLE"})
    other = a_user("bob").model_copy(update={"principal_id": "AIDAOTHER"})
    found = named(str(known.arn), None, [a_finding(principals=(other, known))])
    assert isinstance(found, Principal)
    assert found.principal_id == "AIDAEXAMPLE"


def test_a_session_is_told_from_its_role() -> None:
    known = a_session().model_copy(update={"principal_id": "AROAEXAMPLE:thief"})
    findings = [a_finding(principals=(known,))]
    role = named(str(known.arn), None, findings)
    session = named(f"arn:aws:sts::{SHOP}:assumed-role/{known.name}/i-0abc", None, findings)
    assert isinstance(role, Principal)
    assert isinstance(session, Principal)
    assert (role.kind, role.session_name, role.principal_id) == (
        PrincipalKind.ROLE,
        None,
        "AROAEXAMPLE",
    )
    assert (session.kind, session.arn, session.session_name, session.principal_id) == (
        PrincipalKind.ASSUMED_ROLE,
        known.arn,
        "i-0abc",
        "AROAEXAMPLE:i-0abc",
    )


@pytest.mark.parametrize(
    ("arn", "kind"),
    [
        (f"arn:aws:iam::{SHOP}:root", PrincipalKind.ROOT),
        (
            f"arn:aws:iam::{SHOP}:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Admin_0a1b",
            PrincipalKind.IDENTITY_CENTER,
        ),
        (
            f"arn:aws:iam::{SHOP}:role/aws-service-role/x.amazonaws.com/AWSServiceRoleForX",
            PrincipalKind.SERVICE_LINKED_ROLE,
        ),
    ],
)
def test_what_is_kept_from_us_is_known_by_its_name(arn: str, kind: PrincipalKind) -> None:
    found = named(arn, None, ())
    assert isinstance(found, Principal)
    assert found.kind is kind


@pytest.mark.parametrize(
    ("arn", "kind", "account", "region"),
    [
        (f"arn:aws:ec2:us-west-2:{SHOP}:instance/i-0abcdef12", "Instance", SHOP, "us-west-2"),
        ("arn:aws:ec2:us-west-2::snapshot/snap-0abcdef12", "EBSSnapshot", None, "us-west-2"),
        ("arn:aws:ec2:us-west-2::image/ami-0abcdef12", "EC2Image", None, "us-west-2"),
        (
            f"arn:aws:ecs:us-west-2:{SHOP}:task/shop/0123456789abcdef0123456789abcdef",
            "ECSTask",
            SHOP,
            "us-west-2",
        ),
        (f"arn:aws:lambda:us-west-2:{SHOP}:function:checkout", "Lambda", SHOP, "us-west-2"),
        (f"arn:aws:rds:us-west-2:{SHOP}:db:orders", "RDSDBInstance", SHOP, "us-west-2"),
        ("arn:aws:s3:::shop-exports", "S3Bucket", None, None),
        (
            f"arn:aws-us-gov:kms:us-gov-west-1:{SHOP}:key/0a1b-2c",
            "KMSKey",
            SHOP,
            "us-gov-west-1",
        ),
    ],
)
def test_things_have_the_kind_that_findings_give_them(
    arn: str, kind: str, account: str | None, region: str | None
) -> None:
    found = named(arn, None, ())
    assert isinstance(found, Resource)
    assert (found.kind, found.id, found.account, found.region) == (kind, arn, account, region)


@pytest.mark.parametrize(
    "arn",
    [
        "",
        "orders-export",
        f"arn:aws:iam::{SHOP}:user/",
        f"arn:aws:iam::{SHOP}:user/orders export",
        f"arn:aws:iam::{SHOP}:user/orders-export\n",
        f"arn:aws:iam::{SHOP}:group/admins",
        f"arn:evil:iam::{SHOP}:user/orders-export",
        "arn:aws:iam::11112222333:user/orders-export",
        "arn:aws:s3:::shop-exports/2026/orders.csv",
        "arn:aws:s3:::Shop",
        f"arn:aws:ec2:us-west-2:{SHOP}:instance/*",
        f"arn:aws:ecs:us-west-2:{SHOP}:task/0123456789abcdef0123456789abcdef",
        f"arn:aws:ecs:us-west-2:{SHOP}:task/shop/../0123456789abcdef0123456789abcdef",
        f"arn:aws:ecs:us-west-2:{SHOP}:cluster/shop",
        f"arn:aws:kms:us-west-2:{SHOP}:alias/orders",
        f"arn:aws:iam::{SHOP}:user/\u0660rders",
    ],
)
def test_nothing_else_is_taken(arn: str) -> None:
    assert named(arn, None, ()) is None
