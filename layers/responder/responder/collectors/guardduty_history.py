"""The detector's own record of each finding, and whether the detector is still on.

It has what our shape leaves out, and what became of the finding: archived or not, and the feedback
that somebody gave. GuardDuty keeps findings for 90 days. AWS: GuardDuty API Reference,
"GetFindings": 50 at a time, asked in the account and region of the detector.
"""

from collections.abc import Iterator
from itertools import batched

from responder.collectors.collector import Collected, Later, Scene
from responder.collectors.contents import as_json
from responder.collectors.of_findings import by_place, told_by_guardduty
from responder.collectors.reads import Reads
from responder.collectors.things import Looking, Named, Part

ID = "guardduty.history"
TITLE = "The detector's record of the findings"
KINDS: tuple[str, ...] = ()
PERMISSIONS = frozenset(
    {"guardduty:GetDetector", "guardduty:GetFindings", "guardduty:ListDetectors"}
)
COPIES: frozenset[str] = frozenset()
KEEPS: frozenset[str] = frozenset()
LIMITS = (
    "findings of more than 90 days ago, and those that GuardDuty suppressed and did not keep",
    "who archived a finding or gave feedback on it: trails have the calls",
    "the traffic, calls and logs that the detector drew its finding from",
)

_EACH = 50
_COVERS = "each finding as GuardDuty held it, archived or not, and the detectors of its account"


def collect(scene: Scene) -> Iterator[Collected | Later]:
    """One item for each account and region that findings of GuardDuty are of."""
    found = by_place(told_by_guardduty(scene))
    yield from _LOOKING.collect(scene, found)
    if not found:
        name, gap = f"{ID}/{scene.generation:04d}/none", "no finding of the incident is GuardDuty's"
        yield Collected(name, as_json({"incident_id": scene.incident.id}), _COVERS, (gap,))


def _look(scene: Scene, named: Named, reads: Reads) -> Iterator[Part]:
    guardduty = scene.clients.guardduty(named.account, named.region)
    by_detector: dict[str, list[str]] = {}
    for finding in told_by_guardduty(scene):
        if (finding.account, finding.region) == (named.account, named.region):
            by_detector.setdefault(finding.detector, []).append(finding.id)
    for detector, ids in by_detector.items():
        of = {"DetectorId": detector}
        for number, some in enumerate(batched(sorted(ids), _EACH, strict=False), 1):
            name = f"findings {number} of detector {detector}"
            listed = reads.ask(name, guardduty, "get_findings", FindingIds=list(some), **of)
            got = {one["Id"] for one in (listed or {}).get("Findings", [])}
            missing = [one for one in some if one not in got]
            if missing and name not in reads.failures:
                reads.more.append(f"GuardDuty has no such finding (any more): {', '.join(missing)}")
        reads.ask(f"detector {detector}", guardduty, "get_detector", **of)
    reads.pages("detectors", guardduty, "list_detectors", "DetectorIds")
    yield from ()


_LOOKING = Looking(
    collector_id=ID,
    # So it answers for a detector that is not, or no longer, one of the account.
    absent=frozenset({"BadRequestException"}),
    covers=_COVERS,
    look=_look,
)
