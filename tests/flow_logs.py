"""VPC flow logs in a folder: an instance that backs up each night, and loses 40 GB in one."""

import gzip
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from responder.scan.flow.layout import DEFAULT
from tests.builders import REGION, SHOP

FLOW_LOG, OTHER_FLOW_LOG = "fl-0a1b2c3d4e5f60718", "fl-0a1b2c3d4e5f60719"
INSTANCE, OTHER_INSTANCE = "i-0a1b2c3d4e5f60718", "i-0a1b2c3d4e5f60719"
INTERFACE, OTHER_INTERFACE = "eni-0a1b2c3d4e5f60718", "eni-0a1b2c3d4e5f60719"
OWN, NEIGHBOUR = "10.0.1.5", "10.0.1.9"
BACKUP, THIEF, CUSTOMER = "198.51.100.20", "203.0.113.77", "192.0.2.8"
STARTS_AT = datetime(2026, 11, 1, tzinfo=UTC)
NIGHT = datetime(2026, 11, 23, 3, tzinfo=UTC)  # of the theft
GB = 10**9
STOLEN = 40 * GB

V5 = (
    *DEFAULT,
    *("vpc-id", "subnet-id", "instance-id", "tcp-flags", "type", "pkt-srcaddr", "pkt-dstaddr"),
    *("region", "az-id", "sublocation-type", "sublocation-id", "pkt-src-aws-service"),
    *("pkt-dst-aws-service", "flow-direction", "traffic-path"),
)
V8 = (*V5, "ecs-cluster-name", "ecs-task-id", "reject-reason", "of-next-year")

type Fields = dict[str, str]


def a_flow(at: datetime, source: str, target: str, sent_bytes: int, **more: str) -> Fields:
    """One record, by default of what left the instance. Other fields with `_` for `-`."""
    start = int(at.timestamp())
    return {
        "version": "5",
        "account-id": SHOP,
        "interface-id": INTERFACE,
        "srcaddr": source,
        "dstaddr": target,
        "srcport": "40001",
        "dstport": "443",
        "protocol": "6",
        "packets": str(1 + sent_bytes // 1400),
        "bytes": str(sent_bytes),
        "start": str(start),
        "end": str(start + 59),
        "action": "ACCEPT",
        "log-status": "OK",
        "instance-id": INSTANCE,
        "pkt-srcaddr": source,
        "pkt-dstaddr": target,
        "region": REGION,
        "flow-direction": "egress" if source == OWN else "ingress",
    } | {name.replace("_", "-"): value for name, value in more.items()}


def nothing(at: datetime, status: str = "NODATA", **more: str) -> Fields:
    """A record that there was nothing, or that data were dropped."""
    start = int(at.timestamp())
    return {
        "version": "5",
        "account-id": SHOP,
        "interface-id": INTERFACE,
        "instance-id": INSTANCE,
        "start": str(start),
        "end": str(start + 59),
        "log-status": status,
    } | {name.replace("_", "-"): value for name, value in more.items()}


def line(flow: Mapping[str, str], names: Sequence[str]) -> str:
    return " ".join(flow.get(name, "-") for name in names)


def text(flows: Sequence[Mapping[str, str]], names: Sequence[str], *, heading: bool = True) -> str:
    head = [" ".join(names)] if heading else []
    return "\n".join([*head, *(line(flow, names) for flow in flows)]) + "\n"


def exported(flows: Sequence[Mapping[str, str]], names: Sequence[str] = DEFAULT) -> str:
    """As CloudWatch Logs exports it: without a heading, a time before each line."""
    return "".join(
        f"{datetime.fromtimestamp(int(flow['start']), UTC):%Y-%m-%dT%H:%M:%S.000Z} "
        f"{line(flow, names)}\n"
        for flow in flows
    )


def put(
    folder: Path, at: datetime, content: str, *, flow_log: str = FLOW_LOG, unique: str = "0a1b2c3d"
) -> Path:
    """One object where VPC puts it; its path."""
    place = folder / f"AWSLogs/{SHOP}/vpcflowlogs/{REGION}/{at:%Y/%m/%d}"
    place.mkdir(parents=True, exist_ok=True)
    name = f"{SHOP}_vpcflowlogs_{REGION}_{flow_log}_{at:%Y%m%dT%H%MZ}_{unique}.log.gz"
    (place / name).write_bytes(gzip.compress(content.encode(), mtime=0))
    return place / name


@dataclass
class Story:
    """Each hour of an instance's days, as its interface records them."""

    seed: int = 7
    days: dict[datetime, list[Fields]] = field(default_factory=dict)

    def usual(self, until: datetime = NIGHT + timedelta(hours=21)) -> "Story":
        """Answers to customers in each hour, and a backup of 5 GB each night at two."""
        chance, at = Random(self.seed), STARTS_AT
        while at < until:
            flows = self.days.setdefault(at.replace(hour=0), [])
            served = chance.randrange(80_000_000, 120_000_000)
            answered = {"srcport": "443", "dstport": "50123"}
            flows.append(a_flow(at, OWN, CUSTOMER, served, **answered))
            asked = {"srcport": "50123", "dstport": "443"}
            flows.append(a_flow(at, CUSTOMER, OWN, served // 20, **asked))
            if at.hour == 2:
                backed_up = chance.randrange(49 * GB // 10, 51 * GB // 10)
                flows.append(a_flow(at + timedelta(minutes=5), OWN, BACKUP, backed_up))
            at += timedelta(hours=1)
        return self

    def theft(self) -> "Story":
        """40 GB in forty minutes, to an address that nobody ever sent to."""
        for minute in range(40):
            at = NIGHT + timedelta(minutes=10 + minute)
            flow = a_flow(at, OWN, THIEF, STOLEN // 40, dstport="8443")
            self.days.setdefault(NIGHT.replace(hour=0), []).append(flow)
        return self

    def write(self, folder: Path, names: Sequence[str] = V5, *, flow_log: str = FLOW_LOG) -> Path:
        """An object for each day."""
        for day, flows in self.days.items():
            put(folder, day, text(flows, names), flow_log=flow_log)
        return folder
