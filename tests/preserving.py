"""Collecting and sealing, with a collector whose every look is different."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from responder.aws.approvals import Approvals
from responder.aws.clients import Clients
from responder.aws.clocks import Clocks
from responder.aws.evidence import Evidence
from responder.aws.facts import RecordedFacts
from responder.aws.incidents import Incidents
from responder.aws.ledger import Ledger
from responder.aws.progress import Progress
from responder.aws.receipts import Receipts
from responder.aws.records import Records
from responder.aws.rehashes import Rehashes
from responder.aws.reports import Reports
from responder.aws.signer import Signer
from responder.aws.timeline import Timeline
from responder.aws.uses import Uses
from responder.aws.vault import Content, Vault
from responder.collectors.collector import Collected, Later, Scene
from responder.domain.collecting import Options
from responder.domain.manifest import Part
from responder.report.model import Here
from responder.steps.collect import CollectAnswer, CollectRequest, collect
from responder.steps.report import ReportAnswer, ReportRequest, report
from responder.steps.seal import SealAnswer, SealRequest, seal
from tests.builders import INCIDENT_ID, NOON, REGION
from tests.vaults import Life, PrehashedKms, a_signer, a_vault, versions

COLLECTED_BY = "arn:aws:lambda:us-west-2:444455556666:function:collect"
REPORTED_BY = "arn:aws:lambda:us-west-2:444455556666:function:report"
SEALED_BY = "arn:aws:lambda:us-west-2:444455556666:function:seal"
EXPECTED = ("memory.dump", "iam.principal")


class Pictures:
    """A collector whose every look is different, as live state is."""

    ID = "iam.principal"
    TITLE = "Pictures"
    PERMISSIONS: frozenset[str] = frozenset()
    KINDS: tuple[str, ...] = ()
    COPIES: frozenset[str] = frozenset()
    KEEPS: frozenset[str] = frozenset()
    LIMITS = ("what is not in the picture",)
    looks = 0
    names: tuple[str, ...] = ("one", "two")

    each_run: int | None = None  # so many names in a run; all, without
    waits = timedelta()

    def collect(self, scene: Scene) -> Iterator[Collected | Later]:
        done = scene.bookmark.get("done", 0)
        last = len(self.names) if self.each_run is None else done + self.each_run
        for name in self.names[done:last]:
            self.looks += 1
            content = Content(f"look {self.looks}".encode(), ".json", "application/json")
            place = f"{self.ID}/{scene.generation:04d}/{name}"
            yield Collected(place, content, "a picture", (f"{name} is blurred", "dark"))
        if last < len(self.names):
            yield Later({"done": last}, self.waits)


class Dump(Pictures):
    """Another, which these tests never run."""

    ID = "memory.dump"


class World:
    """A ledger, a vault and a signing key, all of which may die at some call."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger, self.vault, self.kms = ledger, a_vault(), PrehashedKms()
        self.pictures = Pictures()

    def adapters(self, life: Life) -> tuple[Ledger, Vault, Signer]:
        table = replace(self.ledger, client=life.of(self.ledger.client))
        vault = replace(self.vault, client=life.of(self.vault.client))
        return table, vault, a_signer(life.of(self.kms))

    def collect(
        self,
        generation: int = 1,
        incident: str = INCIDENT_ID,
        life: Life | None = None,
        now: datetime = NOON,
        collector_id: str = Pictures.ID,
    ) -> CollectAnswer:
        table, vault, _ = self.adapters(life or Life())
        return collect(
            CollectRequest(
                incident_id=incident, generation=generation, collector_id=collector_id, now=now
            ),
            collectors={Pictures.ID: self.pictures},
            incidents=Incidents(table),
            receipts=Receipts(table),
            evidence=Evidence(table),
            vault=vault,
            progress=Progress(table),
            clients=Clients(REGION),
            copies=Clients(REGION),
            keeps=Clients(REGION),
            options=Options(),
            by=COLLECTED_BY,
            read_at=lambda: NOON + timedelta(seconds=2),
            ends_at=NOON + timedelta(minutes=5),
            pause=lambda seconds: None,
        )

    def report(
        self,
        asked: str = "asked once",
        life: Life | None = None,
        incident: str = INCIDENT_ID,
        now: datetime = NOON,
        table: Ledger | None = None,
        **given: Any,
    ) -> ReportAnswer:
        mortal, vault, _ = self.adapters(life or Life())
        table = table or mortal
        return report(
            ReportRequest.model_validate({"incident_id": incident} | given),
            records=Records(Incidents(table), RecordedFacts(table), Clocks(table), ()),
            receipts=Receipts(table),
            approvals=Approvals(table),
            uses=Uses(table),
            evidence=Evidence(table),
            timeline=Timeline(table),
            progress=Progress(table),
            reports=Reports(table),
            vault=vault,
            titles={},
            collectors=(self.pictures,),
            here=Here(region=REGION, release_function="release"),
            privilege="",
            by=REPORTED_BY,
            asked=asked,
            now=now,
        )

    def seal(
        self,
        generation: int = 1,
        incident: str = INCIDENT_ID,
        life: Life | None = None,
        collected: list[dict[str, Any]] | None = None,
        part: Part = Part.READS,
    ) -> SealAnswer:
        table, vault, signer = self.adapters(life or Life())
        said = [{"collector_id": one} for one in EXPECTED] if collected is None else collected
        return seal(
            SealRequest.model_validate(
                {
                    "incident_id": incident,
                    "generation": generation,
                    "part": part,
                    "collected": said,
                    "now": NOON,
                }
            ),
            collectors=(Dump(), self.pictures),
            incidents=Incidents(table),
            evidence=Evidence(table),
            vault=vault,
            signer=signer,
            timeline=Timeline(table),
            rehashes=Rehashes(table),
            by=SEALED_BY,
        )

    def manifest(self, answer: SealAnswer) -> dict[str, Any]:
        body = versions()[answer.manifest_key, answer.manifest_version_id]
        found: dict[str, Any] = json.loads(body)
        return found
