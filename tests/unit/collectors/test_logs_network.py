"""What logs of the network have of what findings name, and plainly what logs there are not."""

import gzip
import io
import json
import tarfile
from datetime import timedelta
from typing import Any

import pytest

from responder.collectors import log_objects, logs_network
from responder.collectors.collector import Collected, Later, Scene
from responder.collectors.network_sources import Source
from responder.domain.errors import Broken
from responder.domain.finding import Finding, Resource
from tests.builders import NOON, REGION, SHOP, a_finding
from tests.collecting import a_scene, in_rounds
from tests.searches import Logs, Searched

FLOWS, QUERIES, REQUESTS, BUCKET = "/flows", "/queries", "aws-waf-logs-shop", "shop-logs"
HERE = "logs.network/0001/"


@pytest.fixture(autouse=True)
def _accounts_by_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MOTO_ACCOUNT_ID", raising=False)


class World:
    """The shop's account: an instance in a VPC, and what logs a test switches on."""

    def __init__(self) -> None:
        self.logs = Logs()
        self.clients = Searched(self.logs)
        self.ec2: Any = self.clients.ec2(SHOP, REGION)
        self.vpc = self.ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        subnet = self.ec2.create_subnet(VpcId=self.vpc, CidrBlock="10.0.1.0/24")["Subnet"]
        self.subnet = subnet["SubnetId"]
        told = self.ec2.run_instances(
            ImageId="ami-12c6146b", MinCount=1, MaxCount=1, SubnetId=self.subnet
        )["Instances"][0]
        self.instance = told["InstanceId"]
        self.interface = told["NetworkInterfaces"][0]["NetworkInterfaceId"]
        self.address = told["PrivateIpAddress"]

    def finding(self, **given: Any) -> Finding:
        machine = Resource(
            kind="Instance",
            id=f"arn:aws:ec2:{REGION}:{SHOP}:instance/{self.instance}",
            name=self.instance,
            account=SHOP,
            region=REGION,
        )
        return a_finding(**{"resources": (machine,)} | given)

    def group(self, name: str, *messages: str) -> str:
        self.clients.logs(SHOP, REGION).create_log_group(logGroupName=name)
        at = NOON - timedelta(minutes=5)
        self.logs.events[name] = [(at, f"stream-{n}", text) for n, text in enumerate(messages)]
        return f"arn:aws:logs:{REGION}:{SHOP}:log-group:{name}"

    def bucket(self) -> Any:
        s3: Any = self.clients.s3(SHOP, REGION)
        s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        return s3

    def flow_log(self, **given: Any) -> str:
        plain = {"ResourceIds": [self.vpc], "ResourceType": "VPC", "TrafficType": "ALL"}
        answer = self.ec2.create_flow_logs(**plain | given)
        assert not answer["Unsuccessful"]
        return str(answer["FlowLogIds"][0])

    def flow_log_to_group(self, **given: Any) -> str:
        role = "arn:aws:iam::111122223333:role/flow-logs"
        self.clients.iam(SHOP).create_role(RoleName="flow-logs", AssumeRolePolicyDocument="{}")
        return self.flow_log(LogGroupName=FLOWS, DeliverLogsPermissionArn=role, **given)

    def query_logs(self, destination: str) -> None:
        resolver: Any = self.clients.resolver(SHOP, REGION)
        made = resolver.create_resolver_query_log_config(
            Name="all", DestinationArn=destination, CreatorRequestId="once"
        )["ResolverQueryLogConfig"]
        resolver.associate_resolver_query_log_config(
            ResolverQueryLogConfigId=made["Id"], ResourceId=self.vpc
        )

    def web_acl(self, destination: str) -> None:
        waf: Any = self.clients.waf(SHOP, REGION)
        visible = {
            "SampledRequestsEnabled": True,
            "CloudWatchMetricsEnabled": True,
            "MetricName": "shop",
        }
        made = waf.create_web_acl(
            Name="shop", Scope="REGIONAL", DefaultAction={"Allow": {}}, VisibilityConfig=visible
        )["Summary"]
        waf.put_logging_configuration(
            LoggingConfiguration={
                "ResourceArn": made["ARN"],
                "LogDestinationConfigs": [destination],
            }
        )

    def scene(self, *findings: Finding, **given: Any) -> Scene:
        return a_scene(
            given.pop("clients", self.clients), *(findings or (self.finding(),)), **given
        )

    def collected(self, *findings: Finding, **given: Any) -> dict[str, Collected]:
        rounds = in_rounds(logs_network, self.scene(*findings, **given))
        found = [one for each in rounds for one in each]
        assert len({one.name for one in found}) == len(found)
        return {one.name.removeprefix(HERE): one for one in found}


