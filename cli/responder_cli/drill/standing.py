"""What stands in the pretend accounts, looked at past the responder's own records."""

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

from localcloud.cloud import Cloud
from responder import collectors
from responder.aws.evidence import Shelf
from responder.collectors.collector import called_for, part_of
from responder.domain.evidence import EvidenceItem
from responder.domain.incident import Incident
from responder_cli.drill.stage import Stage
from responder_cli.drill.watch import Watch
from responder_cli.drill.world import HOME, ROLE, SHOP, USER, Shop, Stacks


def cuts(stage: Stage, cloud: Cloud, shop: Shop) -> None:
    """Each of the three cuts stands by itself: one must not hide that another is missing."""
    iam = cloud.client("iam", account=SHOP)
    attached = iam.list_attached_user_policies(UserName=USER)["AttachedPolicies"]
    denied = [one["PolicyArn"] for one in attached if one["PolicyName"] == "AWSDenyAll"]
    keys = iam.list_access_keys(UserName=USER)["AccessKeyMetadata"]
    status = [one["Status"] for one in keys if one["AccessKeyId"] == shop.key_id]
    ours = [
        name
        for name in iam.list_role_policies(RoleName=ROLE)["PolicyNames"]
        if "aws:userid" in json.dumps(iam.get_role_policy(RoleName=ROLE, PolicyName=name))
    ]
    stage.check(
        "IAM itself shows all three cuts",
        bool(denied) and status == ["Inactive"] and len(ours) == 1,
        f"attached to the user: {', '.join(denied) or 'no deny'}; key: {', '.join(status)};"
        f" on the role: {', '.join(ours) or 'no deny'}",
    )


def people(stage: Stage, cloud: Cloud, watch: Watch, incident: Incident) -> None:
    """People were told of the incident once, and can read in OpsCenter all that happened since."""
    ssm = cloud.client("ssm", account=HOME)
    items = ssm.describe_ops_items(OpsItemFilters=[])["OpsItemSummaries"]
    noted = ""
    for item in items:
        found = ssm.get_ops_item(OpsItemId=item["OpsItemId"])["OpsItem"]
        noted += " ".join(found["OperationalData"])
    events = watch.timeline.events(incident.id)
    missing = [event.key for event in events if event.key[:60] not in noted]
    openings = [page for page in cloud.published if is_opening(page.subject)]
    stage.check(
        "Opened once, paged once, and every event of the timeline is noted where it was opened",
        len(items) == len(openings) == 1 and bool(events) and not missing,
        f"{len(items)} OpsItem, {len(openings)} page; {len(events) - len(missing)} of"
        f" {len(events)} events noted",
    )


def is_opening(subject: str) -> bool:
    """Whether a page is the one about a new incident."""
    return subject.startswith(_severities())


def evidence(stage: Stage, cloud: Cloud, watch: Watch, bucket: str, incident: Incident) -> None:
    """What the findings call for was kept in each generation, all of it sealed and locked."""
    s3 = cloud.client("s3", account=HOME)
    items = watch.evidence.items(incident.id)
    seals = watch.evidence.items(incident.id, Shelf.SEAL)
    manifests = [_json(s3, bucket, seal) for seal in seals if seal.name.startswith("manifest/")]
    sealed = {item["name"] for manifest in manifests for item in manifest["items"]}
    generations = range(1, incident.generation + 1)
    asked = called_for(collectors.COLLECTORS, watch.records.findings(incident.id))
    wanted = {f"{one.ID}/{number:04d}" for one in asked for number in generations}
    stage.check(
        "Every kind of evidence that findings call for was kept in each generation, and sealed",
        len(manifests) == len(generations) * len({part_of(one) for one in asked})
        and wanted == {"/".join(item.name.split("/")[:2]) for item in items}
        and sealed == {item.name for item in items}
        and not any(manifest["uncollected"] for manifest in manifests),
        f"{len(items)} items of {len(asked)} kinds, {len(manifests)} manifests",
    )
    modes = Counter(_lock(s3, bucket, item) for item in [*items, *seals])
    stage.check(
        "Each object in the vault is locked",
        bool(items) and set(modes) == {"COMPLIANCE"},
        ", ".join(f"{number} under {mode}" for mode, number in modes.items()),
    )


def nothing_lost(stage: Stage, cloud: Cloud, stacks: Stacks, failed: Sequence[str]) -> None:
    """A branch that fails lets the others go on, so somebody has to ask whether one did."""
    lost = [f"execution {name}" for name in failed]
    lost += [f"{one.source}: {one.problem}" for one in cloud.failures]
    lost += [f"{one.logical_id}: {one.error}" for one in cloud.invocations if one.error]
    queue = cloud.client("sqs", account=HOME).get_queue_attributes(
        QueueUrl=stacks.responder.outputs["IntakeDeadLetterQueueUrl"],
        AttributeNames=["ApproximateNumberOfMessages"],
    )["Attributes"]["ApproximateNumberOfMessages"]
    lost += [] if queue == "0" else [f"dead letters: {queue}"]
    stage.check(
        "No execution and no function failed, no delivery was given up, no letter is dead",
        not lost and bool(cloud.invocations),
        "; ".join(lost[:3]) or f"{len(cloud.invocations)} runs of functions",
    )


def _severities() -> tuple[str, ...]:
    return tuple(f"[{name}]" for name in ("LOW", "MEDIUM", "HIGH", "CRITICAL", "INFORMATIONAL"))


def _json(s3: Any, bucket: str, item: EvidenceItem) -> dict[str, Any]:
    body = s3.get_object(Bucket=bucket, Key=item.key, VersionId=item.version_id)["Body"].read()
    return dict(json.loads(body))


def _lock(s3: Any, bucket: str, item: EvidenceItem) -> str:
    kept = s3.get_object_retention(Bucket=bucket, Key=item.key, VersionId=item.version_id)
    return str(kept["Retention"]["Mode"])
