"""What people make of an incident where it is open comes back to the deployed stack."""

from collections.abc import Iterator

import pytest

from responder_cli.drill import world
from tests.workflow.nights import Night, a_night

ADMIN = f"arn:aws:sts::{world.HOME}:assumed-role/administrator/ana@example.com"


@pytest.fixture(scope="module")
def night() -> Iterator[Night]:
    with a_night() as night:
        night.send("GuardDuty Finding")
        night.cloud.settle()
        yield night


def set_in_the_console(night: Night, status: str) -> None:
    """A person of the security account changes the OpsItem that the page named."""
    [incident] = night.watch.incidents()
    assert incident.channel is not None
    ssm = night.cloud.role(
        "ssm", role_arn=world.ADMINISTRATOR, session_name="ana@example.com", region=world.REGION
    )
    ssm.update_ops_item(OpsItemId=incident.channel.reference, Status=status)
    night.cloud.settle()


def still_open(night: Night) -> list[str]:
    [incident] = night.watch.incidents()
    return [clock.clock_id for clock in night.watch.clocks.all(incident.id) if clock.is_open]


@pytest.mark.prove
def test_the_item_lists_who_and_what_the_incident_is_about_and_the_runbooks(night: Night) -> None:
    [incident] = night.watch.incidents()
    assert incident.channel is not None
    ssm = night.cloud.client("ssm", account=world.HOME)
    item = ssm.get_ops_item(OpsItemId=incident.channel.reference)["OpsItem"]
    data = {name: entry["Value"] for name, entry in item["OperationalData"].items()}
    assert f"user/{world.USER}" in data["/aws/resources"]
    assert f":::{world.BUCKET}" in data["/aws/resources"]
    for name in ("breach-responder-cut", "breach-responder-release"):
        assert name in data["/aws/automations"]
        assert ssm.describe_document(Name=name)["Document"]["DocumentType"] == "Automation"


@pytest.mark.prove
def test_a_person_who_takes_it_and_resolves_it_is_named_and_nothing_ends(night: Night) -> None:
    open_clocks = still_open(night)
    assert open_clocks
    set_in_the_console(night, "InProgress")
    assert f"{ADMIN}: {ADMIN} took it over at OpsCenter." in night.told()
    set_in_the_console(night, "Resolved")
    [said] = [line for line in night.told() if "resolved it" in line]
    assert said.startswith(f"{ADMIN}: {ADMIN} resolved it at OpsCenter. That closes nothing here. ")
    assert f"{len(open_clocks)} deadlines are open" in said
    assert still_open(night) == open_clocks
    night.ends()
    assert night.dead_letters() == []
    # Our own notes on the item are no news; that nobody else is called is told beside it.
    heard = [line for line in night.told() if ADMIN in line and "answered the page" not in line]
    assert len([line for line in heard if " at OpsCenter." in line]) == 2
    assert night.cloud.failures == []
