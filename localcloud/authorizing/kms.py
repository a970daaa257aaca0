"""KMS: the key's policy decides, also when another service uses the key in the caller's name."""

from collections.abc import Mapping
from typing import Any, Final

from moto.kms.models import kms_backends

from localcloud.authorizing import grants
from localcloud.authorizing.needed import PARTITION, Needed, keys
from localcloud.stack import Unsupported
from localcloud.switchboard import Asked

_ON_A_KEY: Final = frozenset(
    {
        "CancelKeyDeletion",
        "CreateGrant",
        "Decrypt",
        "DescribeKey",
        "DisableKey",
        "DisableKeyRotation",
        "EnableKey",
        "EnableKeyRotation",
        "Encrypt",
        "GenerateDataKey",
        "GenerateDataKeyWithoutPlaintext",
        "GenerateMac",
        "GetKeyLastUsage",
        "GetKeyPolicy",
        "GetKeyRotationStatus",
        "GetPublicKey",
        "ListGrants",
        "ListKeyPolicies",
        "ListKeyRotations",
        "ListResourceTags",
        "PutKeyPolicy",
        "RevokeGrant",
        "ScheduleKeyDeletion",
        "Sign",
        "UpdateKeyDescription",
        "Verify",
        "VerifyMac",
    }
)
_ON_NO_KEY: Final = frozenset({"CreateKey", "ListAliases", "ListKeys"})


def needs(asked: Asked) -> list[Needed]:
    """What a call of KMS itself needs."""
    if asked.operation in _ON_NO_KEY:
        return [Needed(f"kms:{asked.operation}", "*", asked.account)]
    if asked.operation not in _ON_A_KEY:
        raise Unsupported(f"what kms:{asked.operation} needs")
    key = asked_for(asked)
    if key is None:
        return []  # moto says that there is no such key
    context = asked.params.get("EncryptionContext", {})
    more = keys(
        kms__SigningAlgorithm=asked.params.get("SigningAlgorithm"),
        kms__MessageType=asked.params.get("MessageType"),
        kms__RotationPeriodInDays=asked.params.get("RotationPeriodInDays"),
        kms__GrantIsForAWSResource="false" if asked.operation == "CreateGrant" else None,
    )
    return [use(f"kms:{asked.operation}", key, asked, context, more)]


def through(
    service: str,
    key: str,
    actions: tuple[str, ...],
    asked: Asked,
    context: Mapping[str, str],
    *,
    region: str | None = None,
) -> list[Needed]:
    """What a call needs because `service` uses the key in the caller's name.

    `region` is where the service does, if not where it was called.
    """
    found = find(key, asked)
    if found is None:
        return []
    via = keys(
        kms__ViaService=f"{service}.{region or asked.region}.amazonaws.com",
        aws__CalledVia=(f"{service}.amazonaws.com",),
        aws__CalledViaFirst=f"{service}.amazonaws.com",
        aws__CalledViaLast=f"{service}.amazonaws.com",
        aws__ViaAWSService="true",
    )
    for_aws = keys(kms__GrantIsForAWSResource="true")
    return [
        use(action, found, asked, context, via | (for_aws if action == "kms:CreateGrant" else {}))
        for action in actions
    ]


def use(
    action: str, key: Any, asked: Asked, context: Mapping[str, str], more: Mapping[str, Any]
) -> Needed:
    """One use of one key."""
    written: dict[str, tuple[str, ...]] = {
        f"kms:encryptioncontext:{name.lower()}": (text,) for name, text in context.items()
    }
    if context:
        written["kms:encryptioncontextkeys"] = tuple(context)
    return Needed(
        action,
        key.arn,
        key.account_id,
        keys={**keys(kms__CallerAccount=asked.account), **written, **more},
        policy=grants.policy_of(key),
        decides=True,
    )


def find(given: str, asked: Asked) -> Any:
    """The key under an id, ARN or alias; None when there is none. An ARN may be another account's.

    AWS' own keys (alias/aws/...) need no permission of the caller.
    """
    account, region, name = asked.account, asked.region, given
    if given.startswith(f"arn:{PARTITION}:kms:"):
        _, _, _, region, account, name = given.split(":", 5)
    name = name.removeprefix("key/")
    if name.startswith("alias/aws/") or account not in kms_backends:
        return None
    held = kms_backends[account][region].keys
    if name.startswith("alias/"):
        return next((key for key in held.values() if name in key.aliases), None)
    return held.get(name)


def asked_for(asked: Asked) -> Any:
    """The key that a call names, or that made the ciphertext which it brings; None for none."""
    given = asked.params.get("KeyId")
    if given:
        return find(str(given), asked)
    # Moto writes the key's id in front of what it encrypts. AWS finds it in any account, too.
    key_id = bytes(asked.params.get("CiphertextBlob") or b"")[:36].decode("ascii", "replace")
    held = (account[asked.region].keys.get(key_id) for account in list(kms_backends.values()))
    return next((key for key in held if key is not None), None)
