"""What the vault holds of an incident, and who held it.

Keeping one thing takes three writes: a note of what is about to be put, the object, and the record
of it together with its link of the custody log. A run that dies between any two of them is taken up
by the next one from where it stopped: one object per name, the first that got into the vault. Only
two runs of the same step at the same moment can leave a second object; the record names one of the
two, and none is ever missing.
"""

import hashlib
import json
import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import ConfigDict

from responder.aws import ledger as table
from responder.aws.ledger import Ledger, Write, incident_pk
from responder.aws.vault import Content, Kept, Vault
from responder.domain.custody import COLLECTED, REPORTED, next_entry
from responder.domain.errors import Broken, Unavailable
from responder.domain.evidence import CustodyEntry, EvidenceItem
from responder.domain.model import Model

PERMISSIONS = table.PERMISSIONS
_CUSTODY = "CUSTODY#"
_TRIES = 20  # far more than the writers of one incident that can append at the same moment


class Shelf(StrEnum):
    """What a kept thing is: evidence, one of the papers that seal it, or a page that tells of it.

    All are held, hashed again and disclosed. A manifest names evidence only.
    """

    EVIDENCE = "EVIDENCE"
    REPORT = "REPORT"
    SEAL = "SEAL"


@dataclass(frozen=True)
class Draft:
    """Something to be kept. `name` is unique in the incident, and the same on every retry."""

    shelf: Shelf
    collector_id: str
    name: str
    content: Content
    covers: str
    gaps: tuple[str, ...] = ()


class _Linked(Model):
    """Says that something is in the custody log, and where: so that it gets there once."""

    model_config = ConfigDict(frozen=True)

    sequence: int


class _AboutToPut(Model):
    model_config = ConfigDict(frozen=True)

    item: EvidenceItem  # without its version, which only the vault can say


