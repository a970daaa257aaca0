"""After an incident was closed only news opens another, whatever the order of deliveries."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responder.domain.closing import Closed, held_since, is_news
from responder.domain.finding import Finding, Resource, Severity, Source, short_key
from responder.domain.order import Receipt, ReceiptStatus
from tests.builders import FINDING_ARN, NOON, a_closing, a_finding, a_user, an_order

MINUTE = timedelta(minutes=1)
CLOSED_AT = NOON + timedelta(hours=3)
USER = a_user().arn or ""


def closing(**given: object) -> Closed:
    """Closed at three, when the last activity known was of five to twelve."""
    return a_closing(at=CLOSED_AT, seen_until=NOON - 5 * MINUTE, **given)


@pytest.mark.parametrize(
    ("finding", "news"),
    [
        # The same again, by whichever feed and however late it is delivered or updated.
        (a_finding(), False),
        (a_finding(source=Source.SECURITY_HUB, updated_at=CLOSED_AT + 9 * MINUTE), False),
        (a_finding(source=Source.SECURITY_HUB_V2, updated_at=CLOSED_AT + MINUTE), False),
        # The detector counts again what it saw before: it publishes up to six hours late.
        (a_finding(count=9, last_seen_at=NOON, updated_at=CLOSED_AT + MINUTE), False),
        (a_finding(last_seen_at=CLOSED_AT), False),
        # It went on, by whichever feed that is told.
        (a_finding(last_seen_at=CLOSED_AT + MINUTE), True),
        (a_finding(source=Source.SECURITY_HUB, last_seen_at=CLOSED_AT + MINUTE), True),
        # It is worse than anybody knew; that it is less so is no reason to wake people.
        (a_finding(severity=Severity.CRITICAL), True),
        (a_finding(severity=Severity.LOW), False),
        # Nobody knew of it, also where it is about what happened before.
        (a_finding(key="another"), True),
    ],
)
def test_what_nobody_could_know_who_closed_it_is_news(finding: Finding, news: bool) -> None:
    assert is_news(finding, closing()) is news


@pytest.mark.parametrize(
    ("held", "minutes", "news"),
    [
        (USER, 31, True),  # it got through the cut
        (USER, 30, False),
        (USER, -4, False),  # before it
        ("arn:aws:iam::111122223333:user/another", 31, False),
        ("arn:aws:s3:::customer-exports", 31, True),
    ],
)
def test_activity_after_what_acted_was_cut_is_news(held: str, minutes: int, news: bool) -> None:
    bucket = Resource(kind="S3Bucket", id="arn:aws:s3:::customer-exports")
    late = a_finding(resources=(bucket,), last_seen_at=NOON + minutes * MINUTE)
    assert is_news(late, closing(held={held: NOON + 30 * MINUTE})) is news


def test_activity_through_a_cut_that_was_known_when_it_was_closed_is_no_news() -> None:
    seen = NOON + 40 * MINUTE
    over = a_closing(at=CLOSED_AT, seen_until=seen, held={USER: NOON + 30 * MINUTE})
    assert not is_news(a_finding(last_seen_at=seen), over)
    assert is_news(a_finding(last_seen_at=seen + MINUTE), over)


def test_what_is_cut_stands_with_its_last_verification_and_what_was_released_does_not() -> None:
    deny, key = an_order(), an_order("iam.deactivate_key")
    other = an_order(principal=a_user("other"))
    contained = [
        Receipt(order=order, status=ReceiptStatus.CONTAINED, contained_at=NOON + n * MINUTE)
        for n, order in enumerate((deny, key))
    ]
    given_back = Receipt(
        order=other, status=ReceiptStatus.RELEASED, contained_at=NOON, released_by="ana"
    )
    assert held_since([deny, key, other], [*contained, given_back]) == {USER: NOON + MINUTE}


_MINUTES = st.integers(min_value=-600, max_value=600)


@given(
    seen=_MINUTES,
    known=st.booleans(),
    worst=st.sampled_from(list(Severity)),
    severity=st.sampled_from(list(Severity)),
    cut=st.none() | _MINUTES,
    later=st.integers(min_value=0, max_value=600),
    feed=st.sampled_from(list(Source)),
)
def test_news_stays_news_when_it_is_later_or_worse_and_whoever_tells_it(
    seen: int,
    known: bool,
    worst: Severity,
    severity: Severity,
    cut: int | None,
    later: int,
    feed: Source,
) -> None:
    held = {} if cut is None else {USER: NOON + cut * MINUTE}
    keys = (short_key(FINDING_ARN),) if known else ()
    over = closing(findings=keys, severity=worst, held=held)
    one = a_finding(last_seen_at=NOON + seen * MINUTE, severity=severity)
    verdict = is_news(one, over)
    told_elsewhere = one.model_copy(update={"source": feed, "count": 7, "updated_at": CLOSED_AT})
    assert is_news(told_elsewhere, over) is verdict
    after = one.last_seen_at + later * MINUTE
    grown = one.model_copy(
        update={
            "last_seen_at": after,
            "severity": max((severity, Severity.HIGH), key=lambda each: each.rank),
        }
    )
    assert is_news(grown, over) or not verdict
    if known and severity.rank <= worst.rank and one.last_seen_at <= over.seen_until:
        assert not verdict
