"""Finds the identity that an order is about, by what no attacker can change: its id, or its key.

A user can be renamed, and another can be made with the name it had. AWS gives every user and role
an id that no other ever has, and says which user a long-term key belongs to.
AWS: IAM User Guide, "IAM identifiers"; IAM API Reference, "GetAccessKeyLastUsed".
"""

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from responder.actions.action import acting, asking_iam, name_of
from responder.aws.errors import code_of
from responder.domain.errors import Refused, Unavailable
from responder.domain.order import Before, Order

if TYPE_CHECKING:
    from mypy_boto3_iam.client import IAMClient
    from mypy_boto3_iam.type_defs import RoleTypeDef, UserTypeDef

# Keys of `Before.state`.
USER_ID, ROLE_ID = "user_id", "role_id"
_USER, _ROLE = "AIDA", "AROA"
_LONG_TERM = "AKIA"


def user_of(iam: "IAMClient", order: Order, before: Before | None) -> "UserTypeDef | None":
    """The user, under whatever name it goes now; None where neither name nor key lead to one.

    Refuses another user of that name. A finding without an id is believed the name, unless its key
    belongs to somebody else.
    """
    name, wanted = name_of(order), user_id(order, before)
    user = _user(iam, order, name)
    if user is not None and user["UserId"] == wanted:
        return user
    owner = key_owner(iam, order)
    if owner is not None and owner != name:
        user = _user(iam, order, owner)
    if owner is not None and user is None:
        raise Unavailable(
            f"IAM says that {owner} has the access key of {order.resource}, and does not show that "
            "user; try again"
        )
    if user is not None and wanted is not None:
        _is_the_same(order, wanted, user["UserId"])
    return user


def key_owner(iam: "IAMClient", order: Order) -> str | None:
    """Whose the order's key is; None for a key that is gone, or that is no long-term one."""
    key_id = acting(order).access_key_id
    if key_id is None or not key_id.startswith(_LONG_TERM):
        return None
    with asking_iam(order, "asking for the owner of a key of"):
        try:
            return iam.get_access_key_last_used(AccessKeyId=key_id)["UserName"]
        except ClientError as error:
            if code_of(error) == "NoSuchEntity":
                return None
            if code_of(error) == "AccessDenied":
                # What IAM also says of a key of no account that it tells us about. Its page names
                # no errors, so this is not taken for "gone".
                raise Refused(
                    f"IAM does not say whose access key {key_id} is, and {order.resource} is not "
                    "for sure the user that had it; nothing was changed. Look for UpdateUser and "
                    "DeleteAccessKey in CloudTrail of that account"
                ) from error
            raise


def role_of(iam: "IAMClient", order: Order, before: Before | None) -> "RoleTypeDef | None":
    """The role; None if it is gone. Refuses another of its name: a role cannot be renamed."""
    with asking_iam(order, "looking at"):
        try:
            role = iam.get_role(RoleName=name_of(order))["Role"]
        except ClientError as error:
            if code_of(error) == "NoSuchEntity":
                return None
            raise
    wanted = _recorded(before, ROLE_ID) or _told(order, _ROLE)
    if wanted is not None:
        _is_the_same(order, wanted, role["RoleId"])
    return role


def the_user(iam: "IAMClient", order: Order, before: Before | None) -> "UserTypeDef":
    """The same, for who needs it: a user that is gone is refused."""
    user = user_of(iam, order, before)
    if user is None:
        raise _gone(order)
    return user


def the_role(iam: "IAMClient", order: Order, before: Before | None) -> "RoleTypeDef":
    """The same of a role."""
    role = role_of(iam, order, before)
    if role is None:
        raise _gone(order)
    return role


def user_id(order: Order, before: Before | None) -> str | None:
    """The id of the user we first looked at, or that the finding names. None if nobody told."""
    return _recorded(before, USER_ID) or _told(order, _USER)


def _gone(order: Order) -> Refused:
    """What is not to be found by anything that we know of it."""
    return Refused(
        f"{order.resource} does not exist any more; nothing was changed. CloudTrail says who "
        "deleted or renamed it; a new one of the same name is another identity"
    )


def _recorded(before: Before | None, key: str) -> str | None:
    found: str | None = None if before is None else before.state.get(key)
    return found


def _told(order: Order, prefix: str) -> str | None:
    """From the finding. Samples and redacted findings hold something else there, or nothing."""
    unique = (acting(order).principal_id or "").partition(":")[0]
    return unique if unique.startswith(prefix) else None


def _is_the_same(order: Order, wanted: str, found: str) -> None:
    if found != wanted:
        raise Refused(
            f"{order.resource} is another identity of the same name: {found}, and the order is "
            f"about {wanted}; nothing was changed. CloudTrail says who deleted or renamed that "
            "one, and who made this one"
        )


def _user(iam: "IAMClient", order: Order, name: str) -> "UserTypeDef | None":
    with asking_iam(order, "looking at"):
        try:
            return iam.get_user(UserName=name)["User"]
        except ClientError as error:
            if code_of(error) == "NoSuchEntity":
                return None
            raise
