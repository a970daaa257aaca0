"""A custody log shows every change, and which link it was."""

import json
from datetime import timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responder.domain.custody import next_entry, verify_chain
from responder.domain.evidence import CustodyEntry
from responder.domain.manifest import custody_document
from responder_cli import verify_custody
from tests.builders import INCIDENT_ID, NOON


def a_chain(subjects: list[str]) -> list[CustodyEntry]:
    chain: list[CustodyEntry] = []
    for number, subject in enumerate(subjects):
        entry = next_entry(
            chain[-1] if chain else None,
            incident_id=INCIDENT_ID,
            at=NOON + timedelta(seconds=number),
            by="arn:aws:lambda:us-west-2:444455556666:function:collect",
            event="collected",
            subject=subject,
            subject_sha256=f"{number:064x}",
        )
        chain.append(entry)
    return chain


def test_a_chain_holds_from_its_first_link() -> None:
    chain = a_chain(["a", "b", "c"])
    assert verify_chain(chain) is None
    assert [entry.sequence for entry in chain] == [1, 2, 3]
    assert chain[0].previous_sha256 == "0" * 64


def test_an_empty_log_is_not_a_chain_that_holds() -> None:
    assert verify_chain([]) == "the custody log is empty"


@pytest.mark.parametrize("field", ["by", "subject", "event", "subject_sha256"])
@pytest.mark.parametrize("place", [1, 2, 3])
def test_a_changed_field_is_found_at_its_link(field: str, place: int) -> None:
    chain = a_chain(["a", "b", "c"])
    chain[place - 1] = chain[place - 1].model_copy(update={field: "f" * 64})
    assert verify_chain(chain) == f"link {place} was changed after it was written"


def test_a_link_rewritten_with_a_fitting_hash_breaks_the_link_after_it() -> None:
    chain = a_chain(["a", "b", "c"])
    other = a_chain(["a", "forged"])
    assert verify_chain([chain[0], other[1], chain[2]]) == "link 3 does not follow from link 2"


def test_a_link_taken_out_is_found() -> None:
    chain = a_chain(["a", "b", "c"])
    assert verify_chain([chain[0], chain[2]]) == "link 2 is numbered 3"


def test_a_link_of_another_incident_is_found() -> None:
    chain = a_chain(["a"])
    theirs = next_entry(
        chain[0],
        incident_id="inc-20261123-ffffffffff",
        at=NOON,
        by="x",
        event="collected",
        subject="b",
        subject_sha256="0" * 64,
    )
    assert verify_chain([*chain, theirs]) == "link 2 belongs to another incident"


def test_the_same_instant_in_another_zone_is_the_same_link() -> None:
    here = a_chain(["a"])[0]
    there = next_entry(
        None,
        incident_id=INCIDENT_ID,
        at=NOON.astimezone(timezone(timedelta(hours=9))),
        by=here.by,
        event=here.event,
        subject=here.subject,
        subject_sha256=here.subject_sha256,
    )
    assert there == here


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1, max_size=5))
def test_the_offline_script_reads_every_chain_as_we_do(subjects: list[str]) -> None:
    chain = a_chain(subjects)
    stored = [CustodyEntry.model_validate_json(entry.model_dump_json()) for entry in chain]
    assert verify_chain(stored) is None
    entries = json.loads(custody_document(INCIDENT_ID, stored))["entries"]
    assert verify_custody.first_broken_link(entries) is None
    entries[-1]["by"] += "!"
    assert (
        verify_custody.first_broken_link(entries)
        == f"link {len(subjects)} was changed after it was written"
    )
