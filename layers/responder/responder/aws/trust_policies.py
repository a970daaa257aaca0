"""Reads who may assume a role, as the very text that somebody wrote.

The SDK hands out policies parsed, and what is parsed cannot be put back byte for byte.
"""

from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

if TYPE_CHECKING:
    from mypy_boto3_iam.client import IAMClient

_RECEIVED = "response-received.iam.GetRole"  # before the SDK decodes the policy


def trust_text(iam: "IAMClient", role_name: str) -> str:
    """The trust policy of a role. Raises what IAM raises."""
    texts: list[str] = []

    def keep(parsed_response: dict[str, Any] | None, **_: object) -> None:
        # None for an answer that did not arrive; without a role for one that is an error.
        if parsed_response is not None and "Role" in parsed_response:
            # "URL-encoded compliant with RFC 3986" (IAM API Reference, "Role").
            texts.append(unquote(parsed_response["Role"]["AssumeRolePolicyDocument"]))

    iam.meta.events.register(_RECEIVED, keep)
    try:
        iam.get_role(RoleName=role_name)
    finally:
        iam.meta.events.unregister(_RECEIVED, keep)
    return texts[-1]
