"""A responder that reads a trail's bucket whole, in a pretend cloud, and the same read by hand."""

import gzip
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from localcloud.cloud import Cloud
from localcloud.stack import Stack
from responder.aws.incidents import Incidents
from responder.aws.ledger import Ledger
from responder.aws.timeline import Timeline
from responder.domain.lineage import seed_of
from responder.scan.answer import answer
from responder_cli.drill import world
from responder_cli.scope.following import follow
from responder_cli.scope.reading import Readers
from responder_cli.scope.sources import Folder
from tests.builders import INCIDENT_ID, NOON, a_finding, an_incident
from tests.trail_buckets import PREFIX

TRAIL = "trail-logs-of-the-shop"
STEPS = ("Scope", "Scan")
SINCE = an_incident().first_seen_at - timedelta(hours=24)


@dataclass
class Analysis:
    """One deployed responder with an incident, and a trail's bucket."""

    cloud: Cloud
    responder: Stack
    ledger: Ledger
    bucket: str  # of the vault

    def start(self, run: str = INCIDENT_ID, *, whole: bool = False) -> str:
        """Start an execution, as the response does. Its ARN."""
        given = {"incident_id": INCIDENT_ID, "generation": 1, "whole": whole}
        started = self._client("stepfunctions").start_execution(
            stateMachineArn=self.responder.outputs["BreachAnalysisArn"],
            name=run,
            input=json.dumps(given),
        )
        arn: str = started["executionArn"]
        return arn

    def ends(self, arn: str) -> str:
        """Let it end, and say how."""
        states = self._client("stepfunctions")

        def status() -> str:
            told: str = states.describe_execution(executionArn=arn)["status"]
            return told

        self.cloud.run_until(lambda: status() != "RUNNING", at_most=timedelta(hours=6))
        return status()

    def kept(self, run: str = INCIDENT_ID) -> dict[str, Any]:
        """What is in the vault under the name of a run: one object, whatever happened."""
        name = re.compile(rf".*/cloudtrail\.scope/{run}-[0-9a-f]{{64}}\.json\.gz")
        [key] = filter(name.fullmatch, self.vault())
        body = self._client("s3").get_object(Bucket=self.bucket, Key=key)["Body"].read()
        found: dict[str, Any] = json.loads(gzip.decompress(body))
        return found

    def vault(self) -> list[str]:
        """Every key in it."""
        pages = self._client("s3").get_paginator("list_objects_v2")
        found = pages.paginate(Bucket=self.bucket)
        return [one["Key"] for page in found for one in page.get("Contents", [])]

    def told(self) -> list[str]:
        """The timeline of the incident."""
        return [event.text for event in Timeline(self.ledger).events(INCIDENT_ID)]

    def parameter(self, logical_id: str) -> str:
        """The name that a parameter of the stack got."""
        return self.responder.resources[logical_id]

    def _client(self, service: str) -> Any:
        return self.cloud.client(service, account=world.HOME)


@contextmanager
def an_analysis(objects: Mapping[str, bytes], **parameters: str) -> Iterator[Analysis]:
    """The responder and its vault, deployed; the objects in the bucket; an incident with a key."""
    with Cloud(region=world.REGION, starts_at=NOON, stateless=world.STATELESS) as cloud:
        vault = world.deploy_vault(cloud)
        s3 = cloud.client("s3", account=world.HOME)
        where = {"LocationConstraint": world.REGION}
        s3.create_bucket(Bucket=TRAIL, CreateBucketConfiguration=where)
        for key, body in objects.items():
            s3.put_object(Bucket=TRAIL, Key=key, Body=body)
        told = {
            "Mode": "respond",
            "ExternalId": world.EXTERNAL_ID,
            "EvidenceBucket": vault.outputs["EvidenceBucketName"],
            "EvidenceAccount": vault.outputs["EvidenceAccount"],
            "EvidenceKeyArn": vault.outputs["EvidenceKeyArn"],
            "SigningKeyArn": vault.outputs["SigningKeyArn"],
            "Approvers": world.ON_CALL,
            "TrailBucket": TRAIL,
            "TrailPrefix": PREFIX,
            **parameters,
        }
        responder = cloud.deploy(
            world.ROOT / "template.yaml",
            stack_name="breach-responder",
            parameters=told,
            account=world.HOME,
        )
        table = responder.outputs["TableName"]
        ledger = Ledger(table, cloud.client("dynamodb", account=world.HOME))
        Incidents(ledger).create(an_incident(), a_finding())
        yield Analysis(cloud, responder, ledger, told["EvidenceBucket"])


def by_hand(folder: Path, objects: Mapping[str, bytes], until: datetime) -> dict[str, Any]:
    """What `responder scope` answers about the same objects in a folder, read plainly."""
    for key, body in objects.items():
        (folder / key).parent.mkdir(parents=True, exist_ok=True)
        (folder / key).write_bytes(body)
    principals = a_finding().principals
    seeds = [one for one in (seed_of(p, a_finding().account) for p in principals) if one]
    source = Folder(folder)
    found = follow(
        source.names(),
        seeds,
        [],
        Readers(source, 1, plainly=True),
        lambda *_: lambda: None,
        since=SINCE,
        until=until,
    )
    return answer(found, since=SINCE, until=until)
