"""A bucket is closed to all but the responder and log delivery, and opened as it was."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from localcloud.iam_conditions import Context, hold
from localcloud.iam_policy import parse
from responder.actions import s3_close_bucket as action
from responder.aws.clients import Clients
from responder.domain.errors import Broken, Refused, Unavailable
from responder.domain.order import Order, Receipt, ReceiptStatus
from tests.builders import REGION, SHOP
from tests.containing import a_small_member_account
from tests.things import Reach, an_order_about, holds_through_every_death, observed

BUCKET = "shop-orders"
ARN = f"arn:aws:s3:::{BUCKET}"
ALL = dict.fromkeys(
    ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True
)
SOME = ALL | {"BlockPublicPolicy": False, "RestrictPublicBuckets": False}
READERS = {
    "Sid": "Readers",
    "Effect": "Allow",
    "Principal": {"AWS": f"arn:aws:iam::{SHOP}:role/web"},
    "Action": "s3:GetObject",
    "Resource": f"{ARN}/*",
}
ANYBODY = READERS | {"Sid": "Anybody", "Principal": "*"}
# With the spaces that somebody typed, to be had back byte for byte.
POLICY = json.dumps({"Version": "2012-10-17", "Statement": [READERS]}, indent=3)
PUBLIC = json.dumps({"Version": "2012-10-17", "Id": "web", "Statement": ANYBODY}, indent=1)
SID = "BreachResponderord"


class Guarded:
    """S3, which takes no public policy while it blocks those. The pretend one takes any."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def put_bucket_policy(self, **given: Any) -> Any:
        statements = json.loads(given["Policy"])["Statement"]
        listed = statements if isinstance(statements, list) else [statements]
        is_public = any(s["Effect"] == "Allow" and s["Principal"] == "*" for s in listed)
        if is_public and (flags(self._client) or {}).get("BlockPublicPolicy"):
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "Put")
        return self._client.put_bucket_policy(**given)


def flags(s3: Any) -> dict[str, bool] | None:
    try:
        found: dict[str, bool] = s3.get_public_access_block(Bucket=BUCKET)[
            "PublicAccessBlockConfiguration"
        ]
    except ClientError as error:
        if error.response["Error"]["Code"] == "NoSuchPublicAccessBlockConfiguration":
            return None
        raise
    return found


def text(s3: Any) -> str | None:
    try:
        found: str = s3.get_bucket_policy(Bucket=BUCKET)["Policy"]
    except ClientError as error:
        if error.response["Error"]["Code"] == "NoSuchBucketPolicy":
            return None
        raise
    return found


@pytest.fixture
def clients(aws: None, monkeypatch: pytest.MonkeyPatch) -> Reach:
    a_small_member_account(monkeypatch)
    return Reach(lambda service, client: Guarded(client))


@pytest.fixture
def s3(clients: Reach) -> Any:
    found: Any = clients.s3(SHOP, REGION)
    where = {"LocationConstraint": REGION}
    given = {} if REGION == "us-east-1" else {"CreateBucketConfiguration": where}
    found.create_bucket(Bucket=BUCKET, **given)
    return found


@pytest.fixture
def order(s3: Any) -> Order:
    return an_order_about(action, ARN)


def standing(s3: Any) -> tuple[Any, Any]:
    return flags(s3), text(s3)


def set_up(s3: Any, policy: str | None, block: dict[str, bool] | None) -> None:
    if policy is not None:
        s3.put_bucket_policy(Bucket=BUCKET, Policy=policy)
    if block is not None:
        s3.put_public_access_block(Bucket=BUCKET, PublicAccessBlockConfiguration=block)


def ours(s3: Any) -> dict[str, Any]:
    """The one statement of ours."""
    [found] = [s for s in json.loads(text(s3) or "")["Statement"] if s["Sid"].startswith(SID)]
    statement: dict[str, Any] = found
    return statement


