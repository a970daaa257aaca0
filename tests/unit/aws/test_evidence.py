"""Evidence is complete and not doubled, wherever a run dies."""

from dataclasses import replace

import pytest

from responder.aws.evidence import Draft, Evidence, Shelf, in_a_key
from responder.aws.ledger import Ledger
from responder.aws.vault import Content, Vault
from responder.domain.custody import verify_chain
from tests.builders import INCIDENT_ID, NOON
from tests.vaults import DiedHereError, Life, a_vault, versions

BY = "arn:aws:lambda:us-west-2:444455556666:function:collect"


def a_draft(body: bytes = b"first", name: str = "iam.principal/0001/user") -> Draft:
    content = Content(body, ".json", "application/json")
    return Draft(Shelf.EVIDENCE, "iam.principal", name, content, "a user", ("no keys",))


def test_what_is_kept_is_in_the_vault_on_record_and_in_custody(ledger: Ledger) -> None:
    evidence, vault = Evidence(ledger), a_vault()
    item = evidence.keep(INCIDENT_ID, a_draft(), vault=vault, by=BY, at=NOON)
    assert versions() == {(item.key, item.version_id): b"first"}
    assert evidence.items(INCIDENT_ID) == [item]
    [link] = evidence.custody(INCIDENT_ID)
    assert (link.event, link.subject, link.subject_sha256, link.by, link.at) == (
        "collected",
        item.name,
        item.sha256,
        BY,
        NOON,
    )


def test_a_name_that_is_kept_stays_as_it_was_first_read(ledger: Ledger) -> None:
    evidence, vault = Evidence(ledger), a_vault()
    first = evidence.keep(INCIDENT_ID, a_draft(b"first"), vault=vault, by=BY, at=NOON)
    again = evidence.keep(INCIDENT_ID, a_draft(b"later"), vault=vault, by="x", at=NOON)
    assert again == first
    assert list(versions().values()) == [b"first"]
    assert len(evidence.custody(INCIDENT_ID)) == 1


def _one_life(ledger: Ledger, vault: Vault, life: Life) -> tuple[Evidence, Vault]:
    mortal = Evidence(replace(ledger, client=life.of(ledger.client)))
    return mortal, replace(vault, client=life.of(vault.client))


def test_a_run_that_dies_at_any_call_is_completed_by_the_next(ledger: Ledger) -> None:
    vault, whole = a_vault(), Life()
    evidence, mortal = _one_life(ledger, vault, whole)
    evidence.keep(INCIDENT_ID, a_draft(), vault=mortal, by=BY, at=NOON)
    assert whole.calls == 5
    for ends_at in range(whole.calls):
        incident = f"inc-20261123-{ends_at:010x}"
        dying, mortal = _one_life(ledger, vault, Life(ends_at))
        with pytest.raises(DiedHereError):
            dying.keep(incident, a_draft(b"first read"), vault=mortal, by=BY, at=NOON)
        # What is read again is never quite the same: the attacker and containment go on.
        again = Evidence(ledger)
        item = again.keep(incident, a_draft(b"second read"), vault=vault, by=BY, at=NOON)
        [((key, version_id), body)] = versions(f"{incident}/").items()
        assert (item.key, item.version_id) == (key, version_id)
        assert Content(body, "", "").sha256 == item.sha256
        assert again.items(incident) == [item]
        [link] = again.custody(incident)
        assert link.subject_sha256 == item.sha256


def test_two_runs_at_once_leave_one_item_that_its_object_fits(ledger: Ledger) -> None:
    vault, evidence = a_vault(), Evidence(ledger)

    class _Racing:
        """The other run keeps its own read while ours is putting."""

        def put_object(self, **given: object) -> object:
            other = a_draft(b"theirs")
            evidence.keep(INCIDENT_ID, other, vault=vault, by="the other run", at=NOON)
            return vault.client.put_object(**given)  # type: ignore[arg-type]

        def get_object_tagging(self, **given: object) -> object:
            return vault.client.get_object_tagging(**given)  # type: ignore[arg-type]

    ours = replace(vault, client=_Racing())  # type: ignore[arg-type]
    item = evidence.keep(INCIDENT_ID, a_draft(b"ours"), vault=ours, by=BY, at=NOON)
    assert evidence.items(INCIDENT_ID) == [item]
    assert versions()[item.key, item.version_id] == b"theirs"
    assert len(evidence.custody(INCIDENT_ID)) == 1


def test_links_appended_at_once_make_one_chain(ledger: Ledger) -> None:
    evidence = Evidence(ledger)

    class _Overtaken:
        """Before each of our first three writes, another appends a link."""

        left = 3

        def __getattr__(self, name: str) -> object:
            if name == "transact_write_items" and self.left:
                self.left -= 1
                evidence.append(INCIDENT_ID, "read", f"by {self.left}", "0" * 64, by=BY, at=NOON)
            return getattr(ledger.client, name)

    ours = Evidence(replace(ledger, client=_Overtaken()))  # type: ignore[arg-type]
    ours.append(INCIDENT_ID, "collected", "ours", "1" * 64, by=BY, at=NOON)
    ours.append(INCIDENT_ID, "collected", "ours", "1" * 64, by=BY, at=NOON)
    chain = evidence.custody(INCIDENT_ID)
    assert [link.subject for link in chain] == ["by 2", "by 1", "by 0", "ours"]
    assert verify_chain(chain) is None


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("iam.principal/0001/a_b-c", "iam.principal/0001/a_b-c"),
        ("a/../../etc/passwd", "a/_/_/etc/passwd"),
        ("a//b", "a/_/b"),
        ("a/b c\n\u202e?&#", "a/b_c_____"),
        (".hidden/...", "_hidden/_"),
    ],
)
def test_a_hostile_name_is_a_plain_key(name: str, key: str) -> None:
    assert in_a_key(name) == key
