"""What left a machine is told with its bounds; what no flow log can say is named."""

import gzip
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from responder.scan.flow.layout import DEFAULT
from responder_cli.app import app
from tests.builders import REGION, SHOP
from tests.flow_logs import (
    BACKUP,
    CUSTOMER,
    FLOW_LOG,
    GB,
    INSTANCE,
    INTERFACE,
    NEIGHBOUR,
    NIGHT,
    OTHER_FLOW_LOG,
    OTHER_INSTANCE,
    OTHER_INTERFACE,
    OWN,
    STOLEN,
    THIEF,
    V5,
    V8,
    Story,
    a_flow,
    exported,
    nothing,
    put,
    text,
)
from tests.trail_logs import KEY, USER, Logs, by_user

SINCE, UNTIL = "2026-11-23T00:00:00Z", "2026-11-24T00:00:00Z"
WINDOW = ("--since", SINCE, "--until", UNTIL)


def run(folder: Path, *words: str) -> Result:
    wide = {"COLUMNS": "200"}
    return CliRunner().invoke(app, ["flows", "--logs", str(folder), *words], env=wide)


def told(folder: Path, *words: str, exits: int = 0) -> dict[str, Any]:
    result = run(folder, "--json", "--processes", "1", *words)
    assert result.exit_code == exits, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def the_machine(answer: dict[str, Any]) -> dict[str, Any]:
    (one,) = answer["machines"]
    found: dict[str, Any] = one
    return found


def peer(machine: dict[str, Any], address: str) -> dict[str, Any]:
    (one,) = [one for one in machine["peers"] if one["peer"] == address]
    found: dict[str, Any] = one
    return found


def sums(answer: dict[str, Any]) -> dict[str, int]:
    """What surely left, by peer, of every machine."""
    return {
        one["peer"]: one["bytes"]["low"]
        for machine in answer["machines"]
        for one in machine["peers"]
    }


def of_gaps(answer: dict[str, Any], words: str) -> list[str]:
    return [gap for gap in answer["gaps"] if words in gap]


def one_log(folder: Path, *flows: dict[str, str], names: tuple[str, ...] = V5) -> Path:
    put(folder, NIGHT, text(flows, names))
    return folder


@pytest.mark.parametrize("names", [V5, V8, tuple(reversed(V8)), DEFAULT])
def test_a_theft_by_night_is_found_between_its_bounds(
    tmp_path: Path, names: tuple[str, ...]
) -> None:
    Story().usual().theft().write(tmp_path, names)
    machine = the_machine(told(tmp_path, "--interface", INTERFACE, *WINDOW))
    excess = machine["kinds"]["internet"]["excess"]
    assert excess["low"] < STOLEN < excess["high"]
    assert excess["high"] - excess["low"] < STOLEN // 100
    assert excess["first_at"] == "2026-11-23T03:00:00+00:00"
    assert excess["last_at"] == "2026-11-23T04:00:00+00:00"
    thief = peer(machine, THIEF)
    assert thief["bytes"] == {"low": STOLEN, "high": STOLEN}
    assert (thief["first_at"], thief["last_at"]) == (
        "2026-11-23T03:10:00+00:00",
        "2026-11-23T03:49:59+00:00",
    )
    assert thief["new"] is True
    assert [(one["port"], one["bytes"]["low"]) for one in machine["new_ports"]] == [(8443, STOLEN)]


def test_a_backup_that_is_made_each_night_is_no_excess(tmp_path: Path) -> None:
    Story().usual().write(tmp_path)
    machine = the_machine(told(tmp_path, "--instance", INSTANCE, *WINDOW))
    backup = peer(machine, BACKUP)
    assert backup["bytes"]["low"] > 4 * GB
    assert backup["new"] is False
    assert backup["excess"]["low"] == backup["excess"]["high"] == 0
    assert machine["kinds"]["internet"]["excess"]["high"] == 0
    assert machine["new_ports"] == []


def test_a_theft_to_the_backups_own_address_is_found(tmp_path: Path) -> None:
    story = Story().usual()
    story.days[NIGHT.replace(hour=0)].append(a_flow(NIGHT, OWN, BACKUP, STOLEN))
    machine = the_machine(told(story.write(tmp_path), "--instance", INSTANCE, *WINDOW))
    backup = peer(machine, BACKUP)
    assert backup["new"] is False
    assert backup["excess"]["low"] == backup["excess"]["high"] == STOLEN


