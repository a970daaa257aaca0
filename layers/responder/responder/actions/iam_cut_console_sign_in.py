"""Stop a user signing in to the console, by a password that nobody knows.

IAM has no switch for it, and nothing is deleted, so the password is replaced by a random one that
is kept nowhere. A user without a password cannot sign in, which counts as cut. Leaves keys alone,
and console sessions that are open: those end with the deny of the user.

What a read can tell: nobody reads a password back, so another one in the same profile is not seen
by itself (CloudTrail has `UpdateLoginProfile` and `ChangePassword`). Seen are a profile made since
the cut, one that asks for a change at the next sign-in and did not before, or the other way round,
and a sign-in since the cut, of which IAM tells only the first in five minutes.

What a release puts back: whether a change is asked for at the next sign-in. The old password is
gone for good; the profile stands with the unknown one until a person sets another, which the
release says.
AWS: IAM API Reference, "UpdateLoginProfile", "LoginProfile" and "User".
"""

import secrets
import string
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from responder.actions.action import ARN, IN_FORCE, asking_iam, before_of
from responder.actions.identity import USER_ID, the_user, user_of
from responder.aws.clients import Clients
from responder.aws.errors import code_of
from responder.domain.errors import Broken, Refused
from responder.domain.order import Before, Order, Receipt, ReceiptStatus

if TYPE_CHECKING:
    from mypy_boto3_iam.client import IAMClient
    from mypy_boto3_iam.type_defs import LoginProfileTypeDef, UserTypeDef

ID = "iam.cut_console_sign_in"
TITLE = "Stop the user signing in to the console"
PERMISSIONS = frozenset(
    {
        "iam:GetAccessKeyLastUsed",
        "iam:GetLoginProfile",
        "iam:GetUser",
        "iam:UpdateLoginProfile",
    }
)
_PROFILE = "profile"  # key of `Before.state`; None for a user without a password
_MADE_AT, _ASKS_CHANGE = "made_at", "asks_change"
# At most 128 characters, and one of each kind that a password policy can ask for (IAM API
# Reference, "UpdateAccountPasswordPolicy", with these symbols).
_LENGTH = 128
_KINDS = (string.ascii_uppercase, string.ascii_lowercase, string.digits, "!@#$%^&*()_+-=[]{}|'")


def observe(order: Order, clients: Clients) -> Before:
    """Whether the user has a password, since when, and whether it is to be changed."""
    iam = clients.iam(order.account)
    user = the_user(iam, order, None)
    profile = _profile(iam, order, user)
    return Before(
        state={
            ARN: user["Arn"],
            USER_ID: user["UserId"],
            _PROFILE: None
            if profile is None
            else {_MADE_AT: profile["CreateDate"].isoformat(), _ASKS_CHANGE: _asks_change(profile)},
            IN_FORCE: profile is None,
        }
    )


def apply(receipt: Receipt, clients: Clients) -> None:
    """Set a password that nobody knows, also in a profile that was made since."""
    order, before = receipt.order, before_of(receipt)
    iam = clients.iam(order.account)
    user = the_user(iam, order, before)
    profile = _profile(iam, order, user)
    if profile is None:
        return
    former = before.state[_PROFILE]
    asks_change = _asks_change(profile) if former is None else former[_ASKS_CHANGE]
    with asking_iam(order, "setting a password nobody knows for"):
        try:
            iam.update_login_profile(
                UserName=user["UserName"],
                Password=_password(),
                PasswordResetRequired=asks_change,
            )
        except ClientError as error:
            # Deleted, or its user renamed, since we looked. `verify` says so.
            if code_of(error) != "NoSuchEntity":
                raise


def verify(receipt: Receipt, clients: Clients) -> bool:
    """Whether nothing that can be read says that somebody can sign in. Only of a cut that we made.

    An order that was released is none: it leaves the password as unknown as it was.
    """
    order, before = receipt.order, before_of(receipt)
    if receipt.status not in (ReceiptStatus.APPLIED, ReceiptStatus.CONTAINED):
        return False
    iam, cut_at = clients.iam(order.account), _cut_at(order)
    user = user_of(iam, order, before)
    if user is None:
        return False
    profile = _profile(iam, order, user)
    if profile is None:
        return True
    former, last_used_at = before.state[_PROFILE], user.get("PasswordLastUsed")
    return (
        profile["CreateDate"] < cut_at
        and (last_used_at is None or last_used_at < cut_at)
        and (former is None or former[_ASKS_CHANGE] == _asks_change(profile))
    )


def release(receipt: Receipt, clients: Clients) -> bool:
    """Leave the profile standing with the unknown password, and let a person set another.

    A profile that was not there before keeps the password that nobody knows.
    """
    order, before = receipt.order, before_of(receipt)
    former: dict[str, Any] | None = before.state[_PROFILE]
    if former is None or receipt.status is ReceiptStatus.RELEASED:
        return False
    iam = clients.iam(order.account)
    user = the_user(iam, order, before)
    profile = _profile(iam, order, user)
    if profile is None:
        raise Refused(
            f"the password of {order.resource} was deleted since, and nobody can bring it back; "
            "nothing was changed. Make another if the user needs one: aws iam create-login-profile"
        )
    if _asks_change(profile) != former[_ASKS_CHANGE]:
        with asking_iam(order, "releasing"):
            iam.update_login_profile(
                UserName=user["UserName"], PasswordResetRequired=former[_ASKS_CHANGE]
            )
    return True


def _profile(iam: "IAMClient", order: Order, user: "UserTypeDef") -> "LoginProfileTypeDef | None":
    with asking_iam(order, "looking at the password of"):
        try:
            return iam.get_login_profile(UserName=user["UserName"])["LoginProfile"]
        except ClientError as error:
            if code_of(error) == "NoSuchEntity":
                return None
            raise


def _asks_change(profile: "LoginProfileTypeDef") -> bool:
    return profile.get("PasswordResetRequired", False)


def _cut_at(order: Order) -> datetime:
    """IAM tells whole seconds, so what happened in the same one counts as later."""
    if order.act_at is None:
        raise Broken(f"{order.order_id} has no instant to cut at")
    return order.act_at.replace(microsecond=0)


def _password() -> str:
    anything = "".join(_KINDS)
    first = [secrets.choice(kind) for kind in _KINDS]
    return "".join(first + [secrets.choice(anything) for _ in range(_LENGTH - len(first))])
