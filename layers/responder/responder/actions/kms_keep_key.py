"""Save a key from deletion, and switch it on.

Cancels a deletion that is scheduled, and enables a key that is disabled, so that what it encrypted
can be read. The key's policy and grants stay as they are, and so does who may schedule its deletion
again: that is seen and undone, and needs a cut of whoever does it. The replicas of a multi-Region
key are keys of their own.
AWS: KMS Developer Guide, "Deleting AWS KMS keys": a key whose deletion is cancelled is disabled.
"""

import math
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from responder.actions.action import ARN, IN_FORCE, before_of
from responder.actions.thing import GONE, asking_about, key_of
from responder.aws.clients import Clients
from responder.aws.errors import code_of
from responder.domain.errors import Refused
from responder.domain.order import Before, Order, Receipt

if TYPE_CHECKING:
    from mypy_boto3_kms.client import KMSClient
    from mypy_boto3_kms.type_defs import KeyMetadataTypeDef

ID = "kms.keep_key"
TITLE = "Save the key from deletion"
PERMISSIONS = frozenset(
    {
        "kms:CancelKeyDeletion",
        "kms:DescribeKey",
        "kms:DisableKey",
        "kms:EnableKey",
        "kms:ScheduleKeyDeletion",
    }
)
_STATE, _DELETED_AT = "key_state", "deletion_at"
_ENABLED, _DISABLED = "Enabled", "Disabled"
_PENDING = frozenset({"PendingDeletion", "PendingReplicaDeletion"})
_FEWEST_DAYS, _MOST_DAYS = 7, 30  # KMS API Reference, "ScheduleKeyDeletion"


def observe(order: Order, clients: Clients) -> Before:
    """Whether the key works, and when it is to be deleted."""
    with asking_about(order, "looking at"):
        key = _key(clients.kms(order.account, order.region), order)
    if key.get("KeyManager") == "AWS":
        raise Refused(
            f"{order.resource} is a key that AWS manages, and nobody can delete it; nothing was "
            "changed"
        )
    state = str(key.get("KeyState"))
    if state not in {_ENABLED, _DISABLED, *_PENDING}:
        raise Refused(
            f"{order.resource} is {state}, and neither switched off nor to be deleted; nothing was "
            "changed. Bring its key material or its key store back by hand"
        )
    deleted_at = key.get("DeletionDate")
    return Before(
        state={
            ARN: key["Arn"],
            _STATE: state,
            _DELETED_AT: None if deleted_at is None else deleted_at.astimezone(UTC).isoformat(),
            IN_FORCE: state == _ENABLED,
        }
    )


def apply(receipt: Receipt, clients: Clients) -> None:
    """Cancel the deletion, then enable the key."""
    order = receipt.order
    kms = clients.kms(order.account, order.region)
    with asking_about(order, "saving"):
        state = _key(kms, order).get("KeyState")
        if state in _PENDING:
            kms.cancel_key_deletion(KeyId=key_of(order))
        if state != _ENABLED:
            kms.enable_key(KeyId=key_of(order))


def verify(receipt: Receipt, clients: Clients) -> bool:
    """Whether the key is there and works."""
    order = receipt.order
    with asking_about(order, "looking again at"):
        try:
            key = _key(clients.kms(order.account, order.region), order)
        except ClientError as error:
            if code_of(error) in GONE:
                return False
            raise
    return key.get("KeyState") == _ENABLED


def release(receipt: Receipt, clients: Clients) -> bool:
    """Disable it again, or schedule its deletion again with the days that it had left.

    Those are counted from when we looked, so the new date is never earlier than the old one: KMS
    takes whole days, 7 at least.
    """
    order, before = receipt.order, before_of(receipt).state
    kms = clients.kms(order.account, order.region)
    with asking_about(order, "releasing"):
        state = _key(kms, order).get("KeyState")
        if before[_STATE] in _PENDING and state in (_ENABLED, _DISABLED):
            kms.schedule_key_deletion(KeyId=key_of(order), PendingWindowInDays=_days_left(receipt))
            return True
        if before[_STATE] == _DISABLED and state == _ENABLED:
            kms.disable_key(KeyId=key_of(order))
            return True
    return False


def _key(kms: "KMSClient", order: Order) -> "KeyMetadataTypeDef":
    return kms.describe_key(KeyId=key_of(order))["KeyMetadata"]


def _days_left(receipt: Receipt) -> int:
    deleted_at: str | None = before_of(receipt).state[_DELETED_AT]
    if deleted_at is None or receipt.observed_at is None:
        # A primary key waits for its replicas first, and has no date yet.
        return _MOST_DAYS
    left = datetime.fromisoformat(deleted_at) - receipt.observed_at
    return min(_MOST_DAYS, max(_FEWEST_DAYS, math.ceil(left / timedelta(days=1))))