@pytest.mark.parametrize("others", [False, True])
def test_a_public_policy_is_closed_where_only_new_ones_are_blocked(
    s3: Any, clients: Reach, order: Order, others: bool
) -> None:
    """Seed 11 of the generated states: the policy is older than the block, which is not whole."""
    block = dict.fromkeys(ALL, others) | {"BlockPublicPolicy": True, "IgnorePublicAcls": False}
    set_up(s3, PUBLIC, block)
    holds_through_every_death(action, order, clients, lambda: standing(s3))
    assert standing(s3) == (block, PUBLIC)


@pytest.mark.parametrize("policy", [None, POLICY, PUBLIC])
@pytest.mark.parametrize("block", [None, SOME, ALL])
def test_it_is_closed_and_comes_back_byte_for_byte_whenever_we_die(
    s3: Any,
    clients: Reach,
    order: Order,
    policy: str | None,
    block: dict[str, bool] | None,
) -> None:
    set_up(s3, policy, block)
    holds_through_every_death(action, order, clients, lambda: standing(s3))


@pytest.mark.parametrize("policy", [None, POLICY, PUBLIC])
def test_twice_is_the_same_as_once(
    s3: Any, clients: Reach, order: Order, policy: str | None
) -> None:
    set_up(s3, policy, SOME)
    receipt = observed(action, order, clients)
    assert not action.verify(receipt, clients)
    action.apply(receipt, clients)
    once = standing(s3)
    action.apply(receipt, clients)
    assert standing(s3) == once
    assert once[0] == ALL
    assert action.verify(receipt, clients)


def test_the_deny_lets_the_responder_and_log_delivery_in_and_nobody_else(
    s3: Any, clients: Reach, order: Order
) -> None:
    set_up(s3, POLICY, None)
    action.apply(observed(action, order, clients), clients)
    deny = ours(s3)
    assert (deny["Effect"], deny["Principal"], deny["Action"]) == ("Deny", "*", "s3:*")
    assert deny["Resource"] == [ARN, f"{ARN}/*"]
    assert deny["Condition"]["ArnNotEquals"] == {
        "aws:PrincipalArn": [
            f"arn:aws:iam::{SHOP}:role/breach-responder-contain",
            f"arn:aws:iam::{SHOP}:role/breach-responder-collect",
        ]
    }
    services = deny["Condition"]["StringNotEquals"]["aws:PrincipalServiceName"]
    assert {"cloudtrail.amazonaws.com", f"logs.{REGION}.amazonaws.com"} < set(services)
    assert "cloudfront.amazonaws.com" not in services


OURS = {"aws:principalarn": (f"arn:aws:iam::{SHOP}:role/breach-responder-contain",)}


@pytest.mark.parametrize(
    ("caller", "is_denied"),
    [
        (OURS, False),
        ({"aws:principalarn": (f"arn:aws:iam::{SHOP}:role/breach-responder-collect",)}, False),
        ({"aws:principalservicename": ("cloudtrail.amazonaws.com",)}, False),
        ({"aws:principalservicename": ("logging.s3.amazonaws.com",)}, False),
        ({"aws:principalservicename": ("cloudfront.amazonaws.com",)}, True),
        ({"aws:principalarn": (f"arn:aws:iam::{SHOP}:role/web",)}, True),
        ({"aws:principalarn": (f"arn:aws:iam::{SHOP}:root",)}, True),
        ({"aws:principalarn": ("arn:aws:iam::999988887777:role/breach-responder-contain",)}, True),
        ({}, True),  # the anonymous have neither key
    ],
)
def test_the_deny_means_everybody_else(
    s3: Any,
    clients: Reach,
    order: Order,
    caller: dict[str, tuple[str, ...]],
    is_denied: bool,
) -> None:
    action.apply(observed(action, order, clients), clients)
    [deny] = parse("bucket", text(s3) or "")
    assert deny.covers_action("s3:GetObject")
    assert hold(deny, Context(caller)) is is_denied


