"""Moto's IAM made fast, with the same answers.

Every call looks for the caller's key in each partition of each account, and so makes an IAM for
each, with all of AWS's policies; and every look for a role asks each of them for its ARN.
"""

import json
from functools import lru_cache
from typing import Any

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.iam import models as iam
from moto.iam.exceptions import NotFoundException
from moto.settings import load_iam_aws_managed_policies
from moto.utilities.utils import get_partition


def faster_identities() -> tuple[tuple[Any, str, Any], ...]:
    """What of moto's is replaced, and by what."""
    slow_visit: Any = iam.mark_account_as_visited

    def visited(account_id: str, access_key: str, service: str, region: str) -> None:
        if get_partition(region) in iam.iam_backends[account_id].keys():  # noqa: SIM118 - not `in`
            slow_visit(account_id, access_key, service, region)

    return (
        (iam, "get_account_id_from", _account_of),
        (iam, "mark_account_as_visited", visited),
        (iam.IAMBackend, "get_role_by_arn", _role_of),
        (iam.IAMBackend, "_init_aws_policies", _aws_policies),
    )


def _account_of(access_key: str) -> str:
    """Whose key it is. An IAM that nobody has asked for yet holds none."""
    for account_id, partitions in list(iam.iam_backends.items()):
        if any(access_key in partitions[name].access_keys for name in list(partitions)):
            return account_id
    return DEFAULT_ACCOUNT_ID


def _role_of(backend: iam.IAMBackend, arn: str) -> iam.Role:
    """The role of an ARN, which ends with its name."""
    name = arn.rpartition("/")[2]
    for role in backend.get_roles():
        if role.name == name and role.arn == arn:
            return role
    raise NotFoundException(f"Role {arn} not found")


def _aws_policies(backend: iam.IAMBackend) -> list[iam.ManagedPolicy]:
    """AWS's own policies, new ones for each account: they may be changed."""
    if not load_iam_aws_managed_policies():
        return []
    return [
        _own_copy(policy, backend.account_id)
        for policy in _written(vars(iam)["aws_managed_policies_data"], backend.region_name)
    ]


def _own_copy(policy: iam.ManagedPolicy, account_id: str) -> iam.ManagedPolicy:
    own = _like(policy)
    own.account_id, own.tags = account_id, {}
    own.versions = [_like(version) for version in policy.versions]
    return own


def _like[Thing](thing: Thing) -> Thing:
    """Another with the same attributes. `copy.copy` takes ten times as long."""
    other = object.__new__(type(thing))
    vars(other).update(vars(thing))
    return other


@lru_cache(maxsize=4)
def _written(text: str, region: str) -> list[iam.ManagedPolicy]:
    return [
        iam.AWSManagedPolicy.from_data(name, DEFAULT_ACCOUNT_ID, region, data)
        for name, data in json.loads(text).items()
    ]
