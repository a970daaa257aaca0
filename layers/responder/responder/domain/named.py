"""The identity or thing that a person names by its ARN, in the shape of a finding's. Pure."""

import re
from collections.abc import Sequence

from responder.domain.finding import Finding, Resource
from responder.domain.ladder import ACCOUNT
from responder.domain.principal import Principal, PrincipalKind, role_kind

_PARTITION = r"arn:(?P<partition>aws|aws-cn|aws-us-gov)"
_ACCOUNT = r"(?P<account>[0-9]{12})"
_REGION = r"(?P<region>[a-z]{2}(?:-[a-z]+)+-[0-9]{1,2})"
_NAME = r"[\w+=,.@-]{1,64}"  # IAM API Reference, "CreateUser" and "CreateRole"
_ROOT = re.compile(rf"{_PARTITION}:iam::{_ACCOUNT}:root", re.ASCII)
_USER, _ROLE = (
    re.compile(
        rf"{_PARTITION}:iam::{_ACCOUNT}:{kind}/(?:[!-~]{{1,510}}/)?(?P<name>{_NAME})", re.ASCII
    )
    for kind in ("user", "role")
)
_SESSION = re.compile(
    rf"{_PARTITION}:sts::{_ACCOUNT}:assumed-role/(?P<name>{_NAME})/(?P<session>{_NAME})", re.ASCII
)
# By the kind that findings give to the same thing.
_THINGS = {
    kind: re.compile(f"{_PARTITION}:{rest}", re.ASCII)
    for kind, rest in {
        "Instance": rf"ec2:{_REGION}:{_ACCOUNT}:instance/(?P<name>i-[0-9a-f]{{8,17}})",
        "EBSSnapshot": rf"ec2:{_REGION}::snapshot/(?P<name>snap-[0-9a-f]{{8,17}})",
        "EC2Image": rf"ec2:{_REGION}::image/(?P<name>ami-[0-9a-f]{{8,17}})",
        "ECSTask": rf"ecs:{_REGION}:{_ACCOUNT}:task/[A-Za-z0-9_-]{{1,255}}/"
        r"(?P<name>[0-9a-f-]{32,36})",
        "Lambda": rf"lambda:{_REGION}:{_ACCOUNT}:function:(?P<name>[A-Za-z0-9_-]{{1,64}})",
        "RDSDBInstance": rf"rds:{_REGION}:{_ACCOUNT}:db:(?P<name>[A-Za-z][A-Za-z0-9-]{{0,62}})",
        "S3Bucket": r"s3:::(?P<name>[a-z0-9][a-z0-9.-]{2,62})",
        "KMSKey": rf"kms:{_REGION}:{_ACCOUNT}:key/(?P<name>[A-Za-z0-9-]{{1,64}})",
    }.items()
}
KINDS = tuple(_THINGS)


def named(
    arn: str, access_key_id: str | None, findings: Sequence[Finding]
) -> Principal | Resource | None:
    """What an ARN names, with what the findings tell of it; None for what is not cut here."""
    principal = _principal(arn, access_key_id)
    if principal is not None:
        return _told(principal, findings)
    for kind, pattern in _THINGS.items():
        found = pattern.fullmatch(arn)
        if found is not None:
            parts = found.groupdict()
            return Resource(
                kind=kind,
                id=arn,
                name=parts["name"],
                account=parts.get("account"),
                region=parts.get("region"),
            )
    return None


def named_account(arn: str) -> Resource | None:
    """The account that an ARN of its root names, as policies name one; None for another ARN."""
    found = _ROOT.fullmatch(arn)
    if found is None:
        return None
    return Resource(kind=ACCOUNT, id=arn, name=found["account"], account=found["account"])


def _principal(arn: str, access_key_id: str | None) -> Principal | None:
    root, user = _ROOT.fullmatch(arn), _USER.fullmatch(arn)
    if root is not None:
        return Principal(kind=PrincipalKind.ROOT, account=root["account"], arn=arn, name="root")
    if user is not None:
        # A finding tells no path, and two orders about one identity must name it alike.
        return Principal(
            kind=PrincipalKind.IAM_USER,
            account=user["account"],
            arn=f"arn:{user['partition']}:iam::{user['account']}:user/{user['name']}",
            name=user["name"],
            access_key_id=access_key_id,
        )
    found = _SESSION.fullmatch(arn) or _ROLE.fullmatch(arn)
    if found is None:
        return None
    parts = found.groupdict()
    return Principal(
        kind=role_kind(parts["name"], session="session" in parts),
        account=parts["account"],
        arn=f"arn:{parts['partition']}:iam::{parts['account']}:role/{parts['name']}",
        name=parts["name"],
        session_name=parts.get("session"),
    )


def _told(principal: Principal, findings: Sequence[Finding]) -> Principal:
    """With the id that a finding tells of the same identity: no other one ever has it."""
    same = [
        one.principal_id
        for finding in findings
        for one in finding.principals
        if one.arn == principal.arn and one.principal_id
    ]
    if not same:
        return principal
    unique = same[0].partition(":")[0]
    session = f":{principal.session_name}" if principal.session_name else ""
    return principal.model_copy(update={"principal_id": unique + session})