@pytest.fixture
def world(aws: None) -> World:
    return World()


def searched(found: dict[str, Collected], kind: str) -> Any:
    [item] = [one for name, one in found.items() if name.startswith(f"{kind}-")]
    return json.loads(gzip.decompress(item.content.body))


def messages(told: Any) -> list[str]:
    return [cell["value"] for row in told["results"] for cell in row if cell["field"] == "@message"]


def files(item: Collected) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(item.content.body)) as tar:
        return {one.name: tar.extractfile(one).read() for one in tar}  # type: ignore[union-attr]


def test_flows_of_the_addresses_and_interfaces_that_findings_name_are_kept(world: World) -> None:
    from_outside, own = "2 203.0.113.7 10.0.1.4 ACCEPT", f"2 {world.interface} ACCEPT"
    world.group(FLOWS, from_outside, "2 198.51.100.1 ACCEPT", own)
    custom = "${srcaddr} ${dstaddr} ${action}"
    world.flow_log_to_group(LogFormat=custom)
    found = world.collected()
    assert messages(searched(found, "flow")) == [from_outside, own]
    assert custom in found["sources"].content.body.decode()
    assert not any("no flow logs" in gap for gap in found["sources"].gaps)


def test_dns_queries_of_the_machine_are_kept(world: World) -> None:
    ours = json.dumps({"query_name": "evil.example.com.", "srcids": {"instance": world.instance}})
    destination = world.group(QUERIES, ours, '{"query_name": "aws.amazon.com."}')
    world.query_logs(destination)
    found = world.collected()
    assert messages(searched(found, "dns")) == [ours]
    assert not any("Resolver query logs for" in gap for gap in found["sources"].gaps)


def test_web_requests_of_the_addresses_are_kept(world: World) -> None:
    theirs = '{"httpRequest": {"clientIp": "203.0.113.7"}}'
    world.web_acl(world.group(REQUESTS, theirs, '{"httpRequest": {"clientIp": "198.51.100.1"}}'))
    assert messages(searched(world.collected(), "waf")) == [theirs]


def test_what_is_not_switched_on_is_said_plainly(world: World) -> None:
    found = world.collected()
    assert set(found) == {"sources", "summary"}
    gaps = found["sources"].gaps
    assert f"no flow logs for {world.vpc}" in gaps
    assert f"no Resolver query logs for {world.vpc}" in gaps
    assert f"no web ACL, REGIONAL, in {REGION}" in gaps


def test_without_a_machine_the_region_is_said_to_have_none(world: World) -> None:
    gaps = world.collected(a_finding())["sources"].gaps
    assert f"no flow logs in {REGION}" in gaps
    assert f"no Resolver query logs in {REGION}" in gaps


def test_findings_that_name_nothing_of_the_network_are_said_to(world: World) -> None:
    world.group(FLOWS, "x")
    world.flow_log_to_group()
    found = world.collected(a_finding(addresses=()))
    assert "findings name no address and no interface" in found["sources"].gaps
    assert not any(name.startswith("flow-") for name in found)


