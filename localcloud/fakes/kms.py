"""Signing a digest with KMS. Moto hashes it once more, and so signs something else.

AWS: KMS API Reference, "Sign": with MessageType DIGEST the message is the hash, of its length.
"""

from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

from localcloud.authorizing.kms import find
from localcloud.fault import Fault
from localcloud.stack import Unsupported
from localcloud.switchboard import Asked, Fake

_HASHES: Final[dict[str, hashes.HashAlgorithm]] = {
    "ECDSA_SHA_256": hashes.SHA256(),
    "ECDSA_SHA_384": hashes.SHA384(),
    "ECDSA_SHA_512": hashes.SHA512(),
}


def operations() -> dict[str, Fake]:
    """What this module serves: digests only. A message that is not one is moto's."""
    return {"Sign": _sign, "Verify": _verify}


def _sign(asked: Asked) -> dict[str, Any] | None:
    if asked.params.get("MessageType", "RAW") != "DIGEST":
        return None
    key, algorithm = _key(asked), _algorithm(asked)
    signature = key.private_key.private_key.sign(asked.params["Message"], ec.ECDSA(algorithm))
    return {
        "KeyId": key.arn,
        "Signature": signature,
        "SigningAlgorithm": asked.params["SigningAlgorithm"],
    }


def _verify(asked: Asked) -> dict[str, Any] | None:
    given = asked.params
    if given.get("MessageType", "RAW") != "DIGEST":
        return None
    key, algorithm = _key(asked), _algorithm(asked)
    public = key.private_key.private_key.public_key()
    try:
        public.verify(given["Signature"], given["Message"], ec.ECDSA(algorithm))
    except InvalidSignature as error:
        raise Fault("KMSInvalidSignatureException", "The signature is not valid") from error
    return {
        "KeyId": key.arn,
        "SignatureValid": True,
        "SigningAlgorithm": given["SigningAlgorithm"],
    }


def _key(asked: Asked) -> Any:
    given, algorithm = asked.params["KeyId"], asked.params["SigningAlgorithm"]
    key = find(given, asked)
    if key is None:
        raise Fault("NotFoundException", f"Key '{given}' does not exist")
    if key.key_state != "Enabled":
        code = "DisabledException" if key.key_state == "Disabled" else "KMSInvalidStateException"
        raise Fault(code, f"{key.arn} is {key.key_state}")
    if key.key_usage != "SIGN_VERIFY" or algorithm not in key.signing_algorithms:
        text = f"{key.arn} key usage is {key.key_usage}, which {algorithm} does not fit"
        raise Fault("InvalidKeyUsageException", text)
    return key


def _algorithm(asked: Asked) -> Prehashed:
    name = asked.params["SigningAlgorithm"]
    if name not in _HASHES:
        raise Unsupported(f"kms:{asked.operation} of a digest with {name}")
    algorithm = _HASHES[name]
    if len(asked.params["Message"]) != algorithm.digest_size:
        raise Fault("ValidationException", f"Digest is invalid length for algorithm {name}.")
    return Prehashed(algorithm)
