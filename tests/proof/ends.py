"""How a night ended, without ids and instants: two nights that did the same read the same."""

import json
import re
from collections.abc import Collection, Sequence
from typing import Any

from responder.domain.order import Receipt
from responder_cli import verify_custody
from responder_cli.drill import effects, world
from responder_cli.drill.evidence import custody_holds
from tests.proof.scenarios import REDRIVEN
from tests.workflow.nights import Night

# Headings of an end.
CUSTODY, DEAD_LETTERS, EXECUTIONS = "custody", "dead letters", "executions"
FAILED_EXECUTIONS, INCIDENTS = "failed executions", "incidents"
# What holds also where a right is missing and a person has to do the rest.
ALWAYS = frozenset({CUSTODY, DEAD_LETTERS, FAILED_EXECUTIONS, INCIDENTS})
# When an identity was last used is no effect of ours.
_NO_EFFECT = ("PasswordLastUsed", "ResponseMetadata", "RoleLastUsed", "UserId")
# A deny of sessions holds the instant of the cut.
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|\+00:00)")
_ID = re.compile(r"(?:inc|ord|apr)-[0-9a-f-]{10,}")
_AGAIN = re.compile(r"-[0-9]{8}T[0-9]{2}$")  # of a tracker, with the hour of the sweep
_RANDOM = re.compile(r"\b(?:AKIA|ASIA|AROA|AIDA)[A-Z0-9]{12,}\b|(?<=-)[A-Za-z0-9]{12}\b")


def end_of(night: Night, failed: Sequence[str]) -> dict[str, list[str]]:
    """What stands at the end, by heading. Sorted lines, so that a difference names itself.

    `failed` are the executions that failed before anybody started them again.
    """
    incidents = night.watch.incidents()
    labels = {one.order.order_id: _label(one) for one in night.receipts()}
    bucket = night.stacks.responder.parameters["EvidenceBucket"]
    # A second delivery may leave an object that no list names: it is "not checked", and no break.
    checked = [custody_holds(night.cloud, bucket, incident.id)[1] for incident in incidents]
    return {
        INCIDENTS: [str(len(incidents))],
        "effects": list(effects.read(night.cloud, night.watch, night.shop)),
        "orders": sorted(_receipt(one) for one in night.receipts()),
        "refused": sorted(
            _plain(f"{one.resource}: {one.reason}")
            for incident in incidents
            for one in night.watch.records.refusals(incident.id)
        ),
        "identities": sorted(_named(line, labels) for line in _identities(night)),
        EXECUTIONS: _executions(night),
        CUSTODY: [each for each in checked if verify_custody.BROKEN in each],
        "deliveries given up": sorted(str(one) for one in night.cloud.failures),
        FAILED_EXECUTIONS: list(failed),
        DEAD_LETTERS: night.dead_letters(),
    }


def _label(receipt: Receipt) -> str:
    return f"{receipt.order.action_id} on {receipt.order.resource.rpartition(':')[2]}"


def _receipt(receipt: Receipt) -> str:
    state = {} if receipt.before is None else dict(receipt.before.state)
    state.pop("user_id", None)  # of the pretend IAM: twenty letters by chance
    before = _plain(json.dumps(state, sort_keys=True, default=str))
    released = "" if receipt.released_by is None else f", released by {receipt.released_by}"
    return f"{_label(receipt)}: {receipt.status.value}{released}; before: {before}"


def _identities(night: Night) -> list[str]:
    """Every user and role of the shop: what is attached to it, written on it, and its keys."""
    iam, found = night.cloud.client("iam", account=world.SHOP), list[str]()
    for user in iam.list_users()["Users"]:
        name = {"UserName": user["UserName"]}
        attached = iam.list_attached_user_policies(**name)["AttachedPolicies"]
        keys = iam.list_access_keys(**name)["AccessKeyMetadata"]
        found += [
            _line("user", iam.get_user(**name)["User"]),
            *(_line(f"{name} has attached", one) for one in attached),
            *(_line(f"{name} has", one) for one in keys),
            *(
                _line(f"{name} has inline", iam.get_user_policy(**name, PolicyName=policy))
                for policy in iam.list_user_policies(**name)["PolicyNames"]
            ),
        ]
    for role in iam.list_roles()["Roles"]:
        name = {"RoleName": role["RoleName"]}
        attached = iam.list_attached_role_policies(**name)["AttachedPolicies"]
        found += [
            _line("role", iam.get_role(**name)["Role"]),
            *(_line(f"{name} has attached", one) for one in attached),
            *(
                _line(f"{name} has inline", iam.get_role_policy(**name, PolicyName=policy))
                for policy in iam.list_role_policies(**name)["PolicyNames"]
            ),
        ]
    return found


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


def _line(what: str, held: dict[str, Any]) -> str:
    kept = {name: each for name, each in held.items() if name not in _NO_EFFECT}
    return f"{what}: {_INSTANT.sub('…', json.dumps(kept, sort_keys=True, default=str))}"


def _more_often(line: str, most: int) -> list[str]:
    """A line about pages, as it reads when one more was sent, or two, and so on."""
    if not line.startswith("page: "):
        return []
    text, _, times = line.rpartition(" x")
    return [f"{text} x{int(times) + more}" for more in range(1, most + 1)]


def _named(line: str, labels: dict[str, str]) -> str:
    for order_id, label in labels.items():
        line = line.replace(order_id, label)
    return _RANDOM.sub("…", line)


def _plain(text: str) -> str:
    return _RANDOM.sub("…", _ID.sub("…", text))


def differences(
    expected: dict[str, list[str]],
    found: dict[str, list[str]],
    *,
    without: Collection[str] = (),
    pages_again: int = 0,
) -> list[str]:
    """What one end has and the other has not, but for the headings `without` which they compare.

    So many pages more of the same kind are none: pages are sent at least once.
    """
    told = []
    for heading in [one for one in expected if one not in without]:
        missing = [line for line in expected[heading] if line not in found[heading]]
        more = [line for line in found[heading] if line not in expected[heading]]
        for line in list(missing):
            for again in [each for each in _more_often(line, pages_again) if each in more]:
                missing.remove(line)
                more.remove(again)
        told += [f"{heading}: missing: {line}" for line in missing]
        told += [f"{heading}: more: {line}" for line in more]
        lines = len(expected[heading]), len(found[heading])
        if not (missing or more) and lines[0] != lines[1]:
            told.append(f"{heading}: {lines[0]} lines before, {lines[1]} now")
    return told
