"""What a drill changed, without ids and instants: two runs that did the same read the same."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence

from localcloud.cloud import Cloud
from responder.aws.evidence import Shelf
from responder.domain.finding import Severity
from responder.domain.incident import Incident
from responder_cli.drill.watch import Watch
from responder_cli.drill.world import HOME, SHOP, Shop

_NAMES = re.compile(r"inc-[\w-]+|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_OPENING = re.compile(rf"\[({'|'.join(severity.name for severity in Severity)})\].*")


def read(cloud: Cloud, watch: Watch, shop: Shop) -> tuple[str, ...]:
    """One line for each kind of effect, sorted."""
    told = [*_identities(cloud, shop), *_records(watch, watch.incidents()), *people(cloud)]
    return tuple(sorted(told))


def of(cloud: Cloud, watch: Watch, shop: Shop, incidents: Sequence[Incident]) -> tuple[str, ...]:
    """The same, of these incidents only."""
    names = [incident.id for incident in incidents]
    told = [*_identities(cloud, shop), *_records(watch, incidents), *people(cloud, names)]
    return tuple(sorted(told))


def manifests(watch: Watch) -> tuple[str, ...]:
    """SHA-256 of each sealed manifest, in order of generation."""
    return tuple(
        item.sha256
        for incident in watch.incidents()
        for item in watch.evidence.items(incident.id, Shelf.SEAL)
        if item.name.startswith("manifest/")
    )


def _identities(cloud: Cloud, shop: Shop) -> Iterator[str]:
    """What stands at the user and the role of the shop now."""
    iam = cloud.client("iam", account=SHOP)
    attached = iam.list_attached_user_policies(UserName=shop.user)["AttachedPolicies"]
    yield f"user policies: {sorted(one['PolicyName'] for one in attached)}"
    yield f"user inline policies: {len(iam.list_user_policies(UserName=shop.user)['PolicyNames'])}"
    keys = iam.list_access_keys(UserName=shop.user)["AccessKeyMetadata"]
    yield f"keys: {[one['Status'] for one in keys if one['AccessKeyId'] == shop.key_id]}"
    yield f"role inline policies: {len(iam.list_role_policies(RoleName=shop.role)['PolicyNames'])}"


def _records(watch: Watch, incidents: Sequence[Incident]) -> Iterator[str]:
    """What the responder wrote about it."""
    yield f"incidents: {len(incidents)}"
    for incident in incidents:
        for receipt in watch.receipts.all(incident.id):
            yield f"order: {receipt.order.action_id} {receipt.status.value}"
        for approval in watch.approvals.all(incident.id):
            yield f"approval: {approval.status.value}"
        for clock in watch.clocks.all(incident.id):
            yield f"clock: {clock.clock_id} {clock.state.value} {clock.due_at}"
        collected = {item.collector_id for item in watch.evidence.items(incident.id)}
        yield f"evidence: {sorted(collected)}"


def people(cloud: Cloud, names: Sequence[str] | None = None) -> Iterator[str]:
    """How often people were told, of what: by all that there is, or by what holds such a name.

    Whichever finding comes first opens the incident.
    """

    def told(text: str) -> bool:
        return names is None or any(name in text for name in names)

    subjects = Counter(
        _OPENING.sub("the opening", _NAMES.sub("…", page.subject or ""))
        for page in cloud.published
        if told(f"{page.subject} {page.message}")
    )
    for subject, times in subjects.items():
        yield f"page: {subject} x{times}"
    items = cloud.client("ssm", account=HOME).describe_ops_items(OpsItemFilters=[])
    ours = [one for one in items["OpsItemSummaries"] if told(json.dumps(one, default=str))]
    yield f"OpsItems: {len(ours)}"
