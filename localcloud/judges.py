"""Puts the judges of a pretend cloud in place: the network guard, IAM, Object Lock and the fakes.

What they say no to, AWS would say no to. What they cannot judge, they refuse by name. Open it
inside moto's `mock_aws`, before any SDK session exists, and one at a time.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from typing import Final
from unittest import mock

import moto.iam.models
from moto.iam.access_control import PermissionResult
from moto.iam.models import IAMBackend
from moto.s3.models import FakeBucket

from localcloud import fakes, links, lock_guard, managed_policies, network, organization
from localcloud.enforcement import Enforcement
from localcloud.fakes import account_details, tasks
from localcloud.iam_holdings import Holdings
from localcloud.seams import replaced
from localcloud.stack import Registry, Unsupported
from localcloud.switchboard import Asked, Switchboard

# Rights that the evaluator does not know. Having them here would prove nothing of AWS.
_WITHOUT_EFFECT: Final = frozenset(
    {
        ("s3", "PutBucketAcl"),
        ("s3", "PutObjectAcl"),
    }
)


@contextmanager
def judged(
    registry: Registry,
    now: Callable[[], datetime],
    later: Callable[..., None],
    holdings: Holdings,
) -> Iterator[Switchboard]:
    """Judge every call until the end. `later(job, name=..., at=None)` runs a job on the clock."""
    enforcement = Enforcement(registry, now, holdings)
    switchboard = Switchboard(now, enforcement)
    switchboard.listen(enforcement.identities.assumed)
    switchboard.listen(holdings.noted)
    lock_guard.install(switchboard)
    switchboard.guard(_nothing_without_effect)
    fakes.install(switchboard, registry, later, enforcement)
    with ExitStack() as undo:
        undo.enter_context(network.only_loopback())
        undo.enter_context(links.served())
        undo.enter_context(_landing_where_keys_were(holdings))
        # Moto reads a bucket policy without its conditions, and so denies what AWS allows.
        # IAM is judged here, before a call reaches moto.
        undo.enter_context(mock.patch.object(FakeBucket, "get_permission", _no_opinion))
        policies = managed_policies.of_account
        undo.enter_context(mock.patch.object(IAMBackend, "_init_aws_policies", policies))
        undo.enter_context(account_details.of_what_is_in_use())
        undo.enter_context(tasks.running_until_stopped())
        switchboard.open()
        undo.callback(switchboard.close)
        yield switchboard


@contextmanager
def _landing_where_keys_were(holdings: Holdings) -> Iterator[None]:
    """Moto looks up whose a key is. One whose deletion spreads still works, and moto lost it."""

    def account_of(access_key: str) -> str:
        holder = holdings.user_with(access_key) if holdings.are_late else None
        return str(moto_finds(access_key)) if holder is None else holder.account

    with replaced(moto.iam.models, "get_account_id_from", account_of) as moto_finds:
        yield


def _nothing_without_effect(asked: Asked) -> None:
    what = f"{asked.service}:{asked.operation}"
    kind = asked.params.get("Type")
    if what == "organizations:CreatePolicy" and kind != organization.TYPE:
        raise Unsupported(f"{what} of the type {kind}: it would be stored, and never be asked here")
    if (asked.service, asked.operation) in _WITHOUT_EFFECT:
        raise Unsupported(f"{what}: it would be stored, and never be asked here")


def _no_opinion(bucket: FakeBucket, action: str, resource: str) -> PermissionResult:
    del bucket, action, resource
    return PermissionResult.NEUTRAL
