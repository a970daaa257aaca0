"""Detectors hold no findings here, because nothing is detected, and Security Hub has one shape.

AWS: GuardDuty API Reference, "GetFindings"; Security Hub API Reference, "DescribeSecurityHubV2".
"""

from typing import Any

from moto.guardduty.models import guardduty_backends

from localcloud.fault import Fault
from localcloud.switchboard import Asked, Fake


def of_guardduty() -> dict[str, Fake]:
    """What this module serves of GuardDuty."""
    return {"GetFindings": _nothing_found}


def of_security_hub() -> dict[str, Fake]:
    """What this module serves of Security Hub."""
    return {"DescribeSecurityHubV2": _is_off}


def is_there(asked: Asked) -> None:
    """Refuse to tell of a detector that the account has not."""
    if (asked.service, asked.operation) == ("guardduty", "GetDetector"):
        _detector(asked)


def _nothing_found(asked: Asked) -> dict[str, Any]:
    _detector(asked)
    return {"Findings": []}


def _detector(asked: Asked) -> None:
    held = guardduty_backends[asked.account][asked.region].detectors
    if asked.params["DetectorId"] not in held:
        text = "The request is rejected because the input detectorId is not owned by the account."
        raise Fault("BadRequestException", text)


def _is_off(asked: Asked) -> dict[str, Any]:
    raise Fault("ResourceNotFoundException", f"Not on in {asked.account}", status=404)
