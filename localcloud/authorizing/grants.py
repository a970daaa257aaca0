"""What the grants of a KMS key allow, written as statements beside its key policy.

A grant can only allow. Of a principal of another account its own policies have to allow the call
too, as with a key policy. AWS: KMS Developer Guide, "Grants in AWS KMS"; KMS API Reference,
"GrantConstraints".
"""

import json
from typing import Any, Final

from localcloud.iam_holdings import Policy

_CONTEXT: Final = "kms:EncryptionContext"


def policy_of(key: Any) -> Policy:
    """The key policy, and what the grants add to it."""
    name = f"the policy of key {key.id}"
    if not key.grants:
        return Policy(name, key.policy)
    document = json.loads(key.policy)
    written = document["Statement"]
    statements = written if isinstance(written, list) else [written]
    added = [_statement(grant) for grant in key.grants.values()]
    return Policy(
        f"{name} and its grants", json.dumps(document | {"Statement": statements + added})
    )


def _statement(grant: Any) -> dict[str, Any]:
    to = grant.grantee_principal
    return {
        "Sid": f"Grant{grant.id}",
        "Effect": "Allow",
        "Principal": {"AWS" if to.startswith("arn:") else "Service": to},
        "Action": [f"kms:{operation}" for operation in grant.operations],
        "Resource": "*",
        "Condition": _condition(grant.constraints or {}),
    }


def _condition(constraints: dict[str, dict[str, str]]) -> dict[str, Any]:
    """A context that has these pairs, or has these and no other."""
    exact = constraints.get("EncryptionContextEquals")
    pairs = exact if exact is not None else constraints.get("EncryptionContextSubset", {})
    condition: dict[str, Any] = {}
    if pairs:
        condition["StringEquals"] = {f"{_CONTEXT}:{key}": text for key, text in pairs.items()}
    if exact is not None:
        condition["ForAllValues:StringEquals"] = {f"{_CONTEXT}Keys": list(exact)}
    return condition
