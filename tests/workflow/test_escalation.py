"""A page that nobody answers walks up the rota, and each person's phone gets their own."""

import json
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from responder.domain.order import ReceiptStatus
from responder_cli.drill import world
from tests.workflow.nights import Night, a_night

ROTA = """
people:
  ana: {name: Ana Ruiz, email: ana@example.com}
  ben: {name: Ben Okafor, phone: "+14155550101"}
  dee: {name: Dee Marsh, email: dee@example.com}
levels:
  - name: primary
    answer_within_minutes: 10
    turns: [{people: [ana], first_day: 2026-11-01, time_zone: America/Los_Angeles}]
  - name: secondary
    turns: [{people: [ben], first_day: 2026-11-01, time_zone: America/Los_Angeles}]
  - name: manager
    answer_within_minutes: 20
    turns: [{people: [dee], first_day: 2026-11-01, time_zone: America/New_York}]
"""
PHONES = {"ana": "ana@example.com", "ben": "+14155550101", "dee": "dee@example.com"}


class Phones:
    """A queue for each person, that gets what SNS would send to them: the same filter decides."""

    def __init__(self, night: Night) -> None:
        self.night = night
        self.sns = night.cloud.client("sns", account=world.HOME)
        self.sqs = night.cloud.client("sqs", account=world.HOME)
        self.topic = night.stacks.responder.outputs["PagerTopicArn"]
        self.queues = {name: self._of(name) for name in PHONES}

    def _of(self, name: str) -> str:
        url = self.sqs.create_queue(QueueName=f"phone-{name}")["QueueUrl"]
        subscriptions = self.sns.list_subscriptions_by_topic(TopicArn=self.topic)["Subscriptions"]
        [arn] = [one["SubscriptionArn"] for one in subscriptions if one["Endpoint"] == PHONES[name]]
        told = self.sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]
        queue = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        self.sns.subscribe(
            TopicArn=self.topic,
            Protocol="sqs",
            Endpoint=queue["Attributes"]["QueueArn"],
            Attributes={"FilterPolicy": told["FilterPolicy"]},
        )
        return str(url)

    def rang(self, name: str) -> list[str]:
        """What came to this phone about incidents, in its order: the time and the subject.

        What EventBridge tells of our own parts has no subject.
        """
        found = list[dict[str, Any]]()
        while got := self.sqs.receive_message(
            QueueUrl=self.queues[name], MaxNumberOfMessages=10
        ).get("Messages"):
            found += [json.loads(one["Body"]) for one in got]
        return sorted(
            f"{one['Timestamp'][11:16]} {one['Subject'][:17]}" for one in found if "Subject" in one
        )


def a_rota(night: Night, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Phones:
    """Written by the command, as the shop's administrator."""
    file = folder / "on-call.yaml"
    file.write_text(ROTA, encoding="utf-8")
    result = night.types(monkeypatch, "on-call", str(file), "--write", role=world.ADMINISTRATOR)
    assert result.exit_code == 0, result.output
    return Phones(night)


def test_a_page_that_nobody_answers_walks_up_the_rota(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with a_night() as night:
        phones = a_rota(night, tmp_path, monkeypatch)
        night.send("GuardDuty Finding")
        night.cloud.advance(timedelta(hours=4))
        rang = {name: phones.rang(name) for name in PHONES}
        called = [line for line in night.told() if line.startswith("escalate: ")]
        phones_rang = [f"{name}: {'; '.join(pages)}" for name, pages in rang.items()]
        sys.stdout.write("\n".join(["", *phones_rang, *called, ""]))
        # Whoever is on call first also gets what is not about an unanswered page.
        assert [page[:5] for page in rang["ana"] if "NOBODY" in page] == ["13:00", "14:00"]
        assert rang["ana"][0].startswith("12:00 [CRITICAL]")
        for name, times in (
            ("ben", ["12:10", "13:10", "14:10"]),
            ("dee", ["12:25", "13:25", "14:25"]),
        ):
            assert rang[name] == [f"{time} [NOBODY ANSWERED]" for time in times]
        assert (
            called[-1] == "escalate: Nobody answered any of the calls, and nobody else is called."
        )
        assert len(called) == 12


@pytest.mark.prove
def test_the_opsitem_taken_in_the_console_stops_the_calls(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with a_night() as night:
        phones = a_rota(night, tmp_path, monkeypatch)
        night.send("GuardDuty Finding")
        night.cloud.advance(timedelta(minutes=12))
        assert [one[:5] for one in phones.rang("ben")] == ["12:10"]
        [incident] = night.watch.incidents()
        assert incident.channel is not None
        night.cloud.client("ssm", account=world.HOME).update_ops_item(
            OpsItemId=incident.channel.reference, Status="InProgress"
        )
        night.cloud.advance(timedelta(hours=4))
        assert phones.rang("dee") == []


@pytest.mark.prove
def test_responder_acknowledge_stops_the_calls_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with a_night() as night:
        phones = a_rota(night, tmp_path, monkeypatch)
        night.send("GuardDuty Finding")
        night.cloud.advance(timedelta(minutes=5))
        [incident] = night.watch.incidents()
        result = night.types(monkeypatch, "acknowledge", incident.id, "--note", "on it")
        assert result.exit_code == 0, result.output
        night.ends()
        assert (phones.rang("ben"), phones.rang("dee")) == ([], [])
        cut = {
            one.order.action_id for one in night.receipts() if one.status is ReceiptStatus.CONTAINED
        }
        assert "iam.deny_user" in cut
