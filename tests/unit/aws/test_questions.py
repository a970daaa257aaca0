"""One question for each group of a plan, found by its id alone, and replaced by who saw it last."""

from dataclasses import replace

import pytest

from responder.aws.ledger import Ledger, Write, incident_pk
from responder.aws.questions import Questions
from responder.domain.errors import Broken, Unavailable
from tests.builders import INCIDENT_ID
from tests.unit.domain.test_question import a_question
from tests.vaults import Life


def test_the_first_question_of_a_group_stays(ledger: Ledger) -> None:
    questions = Questions(ledger)
    first = questions.begin(a_question())
    assert questions.begin(a_question(question_id="qst-" + "1" * 32)) == first
    assert questions.all(INCIDENT_ID) == [first]
    assert questions.get(INCIDENT_ID, first.group) == first
    assert questions.find(first.question_id) == first
    assert questions.find("qst-" + "1" * 32) is None


def test_each_group_has_a_question_of_its_own(ledger: Ledger) -> None:
    questions = Questions(ledger)
    one = questions.begin(a_question())
    other = questions.begin(a_question(group="q2-60s-leave-1-1", question_id="qst-" + "2" * 32))
    assert questions.all(INCIDENT_ID) == [one, other]
    assert questions.get(INCIDENT_ID, "q3-60s-leave-1-1") is None


def test_an_id_that_leads_to_another_question_is_not_followed(ledger: Ledger) -> None:
    questions = Questions(ledger)
    stands = questions.begin(a_question())
    forged = a_question(question_id="qst-" + "2" * 32, group="q9-60s-leave-1-1")
    questions.begin(forged)
    item = ledger.get(incident_pk(INCIDENT_ID), f"QUESTION#{forged.group}")
    assert item is not None
    moved = forged.model_copy(update={"question_id": stands.question_id})
    assert ledger.together([Write(item.pk, item.sk, moved, item)])
    with pytest.raises(Broken, match="another question"):
        questions.find(forged.question_id)


def test_only_who_saw_the_latest_replaces_it(ledger: Ledger) -> None:
    questions = Questions(ledger)
    seen = questions.begin(a_question())
    latest = questions.replace(seen, shown={"Cut": "x"})
    with pytest.raises(Unavailable):
        questions.replace(seen, is_over=True)
    assert questions.find(seen.question_id) == latest
    with pytest.raises(Broken):
        questions.replace(a_question(group="q9-60s-leave-1-1"), is_over=True)


def test_a_question_and_where_to_find_it_are_written_together_or_not_at_all(
    ledger: Ledger,
) -> None:
    life = Life()
    Questions(replace(ledger, client=life.of(ledger.client))).begin(a_question())
    assert life.calls == 1
