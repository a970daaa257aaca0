"""What is told a chat has the one shape that is shown there, and hostile text stays text."""

import json

from responder.domain.chat import about_event, about_incident
from responder.domain.summary import summarise
from tests.builders import INCIDENT_ID, a_finding, a_user, an_incident

HOSTILE = (
    "<!channel> `x` *b* [click](https://evil.example.com) <https://evil.example.com|ok>\r\n&lt;"
)


def test_an_incident_is_told_in_the_schema_of_custom_notifications() -> None:
    summary = summarise(an_incident(), [a_finding()], mode="monitor")
    told = json.loads(about_incident(summary, INCIDENT_ID, where="OpsCenter: oi-0123456789ab"))
    assert (told["version"], told["source"]) == ("1.0", "custom")
    assert set(told["content"]) == {"textType", "title", "description", "nextSteps"}
    assert told["content"]["textType"] == "client-markdown"
    assert told["content"]["nextSteps"][0] == "Open it. OpsCenter: oi-0123456789ab"
    assert told["metadata"]["threadId"] == INCIDENT_ID
    assert f"`{a_user().arn}`" in told["content"]["description"]


def test_what_happens_later_goes_into_the_same_thread() -> None:
    told = json.loads(about_event(INCIDENT_ID, "Contained.", "verify"))
    assert told["metadata"]["threadId"] == INCIDENT_ID
    assert told["content"]["description"] == "`Contained.`\nby `verify`"


def test_nobody_is_mentioned_and_no_link_is_made_by_a_finding() -> None:
    finding = a_finding(title=HOSTILE, principals=(a_user(name="x" * 64),) * 5)
    summary = summarise(an_incident(title=HOSTILE), [finding] * 9, mode="respond")
    for text in (
        about_incident(summary, INCIDENT_ID, where="x"),
        about_event(INCIDENT_ID, HOSTILE * 30, HOSTILE),
    ):
        content = json.loads(text)["content"]
        shown = content["title"] + content["description"]
        assert not {"<", ">", "&"} & set(shown)
        assert "://" not in shown
        assert not {"*", "`"} & set(content["title"])
        assert "](" not in content["title"]
        assert len(content["title"]) <= 200
        for line in content["description"].splitlines():
            assert line.count("`") == 2
    assert len(content["description"]) <= 4000
