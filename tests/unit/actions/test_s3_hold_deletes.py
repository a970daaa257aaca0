"""What deletes objects by itself stops, and goes on as it was.

The pretend S3 forgets whether a rule replicates delete markers. `Replicating` keeps the document as
it was put, with input held to the SDK's own model.
"""

import copy
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from responder.actions import s3_hold_deletes as action
from responder.domain.errors import Broken, Refused, Unavailable
from responder.domain.order import Order, Receipt, ReceiptStatus
from tests.builders import REGION, SHOP
from tests.consoles import fits
from tests.containing import a_small_member_account
from tests.things import (
    Reach,
    an_order_about,
    each_step_ends_with,
    holds_through_every_death,
    observed,
)

BUCKET = "shop-orders"
ARN = f"arn:aws:s3:::{BUCKET}"
EXPIRES: dict[str, Any] = {
    "ID": "expires",
    "Status": "Enabled",
    "Filter": {"Prefix": "tmp/"},
    "Expiration": {"Days": 1},
}
OLD_VERSIONS: dict[str, Any] = {
    "ID": "old-versions",
    "Status": "Enabled",
    "Filter": {"Prefix": ""},
    "NoncurrentVersionExpiration": {"NoncurrentDays": 30},
}
ON_A_DATE: dict[str, Any] = EXPIRES | {
    "ID": "on-a-date",
    "Expiration": {"Date": "2027-01-01T00:00:00+00:00"},
}
PAUSED = EXPIRES | {"ID": "paused", "Status": "Disabled"}
COLDER: dict[str, Any] = {
    "ID": "colder",
    "Status": "Enabled",
    "Filter": {"Prefix": ""},
    "Transitions": [{"Days": 90, "StorageClass": "GLACIER"}],
}
LIFECYCLE = [EXPIRES, OLD_VERSIONS, ON_A_DATE, PAUSED, COLDER]
COPY: dict[str, Any] = {
    "ID": "copy",
    "Priority": 1,
    "Status": "Enabled",
    "Filter": {"Prefix": ""},
    "Destination": {"Bucket": "arn:aws:s3:::shop-orders-copy"},
    "DeleteMarkerReplication": {"Status": "Enabled"},
}
WITHOUT_DELETES = COPY | {"ID": "kept", "DeleteMarkerReplication": {"Status": "Disabled"}}
OLDER_KIND: dict[str, Any] = {
    "ID": "older",
    "Status": "Enabled",
    "Prefix": "",
    "Destination": {"Bucket": "arn:aws:s3:::shop-orders-copy"},
}
ROLE = f"arn:aws:iam::{SHOP}:role/replication"


class Replicating:
    """S3 that keeps a replication configuration as it was put."""

    def __init__(self, client: Any, kept: dict[str, Any]) -> None:
        self._client, self._kept = client, kept

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def get_bucket_replication(self, **given: Any) -> Any:
        fits("s3", "GetBucketReplication", given)
        if "document" not in self._kept:
            code = "ReplicationConfigurationNotFoundError"
            raise ClientError({"Error": {"Code": code, "Message": "no"}}, "Get")
        return {"ReplicationConfiguration": copy.deepcopy(self._kept["document"])}

    def put_bucket_replication(self, **given: Any) -> Any:
        fits("s3", "PutBucketReplication", given)
        self._kept["document"] = copy.deepcopy(given["ReplicationConfiguration"])
        return {}


@pytest.fixture
def clients(aws: None, monkeypatch: pytest.MonkeyPatch) -> Reach:
    a_small_member_account(monkeypatch)
    kept: dict[str, Any] = {}
    return Reach(lambda service, client: Replicating(client, kept))


@pytest.fixture
def s3(clients: Reach) -> Any:
    found: Any = clients.s3(SHOP, REGION)
    found.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    return found


@pytest.fixture
def order(s3: Any) -> Order:
    return an_order_about(action, ARN)


def expire(s3: Any, *rules: dict[str, Any]) -> None:
    s3.put_bucket_lifecycle_configuration(
        Bucket=BUCKET, LifecycleConfiguration={"Rules": list(rules)}
    )


def replicate(s3: Any, *rules: dict[str, Any]) -> None:
    s3.put_bucket_replication(
        Bucket=BUCKET, ReplicationConfiguration={"Role": ROLE, "Rules": list(rules)}
    )


def lifecycle(s3: Any) -> Any:
    try:
        return s3.get_bucket_lifecycle_configuration(Bucket=BUCKET)["Rules"]
    except ClientError as error:
        if error.response["Error"]["Code"] == "NoSuchLifecycleConfiguration":
            return None
        raise


def replication(s3: Any) -> Any:
    try:
        return s3.get_bucket_replication(Bucket=BUCKET)["ReplicationConfiguration"]
    except ClientError as error:
        if error.response["Error"]["Code"] == "ReplicationConfigurationNotFoundError":
            return None
        raise


def standing(s3: Any) -> tuple[Any, Any]:
    return lifecycle(s3), replication(s3)


def test_it_is_held_and_goes_on_as_it_was_whenever_we_die(
    s3: Any, clients: Reach, order: Order
) -> None:
    expire(s3, *LIFECYCLE)
    replicate(s3, COPY, WITHOUT_DELETES)
    holds_through_every_death(action, order, clients, lambda: standing(s3))


def test_only_what_deletes_is_held(s3: Any, clients: Reach, order: Order) -> None:
    expire(s3, *LIFECYCLE)
    replicate(s3, COPY, WITHOUT_DELETES)
    receipt = observed(action, order, clients)
    assert not action.verify(receipt, clients)
    for _ in range(2):
        action.apply(receipt, clients)
        assert {rule["ID"]: rule["Status"] for rule in lifecycle(s3)} == {
            "expires": "Disabled",
            "old-versions": "Disabled",
            "on-a-date": "Disabled",
            "paused": "Disabled",
            "colder": "Enabled",
        }
        held = COPY | {"DeleteMarkerReplication": {"Status": "Disabled"}}
        assert replication(s3) == {"Role": ROLE, "Rules": [held, WITHOUT_DELETES]}
        assert action.verify(receipt, clients)


