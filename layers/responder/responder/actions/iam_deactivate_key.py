"""Switch one access key of an IAM user off.

Leaves the user's other keys on, and every session that the key already made: those end with the
deny of the user. A key that no longer exists cannot be used, so it counts as switched off; one
whose user was renamed does exist, and is followed.
AWS: IAM API Reference, "UpdateAccessKey".
"""

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from responder.actions.action import ARN, IN_FORCE, acting, asking_iam, before_of
from responder.actions.identity import USER_ID, key_owner, user_id, user_of
from responder.aws.clients import Clients
from responder.aws.errors import code_of
from responder.domain.errors import Broken, Refused, Unavailable
from responder.domain.order import Before, Order, Receipt, ReceiptStatus

if TYPE_CHECKING:
    from mypy_boto3_iam.client import IAMClient
    from mypy_boto3_iam.type_defs import UserTypeDef

ID = "iam.deactivate_key"
TITLE = "Switch the access key off"
PERMISSIONS = frozenset(
    {
        "iam:GetAccessKeyLastUsed",
        "iam:GetUser",
        "iam:ListAccessKeys",
        "iam:UpdateAccessKey",
    }
)
_STATUS = "status"
_ACTIVE, _INACTIVE = "Active", "Inactive"
_GONE = "gone"  # ours; AWS says Active, Inactive or Expired


def observe(order: Order, clients: Clients) -> Before:
    """Whether the key is on, and whose it is."""
    user, status = _look(clients.iam(order.account), order, None)
    return Before(
        state={
            ARN: None if user is None else user["Arn"],
            USER_ID: None if user is None else user["UserId"],
            "access_key_id": _key(order),
            _STATUS: status,
            IN_FORCE: status != _ACTIVE,
        }
    )


def apply(receipt: Receipt, clients: Clients) -> None:
    """Switch the key off if it is on."""
    order, before = receipt.order, before_of(receipt)
    iam = clients.iam(order.account)
    user, status = _look(iam, order, before)
    if user is None or status != _ACTIVE:
        return
    if before.state[ARN] is None:
        raise Refused(
            f"access key {_key(order)} did not exist, and does now, at {user['Arn']}. Nobody asked "
            "the protect list about that user; nothing was changed. Switch the key off by hand"
        )
    _switch(iam, order, user["UserName"], _INACTIVE)


def verify(receipt: Receipt, clients: Clients) -> bool:
    """Whether the key is off, or gone."""
    order = receipt.order
    _, status = _look(clients.iam(order.account), order, receipt.before)
    return status != _ACTIVE


def release(receipt: Receipt, clients: Clients) -> bool:
    """Switch the key on again if it was on. One that was off stays off."""
    order, before = receipt.order, before_of(receipt)
    if before.state[_STATUS] != _ACTIVE:
        return False
    iam = clients.iam(order.account)
    user, status = _look(iam, order, before)
    if user is not None and status == _INACTIVE:
        _switch(iam, order, user["UserName"], _ACTIVE)
        return True
    if status != _ACTIVE and receipt.status is not ReceiptStatus.RELEASED:
        raise Refused(
            f"access key {_key(order)} is {status.lower()} now, and nobody can switch it on again; "
            "nothing was changed. Make a new key if the user needs one"
        )
    return False


def _look(
    iam: "IAMClient", order: Order, before: Before | None
) -> "tuple[UserTypeDef | None, str]":
    """Whose the key is, and whether it is on. Only a key that IAM does not know is gone."""
    key_id, user = _key(order), user_of(iam, order, before)
    if user is None:
        return None, _GONE
    with asking_iam(order, "looking at the keys of"):
        pages = iam.get_paginator("list_access_keys").paginate(UserName=user["UserName"])
        for page in pages:
            for key in page["AccessKeyMetadata"]:
                if key["AccessKeyId"] == key_id:
                    return user, key["Status"]
    # A key never moves to another user. Of one that may be another user, the key is asked about.
    if user["UserId"] != user_id(order, before) and key_owner(iam, order) is not None:
        raise Unavailable(f"IAM does not agree with itself about the owner of {key_id}; try again")
    return user, _GONE


def _switch(iam: "IAMClient", order: Order, user_name: str, status: str) -> None:
    with asking_iam(order, "switching a key of"):
        try:
            iam.update_access_key(
                UserName=user_name,
                AccessKeyId=_key(order),
                Status="Active" if status == _ACTIVE else "Inactive",
            )
        except ClientError as error:
            # Deleted, or its user renamed, since we looked. `verify` or the next release says so.
            if code_of(error) != "NoSuchEntity" or status == _ACTIVE:
                raise


def _key(order: Order) -> str:
    key_id = acting(order).access_key_id
    if not key_id:
        raise Broken(f"{order.order_id} names no access key; nothing was changed")
    return key_id