@pytest.mark.parametrize(
    "address",
    ['203.0.113.7" or 1=1', "203.0.113.7 | stats count(*)", "203.0.113.7\n", "*", "/./", "\\"],
)
def test_an_address_that_is_none_is_not_searched_for(world: World, address: str) -> None:
    world.group(FLOWS, "all of it")
    world.flow_log_to_group()
    found = world.collected(a_finding(addresses=(address, "203.0.113.9")))
    assert any("an address that is none" in gap for gap in found["sources"].gaps)
    assert searched(found, "flow")["query"].count(" like ") == 2
    assert world.logs.queries["query-0"]["queryString"].count('"') == 4


def test_a_machine_whose_name_is_no_id_is_not_asked_for(world: World) -> None:
    odd = Resource(kind="Instance", id="x", name='i-" or', account=SHOP, region=REGION)
    found = world.collected(a_finding(resources=(odd,)))
    assert set(found) == {"sources", "summary"}


def test_a_machine_that_is_gone_is_said_to_be(world: World) -> None:
    gone = Resource(
        kind="Instance", id="x", name="i-0123456789abcdef0", account=SHOP, region=REGION
    )
    found = world.collected(a_finding(resources=(gone,)))
    read = json.loads(found["sources"].content.body)["reads"]["instance i-0123456789abcdef0"]
    assert read["answered"] == "InvalidInstanceID.NotFound"
    assert any("i-0123456789abcdef0 is not there" in gap for gap in found["sources"].gaps)


def test_flow_logs_with_a_part_of_the_traffic_are_said_to(world: World) -> None:
    world.group(FLOWS)
    world.flow_log_to_group(TrafficType="REJECT")
    assert any("only what is REJECT" in gap for gap in world.collected()["sources"].gaps)


def test_a_retention_that_is_shorter_than_the_window_is_said(world: World) -> None:
    world.group(FLOWS)
    world.clients.logs(SHOP, REGION).put_retention_policy(logGroupName=FLOWS, retentionInDays=1)
    world.flow_log_to_group()
    now = NOON + timedelta(days=3)
    late = world.collected(now=now, read_at=lambda: now, ends_at=now + timedelta(minutes=5))
    assert any("keeps 1 days" in gap for gap in late["sources"].gaps)


def flow_file(flow_log: str, at: Any) -> str:
    name = f"{SHOP}_vpcflowlogs_{REGION}_{flow_log}_{at:%Y%m%dT%H%MZ}_abcd.log.gz"
    return f"AWSLogs/{SHOP}/vpcflowlogs/{REGION}/{at:%Y/%m/%d}/{name}"


def test_files_of_the_window_are_copied_as_they_lie_in_s3(world: World) -> None:
    s3 = world.bucket()
    flow_log = world.flow_log(LogDestinationType="s3", LogDestination=f"arn:aws:s3:::{BUCKET}")
    inside = flow_file(flow_log, NOON - timedelta(minutes=30))
    for key in (
        inside,
        flow_file("fl-0ther", NOON - timedelta(minutes=30)),
        flow_file(flow_log, NOON - timedelta(hours=9)),
    ):
        s3.put_object(Bucket=BUCKET, Key=key, Body=b"\x1f\x8bbytes")
    found = world.collected()
    [item] = [one for name, one in found.items() if "/files-" in name]
    assert files(item).keys() == {"index.jsonl", inside}
    assert files(item)[inside] == b"\x1f\x8bbytes"
    assert world.collected()[next(n for n in found if "/files-" in n)].content == item.content


def test_a_bucket_that_may_not_be_read_is_a_gap_that_says_how_to_allow_it(world: World) -> None:
    world.bucket()
    world.flow_log(LogDestinationType="s3", LogDestination=f"arn:aws:s3:::{BUCKET}")
    world.clients.refusing = {"ListObjectsV2": "AccessDenied"}
    [gap] = [gap for gap in world.collected()["summary"].gaps if BUCKET in gap]
    assert "AccessDenied" in gap
    assert "LogBuckets" in gap