def test_too_few_days_are_no_baseline(tmp_path: Path) -> None:
    story = Story().usual().theft()
    story.days = {day: flows for day, flows in story.days.items() if day.day > 17}
    answer = told(story.write(tmp_path), "--instance", INSTANCE, *WINDOW)
    machine = the_machine(answer)
    assert peer(machine, THIEF)["bytes"]["low"] == STOLEN
    assert machine["kinds"]["internet"]["excess"] is None
    assert peer(machine, THIEF)["excess"] is peer(machine, THIEF)["new"] is None
    assert of_gaps(answer, f"{INSTANCE}: no baseline")


def test_without_since_nothing_is_called_usual(tmp_path: Path) -> None:
    answer = told(Story().usual().theft().write(tmp_path), "--instance", INSTANCE)
    assert the_machine(answer)["kinds"]["internet"]["excess"] is None
    assert of_gaps(answer, "no --since was given")


def test_hours_that_nobody_recorded_are_a_gap_and_no_history(tmp_path: Path) -> None:
    story = Story().usual().theft()
    for day, flows in story.days.items():
        if day.day < 23:
            story.days[day] = [one for one in flows if "03:00" not in at(one)]
    answer = told(story.write(tmp_path), "--instance", INSTANCE, *WINDOW)
    internet = the_machine(answer)["kinds"]["internet"]
    assert internet["hours_without_baseline"] == 1
    assert internet["excess"]["low"] == 0
    assert internet["excess"]["high"] > STOLEN  # nobody knows what was usual at three


def at(flow: dict[str, str]) -> str:
    return f"{datetime.fromtimestamp(int(flow['start']), UTC):%H:%M}"


def test_a_silent_interface_is_a_gap(tmp_path: Path) -> None:
    story = Story().usual()
    day = NIGHT.replace(hour=0)
    story.days[day] = [one for one in story.days[day] if not "05" <= at(one)[:2] <= "07"]
    answer = told(story.write(tmp_path), "--instance", INSTANCE, *WINDOW)
    assert of_gaps(answer, "no record") == [
        f"{INTERFACE}: no record from 2026-11-23 05:00 UTC to 2026-11-23 08:00 UTC"
    ]


def test_a_record_that_there_was_nothing_is_no_gap(tmp_path: Path) -> None:
    story = Story().usual()
    day = NIGHT.replace(hour=0)
    story.days[day] = [one for one in story.days[day] if at(one)[:2] != "05"]
    quiet = nothing(day + timedelta(hours=5), instance_id="-")
    story.days[day].append(quiet)
    answer = told(story.write(tmp_path), "--instance", INSTANCE, *WINDOW)
    assert of_gaps(answer, "no record") == []


def test_dropped_data_are_a_gap_and_no_history(tmp_path: Path) -> None:
    story = Story().usual()
    story.days[NIGHT.replace(hour=0)].append(nothing(NIGHT, "SKIPDATA"))
    answer = told(story.write(tmp_path), "--instance", INSTANCE, *WINDOW)
    assert of_gaps(answer, f"{INTERFACE}: data were dropped 1 times (SKIPDATA) between 2026-11-23")


def test_logs_that_begin_after_the_time_in_question_say_so(tmp_path: Path) -> None:
    answer = told(one_log(tmp_path, a_flow(NIGHT, OWN, THIEF, 1)), *WINDOW)
    assert of_gaps(answer, "the logs begin at 2026-11-23 03:00 UTC")
    assert of_gaps(answer, "the logs end at 2026-11-23 04:00 UTC")


def test_what_lies_at_an_end_of_the_time_widens_the_bounds(tmp_path: Path) -> None:
    one_log(
        tmp_path,
        a_flow(NIGHT - timedelta(seconds=30), OWN, THIEF, 1000),
        a_flow(NIGHT, OWN, THIEF, 20),
        a_flow(NIGHT + timedelta(hours=1, seconds=-59), OWN, THIEF, 300),
        a_flow(NIGHT + timedelta(hours=1, seconds=-10), OWN, THIEF, 4000),
        a_flow(NIGHT + timedelta(hours=1), OWN, THIEF, 50000),
    )
    answer = told(tmp_path, "--since", "2026-11-23T03:00:00Z", "--until", "2026-11-23T04:00:00Z")
    assert peer(the_machine(answer), THIEF)["bytes"] == {"low": 320, "high": 5320}


