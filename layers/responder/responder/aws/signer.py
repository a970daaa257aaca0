"""Signs manifests with a key that never leaves KMS."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from responder.aws.errors import asking_aws

if TYPE_CHECKING:
    from mypy_boto3_kms.client import KMSClient

PERMISSIONS = frozenset({"kms:GetPublicKey", "kms:Sign"})


@dataclass(frozen=True)
class Signer:
    """One ECC_NIST_P256 key of use SIGN_VERIFY."""

    key_arn: str
    client: "KMSClient"

    def sign(self, digest: bytes) -> bytes:
        """A DER signature over a SHA-256 digest. Two signatures of one digest differ; both hold."""
        with asking_aws("signing the manifest"):
            answer = self.client.sign(
                KeyId=self.key_arn,
                Message=digest,
                MessageType="DIGEST",
                SigningAlgorithm="ECDSA_SHA_256",
            )
        return answer["Signature"]

    def public_key(self) -> bytes:
        """The public half, as DER SubjectPublicKeyInfo."""
        with asking_aws("reading the public half of the signing key"):
            return self.client.get_public_key(KeyId=self.key_arn)["PublicKey"]
