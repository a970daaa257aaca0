"""Who read which record is found by the names, keys and addresses of the findings, safely."""

import gzip
import json
from datetime import timedelta
from typing import Any

import pytest

from responder import wiring
from responder.collectors import app_audit
from responder.collectors.collector import Collected, Later
from responder.domain.collecting import Options
from responder.domain.finding import Finding
from tests.builders import NOON, REGION, SHOP, a_finding, a_session, a_user
from tests.collecting import a_scene, in_rounds
from tests.searches import Logs, Searched
from tests.unit.collectors.test_insights import HOSTILE

GROUP = "/shop/audit"
READ = json.dumps({"actor": "orders-export", "read": "customer/4711"})


@pytest.fixture(autouse=True)
def _accounts_by_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MOTO_ACCOUNT_ID", raising=False)


@pytest.fixture
def clients(aws: None) -> Searched:
    """An account whose audit has events of five minutes ago."""
    clients = Searched(Logs())
    clients.logs(SHOP, REGION).create_log_group(logGroupName=GROUP)
    at = NOON - timedelta(minutes=5)
    others = ['{"actor": "support", "read": "customer/1"}', "from 203.0.113.7"]
    clients.logs_held.events[GROUP] = [(at, "app", text) for text in [READ, *others]]
    return clients


def collected(
    clients: Searched, *findings: Finding, groups: tuple[str, ...] = (GROUP,)
) -> list[Collected]:
    scene = a_scene(clients, *findings, options=Options(audit_log_groups=groups))
    found = [one for each in in_rounds(app_audit, scene) for one in each]
    assert len({one.name for one in found}) == len(found)
    return found


def messages(item: Collected) -> list[str]:
    told = json.loads(gzip.decompress(item.content.body))
    return [cell["value"] for row in told["results"] for cell in row if cell["field"] == "@message"]


def document(item: Collected) -> Any:
    return json.loads(item.content.body)


def test_what_the_principals_and_addresses_read_is_kept(clients: Searched) -> None:
    groups, found = collected(clients)
    assert sorted(messages(found)) == ["from 203.0.113.7", READ]
    assert document(groups)["searched_for"] == [
        "AKIAEXAMPLEEXAMPLE00",
        "orders-export",
        "203.0.113.7",
    ]


def test_a_session_is_searched_by_its_own_name_and_its_role(clients: Searched) -> None:
    groups, _ = collected(clients, a_finding(principals=(a_session(),), addresses=()))
    assert document(groups)["searched_for"] == [
        "ASIAEXAMPLEEXAMPLE00",
        "i-0abc1234def567890",
        "web-tier-role",
    ]


def test_without_a_log_group_it_says_what_is_not_known(clients: Searched) -> None:
    [item] = collected(clients, groups=())
    [gap] = item.gaps
    assert "AuditLogGroups" in gap
    assert clients.logs_held.queries == {}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_that_could_change_the_search_is_left_out_and_said_to_be(
    clients: Searched, name: str
) -> None:
    hostile = a_user().model_copy(update={"name": name, "access_key_id": name})
    finding = a_finding(principals=(hostile,), addresses=("203.0.113.7",))
    groups, found = collected(clients, finding)
    assert document(groups)["searched_for"] == ["203.0.113.7"]
    assert messages(found) == ["from 203.0.113.7"]
    assert any("not searched for" in gap for gap in groups.gaps)


def test_findings_that_name_nobody_search_nothing(clients: Searched) -> None:
    [item] = collected(clients, a_finding(principals=(), addresses=()))
    assert any("name no principal" in gap for gap in item.gaps)


def test_a_group_that_may_not_be_searched_is_a_gap_that_says_how(clients: Searched) -> None:
    clients.refusing = {"StartQuery": "AccessDeniedException"}
    _, found = collected(clients)
    assert any("LogGroups of stacks/member-role.yaml" in gap for gap in found.gaps)


def test_a_group_that_may_not_be_described_is_searched_all_the_same(clients: Searched) -> None:
    clients.refusing = {"DescribeLogGroups": "AccessDeniedException"}
    groups, found = collected(clients)
    assert any("AccessDeniedException" in gap for gap in groups.gaps)
    assert READ in messages(found)


def test_a_group_that_is_not_there_is_said(clients: Searched) -> None:
    groups, found = collected(clients, groups=("/shop/other",))
    assert "log group /shop/other is not there" in groups.gaps
    assert any("ResourceNotFoundException" in gap for gap in found.gaps)


@pytest.mark.parametrize("name", ['a"b', "a | b", "a\n", "a b"])
def test_what_is_no_group_is_not_asked_for(clients: Searched, name: str) -> None:
    groups, _ = collected(clients, groups=(GROUP, name))
    assert "AuditLogGroups names something that is no log group" in groups.gaps
    assert len(clients.logs_held.queries) == 1


def test_a_search_that_runs_is_taken_up_by_the_next_run(clients: Searched) -> None:
    clients.logs_held.running = 7
    scene = a_scene(clients, options=Options(audit_log_groups=(GROUP,)))
    first = list(app_audit.collect(scene))
    assert isinstance(first[-1], Later)
    _, found = collected(clients)
    assert READ in messages(found)


def test_it_is_searched_under_the_same_names_again(clients: Searched) -> None:
    assert [one.name for one in collected(clients)] == [one.name for one in collected(clients)]


def test_the_groups_are_a_parameter_of_the_stack(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_REGION", "TABLE_NAME", "STACK_NAME"):
        monkeypatch.setenv(name, "any")
    monkeypatch.setenv("AUDIT_LOG_GROUPS", "/shop/audit, /shop/admin")
    wiring.settings.cache_clear()
    try:
        assert wiring.collect_options().audit_log_groups == ("/shop/audit", "/shop/admin")
    finally:
        wiring.settings.cache_clear()
