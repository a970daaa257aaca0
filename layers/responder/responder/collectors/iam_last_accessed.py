"""When each principal used which service and action last, as IAM tracked it.

IAM makes a report in some seconds: it is begun for every principal, and read once it is there.
AWS: IAM API Reference, "GenerateServiceLastAccessedDetails"; IAM User Guide, "Refine permissions
in AWS using last accessed information": attempts count whether they were allowed or not.
"""

import hashlib
from collections.abc import Iterator
from datetime import timedelta

from responder.collectors.collector import Collected, Later, Scene, can_be_read
from responder.collectors.contents import as_json, place
from responder.collectors.failing import together
from responder.collectors.reads import Reads
from responder.domain.errors import Broken, ResponderError, Unavailable
from responder.domain.principal import Principal

ID = "iam.last_accessed"
TITLE = "What the principals used last"
KINDS: tuple[str, ...] = ()
PERMISSIONS = frozenset(
    {"iam:GenerateServiceLastAccessedDetails", "iam:GetServiceLastAccessedDetails"}
)
COPIES: frozenset[str] = frozenset()
KEEPS: frozenset[str] = frozenset()
LIMITS = (
    "what was used in the last four hours may not show yet",
    "the last use only, not each; attempts that were denied count as uses",
    "actions of a few services only, and of the period that IAM tracks",
    "what was allowed by policies of a resource rather than of the identity",
)

MOST_PRINCIPALS = 40  # a bookmark carries their jobs
_TRIES, _WAIT = 30, timedelta(seconds=5)
_COVERS = "the services and actions that the identity used, each with its last time"
_IN_PROGRESS = "IN_PROGRESS"
_JOB, _FAILED = "job ", "failed "


def collect(scene: Scene) -> Iterator[Collected | Later]:
    """One item for each identity that the findings name. Begun together, read when it is ready.

    One that cannot be read is raised once the others are kept.
    """
    found = _identities(scene)
    asked = list(found.items())[:MOST_PRINCIPALS]
    jobs: dict[str, str] = dict(scene.bookmark.get("jobs", {}))
    tries: int = scene.bookmark.get("tries", 0)
    failures: list[ResponderError] = []
    waiting = False
    for arn, principal in asked:
        job = jobs.get(_short(arn), "")
        if not job and tries < _TRIES:
            jobs[_short(arn)] = _begun(scene, principal)
            waiting = True
            continue
        try:
            kept = _one(scene, principal, job, is_last_try=tries >= _TRIES)
        except (Broken, Unavailable) as error:
            failures.append(error)
            continue
        waiting |= kept is None
        if kept is not None:
            yield kept
    if waiting:
        yield Later({"jobs": jobs, "tries": tries + 1}, _WAIT)
        return
    if failures:
        raise together(failures)
    left_out = list(found)[MOST_PRINCIPALS:]
    if left_out or not found:
        gap = f"not asked: {', '.join(left_out)}" if left_out else "no finding names an identity"
        content = as_json({"incident_id": scene.incident.id, "not_asked": left_out})
        name = f"{ID}/{scene.generation:04d}/none"
        yield Collected(name, content, "which identities were not asked about", (gap,))


def _short(arn: str) -> str:
    return hashlib.sha256(arn.encode()).hexdigest()[:16]


def _identities(scene: Scene) -> dict[str, Principal]:
    """Those that IAM holds, by ARN. Several keys or sessions of one are the same identity."""
    found: dict[str, Principal] = {}
    for one in scene.principals:
        if can_be_read(one) and one.arn is not None:
            found.setdefault(one.arn, one)
    return found


def _begun(scene: Scene, principal: Principal) -> str:
    """The job that makes the report, or why there is none; empty where that may change."""
    assert principal.account is not None
    reads = Reads(scene.read_at, frozenset({"NoSuchEntity"}))
    iam = scene.clients.iam(principal.account)
    method = "generate_service_last_accessed_details"
    asked = {"Arn": principal.arn, "Granularity": "ACTION_LEVEL"}
    answer = reads.ask("report", iam, method, **asked)
    if answer is not None:
        return f"{_JOB}{answer['JobId']}"
    if isinstance(reads.failure, Unavailable):
        return ""
    return f"{_FAILED}{reads.failure}"[:120] if reads.failure else "absent"


def _one(scene: Scene, principal: Principal, job: str, *, is_last_try: bool) -> Collected | None:
    """What is known of one. None where its report is still being made."""
    assert principal.account is not None
    reads = Reads(scene.read_at)
    if not job:
        raise Unavailable(f"IAM did not begin a report on {principal.arn}")
    if job.startswith(_FAILED):
        if principal.account == scene.incident.account:
            raise Broken(job.removeprefix(_FAILED))
        reads.more.append(job.removeprefix(_FAILED))
    elif not job.startswith(_JOB):
        reads.more.append(f"{principal.arn} is not there (any more)")
    else:
        status = _report(scene, principal.account, job.removeprefix(_JOB), reads)
        if status == _IN_PROGRESS:
            if not is_last_try:
                return None
            reads.more.append("IAM had not made the report in time")
        if reads.failure:
            raise reads.failure
    document = {
        "incident_id": scene.incident.id,
        "identity": principal.arn,
        "begun": job,
        "reads": reads.values,
    }
    there = place(principal.kind, principal.name or "unnamed", str(principal.arn))
    name = f"{ID}/{scene.generation:04d}/{there}"
    return Collected(name, as_json(document), _COVERS, tuple(reads.gaps))


def _report(scene: Scene, account: str, job: str, reads: Reads) -> str:
    """Every page of a report, and its status."""
    iam, more, number = scene.clients.iam(account), dict[str, str](), 0
    while True:
        number += 1
        answer = reads.ask(
            f"page {number}", iam, "get_service_last_accessed_details", JobId=job, **more
        )
        if answer is None:
            return "FAILED"
        status: str = answer["JobStatus"]
        if status == "FAILED":
            reads.more.append(f"IAM could not make the report: {answer.get('Error')}")
        if status != "COMPLETED" or not answer.get("IsTruncated"):
            return status
        more = {"Marker": answer["Marker"]}
