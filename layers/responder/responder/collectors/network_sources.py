"""Which logs of the network are kept, where, and of what: flows, DNS queries, and web requests.

AWS: VPC User Guide, "Flow log files"; Route 53 Developer Guide, "Resolver query logging"; WAF
Developer Guide, "Logging AWS WAF protection pack (web ACL) traffic".
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from pydantic import ConfigDict

from responder.aws.clients import Clients
from responder.collectors.collector import Scene
from responder.collectors.insights import retention
from responder.collectors.reads import Reads
from responder.domain.model import Model

PERMISSIONS = frozenset(
    {
        "ec2:DescribeFlowLogs",
        "ec2:DescribeInstances",
        "route53resolver:ListResolverQueryLogConfigAssociations",
        "route53resolver:ListResolverQueryLogConfigs",
        "wafv2:GetLoggingConfiguration",
        "wafv2:ListWebACLs",
    }
)
CLOUDFRONT_REGION = "us-east-1"
_INSTANCE = re.compile(r"i-[0-9a-f]{8,17}", re.ASCII)
_MAX_PAGES = 20  # of web ACLs, which come a hundred at a time
type Kind = Literal["flow", "dns", "waf"]
SAID: dict[Kind, str] = {
    "flow": "flow logs",
    "dns": "Resolver query logs",
    "waf": "logs of web ACLs",
}


class Source(Model):
    """One place that logs are delivered to: a log group, or folders of a bucket for each day."""

    model_config = ConfigDict(frozen=True)

    kind: Kind
    about: str  # the id or name of what delivers
    region: str
    group: str = ""
    bucket: str = ""
    above: str = ""  # the folder that those of the days are in
    is_hive: bool = False  # they are called year=2026/month=11/day=23
    only: str = ""  # what the key of a file of this source has in it

    def folder(self, day: datetime) -> str:
        """Where the files of a day lie."""
        named = f"{day:year=%Y/month=%m/day=%d}" if self.is_hive else f"{day:%Y/%m/%d}"
        return f"{self.above}{named}/"


@dataclass
class Network:
    """What findings name of the network in one region, and which logs there are of it."""

    scene: Scene
    region: str
    reads: Reads
    instances: set[str] = field(default_factory=set)
    interfaces: set[str] = field(default_factory=set)
    private_addresses: set[str] = field(default_factory=set)
    subnets: set[str] = field(default_factory=set)
    vpcs: set[str] = field(default_factory=set)
    sources: list[Source] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)

    @property
    def account(self) -> str:
        """Whose network it is."""
        return self.scene.incident.account

    @property
    def clients(self) -> Clients:
        """Of the member account."""
        return self.scene.clients

    def deliver(self, source: Source, destination: str, folders: str) -> None:
        """Add a source that delivers to this ARN; in a bucket, below these folders."""
        service, _, rest = destination.partition(":")[2].partition(":")[2].partition(":")
        if service == "logs" and ":log-group:" in destination:
            group = destination.partition(":log-group:")[2].removesuffix(":*")
            source = source.model_copy(update={"group": group})
        elif service == "s3":
            bucket, _, prefix = rest.rpartition(":")[2].partition("/")
            prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
            update = {"bucket": bucket, "above": f"{prefix}AWSLogs/{folders}"}
            source = source.model_copy(update=update)
        else:
            self.gaps.append(
                f"{SAID[source.kind]} of {source.about} go to {service}, which is not read"
            )
            return
        if source not in self.sources:
            self.sources.append(source)


def look(scene: Scene, region: str, reads: Reads, since: datetime) -> Network:
    """Everything about one region. What cannot be read is a gap of `reads`."""
    network = Network(scene, region, reads)
    _instances(network)
    _flow_logs(network, since)
    _query_logs(network, since)
    _web_acls(network, "REGIONAL")
    _retentions(network, since)
    return network


def look_at_cloudfront(scene: Scene, reads: Reads, since: datetime) -> Network:
    """Web requests to distributions, which are of no region: WAF is asked in one of its own."""
    network = Network(scene, CLOUDFRONT_REGION, reads)
    _web_acls(network, "CLOUDFRONT")
    _retentions(network, since)
    return network


def _retentions(network: Network, since: datetime) -> None:
    logs = network.clients.logs(network.account, network.region)
    for group in dict.fromkeys(one.group for one in network.sources if one.group):
        network.gaps += retention(network.reads, logs, group, since)


def _instances(network: Network) -> None:
    named = {
        one.name
        for one in network.scene.things("Instance")
        if one.name and one.region == network.region and one.account == network.account
    }
    network.instances = {name for name in named if _INSTANCE.fullmatch(name)}
    ec2 = network.clients.ec2(network.account, network.region)
    for name in sorted(network.instances):
        asked = f"instance {name}"
        found = network.reads.pages(
            asked, ec2, "describe_instances", "Reservations", InstanceIds=[name]
        )
        told = [one for reserved in found or [] for one in reserved["Instances"]]
        if not told and asked not in network.reads.failures:
            network.gaps.append(f"{name} is not there: its interfaces are not known")
        for one in told:
            for interface in one.get("NetworkInterfaces", []):
                network.interfaces.add(interface["NetworkInterfaceId"])
                network.subnets.add(interface["SubnetId"])
                network.vpcs.add(interface["VpcId"])
                network.private_addresses |= {
                    each["PrivateIpAddress"] for each in interface.get("PrivateIpAddresses", [])
                }


def _flow_logs(network: Network, since: datetime) -> None:
    ec2 = network.clients.ec2(network.account, network.region)
    name = f"flow logs of {network.region}"
    found = network.reads.pages(name, ec2, "describe_flow_logs", "FlowLogs")
    if found is None:
        return
    ours = network.vpcs | network.subnets | network.interfaces
    for one in found:
        source = Source(
            kind="flow", about=one["FlowLogId"], region=network.region, only=one["FlowLogId"]
        )
        is_ours = one["ResourceId"] in ours
        network.gaps += _of_flow_log(one, since)
        if one.get("LogDestinationType") == "s3" and ours and not is_ours:
            network.gaps.append(f"files of {source.about} were not copied: nothing named is in it")
            continue
        options = one.get("DestinationOptions", {})
        parts = (network.account, "vpcflowlogs", network.region)
        keys = ("aws-account-id", "aws-service", "aws-region")
        is_hive = bool(options.get("HiveCompatiblePartitions"))
        told = [f"{k}={v}" for k, v in zip(keys, parts, strict=True)] if is_hive else parts
        source = source.model_copy(update={"is_hive": is_hive})
        group = one.get("LogGroupName")
        destination = one.get("LogDestination") or f"arn::logs::{network.account}:log-group:{group}"
        network.deliver(source, destination, "/".join(told) + "/")
    _missing(network, "flow", lambda vpc: _is_covered(vpc, found, network), bool(found))


def _is_covered(vpc: str, flow_logs: Iterable[Any], network: Network) -> bool:
    """By a flow log of the VPC, or, of the one VPC that is named, of a part of it."""
    parts = network.subnets | network.interfaces if len(network.vpcs) == 1 else set[str]()
    return any(one["ResourceId"] in {vpc, *parts} for one in flow_logs)


def _of_flow_log(one: Any, since: datetime) -> Iterator[str]:
    name = f"flow log {one['FlowLogId']} of {one['ResourceId']}"
    if one.get("TrafficType", "ALL") != "ALL":
        yield f"{name} has only what is {one['TrafficType']}"
    if one.get("DeliverLogsStatus") == "FAILED" or one.get("FlowLogStatus", "ACTIVE") != "ACTIVE":
        yield f"{name} is not delivered: {one.get('DeliverLogsErrorMessage', 'it is not active')}"
    if one.get("CreationTime") and one["CreationTime"] > since:
        yield f"{name} was begun at {one['CreationTime'].isoformat()}, within the window"


def _query_logs(network: Network, since: datetime) -> None:
    resolver, reads = network.clients.resolver(network.account, network.region), network.reads
    configs = reads.pages(
        f"query log configurations of {network.region}",
        resolver,
        "list_resolver_query_log_configs",
        "ResolverQueryLogConfigs",
    )
    links = reads.pages(
        f"query log associations of {network.region}",
        resolver,
        "list_resolver_query_log_config_associations",
        "ResolverQueryLogConfigAssociations",
    )
    if configs is None or links is None:
        return
    logged = {one["ResourceId"] for one in links if one.get("Status") == "ACTIVE"}
    for config in configs:
        vpcs = [
            one["ResourceId"] for one in links if one["ResolverQueryLogConfigId"] == config["Id"]
        ]
        if str(config.get("CreationTime", "")) > f"{since:%Y-%m-%dT%H:%M:%S}":
            network.gaps.append(f"query logging {config['Id']} was begun within the window")
        for vpc in vpcs:
            if vpc in network.vpcs or not network.vpcs:
                source = Source(kind="dns", about=config["Id"], region=network.region)
                below = f"{network.account}/vpcdnsquerylogs/{vpc}/"
                network.deliver(source, config["DestinationArn"], below)
    _missing(network, "dns", lambda vpc: vpc in logged, bool(logged))


def _missing(
    network: Network, kind: Kind, is_logged: Callable[[str], bool], is_any_logged: bool
) -> None:
    """Say plainly what is not switched on."""
    for vpc in sorted(network.vpcs):
        if not is_logged(vpc):
            network.gaps.append(f"no {SAID[kind]} for {vpc}")
    if not network.vpcs and not is_any_logged:
        network.gaps.append(f"no {SAID[kind]} in {network.region}")


def _web_acls(network: Network, scope: str) -> None:
    waf, reads = network.clients.waf(network.account, network.region), network.reads
    acls, marker = list[Any](), ""
    for number in range(_MAX_PAGES):
        more = {"NextMarker": marker} if marker else {}
        name = f"web ACLs, {scope} of {network.region}" + (f", page {number + 1}" if number else "")
        page = reads.ask(name, waf, "list_web_acls", Scope=scope, Limit=100, **more)
        acls += (page or {}).get("WebACLs", [])
        marker = (page or {}).get("NextMarker", "")
        if page is None or not marker:
            break
    if page is not None and not acls:
        network.gaps.append(f"no web ACL, {scope}, in {network.region}")
    for acl in acls:
        told = reads.ask(
            f"logging of web ACL {acl['ARN']}",
            waf,
            "get_logging_configuration",
            "LoggingConfiguration",
            ResourceArn=acl["ARN"],
        )
        if told is None:
            network.gaps.append(f"no logs of web ACL {acl['Name']} are known")
        place = "cloudfront" if scope == "CLOUDFRONT" else network.region
        for destination in (told or {}).get("LogDestinationConfigs", []):
            source = Source(kind="waf", about=acl["Id"], region=network.region)
            network.deliver(
                source, destination, f"{network.account}/WAFLogs/{place}/{acl['Name']}/"
            )
