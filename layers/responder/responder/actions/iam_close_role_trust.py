"""Close the way back into a role: nobody but AWS services can open a new session of it.

Appends one Deny statement to the role's trust policy and keeps all else of it. Shuts out accounts,
users and other roles, SAML and OIDC providers, and IAM Roles Anywhere; their honest users too.
Stays open for AWS services, so functions, instances, tasks and pods go on, and so do devices that
come through AWS IoT or as Systems Manager hybrid nodes. Sessions that are out now go on as well:
cut those by themselves. A role that only such services may assume is refused.
AWS: IAM User Guide, "AWS JSON policy elements: Principal"; "aws:PrincipalServiceName".
"""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from responder.actions.action import ARN, IN_FORCE, asking_iam, before_of, name_of
from responder.actions.identity import ROLE_ID, role_of, the_role
from responder.aws.clients import Clients
from responder.aws.errors import code_of
from responder.aws.trust_policies import trust_text
from responder.domain.errors import Refused
from responder.domain.order import Before, Order, Receipt

if TYPE_CHECKING:
    from mypy_boto3_iam.client import IAMClient

ID = "iam.close_role_trust"
TITLE = "Close the way back into the role"
PERMISSIONS = frozenset({"iam:GetRole", "iam:UpdateAssumeRolePolicy"})
_TRUST = "trust"  # key of `Before.state`: the whole policy, as text
_ROLES_ANYWHERE = "rolesanywhere.amazonaws.com"


def observe(order: Order, clients: Clients) -> Before:
    """Which role it is, and its whole trust policy."""
    iam = clients.iam(order.account)
    role = the_role(iam, order, None)
    text = _read(iam, order)
    policy = json.loads(text)
    others = _others(policy, order)
    is_cut = len(others) < len(_statements(policy))
    if not is_cut and not any(_lets_others_in(one) for one in others):
        raise Refused(
            f"only AWS services may assume {order.resource}, and closing its trust keeps them; "
            "nothing was changed. Cut its sessions, or deny the role everything"
        )
    return Before(state={ARN: role["Arn"], ROLE_ID: role["RoleId"], _TRUST: text, IN_FORCE: False})


def apply(receipt: Receipt, clients: Clients) -> None:
    """Append our statement to what stands now, so that no edit made since is lost.

    IAM has no condition on the version that is replaced: of an edit made between our reading and
    our writing, the next `verify` sees nothing, and CloudTrail has it.
    """
    order = receipt.order
    iam = clients.iam(order.account)
    the_role(iam, order, before_of(receipt))
    policy = json.loads(_read(iam, order))
    if _is_closed(policy, order):
        return
    others = _others(policy, order)
    policy["Statement"] = [*others, _closing(others, order)]
    _write(
        iam,
        order,
        _text(policy),
        'Have the quota "role trust policy length" raised and try again, or deny the whole role',
    )


def verify(receipt: Receipt, clients: Clients) -> bool:
    """Whether our statement stands, with our text and for every provider that is trusted now."""
    order = receipt.order
    iam = clients.iam(order.account)
    if role_of(iam, order, before_of(receipt)) is None:
        return False
    return _is_closed(json.loads(_read(iam, order)), order)


def release(receipt: Receipt, clients: Clients) -> bool:
    """Take our statement away, and leave edits made since as they are."""
    order, before = receipt.order, before_of(receipt)
    iam = clients.iam(order.account)
    if role_of(iam, order, before) is None:
        return False
    policy = json.loads(_read(iam, order))
    others = _others(policy, order)
    if len(others) == len(_statements(policy)):
        return False
    policy["Statement"] = others
    former = json.loads(before.state[_TRUST])
    is_former = _plain(policy) == _plain(former)
    _write(
        iam,
        order,
        before.state[_TRUST] if is_former else _text(policy),
        f"Take the statement {_sid(order)} away by hand",
    )
    return True


def _closing(others: list[Any], order: Order) -> dict[str, Any]:
    """Our statement.

    `{"AWS": "*"}` is everybody, AWS services included, where `"*"` by itself is not accepted in a
    trust policy. Nobody documents that it includes federated users, so their providers are named.
    Only a call of an AWS service has `aws:PrincipalServiceName`: the condition fits every other
    caller, and Roles Anywhere.
    """
    providers = sorted({provider for one in others for provider in _federated(one)})
    return {
        "Sid": _sid(order),
        "Effect": "Deny",
        "Principal": {"AWS": "*"} | ({"Federated": providers} if providers else {}),
        "Action": [
            "sts:AssumeRole",
            "sts:AssumeRoleWithSAML",
            "sts:AssumeRoleWithWebIdentity",
        ],
        "Condition": {"StringEqualsIfExists": {"aws:PrincipalServiceName": _ROLES_ANYWHERE}},
    }


def _is_closed(policy: dict[str, Any], order: Order) -> bool:
    others = _others(policy, order)
    ours = [one for one in _statements(policy) if one.get("Sid") == _sid(order)]
    return bool(_plain(ours) == _plain([_closing(others, order)]))


def _others(policy: dict[str, Any], order: Order) -> list[Any]:
    """Without what has our Sid, whoever rewrote it: nobody else's statement has it."""
    return [one for one in _statements(policy) if one.get("Sid") != _sid(order)]


def _statements(policy: dict[str, Any]) -> list[Any]:
    return _listed(policy["Statement"])


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _plain(value: Any) -> Any:
    """To compare by: IAM takes one thing for a list of one, and keeps no order of principals."""
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if not isinstance(value, list):
        return value
    plain = sorted((_plain(one) for one in value), key=lambda one: json.dumps(one, sort_keys=True))
    return plain[0] if len(plain) == 1 else plain


def _lets_others_in(statement: dict[str, Any]) -> bool:
    """Whether it allows anybody but the services that our statement leaves alone."""
    if statement["Effect"] != "Allow":
        return False
    principal = statement.get("Principal")
    if not isinstance(principal, dict):
        return True
    return set(principal) != {"Service"} or _ROLES_ANYWHERE in _listed(principal["Service"])


def _federated(statement: dict[str, Any]) -> Iterator[str]:
    principal = statement.get("Principal")
    if statement["Effect"] == "Allow" and isinstance(principal, dict):
        yield from _listed(principal.get("Federated", []))


def _sid(order: Order) -> str:
    return f"BreachResponder{order.order_id.removeprefix('ord-')}"


def _text(policy: dict[str, Any]) -> str:
    # With escapes for what is not ASCII: IAM takes nothing beyond Latin-1 as it is.
    return json.dumps(policy, separators=(",", ":"))


def _read(iam: "IAMClient", order: Order) -> str:
    with asking_iam(order, "looking at the trust policy of"):
        return trust_text(iam, name_of(order))


def _write(iam: "IAMClient", order: Order, text: str, next_step: str) -> None:
    with asking_iam(order, "changing the trust policy of"):
        try:
            iam.update_assume_role_policy(RoleName=name_of(order), PolicyDocument=text)
        except ClientError as error:
            if code_of(error) == "LimitExceeded":
                raise Refused(
                    f"the trust policy of {order.resource} has no room for another statement; "
                    f"nothing was changed. {next_step}"
                ) from error
            if code_of(error) == "MalformedPolicyDocument":
                # What was accepted once is not any more when a principal in it was deleted.
                raise Refused(
                    f"IAM does not accept the trust policy of {order.resource} any more, as a rule "
                    "because it names a principal that was deleted since; nothing was changed. "
                    f"Take that principal out of it. {next_step}"
                ) from error
            raise
