"""How a night ended, without ids and instants: two nights that did the same read the same.

It is read as a whole, or by thefts: each has its own part, and what belongs to none is the rest.
"""

import json
import re
from collections.abc import Callable, Sequence

from responder.domain.incident import Incident
from responder.domain.order import Receipt
from responder_cli import verify_custody
from responder_cli.drill import effects, world
from responder_cli.drill.evidence import custody_holds
from tests.proof.campaigns import Campaign, campaigns
from tests.proof.people import REDRIVEN
from tests.proof.standing import identities, things
from tests.workflow.nights import Night

# Headings of an end.
CLOSED, CUSTODY = "closed", "custody"
DEAD_LETTERS, EXECUTIONS = "dead letters", "executions"
FAILED_EXECUTIONS, INCIDENTS = "failed executions", "incidents"
COUNTED = "cuts counted against the breaker"
# Names of parts: of what belongs to no theft, and of all that there is.
REST, WHOLE = "the rest", "the whole"
_ID = re.compile(r"(?:inc|ord|apr)-[0-9a-f-]{10,}")
_AGAIN = re.compile(r"-[0-9]{8}T[0-9]{2}$")  # of a tracker, with the hour of the sweep
_RANDOM = re.compile(r"\b(?:AKIA|ASIA|AROA|AIDA)[A-Z0-9]{12,}\b|(?<=-)[A-Za-z0-9]{12}\b")


type Parts = dict[str, dict[str, list[str]]]


def ended(night: Night, failed: Sequence[str]) -> Parts:
    """What stands at the end: as a whole, or by thefts where there were several."""
    thefts = campaigns(night)
    return {WHOLE: end_of(night, failed)} if len(thefts) == 1 else parts_of(night, failed, thefts)


def end_of(night: Night, failed: Sequence[str]) -> dict[str, list[str]]:
    """What stands at the end, by heading. Sorted lines, so that a difference names itself.

    `failed` are the executions that failed before anybody started them again.
    """
    incidents = night.watch.incidents()
    told = effects.read(night.cloud, night.watch, night.shop)
    return {
        INCIDENTS: [str(len(incidents))],
        "effects": list(told),
        **_of_incidents(night, incidents),
        **_of_all(night, lambda _: True),
        FAILED_EXECUTIONS: list(failed),
    }


def parts_of(night: Night, failed: Sequence[str], thefts: Sequence[Campaign]) -> Parts:
    """The same by thefts, under the name of whose key was stolen.

    The part of a theft is of the incidents that hold a finding of it, and of its identities.
    """
    incidents = night.watch.incidents()
    parts: Parts = {}
    owned, lines = set[str](), _named_identities(night)
    for theft in thefts:
        own = [one for one in incidents if findings_in(night, one) & theft.findings()]
        owned |= {incident.id for incident in own}
        parts[theft.shop.user] = {
            INCIDENTS: [str(len(own))],
            "effects": list(effects.of(night.cloud, night.watch, theft.shop, own)),
            **_of_incidents(night, own),
            COUNTED: _counted(night, own),
            "identities": [line for line in lines if _is_about(theft, line)],
            FAILED_EXECUTIONS: [one for one in failed if any(each.id in one for each in own)],
        }
    others = [one for one in incidents if one.id not in owned]
    parts[REST] = {
        INCIDENTS: [str(len(others))],
        "pages": sorted(
            page.subject
            for page in night.cloud.published
            if not any(name in f"{page.subject} {page.message}" for name in owned)
        ),
        **_of_all(night, lambda line: not any(_is_about(one, line) for one in thefts)),
        FAILED_EXECUTIONS: [one for one in failed if not any(name in one for name in owned)],
    }
    return parts


def _counted(night: Night, incidents: Sequence[Incident]) -> list[str]:
    ordered = {one.order_id for each in incidents for one in night.watch.records.orders(each.id)}
    counted = [sk.partition("#")[2] for pk, sk, _ in night.items() if pk.startswith("CUTS#")]
    return [str(len(ordered.intersection(counted)))]


