"""Switch off what else a user can identify itself with: API keys, SSH keys, certificates.

Service-specific credentials (CodeCommit, Keyspaces, the API keys of Bedrock and CloudWatch Logs),
SSH public keys and signing certificates. Leaves access keys and the password to their own actions,
and what the services made of a credential before: short-term API keys end with the deny of the
user. A credential that is gone cannot be used, so it counts as switched off; one that was made
since is switched off too, and stays off after the release.
AWS: IAM API Reference, "UpdateServiceSpecificCredential", "UpdateSSHPublicKey" and
"UpdateSigningCertificate".
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from responder.actions.action import ARN, IN_FORCE, asking_iam, before_of
from responder.actions.identity import USER_ID, the_user, user_of
from responder.aws.clients import Clients
from responder.aws.errors import code_of
from responder.domain.errors import Refused
from responder.domain.order import Before, Order, Receipt, ReceiptStatus

if TYPE_CHECKING:
    from mypy_boto3_iam.client import IAMClient
    from mypy_boto3_iam.type_defs import UserTypeDef

ID = "iam.deactivate_credentials"
TITLE = "Switch off the user's other credentials"
PERMISSIONS = frozenset(
    {
        "iam:GetAccessKeyLastUsed",
        "iam:GetUser",
        "iam:ListSSHPublicKeys",
        "iam:ListServiceSpecificCredentials",
        "iam:ListSigningCertificates",
        "iam:UpdateSSHPublicKey",
        "iam:UpdateServiceSpecificCredential",
        "iam:UpdateSigningCertificate",
    }
)
_CREDENTIALS = "credentials"  # key of `Before.state`: of each kind, the status of each id
_ACTIVE, _INACTIVE = "Active", "Inactive"


@dataclass(frozen=True)
class _Kind:
    """One kind of credential of one user: how IAM lists it, and how it switches one."""

    name: str
    listing: Callable[..., Any]
    within: str  # where the answer holds them
    id_key: str
    update: Callable[..., object]

    def statuses(self) -> dict[str, str]:
        """The status of each credential, by its id."""
        return {
            one[self.id_key]: one["Status"] for page in self._pages() for one in page[self.within]
        }

    def _pages(self) -> Iterator[Any]:
        # By hand: the SDK has no paginator for service-specific credentials.
        page = self.listing()
        yield page
        while page.get("IsTruncated"):
            page = self.listing(Marker=page["Marker"])
            yield page

    def switch(self, credential_id: str, status: str) -> None:
        """Raises what IAM raises."""
        self.update(**{self.id_key: credential_id}, Status=status)


def observe(order: Order, clients: Clients) -> Before:
    """Which credentials there are, and which of them are on."""
    iam = clients.iam(order.account)
    user = the_user(iam, order, None)
    standing = _standing(_kinds(iam, user), order)
    return Before(
        state={
            ARN: user["Arn"],
            USER_ID: user["UserId"],
            _CREDENTIALS: standing,
            IN_FORCE: not any(_in(standing, _ACTIVE)),
        }
    )


def apply(receipt: Receipt, clients: Clients) -> None:
    """Switch off each that is on, those made since included."""
    order = receipt.order
    iam = clients.iam(order.account)
    kinds = _kinds(iam, the_user(iam, order, before_of(receipt)))
    for name, credential_id in _in(_standing(kinds, order), _ACTIVE):
        with asking_iam(order, "switching a credential off of"):
            try:
                kinds[name].switch(credential_id, _INACTIVE)
            except ClientError as error:
                # Deleted, or its user renamed, since we looked. `verify` says so.
                if code_of(error) != "NoSuchEntity":
                    raise


def verify(receipt: Receipt, clients: Clients) -> bool:
    """Whether none is on. Of a user that is not found nothing is known."""
    order = receipt.order
    iam = clients.iam(order.account)
    user = user_of(iam, order, before_of(receipt))
    return user is not None and not any(_in(_standing(_kinds(iam, user), order), _ACTIVE))


def release(receipt: Receipt, clients: Clients) -> bool:
    """Switch on again what was on and is off now. What is gone or expired is told to a person."""
    order, before = receipt.order, before_of(receipt)
    iam = clients.iam(order.account)
    kinds = _kinds(iam, the_user(iam, order, before))
    standing, done = _standing(kinds, order), False
    missing = []
    for name, credential_id in _in(before.state[_CREDENTIALS], _ACTIVE):
        status = standing[name].get(credential_id)
        if status == _INACTIVE:
            with asking_iam(order, "releasing a credential of"):
                kinds[name].switch(credential_id, _ACTIVE)
            done = True
        elif status != _ACTIVE:
            missing.append(credential_id)
    if missing and receipt.status is not ReceiptStatus.RELEASED:
        raise Refused(
            f"{', '.join(missing)} of {order.resource} were deleted or have expired since, and "
            "nobody can switch them on again; the others are as they were. Make new ones if the "
            "user needs them"
        )
    return done


def _kinds(iam: "IAMClient", user: "UserTypeDef") -> dict[str, _Kind]:
    name = user["UserName"]
    kinds = (
        _Kind(
            "service_specific",
            partial(iam.list_service_specific_credentials, UserName=name),
            "ServiceSpecificCredentials",
            "ServiceSpecificCredentialId",
            partial(iam.update_service_specific_credential, UserName=name),
        ),
        _Kind(
            "ssh",
            partial(iam.list_ssh_public_keys, UserName=name),
            "SSHPublicKeys",
            "SSHPublicKeyId",
            partial(iam.update_ssh_public_key, UserName=name),
        ),
        _Kind(
            "signing",
            partial(iam.list_signing_certificates, UserName=name),
            "Certificates",
            "CertificateId",
            partial(iam.update_signing_certificate, UserName=name),
        ),
    )
    return {kind.name: kind for kind in kinds}


def _standing(kinds: dict[str, _Kind], order: Order) -> dict[str, dict[str, str]]:
    with asking_iam(order, "looking at the credentials of"):
        return {name: kind.statuses() for name, kind in kinds.items()}


def _in(standing: dict[str, dict[str, str]], wanted: str) -> list[tuple[str, str]]:
    return [
        (name, credential_id)
        for name, statuses in standing.items()
        for credential_id, status in statuses.items()
        if status == wanted
    ]
