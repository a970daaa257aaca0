"""A call that touched an identity, as CloudTrail tells it while it is happening."""

from pydantic import AwareDatetime, ConfigDict

from responder.domain.identifiers import AccountId
from responder.domain.model import Model
from responder.domain.principal import Principal, PrincipalKind

# Calls that can undo a cut, or give whoever is cut another way in. The rule of the template asks
# for these and no others; a test holds both together.
CALLS = frozenset(
    {
        "AddUserToGroup",
        "AttachRolePolicy",
        "AttachUserPolicy",
        "CreateAccessKey",
        "CreateLoginProfile",
        "CreateServiceSpecificCredential",
        "DeleteRolePermissionsBoundary",
        "DeleteRolePolicy",
        "DeleteUserPermissionsBoundary",
        "DeleteUserPolicy",
        "DetachRolePolicy",
        "DetachUserPolicy",
        "PutRolePermissionsBoundary",
        "PutRolePolicy",
        "PutUserPermissionsBoundary",
        "PutUserPolicy",
        "UntagRole",
        "UntagUser",
        "UpdateAccessKey",
        "UpdateAssumeRolePolicy",
        "UpdateLoginProfile",
        "UpdateSSHPublicKey",
        "UpdateServiceSpecificCredential",
        "UpdateSigningCertificate",
        "UpdateUser",
        "UploadSSHPublicKey",
        "UploadSigningCertificate",
    }
)


class Touch(Model):
    """One call. Everything but the ids may have been chosen by an attacker."""

    model_config = ConfigDict(frozen=True)

    event_id: str
    name: str  # of the call
    account: AccountId
    at: AwareDatetime
    by: str  # ARN of whoever called, or what stands in for one
    partition: str
    user: str | None = None
    role: str | None = None
    refused: bool  # AWS said no, and nothing was changed

    @property
    def principals(self) -> tuple[Principal, ...]:
        """Whom it touched, by every kind that a finding may call it."""
        found = list[Principal]()
        if self.user is not None:
            found.append(self._named(PrincipalKind.IAM_USER, "user", self.user))
        if self.role is not None:
            found += [
                self._named(kind, "role", self.role)
                for kind in (PrincipalKind.ASSUMED_ROLE, PrincipalKind.ROLE)
            ]
        return tuple(found)

    def is_by(self, role: str) -> bool:
        """Whether a session of this role, of the same account, called.

        Compared whole: the path of a user may hold all of that (IAM API Reference, "CreateUser").
        """
        caller = f"arn:{self.partition}:sts::{self.account}:assumed-role/{role}"
        return self.by.rpartition("/")[0] == caller

    def _named(self, kind: PrincipalKind, path: str, name: str) -> Principal:
        # A finding tells no path, and neither does the call.
        arn = f"arn:{self.partition}:iam::{self.account}:{path}/{name}"
        return Principal(kind=kind, account=self.account, arn=arn, name=name)
