"""The organization of a pretend cloud: who belongs to it, and which policies of it bind a caller.

Moto stores the organization and asks nothing of it. Here service control policies are asked about
each call, as they stand. They bind the users and roles of a member account, but no service-linked
role, and nobody in the management account. Every level from the root down to the account has to
allow a call; AWS attaches FullAWSAccess everywhere, which does.
AWS: Organizations User Guide, "SCP evaluation", "Service control policies (SCPs)".
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from moto.organizations import utils
from moto.organizations.models import organizations_backends

from localcloud.iam_evaluator import Levels
from localcloud.iam_holdings import Policy
from localcloud.iam_identities import Identity
from localcloud.seams import replaced

TYPE: Final = "SERVICE_CONTROL_POLICY"


def found(organizations: Any, members: Sequence[str]) -> str:
    """Make an organization of these accounts, managed by the client's; the id of its root.

    Policies are switched on. `organizations` is a client of the management account.
    """
    organizations.create_organization(FeatureSet="ALL")
    root = str(organizations.list_roots()["Roots"][0]["Id"])
    organizations.enable_policy_type(RootId=root, PolicyType=TYPE)
    for member in members:
        # Accounts of a pretend cloud have their ids already, and moto makes one up.
        with replaced(utils, "make_random_account_id", lambda member=member: member):
            organizations.create_account(
                AccountName=f"account-{member}", Email=f"aws+{member}@example.com"
            )
    return root


def binding(who: Identity) -> Levels:
    """The service control policies that a caller is bound by, level by level from the root down."""
    if ":role/aws-service-role/" in who.arn or not _is_switched_on(who.account):
        return ()
    return tuple(
        tuple(
            Policy(f"{policy.id} ({policy.name})", policy.content)
            for policy in level.attached_policies
            if policy.type == TYPE
        )
        for level in _levels(who.account)
    )


def keys(principal: str, resource: str) -> dict[str, tuple[str, ...]]:
    """The condition keys that say which organization two accounts belong to."""
    read = {"principal": principal, "resource": resource}
    known = {kind: (_id(account), _path(account)) for kind, account in read.items()}
    return {
        key: (value,)
        for kind, (organization, path) in known.items()
        for key, value in (
            (f"aws:{kind}orgid", organization),
            (f"aws:{kind}orgpaths", path),
        )
        if value is not None
    }


def _levels(account: str) -> Iterator[Any]:
    """The root, the units and the account itself. None without an organization, or at its top."""
    backend = _backend(account)
    if backend is None or account == backend.account_id:
        return
    chain = [next(one for one in backend.accounts if one.id == account)]
    while (parent := getattr(chain[-1], "parent_id", None)) is not None:
        chain.append(next(unit for unit in backend.ou if unit.id == parent))
    yield from reversed(chain)


def _is_switched_on(account: str) -> bool:
    backend = _backend(account)
    if backend is None:
        return False
    root = next(unit for unit in backend.ou if unit.id == backend.org.root_id)
    return any(one["Type"] == TYPE for one in root.policy_types)


def _id(account: str) -> str | None:
    backend = _backend(account)
    return None if backend is None else str(backend.org.id)


def _path(account: str) -> str | None:
    backend = _backend(account)
    if backend is None:
        return None
    held = next(one for one in backend.accounts if one.id == account)
    path = list[str]()
    while (parent := getattr(held, "parent_id", None)) is not None:
        path.append(parent)
        held = next(unit for unit in backend.ou if unit.id == parent)
    return "/".join([str(backend.org.id), *reversed(path), ""])


def _backend(account: str) -> Any:
    """Moto's, of the organization that an account is in; None where there is none."""
    manager, partition = organizations_backends.master_accounts.get(account, (account, "aws"))
    if manager not in organizations_backends:
        return None
    backend = organizations_backends[manager][partition]
    # Moto remembers members beyond the end of a pretend cloud.
    members = [one.id for one in backend.accounts]
    return backend if backend.org is not None and account in members else None
