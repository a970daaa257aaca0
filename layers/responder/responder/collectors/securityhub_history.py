"""Security Hub's record of each finding and of who changed it, in both shapes where both are on.

AWS: Security Hub API Reference, "GetFindings", "GetFindingHistory" (90 days), "GetFindingsV2".
"""

from collections.abc import Iterator
from itertools import batched
from typing import Any

from responder.collectors.collector import Collected, Later, Scene
from responder.collectors.of_findings import in_place
from responder.collectors.reads import Reads
from responder.collectors.things import Looking, Named, Part

ID = "securityhub.history"
TITLE = "Security Hub's record of the findings"
KINDS: tuple[str, ...] = ()
PERMISSIONS = frozenset(
    {
        "securityhub:DescribeHub",
        "securityhub:DescribeSecurityHubV2",
        "securityhub:GetFindingHistory",
        "securityhub:GetFindings",
    }
)
COPIES: frozenset[str] = frozenset()
KEEPS: frozenset[str] = frozenset()
LIMITS = (
    "changes of more than 90 days ago, and all of a finding that Security Hub has deleted",
    "what an automation rule suppressed before it came in",
    "the copy of the finding in another region that aggregates it",
)

MOST_FINDINGS = 100  # whose history is read, in one account and region
_EACH = 20  # values of one filter
_COVERS = "each finding as Security Hub held it, and the history of its changes"
_OFF = frozenset({"InvalidAccessException", "ResourceNotFoundException"})


def collect(scene: Scene) -> Iterator[Collected | Later]:
    """One item for each account and region that findings are of."""
    places = sorted({(one.account, one.region) for one in scene.findings})
    incident = scene.incident
    found = [in_place(*one) for one in places or [(incident.account, incident.region)]]
    yield from _LOOKING.collect(scene, found)


def _look(scene: Scene, named: Named, reads: Reads) -> Iterator[Part]:
    hub = scene.clients.securityhub(named.account, named.region)
    at = (named.account, named.region)
    keys = sorted({one.key for one in scene.findings if (one.account, one.region) == at})
    if _is_on(reads, "Security Hub CSPM", hub, "describe_hub"):
        found: list[Any] = []
        for number, some in enumerate(batched(keys, _EACH, strict=False), 1):
            filters = {"Id": [{"Value": key, "Comparison": "EQUALS"} for key in some]}
            name = f"findings {number}"
            found += reads.pages(name, hub, "get_findings", "Findings", Filters=filters) or []
        _histories(reads, hub, found)
        _say_what_is_missing(reads, keys, {one["Id"] for one in found})
    if _is_on(reads, "Security Hub", hub, "describe_security_hub_v2"):
        for number, some in enumerate(batched(keys, _EACH, strict=False), 1):
            name = f"findings {number} in OCSF"
            reads.pages(name, hub, "get_findings_v2", "Findings", Filters=_ocsf(some))
    yield from ()


def _is_on(reads: Reads, what: str, hub: Any, method: str) -> bool:
    told = reads.ask(f"whether {what} is on", hub, method)
    note = reads.values[f"whether {what} is on"]
    if "answered" in note:
        reads.more.append(f"{what} is not on there: {note['answered']}")
    return told is not None


def _histories(reads: Reads, hub: Any, found: list[Any]) -> None:
    if len(found) > MOST_FINDINGS:
        reads.more.append(f"the history of {len(found) - MOST_FINDINGS} findings was not read")
    for one in found[:MOST_FINDINGS]:
        which = {"Id": one["Id"], "ProductArn": one["ProductArn"]}
        name = f"history of {one['Id']} of {one['ProductArn']}"
        reads.pages(name, hub, "get_finding_history", "Records", FindingIdentifier=which)


def _say_what_is_missing(reads: Reads, keys: list[str], found: set[str]) -> None:
    missing = [key for key in keys if key not in found]
    if missing and not reads.failures:
        reads.more.append(f"Security Hub CSPM has no such finding (any more): {', '.join(missing)}")


def _ocsf(keys: tuple[str, ...]) -> dict[str, Any]:
    each = [
        {"FieldName": "finding_info.uid", "Filter": {"Value": key, "Comparison": "EQUALS"}}
        for key in keys
    ]
    return {"CompositeFilters": [{"StringFilters": each, "Operator": "OR"}]}


_LOOKING = Looking(collector_id=ID, absent=_OFF, covers=_COVERS, look=_look)
