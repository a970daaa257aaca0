"""Ten thousand findings of fifty campaigns among noise, in ten minutes, while AWS throttles.

The shipped stacks on the local engine: the bus, the queue, intake, and the whole response to every
incident. A share of all calls to DynamoDB and Step Functions is throttled after the SDK's own
retries. Nobody answers the approvers' questions, and nobody looks at a page.

    python bench/burst.py

A campaign is an attack sequence about one user and other findings about the same one, each of its
own. Noise leads to nothing: minor findings, samples and archived ones. A finding is lost when it is
neither in an incident nor recorded once all letters that died were sent again.
"""

import argparse
import random
import sys
import time
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from bench.burst_events import Sent, Victim, burst
from bench.burst_outcome import Outcome
from bench.burst_table import shown
from bench.meter import Meter
from localcloud.cloud import Cloud
from localcloud.fault import Fault
from localcloud.stack import Stack
from localcloud.switchboard import Call
from responder.aws.ledger import Ledger
from responder.aws.receipts import Receipts
from responder.domain.incident import Incident
from responder.domain.policy import DEFAULT_POLICY, Policy
from responder_cli.drill import world

STARTS_AT = datetime(2026, 11, 23, 12, 40, tzinfo=UTC)
LASTS = timedelta(minutes=10)
WAVES = 50  # so many times something is delivered
HOUR = timedelta(hours=1)
_LOOKS_EVERY, _PATIENCE = timedelta(minutes=5), timedelta(hours=6)
_REDRIVES = 3
_THROTTLED = ("dynamodb", "stepfunctions")


@dataclass
class Throttling:
    """A disturbance: so many of a hundred calls of the functions are throttled."""

    percent: float
    chance: random.Random
    hits: int = 0

    def before(self, call: Call) -> None:
        """As the engine tells of each call."""
        if call.function is None or call.service not in _THROTTLED:
            return
        if self.chance.uniform(0, 100) < self.percent:
            self.hits += 1
            raise Fault("ThrottlingException", "Rate exceeded", status=400)

    def after(self, call: Call) -> None:
        """Nothing goes wrong with a call that was carried out."""


def run(findings: int, campaigns: int, *, percent: float, breaker: int, seed: int) -> Outcome:
    """One burst, until every incident was responded to. `breaker` is the most cuts an hour."""
    began = time.perf_counter()
    with Cloud(region=world.REGION, starts_at=STARTS_AT, stateless=world.STATELESS) as cloud:
        policy = Policy(most_cuts_an_hour=breaker).model_dump_json(include={"most_cuts_an_hour"})
        vault = world.deploy_vault(cloud)
        copies = world.deploy_copies(cloud, vault)
        responder = world.deploy_responder(cloud, vault, copies, {"Policy": policy})
        world.deploy_member(cloud, copies)
        sent = burst(findings, _victims(cloud, campaigns), random.Random(seed))  # noqa: S311 - repeatable
        cloud.warm_up()
        cloud.settle()
        meter = Meter(cloud)
        throttling = Throttling(percent, random.Random(-seed - 1))  # noqa: S311 - repeatable
        cloud.disturb(throttling)
        _deliver(cloud, sent)
        redriven = 0
        for _ in range(_REDRIVES):
            _until_quiet(cloud)
            moved = _redrive(cloud, responder)
            redriven += moved
            if not moved:
                break
        meter.stop()
        return _outcome(cloud, responder, sent, meter, throttling, redriven, began)


def _victims(cloud: Cloud, number: int) -> list[Victim]:
    """Users of the shop, each with a key that was stolen."""
    iam = cloud.client("iam", account=world.SHOP)
    found = list[Victim]()
    for name in (f"{world.USER}-{place:03d}" for place in range(number)):
        user = iam.create_user(UserName=name)["User"]
        key = iam.create_access_key(UserName=name)["AccessKey"]
        found.append(Victim(name, key["AccessKeyId"], user["UserId"]))
    return found


def _deliver(cloud: Cloud, sent: list[Sent]) -> None:
    for wave in range(WAVES):
        for one in sent[wave::WAVES]:
            cloud.deliver(one.event, account=world.HOME)
        cloud.advance(LASTS / WAVES)
        print(f"\rwave {wave + 1} of {WAVES}", end="", file=sys.stderr, flush=True)
    print("\r", end="", file=sys.stderr)


def _until_quiet(cloud: Cloud) -> None:
    """No execution runs, but those that wait for deadlines; and every letter has come or died."""
    states = cloud.client("stepfunctions", account=world.HOME)
    machines = [
        one["stateMachineArn"]
        for one in states.list_state_machines()["stateMachines"]
        if "Tracker" not in one["name"]
    ]
    end = cloud.now() + _PATIENCE
    cloud.advance(HOUR)
    while any(
        states.list_executions(stateMachineArn=arn, statusFilter="RUNNING")["executions"]
        for arn in machines
    ):
        if cloud.now() > end:
            raise TimeoutError("executions are still running")
        cloud.advance(_LOOKS_EVERY)


