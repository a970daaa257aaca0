"""What Config recorded of each principal and thing: as it was before, and each change since.

AWS: Config API Reference, "GetResourceConfigHistory": by the id that Config files a resource
under, which "ListDiscoveredResources" finds by its name. Config records what it was told to, in
the regions where a recorder runs; IAM is recorded where the recorder includes global resources.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from responder.aws.trail import global_region
from responder.collectors.collector import Collected, Later, Scene, can_be_read
from responder.collectors.of_findings import in_place
from responder.collectors.reads import Reads
from responder.collectors.things import Looking, Named, Part
from responder.domain.identifiers import partition_of
from responder.domain.principal import PrincipalKind

ID = "config.timeline"
TITLE = "How the principals and things changed"
KINDS: tuple[str, ...] = ()
PERMISSIONS = frozenset(
    {
        "config:DescribeConfigurationRecorderStatus",
        "config:DescribeConfigurationRecorders",
        "config:GetResourceConfigHistory",
        "config:ListDiscoveredResources",
    }
)
COPIES: frozenset[str] = frozenset()
KEEPS: frozenset[str] = frozenset()
LIMITS = (
    "what no recorder was told to record, and the time before there was one",
    "states between two recordings: a recorder may be set to once a day",
    "who made a change: trails have the calls",
    "resources that stand beside those that the findings name",
)

MOST = 50  # resources of one account and region
_COVERS = "the state of each resource before the incident, and every one recorded since"
_ABSENT = frozenset(
    {
        "NoAvailableConfigurationRecorderException",
        "NoSuchConfigurationRecorderException",
        "ResourceNotDiscoveredException",
    }
)
_TYPES = {  # by the kind that findings give; the id is the name but where Config makes its own
    "EBSVolume": "AWS::EC2::Volume",
    "EC2Volume": "AWS::EC2::Volume",
    "EKSCluster": "AWS::EKS::Cluster",
    "EksCluster": "AWS::EKS::Cluster",
    "EC2Instance": "AWS::EC2::Instance",
    "Ec2Instance": "AWS::EC2::Instance",
    "IamRole": "AWS::IAM::Role",
    "IamUser": "AWS::IAM::User",
    "Instance": "AWS::EC2::Instance",
    "KMSKey": "AWS::KMS::Key",
    "KmsKey": "AWS::KMS::Key",
    "Lambda": "AWS::Lambda::Function",
    "LambdaFunction": "AWS::Lambda::Function",
    "RDSDBInstance": "AWS::RDS::DBInstance",
    "RdsDbInstance": "AWS::RDS::DBInstance",
    "Role": "AWS::IAM::Role",
    "S3Bucket": "AWS::S3::Bucket",
}
_BY_NAME = frozenset({"AWS::IAM::Role", "AWS::IAM::User", "AWS::RDS::DBInstance"})


@dataclass(frozen=True)
class _Asked:
    """A resource that Config may have recorded. `id` is empty where only its name is known."""

    type: str
    id: str
    name: str


def collect(scene: Scene) -> Iterator[Collected | Later]:
    """One item for each account and region in which there is something to ask for."""
    incident = scene.incident
    places = sorted(_by_place(scene)) or [(incident.account, incident.region)]
    yield from _LOOKING.collect(scene, [in_place(*one) for one in places])


def _by_place(scene: Scene) -> dict[tuple[str, str], dict[_Asked, None]]:
    """What is asked where: a thing in its region, an identity in each where it may be recorded."""
    found: dict[tuple[str, str], dict[_Asked, None]] = {}
    regions = {scene.incident.region, *(finding.region for finding in scene.findings)}
    for one in scene.principals:
        if not can_be_read(one) or one.name is None or one.account is None:
            continue
        kind = "User" if one.kind is PrincipalKind.IAM_USER else "Role"
        unique = (one.principal_id or "").partition(":")[0]
        asked = _Asked(f"AWS::IAM::{kind}", unique, one.name)
        for region in regions | {global_region(partition_of(one.arn))}:
            found.setdefault((one.account, region), {})[asked] = None
    for thing in scene.things(*_TYPES):
        type_ = _TYPES[thing.kind]
        name = (thing.name or thing.id).rpartition("/")[2].rpartition(":")[2]
        if thing.account and thing.region and name:
            asked = _Asked(type_, "" if type_ in _BY_NAME else name, name)
            found.setdefault((thing.account, thing.region), {})[asked] = None
    return found


def _look(scene: Scene, named: Named, reads: Reads) -> Iterator[Part]:
    config = scene.clients.config(named.account, named.region)
    of_recorders = "ConfigurationRecorders"
    recorders = reads.ask("recorders", config, "describe_configuration_recorders", of_recorders)
    running = reads.ask(
        "status of recorders",
        config,
        "describe_configuration_recorder_status",
        "ConfigurationRecordersStatus",
    )
    if recorders == []:
        reads.more.append(f"no recorder of Config is in {named.region}: nothing was recorded there")
        return
    for one in running or []:
        if not one.get("recording"):
            reads.more.append(f"the recorder {one.get('name')} in {named.region} does not record")
    asked = list(_by_place(scene).get((named.account, named.region), {}))
    if len(asked) > MOST:
        reads.more.append(f"{len(asked) - MOST} more resources were not asked for")
    for each in asked[:MOST]:
        _timeline(scene, config, reads, each)
    yield from ()


def _timeline(scene: Scene, config: Any, reads: Reads, asked: _Asked) -> None:
    since = scene.since
    ids = [asked.id] if asked.id else _ids(config, reads, asked)
    for one in ids:
        which = {"resourceType": asked.type, "resourceId": one}
        what, method, key = (
            f"{asked.type} {one}",
            "get_resource_config_history",
            "configurationItems",
        )
        reads.ask(f"before: {what}", config, method, key, laterTime=since, limit=1, **which)
        within = {"earlierTime": since, "laterTime": scene.now}
        reads.pages(f"since: {what}", config, method, key, **within, **which)


def _ids(config: Any, reads: Reads, asked: _Asked) -> list[str]:
    """The ids of resources of that name: one that was deleted and made anew has two."""
    name = f"ids of {asked.type} {asked.name}"
    found = reads.pages(
        name,
        config,
        "list_discovered_resources",
        "resourceIdentifiers",
        resourceType=asked.type,
        resourceName=asked.name,
        includeDeletedResources=True,
    )
    if not found and name not in reads.failures:
        reads.more.append(f"Config has not recorded {asked.type} {asked.name}")
    return [one["resourceId"] for one in found or []]


_LOOKING = Looking(collector_id=ID, absent=_ABSENT, covers=_COVERS, look=_look)
