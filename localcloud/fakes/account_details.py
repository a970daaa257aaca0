"""Authorization details of an account: of AWS' policies those that are attached, page by page.

Moto tells them all at once, with every policy of AWS. AWS: IAM API Reference,
"GetAccountAuthorizationDetails".
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from moto.iam.models import IAMBackend

from localcloud.fault import Fault
from localcloud.seams import replaced
from localcloud.switchboard import Asked

_LISTS: Final = ("UserDetailList", "GroupDetailList", "RoleDetailList", "Policies")
_USUAL: Final = 100


@contextmanager
def of_what_is_in_use() -> Iterator[None]:
    """Leave out policies of AWS that nothing holds."""

    def details(backend: IAMBackend, wanted: list[str]) -> dict[str, Any]:
        found: dict[str, Any] = moto_tells(backend, wanted)
        of_aws = {one.arn for one in backend.aws_managed_policies}
        return found | {
            "managed_policies": [
                one
                for one in found["managed_policies"]
                if one.attachment_count or one.arn not in of_aws
            ]
        }

    with replaced(IAMBackend, "get_account_authorization_details", details) as moto_tells:
        yield


def by_our_markers(asked: Asked) -> None:
    """Refuse a marker that no page gave out."""
    is_here = (asked.service, asked.operation) == ("iam", "GetAccountAuthorizationDetails")
    if is_here and not str(asked.params.get("Marker", "0")).isdecimal():
        raise Fault("ValidationError", "Invalid Marker.")


def paged(asked: Asked, answer: dict[str, Any]) -> None:
    """One page of the answer, counted over its four lists."""
    if (asked.service, asked.operation) != ("iam", "GetAccountAuthorizationDetails"):
        return
    whole = [(name, one) for name in _LISTS for one in answer.get(name, [])]
    start = int(asked.params.get("Marker", "0"))
    end = start + int(asked.params.get("MaxItems", _USUAL))
    for name in _LISTS:
        answer[name] = [one for kind, one in whole[start:end] if kind == name]
    answer["IsTruncated"] = end < len(whole)
    if end < len(whole):
        answer["Marker"] = str(end)