@pytest.mark.parametrize("undo", ["policy", "rewritten", "flags", "one flag"])
@pytest.mark.parametrize("policy", [POLICY, PUBLIC])
def test_what_an_attacker_undoes_is_seen_and_put_back(
    s3: Any, clients: Reach, order: Order, policy: str, undo: str
) -> None:
    set_up(s3, policy, SOME)
    receipt = observed(action, order, clients)
    action.apply(receipt, clients)
    cut, untouched = standing(s3), (SOME, policy)
    document = json.loads(text(s3) or "")
    if undo == "policy":
        s3.delete_bucket_policy(Bucket=BUCKET)
    elif undo == "rewritten":
        ours_rewritten = ours(s3) | {"Action": "s3:ListBucket"}
        document["Statement"] = [s for s in document["Statement"] if s["Sid"][:5] != SID[:5]]
        document["Statement"].append(ours_rewritten)
        block = ALL | {"BlockPublicPolicy": False}
        s3.put_public_access_block(Bucket=BUCKET, PublicAccessBlockConfiguration=block)
        s3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(document))
    elif undo == "flags":
        s3.delete_public_access_block(Bucket=BUCKET)
    else:
        block = ALL | {"IgnorePublicAcls": False}
        s3.put_public_access_block(Bucket=BUCKET, PublicAccessBlockConfiguration=block)
    assert not action.verify(receipt, clients)
    action.apply(receipt, clients)
    assert action.verify(receipt, clients)
    if undo != "policy":  # deleted statements are not made up again, only ours is
        assert standing(s3) == cut
        action.release(receipt, clients)
        assert standing(s3) == untouched


def test_our_deny_is_known_again_however_its_lists_are_sorted(
    s3: Any, clients: Reach, order: Order
) -> None:
    receipt = observed(action, order, clients)
    action.apply(receipt, clients)
    deny = ours(s3)
    deny["Resource"].reverse()
    deny["Condition"]["StringNotEquals"]["aws:PrincipalServiceName"].reverse()
    deny["Action"] = [deny["Action"]]
    document = {"Version": "2012-10-17", "Statement": deny}
    s3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(document))
    assert action.verify(receipt, clients)
    deny["Resource"].pop()
    s3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(document))
    assert not action.verify(receipt, clients)


def test_honest_edits_made_since_stay(s3: Any, clients: Reach, order: Order) -> None:
    set_up(s3, POLICY, None)
    receipt = observed(action, order, clients)
    late = READERS | {"Sid": "Late"}
    s3.put_bucket_policy(
        Bucket=BUCKET, Policy=json.dumps({"Version": "2012-10-17", "Statement": [late]})
    )
    action.apply(receipt, clients)
    assert json.loads(text(s3) or "")["Statement"][0] == late
    document = json.loads(text(s3) or "")
    document["Statement"].insert(0, READERS | {"Sid": "Later"})
    s3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(document))
    assert action.verify(receipt, clients)
    assert action.release(receipt, clients)
    left = json.loads(text(s3) or "")
    assert left == {
        "Version": "2012-10-17",
        "Statement": [READERS | {"Sid": "Later"}, late],
    }
    assert flags(s3) is None


def test_a_statement_added_where_there_was_no_policy_stays(
    s3: Any, clients: Reach, order: Order
) -> None:
    receipt = observed(action, order, clients)
    action.apply(receipt, clients)
    document = json.loads(text(s3) or "")
    document["Statement"].append(READERS)
    s3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(document))
    action.release(receipt, clients)
    assert json.loads(text(s3) or "")["Statement"] == [READERS]


def test_flags_that_a_person_set_since_stay(s3: Any, clients: Reach, order: Order) -> None:
    receipt = observed(action, order, clients)
    action.apply(receipt, clients)
    s3.put_public_access_block(Bucket=BUCKET, PublicAccessBlockConfiguration=SOME)
    assert action.release(receipt, clients)
    assert standing(s3) == (SOME, None)


