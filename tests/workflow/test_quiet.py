"""What need not wake anybody is told quietly, until a finding makes it worse."""

from responder_cli.drill import world
from tests.events import an_event
from tests.workflow.nights import Night, a_night

ODD = "guardduty/privilegeescalation-kubernetes-anomalousbehavior-rolebindingcreated"


def told(night: Night) -> list[tuple[str, str]]:
    """Which topic was told, and of what."""
    named = ((page.topic_arn.rpartition(":")[2], page.subject) for page in night.cloud.published)
    return [(topic.split("-")[2], (subject or "").partition("]")[0]) for topic, subject in named]


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
