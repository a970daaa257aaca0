"""Revoke the grants of a key that let another account use it.

A grant is foreign when it is to an identity of another account. Grants to AWS services and to
identities of this account stay, and so does the key policy, which may let the same account in.
Backups, databases and machines of that account that are encrypted with the key stop when they
next ask for it. KMS can take five minutes until a revoked grant is refused everywhere.
AWS: KMS Developer Guide, "Grants in AWS KMS", "Eventual consistency for grants".
"""

from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from responder.actions.action import ARN, IN_FORCE, before_of
from responder.actions.thing import GONE, asking_about, key_of
from responder.aws.clients import Clients
from responder.aws.errors import code_of
from responder.domain.errors import Refused
from responder.domain.order import Before, Order, Receipt

if TYPE_CHECKING:
    from mypy_boto3_kms.client import KMSClient

ID = "kms.revoke_grants"
TITLE = "Revoke the key's foreign grants"
PERMISSIONS = frozenset({"kms:CreateGrant", "kms:ListGrants", "kms:RevokeGrant"})
_GRANTS = "foreign_grants"
# What makes a grant the same as another, and what CreateGrant takes back.
_TERMS = (
    "Name",
    "GranteePrincipal",
    "RetiringPrincipal",
    "RetiringServicePrincipal",
    "Operations",
    "Constraints",
)


def observe(order: Order, clients: Clients) -> Before:
    """The terms of each grant to another account."""
    with asking_about(order, "looking at the grants of"):
        grants = _foreign(clients.kms(order.account, order.region), order)
    return Before(
        state={
            ARN: order.resource,
            _GRANTS: sorted(grants.values(), key=repr),
            IN_FORCE: not grants,
        }
    )


def apply(receipt: Receipt, clients: Clients) -> None:
    """Revoke every foreign grant that stands now, those made since included."""
    order = receipt.order
    kms = clients.kms(order.account, order.region)
    with asking_about(order, "revoking the grants of"):
        for grant_id in _foreign(kms, order):
            try:
                kms.revoke_grant(KeyId=key_of(order), GrantId=grant_id)
            except ClientError as error:
                # Retired by its own grantee, since we read the list. KMS calls that not found, as
                # it does a key that is gone: `verify` looks at the key again.
                if code_of(error) not in ("NotFoundException", "InvalidGrantIdException"):
                    raise


def verify(receipt: Receipt, clients: Clients) -> bool:
    """Whether no grant to another account stands. A key that is gone has none."""
    order = receipt.order
    with asking_about(order, "looking again at the grants of"):
        try:
            return not _foreign(clients.kms(order.account, order.region), order)
        except ClientError as error:
            if code_of(error) in GONE:
                return True
            raise


def release(receipt: Receipt, clients: Clients) -> bool:
    """Grant again what was revoked, on the same terms. Each has a new id: KMS gives no other."""
    order, missing = receipt.order, list(before_of(receipt).state[_GRANTS])
    kms = clients.kms(order.account, order.region)
    with asking_about(order, "granting again"):
        for terms in _foreign(kms, order).values():
            if terms in missing:
                missing.remove(terms)
        for terms in missing:
            _grant(kms, order, terms)
    return bool(missing)


def _grant(kms: "KMSClient", order: Order, terms: dict[str, Any]) -> None:
    try:
        kms.create_grant(KeyId=key_of(order), **terms)
    except ClientError as error:
        if code_of(error) == "InvalidArnException":
            raise Refused(
                f"{terms['GranteePrincipal']} does not exist any more, and its grant of "
                f"{order.resource} was not made again. Grant the key to whoever is to have it now"
            ) from error
        if code_of(error) == "DisabledException":
            raise Refused(
                f"{order.resource} is disabled, and KMS grants nothing of it; enable the key first"
            ) from error
        raise


def _foreign(kms: "KMSClient", order: Order) -> dict[str, dict[str, Any]]:
    """The terms of each grant to another account, by its id."""
    found = {}
    for page in kms.get_paginator("list_grants").paginate(KeyId=key_of(order)):
        for listed in page["Grants"]:
            grant: dict[str, Any] = dict(listed)
            if _is_foreign(grant.get("GranteePrincipal", ""), order):
                terms = {name: grant[name] for name in _TERMS if grant.get(name)}
                found[grant["GrantId"]] = terms | {"Operations": sorted(grant["Operations"])}
    return found


def _is_foreign(principal: str, order: Order) -> bool:
    """An ARN of another account. A service is a host name; who is deleted is a bare id."""
    parts = principal.split(":")
    return len(parts) > 5 and parts[0] == "arn" and parts[4] != order.account
