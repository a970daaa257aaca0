"""The deployed stack where there is Incident Manager, and where it is asked for and is not."""

from datetime import timedelta

import pytest

from responder_cli.drill import sinks, world
from responder_cli.drill.accounts import Account
from tests.workflow.nights import Night, a_night
from tests.workflow.test_closing import BECAUSE, CUT_ALL, first_of, waived
from tests.workflow.test_sinks import ADMIN, still_open


def test_a_record_that_a_person_resolves_is_heard_of_by_cloudtrail() -> None:
    with a_night(world.ROOT, lambda cloud: sinks.prepare(cloud, Account.OLD)) as night:
        night.send("GuardDuty Finding")
        night.cloud.settle()
        resolved_by_a_person(night)


def resolved_by_a_person(night: Night) -> None:
    [incident] = night.watch.incidents()
    assert incident.channel is not None
    assert incident.channel.id == "incident_manager"
    clocks = still_open(night)
    admin = night.cloud.role(
        "ssm-incidents",
        role_arn=world.ADMINISTRATOR,
        session_name="ana@example.com",
        region=world.REGION,
    )
    admin.update_incident_record(arn=incident.channel.reference, status="RESOLVED")
    night.cloud.advance(timedelta(minutes=3))
    [said] = [line for line in night.told() if "resolved it" in line]
    assert said.startswith(f"{ADMIN}: {ADMIN} resolved it at Incident Manager. That closes nothing")
    assert still_open(night) == clocks
    assert night.cloud.failures == []
    assert night.dead_letters() == []


@pytest.mark.prove
def test_what_an_account_made_today_does_not_have_is_passed_over_and_said() -> None:
    """A plan and a case were asked for by name, and neither service is there."""
    plan = f"arn:aws:ssm-incidents::{world.HOME}:response-plan/breach-responder"
    given = {"ResponsePlanArn": plan, "SecurityIncidentResponse": "aws"}
    with a_night(world.ROOT, **given) as night:
        asked = night.cloud.client("ssm-incidents", account=world.HOME)
        assert asked.list_replication_sets()["replicationSetArns"] == []
        night.send("GuardDuty Finding")
        night.cloud.settle()
        told = "\n".join(night.told())
        assert "Opened at OpsCenter" in told
        assert "Passed over: Incident Manager (starting the incident in Incident Manager: " in told
        assert "Passed over: Security Incident Response (opening a case: AWS answered " in told
        assert "Paged through the pager topic." in told
        assert night.dead_letters() == []


@pytest.mark.prove
def test_an_incident_record_and_a_case_are_resolved_too(monkeypatch: pytest.MonkeyPatch) -> None:
    with a_night(
        world.ROOT,
        lambda cloud: sinks.prepare(cloud, Account.OLD),
        Policy=CUT_ALL,
        Jurisdictions="US-CA",
    ) as night:
        night.send("GuardDuty Finding")
        night.ends()
        incident = first_of(night)
        waived(night, incident)
        result = night.types(monkeypatch, "close", incident.id, *BECAUSE)
        assert result.exit_code == 0, result.stderr
        night.cloud.advance(timedelta(minutes=3))
        assert incident.channel is not None
        client = night.cloud.client("ssm-incidents", account=world.HOME)
        record = client.get_incident_record(arn=incident.channel.reference)["incidentRecord"]
        assert record["status"] == "RESOLVED"
        cases = night.cloud.client("security-ir", account=world.HOME)
        [case] = [body for _, key, body in night.items() if key == "CASE"]
        assert cases.get_case(caseId=case["reference"])["caseStatus"] == "Closed"
        assert not any("resolved it at" in line for line in night.told())
        assert (night.dead_letters(), night.cloud.failures) == ([], [])
