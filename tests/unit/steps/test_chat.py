"""A chat is told once of each thing that people talk about, and its failure keeps nothing back."""

import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from responder.aws.incidents import Incidents
from responder.aws.ledger import Ledger
from responder.aws.timeline import Timeline
from responder.channels.channel import Desk
from responder.domain.errors import Unavailable
from responder.domain.incident import Channel
from responder.steps.chat import tell_chat
from tests.builders import INCIDENT_ID, NOON, a_finding, an_incident
from tests.consoles import TOPIC_ARN, TheseClients, fits, refusing

OPENED = Channel(id="ops_center", reference="oi-0123456789ab", opened_at=NOON)


@dataclass
class Room:
    """The topic that Amazon Q shows."""

    messages: list[dict[str, Any]] = field(default_factory=list)

    def publish(self, **given: Any) -> dict[str, Any]:
        fits("sns", "Publish", given)
        self.messages.append(json.loads(given["Message"]))
        return {"MessageId": str(len(self.messages))}


@dataclass
class World:
    """An incident, and a chat."""

    ledger: Ledger
    room: Room = field(default_factory=Room)
    topic: str = TOPIC_ARN

    def tells(self, incident_id: str = INCIDENT_ID) -> None:
        tell_chat(
            incident_id,
            incidents=Incidents(self.ledger),
            timeline=Timeline(self.ledger),
            ledger=self.ledger,
            desk=Desk(TheseClients(sns=self.room), chat_topic_arn=self.topic),
            now=NOON,
        )

    def happened(self, key: str, minutes: int = 0) -> None:
        at = NOON + timedelta(minutes=minutes)
        Timeline(self.ledger).record(INCIDENT_ID, key, at=at, by="contain", text=f"{key}.")


@pytest.fixture
def world(ledger: Ledger) -> World:
    Incidents(ledger).create(an_incident(), a_finding())
    Incidents(ledger).save_channel(INCIDENT_ID, OPENED)
    return World(ledger)


def test_it_is_told_of_the_opening_first_and_of_each_event_once_in_one_thread(
    world: World,
) -> None:
    world.happened("contained:ord-1", 5)
    world.happened("asked:ord-2", 3)
    world.happened("paged")
    for _ in range(2):
        world.tells()
    world.happened("heard:1", 9)
    world.tells()
    said = [message["content"]["description"].partition("\n")[0] for message in world.room.messages]
    assert said[0].startswith("Incident: ")
    assert said[1:] == ["`asked:ord-2.`", "`contained:ord-1.`", "`heard:1.`"]
    assert {message["metadata"]["threadId"] for message in world.room.messages} == {INCIDENT_ID}


def test_without_a_chat_nobody_is_told_and_before_it_is_open_neither(world: World) -> None:
    other = "inc-20261123-00000000ff"
    Incidents(world.ledger).create(an_incident(id=other), a_finding())
    world.tells(other)
    world.topic = ""
    world.tells()
    assert world.room.messages == []


def test_a_topic_that_is_gone_is_said_once_and_raises_nothing(world: World) -> None:
    world.room.publish = refusing("NotFound")  # type: ignore[method-assign]
    for _ in range(2):
        world.tells()
    [event] = Timeline(world.ledger).events(INCIDENT_ID)
    assert (event.key, "NotFound" in event.text) == ("chat-not-told", True)


def test_a_topic_that_is_busy_is_tried_again(world: World) -> None:
    world.room.publish = refusing("Throttling")  # type: ignore[method-assign]
    with pytest.raises(Unavailable):
        world.tells()
