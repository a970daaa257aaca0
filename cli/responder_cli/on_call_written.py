"""Write a rota into a deployed responder: its parameter, and who the pager topic reaches.

Each person is subscribed with a filter on their own name, so that a page reaches whom it is for
(SNS Developer Guide, "Amazon SNS message filtering"). Whoever is in a turn of the first level also
gets what is for everybody, such as an alarm. Subscriptions without such a filter are left alone.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import ClientError

from responder.domain.rota import Rota
from responder_cli import deployed

if TYPE_CHECKING:
    from mypy_boto3_sns.client import SNSClient
    from mypy_boto3_ssm.client import SSMClient

PEOPLE = "people"  # the attribute of a page: responder/aws/pager.py
_EVERYBODY = {"exists": False}
_MOST_CHARACTERS = 8192  # of a parameter (Systems Manager API Reference, "PutParameter")
_PENDING = "PendingConfirmation"


@dataclass(frozen=True)
class Subscription:
    """One way to reach somebody. `arn` is empty for one that is still to be made."""

    protocol: str
    endpoint: str
    person: str
    everybody: bool
    arn: str = ""

    @property
    def filter(self) -> str:
        """Its filter policy."""
        wanted: list[object] = [_EVERYBODY] if self.everybody else []
        return json.dumps({PEOPLE: [*wanted, self.person]})


@dataclass(frozen=True)
class Change:
    """One thing to do, or to know: what, and about whom."""

    what: str
    about: str
    subscription: Subscription | None = None


class Deployment:
    """The parameter and the topic of one deployed responder."""

    def __init__(self, stack: str, region: str | None) -> None:
        with deployed.stopping():
            session = boto3.Session(region_name=region)
            self._ssm: SSMClient = session.client("ssm")
            self._sns: SNSClient = session.client("sns")
        self._parameter = deployed.output("RotaParameterName", stack=stack, region=region)
        self._topic = deployed.output("PagerTopicArn", stack=stack, region=region)

    def changes(self, rota: Rota) -> list[Change]:
        """What writing this rota would do, in order. Changes nothing."""
        there = {(one.protocol, one.endpoint): one for one in self._subscriptions()}
        wanted = {(one.protocol, one.endpoint): one for one in _wanted(rota)}
        found = list[Change]()
        for key, one in wanted.items():
            known = there.get(key)
            if known is None:
                found.append(Change("subscribe", f"{one.person}: {one.endpoint}", one))
            elif known.arn == _PENDING:
                found.append(Change("waits until they confirm", f"{one.person}: {one.endpoint}"))
            elif known != (moved := replace(one, arn=known.arn)):
                found.append(Change("change the filter", f"{one.person}: {one.endpoint}", moved))
        if self._text() != parameter_of(rota):
            found.append(Change("write the rota", self._parameter))
        for key, known in there.items():
            if key not in wanted and known.arn != _PENDING:
                about = f"{known.person}: {known.endpoint}"
                found.append(Change("unsubscribe", about, known))
        return found

    def make(self, change: Change, rota: Rota) -> None:
        """Do one of the changes. Twice is once."""
        one = change.subscription
        with deployed.stopping():
            if change.what == "write the rota":
                self._ssm.put_parameter(
                    Name=self._parameter,
                    Value=parameter_of(rota),
                    Type="String",
                    Tier="Intelligent-Tiering",
                    Overwrite=True,
                )
            elif one is not None and change.what == "subscribe":
                self._sns.subscribe(
                    TopicArn=self._topic,
                    Protocol=one.protocol,
                    Endpoint=one.endpoint,
                    Attributes={"FilterPolicy": one.filter},
                )
            elif one is not None and change.what == "change the filter":
                self._sns.set_subscription_attributes(
                    SubscriptionArn=one.arn,
                    AttributeName="FilterPolicy",
                    AttributeValue=one.filter,
                )
            elif one is not None and change.what == "unsubscribe":
                self._sns.unsubscribe(SubscriptionArn=one.arn)

    def _text(self) -> str:
        with deployed.stopping():
            return self._ssm.get_parameter(Name=self._parameter)["Parameter"]["Value"]

    def _subscriptions(self) -> Iterator[Subscription]:
        """Those that a rota made, and those that nobody confirmed yet, whose filter is not told."""
        with deployed.stopping():
            pages = self._sns.get_paginator("list_subscriptions_by_topic").paginate(
                TopicArn=self._topic
            )
            for page in pages:
                for one in page["Subscriptions"]:
                    arn, where = one["SubscriptionArn"], (one["Protocol"], one["Endpoint"])
                    if arn == _PENDING:
                        yield Subscription(*where, person="", everybody=False, arn=_PENDING)
                        continue
                    person, everybody = _filtered(self._filter(arn))
                    if person:
                        yield Subscription(*where, person, everybody, arn)

    def _filter(self, arn: str) -> Any:
        try:
            told = self._sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]
        except ClientError as error:
            if error.response["Error"]["Code"] != "NotFound":
                raise
            return None  # gone since it was listed
        return json.loads(told.get("FilterPolicy") or "null")


def parameter_of(rota: Rota) -> str:
    """The rota as the parameter holds it. Exits with 2 if it is longer than a parameter may be."""
    text = rota.model_dump_json(by_alias=True, exclude_defaults=True)
    if len(text) > _MOST_CHARACTERS:
        deployed.stop(
            f"the rota has {len(text)} characters, and a parameter holds {_MOST_CHARACTERS}: "
            "take past overrides and absences out"
        )
    return text


def _wanted(rota: Rota) -> Iterator[Subscription]:
    first = {person for turn in rota.levels[0].turns for person in turn.people}
    for name, person in rota.people.items():
        ways = (("email", person.email), ("sms", person.phone))
        yield from (Subscription(way, at, name, name in first) for way, at in ways if at)


def _filtered(policy: object) -> tuple[str, bool]:
    """Whom a filter of ours is for, and whether it lets pass what is for everybody."""
    values: Sequence[object] = policy.get(PEOPLE, ()) if isinstance(policy, dict) else ()
    people = [one for one in values if isinstance(one, str)]
    return (people[0], _EVERYBODY in values) if len(people) == 1 else ("", False)
