"""KMS where moto says yes: keys that are off or to be deleted, and keys of another account.

AWS: KMS Developer Guide, "Key states of AWS KMS keys", "Allowing users in other accounts to use a
KMS key".
"""

from typing import Any, Final

from moto.kms.models import kms_backends

from localcloud.authorizing.kms import asked_for
from localcloud.fault import Fault
from localcloud.switchboard import Asked, Fake

_DISABLED, _PENDING = "Disabled", "PendingDeletion"
_OFF: Final = frozenset({_DISABLED, _PENDING})
# What does not work with a key in these states.
_REFUSED_IN: Final = {
    "CancelKeyDeletion": frozenset({"Enabled", _DISABLED}),
    "CreateGrant": _OFF,
    "Decrypt": _OFF,
    "DisableKey": frozenset({_PENDING}),
    "EnableKey": frozenset({_PENDING}),
    "Encrypt": _OFF,
    "GenerateDataKey": _OFF,
    "GenerateDataKeyWithoutPlaintext": _OFF,
    "GenerateMac": _OFF,
    "ScheduleKeyDeletion": frozenset({_PENDING}),
    "VerifyMac": _OFF,
}


def operations() -> dict[str, Fake]:
    """What this module serves: only what is asked of a key of another account."""
    return {"Decrypt": _decrypt, "Encrypt": _encrypt}


def works(asked: Asked) -> None:
    """Raises `Fault` where the state of the key forbids the operation."""
    if asked.service != "kms" or asked.operation not in _REFUSED_IN:
        return
    key = asked_for(asked)
    if key is not None and key.key_state in _REFUSED_IN[asked.operation]:
        off = key.key_state == _DISABLED and asked.operation != "CancelKeyDeletion"
        code = "DisabledException" if off else "KMSInvalidStateException"
        raise Fault(code, f"{key.arn} is {key.key_state}.")


def _encrypt(asked: Asked) -> dict[str, Any] | None:
    key = asked_for(asked)
    if key is None or key.account_id == asked.account:
        return None
    ciphertext, arn = kms_backends[key.account_id][asked.region].encrypt(
        key_id=key.id,
        plaintext=bytes(asked.params["Plaintext"]),
        encryption_context=asked.params.get("EncryptionContext", {}),
    )
    return {"CiphertextBlob": ciphertext, "KeyId": arn}


def _decrypt(asked: Asked) -> dict[str, Any] | None:
    key = asked_for(asked)
    if key is None or key.account_id == asked.account:
        return None
    plaintext, arn = kms_backends[key.account_id][asked.region].decrypt(
        ciphertext_blob=asked.params["CiphertextBlob"],
        encryption_context=asked.params.get("EncryptionContext", {}),
    )
    return {"Plaintext": plaintext, "KeyId": arn}
