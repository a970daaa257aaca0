"""Looks up in a member account's IAM what event history does not tell."""

from botocore.exceptions import ClientError

from responder.aws.clients import Clients
from responder.aws.errors import asking_aws, code_of

MEMBER_PERMISSIONS = frozenset({"iam:GetRole", "iam:ListAccessKeys"})


def key_ids(clients: Clients, account: str, user: str) -> list[str]:
    """The ids of a user's access keys that are on; none for a user that is gone."""
    iam = clients.iam(account)
    with asking_aws(f"listing the access keys of {user} in {account}"):
        try:
            pages = iam.get_paginator("list_access_keys").paginate(UserName=user)
            return [
                key["AccessKeyId"]
                for page in pages
                for key in page["AccessKeyMetadata"]
                if key["Status"] == "Active"
            ]
        except ClientError as error:
            if code_of(error) == "NoSuchEntity":
                return []
            raise


def role_arn(clients: Clients, account: str, role: str) -> str | None:
    """The ARN of a role with its path, as STS' events are filed; None for a role that is gone."""
    with asking_aws(f"looking at the role {role} in {account}"):
        try:
            return clients.iam(account).get_role(RoleName=role)["Role"]["Arn"]
        except ClientError as error:
            if code_of(error) == "NoSuchEntity":
                return None
            raise
