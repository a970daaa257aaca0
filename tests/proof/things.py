"""A shop that also runs a web server, a function and a database, and what is found of them."""

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


def stocked(night: Night) -> None:
    """A server that is scaled and balanced, a function that a queue invokes, and a database.

    Another function and another database stand beside them. What is in the bucket expires.
    """
    owner = Owner(night.cloud)
    with pytest.MonkeyPatch.context() as patch:
        fleet = Fleet(patch, own=owner, has_ipv6=False)
    Service(fleet)
    databases.Account(owner).make(DBInstanceIdentifier="shop-reports")  # type: ignore[arg-type]
    functions.Account(owner).source("images")  # type: ignore[arg-type]  # they take any clients
    night.cloud.client("s3", account=world.SHOP).put_bucket_lifecycle_configuration(
        Bucket=world.BUCKET, LifecycleConfiguration={"Rules": [EXPIRES]}
    )
    night.cloud.settle()
    night.has_things = True


def found(night: Night) -> None:
    """One finding names them all. No detector sends such a one, but each block of it is real."""
    night.cloud.deliver(_event(night), account=world.HOME)
    night.cloud.settle()


def _event(night: Night) -> dict[str, Any]:
    [event] = told_of(NOON, night.shop, night.thief.session_key_id, [_SAVED])
    ec2 = night.cloud.client("ec2", account=world.SHOP)
    [instance] = [
        one["InstanceId"]
        for each in ec2.describe_instances()["Reservations"]
        for one in each["Instances"]
    ]
    resource = event["detail"]["resource"]
    resource["instanceDetails"]["instanceId"] = instance
    resource["lambdaDetails"] = {
        "functionName": functions.NAME,
        "functionArn": functions.ARN,
    }
    resource["rdsDbInstanceDetails"] = {
        "dbInstanceIdentifier": databases.NAME,
        "dbInstanceArn": databases.ARN,
    }
    resource["s3BucketDetails"] = [
        {"arn": f"arn:aws:s3:::{world.BUCKET}", "name": world.BUCKET, "type": "Destination"}
    ]
    return event
