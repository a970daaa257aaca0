"""The identity that acted: a user, a role session, an access key."""

from enum import StrEnum

from pydantic import ConfigDict

from responder.domain.identifiers import AccountId
from responder.domain.model import Model


class PrincipalKind(StrEnum):
    """Every kind of identity a finding may name."""

    IAM_USER = "IAMUser"
    ASSUMED_ROLE = "AssumedRole"
    ROLE = "Role"
    ROOT = "Root"
    FEDERATED_USER = "FederatedUser"
    IDENTITY_CENTER = "IdentityCenter"
    SERVICE_LINKED_ROLE = "ServiceLinkedRole"
    AWS_SERVICE = "AWSService"
    AWS_ACCOUNT = "AWSAccount"
    KUBERNETES_USER = "KubernetesUser"
    DATABASE_USER = "DatabaseUser"
    UNKNOWN = "Unknown"


class Principal(Model):
    """An identity as a finding names it. Strings are validated where they are read, in `sources`.

    `name` is the user or role name; `session_name` is what a role session calls itself and is
    chosen by whoever assumed the role.
    """

    model_config = ConfigDict(frozen=True)

    kind: PrincipalKind
    account: AccountId | None = None
    arn: str | None = None
    name: str | None = None
    access_key_id: str | None = None
    session_name: str | None = None
    principal_id: str | None = None

    @property
    def correlation_key(self) -> str | None:
        """What two findings about the same identity share; None when it cannot be told apart."""
        if self.arn is None:
            return None
        return f"{self.kind.value}#{self.arn}"


def role_kind(name: str, *, session: bool) -> PrincipalKind:
    """What a role, or a session of it, is by the role's name: AWS keeps two beginnings to itself.

    AWS: IAM User Guide, "IAM and AWS STS quotas"; "Create a service-linked role".
    """
    if name.startswith("AWSReservedSSO_"):
        return PrincipalKind.IDENTITY_CENTER
    if name.startswith("AWSServiceRoleFor"):
        return PrincipalKind.SERVICE_LINKED_ROLE
    return PrincipalKind.ASSUMED_ROLE if session else PrincipalKind.ROLE
