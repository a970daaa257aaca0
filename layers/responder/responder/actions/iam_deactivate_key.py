"""Switch one access key of an IAM user off.

Leaves the user's other keys on, and every session that the key already made: those end with the
deny of the user. A key that no longer exists cannot be used, so it counts as switched off.
AWS: IAM API Reference, "UpdateAccessKey".
"""

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from responder.actions.action import ARN, IN_FORCE, asking_iam, before_of, name_of
from responder.aws.clients import Clients
from responder.aws.errors import code_of
from responder.domain.errors import Broken, Refused
from responder.domain.order import Before, Order, Receipt

if TYPE_CHECKING:
    from mypy_boto3_iam.client import IAMClient

ID = "iam.deactivate_key"
TITLE = "Switch the access key off"
PERMISSIONS = frozenset({"iam:GetUser", "iam:ListAccessKeys", "iam:UpdateAccessKey"})
_STATUS = "status"
_ACTIVE, _INACTIVE = "Active", "Inactive"
_GONE = "gone"  # ours; AWS says Active, Inactive or Expired


def observe(order: Order, clients: Clients) -> Before:
    """Whether the key is on."""
    iam, status, arn = clients.iam(order.account), _status(order, clients), None
    with asking_iam(order, "looking at"):
        try:
            arn = iam.get_user(UserName=name_of(order))["User"]["Arn"]
        except ClientError as error:
            if code_of(error) != "NoSuchEntity":
                raise
    return Before(
        state={
            ARN: arn,
            "access_key_id": _key(order),
            _STATUS: status,
            IN_FORCE: status != _ACTIVE,
        }
    )


def apply(order: Order, clients: Clients) -> None:
    """Switch the key off if it is on."""
    if _status(order, clients) == _ACTIVE:
        _switch(clients.iam(order.account), order, _INACTIVE)


def verify(order: Order, clients: Clients) -> bool:
    """Whether the key is off, or gone."""
    return _status(order, clients) != _ACTIVE


def release(receipt: Receipt, clients: Clients) -> None:
    """Switch the key on again if it was on. One that was off stays off."""
    order = receipt.order
    if before_of(receipt).state[_STATUS] != _ACTIVE:
        return
    status = _status(order, clients)
    if status == _INACTIVE:
        _switch(clients.iam(order.account), order, _ACTIVE)
    elif status != _ACTIVE:
        raise Refused(
            f"access key {_key(order)} is {status.lower()} now, and nobody can switch it on again; "
            "nothing was changed. Make a new key if the user needs one"
        )


def _status(order: Order, clients: Clients) -> str:
    iam = clients.iam(order.account)
    with asking_iam(order, "looking at the keys of"):
        try:
            pages = iam.get_paginator("list_access_keys").paginate(UserName=name_of(order))
            for page in pages:
                for key in page["AccessKeyMetadata"]:
                    if key["AccessKeyId"] == _key(order):
                        return key["Status"]
        except ClientError as error:
            if code_of(error) != "NoSuchEntity":
                raise
    return _GONE  # or its user is, which comes to the same


def _switch(iam: "IAMClient", order: Order, status: str) -> None:
    with asking_iam(order, "switching a key of"):
        try:
            iam.update_access_key(
                UserName=name_of(order),
                AccessKeyId=_key(order),
                Status="Active" if status == _ACTIVE else "Inactive",
            )
        except ClientError as error:
            # Deleted since we looked. `verify`, or the next release, says so.
            if code_of(error) != "NoSuchEntity" or status == _ACTIVE:
                raise


def _key(order: Order) -> str:
    if not order.principal.access_key_id:
        raise Broken(f"{order.order_id} names no access key; nothing was changed")
    return order.principal.access_key_id
