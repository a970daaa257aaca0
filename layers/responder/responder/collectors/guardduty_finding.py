"""The findings of the incident, as they reached us."""

import json
from collections.abc import Iterator

from responder.aws.vault import Content
from responder.collectors.collector import Collected, Scene

ID = "guardduty.finding"
TITLE = "The findings"
KINDS: tuple[str, ...] = ()
PERMISSIONS: frozenset[str] = frozenset()  # they are on record; the member account is not asked
COPIES: frozenset[str] = frozenset()
KEEPS: frozenset[str] = frozenset()
LIMITS = (
    "findings in our own shape: the detector's record has fields that ours leaves out;"
    " guardduty.history and securityhub.history ask for that, and the event archive keeps what was"
    " sent",
)

_COVERS = "each finding in the shape we work with, in the version that was latest when collected"


def collect(scene: Scene) -> Iterator[Collected]:
    """One item with every finding that has joined the incident so far."""
    findings = sorted(scene.findings, key=lambda finding: finding.key)
    document = {
        "incident_id": scene.incident.id,
        "findings": [finding.model_dump(mode="json") for finding in findings],
    }
    text = json.dumps(document, indent=1, ensure_ascii=True)
    gaps = [] if findings else ["the incident has no finding on record"]
    yield Collected(
        f"{ID}/{scene.generation:04d}/findings",
        Content(text.encode("ascii"), ".json", "application/json"),
        _COVERS,
        tuple(gaps),
    )