def _redrive(cloud: Cloud, responder: Stack) -> int:
    """Send what died to the intake queue once more, as its operator does."""
    sqs, moved = cloud.client("sqs", account=world.HOME), 0
    letters = responder.outputs["IntakeDeadLetterQueueUrl"]
    queue = responder.resources["IntakeQueue"]
    while got := sqs.receive_message(QueueUrl=letters, MaxNumberOfMessages=10).get("Messages"):
        for message in got:
            sqs.send_message(QueueUrl=queue, MessageBody=message["Body"])
            sqs.delete_message(QueueUrl=letters, ReceiptHandle=message["ReceiptHandle"])
            moved += 1
    return moved


def _outcome(
    cloud: Cloud,
    responder: Stack,
    sent: list[Sent],
    meter: Meter,
    throttling: Throttling,
    redriven: int,
    began: float,
) -> Outcome:
    table = _Table(cloud, responder.outputs["TableName"])
    filed, recorded = table.keys("FINDING#"), table.recorded()
    receipts = [one for incident in table.incidents() for one in table.receipts.all(incident.id)]
    applied = sorted(one.applied_at for one in receipts if one.applied_at is not None)
    states = cloud.client("stepfunctions", account=world.HOME)
    executions = [
        one
        for machine in states.list_state_machines()["stateMachines"]
        for one in states.list_executions(stateMachineArn=machine["stateMachineArn"])["executions"]
    ]
    return Outcome(
        findings=len(sent),
        campaigns=len({one.campaign for one in sent} - {None}),
        lost=[
            one.key for one in sent if one.key not in (recorded if one.campaign is None else filed)
        ],
        incidents=len(table.incidents()),
        in_two_incidents=sum(times > 1 for times in filed.values()),
        recorded=len(recorded),
        redriven=redriven,
        throttled=throttling.hits,
        cuts=len(applied),
        most_cuts_in_an_hour=max(
            (sum(first <= at < first + HOUR for at in applied) for first in applied), default=0
        ),
        asked=len(table.keys("APPROVAL#ord-")),
        failed=[one["name"] for one in executions if one["status"] not in ("RUNNING", "SUCCEEDED")],
        seconds=time.perf_counter() - began,
        write_units=meter.write_units,
        read_units=meter.read_units,
        transitions=meter.transitions(world.HOME, world.REGION),
        invocations=Counter(one.logical_id for one in cloud.invocations),
        log_bytes=sum(len(one.log.encode()) for one in cloud.invocations),
        calls=meter.calls,
        pages=len(cloud.published),
    )


class _Table:
    """The responder's table, read whole and once."""

    def __init__(self, cloud: Cloud, name: str) -> None:
        client = cloud.client("dynamodb", account=world.HOME)
        pages = client.get_paginator("scan").paginate(TableName=name, ConsistentRead=True)
        self._items = [
            (str(item["pk"]["S"]), str(item["sk"]["S"]), item["body"]["S"])
            for page in pages
            for item in page["Items"]
        ]
        self.receipts = Receipts(Ledger(name, client))

    def incidents(self) -> list[Incident]:
        return [
            Incident.model_validate_json(body) for _, sk, body in self._items if sk == "INCIDENT"
        ]

    def keys(self, prefix: str) -> Counter[str]:
        """What stands behind this prefix in incidents, and in how many."""
        start = prefix.partition("#")[0] + "#"
        return Counter(
            sk.removeprefix(start)
            for pk, sk, _ in self._items
            if pk.startswith("INCIDENT#") and sk.startswith(prefix)
        )

    def recorded(self) -> set[str]:
        return {sk for pk, sk, _ in self._items if pk.startswith("RECORDED#")}


def main() -> None:
    """Run it and print what was counted, and what that costs."""
    ask = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    ask.add_argument("--findings", type=int, default=10_000, help="all of them (10,000)")
    ask.add_argument("--campaigns", type=int, default=50, help="among them (50)")
    ask.add_argument("--percent", type=float, default=1.0, help="of the calls are throttled (1)")
    ask.add_argument("--breaker", type=int, default=DEFAULT_POLICY.most_cuts_an_hour)
    ask.add_argument("--seed", type=int, default=0, help="of the order and the throttling (0)")
    ask.add_argument("--seconds", type=float, default=0.5, help="that a run takes in AWS (0.5)")
    given: Any = ask.parse_args()
    outcome = run(
        given.findings,
        given.campaigns,
        percent=given.percent,
        breaker=given.breaker,
        seed=given.seed,
    )
    print(shown(outcome, breaker=given.breaker, seconds=given.seconds))
    sys.exit(1 if outcome.lost else 0)


if __name__ == "__main__":
    main()
