"""Types for the strings that name things in AWS, so that hostile ones stop at the door."""

from typing import Annotated

from pydantic import StringConstraints

AccountId = Annotated[str, StringConstraints(pattern=r"^[0-9]{12}$")]
Region = Annotated[
    str, StringConstraints(pattern=r"^[a-z]{2}(-[a-z]+)+-[0-9]{1,2}$", max_length=32)
]
AccessKeyId = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{16,128}$")]
IncidentId = Annotated[str, StringConstraints(pattern=r"^inc-[0-9]{8}-[0-9a-f]{10}$")]
OrderId = Annotated[str, StringConstraints(pattern=r"^ord-[0-9a-f]{20}$")]


def partition_of(arn: str | None) -> str:
    """The partition of an ARN; that of most of the world where there is none to read it from."""
    return arn.split(":")[1] if arn else "aws"
