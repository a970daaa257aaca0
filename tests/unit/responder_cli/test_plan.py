"""`responder plan` says what would be done about any saved event, and touches nothing."""

import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from responder.domain.principal import PrincipalKind
from responder_cli.plan import plan
from tests.builders import SHOP
from tests.events import EVENTS

app = typer.Typer()
app.command()(plan)
STOLEN = EVENTS / "guardduty/exfiltration-s3-anomalousbehavior.json"
ROLE = "unauthorizedaccess-iamuser-instancecredentialexfiltration-outsideaws.json"
ALL = [
    str(path)
    for feed in ("guardduty", "security-hub", "security-hub-v2")
    for path in sorted((EVENTS / feed).glob("*.json"))
]
KINDS = {kind.value for kind in PrincipalKind}


def run(*arguments: str | Path) -> Result:
    return CliRunner(env={"COLUMNS": "240"}).invoke(app, [str(one) for one in arguments])


def planned(*arguments: str | Path) -> list[dict[str, Any]]:
    result = run(*arguments, "--json")
    assert result.exit_code == 0, result.output
    found: list[dict[str, Any]] = json.loads(result.stdout)
    return found


def test_the_stolen_key_in_json() -> None:
    [entry] = planned(STOLEN, "--mode", "respond")
    assert entry["event"] == str(STOLEN)
    assert entry["mode"] == "respond"
    assert entry["finding"] == {
        "key": json.loads(STOLEN.read_text())["detail"]["arn"],
        "type": "Exfiltration:S3/AnomalousBehavior",
        "severity": "high",
        "account": SHOP,
        "region": "us-west-2",
        "sample": False,
        "source": "guardduty",
    }
    assert entry["disposition"] == "contain"
    arn = f"arn:aws:iam::{SHOP}:user/orders-export"
    assert entry["principals"] == [
        {
            "kind": "IAMUser",
            "arn": arn,
            "name": "orders-export",
            "access_key_id": "AKIAEXAMPLEEXAMPLE00",
            "session_name": None,
        }
    ]
    assert [(o["action"], o["resource"], o["mode"]) for o in entry["orders"]] == [
        ("iam.deny_user", arn, "automatic"),
        ("iam.deactivate_key", arn, "automatic"),
    ]
    assert all(order["reason"] for order in entry["orders"])
    assert entry["refusals"] == []


def test_every_saved_event_is_planned_in_the_order_given() -> None:
    entries = planned(*ALL)
    assert [entry["event"] for entry in entries] == ALL
    for entry in entries:
        assert entry["disposition"] in ("contain", "escalate", "record")
        assert {principal["kind"] for principal in entry["principals"]} <= KINDS
        assert bool(entry["orders"]) is (entry["disposition"] == "contain")
        assert {order["mode"] for order in entry["orders"]} <= {"automatic", "approval"}
        if entry["disposition"] == "escalate":
            assert all(refusal["next_step"] for refusal in entry["refusals"])
            assert entry["refusals"]
    assert {entry["disposition"] for entry in entries} == {"contain", "escalate", "record"}


def test_broken_events_are_named_and_the_others_planned() -> None:
    broken = sorted((EVENTS / "broken").glob("*.json"))
    result = run(*broken, STOLEN, EVENTS / "nowhere.json", "--json")
    assert result.exit_code == 2
    entries = json.loads(result.stdout)
    assert [entry["event"] for entry in entries] == [
        *(str(path) for path in broken),
        str(STOLEN),
        str(EVENTS / "nowhere.json"),
    ]
    assert [entry["event"] for entry in entries if "error" not in entry] == [str(STOLEN)]
    for entry in entries:
        if "error" in entry:
            assert entry["event"] in entry["error"]
    thirteen = next(e for e in entries if e["event"].endswith("broken/thirteen-digit-account.json"))
    assert "detail.accountId" in thirteen["error"]


def test_the_protect_list_of_a_file_is_kept(tmp_path: Path) -> None:
    for name, text in (
        ("list.json", '["arn:aws:iam::*:user/orders-*"]'),
        ("list.yaml", "protect:\n  - orders-export\n"),
    ):
        (tmp_path / name).write_text(text)
        [entry] = planned(STOLEN, "--protect", tmp_path / name)
        assert entry["disposition"] == "escalate"
        assert entry["orders"] == []
        assert "protect list" in entry["refusals"][0]["reason"]


def test_the_policy_of_a_file_comes_first(tmp_path: Path) -> None:
    policy = tmp_path / "policy.json"
    policy.write_text('{"rules": [{"types": ["Exfiltration:*"], "then": "approval"}]}')
    [entry] = planned(STOLEN, "--policy", policy)
    assert {order["mode"] for order in entry["orders"]} == {"approval"}


@pytest.mark.parametrize("option", ["--policy", "--protect"])
def test_a_document_that_cannot_be_read_stops_before_planning(option: str, tmp_path: Path) -> None:
    document = tmp_path / "document.yaml"
    document.write_text("a: [\n")
    result = run(STOLEN, option, document, "--json")
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "document.yaml, line" in result.stderr


def test_a_sample_is_planned_for_only_in_a_drill() -> None:
    sample = EVENTS / "guardduty/unauthorizedaccess-iamuser-maliciousipcaller-sample.json"
    assert planned(sample)[0]["disposition"] == "record"
    assert planned(sample, "--drill")[0]["disposition"] == "contain"


def test_the_table_shows_each_event_and_says_that_monitor_mode_holds() -> None:
    result = run(STOLEN, EVENTS / "guardduty" / ROLE)
    assert result.exit_code == 0
    assert "monitor mode" in result.stdout
    assert "none is carried out" in result.stdout
    assert "iam.deny_user: automatic" in result.stdout
    assert "iam.deny_role_session: approval" in result.stdout


def test_a_task_is_protected_at_once_and_its_load_balancers_are_asked_about() -> None:
    event = EVENTS / "guardduty/cryptocurrency-runtime-bitcointool-b-ecs.json"
    [entry] = planned(event, "--mode", "respond")
    task = f"arn:aws:ecs:us-west-2:{SHOP}:task/shop/0123456789abcdef0123456789abcdef"
    assert [(one["action"], one["resource"], one["mode"]) for one in entry["orders"]] == [
        ("ecs.protect_task", task, "automatic"),
        ("ecs.leave_targets", task, "approval"),
    ]
    assert "iam.deny_role_session" in entry["orders"][1]["reason"]
    result = run(event)
    assert "ecs.protect_task: automatic" in result.stdout
    assert "ecs.leave_targets: approval" in result.stdout


def test_the_table_shows_hostile_text_as_it_is(tmp_path: Path) -> None:
    event = json.loads((EVENTS / "guardduty/execution-ecs-maliciousfile.json").read_text())
    hostile = "\x1b[2J[red]x[/red]\x07"
    event["detail"]["resource"] = {"ecsClusterDetails": {"name": hostile}}
    path = tmp_path / "event.json"
    path.write_text(json.dumps(event))
    result = run(path)
    assert result.exit_code == 0
    assert not {"\x1b", "\x07"} & set(result.stdout)
    assert "[red]x[/red]" in result.stdout


def test_on_a_terminal_each_broken_event_has_a_line_below_the_table() -> None:
    broken = EVENTS / "broken" / "thirteen-digit-account.json"
    result = run(broken, STOLEN)
    table, _, below = result.stdout.partition("1 could not be read:")
    assert "thirteen-digit" not in table
    assert "detail.accountId: 12 digits are wanted" in " ".join(below.split())
    assert "Orders" not in run(broken).stdout
