"""What a person may ask for by a custom action of Security Hub, and what that can never do.

The event names no person: whoever may send findings to a custom action may click. So a click takes
nothing away: no cut, no page, no evidence. At most it has the approvers asked in the console.
"""

import re

from responder.domain.finding import Finding, Request
from responder.domain.pasting import pasted

# As stacks/security-hub-actions.yaml makes them. Another action only sends a finding here.
BY_ID = {
    "BreachContain": Request.CONTAIN,
    "BreachPreserve": Request.PRESERVE,
    "BreachRelease": Request.RELEASE,
    "BreachKnown": Request.KNOWN,
}
_TARGET = re.compile(
    r"arn:aws[a-z-]*:securityhub:[a-z0-9-]+:[0-9]{12}:action/custom/(?P<id>[A-Za-z0-9]{1,20})"
)
ONLY_SAID = frozenset({Request.RELEASE, Request.KNOWN})
_NOBODY_NAMED = "The event does not say who clicked, so nothing was changed."


def request_of(target_arn: str) -> Request | None:
    """What the action of this ARN asks for; None of one that is not ours."""
    found = _TARGET.fullmatch(target_arn)
    return None if found is None else BY_ID.get(found["id"])


def proposal(finding: Finding, incident_id: str) -> str:
    """What somebody has to type for what was asked by a click that decides nothing."""
    if finding.request is Request.RELEASE:
        return (
            "Somebody asks by a custom action of Security Hub to put back what was cut here. "
            f"{_NOBODY_NAMED} To do it: responder release {incident_id}"
        )
    return (
        "Somebody says by a custom action of Security Hub that this is known. "
        f"{_NOBODY_NAMED} If it is: {_known(finding)}"
    )


def _known(finding: Finding) -> str:
    """The command, of what sources validated; what no quoting makes safe is left out."""
    words = [f"--account {finding.account}"]
    words += [f"--principal {arn}" for one in finding.principals[:5] if (arn := _arn(one.arn))]
    words += [f"--from {address}" for address in finding.addresses[:5]]
    if finding.known_type:
        words.append(f"--type {pasted(finding.type) or ''}")
    return f"responder known {' '.join(words)} --for 8h"


def _arn(arn: str | None) -> str | None:
    return None if arn is None else pasted(arn)