def findings_in(night: Night, incident: Incident) -> frozenset[str]:
    """The keys of the findings that an incident holds."""
    return frozenset(finding.key for finding in night.watch.records.findings(incident.id))


def _is_about(theft: Campaign, line: str) -> bool:
    return any(f'"{name}"' in line for name in (theft.shop.user, theft.shop.role))


def _of_incidents(night: Night, incidents: Sequence[Incident]) -> dict[str, list[str]]:
    bucket = night.stacks.responder.parameters["EvidenceBucket"]
    # A second delivery may leave an object that no list names: it is "not checked", and no break.
    checked = [custody_holds(night.cloud, bucket, incident.id)[1] for incident in incidents]
    receipts = [one for incident in incidents for one in night.watch.receipts.all(incident.id)]
    return {
        "orders": sorted(_receipt(one) for one in receipts),
        "refused": sorted(
            _plain(f"{one.resource}: {one.reason}")
            for incident in incidents
            for one in night.watch.records.refusals(incident.id)
        ),
        CUSTODY: [each for each in checked if verify_custody.BROKEN in each],
        CLOSED: sorted(_closing(night, incident) for incident in incidents if incident.closed),
    }


def _closing(night: Night, incident: Incident) -> str:
    """Who closed it and why, and how it stands where it is open for people."""
    over, at = incident.closed, incident.channel
    assert over is not None
    assert at is not None
    ssm = night.cloud.client("ssm", account=world.HOME)
    status = ssm.get_ops_item(OpsItemId=at.reference)["OpsItem"]["Status"]
    return f"by {over.by}: {over.why}; {len(over.findings)} findings; the OpsItem is {status}"


def _of_all(night: Night, wanted: Callable[[str], bool]) -> dict[str, list[str]]:
    return {
        "identities": [line for line in _named_identities(night) if wanted(line)],
        "things": sorted(_named(line, _labels(night)) for line in things(night)),
        EXECUTIONS: _executions(night),
        "deliveries given up": sorted(str(one) for one in night.cloud.failures),
        DEAD_LETTERS: night.dead_letters(),
    }


def _named_identities(night: Night) -> list[str]:
    labels = _labels(night)
    return sorted(_named(line, labels) for line in identities(night))


def _labels(night: Night) -> dict[str, str]:
    return {one.order.order_id: _label(one) for one in night.receipts()}


def _label(receipt: Receipt) -> str:
    return f"{receipt.order.action_id} on {receipt.order.resource.rpartition(':')[2]}"


def _receipt(receipt: Receipt) -> str:
    state = {} if receipt.before is None else dict(receipt.before.state)
    state.pop("user_id", None)  # of the pretend IAM: twenty letters by chance
    before = _plain(json.dumps(state, sort_keys=True, default=str))
    released = "" if receipt.released_by is None else f", released by {receipt.released_by}"
    return f"{_label(receipt)}: {receipt.status.value}{released}; before: {before}"


def _executions(night: Night) -> list[str]:
    """How many runs of each machine were started.

    Those of an operator are left out, and the trackers that the sweep started where one died.
    """
    states, found = night.cloud.client("stepfunctions", account=world.HOME), list[str]()
    for machine in states.list_state_machines()["stateMachines"]:
        started = states.list_executions(stateMachineArn=machine["stateMachineArn"])["executions"]
        ours = [
            one for one in started if REDRIVEN not in one["name"] and not _AGAIN.search(one["name"])
        ]
        found.append(_RANDOM.sub("…", f"{machine['name']}: {len(ours)}"))
    return found


def _named(line: str, labels: dict[str, str]) -> str:
    for order_id, label in labels.items():
        line = line.replace(order_id, label)
    return _RANDOM.sub("…", line)


def _plain(text: str) -> str:
    return _RANDOM.sub("…", _ID.sub("…", text))
