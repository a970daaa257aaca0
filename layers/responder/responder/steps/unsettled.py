"""What people are told about orders that a question did not settle: called, and in which words."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from responder.aws import pager as paging
from responder.aws.pager import Paged, Pager
from responder.domain.escaping import ascii_line, one_line
from responder.domain.order import Order, Silence
from responder.report.wording import closed, counted, in_utc

PERMISSIONS = paging.PERMISSIONS
_SILENCE = {
    Silence.LEAVE: "it is not carried out, and is left to a person.",
    Silence.ESCALATE: "it is not carried out, and people are paged.",
    Silence.PROCEED: "IT IS CARRIED OUT WITHOUT AN ANSWER.",
}
_SILENCE_OF_ALL = {
    Silence.LEAVE: "none of them is carried out, and they are left to a person.",
    Silence.ESCALATE: "none of them is carried out, and people are paged.",
    Silence.PROCEED: "ALL OF THEM ARE CARRIED OUT WITHOUT AN ANSWER.",
}


def numbered(key: str, ended: Sequence[str]) -> str:
    """The key of an event that each automation that asks the same may lead to."""
    return f"{key}-{len(ended) + 1}" if ended else key


def silence(order: Order, expires_at: datetime) -> str:
    """What happens without an answer that counts, and from when, as a sentence."""
    return f"Without an answer until {in_utc(expires_at)}, {_SILENCE[order.on_silence]}"


def silence_of(orders: Sequence[Order], expires_at: datetime) -> str:
    """The same for orders that one question asks about, to which silence means the same."""
    if len(orders) == 1:
        return silence(orders[0], expires_at)
    said = _SILENCE_OF_ALL[orders[0].on_silence]
    return f"Without an answer until {in_utc(expires_at)}, {said}"


def call_people(
    order: Order,
    heading: str,
    said: str,
    *,
    about: str,
    pager: Pager,
    titles: Mapping[str, str],
    now: datetime,
) -> Paged:
    """Page about one order that a question did not settle. `now` as the pager wants it."""
    what = named(order, titles)
    lines = [
        said,
        "",
        f"Incident: {order.incident_id}",
        f"Order: {order.order_id}",
        f"What: {what}",
        f"Account: {order.account}",
        f"Why: {one_line(order.reason, 600)}",
        "Next: look at the resource, and cut it by hand if it still does harm.",
    ]
    return pager.page(
        order.incident_id,
        subject=ascii_line(f"[{heading}] {what} in {order.account}", 99),
        text="\n".join(lines) + "\n",
        now=now,
        about=about,
    )


def call_people_of(
    orders: Sequence[Order],
    heading: str,
    said: str,
    *,
    about: str,
    pager: Pager,
    titles: Mapping[str, str],
    now: datetime,
) -> Paged:
    """Page once about orders of one question; about a single one as about any other order."""
    if len(orders) == 1:
        return call_people(
            orders[0], heading, said, about=about, pager=pager, titles=titles, now=now
        )
    first, number = orders[0], counted(len(orders), "order")
    accounts = ", ".join(dict.fromkeys(order.account for order in orders))
    lines = [
        said,
        "",
        f"Incident: {first.incident_id}",
        f"One question about {number}:",
        *(f"- {one.order_id} {named(one, titles)}, account {one.account}" for one in orders),
        "Next: look at each, and cut it by hand if it still does harm.",
    ]
    return pager.page(
        first.incident_id,
        subject=ascii_line(f"[{heading}] {number} in {accounts}", 99),
        text="\n".join(lines) + "\n",
        now=now,
        about=about,
    )


def named(order: Order, titles: Mapping[str, str]) -> str:
    """The order on one line: the action, and on what."""
    return f"{titles.get(order.action_id, order.action_id)}: {one_line(order.resource, 250)}"


def too_late(
    order: Order, said: str, *, pager: Pager, titles: Mapping[str, str], now: datetime
) -> None:
    """Page about a yes that reached nobody, because whoever said it believes that it is done."""
    too_late_of([order], said, about=order.order_id, pager=pager, titles=titles, now=now)


def too_late_of(
    orders: Sequence[Order],
    said: str,
    *,
    about: str,
    pager: Pager,
    titles: Mapping[str, str],
    now: datetime,
) -> None:
    """The same about orders of one question."""
    call_people_of(
        orders,
        "APPROVED TOO LATE",
        said,
        about=f"too-late:{about}",
        pager=pager,
        titles=titles,
        now=now,
    )


def why_left(note: str | None) -> str:
    """Why a person has an order, and what that yes therefore did: nothing."""
    why = closed(one_line(note or "It was left to a person", 400))
    return f"A person has it already: {why} Nothing was done because of the answer."
