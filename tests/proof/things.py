"""A shop that also runs a web server, a function and a database, and what is found of them."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest

from responder_cli.drill import world
from responder_cli.drill.events import told_of
from tests.builders import NOON
from tests.instances import Fleet, Service
from tests.unit.actions import test_lambda_stop_function as functions
from tests.unit.actions import test_rds_quarantine_instance as databases
from tests.unit.actions.test_s3_hold_deletes import EXPIRES
from tests.workflow.ladder_things import Owner
from tests.workflow.nights import Night

_SAVED = "guardduty/cryptocurrency-ec2-bitcointool-b"
_AGO = timedelta(hours=1)  # before a finding is told of; it was last seen soon after the first time
_ID = "8bdf769"  # what the ids of the saved finding begin with


@dataclass(frozen=True)
class Stock:
    """What was made, for whoever adds to it."""

    owner: Owner
    fleet: Fleet
    databases: databases.Account


def stocked(night: Night) -> Stock:
    """A server that is scaled and balanced, a function that a queue invokes, and a database.

    Another function and another database stand beside them. What is in the bucket expires.
    """
    owner = Owner(night.cloud)
    with pytest.MonkeyPatch.context() as patch:
        fleet = Fleet(patch, own=owner, has_ipv6=False)
    Service(fleet)
    stands: Any = owner  # they take any clients
    account = databases.Account(stands)
    account.make(DBInstanceIdentifier="shop-reports")
    functions.Account(stands).source("images")
    night.cloud.client("s3", account=world.SHOP).put_bucket_lifecycle_configuration(
        Bucket=world.BUCKET, LifecycleConfiguration={"Rules": [EXPIRES]}
    )
    night.cloud.settle()
    night.things |= {"server": fleet.arn, "function": functions.ARN, "database": databases.ARN}
    return Stock(owner, fleet, account)


def found(night: Night) -> None:
    """One finding names them all. No detector sends such a one, but each block of it is real."""
    event = told(night, _first(night), number=7, at=NOON - _AGO)
    night.cloud.deliver(event, account=world.HOME)
    night.cloud.settle()


def told(night: Night, blocks: dict[str, Any], *, number: int, at: datetime) -> dict[str, Any]:
    """A finding about these things and the server, one of each number, and first seen then."""
    [event] = told_of(at, night.shop, night.thief.session_key_id, [_SAVED])
    own: dict[str, Any] = json.loads(json.dumps(event).replace(_ID, f"{_ID[:-1]}{number}"))
    resource = own["detail"]["resource"]
    resource["instanceDetails"]["instanceId"] = night.things["server"].rpartition("/")[2]
    resource.update(blocks)
    return own


def bucket() -> dict[str, Any]:
    """The block of the bucket."""
    arn = f"arn:aws:s3:::{world.BUCKET}"
    return {"s3BucketDetails": [{"arn": arn, "name": world.BUCKET, "type": "Destination"}]}


def database(arn: str) -> dict[str, Any]:
    """The block of a database."""
    name = arn.rpartition(":")[2]
    return {"rdsDbInstanceDetails": {"dbInstanceIdentifier": name, "dbInstanceArn": arn}}


def _first(night: Night) -> dict[str, Any]:
    function = {"functionName": functions.NAME, "functionArn": night.things["function"]}
    return {"lambdaDetails": function} | database(night.things["database"]) | bucket()
