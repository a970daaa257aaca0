"""What KMS signs is the digest itself, as anybody can check with the public key alone."""

import hashlib
from collections.abc import Iterator
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_public_key

from tests.unit.localcloud.judging import World, a_world, allow, code

DOCUMENT = b"the manifest"
DIGEST = hashlib.sha256(DOCUMENT).digest()
AS_DIGEST = {"MessageType": "DIGEST", "SigningAlgorithm": "ECDSA_SHA_256"}


@pytest.fixture
def world() -> Iterator[World]:
    with a_world() as world:
        yield world


def a_key(kms: Any, **more: Any) -> str:
    given = {"KeySpec": "ECC_NIST_P256", "KeyUsage": "SIGN_VERIFY", **more}
    return str(kms.create_key(**given)["KeyMetadata"]["Arn"])


def test_the_signature_holds_over_the_document(world: World) -> None:
    kms = world.operator("kms")
    key = a_key(kms)
    signature = kms.sign(KeyId=key, Message=DIGEST, **AS_DIGEST)["Signature"]
    public = load_der_public_key(kms.get_public_key(KeyId=key)["PublicKey"])
    assert isinstance(public, ec.EllipticCurvePublicKey)
    public.verify(signature, DOCUMENT, ec.ECDSA(hashes.SHA256()))
    with pytest.raises(InvalidSignature):
        public.verify(signature, DOCUMENT + b".", ec.ECDSA(hashes.SHA256()))


def test_kms_verifies_what_it_signed(world: World) -> None:
    kms = world.operator("kms")
    key = a_key(kms)
    signature = kms.sign(KeyId=key, Message=DIGEST, **AS_DIGEST)["Signature"]
    given = {"KeyId": key, "Signature": signature, **AS_DIGEST}
    assert kms.verify(**given, Message=DIGEST)["SignatureValid"]
    other = hashlib.sha256(b"other").digest()
    assert code(kms.verify, **given, Message=other) == "KMSInvalidSignatureException"


def test_what_cannot_sign_does_not(world: World) -> None:
    kms = world.operator("kms")
    key, encrypts = a_key(kms), str(kms.create_key()["KeyMetadata"]["Arn"])
    assert code(kms.sign, KeyId=key, Message=b"short", **AS_DIGEST) == "ValidationException"
    given = {"Message": DIGEST, **AS_DIGEST}
    assert code(kms.sign, KeyId=encrypts, **given) == "InvalidKeyUsageException"
    missing = f"{key[:-12]}000000000000"
    assert code(kms.sign, KeyId=missing, **given) == "NotFoundException"
    kms.disable_key(KeyId=key.rpartition("/")[2])  # moto knows it by its id alone
    assert code(kms.sign, KeyId=key, **given) == "DisabledException"


def test_the_right_to_sign_is_asked_first(world: World) -> None:
    key = a_key(world.operator("kms"))
    given = {"KeyId": key, "Message": DIGEST, **AS_DIGEST}
    assert code(world.user("bare")("kms").sign, **given) == "AccessDeniedException"
    only = {"StringEquals": {"kms:SigningAlgorithm": "ECDSA_SHA_256"}}
    signs = world.user("signs", allow("kms:Sign", key, Condition=only))("kms")
    assert code(signs.sign, **given) is None