def test_what_came_and_what_was_refused_did_not_leave(tmp_path: Path) -> None:
    one_log(
        tmp_path,
        a_flow(NIGHT, OWN, THIEF, 1000),
        a_flow(NIGHT, THIEF, OWN, 20),
        a_flow(NIGHT, OWN, THIEF, 300, action="REJECT"),
    )
    machine = the_machine(told(tmp_path))
    assert sums(told(tmp_path)) == {THIEF: 1000}
    assert machine["refused_bytes"] == 300


@pytest.mark.parametrize("names", [V5, DEFAULT])
def test_what_two_interfaces_record_counts_for_each_and_never_twice(
    tmp_path: Path, names: tuple[str, ...]
) -> None:
    gateway = "10.0.0.220"
    of_gateway = {"interface_id": OTHER_INTERFACE, "instance_id": "-"}
    through = {"pkt_srcaddr": OWN, "pkt_dstaddr": THIEF}
    one_log(
        tmp_path,
        a_flow(NIGHT, OWN, THIEF, 1000),
        a_flow(NIGHT, OWN, gateway, 1000, **of_gateway, **through | {"flow_direction": "ingress"}),
        a_flow(NIGHT, gateway, THIEF, 1000, **of_gateway | {"flow_direction": "egress"}),
        a_flow(NIGHT, gateway, CUSTOMER, 10, **of_gateway | {"flow_direction": "egress"}),
        a_flow(NIGHT, OWN, CUSTOMER, 1),
        names=names,
    )
    answer = told(tmp_path)
    assert {
        one["interfaces"][0]: one["kinds"]["internet"]["bytes"]["low"] for one in answer["machines"]
    } == {INTERFACE: 1001, OTHER_INTERFACE: 1010}
    alone = told(tmp_path, "--interface", INTERFACE)
    assert sums(alone) == {THIEF: 1000, CUSTOMER: 1}


def test_traffic_between_machines_of_one_network_is_told_apart(tmp_path: Path) -> None:
    there = {"interface_id": OTHER_INTERFACE, "instance_id": OTHER_INSTANCE}
    one_log(
        tmp_path,
        a_flow(NIGHT, OWN, NEIGHBOUR, 700),
        a_flow(NIGHT, OWN, NEIGHBOUR, 700, **there | {"flow_direction": "ingress"}),
        a_flow(NIGHT, OWN, THIEF, 5),
    )
    kinds = the_machine(told(tmp_path, "--instance", INSTANCE))["kinds"]
    assert {name: kind["bytes"]["low"] for name, kind in kinds.items()} == {
        "internet": 5,
        "AWS service": 0,
        "joined network": 0,
        "private": 700,
    }


def test_kinds_of_peers_are_told_by_path_and_service(tmp_path: Path) -> None:
    six = "2001:db8::7"
    one_log(
        tmp_path,
        a_flow(NIGHT, OWN, "192.0.2.1", 1, pkt_dst_aws_service="S3", traffic_path="8"),
        a_flow(NIGHT, OWN, "192.0.2.2", 20, pkt_dst_aws_service="EC2", traffic_path="8"),
        a_flow(NIGHT, OWN, "192.0.2.3", 300, traffic_path="7"),
        a_flow(NIGHT, OWN, "10.9.0.1", 4000, traffic_path="4"),
        a_flow(NIGHT, OWN, six, 50000, flow_direction="egress", traffic_path="1"),
        a_flow(NIGHT, OWN, THIEF, 600000, traffic_path="8"),
    )
    kinds = the_machine(told(tmp_path))["kinds"]
    assert {name: kind["bytes"]["low"] for name, kind in kinds.items()} == {
        "internet": 600020,
        "AWS service": 301,
        "joined network": 4000,
        "private": 50000,
    }


def test_a_persons_network_is_inside(tmp_path: Path) -> None:
    one_log(tmp_path, a_flow(NIGHT, OWN, "2001:db8:1::5", 9, flow_direction="egress"))
    assert the_machine(told(tmp_path))["kinds"]["internet"]["bytes"]["low"] == 9
    ours = the_machine(told(tmp_path, "--network", "2001:db8:1::/48"))
    assert ours["kinds"]["private"]["bytes"]["low"] == 9


def test_one_that_nobody_can_give_a_direction_is_told_and_not_counted(tmp_path: Path) -> None:
    one_log(tmp_path, a_flow(NIGHT, OWN, NEIGHBOUR, 700), names=DEFAULT)
    answer = told(tmp_path)
    assert the_machine(answer)["undirected_bytes"] == 700
    assert sums(answer) == {}
    assert of_gaps(answer, f"{INTERFACE}: 700 bytes went one way or the other")


