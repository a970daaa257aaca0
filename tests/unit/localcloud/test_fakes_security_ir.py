"""Cases: only with a membership, and once for each token."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.builders import HOME, NOON, REGION, SHOP
from tests.unit.localcloud.judging import World, a_world, allow, code


@pytest.fixture
def world() -> Iterator[World]:
    with a_world() as world:
        yield world


def a_case(**more: Any) -> dict[str, Any]:
    return {
        "clientToken": "inc-20261123-0a1b2c3d4e",
        "resolverType": "Self",
        "title": "Stolen key",
        "description": "What happened.",
        "engagementType": "Security Incident",
        "reportedIncidentStartDate": NOON,
        "impactedAccounts": [SHOP],
        "watchers": [],
        **more,
    }


def join(world: World) -> Any:
    client = world.operator("security-ir")
    team = [
        {"name": name, "jobTitle": "on call", "email": "a@example.com"} for name in ("Ana", "Ben")
    ]
    client.create_membership(membershipName="shop", incidentResponseTeam=team)
    return client


def test_without_a_membership_there_is_no_case(world: World) -> None:
    client = world.operator("security-ir")
    assert client.list_memberships()["items"] == []
    refused = "SecurityIncidentResponseNotActiveException"
    assert code(client.create_case, **a_case()) == refused


def test_a_token_is_one_case_and_another_request_under_it_a_conflict(world: World) -> None:
    client = join(world)
    reference = client.create_case(**a_case())["caseId"]
    assert client.create_case(**a_case())["caseId"] == reference
    assert code(client.create_case, **a_case(title="Other")) == "ConflictException"
    assert client.get_case(caseId=reference)["caseStatus"] == "Submitted"
    for _ in range(2):
        client.create_case_comment(caseId=reference, body="cut", clientToken="one")
    assert [one["body"] for one in client.list_comments(caseId=reference)["items"]] == ["cut"]
    there = world.operator("security-ir", SHOP)
    assert code(there.get_case, caseId=reference) == "SecurityIncidentResponseNotActiveException"


@pytest.mark.parametrize("wrong", [{"title": "x" * 301}, {"engagementType": "Other"}])
def test_what_the_model_does_not_allow_is_refused(world: World, wrong: dict[str, Any]) -> None:
    assert code(join(world).create_case, **a_case(**wrong)) == "ValidationException"


def test_a_right_on_cases_is_enough_to_open_one_and_to_note_on_it(world: World) -> None:
    join(world)
    cases = f"arn:aws:security-ir:{REGION}:{HOME}:case/*"
    may = world.user(
        "may", allow(["security-ir:CreateCase", "security-ir:CreateCaseComment"], cases)
    )
    reference = may("security-ir").create_case(**a_case())["caseId"]
    assert code(may("security-ir").create_case_comment, caseId=reference, body="cut") is None
    assert code(may("security-ir").get_case, caseId=reference) == "AccessDeniedException"