def test_a_rule_of_the_older_kind_is_switched_off_whole_and_on_again(
    s3: Any, clients: Reach, order: Order
) -> None:
    replicate(s3, OLDER_KIND)
    untouched = standing(s3)
    receipt = observed(action, order, clients)
    action.apply(receipt, clients)
    assert replication(s3)["Rules"] == [OLDER_KIND | {"Status": "Disabled"}]
    assert action.verify(receipt, clients)
    assert action.release(receipt, clients)
    assert standing(s3) == untouched


def test_a_bucket_where_nothing_deletes_is_left_alone(
    s3: Any, clients: Reach, order: Order
) -> None:
    expire(s3, COLDER, PAUSED)
    replicate(s3, WITHOUT_DELETES)
    untouched = standing(s3)
    receipt = observed(action, order, clients)
    assert receipt.before is not None
    assert receipt.before.state["in_force"]
    action.apply(receipt, clients)
    assert action.verify(receipt, clients)
    assert not action.release(receipt, clients)
    assert standing(s3) == untouched


@pytest.mark.parametrize("undo", ["rule on", "another rule", "delete markers"])
def test_what_an_attacker_undoes_is_seen_and_put_back(
    s3: Any, clients: Reach, order: Order, undo: str
) -> None:
    expire(s3, *LIFECYCLE)
    replicate(s3, COPY)
    untouched = standing(s3)
    receipt = observed(action, order, clients)
    action.apply(receipt, clients)
    if undo == "rule on":
        expire(s3, *LIFECYCLE)
    elif undo == "another rule":
        expire(s3, *lifecycle(s3), EXPIRES | {"ID": "theirs"})
    else:
        replicate(s3, COPY)
    assert not action.verify(receipt, clients)
    action.apply(receipt, clients)
    assert action.verify(receipt, clients)
    assert action.release(receipt, clients)
    rules, replicated = standing(s3)
    theirs = [rule for rule in rules if rule["ID"] == "theirs"]
    assert all(rule["Status"] == "Disabled" for rule in theirs)
    assert len(theirs) == (undo == "another rule")
    assert ([rule for rule in rules if rule not in theirs], replicated) == untouched


def test_a_rule_that_a_person_changed_since_stays_as_it_is(
    s3: Any, clients: Reach, order: Order
) -> None:
    expire(s3, EXPIRES, OLD_VERSIONS)
    receipt = observed(action, order, clients)
    action.apply(receipt, clients)
    changed = EXPIRES | {"Status": "Disabled", "Expiration": {"Days": 400}}
    expire(s3, changed, lifecycle(s3)[1])
    assert action.release(receipt, clients)
    by_id = {rule["ID"]: rule for rule in lifecycle(s3)}
    assert (by_id["expires"]["Status"], by_id["expires"]["Expiration"]) == (
        "Disabled",
        {"Days": 400},
    )
    assert by_id["old-versions"]["Status"] == "Enabled"


def test_a_copy_that_s3_does_not_make_any_more_is_refused(
    s3: Any, clients: Reach, order: Order
) -> None:
    replicate(s3, COPY)
    receipt = observed(action, order, clients)
    action.apply(receipt, clients)
    held = standing(s3)
    with pytest.raises(Refused, match="does not take the replication"):
        action.release(receipt, clients.answering("InvalidRequest", "put_bucket_replication"))
    assert standing(s3) == held


@pytest.mark.parametrize(
    ("code", "kind"),
    [("AccessDenied", Broken), ("SlowDown", Unavailable), ("OperationAborted", Unavailable)],
)
def test_each_answer_of_aws_is_one_of_the_errors(
    s3: Any, clients: Reach, order: Order, code: str, kind: type[Exception]
) -> None:
    expire(s3, EXPIRES)
    receipt = observed(action, order, clients)
    each_step_ends_with(kind, action, receipt, clients.answering(code))
    writes = ("put_bucket_lifecycle_configuration", "put_bucket_replication")
    with pytest.raises(kind):
        action.apply(receipt, clients.answering(code, *writes))


def test_a_bucket_that_is_gone_is_refused(s3: Any, clients: Reach, order: Order) -> None:
    receipt = observed(action, order, clients)
    s3.delete_bucket(Bucket=BUCKET)
    with pytest.raises(Refused, match="does not exist any more"):
        action.observe(order, clients)
    for step in (action.apply, action.release):
        with pytest.raises(Refused, match="does not exist any more"):
            step(receipt, clients)
    assert not action.verify(receipt, clients)


def test_what_stood_before_can_be_filed(s3: Any, clients: Reach, order: Order) -> None:
    expire(s3, ON_A_DATE)
    replicate(s3, COPY)
    state = action.observe(order, clients).state
    assert json.loads(json.dumps(state)) == state
    assert state["lifecycle"]["Rules"][0]["Expiration"] == ON_A_DATE["Expiration"]
    assert state["replication"] == {"Role": ROLE, "Rules": [COPY]}
    assert (state["arn"], state["in_force"]) == (ARN, False)


def test_nothing_that_was_never_carried_out_is_released(
    s3: Any, clients: Reach, order: Order
) -> None:
    expire(s3, EXPIRES)
    untouched = standing(s3)
    with pytest.raises(Refused, match="never carried out"):
        action.release(Receipt(order=order, status=ReceiptStatus.LEFT), clients)
    assert standing(s3) == untouched