def test_what_two_flow_logs_record_counts_once(tmp_path: Path) -> None:
    story = Story().usual().theft()
    alone = sums(told(story.write(tmp_path / "one"), "--instance", INSTANCE, *WINDOW))
    story.write(tmp_path / "two")
    story.write(tmp_path / "two", DEFAULT, flow_log=OTHER_FLOW_LOG)
    both = told(tmp_path / "two", "--instance", INSTANCE, *WINDOW)
    assert sums(both) == alone
    assert of_gaps(both, f"records of flow log {OTHER_FLOW_LOG} are not counted")


def test_the_flow_log_that_recorded_most_of_an_hour_counts(tmp_path: Path) -> None:
    later = NIGHT + timedelta(hours=1)
    whole = [a_flow(NIGHT, OWN, THIEF, 1000), a_flow(NIGHT, OWN, CUSTOMER, 5)]
    for first, other in ((FLOW_LOG, OTHER_FLOW_LOG), (OTHER_FLOW_LOG, FLOW_LOG)):
        folder = tmp_path / first
        put(folder, NIGHT, text(whole, V5), flow_log=first)
        part = [a_flow(NIGHT, OWN, CUSTOMER, 5), a_flow(later, OWN, THIEF, 30)]
        put(folder, NIGHT, text(part, V5), flow_log=other)
        assert sums(told(folder)) == {THIEF: 1030, CUSTOMER: 5}


def test_a_flow_log_of_refused_traffic_hides_nothing_that_left(tmp_path: Path) -> None:
    refused = a_flow(NIGHT, OWN, CUSTOMER, 900_000, action="REJECT")
    put(tmp_path, NIGHT, text([refused], V5), flow_log=FLOW_LOG)
    put(tmp_path, NIGHT, text([a_flow(NIGHT, OWN, THIEF, 5)], V5), flow_log=OTHER_FLOW_LOG)
    assert sums(told(tmp_path)) == {THIEF: 5}


def test_a_line_that_names_a_machine_twice_counts_once(tmp_path: Path) -> None:
    names = ("interface-id", "start", "end", "bytes", "flow-direction", "pkt-dstaddr")
    one_log(tmp_path, a_flow(NIGHT, OWN, THIEF, 7), names=(*names, "instance-id"))
    both = ("--instance", INSTANCE, "--interface", INTERFACE)
    assert sums(told(tmp_path, *both)) == {THIEF: 7}


def test_a_record_tells_of_each_hour_that_it_reaches_into(tmp_path: Path) -> None:
    before = NIGHT - timedelta(seconds=30)
    one_log(
        tmp_path, a_flow(before, OWN, THIEF, 1), a_flow(NIGHT + timedelta(hours=1), OWN, OWN, 1)
    )
    assert of_gaps(told(tmp_path, "--interface", INTERFACE), "no record") == []


def test_a_port_that_only_a_client_was_given_is_not_new(tmp_path: Path) -> None:
    story = Story().usual()
    for port in ("61000", "1025"):
        answered = a_flow(NIGHT, OWN, CUSTOMER, 9, srcport="443", dstport=port)
        story.days[NIGHT.replace(hour=0)].append(answered)
    machine = the_machine(told(story.write(tmp_path), "--instance", INSTANCE, *WINDOW))
    assert machine["new_ports"] == []


def test_what_lies_at_an_end_of_the_time_widens_an_excess(tmp_path: Path) -> None:
    story = Story().usual().theft()
    at_the_end = a_flow(NIGHT + timedelta(hours=21, seconds=-9), OWN, THIEF, 777)
    story.days[NIGHT.replace(hour=0)].append(at_the_end)
    machine = the_machine(told(story.write(tmp_path), "--instance", INSTANCE, *WINDOW))
    assert peer(machine, THIEF)["bytes"] == {"low": STOLEN, "high": STOLEN + 777}
    excess = peer(machine, THIEF)["excess"]
    assert (excess["low"], excess["high"]) == (STOLEN, STOLEN + 777)


def test_a_machine_that_nobody_recorded_since_is_not_called_usual(tmp_path: Path) -> None:
    story = Story().usual(until=NIGHT.replace(hour=0))
    other = a_flow(NIGHT, NEIGHBOUR, THIEF, 1, interface_id=OTHER_INTERFACE)
    story.days[NIGHT.replace(hour=0)] = [other]
    answer = told(story.write(tmp_path), "--interface", INTERFACE, *WINDOW)
    assert the_machine(answer)["kinds"]["internet"]["excess"] is None
    assert of_gaps(answer, "the logs end at 2026-11-23 00:00 UTC")


