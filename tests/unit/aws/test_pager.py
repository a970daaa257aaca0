"""One page for an incident; a second only where none would be the other possibility."""

from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pytest

from responder.aws.ledger import Ledger
from responder.aws.pager import LEASE, Paged, Pager
from responder.domain.errors import Broken
from tests.builders import INCIDENT_ID, NOON
from tests.consoles import TOPIC_ARN, Topic, refusing
from tests.vaults import DiedHereError, Life

LATER = NOON + timedelta(seconds=30)


def a_page(pager: Pager, now: object = NOON) -> Paged:
    return pager.page(INCIDENT_ID, subject="[HIGH] x", text="x", now=now)  # type: ignore[arg-type]


def test_asked_twice_it_pages_once(ledger: Ledger) -> None:
    topic = Topic()
    pager = Pager(ledger, topic, TOPIC_ARN)  # type: ignore[arg-type]
    assert [a_page(pager), a_page(pager), a_page(pager, LATER)] == [
        Paged.SENT,
        Paged.BEFORE,
        Paged.BEFORE,
    ]
    assert [message["TopicArn"] for message in topic.messages] == [TOPIC_ARN]


def test_a_run_that_died_is_taken_up_and_somebody_is_paged(ledger: Ledger) -> None:
    whole = Life()
    a_page(Pager(replace(ledger, client=whole.of(ledger.client)), whole.of(Topic()), TOPIC_ARN))
    assert whole.calls == 4  # claim, read, publish, receipt
    for ends_at in range(whole.calls):
        incident, topic, life = f"inc-20261123-{ends_at:010x}", Topic(), Life(ends_at)
        dying = Pager(replace(ledger, client=life.of(ledger.client)), life.of(topic), TOPIC_ARN)
        pager = Pager(ledger, topic, TOPIC_ARN)  # type: ignore[arg-type]
        with pytest.raises(DiedHereError):
            dying.page(incident, subject="s", text="t", now=NOON)
        pager.page(incident, subject="s", text="t", now=NOON)
        pager.page(incident, subject="s", text="t", now=NOON)
        # The one window: published, and dead before the receipt was written.
        assert len(topic.messages) == (2 if ends_at == 3 else 1)


def test_a_page_another_run_is_sending_is_left_to_it_until_it_cannot_be_alive(
    ledger: Ledger,
) -> None:
    topic, life = Topic(), Life(2)
    dead = Pager(replace(ledger, client=life.of(ledger.client)), life.of(topic), TOPIC_ARN)
    with pytest.raises(DiedHereError):
        a_page(dead)
    pager = Pager(ledger, topic, TOPIC_ARN)  # type: ignore[arg-type]
    assert a_page(pager, LATER) is Paged.BY_ANOTHER
    assert topic.messages == []
    assert a_page(pager, NOON + LEASE) is Paged.SENT
    assert len(topic.messages) == 1


def test_a_channel_that_calls_people_itself_makes_a_page_needless(ledger: Ledger) -> None:
    topic = Topic()
    pager = Pager(ledger, topic, TOPIC_ARN)  # type: ignore[arg-type]
    pager.leave_to_channel(INCIDENT_ID, now=NOON)
    assert a_page(pager, LATER) is Paged.BY_CHANNEL
    assert topic.messages == []


def test_without_a_topic_it_says_that_nobody_was_paged(ledger: Ledger) -> None:
    topic = Topic()
    assert a_page(Pager(ledger, topic, "")) is Paged.NOBODY  # type: ignore[arg-type]
    assert topic.messages == []


def test_a_topic_that_refuses_is_not_called_a_page(ledger: Ledger) -> None:
    topic = Topic()
    topic.publish = refusing("AuthorizationError")  # type: ignore[method-assign]
    with pytest.raises(Broken):
        a_page(Pager(ledger, topic, TOPIC_ARN))  # type: ignore[arg-type]
    works = Pager(ledger, Topic(), TOPIC_ARN)  # type: ignore[arg-type]
    assert a_page(works) is Paged.SENT


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Look at https://evil.example.com/approve", "Look at https[:]//evil.example.com/approve"),
        ("HTTP://www.evil.example.com", "HTTP[:]//www[.]evil.example.com"),
        (
            "https://us-west-2.console.aws.amazon.com.evil.example.com/",
            "https[:]//us-west-2.console.aws.amazon.com.evil.example.com/",
        ),
        (
            "https://us-west-2.console.aws.amazon.com@evil.example.com/",
            "https[:]//us-west-2.console.aws.amazon.com@evil.example.com/",
        ),
        (
            "https://us-west-2.console.aws.amazon.com/systems-manager/opsitems/oi-1",
            "https://us-west-2.console.aws.amazon.com/systems-manager/opsitems/oi-1",
        ),
    ],
)
def test_no_mail_program_makes_a_link_of_what_an_attacker_wrote(
    ledger: Ledger, text: str, shown: str
) -> None:
    topic = Topic()
    pager = Pager(ledger, cast(Any, topic), TOPIC_ARN)
    pager.page(INCIDENT_ID, subject="page", text=text, now=NOON)
    assert [sent["Message"] for sent in topic.messages] == [shown]