def test_a_folder_without_a_file_of_the_window_is_named(world: World) -> None:
    world.bucket()
    world.flow_log(LogDestinationType="s3", LogDestination=f"arn:aws:s3:::{BUCKET}")
    assert any("has no file of the window" in gap for gap in world.collected()["summary"].gaps)


def test_more_than_may_be_copied_is_said(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    s3 = world.bucket()
    flow_log = world.flow_log(LogDestinationType="s3", LogDestination=f"arn:aws:s3:::{BUCKET}")
    keys = [flow_file(flow_log, NOON - timedelta(minutes=n)) for n in (9, 8)]
    for key in keys:
        s3.put_object(Bucket=BUCKET, Key=key, Body=b"x")
    monkeypatch.setattr(log_objects, "MAX_OBJECTS", 1)
    assert any(keys[1] in gap for gap in world.collected()["summary"].gaps)


def test_a_firehose_is_said_not_to_be_read(world: World) -> None:
    world.query_logs(f"arn:aws:firehose:{REGION}:{SHOP}:deliverystream/dns")
    assert any("go to firehose" in gap for gap in world.collected()["sources"].gaps)


READS = [
    "DescribeFlowLogs",
    "DescribeInstances",
    "ListResolverQueryLogConfigs",
    "ListResolverQueryLogConfigAssociations",
    "ListWebACLs",
    "GetLoggingConfiguration",
    "DescribeLogGroups",
]


@pytest.mark.parametrize("operation", READS)
def test_each_read_that_is_refused_is_a_gap_and_the_others_go_on(
    world: World, operation: str
) -> None:
    world.flow_log_to_group()
    world.query_logs(world.group(QUERIES, world.address))
    world.web_acl(world.group(REQUESTS, "203.0.113.7"))
    world.group(FLOWS, "203.0.113.7")
    world.clients.refusing = {operation: "AccessDeniedException"}
    found = world.collected()
    assert any("AccessDeniedException" in gap for gap in found["sources"].gaps)
    assert sum(name.startswith(("flow-", "dns-", "waf-")) for name in found) >= 2


def test_when_nothing_can_be_read_it_fails(world: World) -> None:
    world.clients.refusing = dict.fromkeys(READS, "AccessDeniedException")
    with pytest.raises(Broken):
        world.collected()


def test_searches_that_run_are_taken_up_by_later_runs(world: World) -> None:
    world.logs.running = 7
    world.group(FLOWS, "203.0.113.7")
    world.flow_log_to_group()
    scene = world.scene()
    first = list(logs_network.collect(scene))
    assert isinstance(first[-1], Later)
    assert len(json.dumps(first[-1].bookmark)) < 4096
    found = world.collected()
    assert messages(searched(found, "flow")) == ["203.0.113.7"]


def test_the_same_logs_are_searched_under_the_same_names(world: World) -> None:
    world.group(FLOWS, "203.0.113.7")
    world.flow_log_to_group()
    assert world.collected().keys() == world.collected().keys()


def test_files_of_dns_queries_are_found_below_a_prefix(world: World) -> None:
    s3 = world.bucket()
    world.query_logs(f"arn:aws:s3:::{BUCKET}/development/")
    name = f"{SHOP}_vpcdnsquerylogs_{world.vpc}_20261123T1135Z_abcd.log.gz"
    key = f"development/AWSLogs/{SHOP}/vpcdnsquerylogs/{world.vpc}/2026/11/23/{name}"
    s3.put_object(Bucket=BUCKET, Key=key, Body=b"x")
    [item] = [one for name, one in world.collected().items() if "/files-" in name]
    assert key in files(item)


def test_days_are_folders_of_either_kind() -> None:
    plain = Source(kind="flow", about="fl-1", region=REGION, above="AWSLogs/a/vpcflowlogs/r/")
    assert plain.folder(NOON) == "AWSLogs/a/vpcflowlogs/r/2026/11/23/"
    hive = plain.model_copy(update={"is_hive": True, "above": "AWSLogs/aws-account-id=a/"})
    assert hive.folder(NOON) == f"{hive.above}year=2026/month=11/day=23/"