def test_a_copy_of_an_object_counts_once(tmp_path: Path) -> None:
    one_log(tmp_path, a_flow(NIGHT, OWN, THIEF, 1000))
    one_log(tmp_path / "again", a_flow(NIGHT, OWN, THIEF, 1000))
    answer = told(tmp_path)
    assert sums(answer) == {THIEF: 1000}
    assert of_gaps(answer, "1 objects are copies of others")


def test_the_default_format_needs_no_heading(tmp_path: Path) -> None:
    flow = a_flow(NIGHT, OWN, THIEF, 1000)
    (tmp_path / "000000.gz").write_bytes(gzip.compress(exported([flow]).encode()))
    answer = told(tmp_path)
    assert sums(answer) == {THIEF: 1000}
    assert of_gaps(answer, "1 objects have no name that VPC gives")
    (tmp_path / "000000.gz").write_text(text([flow], DEFAULT, heading=False))
    assert sums(told(tmp_path)) == {THIEF: 1000}


@pytest.mark.parametrize("words", [(), ("--instance", INSTANCE)])
def test_objects_put_behind_each_other_keep_their_formats(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    flow = a_flow(NIGHT, OWN, THIEF, 1000)
    formats = [DEFAULT, V8[::-1], V5, tuple(reversed(V5))]
    whole = text([flow], DEFAULT, heading=False) + "".join(text([flow], one) for one in formats)
    (tmp_path / "all.log").write_text(whole)
    answer = told(tmp_path, *words)
    assert sums(answer) == {THIEF: 5000}
    assert answer["read"]["lines"] == 5
    assert of_gaps(answer, "not written as their headings say") == []


def test_a_person_says_what_lines_without_a_heading_have(tmp_path: Path) -> None:
    names = ("bytes", "pkt-dstaddr", "instance-id", "start", "flow-direction")
    (tmp_path / "log").write_text(exported([a_flow(NIGHT, OWN, THIEF, 1000)], names))
    assert of_gaps(told(tmp_path, exits=1), "log could not be read: no line names its fields")
    fields = " ".join(f"${{{name}}}" for name in names)
    assert sums(told(tmp_path, "--fields", fields)) == {THIEF: 1000}


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"PAR1\x15\x04\x15\x10L\x15\x00PAR1", "it is Parquet, which is not read"),
        (b"", "it is empty"),
        (b"\x1f\x8bbroken", "it is no gzip"),
        (gzip.compress(b"version bytes\n2 " + b"1" * 9000, mtime=0)[:-9], "it ends in the middle"),
        (b"version tgw-id tgw-attachment-id start bytes\n6 tgw-1 a 1 2\n", "a transit gateway"),
        (b"6 TransitGateway 111122223333 tgw-1\n", "a transit gateway"),
        (b"version account-id start\n2 1 1\n", "do not say whose they are, whereto, how many"),
        (b'{"message": "2 111122223333"}', "no line names its fields"),
        (b"\xff\xfe\x00\x00", "no line names its fields"),
    ],
)
def test_an_object_that_cannot_be_read_is_named_and_stops_nothing(
    tmp_path: Path, content: bytes, why: str
) -> None:
    one_log(tmp_path, a_flow(NIGHT, OWN, THIEF, 1000))
    (tmp_path / "strange.log.parquet").write_bytes(content)
    answer = told(tmp_path, exits=1)
    assert sums(answer) == {THIEF: 1000}
    (gap,) = of_gaps(answer, "strange.log.parquet could not be read")
    assert why in gap


def test_exports_of_one_name_are_each_told(tmp_path: Path) -> None:
    for stream in ("eni-1", "eni-2"):
        (tmp_path / stream).mkdir()
        (tmp_path / stream / "000000.gz").write_bytes(b"")
    answer = told(tmp_path, exits=1)
    assert of_gaps(answer, "could not be read") == [
        f"{stream}/000000.gz could not be read: it is empty" for stream in ("eni-1", "eni-2")
    ]


def test_what_is_no_log_by_its_name_is_passed_over(tmp_path: Path) -> None:
    one_log(tmp_path, a_flow(NIGHT, OWN, THIEF, 1000))
    for name in ("aws-logs-write-test", ".DS_Store"):
        (tmp_path / name).write_text("Permission Check Successful")
    assert told(tmp_path)["read"]["objects"] == 1


