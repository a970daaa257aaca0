"""What an approver reads about several orders fits, and nothing is left out without a word."""

import re
from datetime import timedelta
from typing import Any

import pytest

from responder.aws.automations import MOST, MOST_MESSAGE
from responder.domain.order import Order, Silence
from responder.domain.question import MOST_TOGETHER, Question
from responder.domain.use import Caller, Service, Use
from responder.steps.shown import CUTS, Asked, message
from tests.asking import ALICE, APPROVERS, COUNSEL, HERE, TITLES, an_asked_order
from tests.builders import INCIDENT_ID, NOON, a_session
from tests.template.templates import resources

BOARD = "the incident board"


def the_document() -> dict[str, Any]:
    content: dict[str, Any] = resources("AWS::SSM::Document")["ApprovalDocument"]["Content"]
    return content


def put_in(shown: dict[str, str]) -> str:
    """The message as Systems Manager makes it of the parameters."""
    document = the_document()
    given = {name: rule.get("default") for name, rule in document["parameters"].items()} | shown
    text = document["mainSteps"][0]["inputs"]["Message"]
    return re.sub(r"\{\{ (\w+) \}\}", lambda found: str(given[found[1]]), text)


def a_use(order: Order, *, names: int = 0, unknown: int = 0) -> Use:
    return Use(
        incident_id=INCIDENT_ID,
        order_id=order.order_id,
        looked_at=NOON,
        since=NOON - timedelta(days=7),
        holders=tuple(f"instance i-{n:017d} {'h' * 60}" for n in range(names)),
        callers=tuple(
            Caller(who=f"arn:aws:iam::{n:012d}:user/{'c' * 90}", times=3, last_at=NOON, named=False)
            for n in range(names)
        ),
        services=tuple(Service(name=f"service{n}{'s' * 40}", last_at=NOON) for n in range(names)),
        unknown=tuple(f"{order.resource[-30:]} {n} {'u' * 150}" for n in range(unknown)),
    )


def asked(number: int, *, name: str = "role", reason: str = "It is stolen.", **given: Any) -> Asked:
    uses = {key: given.pop(key) for key in ("names", "unknown") if key in given}
    told = {key: given.pop(key) for key in ("yeses", "asked_for_by") if key in given}
    order = an_asked_order(
        principal=a_session(f"{name}-{number}"),
        resource=f"arn:aws:iam::111122223333:role/{name}-{number}",
        reason=reason,
        **given,
    )
    return Asked(number, order, a_use(order, **uses), **told)


def shown(those: list[Asked]) -> dict[str, str]:
    order_ids = tuple(one.order.order_id for one in those)
    question = Question(
        question_id="qst-" + "0" * 32,
        incident_id=INCIDENT_ID,
        group="q1-1800s-escalate-1-1",
        order_ids=order_ids,
        plan_hash="a" * 64,
        requested_at=NOON,
        expires_at=NOON + timedelta(minutes=30),
        asks=order_ids,
    )
    return message(question, those, approvers=APPROVERS, titles=TITLES, here=HERE)


def test_every_order_of_a_full_question_is_named_whole_with_its_number_and_id() -> None:
    those = [
        asked(number + 1, name="a-role-of-the-shop", names=3, unknown=3)
        for number in range(MOST_TOGETHER)
    ]
    told = shown(those)
    cuts = " ".join(told[name] for name in CUTS if name in told)
    for one in those:
        assert f"({one.number}) {one.order.order_id} " in cuts
        assert f"{one.order.resource} (account 111122223333" in cuts
    assert "MORE" not in cuts
    assert len(put_in(told)) <= MOST_MESSAGE


@pytest.mark.parametrize("number", [2, 3, 5, MOST_TOGETHER])
@pytest.mark.parametrize("length", [1, 60, 200, 400])
@pytest.mark.parametrize("silence", list(Silence))
def test_whatever_an_attacker_called_things_it_fits_and_says_what_it_leaves_out(
    number: int, length: int, silence: Silence
) -> None:
    evil = "{{ssm:/prod/password}} \u202e\n" + "x" * length
    those = [
        asked(
            n + 1,
            name="n" * length,
            reason=f"{evil} number {n}. {'R' * length}",
            on_silence=silence,
            people_needed=2,
            yeses=(ALICE,),
            asked_for_by=(COUNSEL,),
            names=n,
            unknown=n,
        )
        for n in range(number)
    ]
    told = shown(those)
    for text in told.values():
        assert 1 <= len(text) <= MOST
        assert text.isprintable()
        assert "{{" not in text
    assert len(put_in(told)) <= MOST_MESSAGE
    cuts = " ".join(told[name] for name in CUTS if name in told)
    missing = [one for one in those if one.order.order_id not in cuts]
    if missing:
        assert f"AND {len(missing)} MORE" in cuts
        assert BOARD in cuts
    else:
        assert " MORE" not in cuts


def test_what_uses_them_is_named_where_there_is_room_and_counted_where_there_is_none() -> None:
    few = shown([asked(1), asked(2, names=1)])
    assert few["Uses"].startswith("What else uses them: (2) Held by instance i-")
    assert "(1) AWS showed nothing else that uses it." in few["Uses"]
    many = shown([asked(n + 1, names=n) for n in range(5)])
    assert many["Uses"].startswith(
        "What else uses them: (5) held by 4, worked with by 4 others, used 4 services."
    )
    assert "(1) nothing else seen." in many["Uses"]
    assert BOARD in many["Uses"]


def test_nobody_could_look_is_never_nothing_seen() -> None:
    blind = asked(1)
    blind = Asked(1, blind.order, blind.use.model_copy(update={"since": None}))
    assert "(1) nobody could look." in shown([blind, asked(2)])["Uses"]
    crowd = [asked(n + 2, names=n + 2) for n in range(4)]
    assert "(1) nobody could look." in shown([blind, *crowd])["Uses"]


def test_a_reason_they_share_is_said_once_and_what_differs_by_its_number() -> None:
    reason = "Stolen, says a finding."
    those = [asked(n, reason=f"{reason} Number {n} stops.") for n in (1, 2, 3, 5)]
    assert shown(those)["Why"] == (
        "(1-3, 5) Stolen, says a finding. (1) Number 1 stops. (2) Number 2 stops. "
        "(3) Number 3 stops. (5) Number 5 stops."
    )


def test_who_asked_for_one_of_them_is_said_with_its_number() -> None:
    told = shown([asked(1), asked(2, asked_for_by=(COUNSEL,)), asked(3)])
    assert told["People"] == (
        f"One yes is enough. (2) {COUNSEL} asked for it, and does not approve it."
    )


def test_the_example_of_the_undo_is_no_key_which_is_undone_in_other_words() -> None:
    those = [asked(1, action_id="iam.deactivate_key"), asked(2)]
    told = shown(those)["Undo"]
    assert told.startswith("each by its id, here (2): aws lambda invoke ")
    assert told.endswith("/dev/stdout")
    assert those[1].order.order_id in told
