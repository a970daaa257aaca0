"""Puts the judges of a pretend cloud in place: the network guard, IAM, Object Lock and the fakes.

What they say no to, AWS would say no to. What they cannot judge, they refuse by name. Open it
inside moto's `mock_aws`, before any SDK session exists, and one at a time.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from typing import Final
from unittest import mock

from moto.iam.access_control import PermissionResult
from moto.iam.models import IAMBackend
from moto.s3.models import FakeBucket

from localcloud import fakes, lock_guard, managed_policies, network
from localcloud.enforcement import Enforcement
from localcloud.stack import Registry, Unsupported
from localcloud.switchboard import Asked, Switchboard

# Rights that the evaluator does not know. Having them here would prove nothing of AWS.
_WITHOUT_EFFECT: Final = frozenset(
    {
        ("kms", "CreateGrant"),
        ("organizations", "AttachPolicy"),
        ("organizations", "CreatePolicy"),
        ("s3", "PutBucketAcl"),
        ("s3", "PutObjectAcl"),
    }
)


@contextmanager
def judged(
    registry: Registry, now: Callable[[], datetime], later: Callable[..., None]
) -> Iterator[Switchboard]:
    """Judge every call until the end. `later(job, name=..., at=None)` runs a job on the clock."""
    enforcement = Enforcement(registry, now)
    switchboard = Switchboard(now, enforcement)
    switchboard.listen(enforcement.identities.assumed)
    lock_guard.install(switchboard)
    switchboard.guard(_nothing_without_effect)
    fakes.install(switchboard, registry, later, enforcement)
    with ExitStack() as undo:
        undo.enter_context(network.only_loopback())
        # Moto reads a bucket policy without its conditions, and so denies what AWS allows.
        # IAM is judged here, before a call reaches moto.
        undo.enter_context(mock.patch.object(FakeBucket, "get_permission", _no_opinion))
        policies = managed_policies.of_account
        undo.enter_context(mock.patch.object(IAMBackend, "_init_aws_policies", policies))
        switchboard.open()
        undo.callback(switchboard.close)
        yield switchboard


def _nothing_without_effect(asked: Asked) -> None:
    if (asked.service, asked.operation) in _WITHOUT_EFFECT:
        what = f"{asked.service}:{asked.operation}"
        raise Unsupported(f"{what}: it would be stored, and never be asked here")


def _no_opinion(bucket: FakeBucket, action: str, resource: str) -> PermissionResult:
    del bucket, action, resource
    return PermissionResult.NEUTRAL