@pytest.mark.parametrize(
    "place",
    [
        f"AWSLogs/{SHOP}/vpcflowlogs/{REGION}/2026/11/23/03",
        f"AWSLogs/aws-account-id={SHOP}/aws-service=vpcflowlogs/aws-region={REGION}/year=2026",
        "",
    ],
)
def test_objects_are_known_by_their_last_name_in_any_folder(tmp_path: Path, place: str) -> None:
    made = put(tmp_path, NIGHT, text([a_flow(NIGHT, OWN, THIEF, 1000)], V5))
    (tmp_path / "there" / place).mkdir(parents=True)
    made.rename(tmp_path / "there" / place / made.name)
    answer = told(tmp_path / "there")
    assert sums(answer) == {THIEF: 1000}
    assert of_gaps(answer, "no name that VPC gives") == []


@pytest.mark.parametrize(
    "changed",
    [
        {"bytes": "1_000"},
        {"bytes": "-1"},
        {"bytes": "\u0661"},
        {"bytes": "9" * 30},
        {"start": "0"},
        {"end": "1"},
        {"dstaddr": "203.0.113.077", "pkt-dstaddr": "203.0.113.077"},
        {"pkt-dstaddr": "evil.example.com"},
        {"pkt-dstaddr": "fe80::1%eth0"},
        {"dstport": "65536"},
        {"flow-direction": "sideways"},
        {"action": "MAYBE"},
        {"log-status": "FINE"},
        {"interface-id": "eni-<b>"},
        {"pkt-dst-aws-service": "S3;rm"},
        {"srcaddr": "10.0.1.5 10.0.1.6"},
    ],
)
def test_a_line_that_is_no_record_is_counted_and_stops_nothing(
    tmp_path: Path, changed: dict[str, str]
) -> None:
    strange = a_flow(NIGHT, OWN, THIEF, 1) | changed
    one_log(tmp_path, strange, a_flow(NIGHT, OWN, THIEF, 1000))
    answer = told(tmp_path, "--instance", INSTANCE)
    assert sums(answer) == {THIEF: 1000}
    (gap,) = of_gaps(answer, "1 lines are no records")
    assert not any(value in gap for value in changed.values() if len(value) > 4)


def test_a_machine_without_a_record_is_a_gap_and_no_nought(tmp_path: Path) -> None:
    one_log(tmp_path, a_flow(NIGHT, OWN, THIEF, 1))
    answer = told(tmp_path, "--instance", OTHER_INSTANCE)
    assert answer["machines"] == []
    assert of_gaps(answer, f"no record is of {OTHER_INSTANCE}: whether it sent anything")


def test_fields_that_are_not_logged_are_told_with_what_was_assumed(tmp_path: Path) -> None:
    answer = told(one_log(tmp_path, a_flow(NIGHT, OWN, THIEF, 1), names=DEFAULT))
    for words in ("no direction", "no instance", "no path", "no name of AWS' services"):
        assert of_gaps(answer, words)
    assert not of_gaps(answer, "no action")
    assert of_gaps(answer, "flow logs never have")


def test_a_log_of_refused_traffic_alone_says_nothing_of_what_left(tmp_path: Path) -> None:
    answer = told(one_log(tmp_path, a_flow(NIGHT, OWN, THIEF, 1, action="REJECT")))
    assert of_gaps(answer, "has refused traffic alone")


def test_a_year_ends_without_a_gap(tmp_path: Path) -> None:
    begin = datetime(2026, 12, 20, tzinfo=UTC)
    flows = [a_flow(begin + timedelta(hours=hour), OWN, CUSTOMER, 100) for hour in range(24 * 14)]
    flows.append(a_flow(datetime(2027, 1, 1, 0, 30, tzinfo=UTC), OWN, THIEF, 5000))
    window = ("--since", "2026-12-31T00:00:00Z", "--until", "2027-01-03T00:00:00Z")
    answer = told(one_log(tmp_path, *flows), *window)
    internet = the_machine(answer)["kinds"]["internet"]
    assert internet["excess"]["first_at"] == "2027-01-01T00:00:00+00:00"
    assert internet["excess"]["high"] == 5010
    assert of_gaps(answer, "no record") == []


