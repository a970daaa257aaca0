"""Put an IAM user or role under the quarantine that the organization's guard policy keeps.

Tags the identity. Where `stacks/guard-policy.yaml` is attached, whoever carries the tag is denied
everything, its sessions included, and nobody of the account can take the tag away or change the
identity: so this holds against an attacker with administrator rights, as a policy in the account
does not. By itself it cuts nothing: without the guard policy, in the organization's management
account and for service-linked roles the tag is a word and no more. It goes before the other cuts,
which it then protects.

The tag's value lists the orders that stand behind it, so that two incidents can share one
identity. The quarantine ends with the last of them.
AWS: Organizations User Guide, "Service control policies"; IAM User Guide, "Tags for IAM resources".
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from responder.actions.action import ARN, IN_FORCE, acting, asking_iam, before_of
from responder.actions.identity import ROLE_ID, USER_ID, role_of, the_role, the_user, user_of
from responder.aws.clients import Clients
from responder.aws.errors import code_of
from responder.domain.errors import Broken, Refused, Unavailable
from responder.domain.order import Before, Order, Receipt
from responder.domain.principal import PrincipalKind

if TYPE_CHECKING:
    from mypy_boto3_iam.client import IAMClient
    from mypy_boto3_iam.type_defs import RoleTypeDef, UserTypeDef

ID = "iam.tag_quarantined"
TITLE = "Put the identity under the organization's quarantine"
PERMISSIONS = frozenset(
    {
        "iam:GetAccessKeyLastUsed",
        "iam:GetRole",
        "iam:GetUser",
        "iam:TagRole",
        "iam:TagUser",
        "iam:UntagRole",
        "iam:UntagUser",
    }
)
KEY: Final = "breach-responder-quarantine"  # the guard policy names the same
_TAG = "tag"
_BETWEEN = " "  # a tag's value may hold spaces, and an order's id has none
_LONGEST = 256  # characters of a tag's value (IAM quotas)
_ROLES = (PrincipalKind.ROLE, PrincipalKind.ASSUMED_ROLE)


@dataclass(frozen=True)
class _Identity:
    """A user or role as IAM shows it now."""

    kind: str  # as in the names of IAM's operations
    name: str
    arn: str
    unique_id: str
    tag: dict[str, str] | None  # ours, in whatever case its key is written


def observe(order: Order, clients: Clients) -> Before:
    """Whether the tag is there, with which value. Who carries it is in quarantine already."""
    found = _found(clients.iam(order.account), order, None)
    return Before(
        state={
            ARN: found.arn,
            _id_key(order): found.unique_id,
            _TAG: found.tag,
            IN_FORCE: found.tag is not None,
        }
    )


def apply(receipt: Receipt, clients: Clients) -> None:
    """Add this order to the tag. An order that is in it already is not added again."""
    order = receipt.order
    iam = clients.iam(order.account)
    found = _found(iam, order, receipt.before)
    if order.order_id in _orders(found):
        return
    key, value = (KEY, "") if found.tag is None else (found.tag["Key"], found.tag["Value"])
    value = f"{value}{_BETWEEN}{order.order_id}" if value else order.order_id
    if len(value) > _LONGEST:
        raise Refused(
            f"the tag {key} of {order.resource} has no room for another order ({_LONGEST} "
            "characters); nothing was changed. It is in quarantine as long as the tag stands: "
            "release an order that it lists"
        )
    _tag(iam, order, found, key, value)


def verify(receipt: Receipt, clients: Clients) -> bool:
    """Whether the tag stands and names this order. An identity that is gone has none."""
    order = receipt.order
    found = _look(clients.iam(order.account), order, receipt.before)
    return found is not None and order.order_id in _orders(found)


def release(receipt: Receipt, clients: Clients) -> bool:
    """Take this order out of the tag; with the last one, put back what stood before it."""
    order, before = receipt.order, before_of(receipt)
    iam = clients.iam(order.account)
    found = _found(iam, order, before)
    if found.tag is None or order.order_id not in _orders(found):
        return False
    left = _BETWEEN.join(one for one in _orders(found) if one != order.order_id)
    if left or before.state[_TAG] == {**found.tag, "Value": ""}:
        _tag(iam, order, found, found.tag["Key"], left)
    else:
        _untag(iam, order, found, found.tag["Key"])
    return True


def _found(iam: "IAMClient", order: Order, before: Before | None) -> _Identity:
    if _id_key(order) == ROLE_ID:
        return _as_role(the_role(iam, order, before))
    return _as_user(the_user(iam, order, before))


def _look(iam: "IAMClient", order: Order, before: Before | None) -> _Identity | None:
    if _id_key(order) == ROLE_ID:
        role = role_of(iam, order, before)
        return None if role is None else _as_role(role)
    user = user_of(iam, order, before)
    return None if user is None else _as_user(user)


def _as_role(role: "RoleTypeDef") -> _Identity:
    return _Identity("role", role["RoleName"], role["Arn"], role["RoleId"], _of(role))


def _as_user(user: "UserTypeDef") -> _Identity:
    return _Identity("user", user["UserName"], user["Arn"], user["UserId"], _of(user))


def _of(shown: Any) -> dict[str, str] | None:
    """Our tag. IAM keeps the case of a user's or role's tag keys, and does not tell it apart."""
    for tag in shown.get("Tags", []):
        if tag["Key"].lower() == KEY:
            return {"Key": tag["Key"], "Value": tag["Value"]}
    return None


def _orders(found: _Identity) -> list[str]:
    return [] if found.tag is None else found.tag["Value"].split(_BETWEEN)


def _tag(iam: "IAMClient", order: Order, found: _Identity, key: str, value: str) -> None:
    with asking_iam(order, "tagging"):
        try:
            if found.kind == "role":
                iam.tag_role(RoleName=found.name, Tags=[{"Key": key, "Value": value}])
            else:
                iam.tag_user(UserName=found.name, Tags=[{"Key": key, "Value": value}])
        except ClientError as error:
            if code_of(error) == "LimitExceeded":
                raise Refused(
                    f"{order.resource} has as many tags as IAM lets it have (50); nothing was "
                    "changed. Take one of its own away, and contain it again"
                ) from error
            if code_of(error) == "NoSuchEntity":
                raise _moved(order) from error
            raise


def _untag(iam: "IAMClient", order: Order, found: _Identity, key: str) -> None:
    with asking_iam(order, "untagging"):
        try:
            if found.kind == "role":
                iam.untag_role(RoleName=found.name, TagKeys=[key])
            else:
                iam.untag_user(UserName=found.name, TagKeys=[key])
        except ClientError as error:
            if code_of(error) == "NoSuchEntity":
                raise _moved(order) from error
            raise


def _moved(order: Order) -> Unavailable:
    # It was there a moment ago. The next try follows a user's key to its new name.
    return Unavailable(f"{order.resource} was renamed or deleted while its tag was being changed")


def _id_key(order: Order) -> str:
    """Where `Before.state` keeps the id, which also says whether this is a user or a role."""
    kind = acting(order).kind
    if kind in _ROLES:
        return ROLE_ID
    if kind is PrincipalKind.IAM_USER:
        return USER_ID
    raise Broken(
        f"{order.order_id} is about a principal of kind {kind.value}, which has no "
        "tags; nothing was changed"
    )
