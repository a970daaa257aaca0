"""An incident of the deployed stack is closed by a person, and what comes later follows it."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from responder.domain.incident import Incident
from responder.domain.order import ReceiptStatus
from responder_cli.drill import world
from responder_cli.drill.events import told_of
from tests.builders import NOON
from tests.workflow.nights import Night, a_night
from tests.workflow.test_by_hand import in_the_console

CUT_ALL = json.dumps({"rules": [{"types": ["*"], "then": "automatic"}]})
DENY_ALL = "arn:aws:iam::aws:policy/AWSDenyAll"
BECAUSE = ("--because", "the key is replaced")
ON_CALL = "assumed-role/on-call/"


@pytest.fixture
def night() -> Iterator[Night]:
    """A key was stolen and cut, all of it has ended, and counsel waived what may be owed."""
    with a_night(Policy=CUT_ALL, Jurisdictions="US-CA") as night:
        night.send("GuardDuty Finding")
        night.ends()
        yield night


def first_of(night: Night) -> Incident:
    return min(night.watch.incidents(), key=lambda incident: incident.opened_at)


def waived(night: Night, incident: Incident) -> None:
    """Counsel says of each deadline that it is not pursued."""
    open_ones = [one.clock_id for one in night.watch.clocks.all(incident.id) if one.is_open]
    assert open_ones
    said = [{"clock_id": one, "why": "a rehearsal"} for one in open_ones]
    reply = night.cloud.client("lambda", account=world.HOME).invoke(
        FunctionName=night.stacks.responder.outputs["RecordFunctionName"],
        Payload=json.dumps(
            {"incident_id": incident.id, "by": "counsel@example.com", "waived": said}
        ).encode(),
    )
    assert "FunctionError" not in reply, reply["Payload"].read()


def pages_of(night: Night) -> int:
    return sum(line.startswith("report: Put version") for line in night.told())


def item_of(night: Night, incident: Incident) -> dict[str, Any]:
    assert incident.channel is not None
    ssm = night.cloud.client("ssm", account=world.HOME)
    found: dict[str, Any] = ssm.get_ops_item(OpsItemId=incident.channel.reference)["OpsItem"]
    return found


def it_is_refused_while_a_deadline_runs_and_nothing_changes(
    night: Night, monkeypatch: pytest.MonkeyPatch
) -> None:
    incident = first_of(night)
    before = night.items()
    result = night.types(monkeypatch, "close", incident.id, *BECAUSE)
    assert result.exit_code == 2
    assert "stays open, and nothing was changed. 1 thing stands against closing it:" in (
        " ".join(result.stderr.split())
    )
    assert "deadlines are open" in result.stderr
    assert night.items() == before


def it_is_closed_and_resolved_where_it_is_open_and_stays_cut(
    night: Night, monkeypatch: pytest.MonkeyPatch
) -> None:
    incident = first_of(night)
    waived(night, incident)
    pages = pages_of(night)
    result = night.types(monkeypatch, "close", incident.id, *BECAUSE, "--json")
    assert result.exit_code == 0, result.stderr
    assert "iam.deny_user" in {one["action_id"] for one in json.loads(result.stdout)["still_cut"]}
    night.cloud.settle()
    over = first_of(night).closed
    assert over is not None
    assert (ON_CALL in over.by, over.why) == (True, "the key is replaced")
    item = item_of(night, incident)
    assert item["Status"] == "Resolved"
    notes = [one["Value"] for one in item["OperationalData"].values()]
    assert any(note.startswith("Closed: the key is replaced.") for note in notes)
    told = night.told()
    assert "mirror: Resolved at OpsCenter." in told
    # What we resolve ourselves is heard of, and is nobody's doing.
    assert not any("resolved it at" in line for line in told)
    assert night.user_policies() == ["AWSDenyAll"]
    assert pages_of(night) == pages + 1
    assert (night.dead_letters(), night.cloud.failures) == ([], [])
    again = night.types(monkeypatch, "close", incident.id, "--because", "again", "--json")
    assert json.loads(again.stdout)["why"] == "the key is replaced"


def a_cut_that_somebody_undoes_after_it_was_closed_is_made_again(night: Night) -> None:
    iam = night.cloud.client("iam", account=world.SHOP)
    iam.detach_user_policy(UserName=world.USER, PolicyArn=DENY_ALL)
    assert night.user_policies() == []
    night.watch.until(lambda: night.user_policies() == ["AWSDenyAll"], at_most=timedelta(minutes=9))
    night.cloud.advance(timedelta(minutes=9))
    assert night.user_policies() == ["AWSDenyAll"]
    assert first_of(night).closed is not None


def later(night: Night, *, seen: bool) -> dict[str, Any]:
    """The same finding of the detector, counted again; `seen`: because it goes on."""
    now = night.cloud.now()
    [event] = [
        one
        for one in told_of(NOON, night.shop, night.thief.session_key_id)
        if one["source"] == "aws.guardduty" and "AttackSequence" not in one["detail"]["type"]
    ]
    detail = event["detail"]
    detail["updatedAt"] = f"{now:%Y-%m-%dT%H:%M:%S.000Z}"
    detail["service"]["count"] += 1
    if seen:
        detail["service"]["eventLastSeen"] = f"{now:%Y-%m-%dT%H:%M:%S.000Z}"
    return event


def what_is_told_late_is_kept_with_it_and_what_goes_on_opens_one_that_follows(
    night: Night,
) -> None:
    first = first_of(night)
    night.cloud.advance(timedelta(hours=2))  # the saved finding tells of the minutes after noon
    pages, late = len(night.cloud.published), later(night, seen=False)
    for _ in range(2):
        night.cloud.deliver(late, account=world.HOME)
        night.cloud.settle()
    assert len(night.watch.incidents()) == 1
    assert len(night.cloud.published) == pages
    assert sum("told of once more after this was closed" in line for line in night.told()) == 1
    news = later(night, seen=True)
    for _ in range(2):
        night.cloud.deliver(news, account=world.HOME)
        night.cloud.settle()
    [old, new] = sorted(night.watch.incidents(), key=lambda incident: incident.opened_at)
    assert old == first_of(night)
    assert (old.id, new.follows) == (first.id, (first.id,))
    paged = [one for one in night.cloud.published[pages:] if new.id in one.message]
    assert any(f"Follows: {first.id}" in one.message for one in paged)
    [line] = [line for line in night.told() if f"It follows {first.id}" in line]
    assert line.endswith(": the key is replaced")
    night.ends()


def the_one_that_follows_is_closed_in_the_console(night: Night) -> None:
    [_, new] = sorted(night.watch.incidents(), key=lambda incident: incident.opened_at)
    waived(night, new)
    left = [
        f"{one.order.order_id}=the role was rebuilt"
        for one in night.watch.receipts.all(new.id)
        if one.status is ReceiptStatus.LEFT
    ]
    filled_in = {"IncidentId": new.id, "Because": "the thief had another copy of the key"}
    ran = in_the_console(night, "CloseDocumentName", **filled_in)
    assert ran["AutomationExecutionStatus"] == "Failed"
    assert "nobody said what became of it" in ran["FailureMessage"]
    ran = in_the_console(night, "CloseDocumentName", **filled_in, Left="; ".join(left))
    assert ran["AutomationExecutionStatus"] == "Success", ran.get("FailureMessage")
    night.cloud.settle()
    assert item_of(night, new)["Status"] == "Resolved"
    assert all(one.closed is not None for one in night.watch.incidents())
    assert (night.dead_letters(), night.cloud.failures) == ([], [])


def test_it_is_closed_watched_and_followed(night: Night, monkeypatch: pytest.MonkeyPatch) -> None:
    """One night, in stages: each begins where the one before ended."""
    it_is_refused_while_a_deadline_runs_and_nothing_changes(night, monkeypatch)
    it_is_closed_and_resolved_where_it_is_open_and_stays_cut(night, monkeypatch)
    a_cut_that_somebody_undoes_after_it_was_closed_is_made_again(night)
    what_is_told_late_is_kept_with_it_and_what_goes_on_opens_one_that_follows(night)
    the_one_that_follows_is_closed_in_the_console(night)