def test_what_was_taken_away_already_is_not_released_again(
    s3: Any, clients: Reach, order: Order
) -> None:
    set_up(s3, POLICY, ALL)
    receipt = observed(action, order, clients)
    assert not action.release(receipt, clients)
    assert standing(s3) == (ALL, POLICY)


def test_a_policy_without_room_is_refused_and_nothing_is_changed(
    s3: Any, clients: Reach, order: Order
) -> None:
    roomy = {"Version": "2012-10-17", "Statement": [READERS | {"Sid": "x" * 20_000}]}
    policy = json.dumps(roomy)
    assert 20_000 < len(policy) < 20 * 1024
    set_up(s3, policy, None)
    untouched = standing(s3)
    with pytest.raises(Refused, match="no room for our deny"):
        action.apply(observed(action, order, clients), clients)
    assert standing(s3) == untouched


def test_an_old_policy_that_s3_does_not_take_any_more_is_refused(
    s3: Any, clients: Reach, order: Order
) -> None:
    set_up(s3, POLICY, None)
    receipt = observed(action, order, clients)
    action.apply(receipt, clients)
    cut = standing(s3)
    with pytest.raises(Refused, match="names somebody who does not exist"):
        action.release(receipt, clients.answering("MalformedPolicy", "put_bucket_policy"))
    assert standing(s3) == cut


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("NoSuchBucket", Refused),
        ("AccessDenied", Broken),
        ("InvalidRequest", Broken),
        ("SlowDown", Unavailable),
        ("OperationAborted", Unavailable),
        ("InternalError", Unavailable),
    ],
)
def test_each_answer_of_aws_is_one_of_three_errors(
    s3: Any, clients: Reach, order: Order, code: str, kind: type[Exception]
) -> None:
    receipt = observed(action, order, clients)
    faulty = clients.answering(code)
    with pytest.raises(kind):
        action.observe(order, faulty)
    with pytest.raises(kind):
        action.apply(receipt, faulty)
    with pytest.raises(kind):
        action.release(receipt, faulty)
    if kind is Refused:
        assert not action.verify(receipt, faulty)
    else:
        with pytest.raises(kind):
            action.verify(receipt, faulty)


def test_a_bucket_policy_that_shuts_us_out_says_who_can_open_it(
    s3: Any, clients: Reach, order: Order
) -> None:
    receipt = observed(action, order, clients)
    with pytest.raises(Broken, match="S3UnlockBucketPolicy"):
        action.apply(receipt, clients.answering("AccessDenied", "put_bucket_policy"))


@pytest.mark.parametrize(
    "resource",
    [
        "arn:aws:s3:::a/b",
        'arn:aws:s3:::b","Resource":"*',
        "arn:aws:s3:::*",
        f"arn:aws:s3:::{BUCKET}\n",
        f"arn:aws:lambda:{REGION}:{SHOP}:function:x",
    ],
)
def test_what_can_be_no_bucket_is_never_asked_about(clients: Reach, resource: str) -> None:
    with pytest.raises(Broken, match="names no bucket"):
        action.observe(an_order_about(action, resource), clients)


def test_without_a_member_role_nothing_is_closed(s3: Any, order: Order) -> None:
    with pytest.raises((Broken, TypeError), match="without a member role"):
        action.observe(order, Clients(REGION))


def test_nothing_that_was_never_carried_out_is_released(
    s3: Any, clients: Reach, order: Order
) -> None:
    with pytest.raises(Refused, match="never carried out"):
        action.release(Receipt(order=order, status=ReceiptStatus.LEFT), clients)
    assert standing(s3) == (None, None)


def test_what_stood_before_can_be_filed(s3: Any, clients: Reach, order: Order) -> None:
    set_up(s3, POLICY, SOME)
    before = action.observe(order, clients)
    assert json.loads(json.dumps(before.state)) == {
        "arn": ARN,
        "public_access_block": SOME,
        "policy": POLICY,
        "in_force": False,
    }