def test_more_peers_than_are_kept_lose_no_heavy_one_and_are_bounded(tmp_path: Path) -> None:
    many = [
        a_flow(NIGHT, OWN, f"198.18.{n // 250}.{n % 250}", 1000 + n % 7, instance_id="-")
        for n in range(12_000)
    ]
    many[6000:6000] = [a_flow(NIGHT, OWN, THIEF, 20_000_000)]
    answer = told(one_log(tmp_path, *many), "--interface", INTERFACE)
    machine = the_machine(answer)
    assert peer(machine, THIEF)["bytes"]["low"] == 20_000_000
    rest = peer(machine, "others, which are not listed one by one")
    assert rest["bytes"]["low"] > 0
    assert rest["new"] is rest["excess"] is None
    whole = 20_000_000 + sum(1000 + n % 7 for n in range(12_000))
    assert machine["kinds"]["internet"]["bytes"]["low"] == whole
    (gap,) = of_gaps(answer, "more peers than are listed")
    bound = int(gap.rpartition(" than ")[2].partition(" ")[0])
    assert 1006 <= bound <= whole // 4096


def test_the_answer_is_the_same_whatever_the_number_of_processes(tmp_path: Path) -> None:
    story = Story().usual().theft()
    for number in range(40):
        put(tmp_path, NIGHT, text([a_flow(NIGHT, OWN, THIEF, number)], V5), unique=f"x{number}")
    story.write(tmp_path)
    alone = told(tmp_path, *WINDOW)
    result = run(tmp_path, "--json", "--processes", "2", *WINDOW)
    assert json.loads(result.stdout) == alone


@pytest.mark.parametrize(
    "words",
    [
        ("--instance", "i-<script>"),
        ("--interface", INSTANCE),
        ("--network", "10.0.0.1/8"),
        ("--fields", "bytes; rm"),
        ("--since", UNTIL, "--until", SINCE),
        ("--since", "yesterday"),
    ],
)
def test_a_wrong_word_is_refused(tmp_path: Path, words: tuple[str, ...]) -> None:
    one_log(tmp_path, a_flow(NIGHT, OWN, THIEF, 1))
    result = run(tmp_path, *words)
    assert result.exit_code == 2
    assert "error: " in result.output


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    assert run(tmp_path).exit_code == 2


def test_a_table_names_the_theft_and_each_gap(tmp_path: Path) -> None:
    Story().usual().theft().write(tmp_path)
    result = run(tmp_path, "--instance", INSTANCE, *WINDOW)
    assert result.exit_code == 0
    assert THIEF in result.stdout
    assert "40,000,000,000" in result.stdout
    assert "gap: flow logs never have" in result.stdout


def started(logs: Logs) -> None:
    """The thief starts an instance."""
    item = {
        "instanceId": INSTANCE,
        "networkInterfaceSet": {
            "items": [{"networkInterfaceId": INTERFACE, "privateIpAddress": OWN}]
        },
    }
    answered = {"instancesSet": {"items": [item]}}
    logs.call(90, "ec2", "RunInstances", by_user(USER, KEY), responseElements=answered)


def scoped(trail: Path, flow_logs: Path, *words: str) -> dict[str, Any]:
    given = ("--logs", str(trail), "--flow-logs", str(flow_logs), "--access-key", KEY, "--json")
    result = CliRunner().invoke(app, ["scope", *given, "--processes", "1", *words])
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)["network"]
    return found


def test_what_left_an_instance_that_a_stolen_key_started_is_found(tmp_path: Path) -> None:
    logs = Logs().theft()
    started(logs)
    trail = logs.write(tmp_path / "trail")
    flow_logs = Story().usual().theft().write(tmp_path / "flows", DEFAULT)
    found = scoped(trail, flow_logs, *WINDOW)
    machine = the_machine(found)
    assert machine["machine"] == INSTANCE
    assert machine["why"] == [
        "ec2 RunInstances of the lineage was about it",
        "the lineage started it",
    ]
    assert peer(machine, THIEF)["bytes"]["low"] == STOLEN
    assert machine["kinds"]["internet"]["excess"]["low"] > STOLEN * 99 // 100


