"""Types for the strings that name things in AWS, so that hostile ones stop at the door."""

import re
from typing import Annotated

from pydantic import AfterValidator, StringConstraints

AccountId = Annotated[str, StringConstraints(pattern=r"^[0-9]{12}$")]
Region = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}(-[a-z]+)+-[0-9]{1,2}$")]
# IAM identifiers: IAM API reference, "CreateUser" and "CreateRole" (UserName 64, RoleName 64).
IamName = Annotated[str, StringConstraints(pattern=r"^[\w+=,.@-]{1,64}$")]
AccessKeyId = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{16,128}$")]
IncidentId = Annotated[str, StringConstraints(pattern=r"^inc-[0-9]{8}-[0-9a-f]{10}$")]
OrderId = Annotated[str, StringConstraints(pattern=r"^ord-[0-9a-f]{20}$")]

_ARN = re.compile(
    r"^arn:(aws|aws-cn|aws-us-gov):[a-z0-9-]+:[a-z0-9-]*:([0-9]{12}|aws)?:[^\s\x00-\x1f]{1,1024}$"
)


def _an_arn(value: str) -> str:
    if not _ARN.fullmatch(value):
        raise ValueError("not an ARN of a known partition")
    return value


Arn = Annotated[str, StringConstraints(max_length=1600), AfterValidator(_an_arn)]


def partition_of(arn: str | None) -> str:
    """The partition of an ARN; that of most of the world where there is none to read it from."""
    return arn.split(":")[1] if arn else "aws"
