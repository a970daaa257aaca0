"""Accounts of an organization, with the policies that they really hold."""

from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from unittest import mock

import boto3
from moto import mock_aws

from responder.actions import organizations_deny_account as action
from tests.builders import REGION, SHOP
from tests.instances import Wire
from tests.things import an_order_about
from tests.unit.actions.states import ODD, Reached, State, some
from tests.unit.actions.test_organizations_deny_account import (
    MANAGER,
    ROOT,
    Organization,
    denying,
    told_of,
)


@contextmanager
def account(rng: Random) -> Iterator[State]:
    """An account in the root or a unit, with up to four policies beside FullAWSAccess."""
    with mock.patch.dict("os.environ", {"MOTO_ACCOUNT_ID": MANAGER}), mock_aws():
        client = boto3.client("organizations", region_name=REGION)
        organization = Organization(client)
        root = client.list_roots()["Roots"][0]["Id"]
        if rng.random() < 0.5:
            unit = client.create_organizational_unit(ParentId=root, Name="shops")
            client.move_account(
                AccountId=SHOP,
                SourceParentId=root,
                DestinationParentId=unit["OrganizationalUnit"]["Id"],
            )
        for name in some(rng, 0, 3, ODD):
            made = client.create_policy(
                Name=name,
                Type="SERVICE_CONTROL_POLICY",
                Description=rng.choice(ODD),
                Content=denying("arn:aws:iam::*:role/ops", Action=["s3:*"]),
            )
            _attach(organization, made["Policy"]["PolicySummary"]["Id"])
        if rng.random() < 0.3:
            _attach(organization, organization.id)
        wire = Wire()
        told_of(wire, organization)
        yield State(an_order_about(action, ROOT), Reached(wire), organization.shown)


def _attach(organization: Organization, policy_id: str) -> None:
    organization.client.attach_policy(PolicyId=policy_id, TargetId=SHOP)
