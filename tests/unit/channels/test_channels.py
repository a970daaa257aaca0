"""Each channel opens an incident once, and notes an event once."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from responder import channels
from responder.channels import incident_manager, ops_center, sns_topic
from responder.channels.channel import Acknowledged, Answer, Channel, Desk, Opened
from responder.domain.errors import Broken, Unavailable
from responder.domain.incident import TimelineEvent
from responder.domain.related import Related
from responder.domain.summary import Summary, summarise
from tests.builders import INCIDENT_ID, NOON, a_finding, a_user, an_incident
from tests.consoles import (
    OURS,
    PERSON,
    PLAN_ARN,
    TOPIC_ARN,
    Contacts,
    IncidentManager,
    OpsCenter,
    TheseClients,
    no_endpoint,
    refusing,
)

HOSTILE = "</code>`x`](https://evil.example.com) <img src=x>\r\nSubject: forged"


def a_desk(**services: Any) -> Desk:
    return Desk(TheseClients(**services), "aws", PLAN_ARN, TOPIC_ARN, "responder")


def a_summary(**given: Any) -> Summary:
    return summarise(an_incident(**given), [a_finding()], mode="monitor")


def an_event(key: str = "opened", **given: Any) -> TimelineEvent:
    plain = {"at": NOON, "by": "open", "text": "Opened."}
    return TimelineEvent(incident_id=INCIDENT_ID, key=key, **(plain | given))


def test_every_module_of_the_folder_is_on_the_list() -> None:
    folder = Path(channels.__file__).parent
    modules = {path.stem for path in folder.glob("*.py")} - {"__init__", "channel"}
    assert {one.ID for one in (*channels.CHANNELS, *channels.BESIDE)} == modules


def test_incident_manager_is_tried_only_by_a_plan_that_was_given() -> None:
    given = Desk(TheseClients(), response_plan_arn=PLAN_ARN)
    assert [c.ID for c in channels.choose(given)] == ["incident_manager", "ops_center", "sns_topic"]
    assert [c.ID for c in channels.choose(Desk(TheseClients()))] == ["ops_center", "sns_topic"]


@pytest.mark.parametrize("channel", [ops_center, incident_manager])
def test_opening_twice_is_one_record(channel: Channel) -> None:
    ssm, manager = OpsCenter(), IncidentManager()
    desk = a_desk(ssm=ssm, ssm_incidents=manager)
    first = channel.open(an_incident(), a_summary(), desk)
    again = channel.open(an_incident(), a_summary(title="later title"), desk)
    assert first.reference == again.reference
    assert len(ssm.items) + len(manager.records) == 1


@pytest.mark.parametrize("channel", [ops_center, incident_manager])
def test_noting_twice_is_one_note_and_hostile_text_stays_on_its_line(channel: Channel) -> None:
    ssm, manager = OpsCenter(), IncidentManager()
    desk = a_desk(ssm=ssm, ssm_incidents=manager)
    reference = channel.open(an_incident(), a_summary(), desk).reference
    for _ in range(2):
        channel.note(reference, an_event("cut", text=HOSTILE, by="contain"), desk)
    channel.note(reference, an_event("other"), desk)
    texts = (
        [*ssm.notes(reference)] if ssm.items else [e["eventData"] for e in manager.events.values()]
    )
    assert len(texts) == 2
    assert "\n" not in "".join(texts)
    assert any("evil.example.com" in text for text in texts)


def test_an_ops_item_shows_hostile_strings_as_code_and_fits_its_limits() -> None:
    ssm = OpsCenter()
    long = a_user(name="x" * 64)
    findings = [a_finding(title=HOSTILE * 20, description=HOSTILE, principals=(long,))] * 9
    incident = an_incident(title=HOSTILE * 20)
    summary = summarise(incident, findings, mode="monitor")
    reference = ops_center.open(incident, summary, a_desk(ssm=ssm)).reference
    item = ssm.items[reference]
    assert len(item["Description"]) <= 2048
    for line in item["Description"].splitlines():
        assert line.startswith("- **")
        assert line.count("`") == 2
    assert item["Priority"] == 2


def test_events_with_long_names_that_begin_alike_are_two_notes() -> None:
    ssm = OpsCenter()
    desk = a_desk(ssm=ssm)
    reference = ops_center.open(an_incident(), a_summary(), desk).reference
    for end in ("one", "two"):
        ops_center.note(reference, an_event("contained:" + "o" * 150 + end), desk)
    assert len(ssm.notes(reference)) == 2


def test_notes_sort_as_things_happened() -> None:
    ssm = OpsCenter()
    desk = a_desk(ssm=ssm)
    reference = ops_center.open(an_incident(), a_summary(), desk).reference
    for minutes, text in ((9, "last"), (0, "first"), (5, "between")):
        at = NOON + timedelta(minutes=minutes)
        ops_center.note(reference, an_event(text, at=at, text=text, by="x"), desk)
    assert ssm.notes(reference) == ["first (x)", "between (x)", "last (x)"]


@pytest.mark.parametrize(
    ("engagements", "plan", "calls_people"),
    [
        (("arn:aws:ssm-contacts:us-west-2:444455556666:contact/oncall",), None, True),
        ((), None, False),
        (("arn:aws:ssm-contacts:us-west-2:444455556666:contact/oncall",), "AccessDenied", False),
    ],
)
def test_a_plan_counts_as_calling_people_only_when_it_says_so(
    engagements: tuple[str, ...], plan: str | None, calls_people: bool
) -> None:
    manager = IncidentManager(engagements)
    if plan is not None:
        manager.get_response_plan = refusing(plan)  # type: ignore[method-assign]
    opened = incident_manager.open(an_incident(), a_summary(), a_desk(ssm_incidents=manager))
    assert opened.calls_people is calls_people


@pytest.mark.parametrize(
    "code",
    ["AccessDeniedException", "ResourceNotFoundException", "ValidationException"],
)
def test_a_service_that_is_not_enabled_is_not_worth_a_retry(code: str) -> None:
    manager = IncidentManager()
    manager.start_incident = refusing(code)  # type: ignore[method-assign]
    with pytest.raises(Broken, match=code):
        incident_manager.open(an_incident(), a_summary(), a_desk(ssm_incidents=manager))


def test_a_service_without_an_endpoint_here_is_not_worth_a_retry() -> None:
    ssm = OpsCenter()
    ssm.create_ops_item = no_endpoint  # type: ignore[method-assign]
    with pytest.raises(Broken, match="no endpoint answers"):
        ops_center.open(an_incident(), a_summary(), a_desk(ssm=ssm))


def test_a_service_that_is_busy_is_worth_a_retry() -> None:
    ssm = OpsCenter()
    ssm.create_ops_item = refusing("ThrottlingException")  # type: ignore[method-assign]
    with pytest.raises(Unavailable):
        ops_center.open(an_incident(), a_summary(), a_desk(ssm=ssm))


def test_the_topic_alone_is_a_channel_only_when_there_is_one() -> None:
    opened = sns_topic.open(an_incident(), a_summary(), a_desk())
    assert isinstance(opened, Opened)
    assert opened.reference == TOPIC_ARN
    with pytest.raises(Broken, match="no pager topic"):
        sns_topic.open(an_incident(), a_summary(), Desk(TheseClients()))


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        ("Open", None),
        ("InProgress", Answer.TAKEN),
        ("Resolved", Answer.RESOLVED),
        ("Pending", None),
    ],
)
def test_an_ops_item_is_acknowledged_by_its_status(status: str, answer: Answer | None) -> None:
    ssm = OpsCenter()
    desk = a_desk(ssm=ssm)
    reference = ops_center.open(an_incident(), a_summary(), desk).reference
    ssm.set_by_a_person(reference, status, NOON)
    expected = None if answer is None else Acknowledged(answer, PERSON, NOON)
    assert ops_center.acknowledged(reference, desk) == expected


def test_our_own_note_on_an_ops_item_is_no_person_who_took_it() -> None:
    ssm = OpsCenter()
    desk = a_desk(ssm=ssm)
    reference = ops_center.open(an_incident(), a_summary(), desk).reference
    ssm.set_by_a_person(reference, "InProgress", NOON)
    ops_center.note(reference, an_event(), desk)
    assert ops_center.acknowledged(reference, desk) == Acknowledged(Answer.TAKEN, "", NOON)
    assert desk.is_ours(OURS)
    assert not desk.is_ours(PERSON)
    assert not desk.is_ours("arn:aws:iam::444455556666:root")
    assert not Desk(TheseClients()).is_ours(OURS)


def test_an_incident_record_is_acknowledged_by_whoever_read_a_page_first() -> None:
    manager, contacts = IncidentManager(), Contacts()
    desk = a_desk(ssm_incidents=manager, ssm_contacts=contacts)
    reference = incident_manager.open(an_incident(), a_summary(), desk).reference
    assert incident_manager.acknowledged(reference, desk) is None
    contacts.called("ana", None)
    assert incident_manager.acknowledged(reference, desk) is None
    contacts.called("ben", NOON + timedelta(minutes=9))
    contacts.called("dee", NOON + timedelta(minutes=4))
    found = incident_manager.acknowledged(reference, desk)
    assert found is not None
    assert (found.answer, found.at) == (Answer.TAKEN, NOON + timedelta(minutes=4))
    assert found.by.endswith(":contact/dee")
    manager.resolved[reference] = NOON
    resolved = Acknowledged(Answer.RESOLVED, PERSON, NOON)
    assert incident_manager.acknowledged(reference, desk) == resolved


def test_nobody_acknowledges_a_topic() -> None:
    assert sns_topic.acknowledged(TOPIC_ARN, a_desk()) is None


def test_a_channel_that_will_not_say_is_no_answer() -> None:
    ssm = OpsCenter()
    ssm.get_ops_item = refusing("OpsItemNotFoundException")  # type: ignore[method-assign]
    with pytest.raises(Broken, match="OpsItemNotFoundException"):
        ops_center.acknowledged("oi-000000000000", a_desk(ssm=ssm))


RELATED = Related(resources=("arn:aws:s3:::orders-archive",), runbooks=("responder-release",))


def test_an_ops_item_lists_what_belongs_to_it_and_stays_the_same_item() -> None:
    ssm = OpsCenter()
    desk = a_desk(ssm=ssm)
    reference = ops_center.open(an_incident(), a_summary(), desk).reference
    for _ in range(2):
        ops_center.relate(reference, RELATED, Related(), desk)
    data = ssm.items[reference]["OperationalData"]
    assert json.loads(data["/aws/resources"]["Value"]) == [{"arn": "arn:aws:s3:::orders-archive"}]
    assert json.loads(data["/aws/automations"]["Value"]) == [
        {"automationType": "AWS:SSM:Automation", "automationId": "responder-release"}
    ]
    assert ops_center.open(an_incident(), a_summary(), desk).reference == reference


def test_an_incident_record_has_each_related_thing_once_and_only_what_is_new() -> None:
    manager = IncidentManager()
    desk = a_desk(ssm_incidents=manager)
    reference = incident_manager.open(an_incident(), a_summary(), desk).reference
    for _ in range(2):
        incident_manager.relate(reference, RELATED, Related(), desk)
    grown = RELATED.model_copy(update={"resources": (*RELATED.resources, "arn:aws:s3:::orders")})
    incident_manager.relate(reference, grown, RELATED, desk)
    found = [(item["identifier"]["type"], item["title"]) for item in manager.related.values()]
    assert found == [
        ("INVOLVED_RESOURCE", "arn:aws:s3:::orders-archive"),
        ("TASK", "responder-release"),
        ("INVOLVED_RESOURCE", "arn:aws:s3:::orders"),
    ]
    [page] = [i["identifier"]["value"]["url"] for i in manager.related.values() if "url" in str(i)]
    assert page.startswith("https://us-west-2.console.aws.amazon.com/systems-manager/automation/")
