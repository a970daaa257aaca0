"""A snapshot of each database, and how the database was set up.

Of an instance of a cluster (Aurora) the whole cluster is copied: its instances share their storage.
Made once for a database and run of the response, since its name says which. Never deleted, and not
locked: RDS knows no lock.
AWS: RDS API Reference, "CreateDBSnapshot", "CreateDBClusterSnapshot", "DBInstance"; RDS User Guide,
"Tagging Amazon RDS resources".
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from botocore.exceptions import ClientError

from responder.aws.errors import asking_aws, code_of
from responder.collectors.collector import Collected, Later, Scene
from responder.collectors.contents import as_json, place
from responder.collectors.copies import Estimate, Price, our_tags
from responder.collectors.reads import Reads
from responder.collectors.rounds import Started, until_done
from responder.domain.errors import Broken, Unavailable
from responder.domain.finding import Resource

ID = "rds.snapshots"
TITLE = "Snapshots of the databases, and how they were set up"
KINDS: tuple[str, ...] = ("RDSDBInstance",)
PERMISSIONS = frozenset(
    {
        "rds:DescribeDBClusterParameters",
        "rds:DescribeDBClusterSnapshots",
        "rds:DescribeDBClusters",
        "rds:DescribeDBInstances",
        "rds:DescribeDBLogFiles",
        "rds:DescribeDBParameters",
        "rds:DescribeDBSnapshots",
    }
)
COPIES = frozenset({"rds:AddTagsToResource", "rds:CreateDBClusterSnapshot", "rds:CreateDBSnapshot"})
KEEPS: frozenset[str] = frozenset()
LIMITS = (
    "the data is in the snapshot, in the account of the database; here is the record of it, without"
    " a hash of what it holds",
    "RDS knows no lock: whoever may delete snapshots there may delete this one",
    "who read what: that is in the engine's own audit log, where one is switched on; the log files"
    " are listed here and not copied",
    "the size of an Aurora cluster is not known before, and so not what its snapshot costs",
    "an encrypted snapshot is lost with its key",
)

PRICE = Price(Decimal("0.095"), "Amazon RDS pricing, backup storage, us-east-1", date(2026, 11, 30))
ASK_AGAIN = timedelta(minutes=2)
AT_MOST = timedelta(hours=8)
_COVERS = "which snapshot was made of the database, and how the database was set up"
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,62}", re.ASCII)
_NOT_NOW = frozenset({"InvalidDBInstanceState", "InvalidDBClusterStateFault"})
_NOT_THERE = frozenset({"DBSnapshotNotFound", "DBClusterSnapshotNotFoundFault"})
_ABSENT = frozenset({"DBInstanceNotFound", "DBClusterNotFoundFault"})


@dataclass(frozen=True)
class _Kept:
    """What is copied: an instance with storage of its own, or a cluster."""

    is_cluster: bool
    name: str
    resource_id: str
    size_gib: int | None  # None where RDS does not know

    def asked(self, snapshot: str) -> dict[str, str]:
        """Which is copied, and under which name, in the words of the API."""
        if self.is_cluster:
            return {"DBClusterIdentifier": self.name, "DBClusterSnapshotIdentifier": snapshot}
        return {"DBInstanceIdentifier": self.name, "DBSnapshotIdentifier": snapshot}

    def by_hand(self, region: str | None, snapshot: str) -> str:
        """Nothing in it but names that RDS takes, and a region."""
        if self.is_cluster:
            return (
                f"aws rds create-db-cluster-snapshot --region {region} --db-cluster-identifier"
                f" {self.name} --db-cluster-snapshot-identifier {snapshot}"
            )
        return (
            f"aws rds create-db-snapshot --region {region} --db-instance-identifier {self.name}"
            f" --db-snapshot-identifier {snapshot}"
        )


def collect(scene: Scene) -> Iterator[Collected | Later]:
    """One item for each database, when its snapshot is available, or was not made."""
    things = {one.id: one for one in scene.things(*KINDS) if _name(one) is not None}
    if not things:
        told = [thing.model_dump(mode="json") for thing in scene.things(*KINDS)]
        content = as_json({"incident_id": scene.incident.id, "named": told})
        gap = "no finding names a database by a name that RDS takes"
        yield Collected(f"{ID}/{scene.generation:04d}/none", content, _COVERS, (gap,))
        return
    yield from until_done(
        scene,
        things,
        start=partial(_start, scene),
        look=partial(_look, scene),
        ask_again=ASK_AGAIN,
        at_most=AT_MOST,
    )


def _name(thing: Resource) -> str | None:
    told = (thing.name or thing.id).rpartition(":")[2]
    return told if _NAME.fullmatch(told) and thing.account and thing.region else None


def _rds(scene: Scene, thing: Resource) -> Any:
    return scene.clients.rds(str(thing.account), str(thing.region))


def _start(scene: Scene, thing: Resource, is_late: bool) -> Started | None:
    """The snapshot that was asked for, now or before; or why there is none."""
    try:
        with asking_aws(f"making a snapshot of database {_name(thing)}"):
            try:
                return _asked(scene, thing)
            except ClientError as error:
                if code_of(error) in _ABSENT:
                    return {"gap": "no snapshot was made: RDS has no such database here"}
                if code_of(error) not in _NOT_NOW or is_late:
                    raise
                return None
    except Broken as error:
        return {"gap": f"no snapshot was made: {error}"}


def _asked(scene: Scene, thing: Resource) -> Started:
    rds = _rds(scene, thing)
    kept = _kept(rds, str(_name(thing)))
    snapshot = f"breach-responder-{scene.incident.id}-{scene.generation:04d}-{kept.name}".lower()
    begun: Started = {
        "is_cluster": kept.is_cluster,
        "name": kept.name,
        "resource_id": kept.resource_id,
        "snapshot": snapshot,
    }
    if _standing(rds, kept.is_cluster, snapshot) is not None:
        return begun
    estimate = Estimate(kept.size_gib or 0, PRICE)
    begun["estimate"] = None if kept.size_gib is None else estimate.shown()
    limit, command = scene.options.snapshot_monthly_limit, kept.by_hand(thing.region, snapshot)
    gap = estimate.too_much(limit, command)
    if gap is None and limit == 0:  # also where nobody knows what it would cost
        gap = f"no copy was made: SnapshotMonthlyLimit is 0. To make it by hand: {command}"
    if gap is not None:
        return {**begun, "gap": gap}
    copies: Any = scene.copies.rds(str(thing.account), str(thing.region))
    make = copies.create_db_cluster_snapshot if kept.is_cluster else copies.create_db_snapshot
    answer = make(Tags=our_tags(scene.incident.id, scene.generation), **kept.asked(snapshot))
    return {**begun, "request_id": answer.get("ResponseMetadata", {}).get("RequestId")}


def _kept(rds: Any, name: str) -> _Kept:
    [instance] = rds.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"]
    called = instance.get("DBClusterIdentifier")
    if not called:
        size = instance.get("AllocatedStorage")
        return _Kept(False, instance["DBInstanceIdentifier"], instance["DbiResourceId"], size)
    [cluster] = rds.describe_db_clusters(DBClusterIdentifier=called)["DBClusters"]
    # Of Aurora, RDS says 1, whatever it holds: its storage grows by itself.
    size = None if cluster["Engine"].startswith("aurora") else cluster.get("AllocatedStorage")
    return _Kept(True, cluster["DBClusterIdentifier"], cluster["DbClusterResourceId"], size)


def _standing(rds: Any, is_cluster: bool, snapshot: str) -> Any:
    """The snapshot of this name; None where there is none."""
    try:
        if is_cluster:
            named = {"DBClusterSnapshotIdentifier": snapshot}
            found = rds.describe_db_cluster_snapshots(**named)["DBClusterSnapshots"]
        else:
            found = rds.describe_db_snapshots(DBSnapshotIdentifier=snapshot)["DBSnapshots"]
    except ClientError as error:
        if code_of(error) not in _NOT_THERE:
            raise
        return None
    return next(iter(found), None)


def _look(scene: Scene, thing: Resource, begun: Started, is_late: bool) -> Collected | None:
    """The item, or None while the snapshot is being made and it is not late."""
    rds, reads = _rds(scene, thing), Reads(scene.read_at, _ABSENT | _NOT_THERE)
    gaps = list[str]()
    if "gap" in begun:
        gaps.append(begun["gap"])
    else:
        found = _read_snapshot(rds, begun, reads)
        if isinstance(reads.failure, Unavailable):
            raise reads.failure
        if found is not None and found["Status"] == "creating" and not is_late:
            return None
        gaps += _snapshot_gaps(begun, found, reads)
    gaps += _read_set_up(rds, str(_name(thing)), reads)
    content = as_json(
        {
            "incident_id": scene.incident.id,
            "database": thing.model_dump(mode="json"),
            "made": {key: value for key, value in begun.items() if key != "gap"},
            "reads": reads.values,
        }
    )
    there = place("database", str(_name(thing)), thing.id)
    name = f"{ID}/{scene.generation:04d}/{there}"
    return Collected(name, content, _COVERS, (*gaps, *reads.gaps))


def _read_snapshot(rds: Any, begun: Started, reads: Reads) -> Any:
    name = begun["snapshot"]
    if begun["is_cluster"]:
        found = reads.ask(
            "snapshot",
            rds,
            "describe_db_cluster_snapshots",
            "DBClusterSnapshots",
            DBClusterSnapshotIdentifier=name,
        )
    else:
        found = reads.ask(
            "snapshot", rds, "describe_db_snapshots", "DBSnapshots", DBSnapshotIdentifier=name
        )
    return next(iter(found or ()), None)


def _snapshot_gaps(begun: Started, found: Any, reads: Reads) -> Iterator[str]:
    name = begun["snapshot"]
    if found is None:
        if "snapshot" not in reads.failures:
            yield f"snapshot {name} was asked for, and is not there"
        return
    of = found.get("DbClusterResourceId" if begun["is_cluster"] else "DbiResourceId")
    if of != begun["resource_id"]:
        yield f"snapshot {name} is of another database that had this name: {of}"
    if found["Status"] == "creating":
        yield f"snapshot {name} was still being made after {AT_MOST}"
    elif found["Status"] != "available":
        yield f"snapshot {name} is {found['Status']}: it holds nothing to rely on"
    if begun.get("estimate", "") is None:
        yield "what the snapshot costs is not known: RDS does not say how much the cluster holds"


def _read_set_up(rds: Any, name: str, reads: Reads) -> Iterator[str]:
    """The database, its cluster, its parameters and its log files; and what follows from them."""
    instances = reads.ask(
        "instance", rds, "describe_db_instances", "DBInstances", DBInstanceIdentifier=name
    )
    reads.pages(
        "list of log files",
        rds,
        "describe_db_log_files",
        "DescribeDBLogFiles",
        DBInstanceIdentifier=name,
    )
    for instance in instances or []:
        for group in instance.get("DBParameterGroups", []):
            called = group["DBParameterGroupName"]
            reads.pages(
                f"parameters of {called}",
                rds,
                "describe_db_parameters",
                "Parameters",
                DBParameterGroupName=called,
            )
        cluster = instance.get("DBClusterIdentifier")
        if cluster:
            _read_cluster(rds, cluster, reads)
        elif not instance.get("BackupRetentionPeriod"):
            yield "automated backups are off: there is no state of it before this snapshot"
        else:
            yield (
                f"automated backups reach {instance['BackupRetentionPeriod']} days back; they are"
                " deleted by their own rule, and not copied here"
            )
        logs = instance.get("EnabledCloudwatchLogsExports")
        yield (
            f"logs exported to CloudWatch: {', '.join(logs) if logs else 'none'}; the others turn"
            " over on the database itself"
        )


def _read_cluster(rds: Any, name: str, reads: Reads) -> None:
    clusters = reads.ask(
        "cluster", rds, "describe_db_clusters", "DBClusters", DBClusterIdentifier=name
    )
    for cluster in clusters or []:
        group = cluster.get("DBClusterParameterGroup")
        if group:
            reads.pages(
                f"parameters of cluster group {group}",
                rds,
                "describe_db_cluster_parameters",
                "Parameters",
                DBClusterParameterGroupName=group,
            )
