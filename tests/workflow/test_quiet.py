"""What need not wake anybody is told quietly, and nothing else is different in a quiet night."""

import json
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from responder_cli.drill import world
from tests.events import an_event
from tests.proof.campaigns import campaigns
from tests.proof.ends import EXECUTIONS, end_of
from tests.workflow.nights import Night, a_night

ODD = "guardduty/privilegeescalation-kubernetes-anomalousbehavior-rolebindingcreated"


def told(night: Night) -> list[tuple[str, str]]:
    """Which topic was told, and of what."""
    named = ((page.topic_arn.rpartition(":")[2], page.subject) for page in night.cloud.published)
    return [(topic.split("-")[2], (subject or "").partition("]")[0]) for topic, subject in named]


@pytest.mark.prove
def test_a_quiet_incident_pages_once_when_its_finding_becomes_worse() -> None:
    with a_night(QuietEmail="team@example.com") as night:
        night.cloud.deliver(an_event(ODD, severity=5), account=world.HOME)
        night.cloud.settle()
        night.ends()
        [incident] = night.watch.incidents()
        assert night.watch.clocks.all(incident.id)
        assert told(night) == [("QuietTopic", "[QUIET")] * 2  # that it is, and its clocks
        worse = an_event(ODD, severity=8, updatedAt="2026-11-23T13:00:00.000Z")
        for _ in range(2):
            night.cloud.deliver(worse, account=world.HOME)
            night.cloud.settle()
        night.ends()
        assert told(night)[2:] == [("PagerTopic", "[HIGH")]
        said = [one for one in night.told() if "Pages for" in one]
        assert len(said) == 1
        assert not night.dead_letters()


KINDS = ("AttackSequence", "CredentialAccess", "Discovery", "Exfiltration", "Recon", "Unauth*")


def asks_for_quiet(night: Night, **asked: Any) -> dict[str, Any]:
    """As `responder known` and `responder snooze` do it."""
    reply = night.cloud.client("lambda", account=world.HOME).invoke(
        FunctionName=night.stacks.responder.outputs["SilenceFunctionName"],
        Payload=json.dumps(
            {
                "until": (night.cloud.now() + timedelta(hours=20)).isoformat(),
                "by": world.ON_CALL,
                "reason": "a test of ours",
                **asked,
            }
        ).encode(),
    )
    answer: dict[str, Any] = json.loads(reply["Payload"].read())
    assert "FunctionError" not in reply, answer
    return answer


def goes_by(night: Night, *, snoozed: bool) -> dict[str, list[str]]:
    """How a night ends in which people answer every question; without who was paged."""
    if snoozed:
        pattern = {"accounts": [world.SHOP], "types": [f"{kind}:*" for kind in KINDS]}
        asks_for_quiet(night, kind="known", pattern=pattern)
    for event in (one for theft in campaigns(night) for one in theft.events()):
        night.cloud.deliver(event, account=world.HOME)
    night.cloud.settle()
    while questions := night.asks():
        for one in questions:
            night.answer(one, "Approve")
        night.cloud.settle()
    night.ends()
    end = end_of(night, [])
    end["effects"] = [one for one in end["effects"] if not one.startswith("page: ")]
    return end


def test_a_whole_night_that_is_known_ends_in_the_same_cuts_clocks_and_evidence() -> None:
    with a_night() as loud:
        expected = goes_by(loud, snoozed=False)
        woken = Counter(topic for topic, _ in told(loud))
    with a_night() as quiet:
        found = goes_by(quiet, snoozed=True)
        heard = told(quiet)
        [incident] = quiet.watch.incidents()
        [why] = [one for one in quiet.told() if "Told quietly; nobody" in one]
    assert expected["orders"]
    assert any(one.startswith("clock: ") for one in expected["effects"])
    assert expected[EXECUTIONS] == found[EXECUTIONS]
    assert found == expected
    assert "Known activity until" in why
    assert heard[0] == ("PagerTopic", "[QUIET MADE")
    assert ("PagerTopic", "[HIGH") not in heard
    assert woken["PagerTopic"] > 0
    # Who is asked whether to cut is asked all the same.
    questions = [one for one in heard if one[0] not in ("PagerTopic", "QuietTopic")]
    assert len(questions) == sum(
        times for topic, times in woken.items() if topic not in ("PagerTopic", "QuietTopic")
    )
    assert incident.severity.value


@pytest.mark.prove
def test_the_commands_ask_for_quiet_list_it_and_end_it(monkeypatch: pytest.MonkeyPatch) -> None:
    with a_night() as night:
        night.send("GuardDuty Finding")
        [incident] = night.watch.incidents()
        made = night.types(
            monkeypatch, "snooze", incident.id, "--for", "4h", "--reason", "mine", "--json"
        )
        [one] = json.loads(made.stdout)["silences"]
        assert (one["kind"], one["about"], one["in_force"]) == ("snooze", incident.id, True)
        assert ":assumed-role/on-call/" in one["by"]
        silence_id = one["silence_id"]
        assert silence_id in night.types(monkeypatch, "snooze", "--json").stdout
        night.types(monkeypatch, "snooze", "--end", silence_id, "--reason", "done")
        [one] = json.loads(night.types(monkeypatch, "known", "--json").stdout)["silences"]
        assert not one["in_force"]
        refused = night.types(
            monkeypatch, "known", "--account", world.SHOP, "--for", "2d", "--reason", "test"
        )
        assert refused.exit_code == 2
        assert "an account is too wide" in refused.stderr
