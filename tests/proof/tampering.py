"""Takes away what has to hold at the end of a night, piece by piece: is it missed?"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from responder_cli.drill import world
from tests.proof.invariants import Sent, broken
from tests.workflow.nights import Night

# The sort key of one item of the incident, and how its absence is told.
MISSING = (
    ("STARTED#1", "STARTED of 1 is missing"),
    ("PLAN#1", "PLAN of 1 is missing"),
    ("SEAL#manifest/0001", "manifest of generation 1 is missing"),
    ("EVIDENCE#guardduty.finding/0001", "guardduty.finding of generation 1 is missing"),
    ("CUSTODY#000002", "link 2 is numbered 3"),
    ("RECEIPT#", "ended as None"),
    ("FINDING#", "0 hold the finding"),
)
# The beginning of a sort key, what becomes of an item there, and how that is told.
CHANGED = (
    ("FINDING#", {"pk": {"S": "INCIDENT#another"}}, "2 hold the finding"),
    ("RECEIPT#", {"sk": {"S": "RECEIPT#another"}}, "2 cut the same"),
)
# What no incident may have of another campaign's.
MIXED = ("APPROVAL#", "CLOCK#", "EVIDENCE#", "ORDER#", "RECEIPT#", "TIMELINE#")


def tampered(night: Night, sent: Sent) -> list[str]:
    """What was not noticed; nothing, if all was.

    After two campaigns it is tried whether they can be told apart, and after one everything else.
    """
    if len(sent.campaigns) > 1:
        return list(_unseen_mixture(night, sent))
    return [
        *(
            f"{start} is gone"
            for start, told in MISSING
            if not _told(night, sent, told, delete=start)
        ),
        *(
            f"{start} is there twice"
            for start, more, told in CHANGED
            if not _told(night, sent, told, copy=(start, more))
        ),
        *_unseen_clock(night, sent),
        *_unseen_denial(night, sent),
        *_unseen_letters(night, sent),
    ]


def _told(
    night: Night,
    sent: Sent,
    told: str,
    *,
    delete: str | None = None,
    copy: tuple[str, Mapping[str, Any]] | None = None,
) -> bool:
    start = delete if copy is None else copy[0]
    item = _item(night, start or "")
    new = None if copy is None else {**item, **copy[1]}
    with _instead(night, item if copy is None else None, new):
        return _says(night, sent, told)


def _unseen_clock(night: Night, sent: Sent) -> list[str]:
    clock = _item(night, "CLOCK#us-ca-individuals")
    without = {name: value for name, value in clock.items() if not name.startswith("due_")}
    with _instead(night, clock, without):
        return [] if _says(night, sent, "nobody looks at it") else ["a clock is not in the index"]


def _unseen_denial(night: Night, sent: Sent) -> list[str]:
    approval = _item(night, "APPROVAL#ord-")
    receipt = _item(night, f"RECEIPT#{approval['sk']['S'].partition('#')[2]}")
    with (
        _instead(night, approval, _saying(approval, "denied")),
        _instead(night, receipt, _saying(receipt, "contained")),
    ):
        return [] if _says(night, sent, "was cut, and is denied") else ["a cut after a no"]


def _saying(item: Mapping[str, Any], status: str) -> dict[str, Any]:
    body = json.loads(item["body"]["S"]) | {"status": status}
    return {**item, "body": {"S": json.dumps(body)}}


def _unseen_letters(night: Night, sent: Sent) -> list[str]:
    more = replace(sent, unreadable=[*sent.unreadable, {"lost": True}])
    return [] if _says(night, more, "1 sent, 0 found") else ["a letter is lost"]


def _unseen_mixture(night: Night, sent: Sent) -> Iterator[str]:
    """What one incident holds is copied into the other. Without a right, some is missing."""
    one, other = [incident.id for incident in night.watch.incidents()]
    for start in MIXED:
        for item in _items(night, start, one)[:1]:
            new = {**item, "pk": {"S": f"INCIDENT#{other}"}, "sk": {"S": f"{start}of-another"}}
            with _instead(night, None, new):
                if not _says(night, sent, f"{start}of-another of {other} names "):
                    yield f"{start} of the other campaign"


def _says(night: Night, sent: Sent, told: str) -> bool:
    letters = [json.dumps(one) for one in sent.unreadable if "lost" not in one]
    found = broken(night, sent, letters, whole=True)
    return any(told in line for line in found)


def _item(night: Night, start: str) -> dict[str, Any]:
    """The first item of an incident whose sort key begins so."""
    return _items(night, start)[0]


def _items(night: Night, start: str, incident_id: str = "") -> list[dict[str, Any]]:
    """Those of every incident, or of this one, by their sort keys."""
    client = night.cloud.client("dynamodb", account=world.HOME)
    found: list[dict[str, Any]] = [
        one
        for page in client.get_paginator("scan").paginate(
            TableName=_table(night), ConsistentRead=True
        )
        for one in page["Items"]
        if one["pk"]["S"].startswith(f"INCIDENT#{incident_id}") and one["sk"]["S"].startswith(start)
    ]
    return sorted(found, key=lambda one: str(one["sk"]["S"]))


@contextmanager
def _instead(
    night: Night, old: Mapping[str, Any] | None, new: Mapping[str, Any] | None
) -> Iterator[None]:
    """With the new item in the place of the old one, until the end of the block."""
    client, table = night.cloud.client("dynamodb", account=world.HOME), _table(night)
    if old is not None:
        client.delete_item(TableName=table, Key={"pk": old["pk"], "sk": old["sk"]})
    if new is not None:
        client.put_item(TableName=table, Item=new)
    try:
        yield
    finally:
        if new is not None:
            client.delete_item(TableName=table, Key={"pk": new["pk"], "sk": new["sk"]})
        if old is not None:
            client.put_item(TableName=table, Item=old)


def _table(night: Night) -> str:
    return night.stacks.responder.outputs["TableName"]
