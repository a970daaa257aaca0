"""What else uses a thing is said shortly, the likeliest to break first."""

from datetime import timedelta

from responder.domain.approval import Yes
from responder.domain.order import OrderMode
from responder.domain.use import Caller, Service, Use
from responder.report.order_lines import lines
from responder.report.page import render
from responder.report.use_lines import known, not_known
from tests.builders import INCIDENT_ID, NOON, a_session, an_order
from tests.unit.report.reports import a_report, an_approval

ORDER = an_order("iam.cut_role_sessions", principal=a_session())


def a_use(**given: object) -> Use:
    plain = {"incident_id": INCIDENT_ID, "order_id": ORDER.order_id, "looked_at": NOON}
    return Use.model_validate(plain | given)


def callers(number: int) -> tuple[Caller, ...]:
    return tuple(Caller(who=f"job-{n}", times=n, last_at=NOON, named=False) for n in range(number))


def test_a_few_of_each_are_named_and_the_rest_is_counted() -> None:
    services = tuple(Service(name=f"s{n}", last_at=NOON) for n in range(6))
    use = a_use(
        since=NOON - timedelta(days=7),
        holders=("instance i-1", "instance i-2"),
        callers=callers(5),
        services=services,
    )
    assert known(use) == (
        "Held by instance i-1 and instance i-2. Worked with in the last 7 days by "
        "job-0 (0 times, 2026-11-23 12:00:00 UTC), job-1 (1 time, 2026-11-23 12:00:00 UTC), "
        "job-2 (2 times, 2026-11-23 12:00:00 UTC), job-3 (3 times, 2026-11-23 12:00:00 UTC) "
        "and 1 more. Services it used last: s0 (2026-11-23 12:00:00 UTC), "
        "s1 (2026-11-23 12:00:00 UTC), s2 (2026-11-23 12:00:00 UTC), "
        "s3 (2026-11-23 12:00:00 UTC) and 2 more."
    )


def test_the_page_says_whose_yes_is_still_needed() -> None:
    order = ORDER.model_copy(update={"people_needed": 2, "mode": OrderMode.APPROVAL})
    yes = Yes(by="arn:x:alice", at=NOON, automation_id="a")
    page = render(a_report(orders=(order,), approvals=(an_approval(order, yeses=(yes,)),)))
    assert b"1 of 2 said yes: arn:x:alice." in page


def test_the_use_that_the_findings_name_is_told_apart() -> None:
    named = Caller(who="thief", times=1, last_at=NOON, named=True)
    assert known(a_use(callers=(*callers(1), named))).endswith(" So did what the findings name.")
    assert known(a_use(callers=(named,))) == (
        "Nobody was seen to work with it but what the findings name."
    )


def test_nothing_found_is_not_nothing_there() -> None:
    assert known(a_use()) == "AWS showed nothing else that uses it."
    told = a_use(unknown=("who assumed it: AWS answered AccessDenied", "the rest"))
    assert not_known(told) == "Not known: who assumed it: AWS answered AccessDenied; the rest."


def test_the_page_says_it_beside_the_order() -> None:
    session = next(one for one in a_report().orders if one.action_id == "iam.cut_role_sessions")
    use = a_use(order_id=session.order_id, holders=("Lambda function send-orders",))
    report = a_report(uses=(use,))
    [line] = [one for one in lines(report) if one.order.order_id == session.order_id]
    assert line.used == f"{known(use)} {not_known(use)}"
    assert b"What else uses it: Held by Lambda function send-orders." in render(report)
    assert b"Held by" not in render(a_report())
