"""AWS' own managed policies, read once for the whole process.

Moto reads all of them anew for each account and each partition, which takes seconds.
"""

import copy
import json
from functools import cache
from typing import Any, Final

from moto.iam.aws_managed_policies import aws_managed_policies_data
from moto.iam.models import AWSManagedPolicy, IAMBackend

PARTITION: Final = "aws"


@cache
def _all() -> tuple[Any, ...]:
    read = json.loads(aws_managed_policies_data)
    return tuple(
        AWSManagedPolicy.from_data(name, "000000000000", PARTITION, one)
        for name, one in read.items()
    )


def of_account(backend: IAMBackend) -> list[Any]:
    """In place of moto's own: one account's copies, since each counts its attachments."""
    if backend.region_name != PARTITION:
        return []
    copies = [copy.copy(policy) for policy in _all()]
    for policy in copies:
        policy.account_id = backend.account_id
    return copies
