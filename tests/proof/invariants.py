"""What holds at the end of every night, whatever came, in which order, and whatever went wrong."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from responder.aws.escalations import Escalations
from responder.aws.evidence import Shelf
from responder.collectors import COLLECTORS
from responder.domain.approval import ApprovalStatus
from responder.domain.clock import ClockState
from responder.domain.closing import is_news
from responder.domain.custody import verify_chain
from responder.domain.incident import Incident
from responder.domain.order import ReceiptStatus
from responder_cli.drill import world
from tests.proof.campaigns import Campaign
from tests.proof.ends import findings_in
from tests.workflow.nights import Night

_NEVER = datetime.max.replace(tzinfo=UTC)
_STANDS = (ReceiptStatus.OBSERVED, ReceiptStatus.APPLIED, ReceiptStatus.CONTAINED)
_SEALED = ("manifest", "signature", "custody")


@dataclass(frozen=True)
class Sent:
    """What was put on the bus, as it was sent."""

    campaigns: Sequence[Campaign]
    unreadable: Sequence[Mapping[str, Any]]


def broken(night: Night, sent: Sent, letters: Sequence[str], *, whole: bool) -> list[str]:
    """What does not hold. Without `whole`, a right was missing, and a person has the rest.

    `letters` are the bodies that were found in the dead-letter queue.
    """
    return [
        *_incidents(night, sent),
        *_letters(sent, letters),
        *(why for incident in night.watch.incidents() for why in _mixed(night, incident, sent)),
        *(why for incident in night.watch.incidents() for why in _of(night, incident, whole)),
    ]


def _of(night: Night, incident: Incident, whole: bool) -> Iterator[str]:
    yield from _cuts(night, incident)
    yield from _answers(night, incident)
    yield from _called(night, incident)
    yield from _clocks(night, incident)
    yield from _closings(night, incident)
    chain = verify_chain(night.watch.evidence.custody(incident.id))
    if chain is not None:
        yield f"custody: {chain}"
    if whole:
        yield from _begun(night, incident)
        yield from _seals(night, incident)
        yield from _ended(night, incident)


def _incidents(night: Night, sent: Sent) -> Iterator[str]:
    """Each finding is in one incident, and those of one campaign are in the same."""
    filed = Counter(sk.partition("#")[2] for _, sk, _ in night.items() if sk.startswith("FINDING#"))
    known = frozenset[str]().union(*(campaign.findings() for campaign in sent.campaigns))
    for key in sorted(known):
        if filed[key] != 1:
            yield f"incidents: {filed[key]} hold the finding {key}"
    for key in sorted(filed.keys() - known):
        yield f"incidents: one holds {key}, which leads to nothing"
    held = [findings_in(night, incident) for incident in night.watch.incidents()]
    for campaign in sent.campaigns:
        holding = sum(bool(each & campaign.findings()) for each in held)
        if holding != 1:
            yield f"incidents: {holding} hold the campaign of {campaign.shop.user}"


def _mixed(night: Night, incident: Incident, sent: Sent) -> Iterator[str]:
    """Nothing that is written about an incident names what another campaign has to do with."""
    held = findings_in(night, incident)
    others = [one for one in sent.campaigns if not held & one.findings()]
    if not others:
        return
    words = {word for one in others for word in one.words()}
    for each in night.watch.incidents():
        if each.id != incident.id:
            words |= {each.id, *(one.order_id for one in night.watch.records.orders(each.id))}
    for where, text in _written(night, incident):
        for word in sorted(words):
            if word in text:
                yield f"campaigns: {where} of {incident.id} names {word}"


def _written(night: Night, incident: Incident) -> Iterator[tuple[str, str]]:
    """Everything that was written about an incident: where, and what."""
    for pk, sk, body in night.items():
        if pk.endswith(incident.id):
            yield sk, json.dumps(body)
    for page in night.cloud.published:
        if incident.id in page.subject + page.message:
            yield "a page", page.subject + page.message
    ssm = night.cloud.client("ssm", account=world.HOME)
    for item in ssm.describe_ops_items(OpsItemFilters=[])["OpsItemSummaries"]:
        whole = json.dumps(ssm.get_ops_item(OpsItemId=item["OpsItemId"])["OpsItem"], default=str)
        if incident.id in whole:
            yield "an OpsItem", whole
    s3, bucket = night.cloud.client("s3", account=world.HOME), _vault(night)
    listed = s3.list_objects_v2(Bucket=bucket, Prefix=f"{incident.id}/")
    for each in listed.get("Contents", []):
        body = s3.get_object(Bucket=bucket, Key=each["Key"])["Body"].read()
        yield each["Key"], body.decode("utf-8", "replace")


def _vault(night: Night) -> str:
    return night.stacks.responder.parameters["EvidenceBucket"]


def _letters(sent: Sent, found: Sequence[str]) -> Iterator[str]:
    """Each message that nobody can read, as often as it was sent, and no other."""
    expected = Counter(json.dumps(one, sort_keys=True) for one in sent.unreadable)
    dead = Counter(json.dumps(json.loads(body), sort_keys=True) for body in found)
    for text in expected | dead:
        if expected[text] != dead[text]:
            yield f"dead letters: {expected[text]} sent, {dead[text]} found: {text[:200]}"


def _called(night: Night, incident: Incident) -> Iterator[str]:
    """Each of those who were called while nobody answered was called once, in their order."""
    stored = Escalations(night.watch.ledger).stored(incident.id)
    calls = () if stored is None else stored.escalation.calls
    places = [(call.round, call.place) for call in calls]
    if places != sorted(set(places)):
        yield f"calls: {places}"


def _cuts(night: Night, incident: Incident) -> Iterator[str]:
    """One order for each cut that stands."""
    standing = Counter(
        one.order.about
        for one in night.watch.receipts.all(incident.id)
        if one.status in _STANDS and one.replaced_by is None
    )
    for about, times in standing.items():
        if times > 1:
            yield f"orders: {times} cut the same: {about}"


def _answers(night: Night, incident: Incident) -> Iterator[str]:
    """A question was asked once, its yes was taken once, and nothing was cut after a no."""
    cut = {
        one.order.order_id
        for one in night.watch.receipts.all(incident.id)
        if one.status in _STANDS or one.status is ReceiptStatus.RELEASED
    }
    for one in night.watch.approvals.all(incident.id):
        if one.status is not ApprovalStatus.APPROVED and one.order_id in cut:
            yield f"approvals: {one.order_id} was cut, and is {one.status}"
    asked = Counter(
        json.dumps(call.params["Parameters"]["ApprovalId"])
        for call in night.cloud.calls
        if call.operation == "StartAutomationExecution" and call.error is None
    )
    questions = Counter(
        one["AutomationExecutionId"]
        for one in night.cloud.client("ssm", account=world.HOME).describe_automation_executions()[
            "AutomationExecutionMetadataList"
        ]
    )
    if len(questions) > len(asked):
        yield f"approvals: {len(questions)} automations that ask {len(asked)} questions"
    for one in night.watch.approvals.all(incident.id):
        if one.group is not None and json.dumps([one.approval_id]) in asked:
            yield f"approvals: {one.order_id} was asked about with others, and by itself"
    taken = Counter(
        str(call.params["taskToken"])
        for call in night.cloud.calls
        if call.operation == "SendTaskSuccess" and call.error is None
    )
    for times in taken.values():
        if times > 1:
            yield f"approvals: one yes was taken {times} times"


def _clocks(night: Night, incident: Incident) -> Iterator[str]:
    """Each clock that runs is found by the hourly sweep."""
    clocks = night.watch.clocks.all(incident.id)
    due = night.watch.ledger.due("CLOCK", until=_NEVER)
    listed = {sk.partition("#")[2] for pk, sk in due if pk.endswith(incident.id)}
    for clock in clocks:
        if clock.state is ClockState.RUNNING and clock.clock_id not in listed:
            yield f"clocks: {clock.clock_id} runs, and nobody looks at it"


def _closings(night: Night, incident: Incident) -> Iterator[str]:
    """It was closed once at most, more often than that was undone, and with every finding known."""
    keys = [event.key.partition(":")[0] for event in night.watch.timeline.events(incident.id)]
    times = keys.count("closed") - keys.count("not-closed")
    if times != (incident.closed is not None):
        yield f"closings: {incident.id} is {incident.status}, and was closed {times} times"
    closed = incident.closed
    if closed is None:
        return
    if keys.count("resolved") != 1:
        yield f"closings: {keys.count('resolved')} places of {incident.id} are told to be resolved"
    for finding in night.watch.records.findings(incident.id):
        if is_news(finding, closed):
            yield f"closings: nobody knew of {finding.key} who closed {incident.id}"


def _begun(night: Night, incident: Incident) -> Iterator[str]:
    """Each generation was started and planned, and every clock has a tracker."""
    held = {sk for pk, sk, _ in night.items() if pk.endswith(incident.id)}
    for generation in range(1, incident.generation + 1):
        for what in ("STARTED", "PLAN"):
            if f"{what}#{generation}" not in held:
                yield f"generations: {what} of {generation} is missing"
    if not night.watch.clocks.all(incident.id):
        yield "clocks: there is none"


def _seals(night: Night, incident: Incident) -> Iterator[str]:
    """Each generation has its evidence, and a seal over it."""
    sealed = {one.name for one in night.watch.evidence.items(incident.id, Shelf.SEAL)}
    items = night.watch.evidence.items(incident.id)
    kept = {"/".join(one.name.split("/")[:2]) for one in items}
    always = [collector.ID for collector in COLLECTORS if not collector.KINDS]
    for generation in range(1, incident.generation + 1):
        for what in _SEALED:
            if f"{what}/{generation:04d}" not in sealed:
                yield f"evidence: {what} of generation {generation} is missing"
        for collector in always:
            if f"{collector}/{generation:04d}" not in kept:
                yield f"evidence: {collector} of generation {generation} is missing"


def _ended(night: Night, incident: Incident) -> Iterator[str]:
    """Each order has come to an end: it is contained, or a person has it."""
    receipts = {one.order.order_id: one.status for one in night.watch.receipts.all(incident.id)}
    for order in night.watch.records.orders(incident.id):
        status = receipts.get(order.order_id)
        if status not in (ReceiptStatus.CONTAINED, ReceiptStatus.LEFT):
            yield f"orders: {order.action_id} on {order.resource} ended as {status}"