def test_the_instance_that_a_call_names_is_joined_and_another_is_not(tmp_path: Path) -> None:
    logs = Logs().theft()
    thief, other = by_user(USER, KEY), by_user("deploy", "AKIAEXAMPLEEXAMPLE09")
    logs.call(95, "ssm", "StartSession", thief, requestParameters={"target": INSTANCE})
    logs.call(96, "ssm", "StartSession", other, requestParameters={"target": OTHER_INSTANCE})
    looked = {"instancesSet": {"items": [{"instanceId": OTHER_INSTANCE}]}}
    logs.call(97, "ec2", "DescribeInstances", thief, requestParameters=looked)
    by_tag = {"targets": [{"key": "tag:app", "values": ["web"]}]}
    logs.call(98, "ssm", "SendCommand", thief, requestParameters=by_tag)
    trail = logs.write(tmp_path / "trail")
    found = scoped(trail, Story().usual().theft().write(tmp_path / "flows"), *WINDOW)
    assert the_machine(found)["machine"] == INSTANCE
    assert the_machine(found)["why"] == ["ssm StartSession of the lineage was about it"]
    assert of_gaps(found, "1 calls of the lineage chose machines by their tags")


def test_an_instance_whose_interfaces_no_log_tells_is_a_gap(tmp_path: Path) -> None:
    logs = Logs().theft()
    target = {"target": INSTANCE}
    logs.call(95, "ssm", "StartSession", by_user(USER, KEY), requestParameters=target)
    trail = logs.write(tmp_path / "trail")
    found = scoped(trail, Story().usual().write(tmp_path / "flows", DEFAULT), *WINDOW)
    assert found["machines"] == []
    assert of_gaps(found, f"no record is of {INSTANCE}")
    assert of_gaps(found, "has no instance")


def test_a_machine_that_was_named_outside_the_time_in_question_is_not_joined(
    tmp_path: Path,
) -> None:
    logs = Logs().theft()
    target = {"target": INSTANCE}
    logs.call(95, "ssm", "StartSession", by_user(USER, KEY), requestParameters=target)
    trail = logs.write(tmp_path / "trail")
    flow_logs = Story().usual().write(tmp_path / "flows")
    assert the_machine(scoped(trail, flow_logs, *WINDOW))["machine"] == INSTANCE
    after = ("--since", "2026-11-23T02:00:00Z", "--until", UNTIL)
    assert scoped(trail, flow_logs, *after)["machines"] == []
    before = ("--since", SINCE, "--until", "2026-11-23T01:30:00Z")
    assert scoped(trail, flow_logs, *before)["machines"] == []


def test_without_a_machine_no_flow_log_is_counted_and_that_is_said(tmp_path: Path) -> None:
    trail = Logs().theft().write(tmp_path / "trail")
    found = scoped(trail, Story().usual().write(tmp_path / "flows"))
    assert found["machines"] == []
    assert of_gaps(found, "no call tells of a machine that they had")


def test_the_trail_tells_which_way_private_traffic_went(tmp_path: Path) -> None:
    logs = Logs()
    started(logs)
    trail = logs.write(tmp_path / "trail")
    six = [
        a_flow(NIGHT, "2001:db8::5", f"2001:db8::{number}", 10, instance_id="-") for number in "123"
    ]
    left = a_flow(NIGHT, OWN, NEIGHBOUR, 700)
    flow_logs = one_log(tmp_path / "flows", left, *six, names=DEFAULT)
    found = told(flow_logs, "--instance", INSTANCE, "--trail", str(trail))
    assert the_machine(found)["kinds"]["private"]["bytes"]["low"] == 700
    assert the_machine(found)["kinds"]["internet"]["bytes"]["low"] == 30
    assert the_machine(found)["undirected_bytes"] == 0


def test_a_damaged_trail_is_named(tmp_path: Path) -> None:
    trail = Logs().honest(1, 1).write(tmp_path / "trail")
    (trail / "damaged.json.gz").write_bytes(b"")
    flow_logs = one_log(tmp_path / "flows", a_flow(NIGHT, OWN, THIEF, 1))
    found = told(flow_logs, "--instance", INSTANCE, "--trail", str(trail), exits=1)
    assert of_gaps(found, "damaged.json.gz could not be read: it is empty")


def test_the_trail_tells_whose_interface_it_is(tmp_path: Path) -> None:
    logs = Logs()
    attached = {"networkInterfaceId": INTERFACE, "instanceId": INSTANCE, "deviceIndex": 1}
    owner = by_user("deploy", "AKIAEXAMPLEEXAMPLE09")
    logs.call(10, "ec2", "AttachNetworkInterface", owner, requestParameters=attached)
    trail = logs.write(tmp_path / "trail")
    flow_logs = Story().usual().theft().write(tmp_path / "flows", DEFAULT)
    found = told(flow_logs, "--instance", INSTANCE, "--trail", str(trail), *WINDOW)
    assert peer(the_machine(found), THIEF)["bytes"]["low"] == STOLEN
