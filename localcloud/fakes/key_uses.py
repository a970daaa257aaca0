"""When a key was used last: nothing here counts as a use, so no key ever was.

AWS: KMS API Reference, "GetKeyLastUsage": the answer is without a use where there was none.
"""

from typing import Any

from localcloud.authorizing.kms import find
from localcloud.fault import Fault
from localcloud.switchboard import Asked, Fake


def operations() -> dict[str, Fake]:
    """What this module serves."""
    return {"GetKeyLastUsage": _never}


def is_there(asked: Asked) -> None:
    """Refuse to list what belongs to a key that is not there: moto would raise no error of AWS."""
    if (asked.service, asked.operation) in _LISTS and "KeyId" in asked.params:
        given = asked.params["KeyId"]
        if find(given, asked) is None:
            raise Fault("NotFoundException", f"Key '{given}' does not exist")


_LISTS = {
    ("kms", one) for one in ("ListAliases", "ListGrants", "ListKeyRotations", "ListResourceTags")
}


def _never(asked: Asked) -> dict[str, Any]:
    given = asked.params["KeyId"]
    key = find(given, asked)
    if key is None:
        raise Fault("NotFoundException", f"Key '{given}' does not exist")
    return {
        "KeyId": key.arn,
        "TrackingStartDate": key.creation_date,
        "KeyCreationDate": key.creation_date,
    }
