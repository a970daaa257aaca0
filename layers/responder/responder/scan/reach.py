"""Which things that may hold data a lineage got at, and how: noted of each call that was allowed.

Names of objects and of items are kept as digests alone: they are chosen by whoever calls, and may
be of people. Can be made in parts, in any order, and added up; what is too much is told as `cut`.
AWS: CloudTrail User Guide, "CloudTrail record contents"; the API references of the calls below.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from hashlib import blake2b
from typing import Any

from responder.domain.data_map import Kind
from responder.domain.escaping import one_line
from responder.domain.trail_event import TrailEvent

MOST_THINGS = 20_000
MOST_ITEMS = 2_000_000  # of all things together
MOST_NAMES = 1000  # that one thing is called by, its copies' among them
_MOST_PROOFS = 20  # of each thing
_MOST_FOLDERS = 8
_BYTES = 16


class How(IntEnum):
    """How much of a thing one kind of call tells to have been had. The larger tells more."""

    OPENED = 1  # what keeps it shut was fetched or used: a password, a key
    SOME = 2  # some of it, and nobody can tell which
    ITEM = 3  # just what the call names
    WHOLE = 4


_SOME_OF_TABLE = (
    *("BatchExecuteStatement", "BatchGetItem", "ExecuteStatement", "ExecuteTransaction", "Query"),
    *("RestoreTableFromBackup", "RestoreTableToPointInTime", "Scan", "TransactGetItems"),
)
CALLS: dict[str, dict[str, tuple[Kind, How]]] = {
    "s3": {
        **dict.fromkeys(
            (
                "CopyObject",
                "GetObject",
                "GetObjectTorrent",
                "SelectObjectContent",
                "UploadPartCopy",
            ),
            (Kind.BUCKET, How.ITEM),
        ),
        # It was opened to others, and what they took stands under their names, or nowhere.
        **dict.fromkeys(
            ("PutBucketAcl", "PutBucketPolicy", "PutBucketReplication"), (Kind.BUCKET, How.SOME)
        ),
    },
    "dynamodb": {
        "GetItem": (Kind.TABLE, How.ITEM),
        **dict.fromkeys(_SOME_OF_TABLE, (Kind.TABLE, How.SOME)),
        "ExportTableToPointInTime": (Kind.TABLE, How.WHOLE),
    },
    "rds": {
        "StartExportTask": (Kind.DATABASE, How.WHOLE),
        **dict.fromkeys(
            (
                *("CopyDBClusterSnapshot", "CopyDBSnapshot", "CreateDBClusterSnapshot"),
                *(
                    "CreateDBInstanceReadReplica",
                    "CreateDBSnapshot",
                    "ModifyDBClusterSnapshotAttribute",
                ),
                *("ModifyDBSnapshotAttribute", "RestoreDBClusterFromSnapshot"),
                *("RestoreDBClusterToPointInTime", "RestoreDBInstanceFromDBSnapshot"),
                "RestoreDBInstanceToPointInTime",
            ),
            (Kind.DATABASE, How.SOME),
        ),
    },
    "rds-data": dict.fromkeys(
        ("BatchExecuteStatement", "ExecuteStatement"), (Kind.DATABASE, How.SOME)
    ),
    "ec2": {
        **dict.fromkeys(("CreateStoreImageTask", "ExportImage"), (Kind.DISK, How.WHOLE)),
        **dict.fromkeys(
            (
                *("AttachVolume", "CopyImage", "CopySnapshot", "CreateImage", "CreateSnapshot"),
                *("CreateSnapshots", "CreateVolume", "ModifyImageAttribute"),
                "ModifySnapshotAttribute",
            ),
            (Kind.DISK, How.SOME),
        ),
    },
    "ebs": {"GetSnapshotBlock": (Kind.DISK, How.SOME)},
}
_OPENS = {
    "secretsmanager": ("BatchGetSecretValue", "GetSecretValue"),
    "ssm": ("GetParameter", "GetParameterHistory", "GetParameters"),
    "kms": ("Decrypt", "ReEncrypt"),
}
# Parameters that name a thing of a kind, in requests and in answers, small letters.
_NAMES = {
    Kind.TABLE: ("tablename", "tablearn", "sourcetablename", "sourcetablearn", "targettablename"),
    Kind.DATABASE: (
        *("dbinstanceidentifier", "dbclusteridentifier", "dbsnapshotidentifier"),
        *("dbclustersnapshotidentifier", "sourcedbsnapshotidentifier", "resourcearn", "sourcearn"),
        *("sourcedbclustersnapshotidentifier", "targetdbsnapshotidentifier"),
        *("sourcedbinstanceidentifier", "targetdbclustersnapshotidentifier"),
        *("snapshotidentifier", "sourcedbclusteridentifier"),
    ),
    Kind.DISK: (
        *("imageid", "instanceid", "snapshotid", "sourceimageid", "sourcesnapshotid", "volumeid"),
    ),
}
_SUFFIX = re.compile(r"-[A-Za-z0-9]{6}$")
_TYPE = re.compile(
    r"^(?:parameter/|table/|key/|alias/|snapshot/|volume/|instance/|image/"
    r"|(?:db|cluster|snapshot|cluster-snapshot):)"
)
_SECRETS = ("arn", "keyid", "name", "names", "secretid", "secretidlist")


@dataclass(frozen=True, order=True)
class Proof:
    """A record that tells of it."""

    at: datetime
    event_id: str
    service: str
    call: str


@dataclass
class Reached:
    """What was had of one thing."""

    how: set[How] = field(default_factory=set)
    proofs: dict[How, list[Proof]] = field(default_factory=dict)  # the first of each, in order
    items: set[bytes] = field(default_factory=set)  # digests of the names of what was read
    folders: set[bytes] = field(default_factory=set)  # digests of the folders these lie in

    def add(self, how: How, proofs: Iterable[Proof]) -> None:
        """That it was had in this way, as these records tell."""
        self.how.add(how)
        known = sorted({*self.proofs.get(how, ()), *proofs})
        self.proofs[how] = known[:_MOST_PROOFS]

    def join(self, other: "Reached") -> None:
        """Add what another part noted."""
        for how in other.how:
            self.add(how, other.proofs.get(how, ()))
        self.items |= other.items
        self.folders |= other.folders


@dataclass
class Reach:
    """All things, by kind and by name; secrets and keys have no kind. `same` are other names."""

    things: dict[tuple[Kind | None, str], Reached] = field(default_factory=dict)
    same: dict[tuple[Kind, str], set[str]] = field(default_factory=dict)
    cut: bool = False  # there was more than is kept: then nothing that is not here is untouched

    def take(self, event: TrailEvent, record: dict[str, Any]) -> None:
        """One call of the lineage. One that failed got at nothing."""
        if event.error is not None:
            return
        service = event.source.partition(".")[0]
        proof = Proof(event.at, event.event_id, service, event.call)
        if event.call in _OPENS.get(service, ()):
            for name in {*_named(event, _SECRETS), *_arns(record)}:
                self._note((None, name), How.OPENED, proof)
        known = CALLS.get(service, {}).get(event.call)
        if known is None:
            return
        kind, how = known
        if kind is Kind.BUCKET:
            self._object(event, how, proof)
            return
        names = sorted({*_named(event, _NAMES[kind]), *_arns(record)})
        if kind is Kind.TABLE and event.call == "BatchGetItem":
            names += _keys_of(event.at_path("request.requestItems"))
        for name in names:
            reached = self._note((kind, name), how, proof)
            if reached is None:
                continue
            if how is How.ITEM:
                self._item(reached, item_name(event.at_path("request.key")))
            self._call_same((kind, name), names)

    def join(self, other: "Reach") -> None:
        """Add what another part noted."""
        for thing, reached in other.things.items():
            mine = self.things.get(thing)
            if mine is None:
                if len(self.things) >= MOST_THINGS:
                    self.cut = True
                    continue
                mine = self.things[thing] = Reached()
            mine.join(reached)
        for thing, names in other.same.items():
            self._call_same(thing, sorted(names))
        self.cut |= other.cut
        if sum(len(one.items) for one in self.things.values()) > MOST_ITEMS:
            self.cut = True

    def of(self, kind: Kind | None, names: Iterable[str]) -> Reached:
        """What was had of a thing under any of its names, a copy's and a snapshot's among them."""
        left, seen, whole = [short(one) for one in names], set[str](), Reached()
        while left:
            name = left.pop()
            if name in seen:
                continue
            seen.add(name)
            if (found := self.things.get((kind, name))) is not None:
                whole.join(found)
            if kind is not None:
                left += self.same.get((kind, name), ())
        return whole

    def _object(self, event: TrailEvent, how: How, proof: Proof) -> None:
        bucket, key = event.at_path("request.bucketName"), event.at_path("request.key")
        copied = event.at_path("request.x-amz-copy-source")
        if isinstance(copied, str):
            bucket, _, key = copied.removeprefix("/").partition("?")[0].partition("/")
        if not isinstance(bucket, str) or not bucket:
            return
        reached = self._note((Kind.BUCKET, one_line(bucket, 300)), how, proof)
        if reached is None or how is not How.ITEM:
            return
        if not isinstance(key, str):
            reached.add(How.SOME, [proof])
            return
        self._item(reached, key)
        parts = key.split("/")[:-1][:_MOST_FOLDERS]
        reached.folders.update(digest("/".join(parts[: at + 1]) + "/") for at in range(len(parts)))

    def _item(self, reached: Reached, name: str | None) -> None:
        if name is None or len(reached.items) >= MOST_ITEMS:
            self.cut |= name is not None
            reached.how.add(How.SOME)
        else:
            reached.items.add(digest(name))

    def _call_same(self, thing: tuple[Kind, str], names: Iterable[str]) -> None:
        others = self.same.setdefault(thing, set())
        for name in names:
            if len(others) >= MOST_NAMES:
                self.cut |= name not in others
            else:
                others.add(name)

    def _note(self, thing: tuple[Kind | None, str], how: How, proof: Proof) -> Reached | None:
        reached = self.things.get(thing)
        if reached is None:
            if len(self.things) >= MOST_THINGS:
                self.cut = True
                return None
            reached = self.things[thing] = Reached()
        reached.add(how, [proof])
        return reached


def digest(name: str) -> bytes:
    """What is kept of a name."""
    return blake2b(name.encode("utf-8", "surrogatepass"), digest_size=_BYTES).digest()


def item_name(key: object) -> str | None:
    """An item's key as lists of the data map name it: its values, in order of their attributes.

    CloudTrail writes each as its bare value; one with its type is taken as well.
    """
    if not isinstance(key, dict) or not key:
        return None
    values = list[str]()
    for name in sorted(key):
        value = key[name]
        if isinstance(value, dict) and len(value) == 1:
            value = next(iter(value.values()))
        if not isinstance(value, str | int | float):
            return None
        values.append(str(value))
    return "/".join(values)


def _named(event: TrailEvent, names: tuple[str, ...]) -> Iterator[str]:
    """Texts that stand under one of these names, in what was asked for and in what was answered."""
    left: list[Any] = [event.request, event.response]
    while left:
        one = left.pop()
        if isinstance(one, list):
            left += one
        elif isinstance(one, dict):
            for name, value in one.items():
                if name.casefold() in names:
                    texts = value if isinstance(value, list) else [value]
                    yield from (_name(text) for text in texts if isinstance(text, str))
                if isinstance(value, dict | list):
                    left.append(value)


def _arns(record: dict[str, Any]) -> Iterator[str]:
    """What AWS itself says that the call was about."""
    resources = record.get("resources")
    for one in resources if isinstance(resources, list) else ():
        told = one.get("ARN") if isinstance(one, dict) else None
        if isinstance(told, str):
            yield _name(told)


def _keys_of(value: object) -> list[str]:
    return [_name(name) for name in value] if isinstance(value, dict) else []


def _name(told: str) -> str:
    return short(one_line(told, 512))


def short(name: str) -> str:
    """A thing's name as it is compared: without what an ARN has before it.

    A secret's ARN has six letters more than its name, and a parameter's has no slash before it.
    """
    if not name.startswith("arn:"):
        return name.removeprefix("/")
    last = name.split(":", 5)[-1]
    if last.startswith("secret:"):
        return _SUFFIX.sub("", last.removeprefix("secret:"))
    return _TYPE.sub("", last)
