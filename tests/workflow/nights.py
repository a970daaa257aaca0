"""One deployed responder, one shop with a stolen key, and the events that tell of it."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from localcloud.cloud import Cloud
from responder.domain.order import Receipt
from responder_cli.app import app
from responder_cli.drill import world
from responder_cli.drill.approver import NAME, Approver
from responder_cli.drill.attack import Thief
from responder_cli.drill.events import told_of
from responder_cli.drill.watch import Watch
from tests.builders import NOON


@dataclass
class Night:
    """Everything a test looks at."""

    cloud: Cloud
    stacks: world.Stacks
    shop: world.Shop
    thief: Thief
    watch: Watch
    approver: Approver
    thieves: list[Thief] = field(default_factory=list)  # the first, and those who came later
    # What there is beside identities and a bucket: ARNs, by what a test calls them.
    things: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.thieves.insert(0, self.thief)

    def send(self, *wanted: str) -> None:
        """Deliver the events of these detail-types about the theft, at once, in their order."""
        for event in told_of(NOON, self.shop, self.thief.session_key_id):
            if not wanted or event["detail-type"] in wanted:
                self.cloud.deliver(event, account=world.HOME)
        self.cloud.settle()

    def ends(self, at_most: timedelta = timedelta(hours=3)) -> None:
        """Let every incident-response execution end."""
        self.watch.until(lambda: not self.watch.running(), at_most=at_most)

    def receipts(self) -> list[Receipt]:
        """Of every incident."""
        return [r for one in self.watch.incidents() for r in self.watch.receipts.all(one.id)]

    def told(self) -> list[str]:
        """What the timelines say, and of whom."""
        return [
            f"{event.by}: {event.text}"
            for one in self.watch.incidents()
            for event in self.watch.timeline.events(one.id)
        ]

    def types(
        self, monkeypatch: pytest.MonkeyPatch, *words: str, role: str = world.ON_CALL
    ) -> Result:
        """What `responder` says in the shell of somebody signed in: the on-call engineer."""
        keys = self.cloud.client("sts", account=world.HOME).assume_role(
            RoleArn=role, RoleSessionName=NAME
        )["Credentials"]
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", keys["AccessKeyId"])
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", keys["SecretAccessKey"])
        monkeypatch.setenv("AWS_SESSION_TOKEN", keys["SessionToken"])
        return CliRunner().invoke(app, [*words, "--region", world.REGION])

    def asks(self) -> list[str]:
        """Automation executions that wait for a person."""
        return self.approver.waiting()

    def answer(
        self, automation_id: str, signal: str, comment: str = "seen", *, by: str = NAME
    ) -> None:
        """As the buttons of the console do it."""
        self.approver.answer(automation_id, signal, comment, by=by)

    def items(self) -> list[tuple[str, str, Any]]:
        """The whole table: partition, sort key, and body."""
        pages = (
            self.cloud.client("dynamodb", account=world.HOME)
            .get_paginator("scan")
            .paginate(TableName=self.stacks.responder.outputs["TableName"], ConsistentRead=True)
        )
        return [
            (item["pk"]["S"], item["sk"]["S"], json.loads(item["body"]["S"]))
            for page in pages
            for item in page["Items"]
        ]

    def dead_letters(self) -> list[str]:
        """Messages in the dead-letter queue that nobody looked at yet."""
        sqs = self.cloud.client("sqs", account=world.HOME)
        url = self.stacks.responder.outputs["IntakeDeadLetterQueueUrl"]
        bodies = list[str]()
        while got := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            bodies += [message["Body"] for message in got]
        return bodies

    def user_policies(self) -> list[str]:
        """What is attached to the user whose key was stolen."""
        iam = self.cloud.client("iam", account=world.SHOP)
        found = iam.list_attached_user_policies(UserName=world.USER)["AttachedPolicies"]
        return [one["PolicyName"] for one in found]

    def key_status(self) -> str:
        """Of the stolen key."""
        iam = self.cloud.client("iam", account=world.SHOP)
        [key] = iam.list_access_keys(UserName=world.USER)["AccessKeyMetadata"]
        return str(key["Status"])


@contextmanager
def a_night(
    root: Path = world.ROOT,
    first: Callable[[Cloud], dict[str, str]] = lambda _: {},
    /,
    **parameters: str,
) -> Iterator[Night]:
    """The stacks of `root`, with these parameters of the responder, and a theft that happened.

    `first` may deploy what the responder is then told of: it gives further parameters.
    """
    with Cloud(region=world.REGION, starts_at=NOON, stateless=world.STATELESS) as cloud:
        vault = world.deploy_vault(cloud, root)
        copies = world.deploy_copies(cloud, vault, root)
        responder = world.deploy_responder(cloud, vault, copies, parameters | first(cloud), root)
        member = world.deploy_member(cloud, copies, root)
        forwarder = world.deploy_forwarder(cloud, root)
        stacks = world.Stacks(vault, responder, member, forwarder)
        world.hire(cloud)
        shop = world.open_shop(cloud)
        thief = Thief(cloud, shop)
        thief.become_role()
        yield Night(cloud, stacks, shop, thief, Watch(cloud, stacks), Approver(cloud))