@dataclass(frozen=True)
class Evidence:
    """Items and custody of incidents."""

    ledger: Ledger

    def keep(
        self, incident_id: str, draft: Draft, *, vault: Vault, by: str, at: datetime
    ) -> EvidenceItem:
        """Put `draft` into the vault and on record. Under a name already kept, changes nothing.

        Evidence and pages get on record together with their link of the custody log, or not at all.
        """
        item = self.item(incident_id, draft.shelf, draft.name)
        if item is not None:
            return item
        kept, planned = self._put(incident_id, draft, vault, at)
        item = planned.model_copy(update={"version_id": kept.version_id})
        return self._recorded(incident_id, draft.shelf, item, by)

    def take_up(
        self, incident_id: str, shelf: Shelf, name: str, *, vault: Vault, by: str
    ) -> EvidenceItem | None:
        """What an earlier run put under this name, on record from now on. None if it put nothing.

        Unlike `keep`, never puts anything: a run that is still at work may do so later.
        """
        item = self.item(incident_id, shelf, name)
        noted = self.ledger.get(incident_pk(incident_id), _putting(shelf, name))
        if item is not None or noted is None:
            return item
        planned = _AboutToPut.model_validate_json(noted.body).item
        version_id = vault.find(planned.key)
        if version_id is None:
            return None
        there = planned.model_copy(update={"version_id": version_id})
        return self._recorded(incident_id, shelf, there, by)

    def item(self, incident_id: str, shelf: Shelf, name: str) -> EvidenceItem | None:
        """One item on record, or None."""
        found = self.ledger.get(incident_pk(incident_id), f"{shelf}#{name}")
        return None if found is None else EvidenceItem.model_validate_json(found.body)

    def items(self, incident_id: str, shelf: Shelf = Shelf.EVIDENCE) -> list[EvidenceItem]:
        """Every item on record, in order of name."""
        found = self.ledger.items(incident_pk(incident_id), f"{shelf}#")
        return [EvidenceItem.model_validate_json(item.body) for item in found]

    def custody(self, incident_id: str) -> list[CustodyEntry]:
        """The custody log, first link first."""
        found = self.ledger.items(incident_pk(incident_id), _CUSTODY)
        return [CustodyEntry.model_validate_json(item.body) for item in found]

    def append(
        self,
        incident_id: str,
        event: str,
        subject: str,
        subject_sha256: str,
        *,
        by: str,
        at: datetime,
        detail: str = "",
        once: str = "",
    ) -> CustodyEntry:
        """Add one link, once for the same event, subject, hash and `once`, whoever else appends.

        What may happen again, such as reading, tells its times apart by `once`.
        """
        pk, mark = incident_pk(incident_id), _mark(event, subject, subject_sha256, once)
        for _ in range(_TRIES):
            if (linked := self.ledger.get(pk, mark)) is not None:
                return self._link(pk, _Linked.model_validate_json(linked.body).sequence)
            entry = self._next(
                incident_id,
                at=at,
                by=by,
                event=event,
                subject=subject,
                subject_sha256=subject_sha256,
                detail=detail,
            )
            if self.ledger.together(_linking(entry, mark)):
                return entry
        raise _too_many(incident_id)

    def _recorded(
        self, incident_id: str, shelf: Shelf, item: EvidenceItem, by: str
    ) -> EvidenceItem:
        for _ in range(_TRIES):
            if self._on_record(incident_id, shelf, item, by):
                return item
            theirs = self.item(incident_id, shelf, item.name)
            if theirs is not None:
                return theirs
        raise _too_many(incident_id)

    def _on_record(self, incident_id: str, shelf: Shelf, item: EvidenceItem, by: str) -> bool:
        """False if another was first, with this item or with a link of the custody log."""
        pk, sk = incident_pk(incident_id), f"{shelf}#{item.name}"
        if shelf is Shelf.SEAL:
            return self.ledger.add(pk, sk, item)
        event = REPORTED if shelf is Shelf.REPORT else COLLECTED
        # Of evidence, the manifest tells the rest; a page is in none.
        there = f"{item.size_bytes} bytes: {item.key}, version {item.version_id}"
        entry = self._next(
            incident_id,
            at=item.collected_at,
            by=by,
            event=event,
            subject=item.name,
            subject_sha256=item.sha256,
            detail=there if shelf is Shelf.REPORT else "",
        )
        mark = _mark(event, item.name, item.sha256, "")
        return self.ledger.together([Write(pk, sk, item), *_linking(entry, mark)])

    def _next(self, incident_id: str, **told: Any) -> CustodyEntry:
        last = self.ledger.last(incident_pk(incident_id), _CUSTODY)
        before = None if last is None else CustodyEntry.model_validate_json(last.body)
        return next_entry(before, incident_id=incident_id, **told)

    def _link(self, pk: str, sequence: int) -> CustodyEntry:
        found = self.ledger.get(pk, _link_sk(sequence))
        if found is None:
            raise Broken(f"link {sequence} of the custody log of {pk} is gone")
        return CustodyEntry.model_validate_json(found.body)

    def _put(
        self, incident_id: str, draft: Draft, vault: Vault, at: datetime
    ) -> tuple[Kept, EvidenceItem]:
        pk, sk = incident_pk(incident_id), _putting(draft.shelf, draft.name)
        stem = f"{incident_id}/{in_a_key(draft.name)}"
        ours = EvidenceItem(
            incident_id=incident_id,
            collector_id=draft.collector_id,
            name=draft.name,
            bucket=vault.bucket,
            key=draft.content.key(stem),
            version_id="",
            size_bytes=len(draft.content.body),
            sha256=draft.content.sha256,
            collected_at=at,
            covers=draft.covers,
            gaps=draft.gaps,
        )
        if self.ledger.add(pk, sk, _AboutToPut(item=ours)):
            return vault.put(stem, draft.content), ours
        noted = self.ledger.get(pk, sk)
        if noted is None:
            raise Unavailable(f"the note of {draft.name} is not on record yet; look again")
        theirs = _AboutToPut.model_validate_json(noted.body).item
        version_id = vault.find(theirs.key)
        if version_id is not None:
            return Kept(theirs.key, version_id, theirs.sha256), theirs
        self.ledger.replace(noted, _AboutToPut(item=ours))
        return vault.put(stem, draft.content), ours


def _putting(shelf: Shelf, name: str) -> str:
    return f"PUTTING#{shelf}#{name}"


def _mark(*told: str) -> str:
    return f"LINKED#{hashlib.sha256(json.dumps(told).encode()).hexdigest()}"


def _linking(entry: CustodyEntry, mark: str) -> list[Write]:
    pk = incident_pk(entry.incident_id)
    return [
        Write(pk, _link_sk(entry.sequence), entry),
        Write(pk, mark, _Linked(sequence=entry.sequence)),
    ]


def _too_many(incident_id: str) -> Unavailable:
    return Unavailable(f"the custody log of {incident_id} is being written by too many at once")


def _link_sk(sequence: int) -> str:
    return f"{_CUSTODY}{sequence:06d}"


def in_a_key(name: str) -> str:
    """`name` with only what every tool takes in an S3 key and in a path: it holds attackers' text.

    Two names may become one; the hash behind it still tells their contents apart.
    """
    parts = [re.sub(r"[^A-Za-z0-9._-]|^\.+", "_", part)[:120] for part in name.split("/")]
    return "/".join(part or "_" for part in parts)
