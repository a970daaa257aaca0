"""Who reads evidence says what for, and the custody log knows it before anything is answered."""

import json
from typing import Any

import boto3
import pytest
from pydantic import ValidationError

from responder.aws.evidence import Draft, Evidence, Shelf
from responder.aws.incidents import Incidents
from responder.aws.ledger import Ledger
from responder.aws.timeline import Timeline
from responder.aws.vault import Content, Vault
from responder.domain.custody import READ, verify_chain
from responder.domain.errors import Refused
from responder.steps.disclose import DiscloseAnswer, DiscloseRequest, disclose
from tests.builders import HOME, INCIDENT_ID, NOON, REGION, a_finding, an_incident
from tests.vaults import BUCKET, a_vault

BY = "arn:aws:sts::444455556666:assumed-role/investigator/sam"
ASKED = "0b0b0b0b-0000"


@pytest.fixture
def kept(ledger: Ledger) -> Ledger:
    Incidents(ledger).create(an_incident(), a_finding())
    vault = a_vault()
    for shelf, name in ((Shelf.EVIDENCE, "a"), (Shelf.EVIDENCE, "b"), (Shelf.SEAL, "manifest/1")):
        put(ledger, vault, shelf, name)
    return ledger


def put(ledger: Ledger, vault: Vault, shelf: Shelf, name: str) -> None:
    content = Content(name.encode(), ".json", "application/json")
    draft = Draft(shelf, "a.collector", name, content, "a thing")
    Evidence(ledger).keep(INCIDENT_ID, draft, vault=vault, by="collect", at=NOON)


def ask(ledger: Ledger, **asked: Any) -> DiscloseAnswer:
    told = {"incident_id": INCIDENT_ID, "by": BY, "purpose": "for the expert", "asked": ASKED}
    return disclose(
        DiscloseRequest.model_validate(told | asked),
        incidents=Incidents(ledger),
        evidence=Evidence(ledger),
        timeline=Timeline(ledger),
        account=HOME,
        now=NOON,
    )


def read(ledger: Ledger) -> list[tuple[str, str, str]]:
    chain = Evidence(ledger).custody(INCIDENT_ID)
    assert verify_chain(chain) is None
    return [(one.subject, one.by, one.detail) for one in chain if one.event == READ]


def test_everything_is_one_link_and_the_answer_names_each_version(kept: Ledger) -> None:
    answer = ask(kept)
    assert [one.name for one in answer.pointers] == ["a", "b", "manifest/1"]
    assert all(one.version_id and one.sha256 and one.size_bytes for one in answer.pointers)
    assert (answer.objects, answer.after, answer.account) == (3, None, HOME)
    assert read(kept) == [(INCIDENT_ID, BY, "for the expert")]
    assert "for the expert" in Timeline(kept).events(INCIDENT_ID)[-1].text


def test_each_item_by_name_is_a_link_with_its_hash(kept: Ledger) -> None:
    answer = ask(kept, items=["b"])
    assert [one.name for one in answer.pointers] == ["b"]
    assert read(kept) == [("b", BY, "for the expert")]
    chain = Evidence(kept).custody(INCIDENT_ID)
    assert chain[-1].subject_sha256 == answer.pointers[0].sha256


def test_a_question_asked_again_is_logged_once_and_another_question_again(kept: Ledger) -> None:
    ask(kept)
    ask(kept)
    assert len(read(kept)) == 1
    ask(kept, asked="0c0c0c0c-0000")
    assert len(read(kept)) == 2


def test_a_long_answer_comes_in_pages_that_fit_and_together_are_all(kept: Ledger) -> None:
    [first] = [one for one in Evidence(kept).items(INCIDENT_ID) if one.name == "a"]
    for number in range(400):
        name = f"x/{number:04d}"
        long = first.model_copy(update={"name": name, "key": f"{INCIDENT_ID}/{'k' * 900}"})
        kept.add(f"INCIDENT#{INCIDENT_ID}", f"EVIDENCE#{name}", long)
    names: list[str] = []
    after = None
    for _ in range(5):
        answer = ask(kept, after=after)
        assert len(answer.model_dump_json()) < 256 * 1024
        names += [one.name for one in answer.pointers]
        after = answer.after
        if after is None:
            break
    assert len(names) == len(set(names)) == answer.objects == 403
    assert len(read(kept)) == 1


def test_what_there_is_none_of_is_refused_and_not_logged(kept: Ledger) -> None:
    with pytest.raises(Refused, match=r'no evidence called \["c"\]'):
        ask(kept, items=["a", "c"])
    assert read(kept) == []


@pytest.mark.parametrize(
    "told",
    [
        {"purpose": ""},
        {"purpose": " \u200b "},
        {"by": ""},
        {"items": []},
        {"items": ["a"] * 201},
        {"asked": "<script>"},
        {"incident_id": "../other"},
    ],
)
def test_who_and_what_for_are_said_or_nothing_is_answered(
    kept: Ledger, told: dict[str, Any]
) -> None:
    with pytest.raises(ValidationError):
        ask(kept, **told)
    assert read(kept) == []


def test_an_answer_holds_no_evidence(kept: Ledger) -> None:
    [one] = ask(kept, items=["a"]).model_dump(mode="json")["pointers"]
    assert set(one) == {"name", "bucket", "key", "version_id", "size_bytes", "sha256"}
    assert json.dumps(one)


def test_a_report_is_disclosed_as_evidence_is(kept: Ledger) -> None:
    page = Draft(Shelf.REPORT, "report", "report/0001", Content(b"<p>", ".html", "text/html"), "it")
    vault = Vault(BUCKET, HOME, "", boto3.client("s3", region_name=REGION))
    Evidence(kept).keep(INCIDENT_ID, page, vault=vault, by="report", at=NOON)
    assert "report/0001" in [one.name for one in ask(kept).pointers]
    [one] = ask(kept, items=["report/0001"], asked="1").pointers
    assert one.size_bytes == 3
    assert read(kept)[-1] == ("report/0001", BY, "for the expert")
